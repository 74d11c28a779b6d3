// SPDX-License-Identifier: GPL-2.0-only
/* Intervals: spans and prefixes against a linear scan, and the edges. */
#include "ruleset.h"

#include <stdlib.h>
#include "interval.h"
#include "ports.h"

/* ---- spans ---- */

static const struct span_row {
	struct span spans[4];
	size_t count;
	struct step steps[8];
	size_t step_count;
} span_rows[] = {
	{{{0}}, 0, {{0, 0}}, 1},
	{{{0, 65535, 5}}, 1, {{0, 5}, {65536, 0}}, 2},
	{{{0, 0, 5}}, 1, {{0, 5}, {1, 0}}, 2},
	{{{7, 7, 5}}, 1, {{0, 0}, {7, 5}, {8, 0}}, 3},
	{{{0, UINT32_MAX, 5}}, 1, {{0, 5}}, 1},
	{{{UINT32_MAX, UINT32_MAX, 5}}, 1, {{0, 0}, {UINT32_MAX, 5}}, 2},
	/* adjacent, equal and not */
	{{{1, 2, 5}, {3, 4, 5}}, 2, {{0, 0}, {1, 5}, {5, 0}}, 3},
	{{{3, 4, 6}, {1, 2, 5}}, 2, {{0, 0}, {1, 5}, {3, 6}, {5, 0}}, 4},
	/* nested: the greater within, the less within */
	{{{0, 9, 1}, {3, 4, 2}}, 2, {{0, 1}, {3, 2}, {5, 1}, {10, 0}}, 4},
	{{{0, 9, 2}, {3, 4, 1}}, 2, {{0, 2}, {10, 0}}, 2},
	/* overlapping */
	{{{0, 5, 1}, {3, 9, 2}, {9, 9, 3}, {20, 30, 0}}, 4, {{0, 1}, {3, 2}, {9, 3}, {10, 0}}, 4},
};

static void test_span_table(void **state)
{
	(void)state;
	for (size_t i = 0; i < ROWS(span_rows); i++) {
		const struct span_row *row = &span_rows[i];
		struct span spans[4];
		struct step *steps;
		size_t count;

		memcpy(spans, row->spans, sizeof(spans));
		count = spans_resolve(&steps, spans, row->count);
		if (count != row->step_count || memcmp(steps, row->steps, count * sizeof(*steps)))
			fail_msg("row %zu: %zu steps", i, count);
		free(steps);
	}
}

static void test_span_random(void **state)
{
	uint64_t seed = 1;

	(void)state;
	for (int round = 0; round < 3000; round++) {
		size_t count = random_next(&seed) % 12, step_count, at = 0;
		struct span spans[12], copy[12];
		struct step *steps;

		for (size_t i = 0; i < count; i++) {
			uint32_t first = random_next(&seed) % 64;

			spans[i] = (struct span){
				first, first + random_next(&seed) % 16, random_next(&seed) % 8};
		}
		memcpy(copy, spans, sizeof(copy));
		step_count = spans_resolve(&steps, spans, count);
		for (uint32_t key = 0; key < 90; key++) {
			uint32_t expected = 0;

			for (size_t i = 0; i < count; i++)
				if (copy[i].first <= key && key <= copy[i].last &&
					copy[i].value > expected)
					expected = copy[i].value;
			while (at + 1 < step_count && steps[at + 1].first <= key)
				at++;
			assert_int_equal(steps[at].value, expected);
		}
		for (size_t i = 1; i < step_count; i++) {
			assert_true(steps[i].first > steps[i - 1].first);
			assert_true(steps[i].value != steps[i - 1].value);
		}
		free(steps);
	}
}

/* ---- prefixes ---- */

/* The rules that hold an address, as a set of up to 32: what combine() makes of them. */
static uint32_t combine_bits(
	void *context, uint32_t outer, const struct prefix *group, size_t count)
{
	++*(size_t *)context;
	for (size_t i = 0; i < count; i++) {
		assert_true(!i || group[i].rule > group[i - 1].rule);
		outer |= 1U << group[i].rule;
	}
	return outer;
}

static bool prefix_holds(const struct prefix *prefix, const uint32_t *address)
{
	for (uint32_t bit = 0; bit < prefix->bits; bit++)
		if ((prefix->address[bit / 32] ^ address[bit / 32]) >> (31 - bit % 32) & 1)
			return false;
	return true;
}

static void mask_prefix(struct prefix *prefix)
{
	for (uint32_t bit = prefix->bits; bit < 128; bit++)
		prefix->address[bit / 32] &= ~(1U << (31 - bit % 32));
}

static void check_address(const struct interval *intervals, size_t interval_count,
	const struct prefix *prefixes, size_t count, const uint32_t *address)
{
	uint32_t expected = 0;

	for (size_t i = 0; i < count; i++)
		if (prefix_holds(&prefixes[i], address))
			expected |= 1U << prefixes[i].rule;
	assert_int_equal(intervals_find(intervals, interval_count, address), expected);
}

/* The first and last address of each prefix and their neighbours. */
static void check_edges(const struct interval *intervals, size_t interval_count,
	const struct prefix *prefixes, size_t count, int words)
{
	for (size_t i = 0; i < count; i++) {
		for (int edge = 0; edge < 4; edge++) {
			uint32_t address[4];
			int word = words - 1;

			memcpy(address, prefixes[i].address, sizeof(address));
			for (uint32_t bit = prefixes[i].bits; edge > 1 && bit < 32U * words; bit++)
				address[bit / 32] |= 1U << (31 - bit % 32);
			if (edge == 1)
				while (!address[word]-- && word)
					word--;
			else if (edge == 3)
				while (!++address[word] && word)
					word--;
			check_address(intervals, interval_count, prefixes, count, address);
		}
	}
}

static void test_prefix_random(void **state)
{
	uint64_t seed = 2;

	(void)state;
	for (int round = 0; round < 4000; round++) {
		int words = round % 2 ? 4 : 1;
		size_t count = random_next(&seed) % 20, interval_count, calls = 0;
		struct prefix prefixes[20] = {0};
		struct interval *intervals;

		for (size_t i = 0; i < count; i++) {
			prefixes[i].bits = random_next(&seed) % (32 * words + 1);
			prefixes[i].rule = i;
			for (int word = 0; word < words; word++)
				prefixes[i].address[word] = random_next(&seed) % 4
								    ? 0xffffffff * (i % 2)
								    : random_next(&seed) * 2;
			mask_prefix(&prefixes[i]);
		}
		interval_count =
			prefixes_resolve(&intervals, prefixes, count, words, combine_bits, &calls);
		assert_true(calls <= count);
		check_edges(intervals, interval_count, prefixes, count, words);
		for (size_t i = 1; i < interval_count; i++) {
			assert_true(intervals[i].value != intervals[i - 1].value);
			assert_true(memcmp(intervals[i].first, intervals[i - 1].first,
					    sizeof(intervals[i].first)) != 0);
		}
		free(intervals);
	}
}

static const struct prefix_row {
	const char *title;
	int words;
	struct prefix prefixes[3];
	size_t count;
	struct interval intervals[6];
	size_t interval_count;
} prefix_rows[] = {
	{"none", 1, {{{0}, 0, 0}}, 0, {{{0}, 0}}, 1},
	{"0/0", 1, {{{0}, 0, 0}}, 1, {{{0}, 1}}, 1},
	{"::/0", 4, {{{0}, 0, 0}}, 1, {{{0}, 1}}, 1},
	{"0.0.0.0/32", 1, {{{0}, 32, 0}}, 1, {{{0}, 1}, {{1}, 0}}, 2},
	{"255.255.255.255/32", 1, {{{0xffffffff}, 32, 0}}, 1, {{{0}, 0}, {{0xffffffff}, 1}}, 2},
	{"128/1", 1, {{{0x80000000}, 1, 0}}, 1, {{{0}, 0}, {{0x80000000}, 1}}, 2},
	{"0/1", 1, {{{0}, 1, 0}}, 1, {{{0}, 1}, {{0x80000000}, 0}}, 2},
	{"adjacent", 1, {{{0x0a000000}, 9, 0}, {{0x0a800000}, 9, 1}}, 2,
		{{{0}, 0}, {{0x0a000000}, 1}, {{0x0a800000}, 2}, {{0x0b000000}, 0}}, 4},
	{"nested at both edges", 1,
		{{{0x0a000000}, 8, 0}, {{0x0a000000}, 9, 1}, {{0x0affffff}, 32, 2}}, 3,
		{{{0}, 0}, {{0x0a000000}, 3}, {{0x0a800000}, 1}, {{0x0affffff}, 5},
			{{0x0b000000}, 0}},
		5},
	{"carry over words", 4, {{{1, 0xffffffff, 0xffffffff, 0xffffffff}, 128, 0}}, 1,
		{{{0}, 0}, {{1, 0xffffffff, 0xffffffff, 0xffffffff}, 1}, {{2}, 0}}, 3},
	{"last of all", 4, {{{0xffffffff, 0xffffffff, 0xffffffff, 0xffffffff}, 128, 0}}, 1,
		{{{0}, 0}, {{0xffffffff, 0xffffffff, 0xffffffff, 0xffffffff}, 1}}, 2},
	{"ends on a word", 4, {{{0xfe800000}, 32, 0}}, 1,
		{{{0}, 0}, {{0xfe800000}, 1}, {{0xfe800001}, 0}}, 3},
};

static void test_prefix_table(void **state)
{
	(void)state;
	for (size_t i = 0; i < ROWS(prefix_rows); i++) {
		const struct prefix_row *row = &prefix_rows[i];
		struct interval *intervals;
		struct prefix prefixes[3];
		size_t calls = 0, count;

		memcpy(prefixes, row->prefixes, sizeof(prefixes));
		count = prefixes_resolve(
			&intervals, prefixes, row->count, row->words, combine_bits, &calls);
		if (count != row->interval_count ||
			memcmp(intervals, row->intervals, count * sizeof(*intervals)) != 0)
			fail_msg("%s: %zu intervals", row->title, count);
		free(intervals);
	}
}

/* ---- a block list ---- */

static uint32_t combine_last(
	void *context, uint32_t outer, const struct prefix *group, size_t count)
{
	(void)context;
	(void)outer;
	return group[count - 1].rule + 1;
}

/* 100,000 prefixes, nested up to 32 deep: the longest that holds an address decides. */
static void test_block_list(void **state)
{
	enum {
		COUNT = 100000
	};
	struct prefix *prefixes = calloc(COUNT, sizeof(*prefixes));
	struct interval *intervals;
	uint64_t seed = 3;
	size_t count, found = 0;

	(void)state;
	for (uint32_t i = 0; i < COUNT; i++) {
		prefixes[i].bits = i % 1000 ? 12 + random_next(&seed) % 21 : i / 1000 % 12;
		prefixes[i].address[0] = random_next(&seed) * 2;
		prefixes[i].rule = i;
		mask_prefix(&prefixes[i]);
	}
	count = prefixes_resolve(&intervals, prefixes, COUNT, 1, combine_last, NULL);
	assert_in_range(count, COUNT / 2, 2 * COUNT + 1);
	for (int probe = 0; probe < 400; probe++) {
		uint32_t address[4] = {random_next(&seed) * 2}, expected = 0, bits = 0;

		if (probe % 2)
			address[0] =
				prefixes[random_next(&seed) % COUNT].address[0] - probe % 4 / 2;
		for (uint32_t i = 0; i < COUNT; i++) {
			if (!prefix_holds(&prefixes[i], address))
				continue;
			if (!expected || prefixes[i].bits > bits ||
				(prefixes[i].bits == bits && prefixes[i].rule + 1 > expected)) {
				expected = prefixes[i].rule + 1;
				bits = prefixes[i].bits;
			}
		}
		found += expected != 0;
		assert_int_equal(intervals_find(intervals, count, address), expected);
	}
	assert_in_range(found, 200, 400);
	free(intervals);
	free(prefixes);
}

/* ---- ports ---- */

static void test_unknown_port(void **state)
{
	const uint32_t deny = CGW_REF(CGW_ACTION_DENY, 4), audit = CGW_REF(CGW_ACTION_AUDIT, 2);
	const uint32_t allow = CGW_REF(CGW_ACTION_ALLOW, 1);
	const struct step some[] = {{0, 0}, {22, audit}, {23, deny}, {24, allow}};
	const struct step allowed[] = {{0, 0}, {22, allow}};

	(void)state;
	assert_int_equal(ports_unknown(some, 1), 0);
	assert_int_equal(ports_unknown(some, 2), audit);
	assert_int_equal(ports_unknown(some, 3), deny);
	assert_int_equal(ports_unknown(some, 4), deny);
	assert_int_equal(ports_unknown(allowed, 2), allow);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_span_table),
		cmocka_unit_test(test_span_random),
		cmocka_unit_test(test_prefix_table),
		cmocka_unit_test(test_prefix_random),
		cmocka_unit_test(test_block_list),
		cmocka_unit_test(test_unknown_port),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
