// SPDX-License-Identifier: GPL-2.0-only
/* state.h and sink.h: a reader that is killed at any byte of a batch is followed by one that leaves
 * each line in the file once. */
#include <errno.h>
#include <fcntl.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>
#include <cmocka.h>
#include "sink.h"

static const char old[] = "before\n", batch[] = "one\ntwo\nthree\n";
#define BATCH_LINES 3

static char directory[] = "/tmp/cgward-state-XXXXXX", path[64];

static void open_sink(struct sink *sink)
{
	struct target target;
	const char *why;

	assert_int_equal(target_parse(&target, path, &why), 0);
	assert_int_equal(sink_open(sink, &target), 0);
	sink->waits = true;
}

static void put_lines(struct sink *sink)
{
	for (const char *at = batch, *end; (end = strchr(at, '\n')); at = end + 1)
		sink_put(sink, at, end + 1 - at, 1);
}

static void expect_file(const char *expected)
{
	char text[256] = "";
	int fd = open(path, O_RDONLY);

	assert_true(read(fd, text, sizeof(text) - 1) >= 0);
	close(fd);
	assert_string_equal(text, expected);
}

static void announce(struct state *state, struct sink *sink)
{
	struct state_copy *copy = state_prepare(state);

	copy->lines = BATCH_LINES;
	sink_mark(sink, copy);
	state_announce(state);
}

/* The reader dies when `written` bytes of the batch are in the file. */
static void die_at(struct state *state, size_t written)
{
	struct sink sink;

	open_sink(&sink);
	announce(state, &sink);
	assert_int_equal(write(sink.fd, batch, written), written);
	sink_close(&sink);
}

/* The next one; it dies in turn after `limit` more bytes. True: all lines were there. */
static bool go_on(struct state *state, size_t limit)
{
	struct sink sink;
	bool whole;

	open_sink(&sink);
	whole = sink_recover(&sink, state_announced(state));
	if (!whole) {
		put_lines(&sink);
		announce(state, &sink);
		if (sink.pending.length > limit)
			sink.pending.length = limit;
		assert_int_equal(sink_flush(&sink), 0);
	}
	sink_close(&sink);
	return whole;
}

static void test_killed_anywhere(void **unused)
{
	(void)unused;
	for (size_t first = 0; first < sizeof(batch); first++) {
		for (size_t second = 0; second < sizeof(batch); second++) {
			struct state state;
			int fd = open(path, O_WRONLY | O_CREAT | O_TRUNC, 0600);

			assert_int_equal(write(fd, old, strlen(old)), strlen(old));
			close(fd);
			state_init(&state, 1);
			die_at(&state, first);
			assert_true(go_on(&state, second) == (first == strlen(batch)));
			go_on(&state, SIZE_MAX);
			assert_true(go_on(&state, SIZE_MAX));
			expect_file("before\none\ntwo\nthree\n");
			state_close(&state);
		}
	}
}

/* Another file, or none: nothing is taken for written. */
static void test_other_file(void **unused)
{
	struct state state;
	char moved[80];

	(void)unused;
	unlink(path);
	state_init(&state, 1);
	die_at(&state, strlen(batch));
	snprintf(moved, sizeof(moved), "%s.1", path);
	assert_int_equal(rename(path, moved), 0);
	assert_false(go_on(&state, SIZE_MAX));
	expect_file(batch);
	unlink(moved);
	state_close(&state);
}

static void test_commit(void **unused)
{
	struct state_copy *copy;
	struct state state;
	struct losses losses;
	struct cgw_cpu counters[2] = {{.sequence = 5}, {.sequence = 6}};

	(void)unused;
	state_init(&state, 2);
	assert_null(state_announced(&state));
	assert_int_equal(state_now(&state)->started, 0);
	losses_start(&losses, counters, 2, 0, NULL, NULL);
	losses_seen(&losses, 1, 7, 1);
	copy = state_prepare(&state);
	copy->position = 640;
	state_put_losses(&state, copy, &losses);
	assert_int_equal(state_now(&state)->position, 0);
	state_announce(&state);
	assert_int_equal(state_now(&state)->position, 0);
	assert_int_equal(state_announced(&state)->position, 640);
	state_finish(&state);
	assert_null(state_announced(&state));
	assert_int_equal(state_now(&state)->position, 640);
	assert_int_equal(state_now(&state)->cpus[1].highest, 7);
	state_prepare(&state)->position = 700;
	state_announce(&state);
	state_withdraw(&state);
	assert_null(state_announced(&state));
	assert_int_equal(state_now(&state)->position, 640);
	losses_free(&losses);
	state_close(&state);
}

static void test_rotation(void **unused)
{
	struct sink sink;
	struct stat status;
	char name[80];

	(void)unused;
	unlink(path);
	open_sink(&sink);
	for (int i = 0; i < 5; i++) {
		put_lines(&sink);
		assert_int_equal(sink_flush(&sink), 0);
		assert_int_equal(sink_rotate(&sink, 1000, 2), 0); /* not large enough */
		expect_file(batch);
		assert_int_equal(sink_rotate(&sink, strlen(batch), 2), 0);
		expect_file("");
	}
	for (int i = 1; i <= 3; i++) {
		snprintf(name, sizeof(name), "%s.%d", path, i);
		assert_int_equal(stat(name, &status), i <= 2 ? 0 : -1);
		unlink(name);
	}
	sink_close(&sink);
}

static const struct {
	const char *text, *why; /* NULL: accepted */
	enum target_kind kind;
	int type;
} targets[] = {
	{"-", NULL, TARGET_FILE, 0},
	{"file", NULL, TARGET_FILE, 0},
	{"./syslog:x", NULL, TARGET_FILE, 0},
	{"journal", NULL, TARGET_JOURNAL, SOCK_DGRAM},
	{"journal:/run/x", NULL, TARGET_JOURNAL, SOCK_DGRAM},
	{"journal:x", "absolute path", 0, 0},
	{"syslog:unix:/dev/log", NULL, TARGET_SYSLOG, SOCK_DGRAM},
	{"syslog:unix:log", "absolute path", 0, 0},
	{"syslog:udp:127.0.0.1:514", NULL, TARGET_SYSLOG, SOCK_DGRAM},
	{"syslog:tcp:[::1]:601", NULL, TARGET_SYSLOG, SOCK_STREAM},
	{"syslog:tcp:::1:601", "HOST:PORT", 0, 0},
	{"syslog:tcp:127.0.0.1", "HOST:PORT", 0, 0},
	{"syslog:tcp:127.0.0.1:0", "HOST:PORT", 0, 0},
	{"syslog:tcp:127.0.0.1:65536", "HOST:PORT", 0, 0},
	{"syslog:tcp::514", "HOST:PORT", 0, 0},
	{"syslog:tcp:[]:514", "HOST:PORT", 0, 0},
	{"syslog", "expected syslog:unix", 0, 0},
	{"syslog:/dev/log", "expected syslog:unix", 0, 0},
	{"syslog:unix:/1234567890123456789012345678901234567890123456789012345678901234567890123456"
	 "78901234567890123456789012345678901234567",
		"at most 107", 0, 0},
};

static void test_targets(void **unused)
{
	(void)unused;
	for (size_t i = 0; i < sizeof(targets) / sizeof(targets[0]); i++) {
		struct target target;
		const char *why = "";
		int result = target_parse(&target, targets[i].text, &why);

		if (targets[i].why && (!result || !strstr(why, targets[i].why)))
			fail_msg("%s: %d, \"%s\"", targets[i].text, result, why);
		if (targets[i].why)
			continue;
		if (result)
			fail_msg("%s: \"%s\"", targets[i].text, why);
		assert_int_equal(target.kind, targets[i].kind);
		assert_int_equal(target.type, targets[i].type);
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_commit),
		cmocka_unit_test(test_killed_anywhere),
		cmocka_unit_test(test_other_file),
		cmocka_unit_test(test_rotation),
		cmocka_unit_test(test_targets),
	};
	int result;

	if (!mkdtemp(directory))
		return 1;
	snprintf(path, sizeof(path), "%s/log", directory);
	result = cmocka_run_group_tests(tests, NULL, NULL);
	unlink(path);
	rmdir(directory);
	return result;
}
