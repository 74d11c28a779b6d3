/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * peer.bpf.c - cgroup/connect4, connect6, sendmsg4, sendmsg6, bind4, bind6.
 *
 * The kernel runs them for the cgroup of the socket; the task that calls may be another one's, and
 * is judged too. The family is that of the attach type: user_family is what the caller wrote, and
 * may be AF_UNSPEC.
 */
#include "network.h"

static __always_inline int judge(struct bpf_sock_addr *ctx, struct cgw_peer *peer, __u32 hook)
{
	struct peer_context seen = {.hook = hook, .type = ctx->type, .protocol = ctx->protocol};
	struct bpf_sock *sk = ctx->sk;
	struct cgroup *cgroup;
	struct call call;

	if (call_open(&call)) /* allowed: no ruleset has been published */
		return 1;
	cgroup = scope_add_current(&call);
	if (sk)
		seen.socket_cgroup_id = scope_add_socket(
			&call, (struct sock *)kernel_address(sk), cgroup, cgroup->kn->id);
	/* 0.0.0.0 is the address that the socket is bound to, or else loopback (that is in the
	 * tables). */
	if (peer->op == CGW_OP_CONNECT && !peer->ipv6 && !peer->address[0] && sk)
		peer->address[0] = bpf_ntohl(sk->src_ip4);
	peer->port = bpf_ntohs(ctx->user_port);
	peer->proto[0] = ctx->type == SOCK_RAW ? CGW_PROTO_RAW : proto_group(ctx->protocol);
	return !peer_denied(&call, peer, &seen);
}

static __always_inline int judge4(struct bpf_sock_addr *ctx, __u32 op, __u32 hook)
{
	struct cgw_peer peer = {.op = op, .address = {bpf_ntohl(ctx->user_ip4)}};

	return judge(ctx, &peer, hook);
}

static __always_inline int judge6(struct bpf_sock_addr *ctx, __u32 op, __u32 hook)
{
	struct cgw_peer peer = {.op = op};
	__u32 address[4] = {
		bpf_ntohl(ctx->user_ip6[0]),
		bpf_ntohl(ctx->user_ip6[1]),
		bpf_ntohl(ctx->user_ip6[2]),
		bpf_ntohl(ctx->user_ip6[3]),
	};

	cgw_peer_set_ipv6(&peer, address);
	return judge(ctx, &peer, hook);
}

SEC("cgroup/connect4")
int cgward_connect4(struct bpf_sock_addr *ctx)
{
	return judge4(ctx, CGW_OP_CONNECT, CGW_HOOK_CONNECT4);
}

SEC("cgroup/connect6")
int cgward_connect6(struct bpf_sock_addr *ctx)
{
	return judge6(ctx, CGW_OP_CONNECT, CGW_HOOK_CONNECT6);
}

SEC("cgroup/sendmsg4")
int cgward_sendmsg4(struct bpf_sock_addr *ctx)
{
	return judge4(ctx, CGW_OP_CONNECT, CGW_HOOK_SENDMSG4);
}

SEC("cgroup/sendmsg6")
int cgward_sendmsg6(struct bpf_sock_addr *ctx)
{
	return judge6(ctx, CGW_OP_CONNECT, CGW_HOOK_SENDMSG6);
}

SEC("cgroup/bind4")
int cgward_bind4(struct bpf_sock_addr *ctx)
{
	return judge4(ctx, CGW_OP_BIND, CGW_HOOK_BIND4);
}

SEC("cgroup/bind6")
int cgward_bind6(struct bpf_sock_addr *ctx)
{
	return judge6(ctx, CGW_OP_BIND, CGW_HOOK_BIND6);
}
