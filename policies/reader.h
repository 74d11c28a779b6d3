/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * reader.h - INI lines with their places, read with inih. Internal to the language.
 *
 * inih gives no line numbers, cuts section names at 49 bytes and splits lines at 200 bytes, all
 * silently. So the lines are handed to it one by one: each is checked before, the place and the
 * value are taken from the line itself, and inih's reading of a line is held against ours.
 */
#ifndef CGW_READER_H
#define CGW_READER_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include "diagnostics.h"

/* KEY = VALUE, or a line that begins with blanks and continues the key above it with one more
 * value. Texts are not NUL-terminated and point into the file. Columns are bytes, from 1. */
struct ini_entry {
	const char *key;
	size_t key_length;
	const char *value; /* without the blanks around it and without a comment */
	size_t value_length;
	uint32_t line;
	uint32_t key_column; /* of the line's first word if it is a continuation */
	uint32_t value_column;
	bool continued;
};

struct ini_reader_calls {
	/* A section begins. False: it is not known (and that has been reported): its entries are
	 * skipped. */
	bool (*section)(
		void *context, const char *name, size_t length, uint32_t line, uint32_t column);
	void (*entry)(void *context, const struct ini_entry *entry);
};

/* Reads a whole file in memory. What is wrong with its lines goes to diags; the rest of the file
 * is read all the same. */
void ini_read(const char *file, const char *text, size_t length,
	const struct ini_reader_calls *calls, void *context, struct diagnostics *diags);

#endif
