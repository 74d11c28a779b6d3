/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * attempt_kernel.h - uses powers over the kernel, each in every way there is (`--by NAME`; without
 * it in the first way of the table at the end); see attempt.h.
 *
 * What the ways need is made by the suite in the working directory: mounted/, a tmpfs, and mnt/.
 */
#ifndef HELPERS_ATTEMPT_KERNEL_H
#define HELPERS_ATTEMPT_KERNEL_H

#include <errno.h>
#include <fcntl.h>
#include <linux/bpf.h>
#include <linux/io_uring.h>
#include <linux/keyctl.h>
#include <linux/mount.h>
#include <linux/perf_event.h>
#include <sched.h>
#include <signal.h>
#include <stdio.h>
#include <string.h>
#include <sys/klog.h>
#include <sys/personality.h>
#include <sys/ptrace.h>
#include <sys/socket.h>
#include <sys/syscall.h>
#include <sys/time.h>
#include <sys/timex.h>
#include <sys/uio.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>
#include "attempt.h"
#include "operation.h"
#include "words.h"

/* Of sys/mount.h, which does not go with linux/mount.h. */
int mount(const char *, const char *, const char *, unsigned long, const void *);
int umount2(const char *, int);
#ifndef MNT_DETACH
#define MNT_DETACH 2
#endif

/* Each returns what the system call does: -1 with errno is a failure. */

/* ---- mount ---- */

static long power_mounted(long result)
{
	if (!result)
		umount2("mnt", MNT_DETACH);
	return result;
}

static long by_mount(void)
{
	return power_mounted(mount("none", "mnt", "tmpfs", 0, NULL));
}

static long by_bind(void)
{
	return power_mounted(mount("mounted", "mnt", NULL, MS_BIND, NULL));
}

static long by_remount(void)
{
	return mount(NULL, "mounted", NULL, MS_REMOUNT | MS_NODEV, NULL);
}

static long by_umount(void)
{
	long result = umount2("mounted", MNT_DETACH);

	if (!result)
		mount("none", "mounted", "tmpfs", 0, NULL);
	return result;
}

/* Refused after the hook where the root is the initramfs. */
static long by_pivot_root(void)
{
	if (unshare(CLONE_NEWNS) || chdir("mounted"))
		fail("enter", "mounted");
	return syscall(SYS_pivot_root, ".", ".");
}

static long by_move_mount(void)
{
	long result = syscall(SYS_move_mount, AT_FDCWD, "mounted", AT_FDCWD, "mnt", 0);

	if (!result)
		syscall(SYS_move_mount, AT_FDCWD, "mnt", AT_FDCWD, "mounted", 0);
	return result;
}

static long by_open_tree(void)
{
	return syscall(SYS_open_tree, AT_FDCWD, "mounted", OPEN_TREE_CLONE);
}

static long by_fsopen(void)
{
	return syscall(SYS_fsopen, "tmpfs", 0);
}

static long by_fsconfig(void)
{
	int fd = syscall(SYS_fsopen, "tmpfs", 0);

	return fd < 0 ? -1 : syscall(SYS_fsconfig, fd, FSCONFIG_CMD_CREATE, NULL, NULL, 0);
}

static long by_fspick(void)
{
	int fd = syscall(SYS_fspick, AT_FDCWD, "mounted", 0);

	return fd < 0 ? -1 : syscall(SYS_fsconfig, fd, FSCONFIG_CMD_RECONFIGURE, NULL, NULL, 0);
}

static long by_mount_setattr(void)
{
	struct mount_attr attributes = {.attr_set = MOUNT_ATTR_NODEV};

	return syscall(SYS_mount_setattr, AT_FDCWD, "mounted", 0, &attributes, sizeof(attributes));
}

static long by_chroot(void)
{
	return chroot(".");
}

/* ---- other processes ---- */

static char power_word[] = "secret";

/* A child that does nothing. */
static pid_t power_child(void)
{
	pid_t pid = fork();

	if (pid < 0)
		fail("make", "a process");
	while (!pid)
		pause();
	return pid;
}

static long power_end(pid_t child, long result)
{
	int error = errno;

	kill(child, SIGKILL);
	waitpid(child, NULL, 0);
	errno = error;
	return result;
}

static long by_attach(void)
{
	pid_t child = power_child();

	return power_end(child, ptrace(PTRACE_ATTACH, child, NULL, NULL));
}

static long by_seize(void)
{
	pid_t child = power_child();

	return power_end(child, ptrace(PTRACE_SEIZE, child, NULL, NULL));
}

static long by_traceme(void)
{
	int status;
	pid_t child = fork();

	if (!child)
		_exit(ptrace(PTRACE_TRACEME, 0, NULL, NULL) ? errno : 0);
	if (child < 0 || waitpid(child, &status, 0) != child)
		fail("make", "a process");
	errno = WEXITSTATUS(status);
	return errno ? -1 : 0;
}

static long power_vm(bool write)
{
	char buffer[sizeof(power_word)] = "";
	struct iovec here = {buffer, sizeof(buffer)}, there = {power_word, sizeof(power_word)};
	pid_t child = power_child();

	return power_end(child, write ? process_vm_writev(child, &here, 1, &there, 1, 0)
				      : process_vm_readv(child, &here, 1, &there, 1, 0));
}

static long by_process_vm_readv(void)
{
	return power_vm(false);
}

static long by_process_vm_writev(void)
{
	return power_vm(true);
}

/* The kernel says EACCES where others say EPERM. */
static long by_mem(void)
{
	pid_t child = power_child();
	char path[64];
	int fd;

	snprintf(path, sizeof(path), "/proc/%d/mem", child);
	fd = open(path, O_RDWR | O_CLOEXEC);
	if (fd < 0 && errno == EACCES)
		errno = EPERM;
	return power_end(child, fd);
}

static long by_pidfd_getfd(void)
{
	pid_t child = power_child();
	int fd = syscall(SYS_pidfd_open, child, 0);

	return power_end(child, syscall(SYS_pidfd_getfd, fd, 0, 0));
}

/* No power: what ps shows of another process. */
static long by_ps(void)
{
	pid_t child = power_child();
	char path[64], target[256];

	snprintf(path, sizeof(path), "/proc/%d/exe", child);
	return power_end(child, readlink(path, target, sizeof(target)));
}

/* SIGWINCH is ignored by whom it does not concern. */
static long by_kill(void)
{
	return kill(1, SIGWINCH);
}

static long by_tgkill(void)
{
	return syscall(SYS_tgkill, 1, 1, SIGWINCH);
}

static long by_pidfd(void)
{
	return syscall(SYS_pidfd_send_signal, syscall(SYS_pidfd_open, 1, 0), SIGWINCH, NULL, 0);
}

static long by_sigqueue(void)
{
	return sigqueue(1, SIGWINCH, (union sigval){0});
}

/* No power: whether it exists, and a process of one's own. */
static long by_kill_0(void)
{
	return kill(1, 0);
}

static long by_kill_inside(void)
{
	pid_t child = power_child();

	return power_end(child, kill(child, SIGWINCH));
}

static long by_unshare(void)
{
	return unshare(CLONE_NEWUSER);
}

static long by_clone(void)
{
	pid_t pid = syscall(SYS_clone, CLONE_NEWUSER | SIGCHLD, NULL, NULL, NULL, NULL);

	if (!pid)
		_exit(0);
	if (pid > 0)
		waitpid(pid, NULL, 0);
	return pid;
}

/* ---- code for the kernel: nonsense or a program, which the kernel dislikes after the hook ---- */

/* None that is open for writing: the kernel would not read it. */
static int power_file(void)
{
	int fd = open("/proc/self/exe", O_RDONLY | O_CLOEXEC);

	if (fd < 0)
		fail("open", "/proc/self/exe");
	return fd;
}

static long by_init_module(void)
{
	return syscall(SYS_init_module, "nonsense", 8, "");
}

static long by_finit_module(void)
{
	return syscall(SYS_finit_module, power_file(), "", 0);
}

static long by_delete_module(void)
{
	return syscall(SYS_delete_module, "cgward_nonsense", O_NONBLOCK);
}

/* The kernel asks for net-pf-13 (DECnet is gone); its answer is the same either way. */
static long by_request(void)
{
	return socket(12, SOCK_STREAM, 0);
}

static long by_bpf(void)
{
	union bpf_attr attributes = {
		.map_type = BPF_MAP_TYPE_ARRAY, .key_size = 4, .value_size = 4, .max_entries = 1};

	return syscall(SYS_bpf, BPF_MAP_CREATE, &attributes, sizeof(attributes));
}

static long by_perf_event_open(void)
{
	struct perf_event_attr attributes = {.type = PERF_TYPE_SOFTWARE,
		.size = sizeof(attributes),
		.config = PERF_COUNT_SW_CPU_CLOCK};

	return syscall(SYS_perf_event_open, &attributes, 0, -1, -1, 0);
}

static long by_kexec_load(void)
{
	return syscall(SYS_kexec_load, 0, 0, NULL, 0);
}

static long by_kexec_file_load(void)
{
	return syscall(SYS_kexec_file_load, power_file(), -1, 0UL, NULL, 4UL);
}

/* ---- the rest ---- */

static long by_add_key(void)
{
	return syscall(SYS_add_key, "user", "cgward", "x", 1, KEY_SPEC_PROCESS_KEYRING);
}

static long by_keyctl(void)
{
	return syscall(SYS_keyctl, KEYCTL_JOIN_SESSION_KEYRING, NULL);
}

static long by_io_uring_setup(void)
{
	struct io_uring_params params = {0};

	return syscall(SYS_io_uring_setup, 4, &params);
}

static long by_clock_settime(void)
{
	struct timespec now;

	clock_gettime(CLOCK_REALTIME, &now);
	return clock_settime(CLOCK_REALTIME, &now);
}

static long by_settimeofday(void)
{
	struct timeval now;

	gettimeofday(&now, NULL);
	return settimeofday(&now, NULL);
}

static long by_adjtimex(void)
{
	struct timex timex = {.modes = ADJ_SETOFFSET};

	return adjtimex(&timex);
}

/* No power: reading the clock's state. */
static long by_adjtimex_read(void)
{
	struct timex timex = {0};

	return adjtimex(&timex);
}

static long by_syslog(void)
{
	return klogctl(10 /* SYSLOG_ACTION_SIZE_BUFFER */, NULL, 0);
}

static long by_kmsg(void)
{
	return open("/dev/kmsg", O_RDONLY | O_CLOEXEC);
}

static long by_personality(void)
{
	return personality(ADDR_NO_RANDOMIZE);
}

static const struct power_way {
	enum cgw_power power;
	const char *name;
	long (*use)(void);
} power_ways[] = {
	{CGW_POWER_MOUNT, "mount", by_mount},
	{CGW_POWER_MOUNT, "bind", by_bind},
	{CGW_POWER_MOUNT, "remount", by_remount},
	{CGW_POWER_MOUNT, "umount", by_umount},
	{CGW_POWER_MOUNT, "pivot_root", by_pivot_root},
	{CGW_POWER_MOUNT, "move_mount", by_move_mount},
	{CGW_POWER_MOUNT, "open_tree", by_open_tree},
	{CGW_POWER_MOUNT, "fsopen", by_fsopen},
	{CGW_POWER_MOUNT, "fsconfig", by_fsconfig},
	{CGW_POWER_MOUNT, "fspick", by_fspick},
	{CGW_POWER_MOUNT, "mount_setattr", by_mount_setattr},
	{CGW_POWER_CHROOT, "chroot", by_chroot},
	{CGW_POWER_PTRACE, "attach", by_attach},
	{CGW_POWER_PTRACE, "seize", by_seize},
	{CGW_POWER_PTRACE, "traceme", by_traceme},
	{CGW_POWER_PTRACE, "process_vm_readv", by_process_vm_readv},
	{CGW_POWER_PTRACE, "process_vm_writev", by_process_vm_writev},
	{CGW_POWER_PTRACE, "mem", by_mem},
	{CGW_POWER_PTRACE, "pidfd_getfd", by_pidfd_getfd},
	{CGW_POWER_PTRACE, "ps", by_ps},
	{CGW_POWER_MODULE, "init_module", by_init_module},
	{CGW_POWER_MODULE, "finit_module", by_finit_module},
	{CGW_POWER_MODULE, "delete_module", by_delete_module},
	{CGW_POWER_MODULE, "request", by_request},
	{CGW_POWER_BPF, "bpf", by_bpf},
	{CGW_POWER_USERNS, "unshare", by_unshare},
	{CGW_POWER_USERNS, "clone", by_clone},
	{CGW_POWER_PERF, "perf_event_open", by_perf_event_open},
	{CGW_POWER_KEXEC, "kexec_load", by_kexec_load},
	{CGW_POWER_KEXEC, "kexec_file_load", by_kexec_file_load},
	{CGW_POWER_KEYRING, "add_key", by_add_key},
	{CGW_POWER_KEYRING, "keyctl", by_keyctl},
	{CGW_POWER_IO_URING, "io_uring_setup", by_io_uring_setup},
	{CGW_POWER_SETTIME, "clock_settime", by_clock_settime},
	{CGW_POWER_SETTIME, "settimeofday", by_settimeofday},
	{CGW_POWER_SETTIME, "adjtimex", by_adjtimex},
	{CGW_POWER_SETTIME, "adjtimex-read", by_adjtimex_read},
	{CGW_POWER_SYSLOG, "syslog", by_syslog},
	{CGW_POWER_SYSLOG, "kmsg", by_kmsg},
	{CGW_POWER_KILL_OUTSIDE, "kill", by_kill},
	{CGW_POWER_KILL_OUTSIDE, "tgkill", by_tgkill},
	{CGW_POWER_KILL_OUTSIDE, "pidfd", by_pidfd},
	{CGW_POWER_KILL_OUTSIDE, "sigqueue", by_sigqueue},
	{CGW_POWER_KILL_OUTSIDE, "kill-0", by_kill_0},
	{CGW_POWER_KILL_OUTSIDE, "kill-inside", by_kill_inside},
	{CGW_POWER_PERSONALITY, "personality", by_personality},
};

/* Anything but EPERM and a missing system call is the kernel's opinion after the hook. */
static inline int attempt_kernel(const struct operation *operation, const struct way *way)
{
	for (size_t i = 0; i < sizeof(power_ways) / sizeof(power_ways[0]); i++) {
		const struct power_way *row = &power_ways[i];

		if (row->power != operation->power || (way->by && strcmp(row->name, way->by)))
			continue;
		if (row->use() >= 0)
			return 0;
		return errno == EPERM || errno == ENOSYS ? errno : 0;
	}
	return ENOTSUP;
}

#endif
