/* SPDX-License-Identifier: GPL-2.0-only */
/* guard_path.bpf.c - governed processes cannot touch the folder of the pins, nor put another in its
 * place. */
#include "protect.h"

#define MOVE_FLAG 0x2000 /* MS_MOVE */

static __always_inline struct cgw_guard *guarded_dentry(struct dentry *dentry, __u32 kind)
{
	struct inode *inode = BPF_CORE_READ(dentry, d_inode);

	if (!inode)
		return NULL;
	return guarded_find(kind, BPF_CORE_READ(dentry, d_sb, s_dev), BPF_CORE_READ(inode, i_ino));
}

static __always_inline bool is_bpffs(struct dentry *dentry)
{
	return dentry->d_sb->s_magic == BPF_FS_MAGIC;
}

/* True if the name is that of the instance's folder, or of one beside it: NAME-next, NAME-run-1. */
static __always_inline bool is_beside(struct dentry *dentry, const struct cgw_guard *guard)
{
	const unsigned char *from = BPF_CORE_READ(dentry, d_name.name);
	char name[CGW_GUARD_NAME] = {};

	bpf_probe_read_kernel_str(name, sizeof(name), from);
#pragma unroll
	for (int i = 0; i < CGW_GUARD_NAME; i++) {
		if (!guard->name[i])
			return i && (!name[i] || name[i] == '-');
		if (name[i] != guard->name[i])
			return false;
	}
	return true;
}

/* What guards an entry of a directory against being made, removed or renamed; NULL: nothing. */
static __noinline struct cgw_guard *guarded_entry(struct dentry *dentry)
{
	struct dentry *parent = BPF_CORE_READ(dentry, d_parent);
	struct cgw_guard *guard;

	guard = guarded_dentry(dentry, CGW_GUARDED_FOLDER);
	if (!guard)
		guard = guarded_dentry(parent, CGW_GUARDED_FOLDER);
	if (!guard)
		guard = guarded_dentry(dentry, CGW_GUARDED_ABOVE);
	if (guard)
		return guard;
	guard = guarded_dentry(parent, CGW_GUARDED_ABOVE);
	return guard && is_beside(dentry, guard) ? guard : NULL;
}

static __noinline int entry_refuses(struct dentry *dentry, __u32 hook)
{
	struct attempt attempt = {.what = CGW_GUARDED_FOLDER, .hook = hook};

	if (!is_bpffs(dentry))
		return 0;
	attempt.guard = guarded_entry(dentry);
	return attempt.guard ? guard_refuses(&attempt) : 0;
}

#define ENTRY_GUARD(name, number)                                                                  \
	SEC("lsm/path_" #name)                                                                     \
	int BPF_PROG(cgward_guard_##name, const struct path *dir, struct dentry *dentry)           \
	{                                                                                          \
		return lsm_result(entry_refuses(dentry, CGW_HOOK_GUARD_##number));                 \
	}

ENTRY_GUARD(unlink, UNLINK)
ENTRY_GUARD(rmdir, RMDIR)
ENTRY_GUARD(mkdir, MKDIR)
ENTRY_GUARD(mknod, MKNOD) /* pinning, too */
ENTRY_GUARD(symlink, SYMLINK)

SEC("lsm/path_link")
int BPF_PROG(cgward_guard_link, struct dentry *old, const struct path *dir, struct dentry *new)
{
	return lsm_result(
		entry_refuses(old, CGW_HOOK_GUARD_LINK) || entry_refuses(new, CGW_HOOK_GUARD_LINK));
}

SEC("lsm/path_rename")
int BPF_PROG(cgward_guard_rename, const struct path *old_dir, struct dentry *old,
	const struct path *new_dir, struct dentry *new)
{
	return lsm_result(entry_refuses(old, CGW_HOOK_GUARD_RENAME) ||
			  entry_refuses(new, CGW_HOOK_GUARD_RENAME));
}

SEC("lsm/path_chmod")
int BPF_PROG(cgward_guard_chmod, const struct path *path)
{
	return lsm_result(entry_refuses(path->dentry, CGW_HOOK_GUARD_CHMOD));
}

SEC("lsm/path_chown")
int BPF_PROG(cgward_guard_chown, const struct path *path)
{
	return lsm_result(entry_refuses(path->dentry, CGW_HOOK_GUARD_CHOWN));
}

/* ---- mounts ---- */

/* True if the running task sees the pins where cgward does: what it mounts hides them from cgward.
 */
static __always_inline bool in_namespace(void)
{
	struct task_struct *task = (struct task_struct *)bpf_get_current_task();

	return guarded_find(
		CGW_GUARDED_NAMESPACE, 0, BPF_CORE_READ(task, nsproxy, mnt_ns, ns.inum));
}

/* Over the folder, or over a directory above it. */
static __noinline int place_refuses(struct dentry *dentry, __u32 hook)
{
	struct attempt attempt = {.what = CGW_GUARDED_ABOVE, .hook = hook};

	attempt.guard = guarded_dentry(dentry, CGW_GUARDED_FOLDER);
	if (!attempt.guard)
		attempt.guard = guarded_dentry(dentry, CGW_GUARDED_ABOVE);
	if (!attempt.guard && in_namespace()) {
		attempt.what = CGW_GUARDED_OUTER;
		attempt.guard = guarded_dentry(dentry, CGW_GUARDED_OUTER);
	}
	return attempt.guard ? guard_refuses(&attempt) : 0;
}

/* Of the mount that holds the folder, or one that this mount is below. */
static __noinline int mount_refuses(struct vfsmount *mount, __u32 hook)
{
	struct dentry *root = BPF_CORE_READ(mount, mnt_root);
	struct attempt attempt = {.what = CGW_GUARDED_OUTER, .hook = hook};

	if (!in_namespace())
		return 0;
	attempt.guard = guarded_dentry(root, CGW_GUARDED_ABOVE);
	if (!attempt.guard)
		attempt.guard = guarded_dentry(root, CGW_GUARDED_OUTER);
	return attempt.guard ? guard_refuses(&attempt) : 0;
}

SEC("lsm/sb_mount")
int BPF_PROG(cgward_guard_mount, const char *source, const struct path *path, const char *type,
	unsigned long flags)
{
	struct attempt attempt = {.what = CGW_GUARDED_OUTER, .hook = CGW_HOOK_GUARD_MOUNT};

	/* What is moved, only a string says. */
	if (flags & MOVE_FLAG && in_namespace())
		return lsm_result(guard_refuses(&attempt));
	return lsm_result(place_refuses(path->dentry, CGW_HOOK_GUARD_MOUNT));
}

SEC("lsm/move_mount")
int BPF_PROG(cgward_guard_move_mount, const struct path *from, const struct path *to)
{
	return lsm_result(place_refuses(to->dentry, CGW_HOOK_GUARD_MOVE_MOUNT) ||
			  mount_refuses(from->mnt, CGW_HOOK_GUARD_MOVE_MOUNT));
}

SEC("lsm/sb_umount")
int BPF_PROG(cgward_guard_umount, struct vfsmount *mount)
{
	return lsm_result(mount_refuses(mount, CGW_HOOK_GUARD_UMOUNT));
}

SEC("lsm/sb_pivotroot")
int BPF_PROG(cgward_guard_pivot)
{
	struct attempt attempt = {.what = CGW_GUARDED_OUTER, .hook = CGW_HOOK_GUARD_PIVOT};

	if (!in_namespace())
		return 0;
	return lsm_result(guard_refuses(&attempt));
}
