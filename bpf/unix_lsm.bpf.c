/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * unix_lsm.bpf.c - LSM programs for unix sockets, by the socket that is reached and not by the name
 * that the caller gives: lsm/unix_stream_connect and unix_may_send; bind and listen.
 *
 * A socket's path is that of the file that it was bound to, from the root of the mount namespace of
 * the process that bound it. It is the same by whatever link or mount a process reaches it. The
 * cgroup programs (Linux 6.7) judge the name that the caller gives before that: either may deny.
 */
#include "lsm.h"
#include "network.h"
#include "path.h"

#define S_IFMT 0170000
#define S_IFSOCK 0140000

/* Only if the cgroup programs do not report the same. */
static __always_inline bool reports_audits(void)
{
	enum cgroup_bpf_attach_type {
		CGROUP_UNIX_CONNECT = 1
	};

	return !bpf_core_enum_value_exists(enum cgroup_bpf_attach_type, CGROUP_UNIX_CONNECT);
}

/* What is done, and to which socket. */
struct unix_op {
	struct sock *sk; /* the caller's; NULL: not known */
	__u32 op;
	__u32 hook;
	bool audits;
};

/* Judges the name in scratch->name, and reports. */
static __always_inline bool name_denied(
	struct call *call, const struct unix_op *at, struct cgw_unix *name, __u64 socket_cgroup_id)
{
	struct peer_context seen = {.hook = at->hook, .socket_cgroup_id = socket_cgroup_id};
	struct cgw_decision *decision = &call->scratch->work.decision;
	struct sock *sk = at->sk;

	name->op = at->op;
	name->judge.view = &call->view;
	name->judge.work = &call->scratch->work;
	name->name = call->scratch->name.bytes;
	if (sk)
		seen.type = BPF_CORE_READ(sk, sk_type);
	cgw_judge_unix(name);
	decision_check(call, decision);
	if (decision->verdict == CGW_VERDICT_DENY ||
		(decision->verdict == CGW_VERDICT_AUDIT && at->audits))
		unix_report(call, name, &seen);
	return decision->verdict == CGW_VERDICT_DENY;
}

/* Copies the path that path_name() has found to scratch->name. One that is not to be found is as
 * ambiguous as a relative one. */
static __always_inline void take_path(struct scratch *scratch, struct cgw_unix *name, __u32 reason)
{
	__u32 from = scratch->files.name[0].from, length;

	name->kind = CGW_UNIX_PATH;
	name->length = 0;
	/* Of another mount namespace: the name that it has there. */
	name->ambiguous = (reason && reason != CGW_REASON_PATH_UNREACHABLE) || from >= CGW_TEXT_MAX;
	if (name->ambiguous)
		return;
	from &= CGW_TEXT_MAX - 1;
	length = CGW_OPAQUE(CGW_TEXT_MAX - from) & (CGW_TEXT_MAX - 1);
	if (bpf_probe_read_kernel(scratch->name.bytes, length, scratch->value.written + from))
		name->ambiguous = 1;
	name->length = length;
}

/* Finds the name of a bound socket; false: it has none. */
static __always_inline bool socket_name(
	struct scratch *scratch, struct sock *sk, struct cgw_unix *name)
{
	struct unix_sock *unix_sk = (struct unix_sock *)sk;
	struct dentry *dentry = BPF_CORE_READ(unix_sk, path.dentry);
	struct unix_address *address;
	__u32 length;

	if (dentry) {
		take_path(scratch, name,
			path_name(scratch, 0, &scratch->files.name[0], dentry,
				BPF_CORE_READ(unix_sk, path.mnt)));
		return true;
	}
	address = BPF_CORE_READ(unix_sk, addr);
	length = address ? BPF_CORE_READ(address, len) : 0;
	if (length <= 3)
		return false;
	name->kind = CGW_UNIX_ABSTRACT;
	name->ambiguous = 0;
	length = CGW_OPAQUE(length - 3) & 127;
	bpf_probe_read_kernel(scratch->name.bytes, length,
		(const void *)address + bpf_core_field_offset(struct unix_address, name) + 3);
	name->length = length;
	return true;
}

/* Judges the named socket `target` for the running task and the socket of the caller. */
static __always_inline int socket_result(const struct unix_op *at, struct sock *target)
{
	struct cgw_unix name = {};
	struct cgroup *cgroup;
	struct call call;
	bool deny = false;
	__u64 id;

	if (lsm_is_kernel() || call_open(&call)) /* allowed: no process, or no ruleset */
		return 0;
	cgroup = scope_add_current(&call);
	id = at->sk ? scope_add_socket(&call, at->sk, cgroup, cgroup->kn->id) : 0;
	if (call.unable)
		return lsm_result(deny_unable(&call, 1U << at->op));
	if (!call.scratch) /* allowed: nothing governs the task or the socket */
		return 0;
	if (socket_name(call.scratch, target, &name)) /* one without a name fits no rule */
		deny = name_denied(&call, at, &name, id);
	call_close(&call);
	return lsm_result(deny);
}

SEC("lsm/unix_stream_connect")
int BPF_PROG(cgward_unix_stream_connect, struct sock *sk, struct sock *other, struct sock *new)
{
	struct unix_op at = {.sk = sk,
		.op = CGW_OP_CONNECT,
		.hook = CGW_HOOK_UNIX_STREAM_CONNECT,
		.audits = reports_audits()};

	return socket_result(&at, other);
}

/* Each datagram, and connect of such a socket. */
SEC("lsm/unix_may_send")
int BPF_PROG(cgward_unix_may_send, struct socket *socket, struct socket *other)
{
	struct unix_op at = {.sk = socket->sk,
		.op = CGW_OP_CONNECT,
		.hook = CGW_HOOK_UNIX_MAY_SEND,
		.audits = reports_audits()};
	struct sock *target = other->sk;

	return target ? socket_result(&at, target) : 0;
}

SEC("lsm/socket_listen")
int BPF_PROG(cgward_unix_listen, struct socket *socket, int backlog)
{
	struct sock *sk = socket->sk;
	struct unix_op at = {
		.sk = sk, .op = CGW_OP_LISTEN, .hook = CGW_HOOK_UNIX_LISTEN, .audits = true};

	if (!sk || BPF_CORE_READ(sk, __sk_common.skc_family) != AF_UNIX)
		return 0; /* allowed here: see socket_lsm.bpf.c */
	return socket_result(&at, sk);
}

/* ---- bind: abstract names by the address, paths when their file is made ---- */

SEC("lsm/socket_bind")
int BPF_PROG(cgward_unix_bind, struct socket *socket, struct sockaddr *address, int length)
{
	struct sock *sk = socket->sk;
	struct unix_op at = {
		.sk = sk, .op = CGW_OP_BIND, .hook = CGW_HOOK_UNIX_BIND, .audits = true};
	struct cgw_unix name = {.kind = CGW_UNIX_ABSTRACT};
	struct cgroup *cgroup;
	struct call call;
	__u8 first = 1;
	bool deny;
	__u64 id;

	if (lsm_is_kernel() || !sk || BPF_CORE_READ(sk, __sk_common.skc_family) != AF_UNIX)
		return 0; /* allowed: no process does it, or it is no unix socket */
	bpf_probe_read_kernel(&first, 1, (const char *)address + 2);
	if (first || length <= 3 || length > UNIX_NAME_MAX + 2)
		return 0; /* allowed here: a path; a name of the kernel's choice; or not a name */
	if (call_open(&call)) /* allowed: no ruleset has been published */
		return 0;
	cgroup = scope_add_current(&call);
	id = scope_add_socket(&call, sk, cgroup, cgroup->kn->id);
	if (call.unable)
		return lsm_result(deny_unable(&call, 1U << CGW_OP_BIND));
	if (!call.scratch) /* allowed: nothing governs the task or the socket */
		return 0;
	name.length = CGW_OPAQUE((__u32)length - 3) & 127;
	bpf_probe_read_kernel(call.scratch->name.bytes, name.length, (const char *)address + 3);
	deny = name_denied(&call, &at, &name, id);
	call_close(&call);
	return lsm_result(deny);
}

/* Appends the last component to the path of its directory in scratch->name. */
static __always_inline void append_name(
	struct scratch *scratch, struct cgw_unix *name, struct dentry *dentry)
{
	__u32 length = CGW_OPAQUE(BPF_CORE_READ(dentry, d_name.len)) & 255;
	__u32 at = name->length;

	if (name->ambiguous || at + length + 1 >= CGW_TEXT_MAX) {
		name->ambiguous = 1;
		return;
	}
	if (at == 1) /* in "/" itself */
		at = 0;
	at &= CGW_TEXT_MAX - 1;
	scratch->path.bytes[0] = '/';
	bpf_probe_read_kernel(scratch->path.bytes + 1, length, BPF_CORE_READ(dentry, d_name.name));
	if (at < CGW_TEXT_MAX - 256)
		bpf_probe_read_kernel(scratch->name.bytes + at, length + 1, scratch->path.bytes);
	else
		name->ambiguous = 1;
	name->length = at + length + 1;
}

/* A socket's file is made by nothing but bind, and mknod(2), which makes one that nobody can reach.
 */
SEC("lsm/path_mknod")
int BPF_PROG(cgward_unix_mknod, const struct path *dir, struct dentry *dentry, unsigned int mode)
{
	struct unix_op at = {.op = CGW_OP_BIND, .hook = CGW_HOOK_UNIX_MKNOD, .audits = true};
	struct cgw_unix name = {};
	struct call call;
	bool deny;

	if ((mode & S_IFMT) != S_IFSOCK)
		return 0;
	if (!lsm_begin(&call, 1U << CGW_OP_BIND))
		return lsm_result(call.unable);
	take_path(call.scratch, &name,
		path_name(call.scratch, 0, &call.scratch->files.name[0], dir->dentry, dir->mnt));
	append_name(call.scratch, &name, dentry);
	deny = name_denied(&call, &at, &name, 0);
	call_close(&call);
	return lsm_result(deny);
}
