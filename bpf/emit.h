/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * emit.h - after the verdict: counters and events. Nothing in here can change a verdict.
 *
 * Counters are exact and do not depend on the event. An event that finds no room is counted as
 * lost, and leaves a gap in the sequence numbers of its CPU, so that the reader sees it.
 */
#ifndef CGW_EMIT_H
#define CGW_EMIT_H

#include "budget.h"

static __always_inline void decision_count(__u64 key, __u32 verdict)
{
	struct cgw_counter *counter = key ? bpf_map_lookup_elem(&cgward_counters, &key) : NULL;
	struct cgw_control *state;
	__u32 zero = 0;

	if (counter) {
		if (verdict == CGW_VERDICT_DENY)
			__sync_fetch_and_add(&counter->denied, 1);
		else
			__sync_fetch_and_add(&counter->audited, 1);
		return;
	}
	state = bpf_map_lookup_elem(&cgward_control, &zero);
	if (state)
		__sync_fetch_and_add(&state->uncounted, 1);
}

static __always_inline void guard_count(void)
{
	__u32 zero = 0;
	struct cgw_control *state = bpf_map_lookup_elem(&cgward_control, &zero);

	if (state)
		__sync_fetch_and_add(&state->guarded, 1);
}

/* Appends to the tail; returns how much. `bytes` is memory that a program may not read directly, or
 * any other. */
static __always_inline __u16 emit_bytes(struct scratch *scratch, const void *bytes, __u32 length)
{
	__u32 offset = scratch->event.size;

	if (length > CGW_TEXT_MAX - 1)
		length = CGW_TEXT_MAX - 1;
	if (offset > CGW_EVENT_TAIL_MAX || length == 0)
		return 0;
	if (bpf_probe_read_kernel(scratch->event_bytes + offset, length, bytes))
		return 0;
	scratch->event.size = offset + length;
	return length;
}

static __always_inline __u32 emit_shown(__u32 length)
{
	return length > CGW_VALUE_SHOWN ? CGW_VALUE_SHOWN : length;
}

static __always_inline void emit_cgroup(struct scratch *scratch, struct cgroup *cgroup)
{
	struct path_walk walk = {.bytes = scratch->path.bytes, .cgroup = cgroup};
	int length = path_walk(&walk);

	if (length > 0)
		scratch->event.cgroup_len = emit_bytes(scratch, scratch->path.bytes, length);
}

/* The path of a dentry, made from its end; see emit_exe(). */
struct dentry_walk {
	__u8 *bytes; /* CGW_TEXT_MAX + 256 */
	struct dentry *dentry;
	struct mount *mount;
	__u32 offset; /* where the path begins */
};

static long dentry_walk_step(__u32 index, void *context)
{
	struct dentry_walk *walk = context;
	struct dentry *dentry = walk->dentry, *parent = BPF_CORE_READ(dentry, d_parent);
	struct mount *mount = walk->mount, *up;
	__u32 length, offset;

	(void)index;
	if (dentry == BPF_CORE_READ(mount, mnt.mnt_root) || dentry == parent) {
		up = BPF_CORE_READ(mount, mnt_parent);
		if (up == mount)
			return 1;
		walk->dentry = BPF_CORE_READ(mount, mnt_mountpoint);
		walk->mount = up;
		return 0;
	}
	length = BPF_CORE_READ(dentry, d_name.len) & 255;
	if (walk->offset < length + 1)
		return 1;
	offset = (walk->offset - length - 1) & (CGW_TEXT_MAX - 1);
	walk->bytes[offset] = '/';
	bpf_probe_read_kernel(walk->bytes + offset + 1, length, BPF_CORE_READ(dentry, d_name.name));
	walk->offset = offset;
	walk->dentry = parent;
	return 0;
}

/*
 * The path of the executable, from the root of its mount tree: for people. A rename at the same
 * time can mix two paths; no verdict depends on it.
 */
static __always_inline void emit_exe(struct scratch *scratch, struct task_struct *task)
{
	struct file *file = BPF_CORE_READ(task, mm, exe_file);
	struct vfsmount *mount = BPF_CORE_READ(file, f_path.mnt);
	struct dentry_walk walk = {
		.bytes = scratch->path.bytes,
		.dentry = BPF_CORE_READ(file, f_path.dentry),
		.mount = (void *)mount - bpf_core_field_offset(struct mount, mnt),
		.offset = CGW_TEXT_MAX,
	};

	if (!file)
		return;
	__sync_fetch_and_add(&walk.offset, 0); /* forgotten by the verifier: see path_walk() */
	bpf_loop(CGW_TEXT_MAX / 2, dentry_walk_step, &walk, 0);
	if (walk.offset < CGW_TEXT_MAX)
		scratch->event.exe_len = emit_bytes(scratch,
			scratch->path.bytes + (walk.offset & (CGW_TEXT_MAX - 1)),
			CGW_TEXT_MAX - walk.offset);
}

/* By the task's memory, not by helpers: before Linux 6.13 or so, cgroup_skb programs have none for
 * it. */
static __always_inline void emit_task(struct cgw_event *event, struct task_struct *task)
{
	struct pid *pid = BPF_CORE_READ(task, group_leader, thread_pid);
	const struct cred *cred = BPF_CORE_READ(task, cred);
	__u32 level = BPF_CORE_READ(pid, level);

	event->pid = BPF_CORE_READ(task, tgid);
	event->tid = BPF_CORE_READ(task, pid);
	event->ppid = BPF_CORE_READ(task, real_parent, tgid);
	bpf_core_read(&event->ns_pid, sizeof(event->ns_pid),
		(void *)pid + bpf_core_field_offset(struct pid, numbers) +
			level * bpf_core_type_size(struct upid) +
			bpf_core_field_offset(struct upid, nr));
	event->uid = BPF_CORE_READ(cred, uid.val);
	event->gid = BPF_CORE_READ(cred, gid.val);
	bpf_core_read(&event->capabilities, sizeof(event->capabilities), &cred->cap_effective);
	event->loginuid = ~0U;
	if (bpf_core_field_exists(task->loginuid))
		event->loginuid = BPF_CORE_READ(task, loginuid.val);
	bpf_core_read(event->comm, sizeof(event->comm), &task->comm);
	task = BPF_CORE_READ(task, real_parent);
	bpf_core_read(event->parent_comm, sizeof(event->parent_comm), &task->comm);
}

/* Whose policy it was; asked again, because the call has only the union. */
static __always_inline __u8 emit_judged(__u64 task_cgroup_id, __u32 policy)
{
	__u32 word = (policy / 64) & (CGW_SET_WORDS - 1), tgid = current_tgid();
	struct cgw_scope *scope = bpf_map_lookup_elem(&cgward_scopes, &task_cgroup_id);
	struct cgw_process *process;

	if (scope && scope->set.word[word] >> (policy & 63) & 1)
		return CGW_JUDGED_TASK;
	process = bpf_map_lookup_elem(&cgward_processes, &tgid);
	if (process && process->kept.word[word] >> (policy & 63) & 1)
		return CGW_JUDGED_KEPT;
	return CGW_JUDGED_SOCKET;
}

/* The key of the rule that decided, by which it is counted; 0: no single rule. */
static __always_inline __u64 decision_key(struct call *call, const struct cgw_decision *decision)
{
	if (decision->rule == CGW_NO_RULE)
		return 0;
	return cgw_u64(&call->view,
		cgw_header(&call->view, rules) + decision->rule * (__u32)sizeof(struct cgw_rule));
}

/*
 * Counts the decision and begins an event of it with what tells events of one rule in one cgroup
 * from others. 0: the event is to be sent; else it has been summed up.
 */
static __always_inline int emit_decision(
	struct call *call, __u32 kind, __u32 hook, __u32 op, __u32 quiet)
{
	struct cgroup *cgroup = task_cgroup((struct task_struct *)bpf_get_current_task());
	struct scratch *scratch = call->scratch;
	struct cgw_decision *decision;
	struct cgw_event *event;

	if (!scratch)
		return -1;
	decision = &scratch->work.decision;
	event = &scratch->event;
	__builtin_memset(event, 0, sizeof(*event));
	event->abi_version = CGW_ABI_VERSION;
	event->size = sizeof(*event);
	event->generation = call->generation;
	event->rule = decision->rule;
	event->rule_key = decision_key(call, decision);
	event->kind = kind;
	event->hook = hook;
	event->op = op;
	event->verdict = decision->verdict;
	event->reason = decision->reason;
	event->cgroup_id = cgroup_id(cgroup);
	event->judged = emit_judged(event->cgroup_id, decision->policy);
	if (kind == CGW_EVENT_GUARD)
		guard_count();
	else
		decision_count(event->rule_key, decision->verdict);
	if (budget_allows(call, scratch, quiet))
		return 0;
	event->abi_version = 0;
	return 1;
}

/*
 * Counts the decision and fills in what all events have. Not 0: there is no event to be finished;
 * to finish it all the same does nothing. quiet: worth a sum, but no event.
 */
static __noinline int emit_begin(struct call *call, __u32 kind, __u32 hook, __u32 op, __u32 quiet)
{
	struct task_struct *task = (struct task_struct *)bpf_get_current_task();
	struct scratch *scratch = call->scratch;

	if (!scratch || emit_decision(call, kind, hook, op, quiet))
		return -1;
	emit_task(&scratch->event, task);
	emit_cgroup(scratch, task_cgroup(task));
	budget_name(scratch);
	emit_exe(scratch, task);
	return 0;
}

static __always_inline int emit_start(struct call *call, __u32 kind, __u32 hook, __u32 op)
{
	return emit_begin(call, kind, hook, op, false);
}

static __noinline int emit_finish(struct scratch *scratch)
{
	struct cgw_event *event = &scratch->event;
	__u32 size = event->size;

	if (!event->abi_version) /* it is beyond its budget */
		return 0;
	event->time = bpf_ktime_get_boot_ns();
	event->cpu = bpf_get_smp_processor_id();
	event->sequence = sequence_take(1, false);
	if (size > sizeof(*event) + CGW_EVENT_TAIL_MAX)
		size = sizeof(*event) + CGW_EVENT_TAIL_MAX;
	if (bpf_ringbuf_output(&cgward_events, event, size, 0)) {
		__u32 zero = 0;
		struct cgw_cpu *cpu = bpf_map_lookup_elem(&cgward_cpus, &zero);

		if (cpu)
			__sync_fetch_and_add(&cpu->lost, 1);
	}
	return 0;
}

/*
 * The decision without scratch memory, when too many calls have preempted each other: whatever some
 * policy denies somewhere is denied. There is no event, but a trace in the counters and sequence
 * numbers.
 */
static __always_inline bool deny_unable(struct call *call, __u32 ops)
{
	if (!(cgw_header(&call->view, deny_ops) & ops))
		return false;
	decision_count(0, CGW_VERDICT_DENY);
	sequence_take(1, true);
	return true;
}

/* A hole in the image can only be a bug: never allow because of it. */
static __always_inline void decision_check(struct call *call, struct cgw_decision *decision)
{
	if (!call->view.broken)
		return;
	decision->verdict = CGW_VERDICT_DENY;
	decision->reason = CGW_REASON_BAD_IMAGE;
	decision->rule = CGW_NO_RULE;
}

#endif
