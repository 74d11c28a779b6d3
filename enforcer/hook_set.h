/* SPDX-License-Identifier: GPL-2.0-only */
/* hook_set.h - a set of hooks, by the numbers of struct hook (hooks.h). All zero is the empty one.
 */
#ifndef CGW_HOOK_SET_H
#define CGW_HOOK_SET_H

#include <stdbool.h>
#include <stdint.h>

#define HOOK_SET_WORDS 4

struct hook_set {
	uint64_t word[HOOK_SET_WORDS];
};

static inline bool hook_set_has(const struct hook_set *set, unsigned int hook)
{
	return set->word[hook / 64] >> hook % 64 & 1;
}

static inline void hook_set_add(struct hook_set *set, unsigned int hook)
{
	set->word[hook / 64] |= 1ULL << hook % 64;
}

static inline bool hook_set_is_empty(struct hook_set set)
{
	for (int i = 0; i < HOOK_SET_WORDS; i++)
		if (set.word[i])
			return false;
	return true;
}

static inline struct hook_set hook_set_or(struct hook_set set, struct hook_set other)
{
	for (int i = 0; i < HOOK_SET_WORDS; i++)
		set.word[i] |= other.word[i];
	return set;
}

static inline struct hook_set hook_set_and(struct hook_set set, struct hook_set other)
{
	for (int i = 0; i < HOOK_SET_WORDS; i++)
		set.word[i] &= other.word[i];
	return set;
}

/* What is in the first and not in the second. */
static inline struct hook_set hook_set_minus(struct hook_set set, struct hook_set other)
{
	for (int i = 0; i < HOOK_SET_WORDS; i++)
		set.word[i] &= ~other.word[i];
	return set;
}

#endif
