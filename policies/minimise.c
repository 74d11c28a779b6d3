// SPDX-License-Identifier: GPL-2.0-only
/*
 * minimise.c - which states of a deterministic automaton are equivalent.
 *
 * Partition refinement for partial transition functions (Valmari and Lehtinen, "Efficient
 * Minimization of DFAs with Partial Transition Functions", 2008): O(n + m log m) for m transitions
 * that do not lead to the dead state. A tree of literals has as many of these as states, whatever
 * the number of classes.
 *
 * States are partitioned into blocks, transitions into cords (same class, ends in one block). Each
 * new block splits the cords that end in it; each new cord splits the blocks that it starts in.
 */
#include "minimise.h"

#include <stdlib.h>

#include "strbuf.h"

/* A partition of 0 .. n - 1 whose sets can be split by marking elements. */
struct partition {
	uint32_t set_count;
	uint32_t *elements;    /* grouped by set */
	uint32_t *location;    /* of an element in elements */
	uint32_t *set_of;      /* of an element */
	uint32_t *first, *end; /* of a set in elements */
	uint32_t *marked;      /* how many of a set are marked: they stand at its beginning */
	uint32_t *touched;     /* sets with marked elements */
	uint32_t touched_count;
};

/* All elements in one set; none, if there are no elements. */
static void partition_init(struct partition *partition, size_t count)
{
	partition->set_count = count ? 1 : 0;
	partition->elements = xcalloc(count + 1, sizeof(uint32_t));
	partition->location = xcalloc(count + 1, sizeof(uint32_t));
	partition->set_of = xcalloc(count + 1, sizeof(uint32_t));
	partition->first = xcalloc(count + 1, sizeof(uint32_t));
	partition->end = xcalloc(count + 1, sizeof(uint32_t));
	partition->marked = xcalloc(count + 1, sizeof(uint32_t));
	partition->touched = xcalloc(count + 1, sizeof(uint32_t));
	partition->touched_count = 0;
	for (size_t i = 0; i < count; i++)
		partition->elements[i] = partition->location[i] = i;
	partition->end[0] = count;
}

static void partition_free(struct partition *partition)
{
	free(partition->elements);
	free(partition->location);
	free(partition->set_of);
	free(partition->first);
	free(partition->end);
	free(partition->marked);
	free(partition->touched);
}

/* Each element at most once between two splits. */
static void partition_mark(struct partition *partition, uint32_t element)
{
	uint32_t set = partition->set_of[element];
	uint32_t from = partition->location[element];
	uint32_t to = partition->first[set] + partition->marked[set];
	uint32_t other = partition->elements[to];

	partition->elements[from] = other;
	partition->location[other] = from;
	partition->elements[to] = element;
	partition->location[element] = to;
	if (!partition->marked[set]++)
		partition->touched[partition->touched_count++] = set;
}

/* Parts the marked elements of each set from the others. The smaller part becomes a new set. */
static void partition_split(struct partition *partition)
{
	while (partition->touched_count) {
		uint32_t set = partition->touched[--partition->touched_count];
		uint32_t new_set = partition->set_count;
		uint32_t border = partition->first[set] + partition->marked[set];
		uint32_t count = partition->marked[set];

		partition->marked[set] = 0;
		if (border == partition->end[set])
			continue;
		if (count <= partition->end[set] - border) {
			partition->first[new_set] = partition->first[set];
			partition->end[new_set] = partition->first[set] = border;
		} else {
			partition->end[new_set] = partition->end[set];
			partition->first[new_set] = partition->end[set] = border;
		}
		partition->marked[new_set] = 0;
		for (uint32_t i = partition->first[new_set]; i < partition->end[new_set]; i++)
			partition->set_of[partition->elements[i]] = new_set;
		partition->set_count++;
	}
}

struct minimiser {
	const uint32_t *next;
	const uint32_t *accept;
	size_t state_count; /* without the dead state: state s is element s - 1 */
	size_t class_count;
	size_t transition_count;
	uint32_t *tail;	    /* of a transition */
	uint32_t *incoming; /* transitions, grouped by the state in which they end */
	uint32_t *from;	    /* of a state in incoming; one more than states */
	struct partition blocks;
	struct partition cords;
};

static uint32_t target(const struct minimiser *minimiser, size_t state, size_t class)
{
	return minimiser->next[(state + 1) * minimiser->class_count + class];
}

/* Transitions in the order of their classes, each class a cord. */
static void collect_transitions(struct minimiser *minimiser)
{
	size_t states = minimiser->state_count, count = 0;
	uint32_t *at;

	minimiser->from = xcalloc(states + 2, sizeof(uint32_t));
	for (size_t i = minimiser->class_count; i < (states + 1) * minimiser->class_count; i++) {
		if (!minimiser->next[i])
			continue;
		minimiser->from[minimiser->next[i]]++; /* of the state before: sums follow */
		count++;
	}
	minimiser->transition_count = count;
	for (size_t i = 1; i <= states; i++)
		minimiser->from[i] += minimiser->from[i - 1];
	minimiser->tail = xcalloc(count + 1, sizeof(uint32_t));
	minimiser->incoming = xcalloc(count + 1, sizeof(uint32_t));
	partition_init(&minimiser->cords, count);
	at = xcalloc(states + 1, sizeof(uint32_t));
	for (size_t i = 0; i < states; i++)
		at[i] = minimiser->from[i];
	count = 0;
	for (size_t class = 0; class < minimiser->class_count; class ++) {
		size_t first = count;

		for (size_t state = 0; state < states; state++) {
			uint32_t end = target(minimiser, state, class);

			if (!end)
				continue;
			minimiser->incoming[at[end - 1]++] = count;
			minimiser->tail[count++] = state;
		}
		if (!first)
			continue;
		for (size_t i = first; i < count; i++)
			partition_mark(&minimiser->cords, i);
		partition_split(&minimiser->cords);
	}
	free(at);
}

/* The first partition: by what the states accept. */
static void split_by_accept(struct minimiser *minimiser)
{
	size_t states = minimiser->state_count;
	uint32_t most = 0, *begin, *order;

	for (size_t i = 1; i <= states; i++)
		if (minimiser->accept[i] > most)
			most = minimiser->accept[i];
	begin = xcalloc((size_t)most + 2, sizeof(uint32_t));
	order = xcalloc(states + 1, sizeof(uint32_t));
	for (size_t i = 1; i <= states; i++)
		begin[minimiser->accept[i] + 1]++;
	for (size_t i = 1; i <= most; i++)
		begin[i] += begin[i - 1];
	for (size_t i = 1; i <= states; i++)
		order[begin[minimiser->accept[i]]++] = i - 1;
	for (size_t i = 0; i < states; i++) {
		partition_mark(&minimiser->blocks, order[i]);
		if (i + 1 == states ||
			minimiser->accept[order[i] + 1] != minimiser->accept[order[i + 1] + 1])
			partition_split(&minimiser->blocks);
	}
	free(begin);
	free(order);
}

static void refine(struct minimiser *minimiser)
{
	struct partition *blocks = &minimiser->blocks, *cords = &minimiser->cords;
	uint32_t block = 1; /* the first needs no turn: the cords are split by all others */

	for (uint32_t cord = 0; cord < cords->set_count; cord++) {
		for (uint32_t i = cords->first[cord]; i < cords->end[cord]; i++)
			partition_mark(blocks, minimiser->tail[cords->elements[i]]);
		partition_split(blocks);
		for (; block < blocks->set_count; block++) {
			for (uint32_t i = blocks->first[block]; i < blocks->end[block]; i++) {
				uint32_t state = blocks->elements[i];

				for (uint32_t j = minimiser->from[state];
					j < minimiser->from[state + 1]; j++)
					partition_mark(cords, minimiser->incoming[j]);
			}
			partition_split(cords);
		}
	}
}

size_t minimise(uint32_t *block_of, const uint32_t *next, const uint32_t *accept,
	size_t state_count, size_t class_count)
{
	struct minimiser minimiser = {.next = next,
		.accept = accept,
		.state_count = state_count - 1,
		.class_count = class_count};
	size_t blocks;

	partition_init(&minimiser.blocks, minimiser.state_count);
	collect_transitions(&minimiser);
	split_by_accept(&minimiser);
	refine(&minimiser);
	block_of[0] = 0;
	for (size_t i = 0; i < minimiser.state_count; i++)
		block_of[i + 1] = minimiser.blocks.set_of[i] + 1;
	blocks = minimiser.blocks.set_count + 1;
	partition_free(&minimiser.blocks);
	partition_free(&minimiser.cords);
	free(minimiser.tail);
	free(minimiser.incoming);
	free(minimiser.from);
	return blocks;
}
