/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * cgroup.h - the two ways into a cgroup: being cloned there, and being moved there.
 */
#ifndef HELPERS_CGROUP_H
#define HELPERS_CGROUP_H

#include <errno.h>
#include <fcntl.h>
#include <linux/sched.h>
#include <signal.h>
#include <stdint.h>
#include <stdio.h>
#include <string.h>
#include <sys/syscall.h>
#include <sys/types.h>
#include <unistd.h>

/*
 * clone3(CLONE_INTO_CGROUP): returns as fork() does. `directory` is an open cgroup directory. The
 * child runs on a copy of the parent's stack, so it may return from the caller.
 */
static inline pid_t clone_into(int directory)
{
	struct clone_args args = {
		.flags = CLONE_INTO_CGROUP,
		.exit_signal = SIGCHLD,
		.cgroup = (uint64_t)directory,
	};

	return (pid_t)syscall(SYS_clone3, &args, sizeof(args));
}

/* Writes an id to FILE of a cgroup (cgroup.procs, cgroup.threads). 0 or -errno. */
static inline int cgroup_move(const char *cgroup, const char *file, pid_t id)
{
	char path[4096], text[24];
	int fd, length, error = 0;

	if (snprintf(path, sizeof(path), "%s/%s", cgroup, file) >= (int)sizeof(path))
		return -ENAMETOOLONG;
	fd = open(path, O_WRONLY | O_CLOEXEC);
	if (fd < 0)
		return -errno;
	length = snprintf(text, sizeof(text), "%d", (int)id);
	if (write(fd, text, length) != length)
		error = -errno;
	close(fd);
	return error;
}

#endif
