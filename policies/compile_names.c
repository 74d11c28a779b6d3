// SPDX-License-Identifier: GPL-2.0-only
/* compile_names.c - rules over names: sysctls and their values, unix sockets. */
#include "compiler.h"

#include <stdlib.h>
#include <string.h>

#include "glob.h"
#include "strbuf.h"

#define OP(name) (1U << CGW_OP_##name)

/* ---- chains ---- */

void glob_list_add(
	struct glob_list *list, const char *glob, uint32_t mark, const struct glob_place *place)
{
	ARRAY_GROW(list->globs, list->count, list->room);
	ARRAY_GROW(list->places, list->place_count, list->place_room);
	list->globs[list->count++] =
		(struct automaton_glob){.text = glob, .length = strlen(glob), .mark = mark};
	list->places[list->place_count++] = *place;
}

void glob_list_free(struct glob_list *list)
{
	free(list->globs);
	free(list->places);
	*list = (struct glob_list){0};
}

static void chain_error(struct compiler *compiler, const struct glob_list *list, size_t culprit)
{
	const struct glob_place *place = &list->places[culprit];
	const struct automaton_glob *glob = &list->globs[culprit];

	compiler->failed = true;
	diagnostics_add(compiler->diags, SEVERITY_ERROR, place->file, place->line, place->column,
		"the glob %s needs more than %d states: begin it with a literal prefix, use fewer "
		"wildcards, or write it as several rules",
		quote(glob->text, glob->length), AUTOMATON_STATES_MAX);
}

uint32_t compile_chain(struct compiler *compiler, const struct glob_list *list,
	const struct automaton_options *options, size_t links_max,
	uint32_t (*accept)(void *context, const struct mark_set *marks), void *context)
{
	struct automaton *automata = NULL;
	size_t count = 0, culprit;
	uint32_t chain = 0;

	if (!list->count || compiler->failed)
		return 0;
	if (automaton_split(&automata, &count, list->globs, list->count, options, &culprit)) {
		chain_error(compiler, list, culprit);
		return 0;
	}
	if (count > links_max) {
		compiler->failed = true;
		diagnostics_add(compiler->diags, SEVERITY_ERROR, list->places[0].file,
			list->places[0].line, list->places[0].column,
			"the %zu globs of this kind need %zu automata, at most %zu are possible: "
			"begin them with literal prefixes, or split the policy",
			list->count, count, links_max);
	} else {
		chain = builder_chain(&compiler->builder, automata, count, accept, context);
	}
	automaton_list_free(&automata, &count);
	return chain;
}

static uint32_t accept_ref(void *context, const struct mark_set *marks)
{
	(void)context;
	return marks->marks[marks->count - 1];
}

uint32_t compile_ref_chain(struct compiler *compiler, const struct glob_list *list, int separator)
{
	struct automaton_options options = {
		.separator = separator, .reduce = automaton_reduce_greatest};

	return compile_chain(compiler, list, &options, IMAGE_CHAIN_MAX, accept_ref, NULL);
}

/* ---- sysctl ---- */

struct sysctl_compiler {
	struct compiler *compiler;
	uint32_t slot;
	const struct policy *policy;
	struct intern values; /* lists of rules with a value */
	uint32_t *chains;     /* of each list */
	size_t chain_count, chain_room;
};

static struct glob_place place_of(const struct policy *policy, const struct policy_rule *rule)
{
	return (struct glob_place){
		.file = policy->file, .line = rule->line, .column = rule->column};
}

/* The greatest ref of the rules without value for an operation. */
static uint32_t plain_ref(
	const struct sysctl_compiler *sysctl, const uint32_t *marks, size_t count, uint32_t op)
{
	uint32_t best = 0;

	for (size_t i = 0; i < count; i++) {
		const struct policy_rule *rule = &sysctl->policy->rules[marks[i]];
		uint32_t ref = rule_ref(sysctl->compiler, sysctl->slot, rule);

		if (rule->ops & op && !rule->sysctl.value && ref > best)
			best = ref;
	}
	return best;
}

/*
 * Of the rules without value only the strongest for each operation counts, and those with a value
 * not beside an exception for all values.
 */
static size_t sysctl_reduce(void *context, uint32_t *marks, size_t count)
{
	const struct sysctl_compiler *sysctl = context;
	uint32_t read = plain_ref(sysctl, marks, count, OP(SYSCTL_READ));
	uint32_t write = plain_ref(sysctl, marks, count, OP(SYSCTL_WRITE));
	size_t kept = 0;

	for (size_t i = 0; i < count; i++) {
		const struct policy_rule *rule = &sysctl->policy->rules[marks[i]];
		uint32_t ref = rule_ref(sysctl->compiler, sysctl->slot, rule);

		if (rule->sysctl.value ? !ref_is_allow(write) : ref == read || ref == write)
			marks[kept++] = marks[i];
	}
	return kept;
}

/* The chain over the value globs of these rules. */
static uint32_t value_chain(struct sysctl_compiler *sysctl, const uint32_t *marks, size_t count)
{
	uint32_t number = intern_add(&sysctl->values, marks, count * sizeof(*marks));
	struct glob_list list = {0};

	if (number < sysctl->chain_count)
		return sysctl->chains[number];
	for (size_t i = 0; i < count; i++) {
		const struct policy_rule *rule = &sysctl->policy->rules[marks[i]];
		struct glob_place place = place_of(sysctl->policy, rule);

		glob_list_add(&list, rule->sysctl.value,
			rule_ref(sysctl->compiler, sysctl->slot, rule), &place);
	}
	ARRAY_GROW(sysctl->chains, sysctl->chain_count, sysctl->chain_room);
	sysctl->chains[sysctl->chain_count++] =
		compile_ref_chain(sysctl->compiler, &list, GLOB_NO_SEPARATOR);
	glob_list_free(&list);
	return sysctl->chains[number];
}

static uint32_t accept_sysctl(void *context, const struct mark_set *marks)
{
	struct sysctl_compiler *sysctl = context;
	struct cgw_sysctl_class class = {
		.read = plain_ref(sysctl, marks->marks, marks->count, OP(SYSCTL_READ)),
		.write = plain_ref(sysctl, marks->marks, marks->count, OP(SYSCTL_WRITE)),
	};
	uint32_t *valued = xcalloc(marks->count, sizeof(*valued));
	size_t count = 0;

	for (size_t i = 0; i < marks->count; i++) {
		const struct policy_rule *rule = &sysctl->policy->rules[marks->marks[i]];
		uint32_t ref = rule_ref(sysctl->compiler, sysctl->slot, rule);

		if (!rule->sysctl.value || !(rule->ops & OP(SYSCTL_WRITE)))
			continue;
		valued[count++] = marks->marks[i];
		if (!ref_is_allow(ref) && ref > class.could)
			class.could = ref;
	}
	if (count)
		class.values = value_chain(sysctl, valued, count);
	free(valued);
	return builder_share(&sysctl->compiler->builder, &class, sizeof(class), 8);
}

void compile_sysctl(struct compiler *compiler, uint32_t slot)
{
	const struct policy *policy = compiler->by_slot[slot];
	struct sysctl_compiler sysctl = {.compiler = compiler, .slot = slot, .policy = policy};
	struct automaton_options options = {
		.separator = '/', .reduce = sysctl_reduce, .context = &sysctl};
	struct glob_list list = {0};

	for (size_t i = 0; i < policy->rule_count; i++) {
		struct glob_place place = place_of(policy, &policy->rules[i]);

		if (policy->rules[i].section == SECTION_SYSCTL)
			glob_list_add(&list, policy->rules[i].sysctl.name, i, &place);
	}
	compiler->records[slot].sysctl =
		compile_chain(compiler, &list, &options, IMAGE_CHAIN_MAX, accept_sysctl, &sysctl);
	glob_list_free(&list);
	intern_free(&sysctl.values);
	free(sysctl.chains);
}

/* ---- unix ---- */

/*
 * What a rule says about unix names of a kind: a glob, or NULL. `*` is every name, also that of a
 * socket without one.
 */
static const char *unix_glob(const struct policy_rule *rule, uint32_t kind)
{
	if (rule->peer.kind == PEER_ANY && !rule->peer.port_count)
		return "**";
	if (rule->peer.kind == (kind == CGW_UNIX_PATH ? PEER_UNIX_PATH : PEER_UNIX_ABSTRACT))
		return rule->peer.glob;
	return NULL;
}

static void compile_unix_op(struct compiler *compiler, uint32_t slot, uint32_t op, uint32_t kind)
{
	const struct policy *policy = compiler->by_slot[slot];
	struct cgw_policy *record = &compiler->records[slot];
	struct glob_list list = {0};
	uint32_t could = 0;
	bool all = false;

	for (size_t i = 0; i < policy->rule_count; i++) {
		const struct policy_rule *rule = &policy->rules[i];
		struct glob_place place = place_of(policy, rule);
		uint32_t ref = rule_ref(compiler, slot, rule);
		const char *glob;

		if (rule->section != SECTION_NETWORK || !(rule->ops & 1U << op) ||
			!(rule->protos & 1U << CGW_PROTO_UNIX))
			continue;
		glob = unix_glob(rule, kind);
		if (!glob)
			continue;
		glob_list_add(&list, glob, ref, &place);
		if (ref_is_allow(ref))
			all |= rule->peer.kind == PEER_ANY;
		else if (ref > could)
			could = ref;
	}
	record->unix_names[CGW_PEER_OP(op)][kind] =
		compile_ref_chain(compiler, &list, kind == CGW_UNIX_PATH ? '/' : GLOB_NO_SEPARATOR);
	/* an exception for every name holds for a path that cannot be judged, too */
	if (kind == CGW_UNIX_PATH && !all)
		record->unix_could[CGW_PEER_OP(op)] = could;
	glob_list_free(&list);
}

void compile_unix(struct compiler *compiler, uint32_t slot)
{
	for (uint32_t op = CGW_OP_CONNECT; op <= CGW_OP_LISTEN; op++) {
		compile_unix_op(compiler, slot, op, CGW_UNIX_PATH);
		compile_unix_op(compiler, slot, op, CGW_UNIX_ABSTRACT);
	}
}
