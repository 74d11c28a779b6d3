// SPDX-License-Identifier: GPL-2.0-only
/* parse_other.c - the sections [file], [kernel], [capability] and [device]. */
#include "parse.h"

#include <stdlib.h>
#include <string.h>
#include "glob.h"

#define MEMFD "memfd:"

/* ---- [file]: OPS PATH-GLOB... ---- */

/* The bit that stands for all operations: no operation has it. */
#define OP_ALL CGW_OP_COUNT

static uint32_t parse_file_ops(struct parse *parse, const struct token *word)
{
	struct cgw_name known[8];
	uint32_t ops, all = 0;
	size_t count = 0;

	for (const struct cgw_name *row = cgw_file_op_names; row->name; row++) {
		known[count++] = *row;
		all |= 1U << row->value;
	}
	known[count++] = (struct cgw_name){OP_ALL, "all", NULL};
	known[count] = (struct cgw_name){0, NULL, NULL};
	ops = parse_names(parse, "operation", word, known);
	if (ops & 1U << OP_ALL && ops != 1U << OP_ALL) {
		parse_error(parse, word->column,
			"all in %s covers the other operations: write it alone",
			quote(word->text, word->length));
		return 0;
	}
	return ops == 1U << OP_ALL ? all : ops;
}

static bool check_file(struct parse *parse, const struct token *token)
{
	size_t skip = strlen(MEMFD);

	if (token->length >= skip && !memcmp(token->text, MEMFD, skip))
		return check_glob(parse, token, skip, GLOB_NO_SEPARATOR);
	return check_path(parse, token, "path", NULL);
}

void parse_file(struct parse *parse)
{
	struct token token;
	size_t count = 0;
	uint32_t ops;
	int found;

	parse_word(parse, &token);
	ops = parse_file_ops(parse, &token);
	if (!ops)
		return;
	for (; (found = parse_subject(parse, &token)) > 0; count++) {
		struct policy_rule rule = parse_rule(parse, ops, &token);

		if (!check_file(parse, &token))
			continue;
		rule.file.glob = xstrndup(token.text, token.length);
		parse_add(parse, &rule);
	}
	if (!found && !count)
		parse_error(parse, parse->entry->value_column + parse->at,
			"a path is missing after the operation, such as /etc/** or memfd:*");
}

/* ---- [kernel] and [capability]: NAME... ---- */

void parse_kernel(struct parse *parse)
{
	struct token token;

	while (parse_subject(parse, &token) > 0) {
		struct policy_rule rule = parse_rule(parse, 1U << CGW_OP_KERNEL, &token);

		rule.power = cgw_name_value(cgw_power_names, token.text, token.length);
		if (rule.power)
			parse_add(parse, &rule);
		else
			parse_unknown(parse, "power", &token, cgw_power_names);
	}
}

/* True if the text is `name` in any case with cap_ before it. */
static uint32_t capability_spelt(const struct token *token, char *name, size_t size)
{
	bool prefix = token->length > 4 && !strncasecmp(token->text, "cap_", 4);
	size_t skip = prefix ? 4 : 0, length = token->length - skip;

	if (length >= size)
		return 0;
	for (size_t i = 0; i < length; i++) {
		char byte = token->text[skip + i];

		name[i] = byte >= 'A' && byte <= 'Z' ? byte | 32 : byte;
	}
	name[length] = 0;
	return cgw_name_value(cgw_capability_names, name, length);
}

void parse_capability(struct parse *parse)
{
	struct token token;
	char name[32];

	while (parse_subject(parse, &token) > 0) {
		struct policy_rule rule = parse_rule(parse, 1U << CGW_OP_CAPABILITY, &token);
		uint32_t value = cgw_name_value(cgw_capability_names, token.text, token.length);

		if (value) {
			rule.capability = value - 1;
			parse_add(parse, &rule);
		} else if (capability_spelt(&token, name, sizeof(name))) {
			parse_error(parse, token.column, "bad capability %s: write \"%s\"",
				quote(token.text, token.length), name);
		} else {
			parse_unknown(parse, "capability", &token, cgw_capability_names);
		}
	}
}

/* ---- [device]: ACCESS TYPE MAJOR:MINOR... ---- */

static uint32_t parse_access(struct parse *parse, const struct token *word)
{
	static const char letters[] = "rwm";
	static const uint32_t ops[] = {
		CGW_OP_DEVICE_READ, CGW_OP_DEVICE_WRITE, CGW_OP_DEVICE_MKNOD};
	uint32_t set = 0;

	for (size_t i = 0; i < word->length; i++) {
		const char *letter = strchr(letters, word->text[i]);
		uint32_t bit = letter ? 1U << ops[letter - letters] : 0;

		if (!bit || set & bit) {
			parse_error(parse, word->column + i,
				"bad access %s: expected one or more of r (read), w (write), m "
				"(mknod), each once",
				quote(word->text, word->length));
			return 0;
		}
		set |= bit;
	}
	return set;
}

/* A number or *. */
static bool parse_device_number(const char *text, size_t length, uint32_t max, int64_t *number)
{
	uint32_t value;

	if (length == 1 && *text == '*') {
		*number = -1;
		return true;
	}
	if (!parse_number(text, length, max, &value))
		return false;
	*number = value;
	return true;
}

static void add_device(struct parse *parse, const struct token *token, uint32_t ops, char type)
{
	const char *colon = memchr(token->text, ':', token->length);
	size_t head = colon ? (size_t)(colon - token->text) : 0;
	struct policy_rule rule = parse_rule(parse, ops, token);

	rule.device.type = type;
	if (!colon ||
		!parse_device_number(token->text, head, DEVICE_MAJOR_MAX, &rule.device.major) ||
		!parse_device_number(colon + 1, token->length - head - 1, DEVICE_MINOR_MAX,
			&rule.device.minor)) {
		parse_error(parse, token->column,
			"bad device number %s: expected MAJOR:MINOR, such as 1:3, each a number "
			"(up "
			"to %d and %d) or *",
			quote(token->text, token->length), DEVICE_MAJOR_MAX, DEVICE_MINOR_MAX);
		return;
	}
	if (type == 'a' && (rule.device.major != -1 || rule.device.minor != -1)) {
		parse_error(parse, token->column,
			"a covers all devices, so %s would have no effect: write *:* or nothing",
			quote(token->text, token->length));
		return;
	}
	parse_add(parse, &rule);
}

void parse_device(struct parse *parse)
{
	struct token token, type;
	size_t count = 0;
	uint32_t ops;
	int found;

	parse_word(parse, &token);
	ops = parse_access(parse, &token);
	if (!ops)
		return;
	if (!parse_word(parse, &type) || type.length != 1 || !strchr("cba", *type.text)) {
		parse_error(parse, type.column,
			"bad device type %s: expected c (character), b (block) or a (all)",
			quote(type.text, type.length));
		return;
	}
	for (; (found = parse_subject(parse, &token)) > 0; count++)
		add_device(parse, &token, ops, *type.text);
	if (found || count)
		return;
	if (*type.text == 'a') {
		struct policy_rule rule = parse_rule(parse, ops, &type);

		rule.device.type = 'a';
		rule.device.major = rule.device.minor = -1;
		parse_add(parse, &rule);
		return;
	}
	parse_error(parse, parse->entry->value_column + parse->at,
		"MAJOR:MINOR is missing after the type, such as 1:3 or 5:*");
}
