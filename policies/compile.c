// SPDX-License-Identifier: GPL-2.0-only
/* compile.c - from policies to an image: slots, rules, selectors, and how the parts are laid out.
 */
#include "compiler.h"
#include "config.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "strbuf.h"

/*
 * The layout. What a decision reads comes first, so that a small ruleset is decided within the
 * first page; the texts come last, and the attachments before them, so that these can be exchanged
 * (image_attach) without compiling anything.
 *
 *   header | policies | sets, classes, tables, automata | rules | attachments | texts
 */

static void compile_error(struct compiler *compiler, const struct policy *policy, const char *what)
{
	compiler->failed = true;
	diagnostics_add(compiler->diags, SEVERITY_ERROR, policy->file, policy->name_line,
		policy->name_column, "%s", what);
}

/* ---- slots ---- */

static int slot_before(const struct image *previous, const char *name)
{
	return previous ? image_slot(previous, name) : -1;
}

static bool is_present(const struct image *image, uint32_t slot)
{
	return image && slot < image_header(image)->policy_count &&
	       image_policy(image, slot)->flags & CGW_POLICY_PRESENT;
}

/*
 * A slot that a policy of the ruleset in force has is not given to another one in the same step:
 * what is remembered of processes and cgroups by slot would come to mean another policy.
 */
static void assign_slots(struct compiler *compiler, const struct image *previous)
{
	const struct policies *policies = compiler->policies;
	uint32_t free_slot = 0;

	for (size_t i = 0; i < policies->count; i++) {
		int slot = slot_before(previous, policies->items[i]->name);

		if (slot >= 0)
			compiler->by_slot[slot] = policies->items[i];
	}
	for (size_t i = 0; i < policies->count && !compiler->failed; i++) {
		if (slot_before(previous, policies->items[i]->name) >= 0)
			continue;
		while (free_slot < CGW_POLICIES_MAX &&
			(compiler->by_slot[free_slot] || is_present(previous, free_slot)))
			free_slot++;
		if (free_slot < CGW_POLICIES_MAX)
			compiler->by_slot[free_slot] = policies->items[i];
		else
			compile_error(compiler, policies->items[i],
				"too many policies: at most 1024 are possible, those that are in "
				"force and being replaced included; remove some policies first, "
				"then add these");
	}
	for (uint32_t slot = 0; slot < CGW_POLICIES_MAX; slot++)
		if (compiler->by_slot[slot])
			compiler->slot_count = slot + 1;
}

static void start_records(struct compiler *compiler)
{
	const struct policies *policies = compiler->policies;

	for (uint32_t slot = 0; slot < compiler->slot_count; slot++) {
		const struct policy *policy = compiler->by_slot[slot];

		if (!policy)
			continue;
		compiler->records[slot].flags =
			CGW_POLICY_PRESENT | (policy->audit_only ? CGW_POLICY_AUDIT : 0);
		for (size_t i = 0; i < policies->count; i++)
			compiler->records[slot].order +=
				strcmp(policies->items[i]->name, policy->name) < 0;
	}
}

static void number_rules(struct compiler *compiler)
{
	size_t count = 0;

	for (uint32_t slot = 0; slot < compiler->slot_count; slot++) {
		const struct policy *policy = compiler->by_slot[slot];

		compiler->first_rule[slot] = count;
		if (!policy)
			continue;
		count += policy->rule_count;
		if (count > CGW_RULES_MAX) {
			compile_error(compiler, policy,
				"too many rules: at most 262144 are possible in all policies "
				"together; a glob or a CIDR can cover many");
			return;
		}
		for (size_t i = 0; i < policy->rule_count; i++) {
			struct cgw_policy *record = &compiler->records[slot];

			if (policy->rules[i].action == CGW_ACTION_DENY)
				record->deny_ops |= policy->rules[i].ops;
			else if (policy->rules[i].action == CGW_ACTION_AUDIT)
				record->audit_ops |= policy->rules[i].ops;
		}
	}
}

/* ---- selectors ---- */

static uint32_t share_set(struct builder *builder, const struct cgw_set *set)
{
	return builder_share(builder, set, sizeof(*set), sizeof(*set));
}

static uint32_t accept_set(void *context, const struct mark_set *marks)
{
	struct cgw_set set = {0};

	for (size_t i = 0; i < marks->count; i++)
		slot_set_add(&set, marks->marks[i]);
	return share_set(context, &set);
}

static uint32_t compile_selectors(struct compiler *compiler)
{
	struct automaton_options options = {.separator = '/'};
	struct glob_list list = {0};
	uint32_t chain;

	for (uint32_t slot = 0; slot < compiler->slot_count; slot++) {
		const struct policy *policy = compiler->by_slot[slot];

		for (size_t i = 0; policy && i < policy->selector_count; i++) {
			const struct policy_selector *selector = &policy->selectors[i];
			struct glob_place place = {.file = policy->file,
				.line = selector->line,
				.column = selector->column};

			glob_list_add(&list, selector->glob, slot, &place);
		}
	}
	chain = compile_chain(
		compiler, &list, &options, IMAGE_SELECTORS_MAX, accept_set, &compiler->builder);
	glob_list_free(&list);
	return chain;
}

/* ---- rules and texts ---- */

/* Texts, each once; places are relative until the texts have theirs in the image. */
struct texts {
	struct intern intern;
	uint32_t *at;
	size_t count, room;
	struct strbuf bytes;
};

static uint32_t add_text(struct texts *texts, const char *text)
{
	uint32_t number = intern_add(&texts->intern, text, strlen(text) + 1);

	if (number == texts->count) {
		ARRAY_GROW(texts->at, texts->count, texts->room);
		texts->at[texts->count++] = texts->bytes.length;
		strbuf_add(&texts->bytes, text, strlen(text) + 1);
	}
	return texts->at[number];
}

/* For people: the globs with blanks between them. */
static uint32_t add_selectors(struct texts *texts, const struct policy *policy)
{
	struct strbuf globs __attribute__((cleanup(strbuf_free))) = STRBUF_INIT;

	for (size_t i = 0; i < policy->selector_count; i++) {
		const char *glob = policy->selectors[i].glob;

		strbuf_printf(&globs, "%s%s", i ? " " : "", *glob ? glob : "/");
	}
	return add_text(texts, strbuf_text(&globs));
}

static void free_texts(struct texts *texts)
{
	intern_free(&texts->intern);
	free(texts->at);
	strbuf_free(&texts->bytes);
}

struct keyed {
	uint64_t key;
	const struct policy *policy;
	const struct policy_rule *rule;
};

static int compare_keyed(const void *a, const void *b)
{
	const struct keyed *left = a, *right = b;

	return (left->key > right->key) - (left->key < right->key);
}

/* Two rules with one key would share a counter. The odds are one in 10^9 for 200,000 rules. */
static void check_keys(struct compiler *compiler, struct keyed *keyed, size_t count)
{
	qsort(keyed, count, sizeof(*keyed), compare_keyed);
	for (size_t i = 1; i < count; i++) {
		const struct keyed *one = &keyed[i - 1], *other = &keyed[i];

		if (one->key != other->key || (one->policy == other->policy &&
						      !strcmp(one->rule->text, other->rule->text)))
			continue;
		compiler->failed = true;
		diagnostics_add(compiler->diags, SEVERITY_ERROR, other->policy->file,
			other->rule->line, other->rule->column,
			"the rule %s has by chance the key of %s in %s:%u: change the text of one",
			quote(other->rule->text, strlen(other->rule->text)),
			quote(one->rule->text, strlen(one->rule->text)), one->policy->file,
			one->rule->line);
	}
}

static uint32_t write_rules(struct compiler *compiler, struct texts *texts, size_t count)
{
	struct cgw_rule *rules = xcalloc(count + 1, sizeof(*rules));
	struct keyed *keyed = xcalloc(count + 1, sizeof(*keyed));
	uint32_t offset;
	size_t at = 0;

	for (uint32_t slot = 0; slot < compiler->slot_count; slot++) {
		const struct policy *policy = compiler->by_slot[slot];

		for (size_t i = 0; policy && i < policy->rule_count; i++, at++) {
			const struct policy_rule *rule = &policy->rules[i];

			rules[at] = (struct cgw_rule){.key = rule_key(policy->name, rule->text),
				.action = rule->action,
				.policy = slot,
				.text = add_text(texts, rule->text),
				.line = rule->line,
				.column = rule->column,
				.flags = rule->section << CGW_RULE_SECTION_SHIFT};
			keyed[at] = (struct keyed){rules[at].key, policy, rule};
		}
	}
	check_keys(compiler, keyed, count);
	offset = builder_add(&compiler->builder, rules, count * sizeof(*rules), 8);
	free(rules);
	free(keyed);
	return offset;
}

/* ---- layout ---- */

static void compile_policies(struct compiler *compiler)
{
	for (uint32_t slot = 0; slot < compiler->slot_count && !compiler->failed; slot++) {
		const struct policy *policy = compiler->by_slot[slot];

		if (!policy)
			continue;
		compile_sysctl(compiler, slot);
		compile_peers(compiler, slot);
		compile_unix(compiler, slot);
		compile_sockets(compiler, slot);
		compile_files(compiler, slot);
		compile_numbers(compiler, slot);
		if (compiler->builder.full && !compiler->failed)
			compile_error(compiler, policy,
				"the compiled ruleset is larger than 256 MiB: use fewer rules, or "
				"globs with literal prefixes and fewer port ranges on wide peers");
	}
}

/* Adds the texts and gives every record of them its place. */
static void write_texts(
	struct builder *builder, struct cgw_image_header *header, const struct texts *texts)
{
	struct cgw_policy *policies;
	struct cgw_rule *rules;

	/* one byte at least, so that the image ends with a NUL whatever stands before */
	header->text = builder_reserve(builder, texts->bytes.length + 1, 8);
	if (builder->full)
		return;
	if (texts->bytes.length)
		memcpy(builder->data + header->text, texts->bytes.data, texts->bytes.length);
	policies = (struct cgw_policy *)(builder->data + header->policies);
	rules = (struct cgw_rule *)(builder->data + header->rules);
	for (uint32_t slot = 0; slot < header->policy_count; slot++) {
		if (!policies[slot].flags)
			continue;
		policies[slot].name += header->text;
		policies[slot].file += header->text;
		policies[slot].selectors += header->text;
	}
	for (uint32_t i = 0; i < header->rule_count; i++)
		rules[i].text += header->text;
}

static void compile_image(struct compiler *compiler, struct image *image)
{
	struct builder *builder = &compiler->builder;
	struct cgw_image_header header = {.magic = CGW_IMAGE_MAGIC,
		.abi_version = CGW_ABI_VERSION,
		.policy_count = compiler->slot_count};
	const struct cgw_settings settings = config_default();
	struct texts texts = {0};
	struct cgw_set all = {0};

	for (uint32_t slot = 0; slot < compiler->slot_count; slot++) {
		const struct policy *policy = compiler->by_slot[slot];

		if (!policy)
			continue;
		slot_set_add(&all, slot);
		header.rule_count += policy->rule_count;
		header.ops |= compiler->records[slot].deny_ops | compiler->records[slot].audit_ops;
		header.deny_ops |= policy->audit_only ? 0 : compiler->records[slot].deny_ops;
		compiler->records[slot].name = add_text(&texts, policy->name);
		compiler->records[slot].file = add_text(&texts, policy->file);
		compiler->records[slot].selectors = add_selectors(&texts, policy);
	}
	builder_reserve(builder, sizeof(header), 8);
	header.settings = builder_add(builder, &settings, sizeof(settings), 8);
	header.policies =
		builder_reserve(builder, header.policy_count * sizeof(struct cgw_policy), 8);
	header.all = share_set(builder, &all);
	header.selectors = compile_selectors(compiler);
	compile_policies(compiler);
	header.rules = write_rules(compiler, &texts, header.rule_count);
	if (!builder->full)
		memcpy(builder->data + header.policies, compiler->records,
			header.policy_count * sizeof(struct cgw_policy));
	write_texts(builder, &header, &texts);
	free_texts(&texts);
	if (compiler->failed)
		return;
	if (image_finish(image, builder, &header))
		compile_error(compiler, compiler->policies->items[0],
			"the compiled ruleset is larger than 256 MiB: use fewer rules");
}

int policies_compile(struct image *image, const struct policies *policies,
	const struct image *previous, const struct attachment *attachments, size_t attachment_count,
	struct diagnostics *diags)
{
	struct compiler *compiler = xcalloc(1, sizeof(*compiler));
	struct image result = {0}, attached;
	bool failed;

	compiler->policies = policies;
	compiler->diags = diags;
	assign_slots(compiler, previous);
	if (!compiler->failed)
		number_rules(compiler);
	if (!compiler->failed) {
		start_records(compiler);
		compile_image(compiler, &result);
	}
	failed = compiler->failed;
	builder_free(&compiler->builder);
	free(compiler);
	if (!failed && attachment_count) {
		int error = image_attach(&attached, &result, attachments, attachment_count);

		image_free(&result);
		if (error)
			diagnostics_add(diags, SEVERITY_ERROR, "attachments", 0, 0,
				error == -EINVAL ? "a cgroup is attached to a policy that the "
						   "ruleset does not have"
						 : "too many cgroups are attached");
		else
			result = attached;
		failed = error;
	}
	if (failed)
		return -1;
	*image = result;
	return 0;
}
