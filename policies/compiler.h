/* SPDX-License-Identifier: GPL-2.0-only */
/* compiler.h - what the parts of the compiler share. Internal to policies/compile*.c. */
#ifndef CGW_COMPILER_H
#define CGW_COMPILER_H

#include "builder.h"
#include "compile.h"

struct compiler {
	const struct policies *policies;
	struct diagnostics *diags;
	struct builder builder;
	const struct policy *by_slot[CGW_POLICIES_MAX];
	struct cgw_policy records[CGW_POLICIES_MAX]; /* the same */
	uint32_t first_rule[CGW_POLICIES_MAX];	     /* the same: index of its first rule */
	uint32_t slot_count;			     /* highest slot in use, + 1 */
	bool failed;				     /* and diags says why */
};

static inline uint32_t rule_ref(
	const struct compiler *compiler, uint32_t slot, const struct policy_rule *rule)
{
	size_t index = rule - compiler->by_slot[slot]->rules;

	return CGW_REF(rule->action, compiler->first_rule[slot] + index);
}

static inline bool ref_is_allow(uint32_t ref)
{
	return CGW_REF_ACTION(ref) == CGW_ACTION_ALLOW;
}

/* Globs on their way to a chain of automata, and what to say of one that needs too many states. */
struct glob_place {
	const char *file;
	uint32_t line, column;
};

struct glob_list {
	struct automaton_glob *globs;
	size_t count, room;
	struct glob_place *places;
	size_t place_count, place_room;
};

/* The texts are borrowed. */
void glob_list_add(
	struct glob_list *list, const char *glob, uint32_t mark, const struct glob_place *place);
void glob_list_free(struct glob_list *list);

/*
 * The chain of the automata of a list, at most links_max, 0 for none; accept() is that of
 * builder_chain().
 */
uint32_t compile_chain(struct compiler *compiler, const struct glob_list *list,
	const struct automaton_options *options, size_t links_max,
	uint32_t (*accept)(void *context, const struct mark_set *marks), void *context);

/* The same for globs whose marks are refs: accepts the greatest. */
uint32_t compile_ref_chain(struct compiler *compiler, const struct glob_list *list, int separator);

static inline void slot_set_add(struct cgw_set *set, uint32_t slot)
{
	set->word[slot / 64] |= 1ULL << slot % 64;
}

/*
 * Pads the image, writes its header with the checksum, and takes the bytes out of the builder. 0,
 * or -E2BIG.
 */
int image_finish(struct image *image, struct builder *builder, struct cgw_image_header *header);

/* Each fills in its part of the record of the policy in a slot. */
void compile_sysctl(struct compiler *compiler, uint32_t slot);
void compile_peers(struct compiler *compiler, uint32_t slot);
void compile_unix(struct compiler *compiler, uint32_t slot);
void compile_sockets(struct compiler *compiler, uint32_t slot);
void compile_files(struct compiler *compiler, uint32_t slot);
void compile_numbers(struct compiler *compiler, uint32_t slot);

#endif
