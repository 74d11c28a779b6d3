// SPDX-License-Identifier: GPL-2.0-only
/* parse_sysctl.c - [sysctl]: OP[,OP] NAME-GLOB [VALUE-GLOB] */
#include "parse.h"

#include <stdlib.h>
#include <string.h>
#include "glob.h"

#define PROC_SYS "/proc/sys/"

void sysctl_swap(char *name, size_t length)
{
	for (size_t i = 0; i < length; i++) {
		if (name[i] == '.')
			name[i] = '/';
		else if (name[i] == '/')
			name[i] = '.';
	}
}

bool sysctl_is_dotted(const char *name, size_t length)
{
	for (size_t i = 0; i < length; i++)
		if (name[i] == '.' || name[i] == '/')
			return name[i] == '.';
	return false;
}

/* A name as a file of procfs: the error gives the name that is meant. */
static bool check_prefix(struct parse *parse, const struct token *token)
{
	size_t skip = strlen(PROC_SYS);
	char *name;

	if (token->length <= skip || memcmp(token->text, PROC_SYS, skip))
		return true;
	name = xstrndup(token->text + skip, token->length - skip);
	sysctl_swap(name, strlen(name));
	parse_error(parse, token->column, "%s is the file of a sysctl, not its name: write %s",
		quote(token->text, token->length), quote(name, strlen(name)));
	free(name);
	return false;
}

/* Neither quoted nor in a set: a separator there would mean one thing in one form of the name and
 * another in the other form. */
static bool check_separators(struct parse *parse, const struct token *token)
{
	for (size_t i = 0; i < token->length; i++) {
		char next = i + 1 < token->length ? token->text[i + 1] : 0;

		if (token->text[i] == '\\' && (next == '.' || next == '/')) {
			parse_error(parse, token->column + i,
				"\\%c in the sysctl name %s: it has no special meaning, leave out "
				"the backslash",
				next, quote(token->text, token->length));
			return false;
		}
		if (token->text[i] == '[') {
			size_t end = set_end(token->text, token->length, i);

			for (; i < end; i++)
				if (token->text[i] == '.' || token->text[i] == '/') {
					parse_error(parse, token->column + i,
						"[ ] in the sysctl name %s never matches a "
						"separator: leave out the %c",
						quote(token->text, token->length), token->text[i]);
					return false;
				}
		} else if (token->text[i] == '\\') {
			i++;
		}
	}
	return true;
}

/* The name in the kernel's form; every sysctl has at least two components, none of them empty. */
static bool check_components(struct parse *parse, const struct token *token, const char *name)
{
	size_t length = token->length;
	const char *empty = strstr(name, "//");

	if (empty)
		empty++;
	else if (name[0] == '/')
		empty = name;
	else if (name[length - 1] == '/')
		empty = name + length - 1;
	if (empty) {
		parse_error(parse, token->column + (empty - name),
			"sysctl name %s can never match: it has an empty component",
			quote(token->text, length));
		return false;
	}
	if (!strchr(name, '/') && !strstr(name, "**")) {
		parse_error(parse, token->column,
			"sysctl name %s can never match: every sysctl has two components or more, "
			"such as kernel.osrelease; ** stands for all below",
			quote(token->text, length));
		return false;
	}
	return true;
}

/* The kernel's form of a name glob (to be freed), or NULL: bad, reported. */
static char *parse_sysctl_name(struct parse *parse, const struct token *token)
{
	const char *equals = memchr(token->text, '=', token->length);
	const char *why;
	size_t where;
	char *name;

	if (!check_prefix(parse, token) || !check_separators(parse, token))
		return NULL;
	if (equals) {
		parse_error(parse, token->column + (equals - token->text),
			"= in the sysctl name %s: a value glob stands after a blank",
			quote(token->text, token->length));
		return NULL;
	}
	name = xstrndup(token->text, token->length);
	if (sysctl_is_dotted(name, token->length))
		sysctl_swap(name, token->length);
	if (check_components(parse, token, name)) {
		/* Exchanging bytes has moved none: places hold for the token, too. */
		if (!glob_check(name, token->length, '/', &where, &why))
			return name;
		parse_error(parse, token->column + where, "bad glob %s: %s",
			quote(token->text, token->length), why);
	}
	free(name);
	return NULL;
}

/* Values are judged without the blanks around them. */
static bool check_value(struct parse *parse, const struct token *token)
{
	if (token->length > 1 && token->text[0] == '\\' &&
		(token->text[1] == ' ' || token->text[1] == '\t')) {
		parse_error(parse, token->column,
			"value glob %s can never match: values are judged without the blanks "
			"around them",
			quote(token->text, token->length));
		return false;
	}
	return check_glob(parse, token, 0, GLOB_NO_SEPARATOR);
}

/* What follows the operations: a name, and for writes perhaps a value. 0, or -1: bad, reported. */
static int parse_subjects(struct parse *parse, struct token *name, struct token *value)
{
	struct token more;
	int found = parse_subject(parse, name);

	*value = (struct token){0};
	if (!found)
		parse_error(parse, parse->entry->value_column + parse->at,
			"the name of a sysctl is missing after the operation, such as kernel.*");
	if (found <= 0)
		return -1;
	found = parse_subject(parse, value);
	if (found > 0 && value->after_comma) {
		parse_error(parse, value->column,
			"unexpected %s: a line has one sysctl name; repeat the key for another",
			quote(value->text, value->length));
		return -1;
	}
	if (found > 0)
		found = parse_subject(parse, &more);
	if (found > 0)
		parse_error(parse, more.column,
			"unexpected %s: a line has one sysctl name and at most one value glob; "
			"repeat "
			"the key for another name, or quote the blank or comma in the value with "
			"\\",
			quote(more.text, more.length));
	return found ? -1 : 0;
}

void parse_sysctl(struct parse *parse)
{
	struct token word, name, value;
	struct policy_rule rule;
	uint32_t ops;
	char *kernel;

	parse_word(parse, &word);
	ops = parse_names(parse, "operation", &word, cgw_sysctl_op_names);
	if (!ops || parse_subjects(parse, &name, &value))
		return;
	if (value.length && ops != 1U << CGW_OP_SYSCTL_WRITE) {
		parse_error(parse, value.column,
			"value glob %s on a rule for read: only what is written has a value; write "
			"one line for read and one for write",
			quote(value.text, value.length));
		return;
	}
	if (value.length && !check_value(parse, &value))
		return;
	kernel = parse_sysctl_name(parse, &name);
	if (!kernel)
		return;
	rule = parse_rule(parse, ops, &name);
	rule.sysctl.name = kernel;
	if (value.length)
		rule.sysctl.value = xstrndup(value.text, value.length);
	parse_add(parse, &rule);
}
