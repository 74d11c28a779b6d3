/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * interval.h - from overlapping ranges to sorted disjoint intervals.
 *
 * Both functions take O(n log n), however the ranges nest: 100,000 CIDRs are an everyday block
 * list.
 */
#ifndef CGW_INTERVAL_H
#define CGW_INTERVAL_H

#include <stddef.h>
#include <stdint.h>

/* Keys first to last, both included. */
struct span {
	uint32_t first, last;
	uint32_t value;
};

/* From `first` up to the next step. */
struct step {
	uint32_t first;
	uint32_t value;
};

/*
 * For each key the greatest value of the spans that hold it, 0 for none. Returns the number of
 * steps (at least 1; the first begins at 0; neighbours differ) and gives *steps, which the caller
 * frees. Sorts the spans.
 */
size_t spans_resolve(struct step **steps, struct span *spans, size_t count);

/* An address prefix; IPv4 in address[0] with at most 32 bits. Bits beyond the prefix are 0. */
struct prefix {
	uint32_t address[4]; /* host order, most significant first */
	uint32_t bits;
	uint32_t rule; /* the caller's */
};

struct interval {
	uint32_t first[4];
	uint32_t value;
};

/*
 * The value within a prefix, from that of the prefix around it (0: none) and all rules that have
 * exactly this prefix, by ascending rule.
 */
typedef uint32_t prefix_combine(
	void *context, uint32_t outer, const struct prefix *group, size_t count);

/*
 * For each address the value of the longest prefix that holds it. Prefixes nest or are disjoint, so
 * a value that each prefix derives from the one around it stands for all rules that hold an
 * address. `words` is 1 (IPv4) or 4. Returns the number of intervals (at least 1; the first begins
 * at the address 0; neighbours differ) and gives *intervals, which the caller frees. Sorts the
 * prefixes.
 */
size_t prefixes_resolve(struct interval **intervals, struct prefix *prefixes, size_t count,
	int words, prefix_combine *combine, void *context);

/* The value at an address. */
uint32_t intervals_find(
	const struct interval *intervals, size_t count, const uint32_t address[static 4]);

#endif
