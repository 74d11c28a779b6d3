// SPDX-License-Identifier: GPL-2.0-only
/* options_parse(): a table of command lines, each with what it gives or the message it earns. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>
#include <cmocka.h>
#include "options.h"
#include "output.h"
#include "strbuf.h"

struct demo {
	struct common_options common;
	bool force;
	const char *name;
	struct option_list items;
	uint64_t count;
	int colour;
};

static const char *const colours[] = {"red", "green", NULL};

static const struct option_row rows[] = {
	OPTION_FLAG("force", 'f', struct demo, force, "force it"),
	OPTION_TEXT("name", 'n', struct demo, name, "NAME", "a name"),
	OPTION_LIST("item", 'i', struct demo, items, "ITEM", "an item"),
	OPTION_NUMBER("count", 0, struct demo, count, "N", 1, 100, "a number"),
	OPTION_NUMBER("any", 0, struct demo, count, "N", 0, UINT64_MAX, "any number"),
	OPTION_CHOICE("colour", 0, struct demo, colour, "COLOUR", colours, "a colour"),
	OPTION_END,
};

static const struct command_line plain = {
	.synopsis = "demo [OPTION]... PATH [PATH]",
	.about = "Demonstrates.",
	.common = COMMON_ALL & ~COMMON_CGROUP_ROOT,
	.rows = rows,
	.fewest = 1,
	.most = 2,
	.notes = "That is all.",
};
static const struct command_line with_rest = {
	.synopsis = "demo PATH... -- WORD...", .rows = rows, .most = OPERANDS_ANY, .rest = true};
static const struct command_line stopping = {.synopsis = "demo COMMAND...",
	.common = COMMON_QUIET,
	.rows = rows,
	.most = OPERANDS_ANY,
	.stop_at_operand = true};
static const struct command_line bare = {.synopsis = "demo", .most = 0};

/* Everything that a command line can set, in words. */
static void describe(const struct demo *demo, const struct operands *operands, struct strbuf *out)
{
	if (strcmp(demo->common.bpffs, BPFFS_DEFAULT))
		strbuf_printf(out, "bpffs=%s ", demo->common.bpffs);
	if (demo->common.cgroup_root)
		strbuf_printf(out, "root=%s ", demo->common.cgroup_root);
	strbuf_printf(out, "%s%s%s%s", demo->common.json ? "json " : "",
		demo->common.quiet ? "quiet " : "", demo->common.verbose ? "verbose " : "",
		demo->force ? "force " : "");
	if (demo->name)
		strbuf_printf(out, "name=%s ", demo->name);
	for (size_t i = 0; i < demo->items.count; i++)
		strbuf_printf(out, "item=%s ", demo->items.items[i]);
	if (demo->count)
		strbuf_printf(out, "count=%u ", (unsigned int)demo->count);
	if (demo->colour >= 0)
		strbuf_printf(out, "colour=%d ", demo->colour);
	strbuf_puts(out, "(");
	for (size_t i = 0; i < operands->count; i++)
		strbuf_printf(out, "%s%s", i ? " " : "", operands->items[i]);
	strbuf_puts(out, ")");
	for (size_t i = 0; i < operands->rest_count; i++)
		strbuf_printf(out, " %s", operands->rest[i]);
}

#define WORDS_MAX 12

static const struct row {
	const struct command_line *line;
	const char *words[WORDS_MAX];
	int status;
	const char *expected; /* of describe(), or part of the message */
} table[] = {
	{&plain, {"a"}, OPTIONS_GO, "(a)"},
	{&plain, {"a", "b"}, OPTIONS_GO, "(a b)"},
	{&plain, {"a", "b", "c"}, STATUS_USAGE, "demo: unexpected operand \"c\""},
	{&plain, {NULL}, STATUS_USAGE, "demo: expected an operand: cgward demo [OPTION]"},
	{&bare, {NULL}, OPTIONS_GO, "()"},
	{&bare, {"x"}, STATUS_USAGE, "unexpected operand \"x\""},
	{&bare, {"--"}, OPTIONS_GO, "()"},
	{&bare, {"--json"}, STATUS_USAGE, "unknown option \"--json\""},
	{&plain, {"-"}, OPTIONS_GO, "(-)"},
	{&plain, {""}, OPTIONS_GO, "()"},
	/* flags */
	{&plain, {"--force", "a"}, OPTIONS_GO, "force (a)"},
	{&plain, {"a", "-f"}, OPTIONS_GO, "force (a)"},
	{&plain, {"-f", "-f", "a"}, OPTIONS_GO, "force (a)"},
	{&plain, {"-fqv", "a", "--json"}, OPTIONS_GO, "json quiet verbose force (a)"},
	{&plain, {"--force=1", "a"}, STATUS_USAGE, "--force takes no value, got \"--force=1\""},
	{&plain, {"--forc", "a"}, STATUS_USAGE, "unknown option \"--forc\""},
	{&plain, {"--forced", "a"}, STATUS_USAGE, "unknown option \"--forced\""},
	{&plain, {"--x=y", "a"}, STATUS_USAGE, "unknown option \"--x\""},
	{&plain, {"-fx", "a"}, STATUS_USAGE, "unknown option \"-x\""},
	{&plain, {"-\033", "a"}, STATUS_USAGE, "unknown option \"-\\x1b\""},
	/* texts */
	{&plain, {"--name", "n", "a"}, OPTIONS_GO, "name=n (a)"},
	{&plain, {"--name=n", "a"}, OPTIONS_GO, "name=n (a)"},
	{&plain, {"--name=a=b", "a"}, OPTIONS_GO, "name=a=b (a)"},
	{&plain, {"-nx", "a"}, OPTIONS_GO, "name=x (a)"},
	{&plain, {"-n", "x", "a"}, OPTIONS_GO, "name=x (a)"},
	{&plain, {"-fnx", "a"}, OPTIONS_GO, "force name=x (a)"},
	{&plain, {"--name", "--", "a"}, OPTIONS_GO, "name=-- (a)"},
	{&plain, {"--name=", "a"}, STATUS_USAGE, "--name: expected NAME, got an empty argument"},
	{&plain, {"a", "--name"}, STATUS_USAGE, "--name: expected NAME after it"},
	{&plain, {"--name=a", "--name=b", "a"}, STATUS_USAGE, "--name is given twice"},
	{&plain, {"--bpffs=/x", "a"}, OPTIONS_GO, "bpffs=/x (a)"},
	{&plain, {"--bpffs=/x", "--bpffs", "/y", "a"}, STATUS_USAGE, "--bpffs is given twice"},
	{&plain, {"--cgroup-root", "/x", "a"}, STATUS_USAGE, "unknown option \"--cgroup-root\""},
	/* lists */
	{&plain, {"-i", "1", "a", "--item=2", "-i3"}, OPTIONS_GO, "item=1 item=2 item=3 (a)"},
	{&plain, {"a", "-i"}, STATUS_USAGE, "--item: expected ITEM after it"},
	/* numbers */
	{&plain, {"--count=1", "a"}, OPTIONS_GO, "count=1 (a)"},
	{&plain, {"--count=100", "a"}, OPTIONS_GO, "count=100 (a)"},
	{&plain, {"--count=0", "a"}, STATUS_USAGE, "from 1 to 100, got \"0\""},
	{&plain, {"--count=101", "a"}, STATUS_USAGE, "from 1 to 100, got \"101\""},
	{&plain, {"--count=-1", "a"}, STATUS_USAGE, "got \"-1\""},
	{&plain, {"--count= 1", "a"}, STATUS_USAGE, "got \" 1\""},
	{&plain, {"--count=1x", "a"}, STATUS_USAGE, "got \"1x\""},
	{&plain, {"--count=18446744073709551617", "a"}, STATUS_USAGE,
		"got \"18446744073709551617\""},
	{&plain, {"--any=4294967295", "a"}, OPTIONS_GO, "count=4294967295 (a)"},
	{&plain, {"--any=18446744073709551616", "a"}, STATUS_USAGE, "got \"18446744073709551616\""},
	/* choices */
	{&plain, {"--colour=green", "a"}, OPTIONS_GO, "colour=1 (a)"},
	{&plain, {"--colour", "blue", "a"}, STATUS_USAGE,
		"--colour: expected one of red, green, got \"blue\""},
	/* -- */
	{&plain, {"--", "-f"}, OPTIONS_GO, "(-f)"},
	{&plain, {"--", "a", "--"}, OPTIONS_GO, "(a --)"},
	{&with_rest, {"a", "b", "--", "-f", "c"}, OPTIONS_GO, "(a b) -f c"},
	{&with_rest, {"a", "-f", "--", "--", "c"}, OPTIONS_GO, "force (a) -- c"},
	{&with_rest, {"a", "--"}, OPTIONS_GO, "(a)"},
	{&with_rest, {"--", "c"}, OPTIONS_GO, "() c"},
	{&stopping, {"-f", "ls", "-f", "-z"}, OPTIONS_GO, "force (ls -f -z)"},
	{&stopping, {"-f", "--", "-f"}, OPTIONS_GO, "force (-f)"},
	{&stopping, {"-f", "ls", "--", "-f"}, OPTIONS_GO, "force (ls -- -f)"},
};

/* What the call printed on that stream. */
struct capture {
	FILE *stream;
	FILE *file;
	int kept;
};

static void capture_begin(struct capture *capture, FILE *stream)
{
	fflush(stream);
	capture->stream = stream;
	capture->file = tmpfile();
	assert_non_null(capture->file);
	capture->kept = dup(fileno(stream));
	assert_true(dup2(fileno(capture->file), fileno(stream)) >= 0);
}

static char *capture_end(struct capture *capture)
{
	static char text[8192];
	size_t length;

	fflush(capture->stream);
	dup2(capture->kept, fileno(capture->stream));
	close(capture->kept);
	rewind(capture->file);
	length = fread(text, 1, sizeof(text) - 1, capture->file);
	text[length] = '\0';
	fclose(capture->file);
	return text;
}

static int parse(const struct row *row, struct demo *demo, struct operands *operands)
{
	char *words[WORDS_MAX + 2] = {"demo"};
	int count = 0;

	while (row->words[count]) {
		words[count + 1] = (char *)row->words[count];
		count++;
	}
	/* argv outlives main: what is parsed points into it. */
	static char *argv[WORDS_MAX + 2];

	memcpy(argv, words, sizeof(argv));
	return options_parse(row->line, count + 1, argv, demo, operands);
}

static void test_table(void **state)
{
	(void)state;
	for (size_t i = 0; i < sizeof(table) / sizeof(table[0]); i++) {
		struct demo demo = {.common = COMMON_OPTIONS, .colour = -1};
		struct operands operands = {.count = 77};
		struct strbuf got = STRBUF_INIT;
		struct capture capture;
		char *message;
		int status;

		capture_begin(&capture, stderr);
		status = parse(&table[i], &demo, &operands);
		message = capture_end(&capture);
		if (status == OPTIONS_GO)
			describe(&demo, &operands, &got);
		if (status != table[i].status)
			fail_msg("row %zu: status %d, expected %d: %s", i, status, table[i].status,
				message);
		if (status == OPTIONS_GO) {
			assert_string_equal(strbuf_text(&got), table[i].expected);
			assert_string_equal(message, "");
		} else if (!strstr(message, table[i].expected) ||
			   !strstr(message, "try 'cgward demo --help'")) {
			fail_msg("row %zu: expected \"%s\" in \"%s\"", i, table[i].expected,
				message);
		} else {
			assert_int_equal(operands.count, 77); /* outputs are untouched on failure */
		}
		strbuf_free(&got);
		option_list_free(&demo.items);
	}
	output_setup(false, false);
}

static void test_help(void **state)
{
	static const struct row row = {&plain, {"--help"}, STATUS_DONE, NULL};
	static const char *const parts[] = {"Usage: cgward demo [OPTION]... PATH [PATH]\n",
		"Demonstrates.", "  -f, --force ", "      --count N ", "  -i, --item ITEM ",
		"      --bpffs DIR ", "  -q, --quiet ", "  -h, --help ", "That is all.\n"};
	struct demo demo = {.common = COMMON_OPTIONS, .colour = -1};
	struct operands operands = {0};
	struct capture capture;
	char *text;

	(void)state;
	capture_begin(&capture, stdout);
	assert_int_equal(parse(&row, &demo, &operands), STATUS_DONE);
	text = capture_end(&capture);
	for (size_t i = 0; i < sizeof(parts) / sizeof(parts[0]); i++)
		if (!strstr(text, parts[i]))
			fail_msg("expected \"%s\" in \"%s\"", parts[i], text);
	/* An option that the command does not take is not offered. */
	assert_null(strstr(text, "--cgroup-root"));
}

static void test_output(void **state)
{
	struct capture capture;
	char *escaped;

	(void)state;
	capture_begin(&capture, stderr);
	output_failure("open", "/a\n\033b", 2, "look at %s", "it");
	assert_string_equal(capture_end(&capture),
		"cgward: error: failed to open '/a\\x0a\\x1bb': No such file or directory\n"
		"        look at it\n");
	capture_begin(&capture, stderr);
	output_failure("open", "x", -2, NULL);
	output_debug("not shown");
	assert_string_equal(capture_end(&capture),
		"cgward: error: failed to open 'x': No such file or directory\n");
	capture_begin(&capture, stdout);
	output_setup(true, false);
	output_print("not shown");
	output_result("shown", 5);
	output_setup(false, false);
	assert_string_equal(capture_end(&capture), "shown");
	escaped = output_escape("a\\\x7f\xc3\xa4", 5);
	assert_string_equal(escaped, "a\\\\\\x7f\\xc3\\xa4");
	output_text_free(&escaped);
	assert_null(escaped);
}

static void test_status(void **state)
{
	(void)state;
	assert_int_equal(output_status(-1), STATUS_UNABLE);
	assert_int_equal(output_status(1), STATUS_UNABLE);
	assert_int_equal(output_status(-2), STATUS_NOT);
	assert_int_equal(output_status(-12), STATUS_NOT);
	assert_int_equal(output_status(-38), STATUS_UNABLE);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_table),
		cmocka_unit_test(test_help),
		cmocka_unit_test(test_output),
		cmocka_unit_test(test_status),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
