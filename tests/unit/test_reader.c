// SPDX-License-Identifier: GPL-2.0-only
/* test_reader.c - lines, keys and values: what inih would cut, split or let pass. */
#include <stdio.h>
#include <stdlib.h>
#include "language.h"
#include "reader.h"

/* What the reader says, as a text: "[section]@LINE:COLUMN" and "KEY@LINE:COLUMN=VALUE@COLUMN". */
struct record {
	struct strbuf events;
	struct diagnostics diags;
};

static bool record_section(
	void *context, const char *name, size_t length, uint32_t line, uint32_t column)
{
	struct record *record = context;

	strbuf_printf(&record->events, "[%.*s]@%u:%u\n", (int)length, name, line, column);
	return length != 1 || *name != '?';
}

static void record_entry(void *context, const struct ini_entry *entry)
{
	struct record *record = context;

	strbuf_printf(&record->events, "%.*s%s@%u:%u=", (int)entry->key_length, entry->key,
		entry->continued ? "+" : "", entry->line, entry->key_column);
	strbuf_add(&record->events, entry->value, entry->value_length);
	strbuf_printf(&record->events, "@%u\n", entry->value_column);
}

static struct record read_text(const char *text, size_t length)
{
	static const struct ini_reader_calls calls = {record_section, record_entry};
	struct record record = {0};

	ini_read("p.ini", text, length, &calls, &record, &record.diags);
	return record;
}

static void record_free(struct record *record)
{
	strbuf_free(&record->events);
	diagnostics_free(&record->diags);
}

static const struct {
	const char *text, *events;
} accepted[] = {
	{"", ""},
	{"\n\n", ""},
	{"[a]", "[a]@1:1\n"},
	{"[a]\nk = v\n", "[a]@1:1\nk@2:1=v@5\n"},
	{"k=v", "k@1:1=v@3\n"},
	{"k:v", "k@1:1=v@3\n"},
	{"k = a=b:c", "k@1:1=a=b:c@5\n"},
	{"\t k \t=\t v \t\n", "k@1:3=v@9\n"},
	{"k =\n", "k@1:1=@4\n"},
	/* Ends of line, byte order mark. */
	{"[a]\r\nk = v\r\n", "[a]@1:1\nk@2:1=v@5\n"},
	{"\xef\xbb\xbf[a]\nk = v", "[a]@1:1\nk@2:1=v@5\n"},
	/* Comments. */
	{"; x\n# y\n  ; z\n\t# [b]\nk = v", "k@5:1=v@5\n"},
	{"k = v ; x = y\n", "k@1:1=v@5\n"},
	{"k = v;w # u\n", "k@1:1=v;w # u@5\n"},
	{"k = ; x\n", "k@1:1=@5\n"},
	{"k =;x\n", "k@1:1=;x@4\n"},
	{"k = v \\;w\n", "k@1:1=v \\;w@5\n"},
	{"[a] ; x\n", "[a]@1:1\n"},
	{"[a] \t; x\n", "[a]@1:1\n"},
	{"[a]  \n", "[a]@1:1\n"},
	/* Lines that continue the one above: one more value. */
	{"k = v\n w ; c\n\tx\nl = y", "k@1:1=v@5\nk+@2:2=w@2\nk+@3:2=x@2\nl@4:1=y@5\n"},
	{"k = v\n\n# c\n  w", "k@1:1=v@5\nk+@4:3=w@3\n"},
	{"k = v\n  l = w\n  [b]\n", "k@1:1=v@5\nk+@2:3=l = w@3\nk+@3:3=[b]@3\n"},
	/* Nothing is above them. */
	{"  [a]\n  k = v\n", "[a]@1:3\nk@2:3=v@7\n"},
	{"k = v\n[a]\n  l = w", "k@1:1=v@5\n[a]@2:1\nl@3:3=w@7\n"},
	/* An unknown section is skipped up to the next. */
	{"[?]\nk = v\n  w\n[a]\nk = w\n", "[?]@1:1\n[a]@4:1\nk@5:1=w@5\n"},
	{"\xff = \xfe\x80\n", "\xff@1:1=\xfe\x80@5\n"},
};

static void test_accepted(void **state)
{
	(void)state;
	for (size_t i = 0; i < ROWS(accepted); i++) {
		struct record record = read_text(accepted[i].text, strlen(accepted[i].text));

		assert_string_equal(strbuf_text(&record.events), accepted[i].events);
		assert_int_equal(record.diags.count, 0);
		record_free(&record);
	}
}

static const struct {
	const char *text;
	size_t length;
	uint32_t line, column;
	const char *message;
	const char *events; /* of the lines that are right */
} rejected[] = {
#define TEXT(text) text, sizeof(text) - 1
	{TEXT("[a]\nk = v\0w\nl = x"), 2, 6, "NUL byte: expected a text file",
		"[a]@1:1\nl@3:1=x@5\n"},
	{TEXT("\0"), 1, 1, "NUL byte: expected a text file", ""},
	{TEXT("k = \x1b[2J"), 1, 5,
		"control byte \\x1b: expected a text file; a glob can say ? for any byte", ""},
	{TEXT("k = a\rb\n"), 1, 6,
		"control byte \\x0d: expected a text file; a glob can say ? for any byte", ""},
	{TEXT("# \x7f\nk = v"), 1, 3,
		"control byte \\x7f: expected a text file; a glob can say ? for any byte",
		"k@2:1=v@5\n"},
	/* inih would skip it. */
	{TEXT("\xef\xbb\xbf\xef\xbb\xbf[a]\nk = v"), 1, 1,
		"a second byte order mark: the file may have one", "k@2:1=v@5\n"},
	{TEXT("[a\nk = v"), 1, 1, "\"[a\" lacks its ]: expected [SECTION]", ""},
	{TEXT("[a ;]\n"), 1, 1, "\"[a \" lacks its ]: expected [SECTION]", ""},
	{TEXT("[a] b\nk = v\n[c]\nl = w"), 1, 5,
		"unexpected \"b\" after ]; a comment there is a blank, ; and text",
		"[c]@3:1\nl@4:1=w@5\n"},
	{TEXT("[a];b"), 1, 4, "unexpected \";b\" after ]; a comment there is a blank, ; and text",
		""},
	{TEXT("[a] # b"), 1, 5,
		"unexpected \"# b\" after ]; a comment there is a blank, ; and text", ""},
	{TEXT("[a][b]"), 1, 4, "unexpected \"[b]\" after ]; a comment there is a blank, ; and text",
		""},
	{TEXT("[12345678901234567890123456789012345678901234567890]\nk = v"), 1, 2,
		"section name \"12345678901234567890123456789012345678901234567890\" has 50 bytes; "
		"at most 49 are allowed",
		""},
	{TEXT("[a]\nk\nl = v"), 2, 1, "expected KEY = VALUE or [SECTION], found \"k\"",
		"[a]@1:1\nl@3:1=v@5\n"},
	{TEXT("deny ; = x"), 1, 1, "expected KEY = VALUE or [SECTION], found \"deny\"", ""},
	{TEXT("= v"), 1, 1, "a key is missing before the =", ""},
	{TEXT("  : v"), 1, 3, "a key is missing before the :", ""},
	{TEXT("12345678901234567890123456789012345678901234567890 = v"), 1, 1,
		"key \"12345678901234567890123456789012345678901234567890\" has 50 bytes; at most "
		"49 are allowed",
		""},
};

static void test_rejected(void **state)
{
	(void)state;
	for (size_t i = 0; i < ROWS(rejected); i++) {
		struct record record = read_text(rejected[i].text, rejected[i].length);
		const struct diagnostic *diag = record.diags.items;

		assert_int_equal(record.diags.count, 1);
		assert_string_equal(diag->message, rejected[i].message);
		assert_int_equal(diag->line, rejected[i].line);
		assert_int_equal(diag->column, rejected[i].column);
		assert_int_equal(diag->severity, SEVERITY_ERROR);
		assert_string_equal(strbuf_text(&record.events), rejected[i].events);
		record_free(&record);
	}
}

/* Around the 200 bytes at which inih splits a line, and up to the length that is allowed. */
static void test_long_lines(void **state)
{
	static const size_t lengths[] = {
		190, 196, 197, 198, 199, 200, 201, 202, 398, 399, 400, 401, POLICY_LINE_MAX};

	(void)state;
	for (size_t i = 0; i < ROWS(lengths); i++) {
		/* A key, a value that has the look of a key and a comment, then the same indented.
		 */
		for (int indent = 0; indent < 2; indent++) {
			struct strbuf text = STRBUF_INIT, expected = STRBUF_INIT;
			const char *head = indent ? " x=" : "key = x=";
			size_t value = lengths[i] - strlen(head) - 2;
			struct record record;

			strbuf_printf(&text, "k = v\n%s", head);
			for (size_t j = 0; j < value; j++)
				strbuf_putc(&text, j == value - 1 ? 'z' : "[k=v]"[j % 5]);
			strbuf_puts(&expected, "k@1:1=v@5\n");
			strbuf_puts(&expected, indent ? "k+@2:2=" : "key@2:1=");
			strbuf_puts(&expected, text.data + strlen("k = v\n") + (indent ? 1 : 6));
			strbuf_printf(&expected, "@%d\nl@3:1=w@5\n", indent ? 2 : 7);
			strbuf_puts(&text, " ;\nl = w\n");
			record = read_text(text.data, text.length);
			assert_int_equal(record.diags.count, 0);
			assert_string_equal(record.events.data, expected.data);
			record_free(&record);
			strbuf_free(&text);
			strbuf_free(&expected);
		}
	}
}

/* A long comment, section line and run of blanks before the sign. */
static void test_long_others(void **state)
{
	struct strbuf text = STRBUF_INIT;
	struct record record;

	(void)state;
	strbuf_printf(&text, "#%*s= x\n[a]%*s; x\nk%*s= v\nl = w%*s; x\n", 300, "", 300, "", 300,
		"", 300, "");
	record = read_text(text.data, text.length);
	assert_int_equal(record.diags.count, 0);
	assert_string_equal(record.events.data, "[a]@2:1\nk@3:1=v@304\nl@4:1=w@5\n");
	record_free(&record);
	strbuf_free(&text);
}

static void test_too_long(void **state)
{
	static const size_t lengths[] = {POLICY_LINE_MAX + 1, 100000};

	(void)state;
	for (size_t i = 0; i < ROWS(lengths); i++) {
		struct strbuf text = STRBUF_INIT, message = STRBUF_INIT;
		struct record record;

		strbuf_puts(&text, "j = u\nk = v");
		while (text.length < strlen("j = u\n") + lengths[i])
			strbuf_puts(&text, "v");
		strbuf_puts(&text, "\nl = w\n");
		strbuf_printf(&message,
			"the line has %zu bytes; at most 8192 are allowed: repeat the key on "
			"several lines",
			lengths[i]);
		record = read_text(text.data, text.length);
		assert_int_equal(record.diags.count, 1);
		assert_string_equal(record.diags.items->message, message.data);
		assert_int_equal(record.diags.items->line, 2);
		assert_int_equal(record.diags.items->column, POLICY_LINE_MAX + 1);
		assert_string_equal(record.events.data, "j@1:1=u@5\nl@3:1=w@5\n");
		record_free(&record);
		strbuf_free(&text);
		strbuf_free(&message);
	}
}

/* The longest section name and key that inih keeps whole. */
static void test_longest_names(void **state)
{
	char text[200], name[50], expected[200];
	struct record record;

	(void)state;
	memset(name, 'n', 49);
	name[49] = 0;
	snprintf(text, sizeof(text), "[%s]\n%s = v\n w\n", name, name);
	snprintf(expected, sizeof(expected), "[%s]@1:1\n%s@2:1=v@53\n%s+@3:2=w@2\n", name, name,
		name);
	record = read_text(text, strlen(text));
	assert_int_equal(record.diags.count, 0);
	assert_string_equal(record.events.data, expected);
	record_free(&record);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_accepted),
		cmocka_unit_test(test_rejected),
		cmocka_unit_test(test_long_lines),
		cmocka_unit_test(test_long_others),
		cmocka_unit_test(test_too_long),
		cmocka_unit_test(test_longest_names),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
