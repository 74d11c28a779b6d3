// SPDX-License-Identifier: GPL-2.0-only
#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include "names.h"
#include "ruleset.h"

int ruleset_read(struct ruleset *ruleset, char *const *paths, size_t count)
{
	const char *why = NULL;

	*ruleset = (struct ruleset){0};
	if (policies_read(&ruleset->policies, paths, count, &ruleset->diags))
		return -1;
	if (policies_compile(&ruleset->image, &ruleset->policies, NULL, NULL, 0, &ruleset->diags))
		return -1;
	if (!image_verify(ruleset->image.data, ruleset->image.size, &why))
		return 0;
	image_free(&ruleset->image);
	diagnostics_add(&ruleset->diags, SEVERITY_ERROR, paths[0], 0, 0,
		"the compiled image is not valid (%s): this is a bug of cgward, please report it",
		why);
	return -1;
}

void ruleset_free(struct ruleset *ruleset)
{
	policies_free(&ruleset->policies);
	image_free(&ruleset->image);
	diagnostics_free(&ruleset->diags);
}

size_t ruleset_rules(const struct policies *policies)
{
	size_t count = 0;

	for (size_t i = 0; i < policies->count; i++)
		count += policies->items[i]->rule_count;
	return count;
}

/* ---- states ---- */

/* Offsets of automata, each perhaps several times: policies share them. */
struct offsets {
	uint32_t *items;
	size_t count, room;
};

static const struct cgw_automaton *automaton_at(const struct image *image, uint32_t offset)
{
	return (const struct cgw_automaton *)(image->data + offset);
}

static void add_chain(const struct image *image, struct offsets *offsets, uint32_t automaton)
{
	for (; automaton; automaton = automaton_at(image, automaton)->next) {
		ARRAY_GROW(offsets->items, offsets->count, offsets->room);
		offsets->items[offsets->count++] = automaton;
	}
}

/* The name automata of [sysctl] lead to automata over values. */
static void add_sysctl(const struct image *image, struct offsets *offsets, uint32_t automaton)
{
	add_chain(image, offsets, automaton);
	for (; automaton; automaton = automaton_at(image, automaton)->next) {
		const struct cgw_automaton *names = automaton_at(image, automaton);

		for (uint32_t row = 0; row < names->row_count; row++) {
			uint32_t accept = *(const uint32_t *)(image->data + names->rows +
							      ((size_t)row << names->shift));

			if (accept)
				add_chain(image, offsets,
					((const struct cgw_sysctl_class *)(image->data + accept))
						->values);
		}
	}
}

static int compare(const void *left, const void *right)
{
	uint32_t a = *(const uint32_t *)left, b = *(const uint32_t *)right;

	return (a > b) - (a < b);
}

uint64_t image_states(const struct image *image)
{
	struct offsets offsets = {0};
	uint64_t states = 0;

	add_chain(image, &offsets, image_header(image)->selectors);
	for (uint32_t slot = 0; slot < image_header(image)->policy_count; slot++) {
		const struct cgw_policy *policy = image_policy(image, slot);

		if (!(policy->flags & CGW_POLICY_PRESENT))
			continue;
		add_sysctl(image, &offsets, policy->sysctl);
		for (int op = 0; op < CGW_PEER_OPS; op++)
			for (int kind = 0; kind < 2; kind++)
				add_chain(image, &offsets, policy->unix_names[op][kind]);
		for (int kind = 0; kind < 2; kind++)
			add_chain(image, &offsets, policy->files[kind]);
	}
	if (offsets.count)
		qsort(offsets.items, offsets.count, sizeof(*offsets.items), compare);
	for (size_t i = 0; i < offsets.count; i++)
		if (!i || offsets.items[i] != offsets.items[i - 1])
			states += automaton_at(image, offsets.items[i])->row_count;
	free(offsets.items);
	return states;
}

/* ---- findings ---- */

int finding_make(struct finding *finding, const struct image *image, const char *cgroup,
	const struct operation *operation)
{
	struct finding found = {0};
	const struct cgw_rule *rule;
	const struct cgw_policy *policy;
	int err;

	image_scope(image, cgroup, &found.set);
	err = image_evaluate(image, &found.set, operation, &found.decision);
	if (err)
		return err;
	if (found.decision.verdict != CGW_VERDICT_ALLOW) {
		/* Decisions without a rule are made of damaged images only; this one was verified.
		 */
		if (found.decision.rule >= image_header(image)->rule_count)
			return -EINVAL;
		policy = image_policy(image, found.decision.policy);
		rule = image_rule(image, found.decision.rule);
		found.policy = image_text(image, policy->name);
		found.file = image_text(image, policy->file);
		found.line = rule->line;
		found.rule = image_text(image, rule->text);
	}
	*finding = found;
	return 0;
}

void finding_json(const struct finding *finding, struct json *json)
{
	struct strbuf source __attribute__((cleanup(strbuf_free))) = STRBUF_INIT;

	if (finding->policy)
		strbuf_printf(&source, "%s:%u", finding->file, finding->line);
	json_text(json, "verdict",
		finding->decision.verdict
			? cgw_name_of(cgw_verdict_names, finding->decision.verdict)
			: NULL);
	json_text(json, "reason",
		finding->policy ? cgw_name_of(cgw_reason_names, finding->decision.reason) : NULL);
	json_text(json, "policy", finding->policy);
	json_text(json, "source", finding->policy ? strbuf_text(&source) : NULL);
	json_text(json, "rule", finding->rule);
}

void diagnostics_json(const struct diagnostics *diags, struct json *json)
{
	json_array_begin(json, "diagnostics");
	for (size_t i = 0; i < diags->count; i++) {
		const struct diagnostic *diag = &diags->items[i];

		json_object_begin(json, NULL);
		json_text(json, "severity", diag->severity == SEVERITY_ERROR ? "error" : "warning");
		json_text(json, "file", diag->file);
		json_unsigned(json, "line", diag->line);
		json_unsigned(json, "column", diag->column);
		json_text(json, "message", diag->message);
		json_object_end(json);
	}
	json_array_end(json);
}
