// SPDX-License-Identifier: GPL-2.0-only
#include "arguments.h"

#include <errno.h>
#include <stddef.h>
#include <stdlib.h>
#include <string.h>
#include "clock.h"
#include "diagnostics.h"
#include "names.h"

#define BPFFS_DEFAULT "/sys/fs/bpf/cgward"

enum option_type {
	OPTION_FLAG = 1, /* bool */
	OPTION_TEXT,	 /* const char * */
	OPTION_CHOICE,	 /* uint32_t: the value of a row of choices */
	OPTION_NUMBER,	 /* uint64_t, from 1 */
	OPTION_TIME,	 /* int64_t */
	OPTION_SIZE,	 /* uint64_t, from 4K: a number and K, M or G */
	OPTION_OUTPUT,	 /* one more of outputs */
};

static const struct cgw_name formats[] = {
	{ARGUMENT_FORMAT_TEXT, "text", NULL},
	{ARGUMENT_FORMAT_JSON, "json", NULL},
	{0, NULL, NULL},
};

static const struct cgw_name verdicts[] = {
	{CGW_VERDICT_DENY, "deny", NULL},
	{CGW_VERDICT_AUDIT, "audit", NULL},
	{0, NULL, NULL},
};

static const struct option_row {
	const char *name;
	char letter; /* 0: none */
	enum option_type type;
	size_t field;
	const char *value; /* placeholder in the help */
	const char *help;
	const struct cgw_name *choices;
} rows[] = {
#define FIELD(name) offsetof(struct arguments, name)
	{"follow", 'f', OPTION_FLAG, FIELD(follow), NULL, "go on with events as they come", NULL},
	{"format", 0, OPTION_CHOICE, FIELD(format), "text|json", "how to write a line (text)",
		formats},
	{"output", 'o', OPTION_OUTPUT, FIELD(outputs), "TO",
		"FILE, - (default), journal, syslog:{unix:PATH|udp:HOST:PORT|tcp:...}", NULL},
	{"rotate-size", 0, OPTION_SIZE, FIELD(rotate_size), "SIZE",
		"begin a new file once it has SIZE bytes, such as 100M", NULL},
	{"rotate-count", 0, OPTION_NUMBER, FIELD(rotate_count), "N",
		"old files to keep: FILE.1 to FILE.N (5)", NULL},
	{"metrics", 0, OPTION_TEXT, FIELD(metrics), "FILE",
		"keep counters in FILE, as Prometheus reads them", NULL},
	{"policy", 0, OPTION_TEXT, FIELD(policy), "NAME", "only violations of this policy", NULL},
	{"cgroup", 0, OPTION_TEXT, FIELD(cgroup), "GLOB",
		"only in cgroups that match, and those below them", NULL},
	{"verdict", 0, OPTION_CHOICE, FIELD(verdict), "deny|audit", "only violations with it",
		verdicts},
	{"count", 'n', OPTION_NUMBER, FIELD(count), "N", "end after N violations", NULL},
	{"since", 0, OPTION_TIME, FIELD(since), "TIME",
		"only from TIME on: RFC 3339, or an age such as 10m", NULL},
	{"bpffs", 0, OPTION_TEXT, FIELD(bpffs), "DIR",
		"where the instance is pinned (" BPFFS_DEFAULT ")", NULL},
	{"user", 0, OPTION_TEXT, FIELD(user), "NAME", "become this user once all is open", NULL},
	{"no-color", 0, OPTION_FLAG, FIELD(no_color), NULL, "no colours on a terminal", NULL},
	{"verbose", 'v', OPTION_FLAG, FIELD(verbose), NULL, "say what is done", NULL},
	{"help", 'h', OPTION_FLAG, FIELD(help), NULL, "print this text", NULL},
	{"version", 'V', OPTION_FLAG, FIELD(version), NULL, "print the version", NULL},
#undef FIELD
};
#define ROWS (sizeof(rows) / sizeof(rows[0]))

static int fail(char **error, const char *format, const char *name, const char *value)
{
	struct strbuf text = STRBUF_INIT;

	strbuf_printf(&text, format, name, value);
	*error = strbuf_take(&text);
	return -1;
}

static int set_choice(
	uint32_t *field, const struct option_row *row, const char *value, char **error)
{
	uint32_t choice = cgw_name_value(row->choices, value, strlen(value));

	if (!choice) {
		struct strbuf text = STRBUF_INIT;

		strbuf_printf(&text, "--%s: unknown value %s, expected %s", row->name,
			quote(value, strlen(value)), row->value);
		*error = strbuf_take(&text);
		return -1;
	}
	*field = choice;
	return 0;
}

static int set_number(
	uint64_t *field, const struct option_row *row, const char *value, char **error)
{
	uint64_t number = 0;
	const char *digit;

	for (digit = value; *digit >= '0' && *digit <= '9'; digit++)
		if (__builtin_mul_overflow(number, 10, &number) ||
			__builtin_add_overflow(number, *digit - '0', &number))
			break;
	if (digit == value || *digit || !number)
		return fail(error, "--%s: bad value %s, expected a number from 1", row->name,
			quote(value, strlen(value)));
	*field = number;
	return 0;
}

static int set_size(uint64_t *field, const struct option_row *row, const char *value, char **error)
{
	static const char units[] = "KMG";
	size_t length = strlen(value);
	const char *unit = length ? strchr(units, value[length - 1]) : NULL;
	char digits[24] = "";
	uint64_t number;
	unsigned int shift;

	if (unit && *unit && length - 1 < sizeof(digits)) {
		memcpy(digits, value, length - 1);
		shift = 10 * (unit - units + 1);
		if (digits[0] && strspn(digits, "0123456789") == length - 1 && length < 12 &&
			!set_number(&number, row, digits, error) && number <= UINT64_MAX >> shift &&
			number << shift >= 4096) {
			*field = number << shift;
			return 0;
		}
	}
	free(*error);
	return fail(error, "--%s: bad value %s, expected a size from 4K, such as 64K, 100M or 1G",
		row->name, quote(value, length));
}

static int add_output(struct arguments *arguments, const char *value, char **error)
{
	if (arguments->output_count == ARGUMENT_OUTPUTS_MAX)
		return fail(error, "--%s is given too often, at %s: expected at most 8", "output",
			quote(value, strlen(value)));
	arguments->outputs[arguments->output_count++] = value;
	return 0;
}

static int set(
	struct arguments *arguments, const struct option_row *row, const char *value, char **error)
{
	void *field = (char *)arguments + row->field;

	switch (row->type) {
	case OPTION_FLAG:
		*(bool *)field = true;
		return 0;
	case OPTION_SIZE:
		return set_size(field, row, value, error);
	case OPTION_OUTPUT:
	case OPTION_TEXT:
		if (!*value)
			return fail(error, "--%s: empty value, expected %s", row->name, row->value);
		if (row->type == OPTION_OUTPUT)
			return add_output(arguments, value, error);
		*(const char **)field = value;
		return 0;
	case OPTION_CHOICE:
		return set_choice(field, row, value, error);
	case OPTION_NUMBER:
		return set_number(field, row, value, error);
	case OPTION_TIME:
		if (!clock_parse(value, clock_realtime(), field))
			return 0;
		return fail(error,
			"--%s: bad time %s, expected RFC 3339 such as 2026-11-21T03:14:15Z, or an "
			"age such as 90s, 10m, 2h, 7d",
			row->name, quote(value, strlen(value)));
	}
	return -1;
}

static const struct option_row *find_long(const char *name, size_t length)
{
	for (size_t i = 0; i < ROWS; i++)
		if (strlen(rows[i].name) == length && !memcmp(rows[i].name, name, length))
			return &rows[i];
	return NULL;
}

static const struct option_row *find_letter(char letter)
{
	for (size_t i = 0; i < ROWS; i++)
		if (rows[i].letter == letter)
			return &rows[i];
	return NULL;
}

/* One argument: the row it names, and the value that stands in it (NULL: none does). */
static const struct option_row *split(const char *argument, const char **value)
{
	size_t length = strcspn(argument, "=");

	*value = NULL;
	if (argument[0] == '-' && argument[1] && argument[1] != '-' && !argument[2])
		return find_letter(argument[1]);
	if (strncmp(argument, "--", 2) || length < 3)
		return NULL;
	if (argument[length])
		*value = argument + length + 1;
	return find_long(argument + 2, length - 2);
}

int arguments_parse(struct arguments *arguments, int argc, char **argv, char **error)
{
	uint64_t seen = 0;

	*arguments = (struct arguments){
		.format = ARGUMENT_FORMAT_TEXT, .rotate_count = 5, .bpffs = BPFFS_DEFAULT};
	for (int i = 1; i < argc; i++) {
		const char *value, *quoted = quote(argv[i], strlen(argv[i]));
		const struct option_row *row = split(argv[i], &value);

		if (!row)
			return fail(error, "unknown %s %s",
				argv[i][0] == '-' && argv[i][1] ? "option" : "argument", quoted);
		if (seen & 1ULL << (row - rows) && row->type != OPTION_OUTPUT)
			return fail(error, "--%s is given twice%s", row->name, "");
		seen |= 1ULL << (row - rows);
		if (row->type == OPTION_FLAG && value)
			return fail(error, "--%s takes no value, got %s", row->name, quoted);
		if (row->type != OPTION_FLAG && !value && ++i < argc)
			value = argv[i];
		if (row->type != OPTION_FLAG && !value)
			return fail(error, "--%s needs a value: %s", row->name, row->value);
		if (set(arguments, row, value, error))
			return -1;
	}
	if (!arguments->output_count)
		arguments->outputs[arguments->output_count++] = "-";
	return 0;
}

char *arguments_help(void)
{
	struct strbuf text = STRBUF_INIT;

	strbuf_puts(&text,
		"Usage: cgward-audit [OPTION]...\n"
		"       cgward-audit report FILE >PAGE   a page of HTML about a JSON log\n"
		"       cgward-audit top FILE            a JSON log as a live table\n\n"
		"Prints what cgward denied or audited. Without --follow: what waits to be "
		"read, then it ends.\nReading an event takes it from the kernel, whether it "
		"is wanted or not.\n\n");
	for (size_t i = 0; i < ROWS; i++) {
		size_t start = text.length;

		if (rows[i].letter)
			strbuf_printf(&text, "  -%c, ", rows[i].letter);
		else
			strbuf_puts(&text, "      ");
		strbuf_printf(&text, "--%s", rows[i].name);
		if (rows[i].value)
			strbuf_printf(&text, " %s", rows[i].value);
		do
			strbuf_putc(&text, ' ');
		while (text.length - start < 29);
		strbuf_printf(&text, "%s\n", rows[i].help);
	}
	strbuf_puts(&text, "\nExit status: 0 done, 1 failed, 2 usage, 3 the kernel or the "
			   "privileges do not allow it.\nManual page: cgward-audit(8).\n");
	return strbuf_take(&text);
}
