/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * capability.bpf.c - lsm/capable: use of a capability, in any user namespace. It is called only for
 * tasks that have the capability: the kernel asks its own module first.
 *
 * Some powers of [kernel] are seen here, because there is no other hook: where a capability stands
 * for one power alone, and system calls on mounts that ask for cap_sys_admin and no more.
 */
#include "lsm.h"

#define CAP_OPT_NOAUDIT 2

#define CAP_SYS_MODULE 16
#define CAP_SYS_ADMIN 21
#define CAP_SYS_TIME 25

#define OPS (1U << CGW_OP_CAPABILITY | 1U << CGW_OP_KERNEL)

/* Registers of a system call; its number stands in another field on each architecture. */
struct pt_regs___x86 {
	unsigned long orig_ax;
} __attribute__((preserve_access_index));

struct pt_regs___arm64 {
	int syscallno;
} __attribute__((preserve_access_index));

static __always_inline __u32 current_syscall(void)
{
	void *registers = (void *)bpf_task_pt_regs(bpf_get_current_task_btf());
	struct pt_regs___arm64 *arm64 = registers;
	struct pt_regs___x86 *x86 = registers;

	if (bpf_core_field_exists(x86->orig_ax))
		return BPF_CORE_READ(x86, orig_ax);
	if (bpf_core_field_exists(arm64->syscallno))
		return BPF_CORE_READ(arm64, syscallno);
	return 0;
}

/* From 424 on the numbers are the same on all architectures and for 32-bit programs. */
static __always_inline bool is_mount_syscall(__u32 number)
{
	switch (number & ~0x40000000U) { /* x32 */
	case 428:			 /* open_tree: of a copy */
	case 430:			 /* fsopen */
	case 433:			 /* fspick */
	case 442:			 /* mount_setattr */
	case 467:			 /* open_tree_attr */
		return true;
	}
	return false;
}

/* The power that the use of a capability is, or 0. */
static __always_inline __u32 power_of(__u32 capability)
{
	if (capability == CAP_SYS_MODULE)
		return CGW_POWER_MODULE;
	if (capability == CAP_SYS_TIME)
		return CGW_POWER_SETTIME;
	if (capability == CAP_SYS_ADMIN && is_mount_syscall(current_syscall()))
		return CGW_POWER_MOUNT;
	return 0;
}

/*
 * Where the kernel only asks what a task could do, and would write no audit record of a refusal
 * (whether blocks that are kept for root may be used, say), the answer is no, too; the log has a
 * sum of these answers, not an event of each.
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
	emit_begin(call, CGW_EVENT_CAPABILITY, CGW_HOOK_CAPABLE, CGW_OP_CAPABILITY, quiet);
	scratch->event.capability.number = capability;
	emit_finish(scratch);
	return decision->verdict == CGW_VERDICT_DENY;
}

SEC("lsm/capable")
int BPF_PROG(cgward_capable, const struct cred *cred, struct user_namespace *namespace,
	int capability, unsigned int options)
{
	__u32 power = power_of(capability);
	struct call call;
	bool deny;

	if (!lsm_begin(&call, power ? OPS : 1U << CGW_OP_CAPABILITY))
		return lsm_result(call.unable);
	deny = capability_judge(&call, capability, options & CAP_OPT_NOAUDIT);
	if (!deny && power)
		deny = power_judge(&call, power, CGW_HOOK_CAPABLE);
	call_close(&call);
	return lsm_result(deny);
}
