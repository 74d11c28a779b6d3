/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * power.bpf.c - [kernel]: the hooks behind the powers. What each covers, and what not, stands in
 * cgward-policy(5).
 */
#include "lsm.h"

/* ---- mount; see also capability.bpf.c ---- */

/* mount(2): new mounts, bind and move mounts, remounts, changes of propagation. */
SEC("lsm/sb_mount")
int BPF_PROG(cgward_sb_mount)
{
	return power_result(CGW_POWER_MOUNT, CGW_HOOK_SB_MOUNT);
}

/* fsconfig(2) making a file system, for fsmount(2). */
SEC("lsm/sb_kern_mount")
int BPF_PROG(cgward_sb_kern_mount)
{
	return power_result(CGW_POWER_MOUNT, CGW_HOOK_SB_KERN_MOUNT);
}

/* Remounts by fspick(2) and fsconfig(2). */
SEC("lsm/sb_remount")
int BPF_PROG(cgward_sb_remount)
{
	return power_result(CGW_POWER_MOUNT, CGW_HOOK_SB_REMOUNT);
}

SEC("lsm/sb_umount")
int BPF_PROG(cgward_sb_umount)
{
	return power_result(CGW_POWER_MOUNT, CGW_HOOK_SB_UMOUNT);
}

SEC("lsm/sb_pivotroot")
int BPF_PROG(cgward_sb_pivotroot)
{
	return power_result(CGW_POWER_MOUNT, CGW_HOOK_SB_PIVOTROOT);
}

/* move_mount(2): whatever was made or picked up before gets its place by this. */
SEC("lsm/move_mount")
int BPF_PROG(cgward_move_mount)
{
	return power_result(CGW_POWER_MOUNT, CGW_HOOK_MOVE_MOUNT);
}

SEC("lsm/path_chroot")
int BPF_PROG(cgward_path_chroot)
{
	return power_result(CGW_POWER_CHROOT, CGW_HOOK_PATH_CHROOT);
}

/* ---- other processes ---- */

#define PTRACE_MODE_ATTACH 2

/*
 * Of another process's memory or descriptors: PTRACE_ATTACH and _SEIZE, process_vm_*,
 * /proc/PID/mem, pidfd_getfd. Reading what ps and top show (PTRACE_MODE_READ) is no power.
 */
SEC("lsm/ptrace_access_check")
int BPF_PROG(cgward_ptrace_access_check, struct task_struct *child, unsigned int mode)
{
	if (!(mode & PTRACE_MODE_ATTACH))
		return 0;
	return power_result(CGW_POWER_PTRACE, CGW_HOOK_PTRACE_ACCESS_CHECK);
}

SEC("lsm/ptrace_traceme")
int BPF_PROG(cgward_ptrace_traceme)
{
	return power_result(CGW_POWER_PTRACE, CGW_HOOK_PTRACE_TRACEME);
}

/* True if the task is in the running task's cgroup or below it. */
static __always_inline bool is_inside(struct task_struct *task)
{
	struct cgroup *mine = bpf_get_current_task_btf()->cgroups->dfl_cgrp, *other,
		      *ancestor = NULL;
	int level = mine->level;

	other = task->cgroups->dfl_cgrp;
	if (other == mine)
		return true;
	if (level < 0 || other->level < level)
		return false;
	bpf_probe_read_kernel(&ancestor, sizeof(ancestor), &other->ancestors[0] + level);
	return ancestor == mine;
}

/* Signal 0 asks whether a process exists: it sends nothing. */
SEC("lsm/task_kill")
int BPF_PROG(cgward_task_kill, struct task_struct *task, void *info, int number)
{
	if (!number || is_inside(task))
		return 0;
	return power_result(CGW_POWER_KILL_OUTSIDE, CGW_HOOK_TASK_KILL);
}

SEC("lsm/userns_create")
int BPF_PROG(cgward_userns_create)
{
	return power_result(CGW_POWER_USERNS, CGW_HOOK_USERNS_CREATE);
}

/* ---- code for the kernel ---- */

SEC("lsm/kernel_module_request")
int BPF_PROG(cgward_kernel_module_request)
{
	return power_result(CGW_POWER_MODULE, CGW_HOOK_KERNEL_MODULE_REQUEST);
}

SEC("lsm/bpf")
int BPF_PROG(cgward_bpf)
{
	return power_result(CGW_POWER_BPF, CGW_HOOK_BPF);
}

SEC("lsm/perf_event_open")
int BPF_PROG(cgward_perf_event_open)
{
	return power_result(CGW_POWER_PERF, CGW_HOOK_PERF_EVENT_OPEN);
}

/* The numbers are those of the running kernel. */
enum kernel_load_data_id {
	LOADING_KEXEC_IMAGE = 3,
	LOADING_KEXEC_INITRAMFS = 4,
};

enum kernel_read_file_id {
	READING_KEXEC_IMAGE = 3,
	READING_KEXEC_INITRAMFS = 4,
};

/* kexec_load(2) */
SEC("lsm/kernel_load_data")
int BPF_PROG(cgward_kernel_load_data, unsigned int id)
{
	if (id != bpf_core_enum_value(enum kernel_load_data_id, LOADING_KEXEC_IMAGE) &&
		id != bpf_core_enum_value(enum kernel_load_data_id, LOADING_KEXEC_INITRAMFS))
		return 0;
	return power_result(CGW_POWER_KEXEC, CGW_HOOK_KERNEL_LOAD_DATA);
}

/* kexec_file_load(2) */
SEC("lsm/kernel_read_file")
int BPF_PROG(cgward_kernel_read_file, struct file *file, unsigned int id)
{
	if (id != bpf_core_enum_value(enum kernel_read_file_id, READING_KEXEC_IMAGE) &&
		id != bpf_core_enum_value(enum kernel_read_file_id, READING_KEXEC_INITRAMFS))
		return 0;
	return power_result(CGW_POWER_KEXEC, CGW_HOOK_KERNEL_READ_FILE);
}

/* ---- the rest ---- */

SEC("lsm/key_alloc")
int BPF_PROG(cgward_key_alloc)
{
	return power_result(CGW_POWER_KEYRING, CGW_HOOK_KEY_ALLOC);
}

SEC("lsm/key_permission")
int BPF_PROG(cgward_key_permission)
{
	return power_result(CGW_POWER_KEYRING, CGW_HOOK_KEY_PERMISSION);
}

/*
 * io_uring_setup(2): the ring's file gets its inode by this hook, which every kernel has
 * (uring_allowed came with 6.15). Other files of this kind, such as userfaultfd's, pass.
 */
SEC("lsm/inode_init_security_anon")
int BPF_PROG(cgward_io_uring_setup, struct inode *inode, const struct qstr *name)
{
	static const char ring[] = "[io_uring]";
	char bytes[sizeof(ring)] = {};

	if (!name || name->len != sizeof(ring) - 1 ||
		bpf_probe_read_kernel(bytes, sizeof(ring) - 1, name->name))
		return 0;
	for (__u32 i = 0; i < sizeof(ring) - 1; i++)
		if (bytes[i] != ring[i])
			return 0;
	return power_result(CGW_POWER_IO_URING, CGW_HOOK_IO_URING_SETUP);
}

/* Of a ring that comes from elsewhere: using another's credentials, and commands to drivers. */
SEC("lsm/uring_override_creds")
int BPF_PROG(cgward_uring_override_creds)
{
	return power_result(CGW_POWER_IO_URING, CGW_HOOK_URING_OVERRIDE_CREDS);
}

SEC("lsm/uring_cmd")
int BPF_PROG(cgward_uring_cmd)
{
	return power_result(CGW_POWER_IO_URING, CGW_HOOK_URING_CMD);
}

/* syslog(2), and opening /dev/kmsg and /proc/kmsg to read. */
SEC("lsm/syslog")
int BPF_PROG(cgward_syslog)
{
	return power_result(CGW_POWER_SYSLOG, CGW_HOOK_SYSLOG);
}
