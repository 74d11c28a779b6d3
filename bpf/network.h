/* SPDX-License-Identifier: GPL-2.0-only */
/* network.h - what the programs for IP sockets share: judging a peer and reporting it. */
#ifndef CGW_NETWORK_H
#define CGW_NETWORK_H

#include <linux/in.h>
#include "emit.h"

/* linux/socket.h is not for BPF. */
#define AF_UNIX 1
#define AF_INET 2
#define AF_INET6 10
#define SOCK_DGRAM 2
#define SOCK_RAW 3
#ifndef IPPROTO_MPTCP
#define IPPROTO_MPTCP 262
#endif
#define IPPROTO_ICMP6 58

/* The group of a protocol number; a socket of type SOCK_RAW is CGW_PROTO_RAW whatever its number.
 */
static __always_inline __u32 proto_group(__u32 protocol)
{
	switch (protocol) {
	case IPPROTO_TCP:
	case IPPROTO_MPTCP:
		return CGW_PROTO_TCP;
	case IPPROTO_UDP:
	case IPPROTO_UDPLITE:
		return CGW_PROTO_UDP;
	case IPPROTO_ICMP:
	case IPPROTO_ICMP6:
		return CGW_PROTO_ICMP;
	case IPPROTO_SCTP:
		return CGW_PROTO_SCTP;
	}
	return CGW_PROTO_OTHER;
}

/* What the hook saw, besides the peer. */
struct peer_context {
	__u32 hook;
	__u32 type;	/* SOCK_* */
	__u32 protocol; /* of the socket */
	__u64 socket_cgroup_id;
};

static __noinline int peer_report(
	struct call *call, const struct cgw_peer *peer, const struct peer_context *seen)
{
	struct cgw_event *event;

	if (!call->scratch)
		return -1;
	event = &call->scratch->event;
	if (emit_start(call, CGW_EVENT_NETWORK, seen->hook, peer->op))
		return 0;
	event->socket_cgroup_id = seen->socket_cgroup_id;
	event->network.family = peer->ipv6 ? AF_INET6 : AF_INET;
	event->network.type = seen->type;
	event->network.protocol = seen->protocol;
	event->network.port = peer->port;
	for (int i = 0; i < 4; i++)
		event->network.address[i] = peer->address[i];
	emit_finish(call->scratch);
	return 0;
}

/* Adds the policies of the cgroup in which the socket was made, unless it is the one given, which
 * was added. */
static __always_inline __u64 scope_add_socket(
	struct call *call, struct sock *sk, struct cgroup *added, __u64 added_id)
{
	struct cgroup *cgroup = PEEK(sk, sk_cgrp_data.cgroup);
	__u64 id;

	if (cgroup == added)
		return added_id;
	id = cgroup_id(cgroup);
	if (id)
		scope_add(call, cgroup, id);
	return id;
}

/* Judges, reports, and ends the call. True: deny. */
static __always_inline bool peer_denied(
	struct call *call, struct cgw_peer *peer, struct peer_context *seen)
{
	struct cgw_decision *decision;
	bool deny;

	if (call->unable)
		return deny_unable(call, 1U << peer->op);
	if (!call->scratch) /* allowed: nothing governs the task or the socket */
		return false;
	peer->judge.view = &call->view;
	peer->judge.work = &call->scratch->work;
	cgw_judge_peer(peer);
	decision = &call->scratch->work.decision;
	decision_check(call, decision);
	if (decision->verdict != CGW_VERDICT_ALLOW)
		peer_report(call, peer, seen);
	deny = decision->verdict == CGW_VERDICT_DENY;
	call_close(call);
	return deny;
}

#define UNIX_NAME_MAX 108

/* Reports what is in call->scratch: the name in scratch->name, and the decision. */
static __noinline int unix_report(
	struct call *call, const struct cgw_unix *name, const struct peer_context *seen)
{
	struct scratch *scratch = call->scratch;
	struct cgw_event *event;
	__u8 zero = 0;

	if (!scratch)
		return -1;
	event = &scratch->event;
	emit_start(call, CGW_EVENT_NETWORK, seen->hook, name->op);
	event->socket_cgroup_id = seen->socket_cgroup_id;
	event->network.family = AF_UNIX;
	event->network.type = seen->type;
	if (name->kind == CGW_UNIX_ABSTRACT)
		event->name_len = emit_bytes(scratch, &zero, 1);
	event->name_len += emit_bytes(scratch, scratch->name.bytes, name->length);
	emit_finish(scratch);
	return 0;
}

/* A socket that is to be made. */
struct socket_kind {
	__u32 hook;
	__u32 family;
	__u32 type; /* SOCK_* */
	__u32 protocol;
};

/* Judges and reports; 1: deny. */
static __noinline int socket_judge(struct call *call, const struct socket_kind *kind)
{
	struct cgw_socket socket = {.family = kind->family, .type = kind->type};
	struct scratch *scratch = call->scratch;
	struct cgw_decision *decision;

	if (!scratch)
		return 0;
	socket.judge.view = &call->view;
	socket.judge.work = &scratch->work;
	cgw_judge_socket(&socket);
	decision = &scratch->work.decision;
	decision_check(call, decision);
	if (decision->verdict == CGW_VERDICT_ALLOW)
		return 0;
	emit_start(call, CGW_EVENT_NETWORK, kind->hook, CGW_OP_SOCKET);
	scratch->event.network.family = kind->family;
	scratch->event.network.type = kind->type;
	scratch->event.network.protocol = kind->protocol;
	emit_finish(scratch);
	return decision->verdict == CGW_VERDICT_DENY;
}

#endif
