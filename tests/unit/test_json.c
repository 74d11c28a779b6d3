// SPDX-License-Identifier: GPL-2.0-only
/* test_json.c - the JSON writer, strings, quoting and diagnostics. */
#include <stdio.h>
#include <stdlib.h>
#include "json.h"
#include "language.h"
#include "names.h"

static const struct {
	const char *bytes;
	size_t length;
	const char *json;
} strings[] = {
#define STRING(text) text, sizeof(text) - 1
	{STRING(""), "\"\""},
	{STRING("a/b c"), "\"a/b c\""},
	{STRING("\"x\""), "\"\\\"x\\\"\""},
	{STRING("a\\b"), "\"a\\\\\\\\b\""},
	{STRING("\\x41"), "\"\\\\\\\\x41\""},
	{STRING("a\nb\tc\rd"), "\"a\\nb\\tc\\u000dd\""},
	{STRING("\0\x1b[2J\x7f"), "\"\\u0000\\u001b[2J\\u007f\""},
	/* UTF-8 of two, three and four bytes stays. */
	{STRING("\xc3\xa9 \xe2\x82\xac \xf0\x9f\x98\x80"),
		"\"\xc3\xa9 \xe2\x82\xac \xf0\x9f\x98\x80\""},
	/* Controls beyond ASCII, line separators and marks of direction do not. */
	{STRING("\xc2\x9b\xe2\x80\xa8\xe2\x80\xae\xd8\x9c"), "\"\\u009b\\u2028\\u202e\\u061c\""},
	/* No UTF-8: alone, cut, over-long, a surrogate, beyond U+10FFFF. */
	{STRING("\xff"), "\"\\\\xff\""},
	{STRING("\x80z"), "\"\\\\x80z\""},
	{STRING("\xe2\x82"), "\"\\\\xe2\\\\x82\""},
	{STRING("\xe2\x82z"), "\"\\\\xe2\\\\x82z\""},
	{STRING("\xc0\xaf"), "\"\\\\xc0\\\\xaf\""},
	{STRING("\xe0\x80\xaf"), "\"\\\\xe0\\\\x80\\\\xaf\""},
	{STRING("\xed\xa0\x80"), "\"\\\\xed\\\\xa0\\\\x80\""},
	{STRING("\xf4\x90\x80\x80"), "\"\\\\xf4\\\\x90\\\\x80\\\\x80\""},
	{STRING("\xf8\x88\x80\x80\x80"), "\"\\\\xf8\\\\x88\\\\x80\\\\x80\\\\x80\""},
};

static void test_strings(void **state)
{
	(void)state;
	for (size_t i = 0; i < ROWS(strings); i++) {
		struct strbuf out = STRBUF_INIT;
		struct json json = {.out = &out};

		json_bytes(&json, NULL, strings[i].bytes, strings[i].length);
		assert_string_equal(out.data, strings[i].json);
		strbuf_free(&out);
	}
}

static void test_commas(void **state)
{
	struct strbuf out = STRBUF_INIT;
	struct json json = {.out = &out};

	(void)state;
	json_object_begin(&json, NULL);
	json_text(&json, "a", "1");
	json_array_begin(&json, "b");
	json_number(&json, NULL, -5);
	json_object_begin(&json, NULL);
	json_object_end(&json);
	json_array_begin(&json, NULL);
	json_array_end(&json);
	json_bool(&json, NULL, true);
	json_array_end(&json);
	json_text(&json, "c", NULL);
	json_unsigned(&json, "d", UINT64_MAX);
	json_bool(&json, "e", false);
	json_object_end(&json);
	assert_string_equal(out.data, "{\"a\":\"1\",\"b\":[-5,{},[],true],\"c\":null,"
				      "\"d\":18446744073709551615,\"e\":false}");
	strbuf_free(&out);
}

static void test_quote(void **state)
{
	char longer[100];

	(void)state;
	assert_string_equal(quote("a b", 3), "\"a b\"");
	assert_string_equal(quote("", 0), "\"\"");
	assert_string_equal(quote("\x1b\xff\n", 3), "\"\\x1b\\xff\\x0a\"");
	memset(longer, 0xee, sizeof(longer));
	assert_int_equal(strlen(quote(longer, sizeof(longer))), 60 * 4 + 2 + 3);
	memset(longer, 'a', sizeof(longer));
	assert_int_equal(strlen(quote(longer, 60)), 62);
	assert_int_equal(strlen(quote(longer, 61)), 65);
}

static void test_strbuf(void **state)
{
	struct strbuf out = STRBUF_INIT;
	char *text;

	(void)state;
	assert_string_equal(strbuf_text(&out), "");
	for (int i = 0; i < 1000; i++)
		strbuf_printf(&out, "%d,", i % 10);
	assert_int_equal(out.length, 2000);
	assert_int_equal(strlen(out.data), 2000);
	text = strbuf_take(&out);
	assert_int_equal(out.length, 0);
	assert_memory_equal(text + 1996, "8,9,", 5);
	free(text);
	text = strbuf_take(&out);
	assert_string_equal(text, "");
	free(text);
	text = xstrndup("abc", 2);
	assert_string_equal(text, "ab");
	free(text);
}

/* 100 errors and 100 warnings of each file are kept, and one line counts the rest of each. */
static void test_flood(void **state)
{
	struct diagnostics diags = {0};
	struct strbuf out = STRBUF_INIT;

	(void)state;
	for (int i = 0; i < 1000; i++) {
		diagnostics_add(&diags, SEVERITY_WARNING, "b", i + 1, 1, "w");
		if (i < 102)
			diagnostics_add(&diags, SEVERITY_ERROR, "b", i + 1, 1, "e");
		if (i < 101)
			diagnostics_add(&diags, SEVERITY_ERROR, "a", i + 1, 1, "e");
		if (i < 100)
			diagnostics_add(&diags, SEVERITY_ERROR, "c", i + 1, 1, "e");
	}
	assert_int_equal(diags.errors, 303);
	assert_int_equal(diags.warnings, 1000);
	assert_int_equal(diags.count, 400 + 3);
	for (size_t i = 0; i < diags.count; i++)
		if (!diags.items[i].line)
			diagnostic_print(&diags.items[i], &out);
	assert_string_equal(out.data,
		"b: warning: 900 more warnings are not shown: correct the first ones and check "
		"again\n"
		"b: error: 2 more errors are not shown: correct the first ones and check again\n"
		"a: error: 1 more error is not shown: correct the first ones and check again\n");
	strbuf_free(&out);
	diagnostics_free(&diags);
}

static void test_print(void **state)
{
	struct diagnostics diags = {0};
	struct strbuf out = STRBUF_INIT;

	(void)state;
	diagnostics_add(&diags, SEVERITY_ERROR, "f\x1b", 3, 4, "m %d", 5);
	diagnostics_add(&diags, SEVERITY_WARNING, "f", 3, 0, "m");
	diagnostics_add(&diags, SEVERITY_WARNING, "f", 0, 0, "m");
	for (size_t i = 0; i < diags.count; i++)
		diagnostic_print(&diags.items[i], &out);
	assert_string_equal(out.data, "f\\x1b:3:4: error: m 5\nf:3: warning: m\nf: warning: m\n");
	strbuf_free(&out);
	diagnostics_free(&diags);
}

static void test_names(void **state)
{
	(void)state;
	assert_string_equal(cgw_name_of(cgw_proto_names, CGW_PROTO_SCTP), "sctp");
	assert_string_equal(cgw_name_of(cgw_proto_names, CGW_PROTO_OTHER), "?");
	assert_int_equal(cgw_name_value(cgw_proto_names, "sctpx", 4), CGW_PROTO_SCTP);
	assert_int_equal(cgw_name_value(cgw_proto_names, "sctpx", 5), 0);
	assert_int_equal(cgw_name_value(cgw_proto_names, "sct", 3), 0);
	assert_int_equal(cgw_name_value(cgw_proto_names, "", 0), 0);
	for (uint32_t op = 1; op < CGW_OP_COUNT; op++) {
		assert_string_not_equal(cgw_op_name(op), "?");
		assert_string_not_equal(cgw_op_section(op), "?");
	}
	assert_string_equal(cgw_op_name(0), "?");
	assert_string_equal(cgw_op_section(CGW_OP_COUNT), "?");
	assert_string_equal(cgw_op_section(CGW_OP_FILE_WRITE), "file");
	assert_string_equal(cgw_op_name(CGW_OP_FILE_WRITE), "write");
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_strings),
		cmocka_unit_test(test_commas),
		cmocka_unit_test(test_quote),
		cmocka_unit_test(test_strbuf),
		cmocka_unit_test(test_flood),
		cmocka_unit_test(test_print),
		cmocka_unit_test(test_names),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
