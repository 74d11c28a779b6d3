// SPDX-License-Identifier: GPL-2.0-only
/*
 * file_mount.bpf.c - [file] seal, against mounts: a protected object gets no further name by them,
 * and nothing is mounted over what may not be written.
 *
 * What mount(2) binds or moves is a string that only the kernel resolves, after the hook: such
 * calls are denied to a task for which files are sealed. move_mount(2) has objects, which are
 * compared. A filesystem that is mounted once more, or one that shows others (overlayfs), is seen
 * when it is made ready, wherever it will be put.
 *
 * A process that an ungoverned one has put into its cgroup arranges its mounts freely until it
 * executes a program: this is how container runtimes build the place in which the container will
 * live.
 */
#include "sb_mounts.h"

#define PROC_SUPER_MAGIC 0x9fa0
#define MS_REMOUNT 32
#define MS_BIND 4096
#define MS_MOVE 8192
#define MS_PROPAGATION (1 << 17 | 1 << 18 | 1 << 19 | 1 << 20)

/* Another object is to take the place of this one: a write of it, and of what is below. */
static __noinline int covered_judge(struct call *call, struct file_request *request)
{
	struct scratch *scratch = call->scratch;
	__u32 reason;

	if (!scratch)
		return 1;
	reason = path_name(scratch, 0, &scratch->files.name[0], request->object[0], request->mnt);
	scratch->files.first = 0;
	scratch->files.directory = 1;
	scratch->files.second = CGW_SECOND_COVERED;
	if (reason)
		judge_unable(call, request, reason);
	else
		file_match(call, true);
	return file_decided(call, request);
}

/* What is attached at `to` gets the name in buffer 1 for all that it shows. */
static __always_inline int moved_judge(struct call *call, struct file_request *request,
	const struct path *from, const struct path *to)
{
	struct scratch *scratch = call->scratch;
	struct dentry *shown = BPF_CORE_READ(from, dentry);
	__u32 reason;

	if (!scratch)
		return 1;
	reason = path_name(scratch, 1, &scratch->files.name[1], BPF_CORE_READ(to, dentry),
		BPF_CORE_READ(to, mnt));
	if (reason) /* covered_judge() has found the same, and denies if there is anything to deny
		     */
		return 0;
	request->object[0] = shown;
	request->object[1] = BPF_CORE_READ(to, dentry);
	return sb_judge(call, request, BPF_CORE_READ(shown, d_sb), ASK_MOVED);
}

SEC("lsm/sb_mount")
int BPF_PROG(cgward_seal_mount, const char *source, const struct path *path, const char *type,
	unsigned long flags)
{
	struct file_request request = {
		.object = {BPF_CORE_READ(path, dentry)},
		.mnt = BPF_CORE_READ(path, mnt),
		.hook = CGW_HOOK_SEAL_MOUNT,
	};
	struct call call;
	bool deny;

	if (flags & MS_REMOUNT || (!(flags & MS_BIND) && flags & MS_PROPAGATION))
		return 0;
	if (!seal_begin(&call, &request))
		return lsm_result(call.unable);
	deny = covered_judge(&call, &request) ||
	       (flags & (MS_BIND | MS_MOVE) && seal_unknown(&call, &request));
	call_close(&call);
	return lsm_result(deny);
}

SEC("lsm/sb_umount")
int BPF_PROG(cgward_seal_umount, struct vfsmount *mnt)
{
	struct file_request request = {
		.object = {BPF_CORE_READ(mnt, mnt_root)},
		.mnt = (void *)kernel_address(mnt),
		.hook = CGW_HOOK_SEAL_UMOUNT,
	};
	struct call call;
	bool deny;

	if (!seal_begin(&call, &request))
		return lsm_result(call.unable);
	deny = covered_judge(&call, &request);
	call_close(&call);
	return lsm_result(deny);
}

/* Everything gets another name. */
SEC("lsm/sb_pivotroot")
int BPF_PROG(cgward_seal_pivotroot, const struct path *old, const struct path *new)
{
	struct file_request request = {
		.object = {BPF_CORE_READ(new, dentry)},
		.mnt = BPF_CORE_READ(new, mnt),
		.hook = CGW_HOOK_SEAL_PIVOTROOT,
	};

	return seal_unknown_result(&request);
}

SEC("lsm/sb_kern_mount")
int BPF_PROG(cgward_seal_filesystem, struct super_block *sb)
{
	struct file_request request = {.hook = CGW_HOOK_SEAL_FILESYSTEM};
	struct call call;
	bool deny;

	if (!seal_begin(&call, &request))
		return lsm_result(call.unable);
	/* procfs says that it is stacked only so that nothing is stacked on it. */
	if (BPF_CORE_READ(sb, s_stack_depth) > 0 && BPF_CORE_READ(sb, s_magic) != PROC_SUPER_MAGIC)
		deny = seal_unknown(&call, &request);
	else
		deny = sb_judge(&call, &request, (void *)kernel_address(sb), ASK_MOUNTED);
	call_close(&call);
	return lsm_result(deny);
}

SEC("lsm/move_mount")
int BPF_PROG(cgward_seal_move, const struct path *from, const struct path *to)
{
	struct file_request request = {
		.object = {BPF_CORE_READ(to, dentry)},
		.mnt = BPF_CORE_READ(to, mnt),
		.hook = CGW_HOOK_SEAL_MOVE,
	};
	struct call call;
	bool deny;

	if (!seal_begin(&call, &request))
		return lsm_result(call.unable);
	deny = covered_judge(&call, &request) || moved_judge(&call, &request, from, to);
	call_close(&call);
	return lsm_result(deny);
}
