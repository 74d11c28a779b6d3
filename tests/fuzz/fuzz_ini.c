// SPDX-License-Identifier: GPL-2.0-only
/*
 * fuzz_ini.c - any bytes as a file: the reader and inih must agree, and each entry must stand where
 * the reader says that it stands.
 */
#include <stdlib.h>
#include <string.h>
#include "reader.h"

struct check {
	const uint8_t *data;
	size_t size;
	size_t offset; /* where `line` begins */
	uint32_t line;
};

static void require(bool condition)
{
	if (!condition)
		abort();
}

/* What stands at a line and a column must be these bytes. Lines never go backwards. */
static void check_place(
	struct check *check, uint32_t line, uint32_t column, const char *text, size_t length)
{
	require(line >= check->line && column > 0);
	for (; check->line < line; check->line++) {
		const uint8_t *end =
			memchr(check->data + check->offset, '\n', check->size - check->offset);

		require(end);
		check->offset = end + 1 - check->data;
	}
	require(check->offset + column - 1 + length <= check->size);
	require(!memcmp(check->data + check->offset + column - 1, text, length));
	require(!memchr(text, '\n', length) && !memchr(text, 0, length));
}

static bool check_section(
	void *context, const char *name, size_t length, uint32_t line, uint32_t column)
{
	check_place(context, line, column + 1, name, length);
	return !length || *name != '?';
}

static void check_entry(void *context, const struct ini_entry *entry)
{
	require(entry->key_length > 0 && entry->key_length < 50);
	if (!entry->continued)
		check_place(context, entry->line, entry->key_column, entry->key, entry->key_length);
	check_place(context, entry->line, entry->value_column, entry->value, entry->value_length);
	if (!entry->value_length)
		return;
	require(entry->value[0] != ' ' && entry->value[0] != '\t');
	require(entry->value[entry->value_length - 1] != ' ');
	require(entry->value[entry->value_length - 1] != '\t');
	require(!memmem(entry->value, entry->value_length, " ;", 2));
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	static const struct ini_reader_calls calls = {check_section, check_entry};
	struct check check = {.data = data, .size = size, .line = 1};
	struct diagnostics diags = {0};

	if (size >= 3 && !memcmp(data, "\xef\xbb\xbf", 3)) {
		check.data += 3;
		check.size -= 3;
	}
	ini_read("f", (const char *)data, size, &calls, &check, &diags);
	for (size_t i = 0; i < diags.count; i++)
		require(strncmp(diags.items[i].message, "the inih library", 16));
	diagnostics_free(&diags);
	return 0;
}
