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
	return file_result(entry, dir->mnt, FILE_WRITE, hook);
}

static __always_inline int path_result(const struct path *path, __u32 hook)
{
	return file_result(path->dentry, path->mnt, FILE_WRITE, hook);
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
		.mnt = dir->mnt,
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
		.mnt = old_dir->mnt,
		.hook = CGW_HOOK_PATH_RENAME,
	};

	return file_names_result(&request, flags & RENAME_EXCHANGE);
}

/* ---- flags, as chattr(1) sets them by a descriptor that need not be open for writing ---- */

/* linux/fs.h, fsverity.h, fscrypt.h: set flags, extended attributes of XFS, the version, make the
 * file read-only for ever or a directory encrypted. */
#define FLAGS_SET 0x40086602
#define FLAGS_SET_32 0x40046602
#define FSXATTR_SET 0x401c5820
#define VERSION_SET 0x40087602
#define VERSION_SET_32 0x40047602
#define VERITY_ENABLE 0x40806685
#define ENCRYPTION_SET 0x800c6613

/* linux/btrfs.h: flags and identity of a subvolume. */
#define SUBVOL_FLAGS_SET 0x4008941a
#define SUBVOL_RECEIVED_SET 0xc0c89425
#define SUBVOL_RECEIVED_SET_32 0xc0c09425

/*
 * What makes and deletes whole trees or copies of files past all other hooks, or reads what is in
 * files without opening them: direction, type and number, which are the same in all sizes.
 */
#define IOCTL_KIND 0xc000ffff
/* linux/btrfs.h */
#define SNAP_CREATE 0x40009401
#define SUBVOL_CREATE 0x4000940e
#define SNAP_DESTROY 0x4000940f
#define TREE_SEARCH 0xc0009411
#define DEFAULT_SUBVOL 0x40009413
#define SNAP_CREATE_V2 0x40009417
#define SUBVOL_CREATE_V2 0x40009418
#define SEND 0x40009426
#define SNAP_DESTROY_V2 0x4000943f
#define ENCODED_READ 0x80009440
/* bcachefs and ocfs2 */
#define BCH_SUBVOLUME_CREATE 0x4000bc10
#define BCH_SUBVOLUME_DESTROY 0x4000bc11
#define REFLINK 0x40006f04

static __always_inline bool is_of_unknown(__u32 command)
{
	switch (command & IOCTL_KIND) {
	case SNAP_CREATE:
	case SUBVOL_CREATE:
	case SNAP_DESTROY:
	case TREE_SEARCH:
	case DEFAULT_SUBVOL:
	case SNAP_CREATE_V2:
	case SUBVOL_CREATE_V2:
	case SEND:
	case SNAP_DESTROY_V2:
	case ENCODED_READ:
	case BCH_SUBVOLUME_CREATE:
	case BCH_SUBVOLUME_DESTROY:
	case REFLINK:
		return true;
	}
	return false;
}

static __always_inline int ioctl_result(struct file *file, __u32 command, __u32 hook)
{
	struct file_request request = {.hook = hook};

	if (is_of_unknown(command))
		return seal_unknown_result(&request);
	switch (command) {
	case FLAGS_SET:
	case FLAGS_SET_32:
	case FSXATTR_SET:
		/* From Linux 6.17 on these, and file_setattr(2), come by inode_file_setattr. */
		if (bpf_core_type_exists(struct file_attr))
			return 0;
		break;
	case VERSION_SET:
	case VERSION_SET_32:
	case VERITY_ENABLE:
	case ENCRYPTION_SET:
	case SUBVOL_FLAGS_SET:
	case SUBVOL_RECEIVED_SET:
	case SUBVOL_RECEIVED_SET_32:
		break;
	default:
		return 0;
	}
	return file_result(file->f_path.dentry, file->f_path.mnt, FILE_WRITE, hook);
}

SEC("lsm/file_ioctl")
int BPF_PROG(cgward_file_ioctl, struct file *file, unsigned int command)
{
	return ioctl_result(file, command, CGW_HOOK_FILE_IOCTL);
}

SEC("lsm/file_ioctl_compat")
int BPF_PROG(cgward_file_ioctl_compat, struct file *file, unsigned int command)
{
	return ioctl_result(file, command, CGW_HOOK_FILE_IOCTL_COMPAT);
}
