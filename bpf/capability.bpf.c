/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * capability.bpf.c - lsm/capable: use of a capability, in any user namespace. It is called only for
 * tasks that have the capability: the kernel asks its own module first.
 */
#include "lsm.h"

#define CAP_OPT_NOAUDIT 2

/*
 * Where the kernel only asks what a task could do, and would write no audit record of a refusal
 * (whether a mapping may use the reserve: each mmap), the answer is no, too; it is counted, but
 * there is no event of it.
 */
static __noinline int capability_judge(struct call *call, __u32 capability, __u32 quiet)
{
	struct scratch *scratch = call->scratch;
	struct cgw_number number = {};
	struct cgw_decision *decision;

	if (!scratch)
		return 0;
	number.judge.view = &call->view;
	number.judge.work = &scratch->work;
	cgw_judge_capability(&number, capability);
	decision = &scratch->work.decision;
	decision_check(call, decision);
	if (decision->verdict == CGW_VERDICT_ALLOW)
		return 0;
	if (quiet) {
		decision_count(decision_key(call, decision), decision->verdict);
	} else {
		emit_start(call, CGW_EVENT_CAPABILITY, CGW_HOOK_CAPABLE, CGW_OP_CAPABILITY);
		scratch->event.capability.number = capability;
		emit_finish(scratch);
	}
	return decision->verdict == CGW_VERDICT_DENY;
}

SEC("lsm/capable")
int BPF_PROG(cgward_capable, const struct cred *cred, struct user_namespace *namespace,
	int capability, unsigned int options)
{
	struct call call;
	bool deny;

	if (!lsm_begin(&call, 1U << CGW_OP_CAPABILITY))
		return lsm_result(call.unable);
	deny = capability_judge(&call, capability, options & CAP_OPT_NOAUDIT);
	call_close(&call);
	return lsm_result(deny);
}
