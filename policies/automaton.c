// SPDX-License-Identifier: GPL-2.0-only
/*
 * automaton.c - from globs to a minimal DFA over byte classes: subset construction, minimisation,
 * numbering.
 */
#include "automaton.h"

#include <errno.h>
#include <stdbool.h>
#include <stdlib.h>
#include <string.h>

#include "intern.h"
#include "minimise.h"
#include "nfa.h"
#include "strbuf.h"

/* Bounds of the work that one automaton may be, whatever its number of states. */
#define SETS_BYTES_MAX (64U << 20) /* all sets of NFA nodes, all sets of marks */
#define TRANSITIONS_MAX (4U << 20) /* that do not lead to the dead state */
#define CELLS_MAX (16U << 20)	   /* of the table of transitions */
#define NODES_MAX(states)                                                                          \
	(4 * (states) + 64) /* an NFA beyond that has more states than allowed                     \
			     */

/* Linked by index + 1. */
struct bucket_item {
	uint32_t node;
	uint32_t next;
};

struct determiniser {
	const struct nfa *nfa;
	const struct automaton_options *options;
	uint8_t class_of[256];
	uint32_t class_count;
	uint8_t byte_of[256];	/* some byte of a class */
	uint32_t group_of[256]; /* classes that are in the same sets are a group */
	uint32_t group_count;
	uint8_t group_byte[256];
	struct intern states; /* sets of nodes; the dead state is the empty set */
	uint32_t *next;
	size_t next_room, transitions;
	struct intern sets; /* of marks; 0 is empty */
	uint32_t *set_of;
	size_t set_count, set_room;
	/* the set of nodes at hand */
	uint32_t *items;
	size_t item_count;
	uint32_t *stamps; /* of a node: the set it was last put into */
	uint32_t stamp;
	uint32_t *stack;
	/* what leaves the state at hand */
	uint32_t bucket_of[256]; /* by single bytes, of a class */
	struct bucket_item *bucket;
	size_t bucket_count, bucket_room;
	const struct nfa_edge **wide; /* by sets */
	size_t wide_count, wide_room;
	uint32_t *marks;
	size_t mark_room;
};

static void determiniser_free(struct determiniser *det)
{
	intern_free(&det->states);
	intern_free(&det->sets);
	free(det->next);
	free(det->set_of);
	free(det->items);
	free(det->stamps);
	free(det->stack);
	free(det->bucket);
	free(det->wide);
	free(det->marks);
}

/* ---- classes of bytes ---- */

/* Bytes that no glob tells apart are one class, numbered in the order of their first bytes. */
static void make_classes(struct determiniser *det)
{
	const struct nfa *nfa = det->nfa;
	struct intern classes = {0}, groups = {0};
	size_t set_count = nfa->sets.count;
	uint8_t *member = xcalloc(set_count + 2, 1);
	bool *used = xcalloc(set_count + 1, sizeof(*used)), alone[256] = {false};

	for (size_t i = 0; i < nfa->edge_count; i++) {
		if (nfa->edges[i].kind == NFA_BYTE)
			alone[nfa->edges[i].value] = true;
		else if (nfa->edges[i].kind == NFA_SET)
			used[nfa->edges[i].value] = true;
	}
	for (unsigned int byte = 0; byte < 256; byte++) {
		uint32_t class, group;

		for (size_t i = 0; i < set_count; i++)
			member[i] =
				used[i] && glob_bytes_has(intern_get(&nfa->sets, i, NULL), byte);
		group = intern_add(&groups, member, set_count);
		member[set_count] = alone[byte];
		member[set_count + 1] = alone[byte] ? byte : 0;
		class = intern_add(&classes, member, set_count + 2);
		det->class_of[byte] = class;
		det->byte_of[class] = byte;
		det->group_of[class] = group;
		det->group_byte[group] = byte;
	}
	det->class_count = classes.count;
	det->group_count = groups.count;
	intern_free(&classes);
	intern_free(&groups);
	free(member);
	free(used);
}

/* ---- sets of nodes ---- */

static void set_begin(struct determiniser *det)
{
	det->item_count = 0;
	det->stamp++;
}

/* Adds a node and what it reaches without a byte. Nodes that can do nothing else are left out. */
static void set_add(struct determiniser *det, uint32_t node)
{
	size_t depth = 0;

	if (det->stamps[node] == det->stamp)
		return;
	det->stamps[node] = det->stamp;
	det->stack[depth++] = node;
	while (depth) {
		const struct nfa_node *at;
		bool counts;

		node = det->stack[--depth];
		at = &det->nfa->nodes[node];
		counts = at->marks;
		for (uint32_t i = at->edges; i; i = det->nfa->edges[i - 1].next) {
			const struct nfa_edge *edge = &det->nfa->edges[i - 1];

			if (edge->kind != NFA_EMPTY) {
				counts = true;
			} else if (det->stamps[edge->target] != det->stamp) {
				det->stamps[edge->target] = det->stamp;
				det->stack[depth++] = edge->target;
			}
		}
		if (counts)
			det->items[det->item_count++] = node;
	}
}

static int compare_u32(const void *a, const void *b)
{
	uint32_t left = *(const uint32_t *)a, right = *(const uint32_t *)b;

	return (left > right) - (left < right);
}

static void sort_u32(uint32_t *numbers, size_t count)
{
	if (count > 16) {
		qsort(numbers, count, sizeof(*numbers), compare_u32);
		return;
	}
	for (size_t i = 1; i < count; i++) {
		uint32_t number = numbers[i];
		size_t to = i;

		for (; to && numbers[to - 1] > number; to--)
			numbers[to] = numbers[to - 1];
		numbers[to] = number;
	}
}

/* The state of the set at hand. */
static uint32_t set_end(struct determiniser *det)
{
	sort_u32(det->items, det->item_count);
	return intern_add(&det->states, det->items, det->item_count * sizeof(*det->items));
}

/* ---- what a state accepts ---- */

size_t automaton_reduce_greatest(void *context, uint32_t *marks, size_t count)
{
	(void)context;
	if (!count)
		return 0;
	marks[0] = marks[count - 1];
	return 1;
}

static void add_marks(struct determiniser *det, const uint32_t *items, size_t item_count)
{
	size_t count = 0, unique = 0;

	for (size_t i = 0; i < item_count; i++) {
		uint32_t mark = det->nfa->nodes[items[i]].marks;

		for (; mark; mark = det->nfa->marks[mark - 1].next) {
			ARRAY_GROW(det->marks, count, det->mark_room);
			det->marks[count++] = det->nfa->marks[mark - 1].mark;
		}
	}
	sort_u32(det->marks, count);
	for (size_t i = 0; i < count; i++)
		if (!i || det->marks[i] != det->marks[i - 1])
			det->marks[unique++] = det->marks[i];
	if (unique && det->options->reduce)
		unique = det->options->reduce(det->options->context, det->marks, unique);
	ARRAY_GROW(det->set_of, det->set_count, det->set_room);
	det->set_of[det->set_count++] =
		intern_add(&det->sets, det->marks, unique * sizeof(*det->marks));
}

/* ---- transitions ---- */

/* Sorts the edges that leave a state: single bytes by class, sets in a list. */
static void collect_edges(struct determiniser *det, const uint32_t *items, size_t item_count)
{
	const struct nfa *nfa = det->nfa;

	memset(det->bucket_of, 0, det->class_count * sizeof(*det->bucket_of));
	det->bucket_count = 0;
	det->wide_count = 0;
	for (size_t i = 0; i < item_count; i++) {
		for (uint32_t at = nfa->nodes[items[i]].edges; at; at = nfa->edges[at - 1].next) {
			const struct nfa_edge *edge = &nfa->edges[at - 1];
			uint32_t *first = &det->bucket_of[det->class_of[edge->value & 255]];

			if (edge->kind == NFA_SET) {
				ARRAY_GROW(det->wide, det->wide_count, det->wide_room);
				det->wide[det->wide_count++] = edge;
			} else if (edge->kind == NFA_BYTE) {
				ARRAY_GROW(det->bucket, det->bucket_count, det->bucket_room);
				det->bucket[det->bucket_count++] =
					(struct bucket_item){.node = edge->target, .next = *first};
				*first = det->bucket_count;
			}
		}
	}
}

static void add_wide(struct determiniser *det, uint8_t byte)
{
	for (size_t i = 0; i < det->wide_count; i++)
		if (glob_bytes_has(intern_get(&det->nfa->sets, det->wide[i]->value, NULL), byte))
			set_add(det, det->wide[i]->target);
}

/* The row of one state, whose edges have been collected. */
static void make_row(struct determiniser *det, uint32_t *row)
{
	uint32_t by_group[256];

	for (uint32_t group = 0; group < det->group_count; group++) {
		by_group[group] = 0;
		if (!det->wide_count)
			continue;
		set_begin(det);
		add_wide(det, det->group_byte[group]);
		by_group[group] = set_end(det);
	}
	for (uint32_t class = 0; class < det->class_count; class ++) {
		row[class] = by_group[det->group_of[class]];
		if (det->bucket_of[class]) {
			set_begin(det);
			add_wide(det, det->byte_of[class]);
			for (uint32_t i = det->bucket_of[class]; i; i = det->bucket[i - 1].next)
				set_add(det, det->bucket[i - 1].node);
			row[class] = set_end(det);
		}
		det->transitions += row[class] != 0;
	}
}

static bool too_big(const struct determiniser *det, size_t states_max)
{
	return det->states.count > states_max || det->states.length > SETS_BYTES_MAX ||
	       det->sets.length > SETS_BYTES_MAX || det->transitions > TRANSITIONS_MAX ||
	       det->states.count * det->class_count > CELLS_MAX;
}

static int determinise(struct determiniser *det, size_t states_max)
{
	uint32_t *items = NULL;
	size_t item_room = 0;

	intern_add(&det->sets, NULL, 0);
	set_begin(det);
	set_end(det);
	set_begin(det);
	set_add(det, 0);
	set_end(det);
	for (size_t state = 0; state < det->states.count; state++) {
		size_t length, cells = (state + 1) * det->class_count;
		const void *set = intern_get(&det->states, state, &length);

		if (too_big(det, states_max)) {
			free(items);
			return -E2BIG;
		}
		if (cells > det->next_room) {
			det->next_room = 2 * cells;
			det->next = xrealloc(det->next, det->next_room, sizeof(*det->next));
		}
		/* a copy: new sets move the old ones */
		if (length > item_room) {
			item_room = 2 * length;
			items = xrealloc(items, item_room, 1);
		}
		if (length)
			memcpy(items, set, length);
		add_marks(det, items, length / sizeof(*items));
		collect_edges(det, items, length / sizeof(*items));
		make_row(det, det->next + cells - det->class_count);
	}
	free(items);
	return 0;
}

/* ---- the result ---- */

struct numbering {
	uint32_t *state_of;  /* a state of the determiniser, of each state of the result */
	uint32_t *number_of; /* of a block, + 1; 0: not yet met */
	uint32_t count;
};

static uint32_t number_block(struct numbering *numbering, uint32_t block, uint32_t state)
{
	if (!numbering->number_of[block]) {
		numbering->state_of[numbering->count++] = state;
		numbering->number_of[block] = numbering->count;
	}
	return numbering->number_of[block] - 1;
}

/* The mark sets that are used, numbered in the order of the states. */
static void copy_sets(struct automaton *automaton, const struct determiniser *det,
	const struct numbering *numbering)
{
	uint32_t *number_of = xcalloc(det->sets.count, sizeof(*number_of));

	automaton->set_of = xcalloc(automaton->state_count, sizeof(*automaton->set_of));
	automaton->sets = xcalloc(det->sets.count, sizeof(*automaton->sets));
	automaton->set_count = 1;
	for (uint32_t i = 0; i < automaton->state_count; i++) {
		uint32_t set = det->set_of[numbering->state_of[i]];
		const void *marks;
		size_t length;

		if (!set)
			continue;
		if (!number_of[set]) {
			struct mark_set *copy = &automaton->sets[automaton->set_count];

			marks = intern_get(&det->sets, set, &length);
			copy->count = length / sizeof(*copy->marks);
			copy->marks = xcalloc(copy->count, sizeof(*copy->marks));
			memcpy(copy->marks, marks, length);
			number_of[set] = automaton->set_count++;
		}
		automaton->set_of[i] = number_of[set];
	}
	free(number_of);
}

/* Numbers the blocks breadth first from the start and copies one state of each. */
static void copy_states(struct automaton *automaton, const struct determiniser *det)
{
	size_t count = det->states.count, classes = det->class_count;
	uint32_t *block_of = xcalloc(count, sizeof(*block_of));
	size_t blocks = minimise(block_of, det->next, det->set_of, count, classes);
	struct numbering numbering = {
		.state_of = xcalloc(blocks, sizeof(uint32_t)),
		.number_of = xcalloc(blocks, sizeof(uint32_t)),
	};

	number_block(&numbering, 0, 0);
	if (count > 1)
		automaton->start = number_block(&numbering, block_of[1], 1);
	automaton->next = xcalloc(blocks * classes, sizeof(*automaton->next));
	for (uint32_t i = 0; i < numbering.count; i++) {
		const uint32_t *row = det->next + numbering.state_of[i] * classes;

		for (size_t class = 0; class < classes; class ++)
			automaton->next[i * classes + class] =
				number_block(&numbering, block_of[row[class]], row[class]);
	}
	automaton->state_count = numbering.count;
	automaton->class_count = classes;
	memcpy(automaton->class_of, det->class_of, sizeof(automaton->class_of));
	copy_sets(automaton, det, &numbering);
	free(block_of);
	free(numbering.state_of);
	free(numbering.number_of);
}

int automaton_compile(struct automaton *automaton, const struct automaton_glob *globs, size_t count,
	const struct automaton_options *options, size_t states_max)
{
	struct determiniser det = {.options = options};
	struct nfa nfa;
	int error = nfa_build(&nfa, globs, count, options->separator, NODES_MAX(states_max));

	if (!error) {
		det.nfa = &nfa;
		det.items = xcalloc(nfa.node_count, sizeof(*det.items));
		det.stamps = xcalloc(nfa.node_count, sizeof(*det.stamps));
		det.stack = xcalloc(nfa.node_count, sizeof(*det.stack));
		make_classes(&det);
		error = determinise(&det, states_max);
	}
	if (!error) {
		*automaton = (struct automaton){0};
		copy_states(automaton, &det);
	}
	determiniser_free(&det);
	nfa_free(&nfa);
	return error;
}

void automaton_free(struct automaton *automaton)
{
	for (size_t i = 0; i < automaton->set_count; i++)
		free(automaton->sets[i].marks);
	free(automaton->sets);
	free(automaton->next);
	free(automaton->set_of);
	*automaton = (struct automaton){0};
}

uint32_t automaton_match(const struct automaton *automaton, const void *text, size_t length)
{
	const uint8_t *bytes = text;
	uint32_t state = automaton->start;

	for (size_t i = 0; i < length; i++)
		state = automaton->next[(size_t)state * automaton->class_count +
					automaton->class_of[bytes[i]]];
	return automaton->set_of[state];
}
