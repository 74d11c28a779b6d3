// SPDX-License-Identifier: GPL-2.0-only
#include "json.h"

#include <inttypes.h>
#include <string.h>

/*
 * The length of the UTF-8 sequence at the start of bytes, and its code point; 0 if it is not one
 * (over-long forms, surrogates and what lies beyond U+10FFFF are not).
 */
static size_t utf8_decode(const uint8_t *bytes, size_t length, uint32_t *code)
{
	static const uint32_t least[] = {0, 0, 0x80, 0x800, 0x10000};
	uint32_t sum;
	size_t size;

	if (bytes[0] < 0x80) {
		*code = bytes[0];
		return 1;
	}
	if (bytes[0] >= 0xc2 && bytes[0] < 0xe0)
		size = 2;
	else if (bytes[0] >= 0xe0 && bytes[0] < 0xf0)
		size = 3;
	else if (bytes[0] >= 0xf0 && bytes[0] < 0xf5)
		size = 4;
	else
		return 0;
	if (size > length)
		return 0;
	sum = bytes[0] & (0x7f >> size);
	for (size_t i = 1; i < size; i++) {
		if ((bytes[i] & 0xc0) != 0x80)
			return 0;
		sum = sum << 6 | (bytes[i] & 0x3f);
	}
	if (sum < least[size] || sum > 0x10ffff || (sum >= 0xd800 && sum < 0xe000))
		return 0;
	*code = sum;
	return size;
}

/*
 * Characters that change what a terminal or a reader of a log sees: controls, line separators, and
 * the marks that turn the direction of text.
 */
static bool code_is_unsafe(uint32_t code)
{
	return code < 0x20 || (code >= 0x7f && code < 0xa0) || (code >= 0x2028 && code <= 0x202e) ||
	       (code >= 0x2066 && code <= 0x2069) || code == 0x200e || code == 0x200f ||
	       code == 0x061c;
}

/* How many bytes from the start stand for themselves in a JSON string: most texts are nothing else.
 */
static size_t plain_run(const uint8_t *bytes, size_t length)
{
	size_t run = 0;

	while (run < length && bytes[run] >= 0x20 && bytes[run] < 0x7f && bytes[run] != '"' &&
		bytes[run] != '\\')
		run++;
	return run;
}

static void json_string(struct strbuf *out, const uint8_t *bytes, size_t length)
{
	strbuf_putc(out, '"');
	for (size_t i = 0, size; i < length; i += size) {
		uint32_t code = 0;

		size = plain_run(bytes + i, length - i);
		if (size) {
			strbuf_add(out, bytes + i, size);
			continue;
		}
		size = utf8_decode(bytes + i, length - i, &code);
		if (!size) {
			strbuf_printf(out, "\\\\x%02x", bytes[i]);
			size = 1;
		} else if (code == '"') {
			strbuf_puts(out, "\\\"");
		} else if (code == '\\') {
			strbuf_puts(out, "\\\\\\\\");
		} else if (code == '\n') {
			strbuf_puts(out, "\\n");
		} else if (code == '\t') {
			strbuf_puts(out, "\\t");
		} else if (code_is_unsafe(code)) {
			strbuf_printf(out, "\\u%04x", code);
		} else {
			strbuf_add(out, bytes + i, size);
		}
	}
	strbuf_putc(out, '"');
}

static void json_begin(struct json *json, const char *name)
{
	if (json->comma)
		strbuf_putc(json->out, ',');
	json->comma = true;
	if (!name)
		return;
	json_string(json->out, (const uint8_t *)name, strlen(name));
	strbuf_putc(json->out, ':');
}

void json_object_begin(struct json *json, const char *name)
{
	json_begin(json, name);
	strbuf_putc(json->out, '{');
	json->comma = false;
}

void json_object_end(struct json *json)
{
	strbuf_putc(json->out, '}');
	json->comma = true;
}

void json_array_begin(struct json *json, const char *name)
{
	json_begin(json, name);
	strbuf_putc(json->out, '[');
	json->comma = false;
}

void json_array_end(struct json *json)
{
	strbuf_putc(json->out, ']');
	json->comma = true;
}

void json_text(struct json *json, const char *name, const char *text)
{
	if (text) {
		json_bytes(json, name, text, strlen(text));
		return;
	}
	json_begin(json, name);
	strbuf_puts(json->out, "null");
}

void json_bytes(struct json *json, const char *name, const void *bytes, size_t length)
{
	json_begin(json, name);
	json_string(json->out, bytes, length);
}

void json_number(struct json *json, const char *name, int64_t number)
{
	json_begin(json, name);
	strbuf_printf(json->out, "%" PRId64, number);
}

void json_unsigned(struct json *json, const char *name, uint64_t number)
{
	char digits[20];
	size_t at = sizeof(digits);

	/* By hand: the audit log prints a dozen numbers a line. */
	do {
		digits[--at] = '0' + number % 10;
		number /= 10;
	} while (number);
	json_begin(json, name);
	strbuf_add(json->out, digits + at, sizeof(digits) - at);
}

void json_bool(struct json *json, const char *name, bool value)
{
	json_begin(json, name);
	strbuf_puts(json->out, value ? "true" : "false");
}
