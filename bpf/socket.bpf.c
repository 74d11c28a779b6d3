/* SPDX-License-Identifier: GPL-2.0-only */
/* socket.bpf.c - cgroup/sock_create: making IPv4 and IPv6 sockets. Other families do not come here.
 */
#include "network.h"

SEC("cgroup/sock_create")
int cgward_sock_create(struct bpf_sock *ctx)
{
	struct cgw_socket socket = {.family = ctx->family, .type = ctx->type};
	struct cgw_decision *decision;
	struct call call;
	bool deny;

	if (call_open(&call)) /* allowed: no ruleset has been published */
		return 1;
	scope_add_current(&call);
	if (call.unable)
		return !deny_unable(&call, 1U << CGW_OP_SOCKET);
	if (!call.scratch) /* allowed: nothing governs the task, whose cgroup is the socket's */
		return 1;
	socket.judge.view = &call.view;
	socket.judge.work = &call.scratch->work;
	cgw_judge_socket(&socket);
	decision = &call.scratch->work.decision;
	decision_check(&call, decision);
	if (decision->verdict != CGW_VERDICT_ALLOW) {
		struct cgw_event *event = &call.scratch->event;

		emit_start(&call, CGW_EVENT_NETWORK, CGW_HOOK_SOCK_CREATE, CGW_OP_SOCKET);
		event->network.family = ctx->family;
		event->network.type = ctx->type;
		event->network.protocol = ctx->protocol;
		emit_finish(call.scratch);
	}
	deny = decision->verdict == CGW_VERDICT_DENY;
	call_close(&call);
	return !deny;
}
