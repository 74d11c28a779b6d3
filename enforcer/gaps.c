/* SPDX-License-Identifier: GPL-2.0-only */
#include "gaps.h"

#include <stdbool.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include "coverage.h"
#include "hooks.h"
#include "names.h"

static bool has_op(const struct policy_rule *rule, enum cgw_op op)
{
	return rule->ops >> op & 1;
}

static bool names_proto(const struct policy_rule *rule, uint32_t set)
{
	return rule->protos_named && rule->protos & set;
}

/* A kernel without hooks for the names that are given can still tell the socket that is reached. */
static const char *unix_connect_row(const struct offers *offers, bool is_path)
{
	if (!hook_set_has(&offers->loaded, CGW_HOOK_CONNECT_UNIX) &&
		hook_set_has(&offers->loaded, CGW_HOOK_UNIX_STREAM_CONNECT))
		return "connect unix, by the socket reached";
	return is_path ? "connect unix /path" : "connect unix @abstract";
}

/* The row of the coverage table that a [network] rule falls under; of several the weakest. */
static const struct coverage_row *network_row(
	const struct policy_rule *rule, const struct offers *offers)
{
	const uint32_t own_bind = 1U << CGW_PROTO_ICMP | 1U << CGW_PROTO_SCTP | 1U << CGW_PROTO_RAW;
	bool is_path = rule->peer.kind == PEER_UNIX_PATH;
	bool is_unix = is_path || rule->peer.kind == PEER_UNIX_ABSTRACT ||
		       names_proto(rule, 1U << CGW_PROTO_UNIX);

	if (has_op(rule, CGW_OP_LISTEN))
		return coverage_find("network", is_unix ? "listen unix" : "listen tcp, sctp");
	if (has_op(rule, CGW_OP_BIND) && is_unix)
		return coverage_find("network", "bind unix");
	if (has_op(rule, CGW_OP_BIND) && names_proto(rule, own_bind))
		return coverage_find("network", "bind icmp, sctp, raw");
	if (!has_op(rule, CGW_OP_CONNECT))
		return coverage_find("network", "bind tcp, udp");
	if (is_unix)
		return coverage_find("network", unix_connect_row(offers, is_path));
	return coverage_find("network", "connect udp");
}

static const struct coverage_row *row_of(
	const struct policy_rule *rule, const struct offers *offers)
{
	switch (rule->section) {
	case SECTION_SYSCTL:
		return coverage_find("sysctl", "read, write");
	case SECTION_NETWORK:
		if (!has_op(rule, CGW_OP_SOCKET))
			return network_row(rule, offers);
		if (rule->socket.family == AF_INET || rule->socket.family == AF_INET6)
			return coverage_find("network", "socket inet, inet6");
		return coverage_find("network", "socket, other families");
	case SECTION_FILE:
		return coverage_find("file", has_op(rule, CGW_OP_FILE_WRITE)  ? "write"
					     : has_op(rule, CGW_OP_FILE_EXEC) ? "exec"
									      : "read");
	case SECTION_KERNEL:
		return coverage_find("kernel", cgw_name_of(cgw_power_names, rule->power));
	case SECTION_CAPABILITY:
		return coverage_find("capability", "all");
	default:
		return coverage_find("device", "r, w, m");
	}
}

static void add_hook(const char *name, void *context)
{
	struct strbuf *out = context;

	strbuf_printf(out, "%s%s", out->length ? ", " : "", name);
}

static void add_hooks(struct strbuf *out, struct hook_set set)
{
	for (int hook = 1; hook < CGW_HOOK_COUNT; hook++)
		if (hook_set_has(&set, hook))
			add_hook(cgw_name_of(cgw_hook_names, hook), out);
}

/* Why hooks of the set are not to be had; the first reason speaks for all. */
static void add_reason(struct strbuf *why, struct hook_set missing, const struct offers *offers)
{
	int hook = 1;

	while (hook < CGW_HOOK_COUNT && !hook_set_has(&missing, hook))
		hook++;
	switch (hook < CGW_HOOK_COUNT ? offers->states[hook].state : OFFER_NO_HOOK) {
	case OFFER_NO_LSM:
		strbuf_printf(why,
			"and BPF LSM cannot be used (%s): it takes a kernel with "
			"CONFIG_BPF_LSM=y and bpf in the list lsm=...,bpf on the kernel command "
			"line",
			offers->lsm.why ? offers->lsm.why : strerror(offers->lsm.error));
		break;
	case OFFER_REFUSED:
		strbuf_printf(why, "whose program this kernel refuses: %s (--verbose tells more)",
			strerror(offers->states[hook].error));
		break;
	default:
		strbuf_puts(why, "which this kernel does not have (see `cgward doctor`)");
	}
}

/* CGW_RULE_UNENFORCED or CGW_RULE_PARTLY with the reason, or 0. */
static uint32_t rule_gap(
	const struct policy_rule *rule, const struct offers *offers, struct strbuf *why)
{
	const struct coverage_row *row = row_of(rule, offers);
	struct hook_set missing = hook_set_minus(coverage_set(row->hooks), offers->loaded);
	struct hook_set more = hook_set_minus(coverage_set(row->more), offers->loaded);
	struct strbuf names __attribute__((cleanup(strbuf_free))) = STRBUF_INIT;

	if (!row->program) {
		coverage_hooks(row, add_hook, &names);
		strbuf_printf(why, "it needs %s%s", strbuf_text(&names),
			row->features ? ", for which cgward has no program yet" : "");
		return CGW_RULE_UNENFORCED;
	}
	if (!hook_set_is_empty(missing)) {
		add_hooks(&names, missing);
		strbuf_printf(why, "it needs %s, ", strbuf_text(&names));
		add_reason(why, missing, offers);
		return CGW_RULE_UNENFORCED;
	}
	if (row->lsm) {
		strbuf_printf(why, "without %s it is %s", row->lsm, row->gap);
		return CGW_RULE_PARTLY;
	}
	if (hook_set_is_empty(more))
		return 0;
	add_hooks(&names, more);
	strbuf_printf(why, "%s; that would take %s, ", row->gap, strbuf_text(&names));
	add_reason(why, more, offers);
	return CGW_RULE_PARTLY;
}

static void warn(struct diagnostics *diags, const struct policy *policy,
	const struct policy_rule *rule, const char *what)
{
	if (rule)
		diagnostics_add(diags, SEVERITY_WARNING, policy->file, rule->line, rule->column,
			"policy %s: on this kernel %s", policy->name, what);
}

/* What no program sees of rules that mean every protocol or every socket; once for each policy. */
static void check_unseen(
	const struct policy *policy, const struct offers *offers, struct diagnostics *diags)
{
	const struct policy_rule *connect = NULL, *every = NULL, *bind = NULL, *listen = NULL;

	for (size_t i = 0; i < policy->rule_count; i++) {
		const struct policy_rule *rule = &policy->rules[i];
		bool is_every = !rule->protos_named && !rule->peer.port_count;

		if (rule->section != SECTION_NETWORK || rule->action == CGW_ACTION_ALLOW)
			continue;
		if (!connect && has_op(rule, CGW_OP_CONNECT) && rule->peer.kind < PEER_UNIX_PATH)
			connect = rule;
		if (!every && is_every && has_op(rule, CGW_OP_CONNECT))
			every = rule;
		if (!bind && is_every && has_op(rule, CGW_OP_BIND))
			bind = rule;
		if (!listen && is_every && has_op(rule, CGW_OP_LISTEN))
			listen = rule;
	}
	warn(diags, policy, every,
		"packet sockets (AF_PACKET) are seen by no program: a process with CAP_NET_RAW can "
		"send to any peer; take that capability away");
	if (!hook_set_has(&offers->loaded, CGW_HOOK_SOCKET_CONNECT))
		warn(diags, policy, connect,
			"sockets that were made outside of the cgroup root, and SCTP sockets that "
			"another cgroup has made, are not judged by the cgroup of the process that "
			"uses them: that would take lsm/socket_connect");
	if (!hook_set_has(&offers->loaded, CGW_HOOK_SOCKET_BIND))
		warn(diags, policy, bind,
			"binding of icmp, sctp and raw sockets is seen by no program");
	if (!hook_set_has(&offers->loaded, CGW_HOOK_UNIX_BIND))
		warn(diags, policy, bind, "binding of unix sockets is seen by no program");
	if (!hook_set_has(&offers->loaded, CGW_HOOK_UNIX_LISTEN))
		warn(diags, policy, listen, "listening on unix sockets is seen by no program");
}

/* Marks the rule in the image; found by its text, which is unique within its policy. */
static void mark(struct image *image, const char *policy, const char *text, uint32_t flags)
{
	for (uint32_t i = 0; i < image_header(image)->rule_count; i++) {
		struct cgw_rule *rule = (struct cgw_rule *)image_rule(image, i);

		if (!strcmp(image_text(image, rule->text), text) &&
			!strcmp(image_text(image, image_policy(image, rule->policy)->name), policy))
			rule->flags |= flags;
	}
}

static void check_rule(const struct policy *policy, const struct policy_rule *rule,
	struct image *image, const struct offers *offers, struct diagnostics *diags)
{
	struct strbuf why __attribute__((cleanup(strbuf_free))) = STRBUF_INIT;
	uint32_t flags = rule->action == CGW_ACTION_ALLOW ? 0 : rule_gap(rule, offers, &why);

	if (!flags)
		return;
	diagnostics_add(diags, policy->warn_missing ? SEVERITY_WARNING : SEVERITY_ERROR,
		policy->file, rule->line, rule->column,
		"policy %s: rule %s is %s by this kernel: %s%s", policy->name,
		quote(rule->text, strlen(rule->text)),
		flags & CGW_RULE_PARTLY ? "not fully enforced" : "not enforced", strbuf_text(&why),
		policy->warn_missing
			? ""
			: "; remove it, or accept that with `on-missing = warn` in [policy]");
	mark(image, policy->name, rule->text, flags);
}

int gaps_check(const struct policies *policies, struct image *image, const struct offers *offers,
	struct diagnostics *diags)
{
	size_t errors = diags->errors;

	for (size_t p = 0; p < policies->count; p++) {
		const struct policy *policy = policies->items[p];

		for (size_t i = 0; i < policy->rule_count; i++)
			check_rule(policy, &policy->rules[i], image, offers, diags);
		check_unseen(policy, offers, diags);
	}
	((struct cgw_image_header *)image->data)->checksum =
		image_checksum(image->data, image->size);
	return diags->errors == errors ? 0 : -1;
}
