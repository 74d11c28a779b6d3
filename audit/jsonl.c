// SPDX-License-Identifier: GPL-2.0-only
#include "jsonl.h"

#include <errno.h>
#include <string.h>
#include "strbuf.h"

#define DEPTH_MAX 16

struct parser {
	char *at;
	char *end;
	jsonl_visit *visit;
	void *context;
	bool nul; /* in the last string */
};

static void skip_blanks(struct parser *parser)
{
	while (parser->at < parser->end && strchr(" \t\r\n", *parser->at) && *parser->at)
		parser->at++;
}

static bool take(struct parser *parser, char byte)
{
	skip_blanks(parser);
	if (parser->at == parser->end || *parser->at != byte)
		return false;
	parser->at++;
	return true;
}

static bool take_hex(struct parser *parser, uint32_t *code)
{
	*code = 0;
	for (int i = 0; i < 4; i++, parser->at++) {
		char byte = parser->at < parser->end ? *parser->at : 0;
		int digit = byte >= '0' && byte <= '9'	 ? byte - '0'
			    : byte >= 'a' && byte <= 'f' ? byte - 'a' + 10
			    : byte >= 'A' && byte <= 'F' ? byte - 'A' + 10
							 : -1;

		if (digit < 0)
			return false;
		*code = *code * 16 + digit;
	}
	return true;
}

/* Never longer than the escape was. */
static char *put_utf8(char *out, uint32_t code)
{
	if (code < 0x80) {
		*out++ = code ? code : '?';
	} else if (code < 0x800) {
		*out++ = 0xc0 | code >> 6;
		*out++ = 0x80 | (code & 0x3f);
	} else if (code < 0x10000) {
		*out++ = 0xe0 | code >> 12;
		*out++ = 0x80 | (code >> 6 & 0x3f);
		*out++ = 0x80 | (code & 0x3f);
	} else {
		*out++ = 0xf0 | code >> 18;
		*out++ = 0x80 | (code >> 12 & 0x3f);
		*out++ = 0x80 | (code >> 6 & 0x3f);
		*out++ = 0x80 | (code & 0x3f);
	}
	return out;
}

static bool take_unicode(struct parser *parser, char **out)
{
	uint32_t code, low;

	if (!take_hex(parser, &code))
		return false;
	parser->nul |= !code;
	if (code >= 0xd800 && code < 0xdc00) {
		if (parser->end - parser->at < 2 || parser->at[0] != '\\' || parser->at[1] != 'u')
			return false;
		parser->at += 2;
		if (!take_hex(parser, &low) || low < 0xdc00 || low > 0xdfff)
			return false;
		code = 0x10000 + ((code & 0x3ff) << 10 | (low & 0x3ff));
	} else if (code >= 0xdc00 && code <= 0xdfff) {
		return false;
	}
	*out = put_utf8(*out, code);
	return true;
}

static bool take_escape(struct parser *parser, char **out)
{
	static const char letters[] = "\"\\/bfnrt", bytes[] = "\"\\/\b\f\n\r\t";
	char letter = parser->at < parser->end ? *parser->at++ : 0;
	const char *found = letter ? strchr(letters, letter) : NULL;

	if (letter == 'u')
		return take_unicode(parser, out);
	if (!found)
		return false;
	*(*out)++ = bytes[found - letters];
	return true;
}

/* In place: *text points to it, with a NUL after it. */
static bool take_string(struct parser *parser, char **text)
{
	char *out;

	if (!take(parser, '"'))
		return false;
	parser->nul = false;
	out = *text = parser->at;
	while (parser->at < parser->end) {
		char byte = *parser->at++;

		if (byte == '"') {
			*out = 0;
			return true;
		}
		if (byte == '\\') {
			if (!take_escape(parser, &out))
				return false;
		} else {
			*out++ = byte;
		}
	}
	return false;
}

static bool take_number(struct parser *parser, uint64_t *number)
{
	const char *start = parser->at;
	bool whole = true;

	*number = 0;
	for (; parser->at < parser->end && strchr("0123456789+-.eE", *parser->at) && *parser->at;
		parser->at++) {
		char byte = *parser->at;

		whole = whole && byte >= '0' && byte <= '9' &&
			!__builtin_mul_overflow(*number, 10, number) &&
			!__builtin_add_overflow(*number, byte - '0', number);
	}
	if (!whole)
		*number = 0;
	return parser->at > start;
}

static bool take_word(struct parser *parser)
{
	static const char *const words[] = {"null", "true", "false"};

	for (size_t i = 0; i < sizeof(words) / sizeof(words[0]); i++) {
		size_t length = strlen(words[i]);

		if ((size_t)(parser->end - parser->at) >= length &&
			!memcmp(parser->at, words[i], length)) {
			parser->at += length;
			return true;
		}
	}
	return false;
}

static bool take_object(struct parser *parser, const char *name, int depth);

static bool take_array(struct parser *parser, int depth);

/* The value of a member; its parent is an object at `depth`, or an array if name is NULL. */
static bool take_value(struct parser *parser, const char *parent, const char *name, int depth)
{
	struct jsonl_member member = {.parent = parent, .name = name, .type = JSONL_OTHER};
	char *text = NULL;

	skip_blanks(parser);
	if (parser->at == parser->end || depth > DEPTH_MAX)
		return false;
	switch (*parser->at) {
	case '{':
		return take_object(parser, name ? name : "", depth + 1);
	case '[':
		return take_array(parser, depth + 1);
	case '"':
		if (!take_string(parser, &text))
			return false;
		member.type = JSONL_TEXT;
		member.nul = parser->nul;
		break;
	case 'n':
	case 't':
	case 'f':
		if (!take_word(parser))
			return false;
		break;
	default:
		if (!take_number(parser, &member.number))
			return false;
		member.type = JSONL_NUMBER;
	}
	member.text = text;
	if (name && depth <= 1)
		parser->visit(parser->context, &member);
	return true;
}

static bool take_array(struct parser *parser, int depth)
{
	take(parser, '[');
	if (take(parser, ']'))
		return true;
	do {
		if (!take_value(parser, "", NULL, depth))
			return false;
	} while (take(parser, ','));
	return take(parser, ']');
}

static bool take_object(struct parser *parser, const char *name, int depth)
{
	take(parser, '{');
	if (take(parser, '}'))
		return true;
	do {
		char *member;

		if (!take_string(parser, &member) || !take(parser, ':') ||
			!take_value(parser, name, member, depth))
			return false;
	} while (take(parser, ','));
	return take(parser, '}');
}

int jsonl_parse(char *line, size_t length, jsonl_visit *visit, void *context)
{
	struct parser parser = {
		.at = line, .end = line + length, .visit = visit, .context = context};

	skip_blanks(&parser);
	if (parser.at == parser.end || *parser.at != '{' || !take_object(&parser, "", 0))
		return -EINVAL;
	skip_blanks(&parser);
	return parser.at == parser.end ? 0 : -EINVAL;
}

char *jsonl_bytes(const char *text)
{
	static const char digits[] = "0123456789abcdef";
	struct strbuf bytes = STRBUF_INIT;

	for (; *text; text++) {
		const char *high = NULL, *low = NULL;

		if (*text == '\\' && text[1] == 'x' && text[2] && text[3]) {
			high = strchr(digits, text[2]);
			low = strchr(digits, text[3]);
		}
		if (high && low) {
			strbuf_putc(&bytes, (high - digits) << 4 | (low - digits));
			text += 3;
			continue;
		}
		text += *text == '\\' && text[1] == '\\';
		strbuf_putc(&bytes, *text);
	}
	return strbuf_take(&bytes);
}
