/* SPDX-License-Identifier: GPL-2.0-only */
/* socket.bpf.c - cgroup/sock_create: making IPv4 and IPv6 sockets. Other families do not come here.
 */
#include "network.h"

SEC("cgroup/sock_create")
int cgward_sock_create(struct bpf_sock *ctx)
{
	struct socket_kind kind = {.hook = CGW_HOOK_SOCK_CREATE,
		.family = ctx->family,
		.type = ctx->type,
		.protocol = ctx->protocol};
	struct call call;
	bool deny;

	if (call_open(&call)) /* allowed: no ruleset has been published */
		return 1;
	scope_add_current(&call);
	if (call.unable)
		return !deny_unable(&call, 1U << CGW_OP_SOCKET);
	if (!call.scratch) /* allowed: nothing governs the task, whose cgroup is the socket's */
		return 1;
	deny = socket_judge(&call, &kind);
	call_close(&call);
	return !deny;
}
