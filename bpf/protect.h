/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * protect.h - self-protection: what governed processes may not touch, and how that is refused.
 *
 * A guard first asks whether the object is on record (the map "guarded"), which nearly none is;
 * only then whether the caller is governed. Whatever cannot be told then is refused.
 */
#ifndef CGW_PROTECT_H
#define CGW_PROTECT_H

#include "lsm.h"

#define BPF_FS_MAGIC 0xcafe4a11
#define CGROUP2_SUPER_MAGIC 0x63677270

static __always_inline struct cgw_guard *guarded_find(__u32 kind, __u32 device, __u64 number)
{
	struct cgw_guard_key key = {.kind = kind, .device = device, .number = number};

	return bpf_map_lookup_elem(&cgward_guarded, &key);
}

/* An attempt, as its event tells it. */
struct attempt {
	__u32 what; /* enum cgw_guarded */
	__u32 hook;
	__u32 number;
	const struct cgw_guard *guard; /* its name, or NULL */
};

/* Makes the event of a call that is refused. The policies that govern the task are on the call. */
static __noinline int guard_report(struct call *call, struct attempt *attempt)
{
	struct scratch *scratch = call->scratch;
	struct cgw_decision *decision;

	if (!scratch)
		return 0;
	decision = &scratch->work.decision;
	decision->verdict = CGW_VERDICT_DENY;
	decision->reason = CGW_REASON_GUARD;
	decision->rule = CGW_NO_RULE;
	decision->policy = 0;
	if (emit_start(call, CGW_EVENT_GUARD, attempt->hook, CGW_OP_GUARD))
		return 0;
	scratch->event.judged = CGW_JUDGED_TASK;
	scratch->event.guard.what = attempt->what;
	scratch->event.guard.number = attempt->number;
	return 1;
}

static __always_inline bool guard_is_on(struct call *call)
{
	__u32 settings = cgw_header(&call->view, settings);

	return settings && cgw_u32(&call->view, settings + (__u32)offsetof(struct cgw_settings,
								   protect)) == CGW_PROTECT_GUARD;
}

/*
 * True: a guard is in force and policies govern the running task; they are on the call, and
 * call_close() is due. False: it is decided: call->unable says whether it is refused, because no
 * scratch slot was free to find out.
 */
static __always_inline bool guard_begin(struct call *call)
{
	call->unable = 0;
	if (lsm_is_kernel())
		return false;
	if (call_open(call) || !guard_is_on(call)) {
		call->unable = 0;
		return false;
	}
	scope_add_current(call);
	if (call->unable) {
		guard_count();
		sequence_take(1, true);
		if (call->scratch)
			scratch_release(call->scratch);
		return false;
	}
	if (!call->scratch)
		return false;
	if (call->scratch->work.words)
		return true;
	scratch_release(call->scratch); /* was needed to find out that nothing governs */
	return false;
}

/* Length of a name that the loader wrote. */
static __always_inline __u32 guard_name_length(const struct cgw_guard *guard)
{
	__u32 length = 0;

#pragma unroll
	for (int i = 0; i < CGW_GUARD_NAME; i++)
		if (guard->name[i] && length == (__u32)i)
			length++;
	return length;
}

/* Refuses if the running task is governed: what it attempts is on record. */
static __noinline int guard_refuses(struct attempt *attempt)
{
	struct call call;

	if (!guard_begin(&call))
		return call.unable;
	if (guard_report(&call, attempt)) {
		struct scratch *scratch = call.scratch;

		if (attempt->guard)
			scratch->event.name_len = emit_bytes(
				scratch, attempt->guard->name, guard_name_length(attempt->guard));
		emit_finish(scratch);
	}
	call_close(&call);
	return 1;
}

static __always_inline int guard_result(
	__u32 what, __u32 hook, __u32 number, const struct cgw_guard *guard)
{
	struct attempt attempt = {.what = what, .hook = hook, .number = number, .guard = guard};

	return lsm_result(guard_refuses(&attempt));
}

/* An open file of the running task, by its descriptor; NULL: there is none. */
static __always_inline struct file *file_of(__u32 fd)
{
	struct task_struct *task = (struct task_struct *)bpf_get_current_task();
	struct fdtable *table = BPF_CORE_READ(task, files, fdt);
	struct file **list = BPF_CORE_READ(table, fd), *file = NULL;

	if (fd >= BPF_CORE_READ(table, max_fds))
		return NULL;
	bpf_probe_read_kernel(&file, sizeof(file), list + fd);
	return file;
}

/* The cgroup whose directory the dentry is, or NULL: it is not of cgroup v2. */
static __always_inline struct cgroup *cgroup_of(struct dentry *dentry)
{
	struct kernfs_node *node;

	if (BPF_CORE_READ(dentry, d_sb, s_magic) != CGROUP2_SUPER_MAGIC)
		return NULL;
	node = BPF_CORE_READ(dentry, d_inode, i_private);
	return BPF_CORE_READ(node, priv);
}

/* ---- cgroups outside of what governs the running task ---- */

struct common_walk {
	struct cgroup *mine, *other;
	struct cgroup *common; /* the lowest that both are in */
};

static long common_walk_level(__u32 level, void *context)
{
	struct common_walk *walk = context;
	struct cgroup *mine = NULL, *other = NULL;

	bpf_probe_read_kernel(&mine, sizeof(mine), &walk->mine->ancestors[0] + level);
	bpf_probe_read_kernel(&other, sizeof(other), &walk->other->ancestors[0] + level);
	if (!mine || mine != other)
		return 1;
	walk->common = mine;
	return 0;
}

/*
 * True if the cgroup is outside of the subtree to which the policies of the running task's cgroup
 * bind it: the nearest cgroup above both lacks some of them. The call has the task's policies, and
 * loses them.
 */
static __noinline int is_outside(struct call *call, struct cgroup *other)
{
	struct cgroup *mine = task_cgroup((struct task_struct *)bpf_get_current_task());
	struct common_walk walk = {.mine = mine, .other = other};
	int level = BPF_CORE_READ(mine, level), other_level = BPF_CORE_READ(other, level);
	struct scratch *scratch = call->scratch;
	struct cgw_set *set;
	int missing = 0, any = 0;

	if (!scratch)
		return 1;
	if (level > other_level)
		level = other_level;
	bpf_loop(level + 1, common_walk_level, &walk, 0);
	if (!walk.common)
		return 1;
	if (walk.common == mine)
		return 0;
	scratch->work.words = 0;
	scope_add(call, mine, cgroup_id(mine));
	scratch->kept = *call_set(scratch);
	scratch->work.words = 0;
	scope_add(call, walk.common, cgroup_id(walk.common));
	set = call_set(scratch);
#pragma unroll
	for (int i = 0; i < CGW_SET_WORDS; i++) {
		any |= scratch->kept.word[i] != 0;
		missing |= (scratch->kept.word[i] & ~set->word[i]) != 0;
	}
	/* Governed only by what it keeps: it has left, and may go nowhere else. */
	return missing || !any;
}

/* The path of a cgroup from the instance's root, in scratch->path: as path_walk(). */
static __noinline int outside_path(struct scratch *scratch, struct cgroup *cgroup)
{
	struct path_walk walk = {.bytes = scratch->path.bytes, .cgroup = cgroup};

	return path_walk(&walk);
}

static __noinline int outside_report(
	struct call *call, struct cgroup *cgroup, __u32 hook, __u32 number)
{
	struct attempt attempt = {.what = CGW_GUARDED_CGROUP, .hook = hook, .number = number};
	struct scratch *scratch = call->scratch;
	int length;

	if (!scratch || !guard_report(call, &attempt))
		return 0;
	length = outside_path(scratch, cgroup);
	if (length > 0)
		scratch->event.name_len = emit_bytes(scratch, scratch->path.bytes, length);
	emit_finish(scratch);
	return 0;
}

/*
 * Refuses if the running task is governed and the cgroup is outside; with `below`, also if it is
 * the instance's cgroup root or above it.
 */
static __noinline int outside_refuses(struct cgroup *cgroup, __u32 hook, __u32 number, bool below)
{
	struct call call;
	bool refuse;

	if (!guard_begin(&call))
		return call.unable;
	if (!call.scratch)
		return 0;
	refuse = below && outside_path(call.scratch, cgroup) <= 0;
	if (!refuse)
		refuse = is_outside(&call, cgroup);
	if (refuse)
		outside_report(&call, cgroup, hook, number);
	call_close(&call);
	return refuse;
}

#endif
