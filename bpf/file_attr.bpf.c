// SPDX-License-Identifier: GPL-2.0-only
/*
 * file_attr.bpf.c - [file]: attributes that are changed where the kernel no longer knows by which
 * path: times, extended attributes, access control lists. The object is judged by each name that it
 * has in the task's mount namespace: it is denied if any is.
 *
 * An object without a name there is not judged. Among these are the files beneath those of stacked
 * filesystems, which have been judged themselves.
 */
#include "sb_mounts.h"

/* linux/fs.h: ATTR_MODE, ATTR_UID, ATTR_GID, ATTR_SIZE, of which other hooks know the path; and
 * ATTR_ATIME, ATTR_MTIME. */
#define ATTRS_SEEN (1 << 0 | 1 << 1 | 1 << 2 | 1 << 3)
#define ATTRS_TIMES (1 << 4 | 1 << 5)

/* Set by the loader: lsm/inode_setattr begins with an idmapping, as its siblings do (Linux 6.9). */
extern const volatile __u32 setattr_has_idmap;

static __always_inline int attr_result(struct dentry *object, __u32 hook)
{
	struct file_request request = {
		.object = {object}, .ops = FILE_WRITE, .unable = FILE_WRITE, .hook = hook};
	struct call call;
	bool deny = false;

	if (!lsm_begin(&call, FILE_WRITE))
		return lsm_result(call.unable);
	if (files_ruled(&call, FILE_WRITE)) {
		file_open_request(&call, &request);
		deny = sb_judge(&call, &request, BPF_CORE_READ(object, d_sb), ASK_WRITE);
	}
	call_close(&call);
	return lsm_result(deny);
}

/* Argument `number` of a hook. In assembler: clang would compute the offset from the context, which
 * the verifier does not allow. */
#define ARGUMENT(ctx, number)                                                                      \
	({                                                                                         \
		void *argument;                                                                    \
		asm volatile("%0 = *(u64 *)(%1 + %2)"                                              \
			     : "=r"(argument)                                                      \
			     : "r"(ctx), "i"(8 * (number)));                                       \
		argument;                                                                          \
	})

static __always_inline int times_result(struct dentry *object, struct iattr *attr)
{
	__u32 valid = BPF_CORE_READ(attr, ia_valid);

	if (valid & ATTRS_SEEN || !(valid & ATTRS_TIMES))
		return 0;
	return attr_result(object, CGW_HOOK_INODE_SETATTR);
}

SEC("lsm/inode_setattr")
int cgward_inode_setattr(unsigned long long *ctx)
{
	struct dentry *object;
	struct iattr *attr;

	if (setattr_has_idmap) {
		object = ARGUMENT(ctx, 1);
		attr = ARGUMENT(ctx, 2);
	} else {
		object = ARGUMENT(ctx, 0);
		attr = ARGUMENT(ctx, 1);
	}
	return times_result(object, attr);
}

SEC("lsm/inode_setxattr")
int BPF_PROG(cgward_inode_setxattr, void *idmap, struct dentry *object)
{
	return attr_result(object, CGW_HOOK_INODE_SETXATTR);
}

SEC("lsm/inode_removexattr")
int BPF_PROG(cgward_inode_removexattr, void *idmap, struct dentry *object)
{
	return attr_result(object, CGW_HOOK_INODE_REMOVEXATTR);
}

/* Linux 6.2; before, access control lists are extended attributes like others. */
SEC("lsm/inode_set_acl")
int BPF_PROG(cgward_inode_set_acl, void *idmap, struct dentry *object)
{
	return attr_result(object, CGW_HOOK_INODE_SET_ACL);
}

SEC("lsm/inode_remove_acl")
int BPF_PROG(cgward_inode_remove_acl, void *idmap, struct dentry *object)
{
	return attr_result(object, CGW_HOOK_INODE_REMOVE_ACL);
}

/* Linux 6.17: flags, by ioctl(2) or file_setattr(2). */
SEC("lsm/inode_file_setattr")
int BPF_PROG(cgward_inode_file_setattr, struct dentry *object)
{
	return attr_result(object, CGW_HOOK_INODE_FILE_SETATTR);
}
