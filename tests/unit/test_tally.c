// SPDX-License-Identifier: GPL-2.0-only
/* jsonl.h and tally.h: a log is read again, whatever is in it, and nothing counted gets lost. */
#include <inttypes.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <cmocka.h>
#include "jsonl.h"
#include "strbuf.h"
#include "tally.h"

static const struct {
	const char *line;
	const char *text;   /* of "a"; NULL: there is none */
	const char *number; /* of "a" */
	bool refused;
} lines[] = {
	{"{}", NULL, NULL, false},
	{" { } \n", NULL, NULL, false},
	{"{\"a\":1}\n", NULL, "1", false},
	{"{\"a\":\"b\",\"c\":null}", "b", NULL, false},
	{"{\"a\":null}", NULL, NULL, false},
	{"{\"a\":{\"a\":\"c\"}}", NULL, NULL, false},
	{"{\"b\":[1,{\"a\":2},\"c\"],\"a\":3}", NULL, "3", false},
	{"{\"a\":\"\\u00e4\\ud83d\\ude00\\\"\\\\\\n\"}", "\xc3\xa4\xf0\x9f\x98\x80\"\\\n", NULL,
		false},
	{"{\"a\":\"\\u0000x\"}", NULL, NULL, false},
	{"{\"a\":9223372036854775807}", NULL, "9223372036854775807", false},
	{"{\"a\":-1}", NULL, NULL, false},
	{"{\"a\":1.5e3}", NULL, NULL, false},
	{"", NULL, NULL, true},
	{"[]", NULL, NULL, true},
	{"1", NULL, NULL, true},
	{"{", NULL, NULL, true},
	{"{\"a\":1,}", NULL, NULL, true},
	{"{\"a\":1}}", NULL, NULL, true},
	{"{\"a\":\"b}", NULL, NULL, true},
	{"{\"a\":\"\xff\"}", NULL, NULL, true},
	{"{\"a\":\"\\ud800\"}", NULL, NULL, true},
};

static void test_lines(void **state)
{
	(void)state;
	for (size_t i = 0; i < sizeof(lines) / sizeof(lines[0]); i++) {
		json_t *line = jsonl_read(lines[i].line, strlen(lines[i].line));
		const char *text = jsonl_text(line, "a");
		char number[32];
		uint64_t value;

		if (!line != lines[i].refused)
			fail_msg("%s: read: %d", lines[i].line, !!line);
		if (!text != !lines[i].text || (text && strcmp(text, lines[i].text)))
			fail_msg("%s: %s", lines[i].line, text);
		snprintf(number, sizeof(number), "%s", "none");
		if (jsonl_number(line, "a", &value))
			snprintf(number, sizeof(number), "%" PRIu64, value);
		if (strcmp(number, lines[i].number ? lines[i].number : "none"))
			fail_msg("%s: %s", lines[i].line, number);
		json_decref(line);
	}
}

static const char event[] =
	"{\"type\":\"violation\",\"time\":\"2026-11-21T03:14:15.000000000+00:00\",\"verdict\":"
	"\"deny\",\"policy\":\"p\",\"rule\":\"\\\\xff\\u0001\",\"container\":{\"id\":\"c\"},"
	"\"cgroup\":\"/a\",\"count\":7,\"x\":[1,null,{\"y\":-1.5}]}";

static void line(struct tally *tally, const char *text)
{
	tally_line(tally, text, strlen(text));
}

static void test_counts(void **state)
{
	struct tally tally = {0};

	(void)state;
	line(&tally, event);
	line(&tally, event);
	line(&tally, "{\"type\":\"violation\",\"time\":\"2026-11-21T03:14:16Z\",\"verdict\":"
		     "\"audit\",\"policy\":null,\"rule\":\"r\",\"container\":null}");
	line(&tally, "{\"type\":\"lost\",\"time\":\"2026-11-21T03:14:17Z\",\"count\":40}");
	line(&tally, "{\"type\":\"violation\",\"time\":\"never\"}");
	line(&tally, "nonsense");
	assert_int_equal(tally.bad_lines, 2);
	assert_int_equal(tally.totals[TALLY_DENIED], 2);
	assert_int_equal(tally.totals[TALLY_AUDITED], 1);
	assert_int_equal(tally.totals[TALLY_LOST], 40);
	assert_int_equal(tally.counts[TALLY_POLICY], 1);
	assert_int_equal(tally.entries[TALLY_POLICY][0].total, 2);
	assert_int_equal(tally.counts[TALLY_RULE], 2);
	assert_int_equal(tally.counts[TALLY_CONTAINER], 1);
	tally_free(&tally);
}

static uint64_t sum(const uint64_t *columns)
{
	uint64_t total = 0;

	for (size_t i = 0; i < TALLY_COLUMNS; i++)
		total += columns[i];
	return total;
}

/* Whatever the order and the span of the times, each event is in the column of its time. */
static void test_columns(void **state)
{
	static const int64_t second = 1000000000, spans[] = {1, 119, 120, 121, 86400, 1LL << 31};
	const char *const names[TALLY_KINDS] = {[TALLY_RULE] = "r"};
	uint64_t random = 1;

	(void)state;
	for (size_t i = 0; i < sizeof(spans) / sizeof(spans[0]); i++) {
		struct tally tally = {0};

		for (int n = 0; n < 1000; n++) {
			int64_t time;

			random = random * 6364136223846793005ULL + 1442695040888963407ULL;
			time = (1700000000 + (int64_t)(random >> 33) % spans[i]) * second;
			tally_add(&tally, n % 2 ? TALLY_DENIED : TALLY_LOST, time, 1, names);
			assert_true(time >= tally.start);
			assert_true(time < tally.start + TALLY_COLUMNS * tally.width);
		}
		assert_int_equal(sum(tally.series[TALLY_DENIED]), 500);
		assert_int_equal(sum(tally.series[TALLY_LOST]), 500);
		assert_int_equal(sum(tally.entries[TALLY_RULE][0].columns), 1000);
		assert_true(tally.last - tally.first < TALLY_COLUMNS * tally.width);
		tally_free(&tally);
	}
}

static void test_many_names(void **state)
{
	struct tally tally = {0};
	uint64_t total = 0;
	char name[16];

	(void)state;
	for (int i = 0; i < 3 * TALLY_ENTRIES_MAX; i++) {
		const char *const names[TALLY_KINDS] = {[TALLY_CGROUP] = name};

		snprintf(name, sizeof(name), "%d", i);
		tally_add(&tally, TALLY_DENIED, 1000000000, 1, names);
	}
	assert_int_equal(tally.counts[TALLY_CGROUP], TALLY_ENTRIES_MAX + 1);
	tally_sort(&tally);
	assert_null(tally.entries[TALLY_CGROUP][0].name);
	for (size_t i = 0; i < tally.counts[TALLY_CGROUP]; i++)
		total += tally.entries[TALLY_CGROUP][i].total;
	assert_int_equal(total, 3 * TALLY_ENTRIES_MAX);
	tally_free(&tally);
}

/* Lines that somebody has damaged: no step beyond the line (the sanitizer sees it). */
static void test_damaged(void **state)
{
	struct tally tally = {0};
	uint32_t random = 1;

	(void)state;
	for (int n = 0; n < 50000; n++) {
		size_t length = sizeof(event) - 1;
		char *copy;

		random = random * 1664525 + 1013904223;
		length = random % 4 ? length : random / 4 % (length + 1);
		copy = malloc(length ? length : 1);
		memcpy(copy, event, length);
		for (int i = 0; i < 3 && length; i++) {
			random = random * 1664525 + 1013904223;
			copy[(random >> 8) % length] =
				random % 2 ? (char)(random >> 24) : "\"\\{}[],:u"[random / 2 % 9];
		}
		tally_line(&tally, copy, length);
		free(copy);
	}
	assert_true(tally.bad_lines > 1000 && tally.bad_lines < 50000);
	tally_free(&tally);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_lines),
		cmocka_unit_test(test_counts),
		cmocka_unit_test(test_columns),
		cmocka_unit_test(test_many_names),
		cmocka_unit_test(test_damaged),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
