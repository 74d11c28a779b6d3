// SPDX-License-Identifier: GPL-2.0-only
/*
 * fuzz_parse.c - any bytes as a policy: what is accepted prints to a text that gives the same rules
 * and prints the same again. And any bytes as an operation.
 *
 * What has no [policy] section gets one, so that the sections of rules are reached soon.
 */
#include <stdlib.h>
#include <string.h>
#include "operation.h"
#include "policy.h"

static void require(bool condition)
{
	if (!condition)
		abort();
}

static void same_policy(const struct policy *policy, const struct policy *again)
{
	require(!strcmp(policy->name, again->name));
	require(policy->audit_only == again->audit_only && policy->seal == again->seal);
	require(policy->warn_missing == again->warn_missing);
	require(policy->selector_count == again->selector_count);
	for (size_t i = 0; i < policy->selector_count; i++)
		require(!strcmp(policy->selectors[i].glob, again->selectors[i].glob));
	require(policy->rule_count == again->rule_count);
	for (size_t i = 0; i < policy->rule_count; i++) {
		const struct policy_rule *rule = &policy->rules[i], *other = &again->rules[i];

		require(!strcmp(rule->text, other->text));
		require(rule->action == other->action && rule->section == other->section);
		require(rule->ops == other->ops && rule->protos == other->protos);
	}
}

static void check_again(const struct policy *policy)
{
	struct strbuf printed = STRBUF_INIT, twice = STRBUF_INIT;
	struct policies policies = {0};
	struct diagnostics diags = {0};

	policy_print(policy, &printed);
	require(!policies_read_text(&policies, "g", printed.data, printed.length, &diags));
	same_policy(policy, policies.items[0]);
	policy_print(policies.items[0], &twice);
	require(!strcmp(printed.data, twice.data));
	strbuf_free(&printed);
	strbuf_free(&twice);
	policies_free(&policies);
	diagnostics_free(&diags);
}

static void check_operation(const char *text)
{
	struct operation operation;
	char *error = NULL;

	if (operation_parse(&operation, text, &error)) {
		require(error && *error);
		free(error);
		return;
	}
	require(operation.op && !error);
	operation_free(&operation);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	struct policies policies = {0};
	struct diagnostics diags = {0};
	struct strbuf text = STRBUF_INIT, messages = STRBUF_INIT;

	if (!memmem(data, size, "[policy]", 8))
		strbuf_puts(&text, "[policy]\nname = x\ncgroup = /a\n");
	strbuf_add(&text, data, size);
	if (!policies_read_text(&policies, "f", text.data, text.length, &diags))
		check_again(policies.items[0]);
	else
		require(diags.errors > 0);
	policies_lint(&policies, &diags);
	for (size_t i = 0; i < diags.count; i++)
		diagnostic_print(&diags.items[i], &messages);
	/* Nothing that a terminal would obey. */
	for (size_t i = 0; i < messages.length; i++)
		require(messages.data[i] == '\n' ||
			(messages.data[i] >= 0x20 && messages.data[i] < 0x7f));
	strbuf_free(&text);
	strbuf_add(&text, data, size);
	check_operation(strbuf_text(&text));
	strbuf_free(&text);
	strbuf_free(&messages);
	policies_free(&policies);
	diagnostics_free(&diags);
	return 0;
}
