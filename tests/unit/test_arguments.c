// SPDX-License-Identifier: GPL-2.0-only
/* The command line of cgward-audit, and the filter that comes out of it. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>
#include <cmocka.h>
#include "arguments.h"
#include "event.h"
#include "filter.h"
#include "policy.h"

#define ARGS(...)                                                                                  \
	{                                                                                          \
		"cgward-audit", __VA_ARGS__                                                        \
	}

static const struct {
	const char *args[6];
	const char *error; /* a piece of the message */
} refused[] = {
	{ARGS("--foo"), "unknown option \"--foo\""},
	{ARGS("--fol"), "unknown option \"--fol\""},
	{ARGS("-x"), "unknown option \"-x\""},
	{ARGS("-fv"), "unknown option \"-fv\""},
	{ARGS("--"), "unknown option \"--\""},
	{ARGS("-"), "unknown argument \"-\""},
	{ARGS("file"), "unknown argument \"file\""},
	{ARGS(""), "unknown argument \"\""},
	{ARGS("--follow=yes"), "--follow takes no value, got \"--follow=yes\""},
	{ARGS("--follow", "-f"), "--follow is given twice"},
	{ARGS("--output"), "--output needs a value: TO"},
	{ARGS("--output="), "--output: empty value"},
	{ARGS("--format", "xml"), "--format: unknown value \"xml\", expected text|json"},
	{ARGS("--format", "jso"), "--format: unknown value \"jso\""},
	{ARGS("--verdict=allow"), "--verdict: unknown value \"allow\", expected deny|audit"},
	{ARGS("--policy", "Web"), "--policy: bad value \"Web\": expected lower-case letters"},
	{ARGS("--policy=-web"), "--policy: bad value \"-web\""},
	{ARGS("--policy", "\033[2J"), "--policy: bad value \"\\x1b[2J\""},
	{ARGS("--listen", "0.0.0.0:9100"), "\"0.0.0.0:9100\": not a loopback address"},
	{ARGS("--listen", "192.0.2.1:9100"), "not a loopback address"},
	{ARGS("--listen", "[::]:9100"), "not a loopback address"},
	{ARGS("--listen", "[::ffff:127.0.0.1]:9100"), "not a loopback address"},
	{ARGS("--listen", "[127.0.0.1]:9100"), "expected 127.0.0.1:PORT"},
	{ARGS("--listen", "localhost:9100"), "expected 127.0.0.1:PORT"},
	{ARGS("--listen", "127.0.0.1"), "expected 127.0.0.1:PORT"},
	{ARGS("--listen", "127.0.0.1:"), "expected 127.0.0.1:PORT"},
	{ARGS("--listen", "127.0.0.1:0"), "expected 127.0.0.1:PORT"},
	{ARGS("--listen", "127.0.0.1:65536"), "expected 127.0.0.1:PORT"},
	{ARGS("--listen", ":9100"), "expected 127.0.0.1:PORT"},
	{ARGS("--listen", "::1:9100"), "expected 127.0.0.1:PORT"},
	{ARGS("--listen", "[::1:9100"), "expected 127.0.0.1:PORT"},
	{ARGS("--listen", "unix:x.sock"), "expected unix: and an absolute path"},
	{ARGS("--listen", "unix:"), "expected unix: and an absolute path"},
	{ARGS("--kind=files"),
		"--kind: unknown value \"files\", expected some of sysctl,network,file"},
	{ARGS("--kind=sysctl,"), "--kind: unknown value \"\""},
	{ARGS("--kind=sysctl,sysctl"), "--kind: repeated value \"sysctl\""},
	{ARGS("--count", "0"), "--count: bad value \"0\", expected a number from 1"},
	{ARGS("--count", "-1"), "--count: bad value \"-1\""},
	{ARGS("--count", "1x"), "--count: bad value \"1x\""},
	{ARGS("--count", "18446744073709551616"), "--count: bad value \"18446744073709551616\""},
	{ARGS("--rotate-size", "100"), "--rotate-size: bad value \"100\", expected a size from 4K"},
	{ARGS("--rotate-size", "3K"), "bad value \"3K\""},
	{ARGS("--rotate-size", "K"), "bad value \"K\""},
	{ARGS("--rotate-size", "1KK"), "bad value \"1KK\""},
	{ARGS("--rotate-size", "17179869184G"), "bad value \"17179869184G\""},
	{ARGS("--rotate-size", ""), "bad value \"\""},
	{ARGS("--since", "yesterday"), "--since: bad time \"yesterday\", expected RFC 3339"},
	{ARGS("--since", "\033[2J"), "--since: bad time \"\\x1b[2J\""},
};

static int count(const char *const *args)
{
	int argc = 0;

	while (argc < 5 && args[argc])
		argc++;
	return argc;
}

static void test_refused(void **state)
{
	(void)state;
	for (size_t i = 0; i < sizeof(refused) / sizeof(refused[0]); i++) {
		struct arguments arguments;
		char *error = NULL;
		int result = arguments_parse(
			&arguments, count(refused[i].args), (char **)refused[i].args, &error);

		if (!result)
			fail_msg("%s was accepted", refused[i].args[1]);
		if (!strstr(error, refused[i].error))
			fail_msg("\"%s\" lacks \"%s\"", error, refused[i].error);
		free(error);
	}
}

static void parse(struct arguments *arguments, const char *const *args)
{
	char *error = NULL;

	if (arguments_parse(arguments, count(args), (char **)args, &error))
		fail_msg("%s", error);
}

static void test_accepted(void **state)
{
	static const char *const none[] = {"cgward-audit", NULL};
	static const char *const some[5] =
		ARGS("-f", "--format=json", "-n", "18446744073709551615");
	static const char *const more[5] =
		ARGS("--output", "-x", "--since=2026-11-21T03:14:15Z", "--verdict=audit");
	static const char *const rotate[5] =
		ARGS("--rotate-size=4K", "-o", "a", "--output=journal");
	static const char *const listen_ipv4[5] = ARGS("--listen", "127.1.2.3:65535");
	static const char *const listen_ipv6[5] = ARGS("--listen", "[::1]:1");
	static const char *const listen_unix[5] = ARGS("--listen", "unix:/run/x.sock");
	static const char *const kinds[5] = ARGS("--kind", "network,sysctl");
	struct arguments arguments;

	(void)state;
	parse(&arguments, none);
	assert_false(arguments.follow);
	assert_int_equal(arguments.format, ARGUMENT_FORMAT_TEXT);
	assert_string_equal(arguments.outputs.items[0], "-");
	assert_string_equal(arguments.bpffs, "/sys/fs/bpf/cgward");
	assert_null(arguments.policy);
	assert_int_equal(arguments.verdict, 0);
	parse(&arguments, some);
	assert_true(arguments.follow);
	assert_int_equal(arguments.format, ARGUMENT_FORMAT_JSON);
	assert_true(arguments.count == UINT64_MAX);
	parse(&arguments, rotate);
	assert_true(arguments.rotate_size == 4096);
	assert_int_equal(arguments.outputs.count, 2);
	assert_string_equal(arguments.outputs.items[1], "journal");
	parse(&arguments, listen_ipv4);
	parse(&arguments, listen_ipv6);
	parse(&arguments, listen_unix);
	parse(&arguments, kinds);
	assert_int_equal(arguments.kinds, 1U << SECTION_SYSCTL | 1U << SECTION_NETWORK);
	parse(&arguments, more);
	assert_string_equal(arguments.outputs.items[0], "-x");
	assert_int_equal(arguments.verdict, CGW_VERDICT_AUDIT);
	assert_true(arguments.since == 1795230855LL * 1000000000);
}

/* Every line of the help fits a terminal, and all of it a screen. */
static void test_help(void **state)
{
	char *help = arguments_help(), *line = help;
	size_t lines = 0;

	(void)state;
	for (char *end; (end = strchr(line, '\n')); line = end + 1, lines++)
		assert_in_range(end - line, 0, 100);
	assert_string_equal(line, "");
	assert_in_range(lines, 10, 30);
	free(help);
}

static const struct {
	const char *glob, *cgroup;
	bool matches;
} globs[] = {
	{"/ct/*", "/ct/web", true},
	{"/ct/*", "/ct/web/child/grandchild", true},
	{"/ct/*", "/ct", false},
	{"/ct/*", "/other/web", false},
	{"/ct/web", "/ct/web", true},
	{"/ct/web", "/ct/web2", false},
	{"/ct/web", "/ct/web2/web", false},
	{"/ct/web/", "/ct/web", true},
	{"/ct/{web,db}", "/ct/db/x", true},
	{"/**", "/a", true},
	{"/", "/a/b", true},
	{"/", "", true},
	{"/a", "", false},
};

static void test_cgroups(void **state)
{
	static struct raw_event raw;

	(void)state;
	for (size_t i = 0; i < sizeof(globs) / sizeof(globs[0]); i++) {
		struct record record = {.type = RECORD_VIOLATION};
		struct filter filter = {0};
		const char *why;
		size_t where;

		raw_connect(&raw);
		raw.event.size = sizeof(raw.event);
		raw.event.exe_len = 0;
		raw.event.cgroup_len = raw_text(&raw, globs[i].cgroup);
		assert_int_equal(event_decode(&record.event, &raw, raw.event.size), 0);
		assert_int_equal(filter_set_cgroup(&filter, globs[i].glob, &where, &why), 0);
		if (filter_wants(&filter, &record) != globs[i].matches)
			fail_msg("%s, %s", globs[i].glob, globs[i].cgroup);
		filter_free(&filter);
	}
}

static void test_bad_globs(void **state)
{
	struct filter filter = {0};
	const char *why = NULL;
	size_t where = 99;

	(void)state;
	assert_int_not_equal(filter_set_cgroup(&filter, "ct", &where, &why), 0);
	assert_int_equal(where, 0);
	assert_int_not_equal(filter_set_cgroup(&filter, "/ct/[a", &where, &why), 0);
	assert_int_equal(where, 4);
	assert_int_not_equal(filter_set_cgroup(&filter, "", &where, &why), 0);
	filter_free(&filter);
}

static void test_filter(void **state)
{
	static struct raw_event raw;
	struct record record = {.type = RECORD_VIOLATION, .time = 100};
	struct filter filter = {0};

	(void)state;
	raw_connect(&raw);
	assert_int_equal(event_decode(&record.event, &raw, raw.event.size), 0);
	record.rule.policy = "web";
	assert_true(filter_wants(&filter, &record));
	filter = (struct filter){.policy = "web", .verdict = CGW_VERDICT_DENY, .since = 100};
	assert_true(filter_wants(&filter, &record));
	filter.since = 101;
	assert_false(filter_wants(&filter, &record));
	filter = (struct filter){.verdict = CGW_VERDICT_AUDIT};
	assert_false(filter_wants(&filter, &record));
	filter = (struct filter){.kinds = 1U << SECTION_SYSCTL};
	assert_false(filter_wants(&filter, &record));
	filter.kinds |= 1U << SECTION_NETWORK;
	assert_true(filter_wants(&filter, &record));
	filter = (struct filter){.policy = "we"};
	assert_false(filter_wants(&filter, &record));
	record.rule.policy = NULL; /* not known: it might be that one */
	assert_true(filter_wants(&filter, &record));
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_refused),
		cmocka_unit_test(test_accepted),
		cmocka_unit_test(test_help),
		cmocka_unit_test(test_cgroups),
		cmocka_unit_test(test_bad_globs),
		cmocka_unit_test(test_filter),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
