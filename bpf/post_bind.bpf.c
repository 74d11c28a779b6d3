/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * post_bind.bpf.c - cgroup/post_bind4, post_bind6: the port that the kernel has chosen for a bind
 * to port 0. A refusal gives the port back.
 *
 * They run after every bind, and do not tell which port was asked for. One that was named has been
 * judged by cgroup/bind4 or bind6, so that a denial found here is of a chosen one; what is only to
 * be logged could be either, and is not logged a second time.
 */
#include "network.h"

static __always_inline int judge(struct bpf_sock *ctx, struct cgw_peer *peer, __u32 hook)
{
	struct peer_context seen = {.hook = hook, .type = ctx->type, .protocol = ctx->protocol};
	struct cgroup *cgroup;
	struct call call;
	bool deny;

	/* Allowed: raw sockets have no port, or no ruleset has been published. */
	if (ctx->type == SOCK_RAW || call_open(&call))
		return 1;
	cgroup = scope_add_current(&call);
	seen.socket_cgroup_id =
		scope_add_socket(&call, (struct sock *)kernel_address(ctx), cgroup, cgroup->kn->id);
	if (call.unable)
		return !deny_unable(&call, 1U << CGW_OP_BIND);
	if (!call.scratch) /* allowed: nothing governs the task or the socket */
		return 1;
	peer->port = ctx->src_port;
	peer->proto[0] = proto_group(ctx->protocol);
	peer->judge.view = &call.view;
	peer->judge.work = &call.scratch->work;
	cgw_judge_peer(peer);
	decision_check(&call, &call.scratch->work.decision);
	deny = call.scratch->work.decision.verdict == CGW_VERDICT_DENY;
	if (deny)
		peer_report(&call, peer, &seen);
	call_close(&call);
	return !deny;
}

SEC("cgroup/post_bind4")
int cgward_post_bind4(struct bpf_sock *ctx)
{
	struct cgw_peer peer = {.op = CGW_OP_BIND, .address = {bpf_ntohl(ctx->src_ip4)}};

	return judge(ctx, &peer, CGW_HOOK_POST_BIND4);
}

SEC("cgroup/post_bind6")
int cgward_post_bind6(struct bpf_sock *ctx)
{
	struct cgw_peer peer = {.op = CGW_OP_BIND};
	__u32 address[4] = {
		bpf_ntohl(ctx->src_ip6[0]),
		bpf_ntohl(ctx->src_ip6[1]),
		bpf_ntohl(ctx->src_ip6[2]),
		bpf_ntohl(ctx->src_ip6[3]),
	};

	cgw_peer_set_ipv6(&peer, address);
	return judge(ctx, &peer, CGW_HOOK_POST_BIND6);
}
