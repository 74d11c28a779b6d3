// SPDX-License-Identifier: GPL-2.0-only
/*
 * lint.c - what is right line by line, and yet not what anybody means: duplicates, rules that a
 * broader rule makes idle, exceptions to nothing.
 *
 * Linear in the number of rules: a rule asks a hash table for the subjects that would contain its
 * own (its CIDR with shorter prefixes, the folders above its path). What it finds is compared
 * exactly, so that a warning is always true; that a rule is idle because of several others
 * together, or of a glob of another shape, is not noticed.
 */
#include "parse.h"

#include <stdlib.h>
#include <string.h>

/* Rules of one subject that are looked at, and of a policy in all: the work stays bounded whatever
 * the file. What is beyond goes without a warning. */
#define CHAIN_MAX 32
#define CHECKS_MAX 20000000

/* ---- a hash table from keys to small numbers ---- */

struct index {
	uint32_t *heads; /* number + 1; 0: none */
	uint32_t *next;
	uint64_t mask;
};

#define HASH_START 14695981039346656037ULL

static uint64_t hash_byte(uint64_t hash, uint8_t byte)
{
	return (hash ^ byte) * 1099511628211ULL;
}

static uint64_t hash_bytes(uint64_t hash, const void *bytes, size_t length)
{
	for (size_t i = 0; i < length; i++)
		hash = hash_byte(hash, ((const uint8_t *)bytes)[i]);
	return hash;
}

static void index_init(struct index *index, size_t count)
{
	size_t size = 16;

	while (size < 2 * count)
		size *= 2;
	index->heads = xcalloc(size, sizeof(*index->heads));
	index->next = xcalloc(count, sizeof(*index->next));
	index->mask = size - 1;
}

static void index_free(struct index *index)
{
	free(index->heads);
	free(index->next);
}

/* The low bits of FNV are its weakest. */
static uint32_t *index_head(const struct index *index, uint64_t hash)
{
	return &index->heads[(hash ^ hash >> 32) & index->mask];
}

static void index_add(struct index *index, uint64_t hash, uint32_t number)
{
	uint32_t *head = index_head(index, hash);

	index->next[number] = *head;
	*head = number + 1;
}

/* ---- idle rules ---- */

struct lint {
	const struct policy *policy;
	struct diagnostics *diags;
	struct index index;
	bool prefixes[2][129]; /* IPv4, IPv6: lengths that some rule has */
	size_t checks;
	uint32_t rule; /* that is looked at */
	bool found;
};

/* Kinds of keys, beside enum policy_section. */
enum {
	KEY_SELF = 'S',
	KEY_BELOW = 'B',
	KEY_WITHIN = 'W',
	KEY_ANY = 'A'
};

static uint64_t key_start(const struct policy_rule *rule, uint8_t kind)
{
	uint64_t hash = hash_byte(hash_byte(HASH_START, rule->section), kind);

	if (rule->section == SECTION_NETWORK && rule->ops != 1U << CGW_OP_SOCKET)
		hash = hash_byte(hash, kind == KEY_ANY ? PEER_ANY : rule->peer.kind);
	return hash;
}

/* The glob of a rule that has one. */
static const char *rule_glob(const struct policy_rule *rule)
{
	if (rule->section == SECTION_SYSCTL)
		return rule->sysctl.name;
	if (rule->section == SECTION_FILE)
		return rule->file.glob;
	if (rule->section == SECTION_NETWORK && rule->ops != 1U << CGW_OP_SOCKET)
		return rule->peer.glob;
	return NULL;
}

static uint64_t glob_key(const struct policy_rule *rule, const char *glob)
{
	ssize_t folder = folder_length(glob, "/**");

	if (!strcmp(glob, "**"))
		return key_start(rule, KEY_BELOW);
	if (folder >= 0)
		return hash_bytes(key_start(rule, KEY_BELOW), glob, folder);
	folder = folder_length(glob, "/*");
	if (folder >= 0)
		return hash_bytes(key_start(rule, KEY_WITHIN), glob, folder);
	return hash_bytes(key_start(rule, KEY_SELF), glob, strlen(glob));
}

static uint64_t peer_key(const struct policy_rule *rule, const struct rule_peer *peer)
{
	uint64_t hash = key_start(rule, peer->kind == PEER_ANY ? KEY_ANY : KEY_SELF);

	if (peer->kind == PEER_ANY)
		return hash;
	return hash_bytes(hash_byte(hash, peer->prefix), peer->address, sizeof(peer->address));
}

static uint64_t device_key(const struct policy_rule *rule, char type, int64_t major, int64_t minor)
{
	int64_t numbers[] = {major, minor};

	return hash_bytes(hash_byte(key_start(rule, KEY_SELF), type), numbers, sizeof(numbers));
}

/* The key under which a rule stands in the index. */
static uint64_t rule_key(const struct policy_rule *rule)
{
	uint64_t start = key_start(rule, KEY_SELF);
	const char *glob = rule_glob(rule);

	if (glob)
		return glob_key(rule, glob);
	switch (rule->section) {
	case SECTION_NETWORK:
		if (rule->ops == 1U << CGW_OP_SOCKET)
			return hash_bytes(start, &rule->socket.family, sizeof(uint32_t));
		return peer_key(rule, &rule->peer);
	case SECTION_KERNEL:
		return hash_bytes(start, &rule->power, sizeof(rule->power));
	case SECTION_CAPABILITY:
		return hash_bytes(start, &rule->capability, sizeof(rule->capability));
	case SECTION_DEVICE:
		return device_key(rule, rule->device.type, rule->device.major, rule->device.minor);
	default:
		return start;
	}
}

/* True if the rule has no effect because of the other one. */
static bool is_idle(const struct lint *lint, uint32_t number, uint32_t other)
{
	const struct policy_rule *rule = &lint->policy->rules[number];
	const struct policy_rule *broad = &lint->policy->rules[other];

	if (number == other || broad->action < rule->action || !rule_covers(broad, rule))
		return false;
	if (broad->action == rule->action)
		/* Of two that say the same the first is kept. */
		return other < number || !rule_covers(rule, broad);
	return broad->action != CGW_ACTION_ALLOW || is_full_exception(broad);
}

static void report_idle(struct lint *lint, const struct policy_rule *broad)
{
	const struct policy_rule *rule = &lint->policy->rules[lint->rule];

	diagnostics_add(lint->diags, SEVERITY_WARNING, lint->policy->file, rule->line, rule->column,
		broad->action == rule->action
			? "%s has no effect: %s on line %u covers it"
			: "%s has no effect: %s on line %u covers it and wins over it",
		quote(rule->text, strlen(rule->text)), quote(broad->text, strlen(broad->text)),
		broad->line);
	lint->found = true;
}

/* Looks for a broader rule among those with a key. */
static void ask(struct lint *lint, uint64_t key)
{
	uint32_t other = *index_head(&lint->index, key);

	for (int i = 0; i < CHAIN_MAX && other && !lint->found; i++) {
		if (lint->checks++ >= CHECKS_MAX)
			return;
		if (is_idle(lint, lint->rule, other - 1))
			report_idle(lint, &lint->policy->rules[other - 1]);
		other = lint->index.next[other - 1];
	}
}

static void ask_glob(struct lint *lint, const struct policy_rule *rule, const char *glob)
{
	uint64_t below = key_start(rule, KEY_BELOW), within = key_start(rule, KEY_WITHIN);
	size_t literal = literal_length(glob);

	ask(lint, glob_key(rule, glob));
	ask(lint, below);
	for (size_t i = 0; i < literal; i++) {
		if (glob[i] == '/') {
			ask(lint, below);
			if (!strchr(glob + i + 1, '/'))
				ask(lint, within);
		}
		below = hash_byte(below, glob[i]);
		within = hash_byte(within, glob[i]);
	}
	if (!glob[literal])
		ask(lint, below);
}

static void ask_address(struct lint *lint, const struct policy_rule *rule)
{
	struct rule_peer peer = rule->peer;
	const bool *prefixes = lint->prefixes[peer.kind == PEER_IPV6];

	for (int prefix = rule->peer.prefix; prefix >= 0; prefix--) {
		if (!prefixes[prefix])
			continue;
		peer.prefix = prefix;
		address_mask(&peer);
		ask(lint, peer_key(rule, &peer));
	}
}

static void ask_device(struct lint *lint, const struct policy_rule *rule)
{
	int64_t major = rule->device.major, minor = rule->device.minor;

	ask(lint, device_key(rule, rule->device.type, major, minor));
	ask(lint, device_key(rule, rule->device.type, major, -1));
	ask(lint, device_key(rule, rule->device.type, -1, minor));
	ask(lint, device_key(rule, rule->device.type, -1, -1));
	ask(lint, device_key(rule, 'a', -1, -1));
}

static void lint_rule(struct lint *lint, uint32_t number)
{
	const struct policy_rule *rule = &lint->policy->rules[number];
	const char *glob = rule_glob(rule);
	bool peer = rule->section == SECTION_NETWORK && rule->ops != 1U << CGW_OP_SOCKET;

	lint->rule = number;
	lint->found = false;
	if (peer)
		ask(lint, key_start(rule, KEY_ANY));
	if (glob)
		ask_glob(lint, rule, glob);
	else if (peer && rule->peer.kind != PEER_ANY)
		ask_address(lint, rule);
	else if (rule->section == SECTION_DEVICE)
		ask_device(lint, rule);
	else if (!peer)
		ask(lint, rule_key(rule));
}

/* Ports and values narrow a rule: those without stand first in a chain, as they cover the most. */
static bool is_narrowed(const struct policy_rule *rule)
{
	if (rule->section == SECTION_SYSCTL)
		return rule->sysctl.value;
	return rule->section == SECTION_NETWORK && rule->ops != 1U << CGW_OP_SOCKET &&
	       rule->peer.port_count;
}

static void lint_idle(const struct policy *policy, struct diagnostics *diags, const bool *duplicate)
{
	struct lint lint = {.policy = policy, .diags = diags};

	index_init(&lint.index, policy->rule_count);
	/* Each is put before what is there: the last one added is the first to be found. */
	for (int narrowed = 1; narrowed >= 0; narrowed--) {
		for (size_t i = policy->rule_count; i-- > 0;) {
			const struct policy_rule *rule = &policy->rules[i];

			if (duplicate[i] || is_narrowed(rule) != narrowed)
				continue;
			index_add(&lint.index, rule_key(rule), i);
			if (rule->section == SECTION_NETWORK && rule->ops != 1U << CGW_OP_SOCKET)
				lint.prefixes[rule->peer.kind == PEER_IPV6][rule->peer.prefix] =
					true;
		}
	}
	for (size_t i = 0; i < policy->rule_count; i++)
		if (!duplicate[i])
			lint_rule(&lint, i);
	index_free(&lint.index);
}

/* ---- duplicates ---- */

/* The first with the same text, which is added to the index if there is none: then `number`. */
static uint32_t first_of(struct index *index, const char *text, uint32_t number,
	const char *(*text_of)(const struct policy *policy, uint32_t number),
	const struct policy *policy)
{
	uint64_t hash = hash_bytes(HASH_START, text, strlen(text));

	for (uint32_t other = *index_head(index, hash); other; other = index->next[other - 1])
		if (!strcmp(text, text_of(policy, other - 1)))
			return other - 1;
	index_add(index, hash, number);
	return number;
}

static const char *rule_text(const struct policy *policy, uint32_t number)
{
	return policy->rules[number].text;
}

static const char *selector_text(const struct policy *policy, uint32_t number)
{
	return policy->selectors[number].glob;
}

static void lint_selectors(const struct policy *policy, struct diagnostics *diags)
{
	struct index index;

	index_init(&index, policy->selector_count);
	for (size_t i = 0; i < policy->selector_count; i++) {
		const struct policy_selector *selector = &policy->selectors[i];
		uint32_t first = first_of(&index, selector->glob, i, selector_text, policy);

		if (first != i)
			diagnostics_add(diags, SEVERITY_WARNING, policy->file, selector->line,
				selector->column, "cgroup %s stands on line %u already",
				quote(selector->glob, strlen(selector->glob)),
				policy->selectors[first].line);
	}
	index_free(&index);
}

static void lint_duplicates(const struct policy *policy, struct diagnostics *diags, bool *duplicate)
{
	struct index index;

	index_init(&index, policy->rule_count);
	for (size_t i = 0; i < policy->rule_count; i++) {
		const struct policy_rule *rule = &policy->rules[i];
		uint32_t first = first_of(&index, rule->text, i, rule_text, policy);

		duplicate[i] = first != i;
		if (duplicate[i])
			diagnostics_add(diags, SEVERITY_WARNING, policy->file, rule->line,
				rule->column, "%s stands on line %u already",
				quote(rule->text, strlen(rule->text)), policy->rules[first].line);
	}
	index_free(&index);
}

/* ---- the rest ---- */

/* A value that reads like a second sysctl name: the language has one name a line. */
static void lint_values(const struct policy *policy, struct diagnostics *diags)
{
	static const char *const roots[] = {
		"abi", "crypto", "debug", "dev", "fs", "kernel", "net", "user", "vm"};

	for (size_t i = 0; i < policy->rule_count; i++) {
		const struct policy_rule *rule = &policy->rules[i];
		const char *value = rule->section == SECTION_SYSCTL ? rule->sysctl.value : NULL;

		for (size_t j = 0; value && j < sizeof(roots) / sizeof(*roots); j++) {
			size_t length = strlen(roots[j]);

			if (!strncmp(value, roots[j], length) && value[length] == '.')
				diagnostics_add(diags, SEVERITY_WARNING, policy->file, rule->line,
					rule->column,
					"%s is compared with the value that is written; repeat the "
					"key for a second name",
					quote(value, strlen(value)));
		}
	}
}

/* An allow line without any line that it could be an exception to. */
static void lint_exceptions(const struct policy *policy, struct diagnostics *diags)
{
	const struct policy_rule *exception[SECTION_COUNT] = {NULL};
	bool rules[SECTION_COUNT] = {false};

	for (size_t i = 0; i < policy->rule_count; i++) {
		const struct policy_rule *rule = &policy->rules[i];

		if (rule->action != CGW_ACTION_ALLOW)
			rules[rule->section] = true;
		else if (!exception[rule->section])
			exception[rule->section] = rule;
	}
	for (int i = 1; i < SECTION_COUNT; i++)
		if (exception[i] && !rules[i])
			diagnostics_add(diags, SEVERITY_WARNING, policy->file, exception[i]->line,
				exception[i]->column,
				"%s has no effect: allow is an exception to deny and audit lines, "
				"and [%s] has none",
				quote(exception[i]->text, strlen(exception[i]->text)),
				cgw_name_of(cgw_section_names, i));
}

void policy_lint(const struct policy *policy, struct diagnostics *diags)
{
	bool *duplicate = xcalloc(policy->rule_count, sizeof(*duplicate));

	/* Rules with an error are left out: there may have been some. */
	if (!policy->rule_count && !diags->errors)
		diagnostics_add(diags, SEVERITY_WARNING, policy->file, policy->name_line,
			policy->name_column, "policy %s has no rules",
			quote(policy->name, strlen(policy->name)));
	lint_selectors(policy, diags);
	lint_duplicates(policy, diags, duplicate);
	lint_idle(policy, diags, duplicate);
	lint_values(policy, diags);
	lint_exceptions(policy, diags);
	free(duplicate);
}

struct ranked {
	struct policy *policy;
	size_t rank; /* in the order of reading */
};

static int by_name(const void *a, const void *b)
{
	const struct ranked *one = a, *other = b;
	const char *name = one->policy->name, *second = other->policy->name;
	int order = strcmp(name ? name : "", second ? second : "");

	if (order)
		return order;
	return one->rank < other->rank ? -1 : one->rank > other->rank;
}

void policies_lint(struct policies *policies, struct diagnostics *diags)
{
	struct ranked *ranked = xcalloc(policies->count, sizeof(*ranked));
	const struct policy *first = NULL;

	/* In the order of reading, in which the errors of the files stand, too. */
	for (size_t i = 0; i < policies->count; i++) {
		ranked[i] = (struct ranked){policies->items[i], i};
		if (policies->items[i]->name)
			policy_lint(policies->items[i], diags);
	}
	qsort(ranked, policies->count, sizeof(*ranked), by_name);
	for (size_t i = 0; i < policies->count; i++) {
		struct policy *policy = policies->items[i] = ranked[i].policy;

		if (!policy->name)
			continue;
		if (first && !strcmp(first->name, policy->name))
			diagnostics_add(diags, SEVERITY_ERROR, policy->file, policy->name_line,
				policy->name_column,
				"policy name %s is taken: %s:%u has it already; give each policy "
				"a name of its own",
				quote(policy->name, strlen(policy->name)), first->file,
				first->name_line);
		else
			first = policy;
	}
	free(ranked);
}
