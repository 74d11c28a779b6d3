// SPDX-License-Identifier: GPL-2.0-only
/* parse.c - a policy file: its sections, its [policy] section, and what all rules have in common.
 */
#include "parse.h"

#include <stdlib.h>
#include <string.h>
#include "glob.h"

/* More cgroup lines than this are a mistake, and a file of 64 MiB could hold 30 million. */
#define SELECTORS_MAX 65536

enum policy_key {
	KEY_NAME = 1,
	KEY_CGROUP,
	KEY_MODE,
	KEY_ON_MISSING,
};

static const struct cgw_name policy_keys[] = {
	{KEY_NAME, "name", NULL},
	{KEY_CGROUP, "cgroup", NULL},
	{KEY_MODE, "mode", NULL},
	{KEY_ON_MISSING, "on-missing", NULL},
	{0, NULL, NULL},
};

/* The values of keys that have two: the first is the default. */
static const struct cgw_name mode_values[] = {
	{1, "enforce", NULL},
	{2, "audit", NULL},
	{0, NULL, NULL},
};

static const struct cgw_name missing_values[] = {
	{1, "refuse", NULL},
	{2, "warn", NULL},
	{0, NULL, NULL},
};

static const struct cgw_name seal_values[] = {
	{1, "yes", NULL},
	{2, "no", NULL},
	{0, NULL, NULL},
};

#define KEY_SEAL (CGW_ACTION_ALLOW + 1)

static const struct cgw_name file_keys[] = {
	{CGW_ACTION_DENY, "deny", NULL},
	{CGW_ACTION_AUDIT, "audit", NULL},
	{CGW_ACTION_ALLOW, "allow", NULL},
	{KEY_SEAL, "seal", NULL},
	{0, NULL, NULL},
};

/* ---- globs and paths ---- */

bool check_glob(struct parse *parse, const struct token *token, size_t skip, int separator)
{
	const char *why;
	size_t where;

	if (token->length == skip) {
		parse_error(parse, token->column, "%s: a glob is missing; write * for any name",
			quote(token->text, token->length));
		return false;
	}
	if (glob_check(token->text + skip, token->length - skip, separator, &where, &why)) {
		parse_error(parse, token->column + skip + where, "bad glob %s: %s",
			quote(token->text, token->length), why);
		return false;
	}
	return true;
}

/* True if the component is "." or "..", quoted or not. */
static bool is_dots(const char *text, size_t length)
{
	size_t dots = 0;

	for (size_t i = 0; i < length; i++) {
		if (text[i] == '\\' && i + 1 < length)
			i++;
		if (text[i] != '.' || ++dots > 2)
			return false;
	}
	return dots > 0;
}

/* Checks the component that begins at `start`, behind a slash. Returns where it ends. */
static size_t check_component(
	struct parse *parse, const struct token *token, size_t start, const char *what, bool *good)
{
	const char *text = token->text;
	size_t end = start;

	*good = false;
	for (; end < token->length && text[end] != '/'; end++) {
		if (text[end] == '[') {
			end = set_end(text, token->length, end);
		} else if (text[end] == '\\' && end + 1 < token->length && text[++end] == '/') {
			parse_error(parse, token->column + end - 1,
				"\\/ in %s %s: a slash separates components and cannot be quoted",
				what, quote(text, token->length));
			return end;
		}
	}
	if (end > token->length)
		end = token->length;
	if (end == start && end < token->length) {
		parse_error(parse, token->column + start,
			"%s %s can never match: it has an empty component", what,
			quote(text, token->length));
		return end;
	}
	if (is_dots(text + start, end - start)) {
		parse_error(parse, token->column + start,
			"%s %s can never match: names are compared without . and ..", what,
			quote(text, token->length));
		return end;
	}
	*good = true;
	return end;
}

bool check_path(struct parse *parse, const struct token *token, const char *what, size_t *length)
{
	size_t kept = token->length;
	bool good = true;

	if (token->text[0] != '/') {
		parse_error(parse, token->column, "%s %s is not absolute: it must begin with /",
			what, quote(token->text, token->length));
		return false;
	}
	for (size_t at = 0; at < token->length && good;)
		at = check_component(parse, token, at + 1, what, &good);
	if (!good || !check_glob(parse, token, 0, '/'))
		return false;
	if (token->text[kept - 1] == '/') {
		if (!length && kept > 1) {
			parse_error(parse, token->column + kept - 1,
				"%s %s ends in a slash: leave it out, or write ** after it for all "
				"below",
				what, quote(token->text, kept));
			return false;
		}
		kept -= length ? 1 : 0;
	}
	if (length)
		*length = kept;
	return true;
}

/* ---- rules ---- */

struct policy_rule parse_rule(const struct parse *parse, uint32_t ops, const struct token *subject)
{
	return (struct policy_rule){.action = parse->action,
		.section = parse->section,
		.ops = ops,
		.line = parse->entry->line,
		.column = subject->column};
}

void parse_add(struct parse *parse, struct policy_rule *rule)
{
	struct policy *policy = parse->policy;
	struct strbuf text = STRBUF_INIT;

	if (policy->rule_count == CGW_RULES_MAX) {
		if (!parse->full)
			parse_error(parse, rule->column,
				"more than %d rules in one policy: a glob or a CIDR can cover many "
				"names or addresses",
				CGW_RULES_MAX);
		parse->full = true;
		rule_free(rule);
		return;
	}
	rule_print(rule, &text);
	/* The printer writes "deny = connect ..." where the text has "deny connect ...". */
	if (text.length + 2 > POLICY_LINE_MAX) {
		parse_error(parse, rule->column,
			"the rule has %zu bytes in its canonical form; at most %d are allowed",
			text.length + 2, POLICY_LINE_MAX);
		strbuf_free(&text);
		rule_free(rule);
		return;
	}
	rule->text = strbuf_take(&text);
	ARRAY_GROW(policy->rules, policy->rule_count, policy->rule_room);
	policy->rules[policy->rule_count++] = *rule;
}

/* ---- [policy] ---- */

/* A key that may stand there once. */
static bool check_once(struct parse *parse, uint32_t *seen)
{
	const struct ini_entry *entry = parse->entry;

	if (*seen) {
		parse_error(parse, entry->key_column,
			entry->continued ? "%s has one value only, and it stands on line %u"
					 : "%s stands on line %u already: keep one of them",
			quote(entry->key, entry->key_length), *seen);
		return false;
	}
	*seen = entry->line;
	return true;
}

/* One word, one of two. */
static void parse_choice(
	struct parse *parse, uint32_t *seen, const struct cgw_name *values, bool *second)
{
	struct token word;
	uint32_t value;

	if (!check_once(parse, seen))
		return;
	parse_word(parse, &word);
	value = cgw_name_value(values, word.text, word.length);
	if (!value)
		parse_unknown(parse, "value", &word, values);
	else if (parse_end(parse, "one word"))
		*second = value == 2;
}

static bool is_name_byte(char byte, bool first)
{
	return (byte >= 'a' && byte <= 'z') || (byte >= '0' && byte <= '9') ||
	       (!first && (byte == '.' || byte == '_' || byte == '-'));
}

static void parse_name(struct parse *parse)
{
	struct policy *policy = parse->policy;
	struct token word;

	if (!check_once(parse, &parse->name_line))
		return;
	parse_word(parse, &word);
	for (size_t i = 0; i < word.length; i++) {
		if (is_name_byte(word.text[i], !i))
			continue;
		parse_error(parse, word.column + i,
			"bad name %s: a name begins with a-z or 0-9 and goes on with a-z, 0-9, "
			". _ or -",
			quote(word.text, word.length));
		return;
	}
	if (word.length > 63) {
		parse_error(parse, word.column + 63,
			"name %s has %zu bytes; at most 63 are allowed",
			quote(word.text, word.length), word.length);
		return;
	}
	if (!parse_end(parse, "one name"))
		return;
	policy->name = xstrndup(word.text, word.length);
	policy->name_line = parse->entry->line;
	policy->name_column = word.column;
}

static void parse_cgroups(struct parse *parse)
{
	struct policy *policy = parse->policy;
	struct token token;
	size_t length;

	if (!parse->cgroup_line)
		parse->cgroup_line = parse->entry->line;
	while (parse_subject(parse, &token) > 0) {
		if (!check_path(parse, &token, "cgroup", &length))
			continue;
		token.length = length;
		if (length && !check_ends(parse, &token))
			continue;
		if (length + strlen("cgroup = ") > POLICY_LINE_MAX) {
			parse_error(parse, token.column, "the cgroup glob has %zu bytes: too many",
				length);
			continue;
		}
		if (policy->selector_count == SELECTORS_MAX) {
			if (!parse->full)
				parse_error(parse, token.column,
					"more than %d cgroups in one policy: a glob can cover many",
					SELECTORS_MAX);
			parse->full = true;
			return;
		}
		ARRAY_GROW(policy->selectors, policy->selector_count, policy->selector_room);
		policy->selectors[policy->selector_count++] =
			(struct policy_selector){.glob = xstrndup(token.text, length),
				.line = parse->entry->line,
				.column = token.column};
	}
}

static void parse_policy(struct parse *parse, uint32_t key)
{
	switch (key) {
	case KEY_NAME:
		parse_name(parse);
		break;
	case KEY_CGROUP:
		parse_cgroups(parse);
		break;
	case KEY_MODE:
		parse_choice(parse, &parse->mode_line, mode_values, &parse->policy->audit_only);
		break;
	case KEY_ON_MISSING:
		parse_choice(
			parse, &parse->missing_line, missing_values, &parse->policy->warn_missing);
		break;
	}
}

/* ---- entries ---- */

static void parse_rules(struct parse *parse)
{
	switch (parse->section) {
	case SECTION_SYSCTL:
		parse_sysctl(parse);
		break;
	case SECTION_NETWORK:
		parse_network(parse);
		break;
	case SECTION_FILE:
		parse_file(parse);
		break;
	case SECTION_KERNEL:
		parse_kernel(parse);
		break;
	case SECTION_CAPABILITY:
		parse_capability(parse);
		break;
	case SECTION_DEVICE:
		parse_device(parse);
		break;
	}
}

static const struct cgw_name *section_keys(uint32_t section)
{
	if (section == PARSE_POLICY)
		return policy_keys;
	return section == SECTION_FILE ? file_keys : cgw_action_names;
}

/*
 * A key or a section that somebody has indented is, for INI, one more value of the key above. No
 * value begins in these ways.
 */
static bool is_indented_line(const struct ini_entry *entry, const struct cgw_name *keys)
{
	size_t length = 0, at;

	if (!entry->continued)
		return false;
	if (entry->value_length && entry->value[0] == '[')
		return true;
	while (length < entry->value_length && entry->value[length] != ' ' &&
		entry->value[length] != '\t' && entry->value[length] != '=' &&
		entry->value[length] != ':')
		length++;
	for (at = length;
		at < entry->value_length && (entry->value[at] == ' ' || entry->value[at] == '\t');
		at++)
		;
	return at < entry->value_length && (entry->value[at] == '=' || entry->value[at] == ':') &&
	       cgw_name_value(keys, entry->value, length);
}

static void parse_entry(void *context, const struct ini_entry *entry)
{
	struct parse *parse = context;
	const struct cgw_name *keys = section_keys(parse->section);
	struct token key = {
		.text = entry->key, .length = entry->key_length, .column = entry->key_column};
	uint32_t value = cgw_name_value(keys, key.text, key.length);

	parse->entry = entry;
	parse->at = 0;
	parse->subject = false;
	if (!parse->section) {
		parse_error(parse, key.column,
			"%s stands before the first section, such as [policy]",
			quote(key.text, key.length));
	} else if (is_indented_line(entry, keys)) {
		parse_error(parse, key.column,
			"a line that begins with blanks continues the line above: take the blanks "
			"before %s away",
			quote(entry->value, entry->value_length));
	} else if (!value) {
		/* Its continuations would say the same again. */
		if (!entry->continued)
			parse_unknown(parse, "key", &key, keys);
	} else if (!entry->value_length) {
		parse_error(
			parse, entry->value_column, "%s has no value", quote(key.text, key.length));
	} else if (parse->section == PARSE_POLICY) {
		parse_policy(parse, value);
	} else if (parse->section == SECTION_FILE && value == KEY_SEAL) {
		bool no = !parse->policy->seal;

		parse_choice(parse, &parse->seal_line, seal_values, &no);
		parse->policy->seal = !no;
	} else {
		parse->action = value;
		parse_rules(parse);
	}
}

static bool parse_section(
	void *context, const char *name, size_t length, uint32_t line, uint32_t column)
{
	struct parse *parse = context;
	const struct ini_entry place = {.line = line};
	struct token token = {.text = name, .length = length, .column = column + 1};
	struct cgw_name known[SECTION_COUNT + 1] = {{PARSE_POLICY, "policy", NULL}};

	memcpy(known + 1, cgw_section_names, SECTION_COUNT * sizeof(*known));
	parse->section = cgw_name_value(known, name, length);
	if (!parse->section) {
		parse->entry = &place;
		parse_unknown(parse, "section", &token, known);
		parse->entry = NULL;
	}
	return parse->section;
}

/* ---- a file ---- */

int policies_read_text(struct policies *policies, const char *file, const char *text, size_t length,
	struct diagnostics *diags)
{
	static const struct ini_reader_calls calls = {
		.section = parse_section, .entry = parse_entry};
	struct policy *policy = xcalloc(1, sizeof(*policy));
	struct parse parse = {.policy = policy, .file = file, .diags = diags};
	size_t errors = diags->errors;

	policy->file = xstrdup(file);
	policy->seal = true;
	if (length > POLICY_FILE_MAX)
		diagnostics_add(diags, SEVERITY_ERROR, file, 0, 0,
			"the file has more than %u bytes, which is the most that a policy may have",
			POLICY_FILE_MAX);
	else
		ini_read(file, text, length, &calls, &parse, diags);
	if (length <= POLICY_FILE_MAX && !parse.name_line)
		diagnostics_add(diags, SEVERITY_ERROR, file, 0, 0,
			"the policy has no name: write name = NAME in a section [policy]");
	if (length <= POLICY_FILE_MAX && !parse.cgroup_line)
		diagnostics_add(diags, SEVERITY_ERROR, file, 0, 0,
			"the policy has no cgroup: write cgroup = PATH-GLOB in a section [policy]");
	ARRAY_GROW(policies->items, policies->count, policies->room);
	policies->items[policies->count++] = policy;
	return diags->errors > errors ? -1 : 0;
}
