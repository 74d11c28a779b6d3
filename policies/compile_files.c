// SPDX-License-Identifier: GPL-2.0-only
/* compile_files.c - rules over files: paths, and the names of memfds. */
#include "compiler.h"

#include <stdlib.h>
#include <string.h>

#include "glob.h"
#include "strbuf.h"

#define MEMFD "memfd:"

struct file_compiler {
	struct compiler *compiler;
	uint32_t slot;
	const struct policy *policy;
};

/* The greatest ref for each operation among the rules that match. */
static struct cgw_file_class class_of(
	const struct file_compiler *file, const uint32_t *marks, size_t count)
{
	struct cgw_file_class class = {0};

	for (size_t i = 0; i < count; i++) {
		const struct policy_rule *rule = &file->policy->rules[marks[i]];
		uint32_t ref = rule_ref(file->compiler, file->slot, rule);

		for (int op = 0; op < CGW_FILE_OPS; op++)
			if (rule->ops >> (CGW_OP_FILE_READ + op) & 1 && ref > class.ref[op])
				class.ref[op] = ref;
	}
	return class;
}

/* Only the strongest rule for each operation counts. */
static size_t reduce_files(void *context, uint32_t *marks, size_t count)
{
	const struct file_compiler *file = context;
	struct cgw_file_class class = class_of(file, marks, count);
	size_t kept = 0;

	for (size_t i = 0; i < count; i++) {
		uint32_t ref = rule_ref(file->compiler, file->slot, &file->policy->rules[marks[i]]);
		bool counts = false;

		for (int op = 0; op < CGW_FILE_OPS; op++)
			counts |= class.ref[op] == ref;
		if (counts)
			marks[kept++] = marks[i];
	}
	return kept;
}

static uint32_t accept_files(void *context, const struct mark_set *marks)
{
	struct file_compiler *file = context;
	struct cgw_file_class class = class_of(file, marks->marks, marks->count);

	return builder_share(&file->compiler->builder, &class, sizeof(class), 16);
}

/* ---- what can be reached below a state ---- */

static const struct cgw_automaton *automaton_at(const struct builder *builder, uint32_t offset)
{
	return (const struct cgw_automaton *)(builder->data + offset);
}

static const uint32_t *row_at(
	const struct builder *builder, const struct cgw_automaton *automaton, uint32_t state)
{
	return (const uint32_t *)(builder->data + automaton->rows +
				  ((size_t)state << automaton->shift));
}

static uint32_t stronger(uint32_t ref, uint32_t other)
{
	return ref_is_allow(other) || ref > other ? ref : other;
}

/* What a class denies or audits. */
static struct cgw_below below_of(const struct builder *builder, uint32_t offset)
{
	const struct cgw_file_class *class =
		(const struct cgw_file_class *)(builder->data + offset);
	struct cgw_below below = {0};

	for (int op = 0; offset && op < CGW_FILE_OPS; op++)
		below.any = stronger(below.any, class->ref[op]);
	if (offset)
		below.write = stronger(0, class->ref[CGW_FILE_OP(CGW_OP_FILE_WRITE)]);
	return below;
}

/* One pass; true if something changed. States are numbered breadth first: backward is quickest. */
static bool spread_below(const struct builder *builder, const struct cgw_automaton *automaton,
	struct cgw_below *below)
{
	bool changed = false;

	for (uint32_t state = automaton->row_count; state-- > 0;) {
		const uint32_t *row = row_at(builder, automaton, state);
		struct cgw_below best = below[state];

		for (uint32_t class = 1; class <= automaton->classes; class ++) {
			const struct cgw_below *next = &below[row[class] >> automaton->shift];

			best.any = stronger(best.any, next->any);
			best.write = stronger(best.write, next->write);
		}
		changed |= best.any != below[state].any || best.write != below[state].write;
		below[state] = best;
	}
	return changed;
}

/* Gives each automaton of a chain its table of what can be reached below its states. */
static void write_below(struct builder *builder, uint32_t chain)
{
	while (chain && !builder->full) {
		struct cgw_automaton automaton = *automaton_at(builder, chain);
		struct cgw_below *below = xcalloc(automaton.row_count, sizeof(*below));

		for (uint32_t state = 0; state < automaton.row_count; state++)
			below[state] = below_of(builder, row_at(builder, &automaton, state)[0]);
		while (spread_below(builder, &automaton, below))
			;
		automaton.below =
			builder_add(builder, below, automaton.row_count * sizeof(*below), 8);
		free(below);
		if (!builder->full)
			memcpy(builder->data + chain, &automaton, sizeof(automaton));
		chain = automaton.next;
	}
}

/* ---- rules ---- */

/* The glob of a rule over names of a kind, or NULL. */
static const char *file_glob(const struct policy_rule *rule, uint32_t kind)
{
	size_t skip = strlen(MEMFD);
	bool memfd = !strncmp(rule->file.glob, MEMFD, skip);

	if (kind == CGW_FILE_MEMFD)
		return memfd ? rule->file.glob + skip : NULL;
	return memfd ? NULL : rule->file.glob;
}

static void compile_kind(struct file_compiler *file, uint32_t kind)
{
	struct automaton_options options = {
		.separator = kind == CGW_FILE_PATH ? '/' : GLOB_NO_SEPARATOR,
		.reduce = reduce_files,
		.context = file};
	struct compiler *compiler = file->compiler;
	const struct policy *policy = file->policy;
	struct glob_list list = {0};
	uint32_t chain;

	for (size_t i = 0; i < policy->rule_count; i++) {
		const struct policy_rule *rule = &policy->rules[i];
		struct glob_place place = {
			.file = policy->file, .line = rule->line, .column = rule->column};

		if (rule->section == SECTION_FILE && file_glob(rule, kind))
			glob_list_add(&list, file_glob(rule, kind), i, &place);
	}
	chain = compile_chain(compiler, &list, &options, IMAGE_CHAIN_MAX, accept_files, file);
	write_below(&compiler->builder, chain);
	compiler->records[file->slot].files[kind] = chain;
	if (chain && policy->seal)
		compiler->records[file->slot].flags |= CGW_POLICY_SEAL;
	glob_list_free(&list);
}

void compile_files(struct compiler *compiler, uint32_t slot)
{
	struct file_compiler file = {
		.compiler = compiler, .slot = slot, .policy = compiler->by_slot[slot]};

	compile_kind(&file, CGW_FILE_PATH);
	compile_kind(&file, CGW_FILE_MEMFD);
}
