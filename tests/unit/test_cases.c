// SPDX-License-Identifier: GPL-2.0-only
/* Tables of cases: what a line gives, or where and why it is refused. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <string.h>
#include <cmocka.h>
#include "cases.h"
#include "policy.h"

static const struct reject {
	const char *text;
	size_t length; /* 0: that of the text */
	uint32_t line, column;
	const char *message; /* a part of it */
} rejects[] = {
	{"", 0, 0, 0, "expected at least one row"},
	{"# only a comment\n\n", 0, 0, 0, "expected at least one row"},
	{"policy a.ini\n", 0, 0, 0, "expected at least one row"},
	{"/a | kernel mount | deny\n", 0, 1, 1, "expected a line \"policy PATH\" before"},
	{"policy a\n/a\n", 0, 2, 1, "got \"/a\""},
	{"policy a\n  /a | kernel mount\n", 0, 2, 3, "expected \"policy PATH\" or"},
	{"policy a\n/a | kernel mount | deny | x | y\n", 0, 2, 1, "expected \"policy PATH\" or"},
	{"policy\n", 0, 1, 1, "got \"policy\""},
	{"policy a\n/a|kernel mount|deny\n", 0, 2, 1, "a blank on both sides"},
	{"policy a\n/a | | deny\n", 0, 2, 6, "field 2 is empty"},
	{"policy a\n/a | kernel mount |\n", 0, 2, 20, "field 3 is empty"},
	{"policy a\n | kernel mount | deny\n", 0, 2, 2, "field 1 is empty"},
	{"policy a\n/a | kernel mount | deny | \n", 0, 2, 27, "field 4 is empty"},
	{"policy a\n/a | kernel mount | Deny\n", 0, 2, 21, "got \"Deny\""},
	{"policy a\n/a | kernel mont | deny\n", 0, 2, 6, "\"mont\""},
	{"policy a\na | kernel mount | deny\n", 0, 2, 1, "must begin with '/'"},
	{"policy a\n/a/ | kernel mount | deny\n", 0, 2, 1, "an empty component"},
	{"policy a\n//a | kernel mount | deny\n", 0, 2, 1, "an empty component"},
	{"policy a\n/./a | kernel mount | deny\n", 0, 2, 1, "'.' or '..'"},
	{"policy a\n/a/.. | kernel mount | deny\n", 0, 2, 1, "'.' or '..'"},
	{"policy a\n/a | kernel\0 mount | deny\n", 34, 2, 12, "NUL"},
};

static const char accepted[] = "# comment\r\n"
			       "policy a.ini\r\n"
			       "policy\t/b b.ini  \n"
			       "\n"
			       "/ | kernel mount | deny\n"
			       "  /a/..b\t|\tsysctl write kernel.core_pattern=|/x\t|\taudit  \n"
			       "policy sub/c.ini\n"
			       "/a | kernel mount | allow | deny mount\n"
			       "policy d.ini\n"
			       "/a | kernel mount | deny | c.ini:7";

static void test_accept(void **state)
{
	struct cases cases = {0};
	struct diagnostics diags = {0};

	(void)state;
	assert_int_equal(
		cases_read_text(&cases, "dir/t.cases", accepted, strlen(accepted), &diags), 0);
	assert_int_equal(cases.group_count, 3);
	assert_int_equal(cases.groups[0].count, 2);
	assert_string_equal(cases.groups[0].paths[0], "dir/a.ini");
	assert_string_equal(cases.groups[0].paths[1], "/b b.ini");
	assert_string_equal(cases.groups[1].paths[0], "dir/sub/c.ini");
	assert_int_equal(cases.groups[1].count, 1);
	assert_int_equal(cases.row_count, 4);
	assert_string_equal(cases.rows[0].cgroup, "");
	assert_int_equal(cases.rows[0].line, 5);
	assert_int_equal(cases.rows[0].verdict, CGW_VERDICT_DENY);
	assert_int_equal(cases.rows[0].parsed.op, CGW_OP_KERNEL);
	assert_int_equal(cases.rows[0].parsed.power, CGW_POWER_MOUNT);
	assert_null(cases.rows[0].rule);
	assert_string_equal(cases.rows[1].cgroup, "/a/..b");
	assert_string_equal(cases.rows[1].operation, "sysctl write kernel.core_pattern=|/x");
	assert_string_equal(cases.rows[1].parsed.value, "|/x");
	assert_int_equal(cases.rows[1].verdict, CGW_VERDICT_AUDIT);
	assert_int_equal(cases.rows[1].group, 0);
	assert_int_equal(cases.rows[2].verdict, CGW_VERDICT_ALLOW);
	assert_string_equal(cases.rows[2].rule, "deny mount");
	assert_int_equal(cases.rows[2].group, 1);
	assert_int_equal(cases.rows[3].group, 2);
	assert_int_equal(cases.rows[3].line, 10);
	cases_free(&cases);
	diagnostics_free(&diags);
}

static void test_reject(void **state)
{
	(void)state;
	for (size_t i = 0; i < sizeof(rejects) / sizeof(rejects[0]); i++) {
		const struct reject *row = &rejects[i];
		struct cases cases = {0};
		struct diagnostics diags = {0};
		size_t length = row->length ? row->length : strlen(row->text);

		if (!cases_read_text(&cases, "t", row->text, length, &diags))
			fail_msg("row %zu is accepted", i);
		assert_int_equal(diags.count, 1);
		if (diags.items[0].line != row->line || diags.items[0].column != row->column ||
			!strstr(diags.items[0].message, row->message))
			fail_msg("row %zu: %u:%u: %s", i, diags.items[0].line,
				diags.items[0].column, diags.items[0].message);
		cases_free(&cases);
		diagnostics_free(&diags);
	}
}

static void test_long_line(void **state)
{
	static char text[2 * POLICY_LINE_MAX];
	struct cases cases = {0};
	struct diagnostics diags = {0};

	(void)state;
	memset(text, 'x', sizeof(text));
	assert_int_equal(cases_read_text(&cases, "t", text, sizeof(text), &diags), -1);
	assert_non_null(strstr(diags.items[0].message, "16384 bytes"));
	cases_free(&cases);
	diagnostics_free(&diags);
}

/* Several bad rows: each is reported. */
static void test_all_errors(void **state)
{
	static const char text[] = "policy a\n/a | x | deny\n/a | kernel mount | deny\nb | y | z\n";
	struct cases cases = {0};
	struct diagnostics diags = {0};

	(void)state;
	assert_int_equal(cases_read_text(&cases, "t", text, strlen(text), &diags), -1);
	assert_int_equal(diags.errors, 4); /* x; and all three fields of the last row */
	cases_free(&cases);
	diagnostics_free(&diags);
}

static void test_rule(void **state)
{
	static const struct {
		const char *wanted;
		bool is;
	} rows[] = {
		{NULL, true},
		{"deny mount", true},
		{"deny moun", false},
		{"deny mount ", false},
		{"b/web.ini:7", true},
		{"web.ini:7", true},
		{"a/b/web.ini:7", true},
		{"/a/b/web.ini:7", true},
		{"eb.ini:7", false},
		{"web.ini:77", false},
		{"web.ini:", false},
		{":7", false},
		{"7", false},
		{"", false},
	};

	(void)state;
	for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
		struct case_row row = {.rule = (char *)rows[i].wanted};

		if (case_rule_is(&row, "deny mount", "/a/b/web.ini", 7) != rows[i].is)
			fail_msg("row %zu: %s", i, rows[i].wanted);
	}
}

static void test_cgroup(void **state)
{
	static char text[CGW_TEXT_MAX + 1];

	(void)state;
	assert_null(cgroup_path_fault("/"));
	assert_null(cgroup_path_fault("/a.slice/b"));
	assert_null(cgroup_path_fault("/..."));
	assert_null(cgroup_path_fault("/.a/..b"));
	assert_non_null(cgroup_path_fault(""));
	assert_non_null(cgroup_path_fault("/a/./b"));
	memset(text, 'x', CGW_TEXT_MAX);
	text[0] = '/';
	assert_non_null(cgroup_path_fault(text));
	text[CGW_TEXT_MAX - 1] = 0;
	assert_null(cgroup_path_fault(text));
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_accept),
		cmocka_unit_test(test_reject),
		cmocka_unit_test(test_long_line),
		cmocka_unit_test(test_all_errors),
		cmocka_unit_test(test_rule),
		cmocka_unit_test(test_cgroup),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
