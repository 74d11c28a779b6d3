// SPDX-License-Identifier: GPL-2.0-only
/* intern.c - numbers for byte strings: a hash table with open addressing. */
#include "intern.h"

#include <stdlib.h>
#include <string.h>

#include "strbuf.h"

void intern_free(struct intern *intern)
{
	free(intern->bytes);
	free(intern->entries);
	free(intern->slots);
	*intern = (struct intern){0};
}

/* Eight bytes at a time: the strings are mostly arrays of numbers. */
static uint32_t hash_bytes(const uint8_t *bytes, size_t length)
{
	uint64_t hash = 0x9e3779b97f4a7c15ULL ^ length, word;

	for (; length >= 8; bytes += 8, length -= 8) {
		memcpy(&word, bytes, 8);
		hash = (hash ^ word) * 0xff51afd7ed558ccdULL;
		hash ^= hash >> 32;
	}
	word = 0;
	if (length)
		memcpy(&word, bytes, length);
	hash = (hash ^ word) * 0xc4ceb9fe1a85ec53ULL;
	return hash ^ hash >> 32;
}

static void rehash(struct intern *intern)
{
	free(intern->slots);
	intern->slot_count = intern->slot_count ? 2 * intern->slot_count : 64;
	intern->slots = xcalloc(intern->slot_count, sizeof(*intern->slots));
	for (size_t i = 0; i < intern->count; i++) {
		size_t slot = intern->entries[i].hash & (intern->slot_count - 1);

		while (intern->slots[slot])
			slot = (slot + 1) & (intern->slot_count - 1);
		intern->slots[slot] = i + 1;
	}
}

static void append(struct intern *intern, const void *bytes, size_t length, uint32_t hash)
{
	size_t padded = (length + 7) & ~(size_t)7;

	if (intern->room - intern->length < padded) {
		intern->room = 2 * intern->room + padded;
		intern->bytes = xrealloc(intern->bytes, intern->room, 1);
	}
	ARRAY_GROW(intern->entries, intern->count, intern->entry_room);
	intern->entries[intern->count++] =
		(struct intern_entry){.offset = intern->length, .length = length, .hash = hash};
	if (length)
		memcpy(intern->bytes + intern->length, bytes, length);
	intern->length += padded;
}

uint32_t intern_add(struct intern *intern, const void *bytes, size_t length)
{
	uint32_t hash = hash_bytes(bytes, length);
	size_t slot;

	if (2 * intern->count >= intern->slot_count)
		rehash(intern);
	slot = hash & (intern->slot_count - 1);
	for (; intern->slots[slot]; slot = (slot + 1) & (intern->slot_count - 1)) {
		uint32_t number = intern->slots[slot] - 1;
		const struct intern_entry *entry = &intern->entries[number];

		if (entry->hash == hash && entry->length == length &&
			(!length || !memcmp(intern->bytes + entry->offset, bytes, length)))
			return number;
	}
	intern->slots[slot] = intern->count + 1;
	append(intern, bytes, length, hash);
	return intern->count - 1;
}

const void *intern_get(const struct intern *intern, uint32_t number, size_t *length)
{
	const struct intern_entry *entry = &intern->entries[number];

	if (length)
		*length = entry->length;
	return intern->bytes + entry->offset;
}
