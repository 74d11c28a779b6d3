// SPDX-License-Identifier: GPL-2.0-only
#include "suggest.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include "clock.h"
#include "diff.h"
#include "names.h"
#include "operation.h"

static const char denied_now[] = "denied by a policy in force; --denials takes denials, too";
static const char no_policy[] = "its policy is not among those in force";
static const char not_writable[] = "a name or value cannot be written in a policy";

void suggestions_free(struct suggestions *suggestions)
{
	for (size_t i = 0; i < suggestions->count; i++) {
		free(suggestions->items[i].line);
		free(suggestions->items[i].rule);
		subject_free(&suggestions->items[i].draft.subject);
	}
	free(suggestions->items);
	*suggestions = (struct suggestions){0};
}

static void set_add(struct cgw_set *set, uint32_t slot)
{
	set->word[slot / 64] |= 1ULL << slot % 64;
}

static bool set_has(const struct cgw_set *set, uint32_t slot)
{
	return set->word[slot / 64] >> slot % 64 & 1;
}

/* The policies of a violation: those of its cgroup, and the one that decided. False: that one is
 * not in force. */
static bool scope_of(
	const struct image *image, const struct observed *observed, struct cgw_set *set)
{
	char *cgroup = jsonl_bytes(observed->cgroup);
	int slot = image_slot(image, observed->policy);

	image_scope(image, strcmp(cgroup, "/") ? cgroup : "", set);
	free(cgroup);
	if (slot < 0)
		return false;
	set_add(set, slot);
	return true;
}

/* What one policy says. A section without a matcher: what the log says. */
static struct cgw_decision judge(const struct image *image, uint32_t slot,
	const struct operation *operation, const struct observed *observed)
{
	struct cgw_decision decision = {.verdict = CGW_VERDICT_ALLOW, .rule = CGW_NO_RULE};
	struct cgw_set one = {0};

	set_add(&one, slot);
	if (image_evaluate(image, &one, operation, &decision) == -ENOSYS &&
		image_slot(image, observed->policy) == (int)slot)
		decision.verdict = CGW_VERDICT_AUDIT;
	return decision;
}

/* ---- from violations to drafts ---- */

/* A draft for one policy. */
struct candidate {
	uint32_t slot;
	enum policy_section section;
	uint32_t after;
	char *text; /* of the rule */
	struct draft draft;
};

struct candidates {
	struct candidate *items;
	size_t count, room;
};

static const struct policy *policy_of(const struct inforce *inforce, uint32_t slot)
{
	const char *name = image_text(&inforce->image, image_policy(&inforce->image, slot)->name);

	for (size_t i = 0; i < inforce->policies.count; i++)
		if (!strcmp(inforce->policies.items[i]->name, name))
			return inforce->policies.items[i];
	return NULL;
}

/* The line of the rule that decided in the policy's text; without one, that of the last rule of the
 * section. */
static uint32_t line_of(
	const struct inforce *inforce, uint32_t slot, uint32_t rule, enum policy_section section)
{
	const struct policy *policy = policy_of(inforce, slot);
	const char *text =
		rule < image_header(&inforce->image)->rule_count
			? image_text(&inforce->image, image_rule(&inforce->image, rule)->text)
			: NULL;
	uint32_t last = 0;

	for (size_t i = 0; policy && i < policy->rule_count; i++) {
		if (policy->rules[i].section != section)
			continue;
		last = policy->rules[i].line;
		if (text && !strcmp(policy->rules[i].text, text))
			break;
	}
	return last;
}

/* A line of a policy must give the one rule that is meant, and nothing else. */
static bool is_writable(const struct subject *subject, const char *text)
{
	struct strbuf file __attribute__((cleanup(strbuf_free))) = STRBUF_INIT;
	struct diagnostics diags = {0};
	struct policies policies = {0};
	bool good;

	strbuf_printf(&file, "[policy]\nname = x\ncgroup = /\n[%s]\nallow = %s\n",
		cgw_name_of(cgw_section_names, subject->section), text);
	good = !policies_read_text(&policies, "", file.data, file.length, &diags) &&
	       policies.count == 1 && policies.items[0]->rule_count == 1 &&
	       policies.items[0]->rules[0].action == CGW_ACTION_ALLOW &&
	       policies.items[0]->rules[0].section == subject->section &&
	       policies.items[0]->rules[0].ops == subject->ops &&
	       subject_meets(subject, &policies.items[0]->rules[0]);
	policies_free(&policies);
	diagnostics_free(&diags);
	return good;
}

/* False: it cannot be written. */
static bool add_candidate(struct candidates *candidates, const struct inforce *inforce,
	uint32_t slot, uint32_t rule, const struct observed *observed)
{
	struct strbuf text = STRBUF_INIT;
	struct candidate *candidate;

	subject_print(&observed->subject, &text);
	if (!is_writable(&observed->subject, text.data)) {
		strbuf_free(&text);
		return false;
	}
	ARRAY_GROW(candidates->items, candidates->count, candidates->room);
	candidate = &candidates->items[candidates->count++];
	*candidate = (struct candidate){
		.slot = slot,
		.section = observed->subject.section,
		.after = line_of(inforce, slot, rule, observed->subject.section),
		.text = strbuf_take(&text),
		.draft = {.merged = 1,
			.count = observed->count,
			.first = observed->first,
			.last = observed->last,
			.cgroup = observed->cgroup,
			.comm = observed->comm},
	};
	subject_copy(&candidate->draft.subject, &observed->subject);
	return true;
}

/* Why an operation is left out (static), or NULL. What is allowed by now is no candidate. */
static const char *ask(struct candidates *candidates, struct suggestions *suggestions,
	const struct observations *observations, const struct inforce *inforce,
	const struct observed *observed)
{
	const struct image *image = &inforce->image;
	struct operation operation;
	size_t before = candidates->count;
	const char *why = NULL;
	struct cgw_set set;
	char *error;

	if (!scope_of(image, observed, &set))
		return no_policy;
	if (operation_parse(&operation, observed->operation, &error)) {
		free(error);
		return not_writable;
	}
	for (uint32_t slot = 0; !why && slot < image_header(image)->policy_count; slot++) {
		struct cgw_decision decision;

		if (!set_has(&set, slot) ||
			!(image_policy(image, slot)->flags & CGW_POLICY_PRESENT))
			continue;
		decision = judge(image, slot, &operation, observed);
		if (decision.verdict == CGW_VERDICT_ALLOW)
			continue;
		if (decision.verdict == CGW_VERDICT_DENY && !observations->denials)
			why = denied_now;
		else if (!add_candidate(candidates, inforce, slot, decision.rule, observed))
			why = not_writable;
	}
	operation_free(&operation);
	if (!why && candidates->count == before)
		suggestions->allowed += observed->count;
	return why;
}

static void drop(struct candidates *candidates, size_t from)
{
	while (candidates->count > from) {
		struct candidate *last = &candidates->items[--candidates->count];

		free(last->text);
		subject_free(&last->draft.subject);
	}
}

/* ---- from drafts to lines ---- */

static int by_place(const void *a, const void *b)
{
	const struct candidate *left = a, *right = b;

	if (left->slot != right->slot)
		return left->slot < right->slot ? -1 : 1;
	if (left->section != right->section)
		return left->section < right->section ? -1 : 1;
	return strcmp(left->text, right->text);
}

static bool same_section(const struct candidate *a, const struct candidate *b)
{
	return a->slot == b->slot && a->section == b->section;
}

/* The same subject in several cgroups is one. */
static void add_draft(struct drafts *drafts, struct candidate *candidate, bool same)
{
	struct draft *last = same ? &drafts->items[drafts->count - 1] : NULL;
	struct draft *draft = &candidate->draft;

	if (!last) {
		ARRAY_GROW(drafts->items, drafts->count, drafts->room);
		drafts->items[drafts->count++] = *draft;
		draft->subject = (struct subject){0};
		return;
	}
	last->count += draft->count;
	last->last = draft->last > last->last ? draft->last : last->last;
	if (draft->first < last->first) {
		last->first = draft->first;
		last->cgroup = draft->cgroup;
		last->comm = draft->comm;
	}
}

static void put_comment(struct strbuf *out, const struct draft *draft)
{
	strbuf_printf(out, "; %llu violation%s, ", (unsigned long long)draft->count,
		draft->count == 1 ? "" : "s");
	clock_format(draft->first, 0, out);
	if (draft->last != draft->first) {
		strbuf_puts(out, " to ");
		clock_format(draft->last, 0, out);
	}
	strbuf_printf(out, ", first by %s in %s", quote(draft->comm, strlen(draft->comm)),
		quote(draft->cgroup, strlen(draft->cgroup)));
	if (draft->merged > 1)
		strbuf_printf(out, "; made of %zu%s%s", draft->merged,
			draft->wider ? ", and wider: " : "", draft->wider ? draft->wider : "");
	strbuf_putc(out, '\n');
}

static void add_suggestion(
	struct suggestions *suggestions, uint32_t slot, uint32_t after, struct draft *draft)
{
	struct strbuf line = STRBUF_INIT, rule = STRBUF_INIT;
	struct suggestion *suggestion;

	subject_print(&draft->subject, &rule);
	put_comment(&line, draft);
	strbuf_printf(&line, "allow = %s\n", rule.data);
	ARRAY_GROW(suggestions->items, suggestions->count, suggestions->room);
	suggestion = &suggestions->items[suggestions->count++];
	*suggestion = (struct suggestion){
		.slot = slot,
		.after = after,
		.line = strbuf_take(&line),
		.rule = strbuf_take(&rule),
		.draft = *draft,
	};
	draft->subject = (struct subject){0};
}

/* The candidates from `first` on that belong to one section of one policy; returns how many. */
static size_t add_section(struct suggestions *suggestions, struct candidate *first, size_t count,
	const struct inforce *inforce, size_t least)
{
	struct drafts drafts = {0};
	uint32_t after = 0;
	size_t size = 0;

	for (; size < count && same_section(first, &first[size]); size++) {
		bool same = size && !strcmp(first[size].text, first[size - 1].text);

		add_draft(&drafts, &first[size], same);
		after = first[size].after > after ? first[size].after : after;
	}
	generalise(&drafts, policy_of(inforce, first->slot), least);
	for (size_t i = 0; i < drafts.count; i++)
		add_suggestion(suggestions, first->slot, after, &drafts.items[i]);
	drafts_free(&drafts);
	return size;
}

static int by_line(const void *a, const void *b)
{
	const struct suggestion *left = a, *right = b;

	if (left->slot != right->slot)
		return left->slot < right->slot ? -1 : 1;
	if (left->after != right->after)
		return left->after < right->after ? -1 : 1;
	return strcmp(left->rule, right->rule);
}

void suggest(struct suggestions *suggestions, struct observations *observations,
	const struct inforce *inforce, size_t least)
{
	struct candidates candidates = {0};

	for (size_t i = 0; i < observations->count; i++) {
		struct observed *observed = &observations->items[i];
		size_t before = candidates.count;
		const char *why = ask(&candidates, suggestions, observations, inforce, observed);

		if (!why)
			continue;
		drop(&candidates, before);
		observed_leave(observations, why, observed->count);
		observed->count = 0;
	}
	if (candidates.count)
		qsort(candidates.items, candidates.count, sizeof(*candidates.items), by_place);
	for (size_t i = 0; i < candidates.count;)
		i += add_section(
			suggestions, &candidates.items[i], candidates.count - i, inforce, least);
	if (suggestions->count)
		qsort(suggestions->items, suggestions->count, sizeof(*suggestions->items), by_line);
	drop(&candidates, 0);
	free(candidates.items);
}

/* ---- the policies with the suggestions in them ---- */

/* Those for one text, one insertion for each line; the texts are to be freed. */
static size_t insertions_of(const struct suggestions *suggestions, const struct inforce *inforce,
	const struct inforce_text *text, struct insertion **list)
{
	int slot = image_slot(&inforce->image, text->policy);
	struct strbuf lines = STRBUF_INIT;
	size_t count = 0, room = 0;

	*list = NULL;
	for (size_t i = 0; i < suggestions->count; i++) {
		const struct suggestion *item = &suggestions->items[i];
		const struct suggestion *next = i + 1 < suggestions->count ? item + 1 : NULL;

		if ((int)item->slot != slot)
			continue;
		strbuf_puts(&lines, item->line);
		if (next && next->slot == item->slot && next->after == item->after)
			continue;
		ARRAY_GROW(*list, count, room);
		(*list)[count++] = (struct insertion){item->after, strbuf_take(&lines)};
	}
	return count;
}

static void insertions_free(struct insertion *list, size_t count)
{
	for (size_t i = 0; i < count; i++)
		free((char *)list[i].text);
	free(list);
}

void suggestions_diff(
	const struct suggestions *suggestions, const struct inforce *inforce, struct strbuf *out)
{
	for (size_t i = 0; i < inforce->text_count; i++) {
		const struct inforce_text *text = &inforce->texts[i];
		struct insertion *list;
		size_t count = insertions_of(suggestions, inforce, text, &list);

		if (count)
			diff_print(out, text->file, text->text, list, count);
		insertions_free(list, count);
	}
}

/* All that was not left out is allowed. */
static int verify_image(const struct image *image, const struct observations *observations,
	const struct inforce *inforce, struct strbuf *problem)
{
	for (size_t i = 0; i < observations->count; i++) {
		const struct observed *observed = &observations->items[i];
		struct cgw_decision decision = {.verdict = CGW_VERDICT_ALLOW};
		struct operation operation;
		struct cgw_set set;
		char *error;

		if (!observed->count || !scope_of(&inforce->image, observed, &set) ||
			operation_parse(&operation, observed->operation, &error))
			continue;
		image_evaluate(image, &set, &operation, &decision);
		operation_free(&operation);
		if (decision.verdict == CGW_VERDICT_ALLOW)
			continue;
		strbuf_printf(problem, "%s would still not be allowed in %s",
			quote(observed->operation, strlen(observed->operation)),
			quote(observed->cgroup, strlen(observed->cgroup)));
		return -1;
	}
	return 0;
}

int suggestions_verify(const struct suggestions *suggestions,
	const struct observations *observations, const struct inforce *inforce,
	struct strbuf *problem)
{
	char **texts = xcalloc(inforce->text_count + 1, sizeof(*texts));
	struct diagnostics diags = {0};
	struct image image = {0};
	int result;

	for (size_t i = 0; i < inforce->text_count; i++) {
		struct strbuf text = STRBUF_INIT;
		struct insertion *list;
		size_t count = insertions_of(suggestions, inforce, &inforce->texts[i], &list);

		diff_apply(&text, inforce->texts[i].text, list, count);
		insertions_free(list, count);
		texts[i] = strbuf_take(&text);
	}
	result = inforce_compile(&image, inforce, texts, &diags);
	if (result && diags.count)
		diagnostic_print(&diags.items[0], problem);
	else
		result = verify_image(&image, observations, inforce, problem);
	for (size_t i = 0; i < inforce->text_count; i++)
		free(texts[i]);
	free(texts);
	diagnostics_free(&diags);
	image_free(&image);
	return result;
}
