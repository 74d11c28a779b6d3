// SPDX-License-Identifier: GPL-2.0-only
/* token.c - the words, subjects and names of which a value is made. */
#include "parse.h"

#include <stdarg.h>
#include <string.h>
#include <strings.h>

void parse_error(struct parse *parse, uint32_t column, const char *format, ...)
{
	struct strbuf message = STRBUF_INIT;
	va_list args;

	va_start(args, format);
	strbuf_vprintf(&message, format, args);
	va_end(args);
	diagnostics_add(parse->diags, SEVERITY_ERROR, parse->file, parse->entry->line, column, "%s",
		message.data);
	strbuf_free(&message);
}

/* ---- names ---- */

#define NEAREST_LENGTH_MAX 24
#define NEAREST_DISTANCE_MAX 2

static bool same_letter(char a, char b)
{
	return !strncasecmp(&a, &b, 1);
}

static size_t least(size_t a, size_t b)
{
	return a < b ? a : b;
}

/* How many letters must be put in, taken out, changed or exchanged with the next one, whatever
 * their case (optimal string alignment). Row i, column j: the first i and j letters. */
static size_t name_distance(const char *name, const char *text, size_t length)
{
	size_t rows[3][NEAREST_LENGTH_MAX + 1], names = strlen(name);

	for (size_t j = 0; j <= length; j++)
		rows[0][j] = j;
	for (size_t i = 1; i <= names; i++) {
		size_t *row = rows[i % 3], *above = rows[(i + 2) % 3];

		row[0] = i;
		for (size_t j = 1; j <= length; j++) {
			row[j] = least(least(row[j - 1], above[j]) + 1,
				above[j - 1] + !same_letter(name[i - 1], text[j - 1]));
			if (i > 1 && j > 1 && same_letter(name[i - 1], text[j - 2]) &&
				same_letter(name[i - 2], text[j - 1]))
				row[j] = least(row[j], rows[(i + 1) % 3][j - 2] + 1);
		}
	}
	return rows[names % 3][length];
}

const char *nearest_name(const struct cgw_name *known, const char *text, size_t length)
{
	size_t nearest = NEAREST_DISTANCE_MAX + 1;
	const char *name = NULL;

	if (length > NEAREST_LENGTH_MAX)
		return NULL;
	for (; known->name; known++) {
		size_t distance = name_distance(known->name, text, length);

		/* "rw" is not a misspelt "raw": half of the letters must be right. */
		if (distance < nearest && 2 * distance < strlen(known->name)) {
			nearest = distance;
			name = known->name;
		}
	}
	return name;
}

void add_names(struct strbuf *out, const struct cgw_name *table)
{
	for (const struct cgw_name *row = table; row->name; row++)
		strbuf_printf(out, "%s%s", row == table ? "" : ", ", row->name);
}

void parse_unknown(struct parse *parse, const char *what, const struct token *token,
	const struct cgw_name *known)
{
	const char *nearest = nearest_name(known, token->text, token->length);
	struct strbuf names = STRBUF_INIT;

	add_names(&names, known);
	if (nearest)
		parse_error(parse, token->column, "unknown %s %s; did you mean \"%s\"? known: %s",
			what, quote(token->text, token->length), nearest, names.data);
	else
		parse_error(parse, token->column, "unknown %s %s; known: %s", what,
			quote(token->text, token->length), names.data);
	strbuf_free(&names);
}

uint32_t parse_names(struct parse *parse, const char *what, const struct token *word,
	const struct cgw_name *known)
{
	const char *end = word->text + word->length;
	uint32_t set = 0;

	for (const char *at = word->text, *stop; at <= end; at = stop + 1) {
		struct token name = {.text = at, .column = word->column + (at - word->text)};
		uint32_t value;

		stop = memchr(at, ',', end - at);
		stop = stop ? stop : end;
		name.length = stop - at;
		if (!name.length) {
			parse_error(parse, name.column,
				"%s is missing beside the comma: the list %s has no blanks", what,
				quote(word->text, word->length));
			return 0;
		}
		value = cgw_name_value(known, at, name.length);
		if (!value) {
			parse_unknown(parse, what, &name, known);
			return 0;
		}
		if (set & 1U << value) {
			parse_error(parse, name.column, "%s %s stands there twice", what,
				quote(at, name.length));
			return 0;
		}
		set |= 1U << value;
	}
	return set;
}

bool parse_number(const char *text, size_t length, uint32_t max, uint32_t *number)
{
	uint64_t sum = 0;

	if (!length || length > 10 || (length > 1 && *text == '0'))
		return false;
	for (size_t i = 0; i < length; i++) {
		if (text[i] < '0' || text[i] > '9')
			return false;
		sum = sum * 10 + (text[i] - '0');
	}
	if (sum > max)
		return false;
	*number = sum;
	return true;
}

/* ---- words and subjects ---- */

static bool is_blank(char byte)
{
	return byte == ' ' || byte == '\t';
}

static bool is_digit(char byte)
{
	return byte >= '0' && byte <= '9';
}

static void skip_blanks(struct parse *parse)
{
	while (parse->at < parse->entry->value_length && is_blank(parse->entry->value[parse->at]))
		parse->at++;
}

static struct token take(struct parse *parse, size_t length)
{
	struct token token = {.text = parse->entry->value + parse->at,
		.length = length,
		.column = parse->entry->value_column + parse->at};

	parse->at += length;
	return token;
}

bool parse_word(struct parse *parse, struct token *token)
{
	size_t length = 0;

	skip_blanks(parse);
	while (parse->at + length < parse->entry->value_length &&
		!is_blank(parse->entry->value[parse->at + length]))
		length++;
	*token = take(parse, length);
	parse->subject = false;
	return length > 0;
}

size_t set_end(const char *text, size_t length, size_t at)
{
	for (at++; at < length && text[at] != ']'; at++)
		if (text[at] == '\\')
			at++;
	return at < length ? at : length;
}

/* True if what stands there is a port or a range of ports and nothing else. */
static bool is_ports(const char *text, size_t length)
{
	size_t at = 0;

	if (!length || !is_digit(*text))
		return false;
	while (at < length && (is_digit(text[at]) || text[at] == '-'))
		at++;
	return at == length || is_blank(text[at]) || text[at] == ',';
}

/*
 * Up to a blank or a comma outside {} and []. A comma between ports does not end it either: once
 * one colon was met, only a comma and more ports may follow. (Two colons: an IPv6 address.)
 */
static size_t subject_length(const char *text, size_t length)
{
	bool name = length && (*text == '/' || *text == '@'), ports = false;
	size_t at, depth = 0, colons = 0;

	for (at = 0; at < length && !is_blank(text[at]); at++) {
		if (text[at] == ',' && !depth &&
			!(ports && is_ports(text + at + 1, length - at - 1)))
			break;
		if (text[at] == ':')
			ports = !name && !colons++;
		else if (text[at] == '\\')
			at++;
		else if (text[at] == '[')
			at = set_end(text, length, at);
		else if (text[at] == '{')
			depth++;
		else if (text[at] == '}' && depth)
			depth--;
	}
	return at < length ? at : length;
}

bool check_ends(struct parse *parse, const struct token *token)
{
	size_t quotes = 0, length = token->length;
	bool blank = is_blank(token->text[length - 1]);

	/* Is the last byte, or the blank that is the last byte, quoted? */
	while (quotes + blank < length && token->text[length - 1 - blank - quotes] == '\\')
		quotes++;
	if (!blank && quotes % 2) {
		parse_error(parse, token->column + length - 1,
			"\\ at the end of the line quotes nothing; write \\\\ for a backslash, and "
			"? for a blank at the end of a name");
		return false;
	}
	if (blank) {
		parse_error(parse, token->column + length - 2,
			"%s ends in a quoted blank, which is lost at the end of a line: write ? "
			"for it",
			quote(token->text, length));
		return false;
	}
	if (*token->text == '#') {
		parse_error(parse, token->column,
			"unexpected %s: a comment after a value begins with a blank and ;, and a # "
			"that is meant is written \\#",
			quote(token->text, length));
		return false;
	}
	return true;
}

int parse_subject(struct parse *parse, struct token *token)
{
	const struct ini_entry *entry = parse->entry;
	bool comma = false;
	size_t start = parse->at;

	skip_blanks(parse);
	if (parse->at < entry->value_length && entry->value[parse->at] == ',') {
		if (!parse->subject) {
			parse_error(parse, entry->value_column + parse->at,
				"nothing stands before the comma");
			return -1;
		}
		comma = true;
		start = parse->at++;
		skip_blanks(parse);
	}
	if (parse->at == entry->value_length && !comma)
		return 0;
	if (parse->at == entry->value_length || entry->value[parse->at] == ',') {
		parse_error(parse, entry->value_column + start, "nothing stands after the comma");
		return -1;
	}
	*token = take(
		parse, subject_length(entry->value + parse->at, entry->value_length - parse->at));
	token->after_comma = comma;
	parse->subject = true;
	return check_ends(parse, token) ? 1 : -1;
}

bool parse_end(struct parse *parse, const char *expected)
{
	struct token token;

	if (!parse_word(parse, &token))
		return true;
	parse_error(parse, token.column, "unexpected %s: expected %s",
		quote(token.text, token.length), expected);
	return false;
}
