/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * guard.bpf.c - governed processes can neither have cgward's maps, programs and links, nor touch
 * its pins and the file system that they are in.
 *
 * Maps and programs: the kernel asks for each descriptor of one that it makes, by id or by path.
 * Links have no such hook. By id: bpf(2) says which. By path: their pins have the mode 0000, so
 * that the kernel asks for a capability to open one, and that is refused within bpf(2).
 */
#include "protect.h"

/* Of a system call: its number, and the register of its first argument. */
struct pt_regs___x86_64 {
	unsigned long di;
	unsigned long orig_ax;
} __attribute__((preserve_access_index));

struct pt_regs___aarch64 {
	__u64 orig_x0;
	__s32 syscallno;
} __attribute__((preserve_access_index));

/* ---- bpf(2) ---- */

#define BPF_CALL_X86 321
#define BPF_CALL_I386 357
#define BPF_CALL_ARM64 280
#define X32_BIT 0x40000000ULL
#define CAP_DAC_OVERRIDE 1
#define CAP_DAC_READ_SEARCH 2

/* While a ruleset or an instance is being put in force: objects that are not on record yet are
 * known by their names. What others make by such a name can not be had then, either. */
static __always_inline struct cgw_guard *guarded_by_name(const char *name)
{
	const char prefix[] = CGW_OBJECT_PREFIX;
	char start[sizeof(prefix) - 1] = {};

	bpf_probe_read_kernel(start, sizeof(start), name);
#pragma unroll
	for (unsigned int i = 0; i < sizeof(start); i++)
		if (start[i] != prefix[i])
			return NULL;
	return guarded_find(CGW_GUARDED_CHANGING, 0, CGW_CHANGING_INSTANCE);
}

SEC("lsm/bpf_map")
int BPF_PROG(cgward_guard_map, struct bpf_map *map, unsigned int mode)
{
	struct cgw_guard *guard = guarded_find(CGW_GUARDED_MAP, 0, map->id);

	if (!guard)
		guard = guarded_by_name(map->name);
	if (!guard)
		return 0;
	return guard_result(CGW_GUARDED_MAP, CGW_HOOK_GUARD_MAP, 0, guard);
}

SEC("lsm/bpf_prog")
int BPF_PROG(cgward_guard_program, struct bpf_prog *program)
{
	struct cgw_guard *guard = guarded_find(CGW_GUARDED_PROGRAM, 0, program->aux->id);

	if (!guard)
		guard = guarded_by_name(program->aux->name);
	if (!guard)
		return 0;
	return guard_result(CGW_GUARDED_PROGRAM, CGW_HOOK_GUARD_PROGRAM, 0, guard);
}

static __always_inline struct cgw_guard *guarded_link(__u32 fd)
{
	struct file *file = file_of(fd);
	struct bpf_link *link = BPF_CORE_READ(file, private_data);

	/* Of a file of another kind these are numbers without a meaning. */
	if (!file || !guarded_find(CGW_GUARDED_PROGRAM, 0, BPF_CORE_READ(link, prog, aux, id)))
		return NULL;
	return guarded_find(CGW_GUARDED_LINK, 0, BPF_CORE_READ(link, id));
}

/*
 * A program that is attached to a cgroup at or above the root of what cgward governs runs after
 * cgward's, and could allow what they have denied; one in a cgroup outside is none of the caller's.
 */
static __always_inline int attach_refuses(__u32 fd, __u32 command)
{
	struct file *file = file_of(fd);
	struct cgroup *cgroup = file ? cgroup_of(BPF_CORE_READ(file, f_path.dentry)) : NULL;

	return cgroup ? outside_refuses(cgroup, CGW_HOOK_GUARD_BPF, command, true) : 0;
}

static __always_inline __u32 attribute(void *from)
{
	__u32 value = 0;

	bpf_probe_read_kernel(&value, sizeof(value), from);
	return value;
}

SEC("lsm/bpf")
int BPF_PROG(cgward_guard_bpf, int command, union bpf_attr *attr, unsigned int size)
{
	struct cgw_guard *guard = NULL;
	__u32 fd;

	switch (command) {
	case BPF_LINK_GET_FD_BY_ID:
		guard = guarded_find(CGW_GUARDED_LINK, 0, attribute(&attr->link_id));
		if (!guard)
			guard = guarded_find(CGW_GUARDED_CHANGING, 0, CGW_CHANGING_INSTANCE);
		if (!guard)
			guard = guarded_find(CGW_GUARDED_CHANGING, 0, CGW_CHANGING_READER);
		break;
	case BPF_LINK_DETACH: /* of both, the first member */
	case BPF_LINK_UPDATE:
		guard = guarded_link(attribute(&attr->link_detach.link_fd));
		break;
	case BPF_PROG_ATTACH:
	case BPF_PROG_DETACH:
	case BPF_LINK_CREATE:
		fd = command == BPF_LINK_CREATE ? attribute(&attr->link_create.target_fd)
						: attribute(&attr->target_fd);
		return lsm_result(attach_refuses(fd, command));
	default:
		return 0;
	}
	if (!guard)
		return 0;
	return guard_result(CGW_GUARDED_LINK, CGW_HOOK_GUARD_BPF, command, guard);
}

/* True if the running task is in bpf(BPF_OBJ_GET). What registers hold then, nobody can change. */
static __always_inline bool is_obj_get(void)
{
	void *registers = (void *)bpf_task_pt_regs(bpf_get_current_task_btf());
	struct pt_regs___x86_64 *x86 = registers;
	struct pt_regs___aarch64 *arm64 = registers;
	__u64 call, command;

	if (bpf_core_field_exists(x86->orig_ax)) {
		call = BPF_CORE_READ(x86, orig_ax) & ~X32_BIT;
		command = BPF_CORE_READ(x86, di);
		if (call == BPF_CALL_I386) /* its first argument is in another register */
			return true;
		return call == BPF_CALL_X86 && (__u32)command == BPF_OBJ_GET;
	}
	if (bpf_core_field_exists(arm64->syscallno)) {
		call = BPF_CORE_READ(arm64, syscallno);
		command = BPF_CORE_READ(arm64, orig_x0);
		return call == BPF_CALL_ARM64 && (__u32)command == BPF_OBJ_GET;
	}
	return true;
}

SEC("lsm/capable")
int BPF_PROG(cgward_guard_capable, const struct cred *cred, struct user_namespace *namespace,
	int capability)
{
	if ((capability != CAP_DAC_OVERRIDE && capability != CAP_DAC_READ_SEARCH) || !is_obj_get())
		return 0;
	return guard_result(CGW_GUARDED_LINK, CGW_HOOK_GUARD_CAPABLE, BPF_OBJ_GET, NULL);
}

/* ---- signals to cgward-audit, and control over it ---- */

#define NSEC_PER_TICK 10000000 /* USER_HZ is 100 */
#define PTRACE_MODE_ATTACH 2

static __always_inline struct cgw_guard *guarded_process(struct task_struct *leader)
{
	struct cgw_guard *guard = guarded_find(CGW_GUARDED_TASK, 0, BPF_CORE_READ(leader, tgid));

	if (!guard || guard->start != BPF_CORE_READ(leader, start_boottime) / NSEC_PER_TICK)
		return NULL;
	return guard;
}

static __always_inline struct cgw_guard *guarded_task(struct task_struct *task)
{
	return guarded_process(BPF_CORE_READ(task, group_leader));
}

SEC("lsm/task_kill")
int BPF_PROG(cgward_guard_kill, struct task_struct *task, void *info, int number)
{
	struct cgw_guard *guard = number ? guarded_task(task) : NULL;

	if (!guard)
		return 0;
	return guard_result(CGW_GUARDED_TASK, CGW_HOOK_GUARD_KILL, number, guard);
}

SEC("lsm/ptrace_access_check")
int BPF_PROG(cgward_guard_ptrace, struct task_struct *child, unsigned int mode)
{
	struct cgw_guard *guard = mode & PTRACE_MODE_ATTACH ? guarded_task(child) : NULL;

	if (!guard)
		return 0;
	return guard_result(CGW_GUARDED_TASK, CGW_HOOK_GUARD_PTRACE, 0, guard);
}

/* A limit can end a process: RLIMIT_CPU, RLIMIT_FSIZE. */
SEC("lsm/task_setrlimit")
int BPF_PROG(cgward_guard_limit, struct task_struct *task)
{
	struct cgw_guard *guard = guarded_task(task);

	if (!guard || task == bpf_get_current_task_btf())
		return 0;
	return guard_result(CGW_GUARDED_TASK, CGW_HOOK_GUARD_LIMIT, 0, guard);
}

/* ---- leaving the governed subtree; what slips by keeps its policies, see task.bpf.c ---- */

#define FLAG_CLONE_INTO_CGROUP 0x200000000ULL
#define CLONE_ARGS_CGROUP 80 /* place of struct clone_args.cgroup */
#define ACCESS_MODE 3

SEC("lsm/file_open")
int BPF_PROG(cgward_guard_open, struct file *file)
{
	struct cgroup *cgroup;

	if (file->f_inode->i_sb->s_magic != CGROUP2_SUPER_MAGIC || !(file->f_flags & ACCESS_MODE))
		return 0;
	cgroup = cgroup_of(file->f_path.dentry->d_parent);
	if (!cgroup)
		return 0;
	return lsm_result(outside_refuses(cgroup, CGW_HOOK_GUARD_OPEN, 0, false));
}

/*
 * clone3(2) with CLONE_INTO_CGROUP. The kernel has read its arguments by now; they are read again
 * here. Who changes them in between is born elsewhere, and keeps its policies.
 */
SEC("lsm/task_alloc")
int BPF_PROG(cgward_guard_fork, struct task_struct *task, __u64 flags)
{
	void *registers = (void *)bpf_task_pt_regs(bpf_get_current_task_btf());
	struct pt_regs___x86_64 *x86 = registers;
	struct pt_regs___aarch64 *arm64 = registers;
	struct cgroup *cgroup = NULL;
	struct file *file = NULL;
	__u64 arguments = 0, fd = ~0ULL;

	if (!(flags & FLAG_CLONE_INTO_CGROUP))
		return 0;
	if (bpf_core_field_exists(x86->orig_ax))
		arguments = BPF_CORE_READ(x86, di);
	else if (bpf_core_field_exists(arm64->syscallno))
		arguments = BPF_CORE_READ(arm64, orig_x0);
	if (!bpf_probe_read_user(&fd, sizeof(fd), (void *)(arguments + CLONE_ARGS_CGROUP)))
		file = file_of(fd);
	if (file)
		cgroup = cgroup_of(BPF_CORE_READ(file, f_path.dentry));
	if (!cgroup) /* fails closed */
		return guard_result(CGW_GUARDED_CGROUP, CGW_HOOK_GUARD_FORK, 0, NULL);
	return lsm_result(outside_refuses(cgroup, CGW_HOOK_GUARD_FORK, 0, false));
}
