// SPDX-License-Identifier: GPL-2.0-only
#include "scan.h"

#include <stdlib.h>
#include <string.h>
#include "clock.h"
#include "diagnostics.h"

static int fail(char **error, const char *format, const char *name, const char *value)
{
	struct strbuf text = STRBUF_INIT;

	strbuf_printf(&text, format, name, value);
	*error = strbuf_take(&text);
	return -1;
}

static int set_choice(uint32_t *field, const struct scan_row *row, const char *value, char **error)
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

static int set_number(uint64_t *field, const struct scan_row *row, const char *value, char **error)
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

static int set_size(uint64_t *field, const struct scan_row *row, const char *value, char **error)
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

static int set_choices(uint32_t *field, const struct scan_row *row, const char *value, char **error)
{
	uint32_t set = 0;

	for (const char *at = value;; at++) {
		size_t length = strcspn(at, ",");
		uint32_t choice = cgw_name_value(row->choices, at, length);

		if (!choice || set >> choice & 1) {
			struct strbuf text = STRBUF_INIT;

			strbuf_printf(&text, "--%s: %s value %s, expected some of ", row->name,
				choice ? "repeated" : "unknown", quote(at, length));
			for (const struct cgw_name *known = row->choices; known->name; known++)
				strbuf_printf(&text, "%s%s", known == row->choices ? "" : ",",
					known->name);
			*error = strbuf_take(&text);
			return -1;
		}
		set |= 1U << choice;
		at += length;
		if (!*at)
			break;
	}
	*field = set;
	return 0;
}

static int add_item(
	struct scan_list *list, const struct scan_row *row, const char *value, char **error)
{
	if (list->count == SCAN_LIST_MAX)
		return fail(error, "--%s is given too often, at %s: expected at most 8", row->name,
			quote(value, strlen(value)));
	list->items[list->count++] = value;
	return 0;
}

static int set(void *options, const struct scan_row *row, const char *value, char **error)
{
	void *field = (char *)options + row->field;

	switch (row->type) {
	case SCAN_FLAG:
		*(bool *)field = true;
		return 0;
	case SCAN_SIZE:
		return set_size(field, row, value, error);
	case SCAN_LIST:
	case SCAN_TEXT:
		if (!*value)
			return fail(error, "--%s: empty value, expected %s", row->name, row->value);
		if (row->type == SCAN_LIST)
			return add_item(field, row, value, error);
		*(const char **)field = value;
		return 0;
	case SCAN_CHOICE:
		return set_choice(field, row, value, error);
	case SCAN_CHOICES:
		return set_choices(field, row, value, error);
	case SCAN_NUMBER:
		return set_number(field, row, value, error);
	case SCAN_TIME:
		if (!clock_parse(value, clock_realtime(), field))
			return 0;
		return fail(error,
			"--%s: bad time %s, expected RFC 3339 such as 2026-11-21T03:14:15Z, or an "
			"age such as 90s, 10m, 2h, 7d",
			row->name, quote(value, strlen(value)));
	}
	return -1;
}

static const struct scan_row *find_long(
	const struct scan_row *rows, const char *name, size_t length)
{
	for (; rows->name; rows++)
		if (strlen(rows->name) == length && !memcmp(rows->name, name, length))
			return rows;
	return NULL;
}

static const struct scan_row *find_letter(const struct scan_row *rows, char letter)
{
	for (; rows->name; rows++)
		if (rows->letter == letter)
			return rows;
	return NULL;
}

/* One argument: the row it names, and the value that stands in it (NULL: none does). */
static const struct scan_row *split(
	const struct scan_row *rows, const char *argument, const char **value)
{
	size_t length = strcspn(argument, "=");

	*value = NULL;
	if (argument[0] == '-' && argument[1] && argument[1] != '-' && !argument[2])
		return find_letter(rows, argument[1]);
	if (strncmp(argument, "--", 2) || length < 3)
		return NULL;
	if (argument[length])
		*value = argument + length + 1;
	return find_long(rows, argument + 2, length - 2);
}

static bool is_operand(const char *argument)
{
	return argument[0] && (argument[0] != '-' || !argument[1]);
}

static int add_operand(struct scan_list *operands, const char *argument, char **error)
{
	const char *quoted = quote(argument, strlen(argument));

	if (!operands || !is_operand(argument))
		return fail(error, "unknown %s %s",
			argument[0] == '-' && argument[1] ? "option" : "argument", quoted);
	if (operands->count == SCAN_LIST_MAX)
		return fail(error, "too many arguments, at %s%s", quoted, "");
	operands->items[operands->count++] = argument;
	return 0;
}

int scan_options(const struct scan_row *rows, void *options, struct scan_list *operands, int argc,
	char **argv, char **error)
{
	uint64_t seen = 0;

	for (int i = 1; i < argc; i++) {
		const char *value, *quoted = quote(argv[i], strlen(argv[i]));
		const struct scan_row *row = split(rows, argv[i], &value);

		if (!row) {
			if (add_operand(operands, argv[i], error))
				return -1;
			continue;
		}
		if (seen & 1ULL << (row - rows) && row->type != SCAN_LIST)
			return fail(error, "--%s is given twice%s", row->name, "");
		seen |= 1ULL << (row - rows);
		if (row->type == SCAN_FLAG && value)
			return fail(error, "--%s takes no value, got %s", row->name, quoted);
		if (row->type != SCAN_FLAG && !value && ++i < argc)
			value = argv[i];
		if (row->type != SCAN_FLAG && !value)
			return fail(error, "--%s needs a value: %s", row->name, row->value);
		if (set(options, row, value, error))
			return -1;
	}
	return 0;
}

void scan_help(const struct scan_row *rows, struct strbuf *out)
{
	for (; rows->name; rows++) {
		size_t start = out->length;

		if (rows->letter)
			strbuf_printf(out, "  -%c, ", rows->letter);
		else
			strbuf_puts(out, "      ");
		strbuf_printf(out, "--%s", rows->name);
		if (rows->value)
			strbuf_printf(out, " %s", rows->value);
		do
			strbuf_putc(out, ' ');
		while (out->length - start < 29);
		strbuf_printf(out, "%s\n", rows->help);
	}
}
