// SPDX-License-Identifier: GPL-2.0-only
/*
 * split.c - many globs into few automata.
 *
 * One automaton for all is best when it is small: a text is read once. But globs multiply: those
 * that can begin anywhere, beside those with a wildcard in the middle, need states for each pair.
 * So globs are sorted by shape, and a group whose automaton grows faster than its globs is halved.
 * What a failed attempt costs is bounded by the states that the group may have; the next group
 * begins with twice the size that the last one had, so that 10,000 globs are not compiled 10,000
 * times.
 */
#include "automaton.h"

#include <errno.h>
#include <stdbool.h>
#include <stdlib.h>
#include <string.h>

#include "glob.h"
#include "strbuf.h"

/* States that a group of several globs may have: by their bytes, and some that any group may. */
#define STATES_PER_BYTE 2
#define STATES_FREE 1024
/* The last group is shared out by trying sizes between one that fits and its double. */
#define REFINEMENTS 2

enum glob_shape {
	SHAPE_FIXED,	/* no wildcard, or only at the end: a tree */
	SHAPE_FLOATING, /* begins with two stars: one loop with a tree behind it */
	SHAPE_OTHER,
};

struct shaped {
	const struct automaton_glob *glob;
	size_t index;
	enum glob_shape shape;
};

static enum glob_shape shape_of(const struct automaton_glob *glob, int separator)
{
	size_t begin = 0, end = glob->length;

	if (separator != GLOB_NO_SEPARATOR && begin < end && glob->text[begin] == separator)
		begin++;
	if (begin < end && glob->text[begin] == '*' &&
		(separator == GLOB_NO_SEPARATOR ||
			(begin + 1 < end && glob->text[begin + 1] == '*')))
		return SHAPE_FLOATING;
	while (end && glob->text[end - 1] == '*')
		end--;
	return glob_is_literal(glob->text, end) ? SHAPE_FIXED : SHAPE_OTHER;
}

/* By shape, then by text: neighbours share beginnings, and a text leaves most automata soon. */
static int compare_shaped(const void *a, const void *b)
{
	const struct shaped *left = a, *right = b;
	size_t length =
		left->glob->length < right->glob->length ? left->glob->length : right->glob->length;
	int order;

	if (left->shape != right->shape)
		return left->shape < right->shape ? -1 : 1;
	order = length ? memcmp(left->glob->text, right->glob->text, length) : 0;
	if (order)
		return order;
	if (left->glob->length != right->glob->length)
		return left->glob->length < right->glob->length ? -1 : 1;
	return left->index < right->index ? -1 : left->index > right->index;
}

struct split {
	const struct automaton_options *options;
	struct automaton_glob *globs; /* sorted */
	size_t count;
	struct automaton *list;
	size_t list_count, list_room;
};

static int try_group(struct split *split, struct automaton *automaton, size_t from, size_t size)
{
	size_t states = STATES_FREE;

	for (size_t i = 0; i < size; i++)
		states += STATES_PER_BYTE * (split->globs[from + i].length + 1);
	if (size == 1 || states > AUTOMATON_STATES_MAX)
		states = AUTOMATON_STATES_MAX;
	return automaton_compile(automaton, split->globs + from, size, split->options, states);
}

/* The largest group from `from` on that a halving of *size and some refinement find. */
static int make_group(struct split *split, struct automaton *automaton, size_t from, size_t *size)
{
	size_t fits = *size, fails = 0;
	int error = try_group(split, automaton, from, fits);

	while (error) {
		if (fits == 1)
			return error;
		fails = fits;
		fits /= 2;
		error = try_group(split, automaton, from, fits);
	}
	for (int i = 0; i < REFINEMENTS && fails > fits + 1; i++) {
		size_t middle = fits + (fails - fits) / 2;
		struct automaton larger;

		if (try_group(split, &larger, from, middle)) {
			fails = middle;
			continue;
		}
		automaton_free(automaton);
		*automaton = larger;
		fits = middle;
	}
	*size = fits;
	return 0;
}

static int make_groups(struct split *split, size_t *failed)
{
	size_t size = split->count;

	for (size_t from = 0; from < split->count; from += size) {
		int error;

		ARRAY_GROW(split->list, split->list_count, split->list_room);
		size = 2 * size < split->count - from ? 2 * size : split->count - from;
		error = make_group(split, &split->list[split->list_count], from, &size);
		if (error) {
			*failed = from;
			return error;
		}
		split->list_count++;
	}
	return 0;
}

static struct shaped *sort_globs(const struct automaton_glob *globs, size_t count, int separator)
{
	struct shaped *sorted = xcalloc(count + 1, sizeof(*sorted));

	for (size_t i = 0; i < count; i++)
		sorted[i] = (struct shaped){
			.glob = &globs[i], .index = i, .shape = shape_of(&globs[i], separator)};
	qsort(sorted, count, sizeof(*sorted), compare_shaped);
	return sorted;
}

int automaton_split(struct automaton **list, size_t *list_count, const struct automaton_glob *globs,
	size_t count, const struct automaton_options *options, size_t *culprit)
{
	struct split split = {.options = options, .count = count};
	struct shaped *sorted = sort_globs(globs, count, options->separator);
	size_t failed = 0;
	int error;

	split.globs = xcalloc(count + 1, sizeof(*split.globs));
	for (size_t i = 0; i < count; i++)
		split.globs[i] = *sorted[i].glob;
	error = make_groups(&split, &failed);
	if (error) {
		*culprit = sorted[failed].index;
		automaton_list_free(&split.list, &split.list_count);
	} else {
		*list = xrealloc(*list, *list_count + split.list_count, sizeof(**list));
		if (split.list_count)
			memcpy(*list + *list_count, split.list, split.list_count * sizeof(**list));
		*list_count += split.list_count;
		free(split.list);
	}
	free(split.globs);
	free(sorted);
	return error;
}

void automaton_list_free(struct automaton **list, size_t *list_count)
{
	for (size_t i = 0; i < *list_count; i++)
		automaton_free(&(*list)[i]);
	free(*list);
	*list = NULL;
	*list_count = 0;
}
