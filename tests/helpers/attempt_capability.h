/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * attempt_capability.h - uses capabilities: for each a system call that asks for it, and for no
 * other; see attempt.h.
 */
#ifndef HELPERS_ATTEMPT_CAPABILITY_H
#define HELPERS_ATTEMPT_CAPABILITY_H

#include <errno.h>
#include <fcntl.h>
#include <linux/capability.h>
#include <sched.h>
#include <stdio.h>
#include <sys/prctl.h>
#include <sys/resource.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/sysmacros.h>
#include <sys/timex.h>
#include <unistd.h>
#include "attempt.h"
#include "operation.h"
#include "words.h"

/* A file of the process's own; a descriptor. */
static inline int capability_file(void)
{
	int fd = open(".", O_TMPFILE | O_RDWR | O_CLOEXEC, 0600);

	if (fd < 0)
		fail("make", "a file");
	return fd;
}

static inline int capability_chown(void)
{
	int fd = capability_file(), result = fchown(fd, 1000, 1000);

	close(fd);
	return result;
}

static inline int capability_mknod(void)
{
	char path[64];
	int result;

	snprintf(path, sizeof(path), "cgward-node-%d", getpid());
	result = mknod(path, S_IFCHR | 0600, makedev(1, 3));
	if (!result)
		unlink(path);
	return result;
}

static inline int capability_resource(void)
{
	struct rlimit limit = {10, 20};

	if (setrlimit(RLIMIT_CORE, &limit))
		return -1;
	limit.rlim_max = 30;
	return setrlimit(RLIMIT_CORE, &limit);
}

static inline int capability_time(void)
{
	struct timex timex = {.modes = ADJ_STATUS, .status = STA_UNSYNC};

	return adjtimex(&timex) < 0 ? -1 : 0;
}

static inline int attempt_capability(const struct operation *operation)
{
	struct sched_param realtime = {1};
	int result;

	switch (operation->capability) {
	case CAP_CHOWN:
		result = capability_chown();
		break;
	case CAP_SETGID:
		result = setgid(1000);
		break;
	case CAP_SETUID:
		result = setuid(1000);
		break;
	case CAP_SETPCAP:
		result = prctl(PR_CAPBSET_DROP, CAP_WAKE_ALARM);
		break;
	case CAP_NET_RAW:
		result = socket(AF_INET, SOCK_RAW | SOCK_CLOEXEC, 255);
		break;
	case CAP_SYS_CHROOT:
		result = chroot("/");
		break;
	case CAP_SYS_ADMIN:
		result = sethostname("guest", 5);
		break;
	case CAP_SYS_NICE:
		result = sched_setscheduler(0, SCHED_FIFO, &realtime);
		break;
	case CAP_SYS_RESOURCE:
		result = capability_resource();
		break;
	case CAP_SYS_TIME:
		result = capability_time();
		break;
	case CAP_MKNOD:
		result = capability_mknod();
		break;
	default:
		return ENOSYS;
	}
	return result < 0 ? errno : 0;
}

#endif
