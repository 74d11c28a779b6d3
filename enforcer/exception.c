// SPDX-License-Identifier: GPL-2.0-only
#include <stdlib.h>
#include "compile.h"
#include "exception.h"
#include "match.h"

/* True if the policy lets the operation pass when only the first `kept` of its exceptions count. */
static bool passes(const struct policy *policy, size_t kept, const struct operation *operation)
{
	struct policy fewer = *policy;
	struct policy *items[] = {&fewer};
	struct policies policies = {.items = items, .count = 1, .room = 1};
	struct diagnostics diags __attribute__((cleanup(diagnostics_free))) = {0};
	struct image image __attribute__((cleanup(image_free))) = {0};
	struct cgw_decision decision = {0};
	struct cgw_set set = {.word = {1}}; /* the only policy has the lowest slot */

	fewer.rules = xcalloc(policy->rule_count, sizeof(*fewer.rules));
	fewer.rule_count = 0;
	for (size_t i = 0; i < policy->rule_count; i++) {
		if (policy->rules[i].action == CGW_ACTION_ALLOW && !kept)
			continue;
		kept -= policy->rules[i].action == CGW_ACTION_ALLOW;
		fewer.rules[fewer.rule_count++] = policy->rules[i];
	}
	if (!policies_compile(&image, &policies, NULL, NULL, 0, &diags))
		image_evaluate(&image, &set, operation, &decision);
	free(fewer.rules);
	return decision.verdict == CGW_VERDICT_ALLOW;
}

const struct policy_rule *exception_find(
	const struct policy *policy, const struct operation *operation)
{
	size_t count = 0, low = 0, high;

	for (size_t i = 0; i < policy->rule_count; i++)
		count += policy->rules[i].action == CGW_ACTION_ALLOW;
	if (!count || passes(policy, 0, operation) || !passes(policy, count, operation))
		return NULL;
	/* An exception more never takes a permission away: search for the first that suffices. */
	for (high = count; high - low > 1;) {
		size_t middle = low + (high - low) / 2;

		if (passes(policy, middle, operation))
			high = middle;
		else
			low = middle;
	}
	for (size_t i = 0; i < policy->rule_count; i++)
		if (policy->rules[i].action == CGW_ACTION_ALLOW && !--high)
			return &policy->rules[i];
	return NULL;
}
