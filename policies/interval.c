// SPDX-License-Identifier: GPL-2.0-only
/* interval.c - from overlapping ranges to sorted disjoint intervals. */
#include "interval.h"

#include <stdbool.h>
#include <stdlib.h>
#include <string.h>

#include "strbuf.h"

/* ---- spans ---- */

static int compare_spans(const void *a, const void *b)
{
	const struct span *left = a, *right = b;

	return (left->first > right->first) - (left->first < right->first);
}

/* A heap of the spans that may hold the present key, the greatest value on top. */
struct heap {
	const struct span **spans;
	size_t count;
};

static void heap_swap(struct heap *heap, size_t a, size_t b)
{
	const struct span *span = heap->spans[a];

	heap->spans[a] = heap->spans[b];
	heap->spans[b] = span;
}

static void heap_push(struct heap *heap, const struct span *span)
{
	size_t at = heap->count++;

	heap->spans[at] = span;
	for (; at && heap->spans[(at - 1) / 2]->value < heap->spans[at]->value; at = (at - 1) / 2)
		heap_swap(heap, at, (at - 1) / 2);
}

static void heap_pop(struct heap *heap)
{
	size_t at = 0, child;

	heap->spans[0] = heap->spans[--heap->count];
	while ((child = 2 * at + 1) < heap->count) {
		if (child + 1 < heap->count &&
			heap->spans[child + 1]->value > heap->spans[child]->value)
			child++;
		if (heap->spans[child]->value <= heap->spans[at]->value)
			break;
		heap_swap(heap, at, child);
		at = child;
	}
}

static size_t add_step(struct step *steps, size_t count, uint32_t first, uint32_t value)
{
	if (count && steps[count - 1].first == first)
		count--;
	if (count && steps[count - 1].value == value)
		return count;
	steps[count] = (struct step){.first = first, .value = value};
	return count + 1;
}

/* Values change only where a span begins or the topmost one ends. */
size_t spans_resolve(struct step **steps, struct span *spans, size_t count)
{
	struct heap heap = {.spans = xcalloc(count + 1, sizeof(*heap.spans))};
	struct step *result = xcalloc(2 * count + 1, sizeof(*result));
	size_t at = 0, step_count = add_step(result, 0, 0, 0);
	uint64_t key = 0;

	if (count)
		qsort(spans, count, sizeof(*spans), compare_spans);
	while (at < count || heap.count) {
		if (!heap.count && key < spans[at].first)
			key = spans[at].first;
		for (; at < count && spans[at].first <= key; at++)
			heap_push(&heap, &spans[at]);
		while (heap.count && heap.spans[0]->last < key)
			heap_pop(&heap);
		if (key > UINT32_MAX)
			break;
		step_count =
			add_step(result, step_count, key, heap.count ? heap.spans[0]->value : 0);
		if (heap.count)
			key = (uint64_t)heap.spans[0]->last + 1;
		if (at < count && spans[at].first < key)
			key = spans[at].first;
	}
	free(heap.spans);
	*steps = xrealloc(result, step_count, sizeof(*result));
	return step_count;
}

/* ---- prefixes ---- */

static int compare_addresses(const uint32_t *left, const uint32_t *right)
{
	for (int i = 0; i < 4; i++)
		if (left[i] != right[i])
			return left[i] < right[i] ? -1 : 1;
	return 0;
}

/* The outer prefix before the inner one; of equal ones by rule. */
static int compare_prefixes(const void *a, const void *b)
{
	const struct prefix *left = a, *right = b;
	int order = compare_addresses(left->address, right->address);

	if (order)
		return order;
	if (left->bits != right->bits)
		return left->bits < right->bits ? -1 : 1;
	return (left->rule > right->rule) - (left->rule < right->rule);
}

/* The first address behind a prefix. False: there is none. */
static bool address_after(uint32_t after[static 4], const struct prefix *prefix, int words)
{
	int word = prefix->bits ? (int)(prefix->bits - 1) / 32 : -1;

	memcpy(after, prefix->address, 4 * sizeof(*after));
	if (word < 0 || word >= words)
		return false;
	after[word] += 1U << (31 - (prefix->bits - 1) % 32);
	while (!after[word] && word)
		after[--word]++;
	/* all carries ran out at the top: the prefix reaches to the end */
	return compare_addresses(after, prefix->address) > 0;
}

/* A prefix that holds the present address, its neighbours in the sweep not yet seen. */
struct open_prefix {
	const struct prefix *prefix;
	uint32_t after[4];
	bool has_after;
	uint32_t value;
};

struct sweep {
	struct interval *intervals;
	size_t count;
	struct open_prefix open[129]; /* one of each length */
	int depth;
};

static void add_interval(struct sweep *sweep, const uint32_t *first, uint32_t value)
{
	struct interval *last = sweep->count ? &sweep->intervals[sweep->count - 1] : NULL;

	if (last && !compare_addresses(last->first, first)) {
		sweep->count--;
		last = sweep->count ? last - 1 : NULL;
	}
	if (last && last->value == value)
		return;
	last = &sweep->intervals[sweep->count++];
	memcpy(last->first, first, sizeof(last->first));
	last->value = value;
}

static uint32_t open_value(const struct sweep *sweep)
{
	return sweep->depth ? sweep->open[sweep->depth - 1].value : 0;
}

/* Closes the prefixes that end at or before an address; all of them, if it is NULL. */
static void close_prefixes(struct sweep *sweep, const uint32_t *address)
{
	while (sweep->depth) {
		const struct open_prefix *top = &sweep->open[sweep->depth - 1];

		if (address && (!top->has_after || compare_addresses(top->after, address) > 0))
			return;
		sweep->depth--;
		if (top->has_after)
			add_interval(sweep, top->after, open_value(sweep));
	}
}

size_t prefixes_resolve(struct interval **intervals, struct prefix *prefixes, size_t count,
	int words, prefix_combine *combine, void *context)
{
	struct sweep sweep = {.intervals = xcalloc(2 * count + 1, sizeof(*sweep.intervals))};
	static const uint32_t zero[4];
	size_t size;

	if (count)
		qsort(prefixes, count, sizeof(*prefixes), compare_prefixes);
	add_interval(&sweep, zero, 0);
	for (size_t i = 0; i < count; i += size) {
		const struct prefix *prefix = &prefixes[i];
		struct open_prefix *top;
		uint32_t outer;

		for (size = 1; i + size < count && prefix[size].bits == prefix->bits &&
			       !compare_addresses(prefix[size].address, prefix->address);)
			size++;
		close_prefixes(&sweep, prefix->address);
		outer = open_value(&sweep);
		top = &sweep.open[sweep.depth++];
		top->prefix = prefix;
		top->has_after = address_after(top->after, prefix, words);
		top->value = combine(context, outer, prefix, size);
		add_interval(&sweep, prefix->address, top->value);
	}
	close_prefixes(&sweep, NULL);
	*intervals = xrealloc(sweep.intervals, sweep.count, sizeof(**intervals));
	return sweep.count;
}

uint32_t intervals_find(
	const struct interval *intervals, size_t count, const uint32_t address[static 4])
{
	size_t low = 0, high = count;

	while (high - low > 1) {
		size_t middle = low + (high - low) / 2;

		if (compare_addresses(intervals[middle].first, address) > 0)
			high = middle;
		else
			low = middle;
	}
	return intervals[low].value;
}
