/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * intern.h - numbers for byte strings: equal strings get the same number, new ones the next, from
 * 0. So numbers depend on the order of the calls only, never on addresses or hashes.
 */
#ifndef CGW_INTERN_H
#define CGW_INTERN_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

struct intern_entry {
	size_t offset; /* in bytes */
	uint32_t length;
	uint32_t hash;
};

struct intern {
	uint8_t *bytes; /* all strings, each on a multiple of 8 */
	size_t length, room;
	struct intern_entry *entries;
	size_t count, entry_room;
	uint32_t *slots; /* hash table: number + 1, 0: free */
	size_t slot_count;
};

/* All zero is an empty table. */
void intern_free(struct intern *intern);

/* The number of the string. It is new if the number equals the count before the call. */
uint32_t intern_add(struct intern *intern, const void *bytes, size_t length);

/* Valid until the next intern_add(). Aligned for any number. */
const void *intern_get(const struct intern *intern, uint32_t number, size_t *length);

#endif
