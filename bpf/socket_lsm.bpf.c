/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * socket_lsm.bpf.c - LSM programs for sockets of the IP families, beside the cgroup programs.
 *
 * They see what has no cgroup hook (bind of raw, ping and SCTP sockets, connect of those, listen,
 * sockets of other families) and sockets whose cgroup is not below the instance's root, for which
 * the kernel does not run its cgroup programs. What a cgroup program does see is left to it, so
 * that an operation is judged, counted and reported once.
 */
#include "lsm.h"
#include "network.h"

#define SCTP_PRIMARY_ADDR 6
#define SCTP_SET_PEER_PRIMARY_ADDR 5
#define SCTP_SOCKOPT_BINDX_ADD 100
/* From here on: parameters of a packet that the peer has sent. */
#define SCTP_PARAMETERS 0x8000

/* struct sockaddr_in and sockaddr_in6 as far as they matter: an IPv4 address stands in `four`. */
struct ip_address {
	__u16 family;
	__be16 port;
	__be32 four;
	__be32 six[4];
};

#define IPV4_LENGTH 16
#define IPV6_LENGTH 24 /* the kernel takes it without the scope */

/* Who does what. The verifier knows the socket: its fields are read without a helper's call. */
struct socket_op {
	struct sock *sk;
	__u32 op;
	__u32 hook;
	bool only_socket; /* the running task is not the one that does it */
	bool only_one;	  /* several addresses are none that can be read */
	bool unreadable;  /* there is no address: denied where a rule could match */
};

static __always_inline __u32 sock_protocol(struct sock *sk)
{
	return sk->sk_protocol;
}

static __always_inline bool is_ip(__u32 family)
{
	return family == AF_INET || family == AF_INET6;
}

/* The level of the instance's cgroup root plus 1; 0: not found out yet. */
static __u32 root_level;

static __always_inline __u64 ancestor_id(struct cgroup *cgroup, __u32 level)
{
	struct cgroup *ancestor = NULL;

	bpf_probe_read_kernel(&ancestor, sizeof(ancestor), &cgroup->ancestors[0] + level);
	return cgroup_id(ancestor);
}

static long root_level_step(__u32 level, void *context)
{
	struct cgroup **cgroup = context;

	if (ancestor_id(*cgroup, level) != cgroup_root_id)
		return 0;
	root_level = level + 1;
	return 1;
}

/* The cgroup programs of this instance run for sockets of the cgroup. */
static __always_inline bool is_below_root(struct cgroup *cgroup)
{
	__u32 levels = cgroup->level + 1, level;

	if (!root_level)
		bpf_loop(levels, root_level_step, &cgroup, 0);
	level = root_level;
	if (level < 2) /* every cgroup is below the root of all; 0: it was not found */
		return level;
	return level <= levels && ancestor_id(cgroup, level - 1) == cgroup_root_id;
}

/* A cgroup program judges this operation of the socket. */
static __always_inline bool has_cgroup_hook(struct sock *sk, __u32 op)
{
	__u32 protocol = sock_protocol(sk), type = sk->sk_type;

	if (type == SOCK_RAW || op == CGW_OP_LISTEN)
		return false;
	if (protocol != IPPROTO_TCP && protocol != IPPROTO_MPTCP && protocol != IPPROTO_UDP &&
		!(op == CGW_OP_CONNECT && proto_group(protocol) == CGW_PROTO_ICMP))
		return false;
	return is_below_root(sk->sk_cgrp_data.cgroup);
}

/* Not inlined: its part of the stack is free again when the decision is reported. */
static __noinline int unable_judge(struct call *call, __u32 op)
{
	struct cgw_unable unable = {.ops = 1U << op, .reason = CGW_REASON_HEADER_UNREADABLE};

	if (!call->scratch) /* denied: it cannot be judged */
		return 1;
	unable.judge.view = &call->view;
	unable.judge.work = &call->scratch->work;
	cgw_judge_unable(&unable);
	return call->scratch->work.decision.verdict == CGW_VERDICT_DENY;
}

/* Judges and reports; true: deny. Inlined: the verifier limits the stack of all calls together. */
static __always_inline bool peer_judge(const struct socket_op *at, struct cgw_peer *peer)
{
	struct peer_context seen = {.hook = at->hook};
	struct sock *sk = at->sk;
	struct cgroup *cgroup = NULL;
	struct call call;
	bool deny;

	if (call_open(&call)) /* allowed: no ruleset has been published */
		return 0;
	if (!at->only_socket)
		cgroup = scope_add_current(&call);
	seen.socket_cgroup_id = scope_add_socket(&call, sk, cgroup, cgroup ? cgroup->kn->id : 0);
	seen.type = sk->sk_type;
	seen.protocol = sock_protocol(sk);
	peer->op = at->op;
	peer->proto[0] = seen.type == SOCK_RAW ? CGW_PROTO_RAW : proto_group(seen.protocol);
	if (!at->unreadable || !call.scratch)
		return peer_denied(&call, peer, &seen);
	deny = unable_judge(&call, at->op);
	if (call.scratch->work.decision.verdict != CGW_VERDICT_ALLOW)
		peer_report(&call, peer, &seen);
	call_close(&call);
	return deny;
}

static __always_inline void set_ipv6(struct cgw_peer *peer, const __be32 six[4])
{
	__u32 address[4];

	for (int i = 0; i < 4; i++)
		address[i] = bpf_ntohl(six[i]);
	cgw_peer_set_ipv6(peer, address);
}

/*
 * Reads the address that the caller gives to the socket. A family that is neither is taken for the
 * socket's own, as the kernel does with AF_UNSPEC. Writes numbers only to *peer: the verifier lets
 * a function write pointers to its own stack only.
 */
static __noinline int address_read(
	struct cgw_peer *peer, struct sock *sk, const void *address, __u32 length)
{
	struct ip_address ip = {};
	__u32 family;

	if (length < IPV4_LENGTH)
		return 0;
	if (bpf_probe_read_kernel(&ip, IPV4_LENGTH / 2, address))
		return -1;
	family = is_ip(ip.family) ? ip.family : sk->__sk_common.skc_family;
	peer->port = bpf_ntohs(ip.port);
	if (family == AF_INET) {
		peer->ipv6 = 0;
		peer->address[0] = bpf_ntohl(ip.four);
		return IPV4_LENGTH;
	}
	if (length < IPV6_LENGTH)
		return 0;
	if (bpf_probe_read_kernel(&ip, sizeof(ip), address))
		return -1;
	set_ipv6(peer, ip.six);
	return IPV6_LENGTH + 4;
}

static __always_inline bool address_denied(struct socket_op *at, const void *address, __u32 length)
{
	struct cgw_peer peer = {};
	int read = address_read(&peer, at->sk, address, length);

	if (!read)
		return false;
	at->unreadable = read < 0 || (at->only_one && length > (__u32)read);
	/* See judge() of peer.bpf.c. */
	if (at->op == CGW_OP_CONNECT && !peer.ipv6 && !peer.address[0]) {
		struct sock *sk = at->sk;

		peer.address[0] = bpf_ntohl(sk->__sk_common.skc_rcv_saddr);
	}
	return peer_judge(at, &peer);
}

static __always_inline int socket_result(
	struct socket *socket, __u32 op, __u32 hook, const void *address, __u32 length)
{
	struct sock *sk = socket->sk;
	struct socket_op at = {.sk = sk, .op = op, .hook = hook};

	/* Allowed here: no process does it; other families have no IP peers; or a cgroup program
	 * judges it. */
	if (lsm_is_kernel() || !sk || !is_ip(sk->__sk_common.skc_family) || has_cgroup_hook(sk, op))
		return 0;
	return lsm_result(address_denied(&at, address, length));
}

SEC("lsm/socket_connect")
int BPF_PROG(cgward_socket_connect, struct socket *socket, struct sockaddr *address, int length)
{
	__u16 family = 0;

	/* Allowed: this disconnects. */
	if (bpf_probe_read_kernel(&family, sizeof(family), address) || !family)
		return 0;
	return socket_result(socket, CGW_OP_CONNECT, CGW_HOOK_SOCKET_CONNECT, address, length);
}

SEC("lsm/socket_bind")
int BPF_PROG(cgward_socket_bind, struct socket *socket, struct sockaddr *address, int length)
{
	return socket_result(socket, CGW_OP_BIND, CGW_HOOK_SOCKET_BIND, address, length);
}

/*
 * Datagrams with an address. Packets of protocols without an address hook are judged on their way
 * out; so what remains are sockets for which no cgroup program runs.
 */
SEC("lsm/socket_sendmsg")
int BPF_PROG(cgward_socket_sendmsg, struct socket *socket, struct msghdr *message, int size)
{
	const void *address = message->msg_name;
	struct sock *sk = socket->sk;

	if (!address || !sk || is_below_root(sk->sk_cgrp_data.cgroup))
		return 0;
	return socket_result(
		socket, CGW_OP_CONNECT, CGW_HOOK_SOCKET_SENDMSG, address, message->msg_namelen);
}

/* The address that the socket is bound to. Not bound: the kernel will choose any port. */
SEC("lsm/socket_listen")
int BPF_PROG(cgward_socket_listen, struct socket *socket, int backlog)
{
	struct sock *sk = socket->sk;
	struct socket_op at = {.sk = sk, .op = CGW_OP_LISTEN, .hook = CGW_HOOK_SOCKET_LISTEN};
	struct cgw_peer peer = {};
	__be32 six[4];

	if (lsm_is_kernel() || !sk || !is_ip(sk->__sk_common.skc_family))
		return 0; /* allowed: no process does it, or it is no IP socket */
	peer.port = sk->__sk_common.skc_num;
	if (!peer.port)
		peer.port = CGW_PORT_UNKNOWN;
	peer.address[0] = bpf_ntohl(sk->__sk_common.skc_rcv_saddr);
	if (sk->__sk_common.skc_family == AF_INET6) {
		bpf_core_read(six, sizeof(six), &sk->__sk_common.skc_v6_rcv_saddr);
		set_ipv6(&peer, six);
	}
	return lsm_result(peer_judge(&at, &peer));
}

/* connectx and bindx take lists. To follow one is too long for the verifier: several are denied
 * where a rule could match. */
SEC("lsm/sctp_bind_connect")
int BPF_PROG(
	cgward_sctp_bind_connect, struct sock *sk, int option, struct sockaddr *address, int length)
{
	bool bind = option == SCTP_SOCKOPT_BINDX_ADD || option == SCTP_PRIMARY_ADDR ||
		    option == SCTP_SET_PEER_PRIMARY_ADDR;
	struct socket_op at = {.sk = sk,
		.op = bind ? CGW_OP_BIND : CGW_OP_CONNECT,
		.hook = CGW_HOOK_SCTP_BIND_CONNECT,
		.only_socket = option >= SCTP_PARAMETERS,
		.only_one = true};

	return lsm_result(address_denied(&at, address, length));
}

/* ---- socket(2) ---- */

/* IP sockets of a task below the root are left to cgroup/sock_create. */
SEC("lsm/socket_create")
int BPF_PROG(cgward_socket_create, int family, int type, int protocol, int kern)
{
	struct socket_kind kind = {.hook = CGW_HOOK_SOCKET_CREATE,
		.family = family,
		.type = type,
		.protocol = protocol};
	struct task_struct *task = bpf_get_current_task_btf();
	struct call call;
	bool deny;

	if (kern || (is_ip(family) && is_below_root(task->cgroups->dfl_cgrp)))
		return 0;
	if (!lsm_begin(&call, 1U << CGW_OP_SOCKET))
		return lsm_result(call.unable);
	deny = socket_judge(&call, &kind);
	call_close(&call);
	return lsm_result(deny);
}
