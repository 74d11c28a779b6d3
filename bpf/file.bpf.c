// SPDX-License-Identifier: GPL-2.0-only
/*
 * file.bpf.c - [file]: opening, executing and mapping.
 *
 * execve(2) opens the program, the interpreter behind #! and the one that an ELF file names; each
 * comes here with the flag that tells. What is mapped executable (a library, or a program that
 * ld.so was asked to run) is seen when it is mapped, or made executable later.
 */
#include "file.h"

#define O_ACCMODE 3
#define O_TRUNC 01000
#define FMODE_EXEC 0x20 /* in f_flags; open(2) lets no one set it */
#define PROT_EXEC 4

static __always_inline __u32 open_ops(__u32 flags)
{
	__u32 mode = flags & O_ACCMODE, ops = 0;

	if (flags & FMODE_EXEC)
		return 1U << CGW_OP_FILE_EXEC;
	if (mode != 1)
		ops |= 1U << CGW_OP_FILE_READ;
	if (mode != 0 || flags & O_TRUNC)
		ops |= FILE_WRITE;
	return ops;
}

/*
 * Before Linux 6.6 a stacked filesystem opens the file beneath under the path of its own file,
 * which has been judged.
 */
static __always_inline bool is_beneath(struct file *file)
{
	return !bpf_core_type_exists(struct backing_file) &&
	       file->f_inode != file->f_path.dentry->d_inode;
}

SEC("lsm/file_open")
int BPF_PROG(cgward_file_open, struct file *file)
{
	if (is_beneath(file))
		return 0;
	return file_result(
		file->f_path.dentry, file->f_path.mnt, open_ops(file->f_flags), CGW_HOOK_FILE_OPEN);
}

/* `address` is 0 for anonymous memory, which the verifier of some kernels does not believe. */
static __always_inline int map_result(__u64 address, __u64 prot, __u32 hook)
{
	struct file *file = (struct file *)CGW_OPAQUE(address);
	struct dentry *object;
	struct vfsmount *mnt;
	struct path *user;

	if (!(prot & PROT_EXEC) || !file)
		return 0;
	object = BPF_CORE_READ(file, f_path.dentry);
	mnt = BPF_CORE_READ(file, f_path.mnt);
	/* A mapping of a stacked filesystem's file is one of the file beneath. */
	if (bpf_core_type_exists(struct backing_file) &&
		(__u64)BPF_CORE_READ(real_mount(mnt), mnt_ns) == MNT_NS_INTERNAL &&
		!(BPF_CORE_READ(object, d_sb, s_flags) & SB_KERNMOUNT)) {
		user = (void *)file + bpf_core_field_offset(struct backing_file, user_path);
		object = BPF_CORE_READ(user, dentry);
		mnt = BPF_CORE_READ(user, mnt);
	}
	return file_result(object, mnt, 1U << CGW_OP_FILE_EXEC, hook);
}

SEC("lsm/mmap_file")
int BPF_PROG(cgward_mmap_file, struct file *file, unsigned long reqprot, unsigned long prot,
	unsigned long flags)
{
	return map_result(kernel_address(file), prot, CGW_HOOK_MMAP_FILE);
}

SEC("lsm/file_mprotect")
int BPF_PROG(
	cgward_file_mprotect, struct vm_area_struct *vma, unsigned long reqprot, unsigned long prot)
{
	if (!(prot & PROT_EXEC))
		return 0;
	return map_result((__u64)BPF_CORE_READ(vma, vm_file), prot, CGW_HOOK_FILE_MPROTECT);
}
