/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * lsm.h - what LSM programs begin and end with.
 *
 *	SEC("lsm/syslog")
 *	int BPF_PROG(cgward_syslog, int type)
 *	{
 *		struct call call;
 *
 *		if (!lsm_begin(&call, 1U << CGW_OP_KERNEL))
 *			return lsm_result(call.unable);
 *		... judge into call.scratch->work, report, call_close() ...
 *		return lsm_result(denied);
 *	}
 *
 * The verdict of a program that comes before on the same hook (the last argument that BPF LSM
 * gives) needs no look: the kernel calls no further program once one has refused, and none at all
 *if another security module has. Nor can its place be told: some hooks have got arguments
 *since 6.1.
 *
 * These programs can be preempted by each other: all memory but the stack is a scratch slot.
 */
#ifndef CGW_LSM_H
#define CGW_LSM_H

#include "emit.h"
#include "number.h"

/* BPF_PROG gives every program a ctx. */
#pragma clang diagnostic ignored "-Wunused-parameter"

#ifndef EPERM
#define EPERM 1
#endif

#define PF_KTHREAD 0x00200000

/*
 * The kernel wants 0 or -EPERM. By a branch: the verifier of Linux 6.12 does not follow the
 * arithmetic that clang makes of it otherwise.
 */
static __always_inline int lsm_result(bool deny)
{
	int result = 0;

	if (deny) {
		result = -EPERM;
		asm volatile("" : "+r"(result));
	}
	return result;
}

/*
 * Work that the kernel does for itself is nobody's. Workers of io_uring, which do what a process
 * has asked for, are threads of that process, not kernel threads.
 */
static __always_inline bool lsm_is_kernel(void)
{
	struct task_struct *task = bpf_get_current_task_btf();

	return task->flags & PF_KTHREAD;
}

/*
 * True: policies govern the running task; they are in call->scratch->work, and call_close() is due.
 * False: the operation is decided: call->unable says whether it is denied, because no scratch slot
 * was free and some policy denies one of `ops`.
 */
static __always_inline bool lsm_begin(struct call *call, __u32 ops)
{
	call->unable = 0;
	if (lsm_is_kernel())
		return false;
	if (call_open(call)) { /* allowed: no ruleset has been published */
		call->unable = 0;
		return false;
	}
	scope_add_current(call);
	if (call->unable) {
		call->unable = deny_unable(call, ops);
		if (call->scratch)
			scratch_release(call->scratch);
		return false;
	}
	return call->scratch != NULL;
}

/* ---- powers over the kernel ---- */

static __noinline int power_judge(struct call *call, __u32 power, __u32 hook)
{
	struct scratch *scratch = call->scratch;
	struct cgw_number number = {};
	struct cgw_decision *decision;

	if (!scratch)
		return 0;
	number.judge.view = &call->view;
	number.judge.work = &scratch->work;
	cgw_judge_power(&number, power);
	decision = &scratch->work.decision;
	decision_check(call, decision);
	if (decision->verdict == CGW_VERDICT_ALLOW)
		return 0;
	emit_start(call, CGW_EVENT_KERNEL, hook, CGW_OP_KERNEL);
	scratch->event.kernel.power = power;
	emit_finish(scratch);
	return decision->verdict == CGW_VERDICT_DENY;
}

/* Judges the use of a power (enum cgw_power) by the running task, and reports it. */
static __always_inline int power_result(__u32 power, __u32 hook)
{
	struct call call;
	bool deny;

	if (!lsm_begin(&call, 1U << CGW_OP_KERNEL))
		return lsm_result(call.unable);
	deny = power_judge(&call, power, hook);
	call_close(&call);
	return lsm_result(deny);
}

#endif
