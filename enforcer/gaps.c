/* SPDX-License-Identifier: GPL-2.0-only */
#include "gaps.h"

#include <stdbool.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include "hooks.h"
#include "names.h"

struct gap {
	uint32_t flags;	  /* CGW_RULE_UNENFORCED or CGW_RULE_PARTLY; 0: none */
	const char *what; /* is missing or slips by */
};

static bool has_hook(uint32_t loaded, enum cgw_hook hook)
{
	for (int i = 0; hooks[i].name; i++)
		if (hooks[i].hook == hook)
			return loaded >> i & 1;
	return false;
}

static bool has_op(const struct policy_rule *rule, enum cgw_op op)
{
	return rule->ops >> op & 1;
}

static struct gap unenforced(const char *what)
{
	return (struct gap){CGW_RULE_UNENFORCED, what};
}

static struct gap unix_gap(const struct policy_rule *rule, uint32_t loaded)
{
	if (!has_op(rule, CGW_OP_CONNECT))
		return unenforced(
			"binding unix sockets needs the hook lsm/socket_bind, which cgward has no "
			"program for yet");
	if (!has_hook(loaded, CGW_HOOK_CONNECT_UNIX) || !has_hook(loaded, CGW_HOOK_SENDMSG_UNIX))
		return unenforced("it needs the hooks cgroup/connect_unix and cgroup/sendmsg_unix, "
				  "which Linux "
				  "has from 6.7 on");
	if (rule->peer.kind == PEER_UNIX_PATH)
		return (struct gap){CGW_RULE_PARTLY,
			"without the hook lsm/unix_stream_connect a path is judged by the name "
			"that the caller "
			"gives: a symbolic link or another mount of it slips by"};
	return (struct gap){};
}

static struct gap peer_gap(const struct policy_rule *rule, uint32_t loaded)
{
	const uint32_t unseen = 1U << CGW_PROTO_ICMP | 1U << CGW_PROTO_SCTP | 1U << CGW_PROTO_RAW;

	if (has_op(rule, CGW_OP_LISTEN))
		return unenforced(
			"it needs the hook lsm/socket_listen, which cgward has no program for yet");
	if (rule->peer.kind == PEER_UNIX_PATH || rule->peer.kind == PEER_UNIX_ABSTRACT)
		return unix_gap(rule, loaded);
	if (has_op(rule, CGW_OP_BIND) && rule->protos_named && rule->protos & unseen)
		return unenforced(
			"binding icmp, sctp and raw sockets needs the hook lsm/socket_bind, which "
			"cgward has no program for yet");
	if (rule->protos_named && rule->protos >> CGW_PROTO_UNIX & 1)
		return unix_gap(rule, loaded);
	return (struct gap){};
}

static struct gap rule_gap(const struct policy_rule *rule, uint32_t loaded)
{
	switch (rule->section) {
	case SECTION_SYSCTL:
		return (struct gap){};
	case SECTION_NETWORK:
		if (!has_op(rule, CGW_OP_SOCKET))
			return peer_gap(rule, loaded);
		if (rule->socket.family == AF_INET || rule->socket.family == AF_INET6)
			return (struct gap){};
		return unenforced(
			"making sockets of other families than inet and inet6 needs the hook "
			"lsm/socket_create, which cgward has no program for yet");
	case SECTION_FILE:
	case SECTION_KERNEL:
	case SECTION_CAPABILITY:
		return unenforced("it needs BPF LSM programs, which cgward does not have yet");
	case SECTION_DEVICE:
		return unenforced(
			"it needs the hook cgroup/dev, which cgward has no program for yet");
	default:
		return unenforced("cgward has no program for it");
	}
}

/* The policy's connect rules without protocol mean every protocol; what no program sees is named
 * once. */
static void check_unseen(const struct policy *policy, struct diagnostics *diags)
{
	const struct policy_rule *connect = NULL, *bind = NULL;

	for (size_t i = 0; i < policy->rule_count; i++) {
		const struct policy_rule *rule = &policy->rules[i];

		if (rule->section != SECTION_NETWORK || rule->action == CGW_ACTION_ALLOW ||
			rule->protos_named || rule->peer.port_count)
			continue;
		if (!connect && has_op(rule, CGW_OP_CONNECT))
			connect = rule;
		if (!bind && has_op(rule, CGW_OP_BIND))
			bind = rule;
	}
	if (connect)
		diagnostics_add(diags, SEVERITY_WARNING, policy->file, connect->line,
			connect->column,
			"policy %s: on this kernel packet sockets (AF_PACKET) are seen by no "
			"program: a process with "
			"CAP_NET_RAW can send to any peer; take that capability away",
			policy->name);
	if (bind)
		diagnostics_add(diags, SEVERITY_WARNING, policy->file, bind->line, bind->column,
			"policy %s: on this kernel binding of icmp, sctp and raw sockets is seen "
			"by no program",
			policy->name);
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
	struct image *image, uint32_t loaded, struct diagnostics *diags)
{
	struct gap gap = rule_gap(rule, loaded);

	if (!gap.flags || rule->action == CGW_ACTION_ALLOW)
		return;
	diagnostics_add(diags, policy->warn_missing ? SEVERITY_WARNING : SEVERITY_ERROR,
		policy->file, rule->line, rule->column,
		"policy %s: rule %s is %s by this kernel: %s%s", policy->name,
		quote(rule->text, strlen(rule->text)),
		gap.flags & CGW_RULE_PARTLY ? "not fully enforced" : "not enforced", gap.what,
		policy->warn_missing
			? ""
			: "; remove it, or accept that with `on-missing = warn` in [policy]");
	mark(image, policy->name, rule->text, gap.flags);
}

int gaps_check(const struct policies *policies, struct image *image, uint32_t loaded,
	struct diagnostics *diags)
{
	size_t errors = diags->errors;

	for (size_t p = 0; p < policies->count; p++) {
		const struct policy *policy = policies->items[p];

		for (size_t i = 0; i < policy->rule_count; i++)
			check_rule(policy, &policy->rules[i], image, loaded, diags);
		check_unseen(policy, diags);
	}
	((struct cgw_image_header *)image->data)->checksum =
		image_checksum(image->data, image->size);
	return diags->errors == errors ? 0 : -1;
}
