/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * view.h - reading an image: its pages, runs of its automata, searches in its tables.
 *
 * Compiled by both compilers, which differ in two things only: how a page of the image is fetched,
 * and how a loop is written (the verifier wants bpf_loop).
 */
#ifndef CGW_VIEW_H
#define CGW_VIEW_H

#include <stddef.h>
#include "abi.h"
#include "value.h"

/* ---- the image ---- */

/* An image as the matcher sees it, with the page it last looked at. */
struct cgw_view {
#ifdef __bpf__
	void *image; /* the array map */
#else
	const __u8 *image;
	__u32 size; /* multiple of CGW_PAGE_SIZE */
#endif
	const __u8 *page;
	__u32 index; /* of page */
	__u32 broken;
	__u32 zero; /* see cgw_view_open() */
};

CGW_INLINE const __u8 *cgw_page_fetch(struct cgw_view *view, __u32 index)
{
#ifdef __bpf__
	return bpf_map_lookup_elem(view->image, &index);
#else
	return index < view->size >> CGW_PAGE_SHIFT
		       ? view->image + ((size_t)index << CGW_PAGE_SHIFT)
		       : NULL;
#endif
}

/* The page that holds offset; any valid page, and view->broken, if there is none. */
CGW_INLINE const __u8 *cgw_page(struct cgw_view *view, __u32 offset)
{
	__u32 index = offset >> CGW_PAGE_SHIFT;

	if (index != view->index) {
		const __u8 *page = cgw_page_fetch(view, index);

		if (!page) {
			view->broken++;
			return view->page;
		}
		view->page = page;
		view->index = index;
	}
	return view->page;
}

/* Offsets are multiples of 4 in a verified image; the mask keeps any other inside the page. */
CGW_INLINE __u32 cgw_u32(struct cgw_view *view, __u32 offset)
{
	const __u8 *page = cgw_page(view, offset);

	return *(const __u32 *)(page + (offset & (CGW_PAGE_SIZE - 4)));
}

CGW_INLINE __u64 cgw_u64(struct cgw_view *view, __u32 offset)
{
	const __u8 *page = cgw_page(view, offset);

	return *(const __u64 *)(page + (offset & (CGW_PAGE_SIZE - 8)));
}

/*
 * Begin to look at an image. 0, or -1 if it has not even a header. index, broken and zero are 0 in
 * a way that the verifier does not know: it would follow each path once for 0 and once for "any".
 * What starts at 0 and changes within a loop is set to view->zero, for the same reason.
 */
CGW_INLINE int cgw_view_open(struct cgw_view *view)
{
	view->page = cgw_page_fetch(view, 0);
	if (!view->page)
		return -1;
	view->zero = ((const struct cgw_image_header *)view->page)->magic ^ CGW_IMAGE_MAGIC;
	view->index = view->zero;
	view->broken = view->zero;
	return 0;
}

#define cgw_header(view, field) cgw_u32(view, offsetof(struct cgw_image_header, field))

/* ---- automata ---- */

/*
 * Where a run of automata stands. The caller gives the memory: in the kernel it is a map's, because
 * the verifier follows each content of a stack slot, but not of a map. One cursor serves one run
 * after the other.
 */
struct cgw_cursor {
	__u32 class_of; /* offset of the automaton's class table */
	__u32 rows;	/* offset of its rows */
	__u32 state;	/* offset of the state's row from rows; 0: dead */
	__u32 base;	/* where the text begins in run->bytes: 0 or CGW_TEXT_MAX */
	__u32 position; /* of the next byte */
	__u32 length;	/* where the text ends */
	/* of a chain of automata: */
	__u32 first;	 /* offset of the first one */
	__u32 automaton; /* that runs */
	__u32 from;	 /* where the text begins */
	__u32 ref;	 /* greatest so far */
	/* of a value in its spellings: */
	__u32 spelling;	     /* 0: the text as it is; 1: value->normal; 2: its first field */
	__u32 spellings;     /* the last one to try */
	__u32 no_exceptions; /* the text is not all that was written */
	__u32 normal_length;
	__u32 first_length;
};

/*
 * A run: the pointers that go with a cursor; lives on the stack. `classes` is the page of the
 * automaton's class table, apart from the page of the rows: in a large image the two differ.
 */
struct cgw_run {
	struct cgw_view *view;
	struct cgw_cursor *at;
	const __u8 *bytes; /* in the kernel 2 * CGW_TEXT_MAX of them may be addressed */
	const __u8 *classes;
};

/* Starts the automaton at bytes[from]. */
CGW_INLINE void cgw_run_start(struct cgw_run *run, __u32 automaton, __u32 from)
{
	struct cgw_view *view = run->view;
	struct cgw_cursor *at = run->at;

	at->rows = cgw_u32(view, automaton + (__u32)offsetof(struct cgw_automaton, rows));
	at->state = cgw_u32(view, automaton + (__u32)offsetof(struct cgw_automaton, start));
	at->class_of = automaton + (__u32)offsetof(struct cgw_automaton, class_of);
	at->position = from;
	run->classes = cgw_page(view, automaton);
}

CGW_INLINE void cgw_run_step(struct cgw_run *run, __u8 byte)
{
	struct cgw_cursor *at = run->at;
	__u32 class = run->classes[(at->class_of + byte) & (CGW_PAGE_SIZE - 1)];

	at->state = cgw_u32(run->view, at->rows + at->state + 4 + 4 * class);
}

/* Opaque: clang would join the two masked numbers by "or", whose bounds Linux 6.1 does not follow.
 */
CGW_INLINE __u8 cgw_run_byte(struct cgw_run *run)
{
	struct cgw_cursor *at = run->at;
	__u64 base = CGW_OPAQUE((__u64)at->base & CGW_TEXT_MAX);
	__u64 position = CGW_OPAQUE((__u64)at->position & (CGW_TEXT_MAX - 1));

	return run->bytes[base + position];
}

CGW_INLINE __u32 cgw_run_accept(struct cgw_run *run)
{
	return cgw_u32(run->view, run->at->rows + run->at->state);
}

/* Bytes a callback handles, so that the cost of the call is shared. */
#define CGW_CHUNK 8

/* bpf_loop takes no more. */
#define CGW_LOOP_MAX (1U << 23)

/* 1 once the text has been read, or nothing can match any more. */
static __attribute__((unused)) long cgw_run_chunk(__u32 index, void *context)
{
	struct cgw_run *run = context;

	(void)index;
	CGW_UNROLL
	for (int i = 0; i < CGW_CHUNK; i++) {
		if (run->at->position >= run->at->length || !run->at->state)
			return 1;
		cgw_run_step(run, cgw_run_byte(run));
		run->at->position++;
	}
	return 0;
}

/* What one automaton accepts of bytes[0] to bytes[length - 1]; length is at most CGW_TEXT_MAX. */
CGW_INLINE __u32 cgw_run_all(struct cgw_run *run, __u32 automaton, __u32 length)
{
	run->at->base = 0;
	run->at->length = length;
	cgw_run_start(run, automaton, 0);
	cgw_loop(CGW_LOOP_MAX, cgw_run_chunk, run);
	return cgw_run_accept(run);
}

/*
 * Runs a chain of automata, whose accepts are refs, over a text, or over the spellings of a value:
 * the greatest ref decides. One loop over the chunks of all runs: loops within loops cost the
 * verifier the product of their states.
 */
static __attribute__((unused)) long cgw_chain_chunk(__u32 index, void *context)
{
	struct cgw_run *run = context;
	struct cgw_cursor *at = run->at;
	__u32 ref;

	if (!cgw_run_chunk(index, run))
		return 0;
	ref = cgw_run_accept(run);
	/* An exception must match all bytes as written, a denial any spelling of them. */
	if (ref > at->ref &&
		(CGW_REF_ACTION(ref) != CGW_ACTION_ALLOW || !(at->spelling || at->no_exceptions)))
		at->ref = ref;
	at->automaton = cgw_u32(run->view, at->automaton);
	if (!at->automaton) {
		if (at->spelling >= at->spellings)
			return 1;
		at->length = at->spelling ? at->first_length : at->normal_length;
		at->base = CGW_TEXT_MAX;
		at->from = 0;
		at->spelling++;
		at->automaton = at->first;
	}
	cgw_run_start(run, at->automaton, at->from);
	return 0;
}

CGW_INLINE __u32 cgw_chain_run(struct cgw_run *run, __u32 automaton)
{
	struct cgw_cursor *at = run->at;

	at->base = 0;
	at->first = automaton;
	at->automaton = automaton;
	at->ref = 0;
	at->spelling = 0;
	cgw_run_start(run, automaton, at->from);
	cgw_loop(CGW_LOOP_MAX, cgw_chain_chunk, run);
	return at->ref;
}

/* What a chain says about bytes[0] to bytes[length - 1]; length is at most CGW_TEXT_MAX. */
CGW_INLINE __u32 cgw_chain_ref(struct cgw_view *view, struct cgw_cursor *at, __u32 automaton,
	const __u8 *bytes, __u32 length)
{
	struct cgw_run run = {.view = view, .at = at, .bytes = bytes};

	at->from = 0;
	at->length = length;
	at->spellings = 0;
	at->no_exceptions = 0;
	return cgw_chain_run(&run, automaton);
}

/* What a chain says about a value in all its spellings. */
CGW_INLINE __u32 cgw_value_ref(struct cgw_view *view, struct cgw_cursor *at, __u32 automaton,
	const struct cgw_value *value)
{
	struct cgw_run run = {.view = view, .at = at, .bytes = value->written};

	at->from = value->raw_from;
	at->length = value->raw_to;
	at->spellings = 2;
	at->no_exceptions = value->more;
	at->normal_length = value->normal_length;
	at->first_length = value->first_length;
	return cgw_chain_run(&run, automaton);
}

/* ---- tables ---- */

/* 2^20 intervals: more than CGW_RULES_MAX rules can make. */
#define CGW_SEARCH_STEPS 20

/* A binary search: the last interval that begins at or before the key. Memory as for a cursor. */
struct cgw_search {
	__u32 keys;  /* offset */
	__u32 words; /* of a key: 1 or 4 */
	__u32 low;   /* keys[low] <= key */
	__u32 high;  /* key < keys[high] */
	__u32 key[4];
};

struct cgw_search_run {
	struct cgw_view *view;
	struct cgw_search *at;
};

/* Below 0 if the key is less than the one there. Without a branch, for the verifier's sake. */
CGW_INLINE __s64 cgw_search_compare(const __u32 *key, const __u8 *there, __u32 words)
{
	__s64 rest = 0;

	CGW_UNROLL
	for (__u32 i = words; i > 0; i--)
		rest = (__s64)(__u64)key[i - 1] - (__s64)(__u64)((const __u32 *)there)[i - 1] +
		       (rest >> 63);
	return rest;
}

/* Keys that lie in one page: from byte `low` of it up to byte `end`. */
struct cgw_search_page {
	const __u8 *bytes;
	__u64 low; /* the key there is not greater */
	__u64 end;
	__u32 key[4];
};

/* Passes `size` bytes of keys if the key after them is not greater. */
CGW_INLINE void cgw_search_forward(struct cgw_search_page *page, __u64 size, __u32 words)
{
	__u64 next = page->low + size;
	const __u8 *there = page->bytes + CGW_OPAQUE(next & (CGW_PAGE_SIZE - 4 * words));
	__s64 is_before = next - page->end; /* below 0 */
	__s64 is_so = CGW_OPAQUE(is_before & ~cgw_search_compare(page->key, there, words));

	page->low += size & (__u64)(is_so >> 63);
}

/* Steps from `first` keys, a power of two, down to `last`. */
#define cgw_search_tier(page, first, last, words)                                                  \
	do {                                                                                       \
		CGW_UNROLL                                                                         \
		for (__u32 keys = (first); keys >= (last); keys /= 2)                              \
			cgw_search_forward((page), 4 * (words)*keys, (words));                     \
	} while (0)

/* The keys from at->low to at->high are in one page: no page is to be looked up in these steps. */
CGW_INLINE void cgw_search_within(struct cgw_search_run *run, __u32 words)
{
	struct cgw_search *at = run->at;
	__u32 offset = at->keys + 4 * words * at->low, count = at->high - at->low;
	__u64 start = offset & (CGW_PAGE_SIZE - 4 * words);
	struct cgw_search_page page = {.bytes = cgw_page(run->view, offset),
		.low = start,
		.end = start + 4 * words * count};

	CGW_UNROLL
	for (__u32 i = 0; i < words; i++)
		page.key[i] = at->key[i];
	if (count > 1024)
		cgw_search_tier(&page, CGW_PAGE_SIZE / (8 * words), 1024, words);
	if (count > 64)
		cgw_search_tier(&page, 512, 64, words);
	if (count > 8)
		cgw_search_tier(&page, 32, 8, words);
	cgw_search_tier(&page, 4, 1, words);
	at->low += (page.low - start) / (4 * words);
}

/* Divides the keys between two pages; 1 once all that are left are in one page, and found. */
CGW_INLINE long cgw_search_step(struct cgw_search_run *run, __u32 words)
{
	struct cgw_search *at = run->at;
	__u32 first = (at->keys + 4 * words * at->low) >> CGW_PAGE_SHIFT;
	__u32 last = (at->keys + 4 * words * (at->high - 1)) >> CGW_PAGE_SHIFT;
	__u32 middle, index;

	if (first == last) {
		cgw_search_within(run, words);
		return 1;
	}
	middle = (first + last + 1) / 2 << CGW_PAGE_SHIFT;
	index = (middle - at->keys) / (4 * words);
	if (cgw_search_compare(at->key, cgw_page(run->view, middle), words) < 0)
		at->high = index;
	else
		at->low = index;
	return 0;
}

static __attribute__((unused)) long cgw_search_step1(__u32 index, void *context)
{
	(void)index;
	return cgw_search_step(context, 1);
}

static __attribute__((unused)) long cgw_search_step4(__u32 index, void *context)
{
	(void)index;
	return cgw_search_step(context, 4);
}

/* The value of the interval that holds at->key (at->words is set). `table` is not 0. */
CGW_INLINE __u32 cgw_table_find(struct cgw_view *view, struct cgw_search *at, __u32 table)
{
	struct cgw_search_run run = {.view = view, .at = at};

	at->low = 0;
	at->high = cgw_u32(view, table + (__u32)offsetof(struct cgw_table, count));
	at->keys = cgw_u32(view, table + (__u32)offsetof(struct cgw_table, keys));
	if (at->words == 1)
		cgw_loop(CGW_SEARCH_STEPS, cgw_search_step1, &run);
	else
		cgw_loop(CGW_SEARCH_STEPS, cgw_search_step4, &run);
	return cgw_u32(view,
		cgw_u32(view, table + (__u32)offsetof(struct cgw_table, values)) + 4 * at->low);
}

CGW_INLINE __u32 cgw_table_find32(
	struct cgw_view *view, struct cgw_search *at, __u32 table, __u32 key)
{
	at->words = 1;
	at->key[0] = key;
	return cgw_table_find(view, at, table);
}

#endif
