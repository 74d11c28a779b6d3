// SPDX-License-Identifier: GPL-2.0-only
/*
 * file_path.bpf.c - [file]: what is done to names and attributes. Each is a write of the object;
 * what gives an object a name is also asked whether that takes it, or what lies below it, out of
 * the reach of any rule (see cgw_judge_seal()).
 */
#include "file.h"

#define RENAME_EXCHANGE 2

/* An entry of a directory, which need not be there yet. */
static __always_inline int entry_result(const struct path *dir, struct dentry *entry, __u32 hook)
{
	return file_result(entry, BPF_CORE_READ(dir, mnt), FILE_WRITE, hook);
}

static __always_inline int path_result(const struct path *path, __u32 hook)
{
	return file_result(BPF_CORE_READ(path, dentry), BPF_CORE_READ(path, mnt), FILE_WRITE, hook);
}

SEC("lsm/path_unlink")
int BPF_PROG(cgward_path_unlink, const struct path *dir, struct dentry *dentry)
{
	return entry_result(dir, dentry, CGW_HOOK_PATH_UNLINK);
}

SEC("lsm/path_rmdir")
int BPF_PROG(cgward_path_rmdir, const struct path *dir, struct dentry *dentry)
{
	return entry_result(dir, dentry, CGW_HOOK_PATH_RMDIR);
}

SEC("lsm/path_mkdir")
int BPF_PROG(cgward_path_mkdir, const struct path *dir, struct dentry *dentry)
{
	return entry_result(dir, dentry, CGW_HOOK_PATH_MKDIR);
}

/* open(2) with O_CREAT comes here, too, if there is no such file. */
SEC("lsm/path_mknod")
int BPF_PROG(cgward_path_mknod, const struct path *dir, struct dentry *dentry)
{
	return entry_result(dir, dentry, CGW_HOOK_PATH_MKNOD);
}

SEC("lsm/path_symlink")
int BPF_PROG(cgward_path_symlink, const struct path *dir, struct dentry *dentry)
{
	return entry_result(dir, dentry, CGW_HOOK_PATH_SYMLINK);
}

SEC("lsm/path_truncate")
int BPF_PROG(cgward_path_truncate, const struct path *path)
{
	return path_result(path, CGW_HOOK_PATH_TRUNCATE);
}

SEC("lsm/path_chmod")
int BPF_PROG(cgward_path_chmod, const struct path *path)
{
	return path_result(path, CGW_HOOK_PATH_CHMOD);
}

SEC("lsm/path_chown")
int BPF_PROG(cgward_path_chown, const struct path *path)
{
	return path_result(path, CGW_HOOK_PATH_CHOWN);
}

/* Both names are in one mount: the kernel has seen to that. */
SEC("lsm/path_link")
int BPF_PROG(cgward_path_link, struct dentry *old, const struct path *dir, struct dentry *new)
{
	struct file_request request = {
		.object = {old, new},
		.mnt = BPF_CORE_READ(dir, mnt),
		.hook = CGW_HOOK_PATH_LINK,
	};

	return file_names_result(&request, false);
}

SEC("lsm/path_rename")
int BPF_PROG(cgward_path_rename, const struct path *old_dir, struct dentry *old,
	const struct path *new_dir, struct dentry *new, unsigned int flags)
{
	struct file_request request = {
		.object = {old, new},
		.mnt = BPF_CORE_READ(old_dir, mnt),
		.hook = CGW_HOOK_PATH_RENAME,
	};

	return file_names_result(&request, flags & RENAME_EXCHANGE);
}
