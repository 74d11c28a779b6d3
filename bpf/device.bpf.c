/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * device.bpf.c - cgroup/dev: opening and making device nodes. The kernel asks for all accesses of
 * an open at once; each is an operation of its own.
 */
#include "emit.h"
#include "number.h"

#define DEVICE_OPS                                                                                 \
	(1U << CGW_OP_DEVICE_READ | 1U << CGW_OP_DEVICE_WRITE | 1U << CGW_OP_DEVICE_MKNOD)

static __always_inline void device_report(
	struct call *call, const struct bpf_cgroup_dev_ctx *ctx, __u32 op)
{
	struct cgw_event *event = &call->scratch->event;
	__u32 block = (ctx->access_type & 0xffff) == BPF_DEVCG_DEV_BLOCK;

	emit_start(call, CGW_EVENT_DEVICE, CGW_HOOK_DEVICE, op);
	event->device.type = block ? 'b' : 'c';
	event->device.major = ctx->major;
	event->device.minor = ctx->minor;
	emit_finish(call->scratch);
}

/* Judges and reports one access. 1: denied. */
static __noinline int device_judge(
	struct call *call, const struct bpf_cgroup_dev_ctx *ctx, __u32 op)
{
	__u32 block = (ctx->access_type & 0xffff) == BPF_DEVCG_DEV_BLOCK;
	struct scratch *scratch = call->scratch;
	struct cgw_number number = {};
	struct cgw_decision *decision;

	if (!scratch)
		return 0;
	number.judge.view = &call->view;
	number.judge.work = &scratch->work;
	cgw_judge_device(&number, op, block, ctx->major, ctx->minor);
	decision = &scratch->work.decision;
	decision_check(call, decision);
	if (decision->verdict == CGW_VERDICT_ALLOW)
		return 0;
	device_report(call, ctx, op);
	return decision->verdict == CGW_VERDICT_DENY;
}

SEC("cgroup/dev")
int cgward_device(struct bpf_cgroup_dev_ctx *ctx)
{
	__u32 access = ctx->access_type >> 16;
	struct call call;
	int deny = 0;

	if (call_open(&call)) /* allowed: no ruleset has been published */
		return 1;
	scope_add_current(&call);
	if (call.unable)
		return !deny_unable(&call, DEVICE_OPS);
	if (!call.scratch) /* allowed: nothing governs the task */
		return 1;
	if (access & BPF_DEVCG_ACC_READ)
		deny = device_judge(&call, ctx, CGW_OP_DEVICE_READ);
	if (!deny && access & BPF_DEVCG_ACC_WRITE)
		deny = device_judge(&call, ctx, CGW_OP_DEVICE_WRITE);
	if (!deny && access & BPF_DEVCG_ACC_MKNOD)
		deny = device_judge(&call, ctx, CGW_OP_DEVICE_MKNOD);
	call_close(&call);
	return !deny;
}
