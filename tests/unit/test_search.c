// SPDX-License-Identifier: GPL-2.0-only
/* Searches in tables of an image: of every size at which they go another way, at any place in a
 * page, against a look at each key. */
#include "ruleset.h"

#include <stdlib.h>
#include <string.h>
#include "match.h"

static uint64_t seed = 88172645463325252;

static uint32_t random32(void)
{
	seed ^= seed << 13;
	seed ^= seed >> 7;
	seed ^= seed << 17;
	return seed >> 16;
}

/* An image that holds nothing but a table: its keys begin `before` keys behind the first page. */
struct made {
	uint8_t *data;
	uint32_t words, count;
	struct cgw_table *table;
	uint32_t *keys, *values;
	struct cgw_view view;
};

#define TABLE_AT 128

static void make(struct made *made, uint32_t words, uint32_t count, uint32_t before)
{
	uint32_t keys = CGW_PAGE_SIZE + before * 4 * words, values = keys + count * 4 * words;
	uint32_t size = (values + count * 4 + CGW_PAGE_SIZE - 1) & ~(CGW_PAGE_SIZE - 1);

	*made = (struct made){.words = words, .count = count};
	made->data = calloc(1, size);
	assert_non_null(made->data);
	((struct cgw_image_header *)made->data)->magic = CGW_IMAGE_MAGIC;
	made->table = (struct cgw_table *)(made->data + TABLE_AT);
	*made->table = (struct cgw_table){.count = count, .keys = keys, .values = values};
	made->keys = (uint32_t *)(made->data + keys);
	made->values = (uint32_t *)(made->data + values);
	made->view = (struct cgw_view){.image = made->data, .size = size};
	assert_int_equal(cgw_view_open(&made->view), 0);
	for (uint32_t i = 0; i < count; i++) {
		uint32_t *key = made->keys + i * words;

		made->values[i] = i;
		if (!i)
			continue;
		/* Greater by its first word, its last one, or one in between. */
		memcpy(key, key - words, words * 4);
		key[random32() % words] += 1 + random32() % (UINT32_MAX / count / 2);
	}
}

static int compare(const uint32_t *a, const uint32_t *b, uint32_t words)
{
	for (uint32_t i = 0; i < words; i++)
		if (a[i] != b[i])
			return a[i] < b[i] ? -1 : 1;
	return 0;
}

static uint32_t look(const struct made *made, const uint32_t *key)
{
	uint32_t found = 0;

	for (uint32_t i = 1; i < made->count; i++)
		if (compare(made->keys + i * made->words, key, made->words) <= 0)
			found = i;
	return found;
}

static void check(struct made *made, const uint32_t *key, uint32_t wanted)
{
	struct cgw_search search = {.words = made->words};

	memcpy(search.key, key, made->words * 4);
	assert_int_equal(cgw_table_find(&made->view, &search, TABLE_AT), wanted);
	assert_int_equal(made->view.broken, 0);
}

/* Each key, what is right before it and right behind it, and the ends; then anything. */
static void check_all(struct made *made)
{
	uint32_t words = made->words, last = words - 1, key[4] = {0};
	uint32_t stride = made->count > 3000 ? made->count / 1500 : 1;

	check(made, key, 0);
	for (uint32_t i = 1; i < made->count; i += stride) {
		const uint32_t *there = made->keys + i * words;

		check(made, there, i);
		memcpy(key, there, words * 4);
		if (key[last]-- > 0)
			check(made, key, i - 1);
		memcpy(key, there, words * 4);
		if (++key[last] != 0)
			check(made, key,
				i + 1 < made->count && !compare(there + words, key, words) ? i + 1
											   : i);
	}
	memset(key, 0xff, sizeof(key));
	check(made, key, made->count - 1);
	for (int i = 0; i < 20; i++) {
		for (int word = 0; word < 4; word++)
			key[word] = random32();
		check(made, key, look(made, key));
	}
}

static void test_sizes(void **state)
{
	static const uint32_t counts[] = {1, 2, 3, 4, 7, 8, 9, 10, 15, 16, 17, 63, 64, 65, 66, 127,
		128, 129, 1023, 1024, 1025, 1026, 2047, 2048, 2049, 4095, 4096, 4097, 8193, 16383,
		16384, 16385, 32769, 100000};

	(void)state;
	for (size_t i = 0; i < ROWS(counts); i++)
		for (uint32_t words = 1; words <= 4; words += 3) {
			/* Keys of a page: they end with it, cross it, and begin it. */
			uint32_t page = CGW_PAGE_SIZE / (4 * words), count = counts[i];
			const uint32_t befores[] = {0, 1, page - 1, page / 2,
				(page - count % page) % page, (page - count % page + 1) % page};

			for (size_t k = 0; k < ROWS(befores); k++) {
				struct made made;

				make(&made, words, count, befores[k]);
				check_all(&made);
				free(made.data);
			}
		}
}

int main(void)
{
	const struct CMUnitTest tests[] = {cmocka_unit_test(test_sizes)};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
