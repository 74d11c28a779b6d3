// SPDX-License-Identifier: GPL-2.0-only
/*
 * fuzz_event.c - any bytes as a ring buffer record: decoded or refused, and what is decoded makes
 * one line of each format that neither a terminal nor a JSON parser can be hurt by.
 *
 * First byte, bit 0: the version and the size in the header are put right, so that mutations get
 * past them. Bit 1: the rule is known, and its text is whatever the name is.
 */
#undef NDEBUG /* the checks are the point, in a release build too */
#include <assert.h>
#include <ctype.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include "format.h"

/* ---- a small JSON parser: it only says whether it is one value ---- */

struct parser {
	const uint8_t *at, *end;
};

static bool parse_value(struct parser *parser);

static bool take(struct parser *parser, char byte)
{
	if (parser->at == parser->end || *parser->at != byte)
		return false;
	parser->at++;
	return true;
}

static bool take_word(struct parser *parser, const char *word)
{
	while (*word)
		if (!take(parser, *word++))
			return false;
	return true;
}

static bool parse_escape(struct parser *parser)
{
	uint8_t byte = parser->at < parser->end ? *parser->at++ : 0;

	if (byte != 'u')
		return byte && strchr("\"\\/bfnrt", byte);
	for (int i = 0; i < 4; i++)
		if (parser->at == parser->end || !isxdigit(*parser->at++))
			return false;
	return true;
}

/* One character beyond ASCII. */
static bool parse_utf8(struct parser *parser)
{
	static const uint32_t least[] = {0, 0, 0x80, 0x800, 0x10000};
	uint8_t lead = *parser->at++;
	int size = lead >= 0xf0 ? 4 : lead >= 0xe0 ? 3 : lead >= 0xc0 ? 2 : 0;
	uint32_t code = lead & (0x7f >> size);

	if (!size || lead > 0xf4)
		return false;
	for (int i = 1; i < size; i++) {
		if (parser->at == parser->end || (*parser->at & 0xc0) != 0x80)
			return false;
		code = code << 6 | (*parser->at++ & 0x3f);
	}
	/* 0x80 to 0x9f are control characters as well. */
	return code >= least[size] && code >= 0xa0 && code <= 0x10ffff &&
	       (code < 0xd800 || code > 0xdfff);
}

static bool parse_string(struct parser *parser)
{
	if (!take(parser, '"'))
		return false;
	while (parser->at < parser->end) {
		uint8_t byte = *parser->at;

		if (byte >= 0x80) {
			if (!parse_utf8(parser))
				return false;
			continue;
		}
		parser->at++;
		if (byte == '"')
			return true;
		if (byte < 0x20 || byte == 0x7f || (byte == '\\' && !parse_escape(parser)))
			return false;
	}
	return false;
}

static bool parse_object(struct parser *parser)
{
	do {
		if (!parse_string(parser) || !take(parser, ':') || !parse_value(parser))
			return false;
	} while (take(parser, ','));
	return take(parser, '}');
}

static bool parse_array(struct parser *parser)
{
	if (take(parser, ']'))
		return true;
	do
		if (!parse_value(parser))
			return false;
	while (take(parser, ','));
	return take(parser, ']');
}

static bool parse_value(struct parser *parser)
{
	const uint8_t *start = parser->at;

	if (take(parser, '{'))
		return parse_object(parser);
	if (take(parser, '['))
		return parse_array(parser);
	if (start < parser->end && *start == '"')
		return parse_string(parser);
	if (start < parser->end && *start == 'n')
		return take_word(parser, "null");
	if (start < parser->end && *start == 't')
		return take_word(parser, "true");
	while (parser->at < parser->end && isdigit(*parser->at))
		parser->at++;
	return parser->at > start && (*start != '0' || parser->at == start + 1);
}

/* ---- the lines ---- */

static void check_json(const struct record *record)
{
	struct strbuf line __attribute__((cleanup(strbuf_free))) = STRBUF_INIT;
	struct parser parser;

	format_json.line(record, false, &line);
	assert(line.length > 0);
	parser = (struct parser){(uint8_t *)line.data, (uint8_t *)line.data + line.length};
	assert(parse_value(&parser));
	assert(take(&parser, '\n'));
	assert(parser.at == parser.end);
}

static void check_text(const struct record *record)
{
	struct strbuf line __attribute__((cleanup(strbuf_free))) = STRBUF_INIT;

	format_text.line(record, false, &line);
	assert(line.length > 0 && line.data[line.length - 1] == '\n');
	for (size_t i = 0; i + 1 < line.length; i++)
		assert(line.data[i] >= 0x20 && line.data[i] <= 0x7e);
}

/* What a log daemon gets is one printable line. */
static void check_syslog(const struct record *record)
{
	struct strbuf message __attribute__((cleanup(strbuf_free))) = STRBUF_INIT;
	struct strbuf line __attribute__((cleanup(strbuf_free))) = STRBUF_INIT;

	format_text.line(record, false, &line);
	format_syslog(record, line.data, line.length - 1, &message);
	assert(!strncmp(message.data, "<8", 2));
	for (size_t i = 0; i < message.length; i++)
		assert(message.data[i] >= 0x20 && message.data[i] <= 0x7e);
}

/* Fields NAME=TEXT, a newline; or NAME, a newline, a length, as many bytes and a newline. */
static void check_journal(const struct record *record)
{
	struct strbuf entry __attribute__((cleanup(strbuf_free))) = STRBUF_INIT;
	const char *at, *end;

	format_journal(record, &entry);
	for (at = entry.data, end = at + entry.length; at < end; at++) {
		uint64_t length = 0;

		assert(isupper(*at));
		while (isupper(*at) || isdigit(*at) || *at == '_')
			assert(++at < end);
		if (*at == '=') {
			at = memchr(at, '\n', end - at);
			assert(at);
			continue;
		}
		assert(*at == '\n' && end - at > (long)sizeof(length));
		memcpy(&length, at + 1, sizeof(length));
		at += 1 + sizeof(length);
		assert(length < (uint64_t)(end - at));
		at += length;
		assert(*at == '\n');
	}
}

static void check_bytes(const uint8_t *data, size_t size, struct bytes bytes)
{
	assert(bytes.data >= data && bytes.data <= data + size);
	assert(bytes.length <= (size_t)(data + size - bytes.data));
}

static void check_event(const uint8_t *data, size_t size, bool has_rule)
{
	struct record record = {.type = RECORD_VIOLATION};
	struct event *event = &record.event;
	char *text;

	if (event_decode(event, data, size))
		return;
	if (event->head->flags & CGW_EVENT_SUPPRESSED)
		record.type = RECORD_SUPPRESSED;
	check_bytes(data, size, event->comm);
	check_bytes(data, size, event->parent_comm);
	check_bytes(data, size, event->name2);
	check_bytes(data, size, event->cgroup);
	check_bytes(data, size, event->exe);
	check_bytes(data, size, event->name);
	check_bytes(data, size, event->old);
	check_bytes(data, size, event->new);
	text = strndup((const char *)event->name.data, event->name.length);
	if (has_rule)
		record.rule = (struct rule_info){
			.policy = text, .text = text, .file = text, .line = event->head->rule};
	record.time = event->head->time;
	identity_of_cgroup(
		&record.identity, (const char *)event->cgroup.data, event->cgroup.length);
	check_json(&record);
	check_text(&record);
	check_syslog(&record);
	check_journal(&record);
	free(text);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	struct cgw_event head;
	uint8_t *copy;

	if (!size)
		return 0;
	/* As large as the input and not larger, aligned, so that every step beyond it is seen. */
	copy = malloc(size - 1 ? size - 1 : 1);
	memcpy(copy, data + 1, size - 1);
	if (data[0] & 1 && size - 1 >= sizeof(head)) {
		memcpy(&head, copy, sizeof(head));
		head.abi_version = CGW_ABI_VERSION;
		head.size = size - 1;
		memcpy(copy, &head, sizeof(head));
	}
	check_event(copy, size - 1, data[0] & 2);
	free(copy);
	return 0;
}
