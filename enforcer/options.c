// SPDX-License-Identifier: GPL-2.0-only
#include <ctype.h>
#include <errno.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include "mounts.h"
#include "options.h"
#include "output.h"
#include "strbuf.h"

static const struct common_row {
	unsigned int bit; /* 0: every command has it */
	struct option_row row;
} common_rows[] = {
	{COMMON_BPFFS, OPTION_TEXT("bpffs", 0, struct common_options, bpffs, "DIR",
			       "where the instance is pinned (" BPFFS_DEFAULT ")")},
	{COMMON_CGROUP_ROOT, OPTION_TEXT("cgroup-root", 0, struct common_options, cgroup_root,
				     "DIR", "top of the governed cgroups (the cgroup v2 mount)")},
	{COMMON_JSON, OPTION_FLAG("json", 0, struct common_options, json, "print JSON")},
	{COMMON_QUIET,
		OPTION_FLAG("quiet", 'q', struct common_options, quiet, "print errors only")},
	{COMMON_VERBOSE, OPTION_FLAG("verbose", 'v', struct common_options, verbose,
				 "say more about what is done")},
	{0, OPTION_FLAG("help", 'h', struct common_options, help, "print this text")},
};
#define COMMON_ROWS (sizeof(common_rows) / sizeof(common_rows[0]))

/* More options than any command has: one bit each in struct parser. */
#define ROWS_MAX 64

struct parser {
	const struct command_line *line;
	char **argv;
	int argc;
	int position; /* of the next argument */
	char *options;
	uint64_t seen; /* bit of each option that was given: own rows first, then common ones */
};

void option_list_free(struct option_list *list)
{
	free(list->items);
	*list = (struct option_list){0};
}

static const char *command_name(const struct command_line *line)
{
	static char name[32];

	snprintf(name, sizeof(name), "%.*s", (int)strcspn(line->synopsis, " "), line->synopsis);
	return name;
}

int options_usage(const struct command_line *line, const char *format, ...)
{
	struct strbuf text __attribute__((cleanup(strbuf_free))) = STRBUF_INIT;
	va_list args;

	va_start(args, format);
	strbuf_vprintf(&text, format, args);
	va_end(args);
	output_error("%s: %s", command_name(line), strbuf_text(&text));
	output_hint("try 'cgward %s --help'", command_name(line));
	return STATUS_USAGE;
}

/* Calls back for each option that the command takes until one returns true: that one, or NULL. */
static const struct option_row *each_row(const struct command_line *line,
	bool (*visit)(const struct option_row *row, void *context), void *context,
	unsigned int *index)
{
	unsigned int i = 0;

	for (const struct option_row *row = line->rows; row && row->name; row++, i++) {
		if (visit(row, context)) {
			*index = i;
			return row;
		}
	}
	for (size_t j = 0; j < COMMON_ROWS; j++, i++) {
		if (common_rows[j].bit && !(line->common & common_rows[j].bit))
			continue;
		if (visit(&common_rows[j].row, context)) {
			*index = i;
			return &common_rows[j].row;
		}
	}
	return NULL;
}

/* The width of help texts. */
#define HELP_COLUMNS 79

/*
 * Adds words, broken into lines that begin at column `indent`, where the first one is already.
 * Lines that begin with a blank stay as they are.
 */
static void add_wrapped(struct strbuf *out, const char *text, size_t indent)
{
	size_t column = indent;

	while (*text) {
		size_t length = strcspn(text, " \n");
		bool fresh = column == indent;

		if (!fresh && column + 1 + length > HELP_COLUMNS) {
			strbuf_printf(out, "\n%*s", (int)indent, "");
			column = indent;
		} else if (!fresh) {
			strbuf_putc(out, ' ');
			column++;
		}
		strbuf_add(out, text, length);
		column += length;
		text += length;
		while (text[0] == '\n' && text[1] == ' ') {
			length = strcspn(text + 1, "\n") + 1;
			strbuf_add(out, text, length);
			text += length;
			if (*text == '\n' && text[1] != ' ') {
				strbuf_putc(out, '\n');
				column = indent;
			}
		}
		if (*text)
			text++;
	}
	strbuf_putc(out, '\n');
}

static bool print_row(const struct option_row *row, void *context)
{
	struct strbuf *out = context;
	size_t start = out->length;
	char letter[8] = "    ";
	char name[64];

	if (row->letter)
		snprintf(letter, sizeof(letter), "-%c, ", row->letter);
	snprintf(name, sizeof(name), "--%s%s%s", row->name, row->argument ? " " : "",
		row->argument ? row->argument : "");
	strbuf_printf(out, "  %s%-19s ", letter, name);
	add_wrapped(out, row->help, out->length - start);
	return false;
}

static void print_help(const struct command_line *line)
{
	struct strbuf out __attribute__((cleanup(strbuf_free))) = STRBUF_INIT;
	unsigned int index;

	strbuf_printf(&out, "Usage: cgward %s\n\n", line->synopsis);
	add_wrapped(&out, line->about, 0);
	strbuf_puts(&out, "\nOptions:\n");
	each_row(line, print_row, &out, &index);
	if (line->notes) {
		strbuf_putc(&out, '\n');
		add_wrapped(&out, line->notes, 0);
	}
	output_result(out.data, out.length);
}

static int set_number(struct parser *parser, const struct option_row *row, const char *text)
{
	unsigned long long number = 0;
	char *end = NULL;

	errno = 0;
	/* strtoull takes blanks and signs, and turns -1 into a huge number. */
	if (isdigit((unsigned char)*text))
		number = strtoull(text, &end, 10);
	if (!end || *end || errno || number < row->least || number > row->greatest)
		return options_usage(parser->line,
			"--%s: expected a number from %llu to %llu, got %s", row->name,
			(unsigned long long)row->least, (unsigned long long)row->greatest,
			quote(text, strlen(text)));
	*(uint64_t *)(parser->options + row->offset) = number;
	return OPTIONS_GO;
}

static int set_choice(struct parser *parser, const struct option_row *row, const char *text)
{
	struct strbuf names __attribute__((cleanup(strbuf_free))) = STRBUF_INIT;

	for (int i = 0; row->choices[i]; i++) {
		if (!strcmp(row->choices[i], text)) {
			*(int *)(parser->options + row->offset) = i;
			return OPTIONS_GO;
		}
		strbuf_printf(&names, "%s%s", i ? ", " : "", row->choices[i]);
	}
	return options_usage(parser->line, "--%s: expected one of %s, got %s", row->name,
		strbuf_text(&names), quote(text, strlen(text)));
}

static int set_value(struct parser *parser, const struct option_row *row, char *text)
{
	char *field = parser->options + row->offset;
	struct option_list *list;

	if (!*text)
		return options_usage(parser->line, "--%s: expected %s, got an empty argument",
			row->name, row->argument);
	switch (row->type) {
	case OPTION_TYPE_TEXT:
		*(const char **)field = text;
		return OPTIONS_GO;
	case OPTION_TYPE_LIST:
		list = (struct option_list *)field;
		ARRAY_GROW(list->items, list->count, list->room);
		list->items[list->count++] = text;
		return OPTIONS_GO;
	case OPTION_TYPE_NUMBER:
		return set_number(parser, row, text);
	case OPTION_TYPE_CHOICE:
		return set_choice(parser, row, text);
	case OPTION_TYPE_FLAG:
		break;
	}
	return STATUS_USAGE;
}

/* An option with its value, which stands in `attached` or else in the next argument. */
static int take(
	struct parser *parser, const struct option_row *row, unsigned int index, char *attached)
{
	uint64_t bit = 1ULL << (index % ROWS_MAX);

	if (row->type == OPTION_TYPE_FLAG) {
		*(bool *)(parser->options + row->offset) = true;
		return OPTIONS_GO;
	}
	if (row->type != OPTION_TYPE_LIST && parser->seen & bit)
		return options_usage(
			parser->line, "--%s is given twice: give one value only", row->name);
	parser->seen |= bit;
	if (!attached) {
		if (parser->position == parser->argc)
			return options_usage(parser->line, "--%s: expected %s after it", row->name,
				row->argument);
		attached = parser->argv[parser->position++];
	}
	return set_value(parser, row, attached);
}

struct long_name {
	const char *text;
	size_t length;
};

static bool has_name(const struct option_row *row, void *context)
{
	const struct long_name *name = context;

	return strlen(row->name) == name->length && !memcmp(row->name, name->text, name->length);
}

static bool has_letter(const struct option_row *row, void *context)
{
	return row->letter && row->letter == *(const char *)context;
}

static int parse_long(struct parser *parser, char *argument)
{
	char *text = argument + 2;
	char *equals = strchr(text, '=');
	struct long_name name = {text, equals ? (size_t)(equals - text) : strlen(text)};
	unsigned int index;
	const struct option_row *row = each_row(parser->line, has_name, &name, &index);

	if (!row)
		return options_usage(
			parser->line, "unknown option %s", quote(argument, name.length + 2));
	if (equals && row->type == OPTION_TYPE_FLAG)
		return options_usage(parser->line, "--%s takes no value, got %s", row->name,
			quote(argument, strlen(argument)));
	return take(parser, row, index, equals ? equals + 1 : NULL);
}

static int parse_short(struct parser *parser, char *argument)
{
	for (char *letter = argument + 1; *letter; letter++) {
		unsigned int index;
		const struct option_row *row = each_row(parser->line, has_letter, letter, &index);
		int status;

		if (!row) {
			char name[] = {'-', *letter};

			return options_usage(parser->line, "unknown option %s", quote(name, 2));
		}
		if (row->type != OPTION_TYPE_FLAG)
			return take(parser, row, index, letter[1] ? letter + 1 : NULL);
		status = take(parser, row, index, NULL);
		if (status != OPTIONS_GO)
			return status;
	}
	return OPTIONS_GO;
}

/* Moves the operands to the front of argv, behind the command's name: never beyond what was read.
 */
static int parse_all(struct parser *parser, struct operands *operands)
{
	char **argv = parser->argv;
	size_t count = 0;
	bool stopped = false;

	while (parser->position < parser->argc) {
		char *argument = argv[parser->position++];
		int status = OPTIONS_GO;

		if (!stopped && !strcmp(argument, "--")) {
			operands->rest_given = true;
			if (parser->line->rest)
				break;
			stopped = true;
		} else if (!stopped && !strncmp(argument, "--", 2)) {
			status = parse_long(parser, argument);
		} else if (!stopped && argument[0] == '-' && argument[1]) {
			status = parse_short(parser, argument);
		} else {
			argv[1 + count++] = argument;
			stopped |= parser->line->stop_at_operand;
		}
		if (status != OPTIONS_GO)
			return status;
	}
	argv[1 + count] = NULL; /* so that they are a command as execvp() takes it */
	operands->items = argv + 1;
	operands->count = count;
	operands->rest = argv + parser->position;
	operands->rest_count = parser->argc - parser->position;
	return OPTIONS_GO;
}

int options_parse(const struct command_line *line, int argc, char **argv, void *options,
	struct operands *operands)
{
	struct parser parser = {
		.line = line, .argv = argv, .argc = argc, .position = 1, .options = options};
	struct common_options *common = options;
	struct operands found = {0};
	int status = parse_all(&parser, &found);

	if (status != OPTIONS_GO)
		return status;
	if (common->help) {
		print_help(line);
		return STATUS_DONE;
	}
	if (found.count < line->fewest)
		return options_usage(line, "expected %s: cgward %s",
			found.count ? "more operands" : "an operand", line->synopsis);
	if (found.count > line->most)
		return options_usage(line, "unexpected operand %s: cgward %s",
			quote(found.items[line->most], strlen(found.items[line->most])),
			line->synopsis);
	output_setup(common->quiet, common->verbose);
	*operands = found;
	return OPTIONS_GO;
}

int options_cgroup_root(struct common_options *common)
{
	char *point = NULL;
	int err;

	if (common->cgroup_root)
		return 0;
	err = mounts_find("cgroup2", &point);
	if (err) {
		output_failure_because("find", "cgroup v2",
			err == -ENOENT ? "no file system of type cgroup2 is mounted"
				       : strerror(-err),
			"mount it ('mount -t cgroup2 none /sys/fs/cgroup') or name it with "
			"--cgroup-root DIR");
		return -ENOENT;
	}
	common->cgroup_root = point; /* lives as long as the process */
	return 0;
}
