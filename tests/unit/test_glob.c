// SPDX-License-Identifier: GPL-2.0-only
/* Globs: syntax, and what they match, by the slow matcher and by automata alike. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>
#include <cmocka.h>
#include "automaton.h"
#include "glob.h"

#define NONE GLOB_NO_SEPARATOR

static const struct syntax {
	const char *glob;
	int separator;
	const char *why; /* a part of it; NULL: well formed */
	size_t where;
} syntaxes[] = {
	{"", '/', NULL, 0},
	{"/a/b", '/', NULL, 0},
	{"/a?*/**", '/', NULL, 0},
	{"***", '/', "more than two * in a row", 0},
	{"/a/***", NONE, "more than two * in a row", 3},
	{"**/*", '/', NULL, 0},
	{"a\\", '/', "\\ with nothing after it", 1},
	{"a\\\\", '/', NULL, 0},
	{"[a", '/', "unclosed [", 0},
	{"x[a-", '/', "unclosed [", 1},
	{"[a\\", '/', "\\ with nothing after it", 2},
	{"[a]", '/', NULL, 0},
	{"]", '/', NULL, 0},
	{"[]", '/', "empty [ ]", 0},
	{"[]a]", '/', "empty [ ]", 0},
	{"[!]", '/', "empty [ ]", 0},
	{"[\\]]", '/', NULL, 0},
	{"[!a-z]", '/', NULL, 0},
	{"[z-a]", '/', "ends before it begins", 1},
	{"[a-a]", '/', NULL, 0},
	{"[-a]", '/', NULL, 0},
	{"[a-]", '/', NULL, 0},
	{"[/]", '/', "never matches the separator", 1},
	{"[a/]", '/', "never matches the separator", 2},
	{"[+-/]", '/', "never matches the separator", 3},
	{"[+-9]", '/', NULL, 0},
	{"[/]", NONE, NULL, 0},
	{"[!\x01-\xff]", '/', NULL, 0},
	{"[[:alpha:]]", '/', "has no meaning here", 1},
	{"[[a]", '/', NULL, 0},
	{"{a,b}", '/', NULL, 0},
	{"{a}", '/', NULL, 0},
	{"{,a}", '/', NULL, 0},
	{"{}", '/', "empty { }", 0},
	{"x{a,b", '/', "unclosed {", 1},
	{"{a,{b,c}", '/', "unclosed {", 0},
	{"a}", '/', "} without {", 1},
	{"{a}}", '/', "} without {", 3},
	{"a\\}", '/', NULL, 0},
	{"a,b", '/', NULL, 0},
	{"{a,[,}]}", '/', NULL, 0},
	{"{{{{{{{{{{{{{{{{a}}}}}}}}}}}}}}}}", '/', NULL, 0},
	{"{{{{{{{{{{{{{{{{{a}}}}}}}}}}}}}}}}}", '/', "nested more than 16 deep", 16},
	{"{a,b}{a,b}{a,b}{a,b}{a,b}{a,b}{a,b}{a,b}{a,b}{a,b}{a,b}{a,b}", '/', NULL, 0},
	{"{a,b}{a,b}{a,b}{a,b}{a,b}{a,b}{a,b}{a,b}{a,b}{a,b}{a,b}{a,b}{a,b}", '/',
		"more than 4096 globs", 60},
};

static const struct match {
	const char *glob;
	int separator;
	const char *text;
	bool matches;
} matches[] = {
	{"", '/', "", true},
	{"", '/', "/", false},
	{"/a", '/', "/a", true},
	{"/a", '/', "/A", false},
	{"/a", '/', "/ab", false},
	/* ? */
	{"/?", '/', "/x", true},
	{"/?", '/', "/", false},
	{"/?", '/', "//", false},
	{"/?", '/', "/\xff", true},
	{"?", NONE, "/", true},
	/* * */
	{"/*", '/', "/", true},
	{"/*", '/', "/abc", true},
	{"/*", '/', "/abc/d", false},
	{"*", '/', "", true},
	{"*", NONE, "/abc/d", true},
	{"/a*c", '/', "/ac", true},
	{"/a*c", '/', "/abbc", true},
	{"/a*c", '/', "/ab/c", false},
	{"/libpod-*.scope", '/', "/libpod-12.scope", true},
	{"/libpod-*.scope", '/', "/libpod-12.scopes", false},
	/* ** */
	{"/etc/**", '/', "/etc", true},
	{"/etc/**", '/', "/etc/", true},
	{"/etc/**", '/', "/etc/a/b", true},
	{"/etc/**", '/', "/etcetera", false},
	{"/etc/**", '/', "/et", false},
	{"/**", '/', "", true},
	{"/**", '/', "/", true},
	{"/**", '/', "/a/b", true},
	{"/**", '/', "a", false},
	{"**", '/', "", true},
	{"**", '/', "a/b", true},
	{"**/b", '/', "b", true},
	{"**/b", '/', "/b", true},
	{"**/b", '/', "a/b", true},
	{"**/b", '/', "ab", false},
	{"/a/**/b", '/', "/a/b", true},
	{"/a/**/b", '/', "/a/x/y/b", true},
	{"/a/**/b", '/', "/ab", false},
	{"/a/**/b", '/', "/a/xb", false},
	{"/a/**/**", '/', "/a", true},
	{"/a/**/**/b", '/', "/a/b", true},
	{"/a**", '/', "/abc/d", true},
	{"/a**", '/', "/b", false},
	{"/a**b", '/', "/ax/yb", true},
	{"/**b", '/', "b", false},
	{"/**b", '/', "/x/yb", true},
	{"/a/**/", '/', "/a/", true},
	{"/a/**/", '/', "/a", false},
	{"**", NONE, "a/b", true},
	/* classes */
	{"[a-c]", '/', "b", true},
	{"[a-c]", '/', "d", false},
	{"[!a-c]", '/', "d", true},
	{"[!a-c]", '/', "b", false},
	{"[^a-c]", '/', "d", true},
	{"[!a-c]", '/', "/", false},
	{"[+-9]", '/', "/", false},
	{"[+-9]", '/', "0", true},
	{"[+-9]", NONE, "/", true},
	{"[-a]", '/', "-", true},
	{"[a-]", '/', "-", true},
	{"[a-]", '/', "b", false},
	{"[\\]]", '/', "]", true},
	{"[\\!a]", '/', "!", true},
	{"[a!]", '/', "!", true},
	{"[a\\-c]", '/', "b", false},
	{"[a\\-c]", '/', "-", true},
	{"[*?]", '/', "*", true},
	{"[*?]", '/', "a", false},
	{"[\x80-\xff]", '/', "\xc3", true},
	/* quotes */
	{"\\*", '/', "*", true},
	{"\\*", '/', "a", false},
	{"\\?\\[\\{\\\\", '/', "?[{\\", true},
	{"a\\b", '/', "ab", true},
	{"/a\\/**", '/', "/a", true},
	/* braces */
	{"{a,b}", '/', "a", true},
	{"{a,b}", '/', "b", true},
	{"{a,b}", '/', "c", false},
	{"x{,y}z", '/', "xz", true},
	{"x{,y}z", '/', "xyz", true},
	{"{a,{b,c}d}e", '/', "cde", true},
	{"{a,{b,c}d}e", '/', "ce", false},
	{"{/usr,/etc}/**", '/', "/etc", true},
	{"{/usr,/etc}/**", '/', "/usr/x", true},
	{"/a/{**,x}", '/', "/a", true},
	{"/a/{**,x}y", '/', "/a", false},
	{"/a/{b/**,c}/d", '/', "/a/b/d", true},
	{"/a/{b/**,c}/d", '/', "/a/c/d", true},
	{"/a/{b/**,c}/d", '/', "/a/c/x/d", false},
	{"a{\\,,\\}}", '/', "a,", true},
	{"a{\\,,\\}}", '/', "a}", true},
	{"{a,[,}]}", '/', "}", true},
	{"a,b", '/', "a,b", true},
};

static void test_syntax(void **state)
{
	(void)state;
	for (size_t i = 0; i < sizeof(syntaxes) / sizeof(*syntaxes); i++) {
		const struct syntax *row = &syntaxes[i];
		size_t where = 12345;
		const char *why = NULL;
		int result = glob_check(row->glob, strlen(row->glob), row->separator, &where, &why);

		if (result != (row->why ? -1 : 0))
			fail_msg("%s: %s", row->glob, why ? why : "accepted");
		if (!row->why && (where != 12345 || why))
			fail_msg("%s: outputs were touched", row->glob);
		if (row->why && (where != row->where || !strstr(why, row->why)))
			fail_msg("%s: %zu: %s", row->glob, where, why);
	}
}

static void test_match(void **state)
{
	(void)state;
	for (size_t i = 0; i < sizeof(matches) / sizeof(*matches); i++) {
		const struct match *row = &matches[i];
		struct automaton_glob glob = {row->glob, strlen(row->glob), 7};
		struct automaton_options options = {.separator = row->separator};
		struct automaton automaton;
		size_t length = strlen(row->text);
		uint32_t set;

		if (glob_match_slow(glob.text, glob.length, row->separator, row->text, length) !=
			row->matches)
			fail_msg("slow: %s on %s", row->glob, row->text);
		assert_int_equal(
			automaton_compile(&automaton, &glob, 1, &options, AUTOMATON_STATES_MAX), 0);
		set = automaton_match(&automaton, row->text, length);
		if ((set != 0) != row->matches)
			fail_msg("automaton: %s on %s", row->glob, row->text);
		if (set) {
			assert_int_equal(automaton.sets[set].count, 1);
			assert_int_equal(automaton.sets[set].marks[0], 7);
		}
		automaton_free(&automaton);
	}
}

static void test_bytes(void **state)
{
	static const char text[] = "/a\0b", glob[] = "/a\0?";

	(void)state;
	assert_true(glob_match_slow(glob, 4, '/', text, 4));
	assert_false(glob_match_slow(glob, 4, '/', text, 3));
	for (unsigned int byte = 1; byte < 256; byte++) {
		char one = byte;

		assert_int_equal(glob_match_slow("?", 1, '/', &one, 1), byte != '/');
		assert_int_equal(
			glob_match_slow("[!a]", 4, '/', &one, 1), byte != '/' && byte != 'a');
	}
}

static void test_literal(void **state)
{
	(void)state;
	assert_true(glob_is_literal("", 0));
	assert_true(glob_is_literal("/a,b]c", 6));
	assert_false(glob_is_literal("/a*", 3));
	assert_false(glob_is_literal("/a?", 3));
	assert_false(glob_is_literal("/[a]", 4));
	assert_false(glob_is_literal("{a}", 3));
	assert_false(glob_is_literal("\\a", 2));
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_syntax),
		cmocka_unit_test(test_match),
		cmocka_unit_test(test_bytes),
		cmocka_unit_test(test_literal),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
