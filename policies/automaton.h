/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * automaton.h - from globs to a minimal DFA over byte classes.
 *
 * Each glob carries a mark (a number of the caller's). A state's mark set is that of all globs that
 * match there; the caller turns mark sets into accept values when it writes the automaton into an
 * image.
 */
#ifndef CGW_AUTOMATON_H
#define CGW_AUTOMATON_H

#include <stdint.h>
#include <stddef.h>

struct automaton_glob {
	const char *text; /* has passed glob_check() */
	size_t length;
	uint32_t mark;
};

/* A set of marks that some state has: sorted, without duplicates. */
struct mark_set {
	uint32_t *marks;
	size_t count;
};

struct automaton {
	uint32_t state_count; /* state 0 is dead */
	uint32_t class_count;
	uint32_t start;
	uint8_t class_of[256];
	uint32_t *next;	  /* [state * class_count + class] */
	uint32_t *set_of; /* [state]: index into sets, or 0: none (sets[0] is empty) */
	struct mark_set *sets;
	size_t set_count;
};

/*
 * The most states that one automaton may get while it is made. 65,536 states of 32 classes are 8
 * MiB. What needs more is split over several automata (see automaton_split) or refused.
 */
#define AUTOMATON_STATES_MAX 65536

/*
 * Takes from a sorted set the marks that do not count beside the others; returns how many are left,
 * still sorted. States that differ in marks that do not count become one.
 */
typedef size_t automaton_reduce(void *context, uint32_t *marks, size_t count);

struct automaton_options {
	int separator;		  /* as in glob.h */
	automaton_reduce *reduce; /* NULL: all marks count */
	void *context;		  /* of reduce */
};

/* A reduce for marks of which only the greatest counts. */
size_t automaton_reduce_greatest(void *context, uint32_t *marks, size_t count);

/*
 * Compiles all globs into one automaton. 0, or -E2BIG if more than states_max states are needed:
 * nothing is returned then. Deterministic: the result depends on the globs and their order only;
 * states and mark sets are numbered breadth first from the start.
 */
int automaton_compile(struct automaton *automaton, const struct automaton_glob *globs, size_t count,
	const struct automaton_options *options, size_t states_max);

void automaton_free(struct automaton *automaton);

/* The index of the mark set that the text reaches, 0 for none. */
uint32_t automaton_match(const struct automaton *automaton, const void *text, size_t length);

/*
 * Compiles all globs into as few automata as a greedy split gives without any of them growing
 * beyond what is sensible (globs such as "anything, then x" and "a, one component, b" multiply each
 * other). The results are appended to *list, an array of *list_count that the caller frees. Returns
 * 0; or -E2BIG, *list untouched: *culprit is the index of a glob that alone needs more than
 * AUTOMATON_STATES_MAX states.
 */
int automaton_split(struct automaton **list, size_t *list_count, const struct automaton_glob *globs,
	size_t count, const struct automaton_options *options, size_t *culprit);

/* Frees what automaton_split() made; *list becomes NULL. */
void automaton_list_free(struct automaton **list, size_t *list_count);

#endif
