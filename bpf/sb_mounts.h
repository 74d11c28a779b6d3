/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * sb_mounts.h - all names of an object: one for each mount of its filesystem, in the task's mount
 * namespace, that shows it.
 *
 * For hooks that are given no mount, and for those by which an object could get one more name.
 */
#ifndef CGW_SB_MOUNTS_H
#define CGW_SB_MOUNTS_H

#include "file.h"

/* Of all namespaces together; beyond that, it fails closed. */
#define SB_MOUNTS_MAX (1U << 17)
#define SB_MOUNTS_TRIES 16

#pragma clang attribute push(__attribute__((preserve_access_index)), apply_to = record)

/* Before Linux 6.18. */
struct list_head___kernel {
	struct list_head___kernel *next;
};

struct super_block___list {
	struct list_head___kernel s_mounts;
};

struct mount___list {
	struct list_head___kernel mnt_instance;
};

/* From then on. */
struct super_block___chain {
	struct mount *s_mounts;
};

struct mount___chain {
	struct mount *mnt_next_for_sb;
};

#pragma clang attribute pop

/* What is asked of each name. */
enum names_question {
	ASK_WRITE = 1, /* may the object be written? */
	ASK_MOUNTED,   /* may the filesystem be mounted once more, at a place that is not known? */
	ASK_MOVED,     /* may the object be shown with the name in buffer 1, too? */
};

struct sb_walk {
	struct call *call;
	struct file_request *request;
	struct sb_state *at;
};

static __always_inline bool sb_has_list(void)
{
	return bpf_core_field_exists(struct mount___list, mnt_instance);
}

static __always_inline struct mount *mount_of(struct sb_walk *walk, __u64 node)
{
	if (!node || node == walk->at->end)
		return NULL;
	return (struct mount *)(node - bpf_core_field_offset(struct mount___list, mnt_instance));
}

static __always_inline struct mount *mount_first(struct sb_walk *walk)
{
	if (sb_has_list()) {
		struct super_block___list *sb = (void *)walk->at->sb;

		walk->at->end =
			(__u64)sb + bpf_core_field_offset(struct super_block___list, s_mounts);
		return mount_of(walk, (__u64)BPF_CORE_READ(sb, s_mounts.next));
	}
	struct super_block___chain *sb = (void *)walk->at->sb;

	return BPF_CORE_READ(sb, s_mounts);
}

static __always_inline struct mount *mount_next(struct sb_walk *walk, struct mount *mount)
{
	if (sb_has_list()) {
		struct mount___list *listed = (void *)mount;

		return mount_of(walk, (__u64)BPF_CORE_READ(listed, mnt_instance.next));
	}
	struct mount___chain *chained = (void *)mount;

	return BPF_CORE_READ(chained, mnt_next_for_sb);
}

/* One name. The decision is in scratch->work. */
static __noinline int sb_ask(struct sb_walk *walk, struct vfsmount *mnt)
{
	struct file_request *request = walk->request;
	struct scratch *scratch = walk->call->scratch;
	struct dentry *object = request->object[0];
	__u32 reason;

	if (!scratch)
		return 0;
	if (walk->at->question == ASK_MOUNTED)
		object = BPF_CORE_READ(mnt, mnt_root);
	reason = path_name(scratch, 0, &scratch->files.name[0], object, mnt);
	if (reason == CGW_REASON_PATH_UNREACHABLE) /* this mount does not show it */
		return 0;
	scratch->files.first = 0;
	scratch->files.directory = 1;
	scratch->files.second =
		walk->at->question == ASK_MOUNTED ? CGW_SECOND_UNKNOWN : CGW_SECOND_NAME;
	if (reason)
		judge_unable(walk->call, request, reason);
	else
		file_match(walk->call, walk->at->question != ASK_WRITE);
	return scratch->work.decision.verdict;
}

static long sb_step(__u32 index, void *context)
{
	struct sb_walk *walk = context;
	struct mount *mount = walk->at->mount;
	struct vfsmount *mnt = (void *)mount + bpf_core_field_offset(struct mount, mnt);
	__u32 verdict = CGW_VERDICT_ALLOW;

	(void)index;
	if (!mount) {
		walk->at->unsure = 0;
		return 1;
	}
	if (BPF_CORE_READ(mount, mnt_ns) == walk->at->ns)
		verdict = sb_ask(walk, mnt);
	if (verdict == CGW_VERDICT_DENY) {
		walk->at->found = 1;
		walk->at->unsure = 0;
		return 1;
	}
	if (verdict == CGW_VERDICT_AUDIT && walk->call->scratch)
		walk->call->scratch->audit = walk->call->scratch->work.decision;
	walk->at->mount = mount_next(walk, mount);
	return 0;
}

/* All names; 1 if no mount came or went meanwhile. */
static long sb_try(__u32 index, void *context)
{
	struct sb_walk *walk = context;
	__u32 mounts = lock_sequence(mount_lock_address);

	(void)index;
	if (mounts & 1)
		return 0;
	if (walk->call->scratch)
		walk->call->scratch->audit.verdict = CGW_VERDICT_ALLOW;
	walk->at->mount = mount_first(walk);
	walk->at->unsure = 1;
	__sync_fetch_and_add(&walk->at->unsure, 0);
	bpf_loop(SB_MOUNTS_MAX, sb_step, walk, 0);
	return walk->at->found ||
	       (!walk->at->unsure && mounts == lock_sequence(mount_lock_address));
}

/*
 * Asks about every name, and reports; an audit event shows the name that was found last.
 * request->object[0] is the object. 1: denied.
 */
static __noinline int sb_judge(struct call *call, struct file_request *request,
	struct super_block *sb, enum names_question question)
{
	struct task_struct *task = (struct task_struct *)bpf_get_current_task();
	struct sb_walk walk = {.call = call, .request = request};
	struct scratch *scratch = call->scratch;
	struct cgw_decision *decision;

	if (!scratch)
		return 1;
	walk.at = &scratch->sb_at;
	walk.at->sb = sb;
	walk.at->question = question;
	walk.at->found = 0;
	walk.at->unsure = 1;
	walk.at->ns = BPF_CORE_READ(task, nsproxy, mnt_ns);
	decision = &scratch->work.decision;
	decision->verdict = CGW_VERDICT_ALLOW;
	if (bpf_loop(SB_MOUNTS_TRIES, sb_try, &walk, 0) >= SB_MOUNTS_TRIES && !walk.at->found)
		judge_unable(call, request, CGW_REASON_PATH_CHANGING);
	else if (!walk.at->found)
		*decision = scratch->audit;
	return file_decided(call, request);
}

#endif
