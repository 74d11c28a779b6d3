// SPDX-License-Identifier: GPL-2.0-only
#include "reader.h"

#include <ini.h>
#include <string.h>
#include "policy.h"

/* inih keeps 49 bytes of a key for the lines that continue it. */
#define KEY_MAX 49

enum line_kind {
	LINE_BLANK = 1, /* or a comment, or a line with an error: nothing for inih */
	LINE_SECTION,
	LINE_KEY,
	LINE_CONTINUED
};

/* One line, taken apart the way inih does it. */
struct line {
	enum line_kind kind;
	const char *text;
	size_t length; /* without the end of line */
	uint32_t number;
	size_t name_at, name_length; /* section or key */
	size_t value_at, value_length;
	bool whole; /* inih got all of it, not only its head */
};

struct reader {
	const char *file;
	const char *text; /* what is left */
	size_t length;
	struct line line; /* the present one */
	const char *key;  /* of the last entry; length 0: none, a line cannot continue it */
	size_t key_length;
	const char *section;
	size_t section_length;
	bool skip;     /* the section is not known */
	bool expected; /* inih is to call the handler for the present line */
	bool disagreed;
	const struct ini_reader_calls *calls;
	void *context;
	struct diagnostics *diags;
};

static bool is_blank(char byte)
{
	return byte == ' ' || byte == '\t';
}

/* Reports an error of the present line, which is then hidden from inih. */
#define line_error(reader, at, ...)                                                                \
	do {                                                                                       \
		diagnostics_add((reader)->diags, SEVERITY_ERROR, (reader)->file,                   \
			(reader)->line.number, (at) + 1, __VA_ARGS__);                             \
		(reader)->line.kind = LINE_BLANK;                                                  \
	} while (0)

/* Where the first of `stops` or a comment (a blank and a ;) begins; the line's length if neither
 * does. */
static size_t find_stop(const struct line *line, size_t at, const char *stops)
{
	for (bool blank = false; at < line->length; at++) {
		char byte = line->text[at];

		if (strchr(stops, byte) || (blank && byte == ';'))
			return at;
		blank = is_blank(byte);
	}
	return at;
}

/* The value from `at` on, without comment and blanks around it. */
static void take_value(struct line *line, size_t at)
{
	size_t end = find_stop(line, at, "");

	while (at < end && is_blank(line->text[at]))
		at++;
	while (end > at && is_blank(line->text[end - 1]))
		end--;
	line->value_at = at;
	line->value_length = end - at;
}

/* The byte order mark of UTF-8, which some editors write. */
static bool has_mark(const char *text, size_t length)
{
	return length >= 3 && !memcmp(text, "\xef\xbb\xbf", 3);
}

/* Before anything else: what no line may have. */
static bool check_bytes(struct reader *reader)
{
	const struct line *line = &reader->line;

	if (line->length > POLICY_LINE_MAX) {
		line_error(reader, POLICY_LINE_MAX,
			"the line has %zu bytes; at most %d are allowed: repeat the key on several "
			"lines",
			line->length, POLICY_LINE_MAX);
		return false;
	}
	if (line->number == 1 && has_mark(line->text, line->length)) {
		line_error(reader, 0, "a second byte order mark: the file may have one");
		return false;
	}
	for (size_t i = 0; i < line->length; i++) {
		unsigned char byte = line->text[i];

		if (!byte) {
			line_error(reader, i, "NUL byte: expected a text file");
			return false;
		}
		if ((byte < 0x20 && byte != '\t') || byte == 0x7f) {
			line_error(reader, i,
				"control byte \\x%02x: expected a text file; a glob can say ? "
				"for any byte",
				byte);
			return false;
		}
	}
	return true;
}

static void read_section(struct reader *reader, size_t start)
{
	struct line *line = &reader->line;
	size_t end = find_stop(line, start + 1, "]"), rest;

	/* Whatever is wrong with it, what follows does not belong to the section before. */
	reader->skip = true;
	if (end == line->length || line->text[end] != ']') {
		line_error(reader, start, "%s lacks its ]: expected [SECTION]",
			quote(line->text + start, end - start));
		return;
	}
	line->name_at = start + 1;
	line->name_length = end - line->name_at;
	if (line->name_length > POLICY_SECTION_MAX) {
		line_error(reader, line->name_at,
			"section name %s has %zu bytes; at most %d are allowed",
			quote(line->text + line->name_at, line->name_length), line->name_length,
			POLICY_SECTION_MAX);
		return;
	}
	for (rest = end + 1; rest < line->length && is_blank(line->text[rest]); rest++)
		;
	if (rest < line->length && (line->text[rest] != ';' || rest == end + 1)) {
		line_error(reader, rest,
			"unexpected %s after ]; a comment there is a blank, ; and text",
			quote(line->text + rest, line->length - rest));
		return;
	}
	line->kind = LINE_SECTION;
	reader->section = line->text + line->name_at;
	reader->section_length = line->name_length;
	reader->key_length = 0;
	reader->skip = !reader->calls->section(
		reader->context, reader->section, line->name_length, line->number, start + 1);
}

static void read_key(struct reader *reader, size_t start)
{
	struct line *line = &reader->line;
	size_t stop = find_stop(line, start, "=:"), end = stop;

	while (end > start && is_blank(line->text[end - 1]))
		end--;
	if (stop == line->length || line->text[stop] == ';') {
		line_error(reader, start, "expected KEY = VALUE or [SECTION], found %s",
			quote(line->text + start, end - start));
		return;
	}
	if (end == start) {
		line_error(reader, start, "a key is missing before the %c", line->text[stop]);
		return;
	}
	if (end - start > KEY_MAX) {
		line_error(reader, start, "key %s has %zu bytes; at most %d are allowed",
			quote(line->text + start, end - start), end - start, KEY_MAX);
		return;
	}
	line->kind = LINE_KEY;
	line->name_at = start;
	line->name_length = end - start;
	take_value(line, stop + 1);
	reader->key = line->text + start;
	reader->key_length = line->name_length;
}

/* Finds out what the present line is, in the order in which inih does. */
static void read_line(struct reader *reader)
{
	struct line *line = &reader->line;
	size_t start = 0;

	line->kind = LINE_BLANK;
	if (!check_bytes(reader))
		return;
	while (start < line->length && is_blank(line->text[start]))
		start++;
	if (start == line->length || line->text[start] == ';' || line->text[start] == '#')
		return;
	if (start && reader->key_length) {
		line->kind = LINE_CONTINUED;
		line->name_at = start;
		take_value(line, start);
	} else if (line->text[start] == '[') {
		read_section(reader, start);
	} else {
		read_key(reader, start);
	}
}

/* What inih gets to see: the line, or, if its buffer is too small, a shorter one that has the same
 * key and the head of the value. A blank before the key stays: without it, inih would take a key
 * of the first line that begins with the bytes of a byte order mark for one. */
static void hand_out(struct line *line, char *buffer, size_t size)
{
	const char *name = line->text + line->name_at, *value = line->text + line->value_at;
	int name_length = line->name_length, value_length = line->value_length;

	line->whole = line->length < size;
	if (line->kind == LINE_BLANK)
		*buffer = 0;
	else if (line->whole)
		snprintf(buffer, size, "%.*s", (int)line->length, line->text);
	else if (line->kind == LINE_SECTION)
		snprintf(buffer, size, "[%.*s]", name_length, name);
	else if (line->kind == LINE_KEY)
		snprintf(buffer, size, "%s%.*s=%.*s", line->name_at ? " " : "", name_length, name,
			value_length, value);
	else
		snprintf(buffer, size, " %.*s", value_length, value);
}

/* Another inih (built with other options, say) reads a line in another way: better no policy than
 * a wrong one. */
static void disagree(struct reader *reader)
{
	if (!reader->disagreed)
		diagnostics_add(reader->diags, SEVERITY_ERROR, reader->file, reader->line.number, 0,
			"the inih library reads this line in another way: it was built with "
			"options that cgward does not support");
	reader->disagreed = true;
}

/* An ini_reader: the next line. */
static char *next_line(char *buffer, int size, void *stream)
{
	struct reader *reader = stream;
	struct line *line = &reader->line;
	const char *end;

	if (reader->expected)
		disagree(reader);
	reader->expected = false;
	if (!reader->length || reader->disagreed || size < 2)
		return NULL;
	end = memchr(reader->text, '\n', reader->length);
	line->number++;
	line->text = reader->text;
	line->length = end ? (size_t)(end - reader->text) : reader->length;
	reader->text += line->length + (end ? 1 : 0);
	reader->length -= line->length + (end ? 1 : 0);
	if (line->length && line->text[line->length - 1] == '\r')
		line->length--;
	read_line(reader);
	/* Not to the last byte: inih from release 58 on takes a full buffer for a cut line. */
	hand_out(line, buffer, size - 1);
	reader->expected = line->kind == LINE_KEY || line->kind == LINE_CONTINUED;
	return buffer;
}

static bool is_text(const char *text, const char *other, size_t length)
{
	return strlen(text) == length && !memcmp(text, other, length);
}

/* True if inih's value is ours. In lines that continue a key, some of its versions leave comments
 * to the caller: then it is the line without the blanks around it. */
static bool is_value(const struct line *line, const char *value)
{
	size_t length = line->length;

	if (!line->whole || is_text(value, line->text + line->value_at, line->value_length))
		return true;
	while (length > line->value_at && is_blank(line->text[length - 1]))
		length--;
	return line->kind == LINE_CONTINUED &&
	       is_text(value, line->text + line->value_at, length - line->value_at);
}

/* An ini_handler: inih has understood the present line. */
static int handle_entry(void *user, const char *section, const char *name, const char *value)
{
	struct reader *reader = user;
	const struct line *line = &reader->line;
	struct ini_entry entry = {.key = reader->key,
		.key_length = reader->key_length,
		.value = line->text + line->value_at,
		.value_length = line->value_length,
		.line = line->number,
		.key_column = line->name_at + 1,
		.value_column = line->value_at + 1,
		.continued = line->kind == LINE_CONTINUED};
	/* After a bad section line inih is still in the section before. */
	bool same_section =
		reader->skip || is_text(section, reader->section, reader->section_length);

	if (!reader->expected || !same_section || !is_text(name, reader->key, reader->key_length) ||
		!is_value(line, value)) {
		disagree(reader);
		return 1;
	}
	reader->expected = false;
	if (!reader->skip)
		reader->calls->entry(reader->context, &entry);
	return 1;
}

void ini_read(const char *file, const char *text, size_t length,
	const struct ini_reader_calls *calls, void *context, struct diagnostics *diags)
{
	struct reader reader = {.file = file,
		.text = text,
		.length = length,
		.section = "",
		.calls = calls,
		.context = context,
		.diags = diags};

	if (has_mark(text, length)) {
		reader.text += 3;
		reader.length -= 3;
	}
	if (ini_parse_stream(next_line, &reader, handle_entry, &reader) || reader.expected)
		disagree(&reader);
}
