// SPDX-License-Identifier: GPL-2.0-only
#include "confine.h"

#include <errno.h>
#include <grp.h>
#include <linux/bpf.h>
#include <pwd.h>
#include <seccomp.h>
#include <stdbool.h>
#include <sys/capability.h>
#include <sys/prctl.h>
#include <sys/socket.h>
#include <unistd.h>

static void free_caps(cap_t *caps)
{
	if (*caps)
		cap_free(*caps);
}

static int drop_bounding(void)
{
	for (cap_value_t cap = 0; cap < cap_max_bits(); cap++)
		if (cap_drop_bound(cap) && errno != EPERM)
			return -errno;
	return 0;
}

static bool any_left(void)
{
	cap_t now __attribute__((cleanup(free_caps))) = cap_get_proc();
	cap_t none __attribute__((cleanup(free_caps))) = cap_init();

	return !now || !none || cap_compare(now, none);
}

int confine_drop(const char **what)
{
	cap_t none __attribute__((cleanup(free_caps))) = cap_init();

	*what = "set no_new_privs";
	if (prctl(PR_SET_NO_NEW_PRIVS, 1, 0, 0, 0))
		return -errno;
	*what = "clear the ambient capabilities";
	if (cap_reset_ambient())
		return -errno;
	*what = "clear the capability bounding set"; /* while CAP_SETPCAP is still there */
	if (drop_bounding())
		return -errno;
	*what = "drop the capabilities";
	if (!none || cap_set_proc(none))
		return -errno;
	return any_left() ? -EPERM : 0;
}

int confine_find(const char *user, uid_t *uid, gid_t *gid)
{
	const struct passwd *entry;

	errno = 0;
	entry = getpwnam(user);
	if (!entry)
		return errno ? -errno : -ENOENT;
	*uid = entry->pw_uid;
	*gid = entry->pw_gid;
	return 0;
}

int confine_become(uid_t uid, gid_t gid)
{
	if (setgroups(0, NULL) || setresgid(gid, gid, gid) || setresuid(uid, uid, uid))
		return -errno;
	return 0;
}

/* What both need: memory, ends, and what libc does of its own accord. */
static const int calls_of_all[] = {
	SCMP_SYS(sigaltstack), /* AddressSanitizer, at the end */
	SCMP_SYS(brk),
	SCMP_SYS(close),
	SCMP_SYS(exit),
	SCMP_SYS(exit_group),
	SCMP_SYS(futex),
	SCMP_SYS(madvise),
	SCMP_SYS(mmap),
	SCMP_SYS(mremap),
	SCMP_SYS(munmap),
	SCMP_SYS(read),
	SCMP_SYS(recvmsg),
	SCMP_SYS(restart_syscall),
	SCMP_SYS(rt_sigprocmask),
	SCMP_SYS(rt_sigreturn),
	SCMP_SYS(sendmsg),
	SCMP_SYS(write),
};

/* To look for the newest pin. */
static const int calls_of_directory[] = {
	SCMP_SYS(fcntl),
	SCMP_SYS(fstat),
	SCMP_SYS(getdents64),
	SCMP_SYS(newfstatat),
	SCMP_SYS(openat),
};

static const int calls_of_reader[] = {
	/* time and waiting */
	SCMP_SYS(clock_gettime),
	SCMP_SYS(clock_nanosleep),
	SCMP_SYS(gettimeofday),
	SCMP_SYS(nanosleep),
	SCMP_SYS(poll),
	SCMP_SYS(ppoll),
	SCMP_SYS(epoll_wait),
	SCMP_SYS(epoll_pwait),
	SCMP_SYS(epoll_ctl),
	/* files: rotation, reopening, metrics */
	SCMP_SYS(flock),
	SCMP_SYS(ftruncate),
	SCMP_SYS(lseek),
	SCMP_SYS(pread64),
	SCMP_SYS(rename),
	SCMP_SYS(renameat),
	SCMP_SYS(renameat2),
	SCMP_SYS(stat),
	SCMP_SYS(statx),
	SCMP_SYS(unlink),
	SCMP_SYS(unlinkat),
	SCMP_SYS(writev),
	SCMP_SYS(ioctl),
	/* log daemons, and those who ask for metrics */
	SCMP_SYS(accept4),
	SCMP_SYS(lstat),
	SCMP_SYS(memfd_create),
	SCMP_SYS(sendfile),
	SCMP_SYS(getsockopt),
	SCMP_SYS(recvfrom),
	SCMP_SYS(sendto),
	SCMP_SYS(setsockopt),
	SCMP_SYS(shutdown),
	SCMP_SYS(getpid),
	SCMP_SYS(uname),
	SCMP_SYS(connect),
	/* the end of the broker */
	SCMP_SYS(wait4),
};

/* Of the broker: pins, the link by which sums are asked for, the record of what is guarded. */
static const uint32_t bpf_commands_of_broker[] = {BPF_OBJ_GET, BPF_LINK_CREATE,
	BPF_OBJ_GET_INFO_BY_FD, BPF_MAP_GET_NEXT_KEY, BPF_MAP_LOOKUP_ELEM, BPF_MAP_UPDATE_ELEM,
	BPF_MAP_DELETE_ELEM};

static const uint32_t bpf_commands[] = {BPF_OBJ_GET, BPF_ITER_CREATE, BPF_MAP_LOOKUP_ELEM,
	BPF_MAP_GET_NEXT_KEY, BPF_OBJ_GET_INFO_BY_FD};

/* Sockets of these families, to go back to a daemon that is gone. */
static const int families[] = {AF_UNIX, AF_INET, AF_INET6};

static int allow(scmp_filter_ctx context, const int *calls, size_t count)
{
	int result = 0;

	for (size_t i = 0; i < count && !result; i++)
		result = seccomp_rule_add(context, SCMP_ACT_ALLOW, calls[i], 0);
	return result;
}

static int allow_first(scmp_filter_ctx context, int call, uint64_t argument)
{
	return seccomp_rule_add(
		context, SCMP_ACT_ALLOW, call, 1, SCMP_A0(SCMP_CMP_EQ, argument, 0));
}

#define COUNT(array) (sizeof(array) / sizeof((array)[0]))

static int fill(scmp_filter_ctx context, enum confine_filter filter)
{
	int result = allow(context, calls_of_all, COUNT(calls_of_all));

	if (!result)
		result = allow(context, calls_of_directory, COUNT(calls_of_directory));
	if (filter == CONFINE_BROKER) {
		for (size_t i = 0; i < COUNT(bpf_commands_of_broker) && !result; i++)
			result = allow_first(context, SCMP_SYS(bpf), bpf_commands_of_broker[i]);
		return result;
	}
	for (size_t i = 0; i < COUNT(bpf_commands) && !result; i++)
		result = allow_first(context, SCMP_SYS(bpf), bpf_commands[i]);
	for (size_t i = 0; i < COUNT(families) && !result; i++)
		result = allow_first(context, SCMP_SYS(socket), families[i]);
	return result ? result : allow(context, calls_of_reader, COUNT(calls_of_reader));
}

int confine_filter(enum confine_filter filter)
{
	scmp_filter_ctx context = seccomp_init(SCMP_ACT_ERRNO(EPERM));
	int result;

	if (!context)
		return -ENOMEM;
	result = fill(context, filter);
	if (!result)
		result = seccomp_load(context);
	seccomp_release(context);
	return result;
}
