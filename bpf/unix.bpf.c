/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * unix.bpf.c - cgroup/connect_unix and sendmsg_unix (Linux 6.7 and later): names of unix sockets.
 *
 * What is judged is the name that the caller gave. An abstract name is what it is; a path may be a
 * symbolic link to another socket, which only an LSM program can see. A path that is not plainly
 * absolute is denied where a path rule could match.
 *
 * libbpf 1.1 does not know these attach types: the loader sets them.
 */
#include "network.h"

/* Reads the name into scratch->name. Its length, and the kind: 0 for a socket without a name. */
static __always_inline __u32 read_name(
	struct bpf_sock_addr *ctx, struct scratch *scratch, __u32 *kind)
{
	struct bpf_sock_addr_kern *kernel = (struct bpf_sock_addr_kern *)kernel_address(ctx);
	__u8 *address = BPF_CORE_READ(kernel, uaddr);
	__u32 size = BPF_CORE_READ(kernel, uaddrlen), length;
	long got;

	*kind = CGW_UNIX_PATH;
	if (size <= 2)
		return 0;
	length = size - 2 < UNIX_NAME_MAX ? size - 2 : UNIX_NAME_MAX;
	if (bpf_probe_read_kernel(scratch->name.bytes, 1, address + 2))
		return 0;
	if (!scratch->name.bytes[0]) {
		*kind = CGW_UNIX_ABSTRACT;
		length = CGW_OPAQUE(length - 1) & 127;
		return bpf_probe_read_kernel(scratch->name.bytes, length, address + 3) ? 0 : length;
	}
	/* A path ends at its NUL, or at the end of the address. */
	length = CGW_OPAQUE(length) & 127;
	scratch->name.bytes[length] = 0;
	if (bpf_probe_read_kernel(scratch->name.bytes, length, address + 2))
		return 0;
	got = bpf_probe_read_kernel_str(
		scratch->path.bytes, UNIX_NAME_MAX + 1, scratch->name.bytes);
	return got > 1 ? got - 1 : 0;
}

static __always_inline int judge(struct bpf_sock_addr *ctx, __u32 hook)
{
	struct peer_context seen = {.hook = hook, .type = ctx->type};
	struct cgw_unix name = {.op = CGW_OP_CONNECT};
	struct bpf_sock *sk = ctx->sk;
	struct cgw_decision *decision;
	struct cgroup *cgroup;
	struct call call;
	bool deny;

	if (call_open(&call)) /* allowed: no ruleset has been published */
		return 1;
	cgroup = scope_add_current(&call);
	if (sk)
		seen.socket_cgroup_id = scope_add_socket(
			&call, (struct sock *)kernel_address(sk), cgroup, cgroup->kn->id);
	if (call.unable)
		return !deny_unable(&call, 1U << CGW_OP_CONNECT);
	if (!call.scratch) /* allowed: nothing governs the task or the socket */
		return 1;
	name.judge.view = &call.view;
	name.judge.work = &call.scratch->work;
	name.length = read_name(ctx, call.scratch, &name.kind);
	name.name = call.scratch->name.bytes;
	if (name.kind == CGW_UNIX_PATH)
		name.ambiguous = cgw_unix_ambiguous(name.name, name.length);
	cgw_judge_unix(&name);
	decision = &call.scratch->work.decision;
	decision_check(&call, decision);
	if (decision->verdict != CGW_VERDICT_ALLOW)
		unix_report(&call, &name, &seen);
	deny = decision->verdict == CGW_VERDICT_DENY;
	call_close(&call);
	return !deny;
}

SEC("cgroup/connect4")
int cgward_connect_unix(struct bpf_sock_addr *ctx)
{
	return judge(ctx, CGW_HOOK_CONNECT_UNIX);
}

SEC("cgroup/sendmsg4")
int cgward_sendmsg_unix(struct bpf_sock_addr *ctx)
{
	return judge(ctx, CGW_HOOK_SENDMSG_UNIX);
}
