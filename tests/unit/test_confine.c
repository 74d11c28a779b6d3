// SPDX-License-Identifier: GPL-2.0-only
/* confine.h: what the filters let through, and what not. */
#include <errno.h>
#include <linux/bpf.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>
#include <sys/prctl.h>
#include <sys/socket.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <unistd.h>
#include <cmocka.h>
#include "confine.h"

static long bpf(int command)
{
	union bpf_attr attr;

	memset(&attr, 0xff, sizeof(attr)); /* refused by any kernel, but not with EPERM */
	return syscall(SYS_bpf, command, &attr, 0);
}

static long call_execve(void)
{
	return syscall(SYS_execve, "/nowhere", NULL, NULL);
}

static long call_fork(void)
{
	return syscall(SYS_clone, 0, NULL, NULL, NULL, NULL);
}

static long call_map_create(void)
{
	return bpf(BPF_MAP_CREATE);
}

static long call_map_update(void)
{
	return bpf(BPF_MAP_UPDATE_ELEM);
}

static long call_netlink(void)
{
	return socket(AF_NETLINK, SOCK_RAW, 0);
}

static long call_unix(void)
{
	return socket(AF_UNIX, SOCK_DGRAM, 0);
}

static long call_open(void)
{
	return syscall(SYS_openat, -1, "nowhere", 0);
}

static long call_ptrace(void)
{
	return syscall(SYS_ptrace, 0, 0, 0, 0);
}

static long call_write(void)
{
	return write(-1, "", 1);
}

static const struct {
	const char *name;
	long (*call)(void);
	bool reader, broker; /* let through */
} calls[] = {
	{"write", call_write, true, true},
	{"openat", call_open, true, true},
	{"socket unix", call_unix, true, false},
	{"socket netlink", call_netlink, false, false},
	{"execve", call_execve, false, false},
	{"clone", call_fork, false, false},
	{"ptrace", call_ptrace, false, false},
	{"bpf map create", call_map_create, false, false},
	{"bpf map update", call_map_update, false, true},
};

/* In a process of its own: 0 if the call is let through, 1 if it is not, 2: no filter. */
static int try(enum confine_filter filter, long (*call)(void))
{
	int status;
	pid_t pid = fork();

	if (!pid) {
		if (prctl(PR_SET_NO_NEW_PRIVS, 1, 0, 0, 0) || confine_filter(filter))
			_exit(2);
		errno = 0;
		_exit(call() < 0 && errno == EPERM);
	}
	assert_int_equal(waitpid(pid, &status, 0), pid);
	assert_true(WIFEXITED(status));
	return WEXITSTATUS(status);
}

static void test_filters(void **state)
{
	(void)state;
	for (size_t i = 0; i < sizeof(calls) / sizeof(calls[0]); i++) {
		int reader = try(CONFINE_READER, calls[i].call);
		int broker = try(CONFINE_BROKER, calls[i].call);

		if (reader != !calls[i].reader)
			fail_msg("the reader's filter and %s: %d", calls[i].name, reader);
		if (broker != !calls[i].broker)
			fail_msg("the broker's filter and %s: %d", calls[i].name, broker);
	}
}

static void test_users(void **state)
{
	uid_t uid = 1;
	gid_t gid = 1;

	(void)state;
	assert_int_equal(confine_find("root", &uid, &gid), 0);
	assert_int_equal(uid, 0);
	assert_int_equal(gid, 0);
	assert_int_equal(confine_find("no such user", &uid, &gid), -ENOENT);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_filters),
		cmocka_unit_test(test_users),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
