/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * attempt_sysctl.h - reads and writes sysctls in every way there is; see attempt.h.
 */
#ifndef HELPERS_ATTEMPT_SYSCTL_H
#define HELPERS_ATTEMPT_SYSCTL_H

#include <fcntl.h>
#include <stdint.h>
#include <sys/uio.h>
#include <unistd.h>
#include "attempt.h"
#include "cgroup.h"
#include "operation.h"
#include "uring.h"
#include "words.h"

#define SYSCTL_PIECES_MAX 1024

/* A descriptor, or -1 with errno. */
static inline int sysctl_open(const struct operation *operation, const struct way *way)
{
	int flags = operation->op == CGW_OP_SYSCTL_WRITE ? O_WRONLY : O_RDONLY;
	char path[8192], link[64];
	int fd, path_fd;

	snprintf(path, sizeof(path), "%s/%s", way->sysctl ? way->sysctl : "/proc/sys",
		operation->name);
	if (!way->reopen)
		return open(path, flags | O_CLOEXEC);
	path_fd = open(path, O_PATH | O_CLOEXEC);
	if (path_fd < 0)
		return -1;
	snprintf(link, sizeof(link), "/proc/self/fd/%d", path_fd);
	fd = open(link, flags | O_CLOEXEC);
	close(path_fd);
	return fd;
}

static inline ssize_t sysctl_write_pieces(int fd, const char *value, size_t length, bool one_call)
{
	struct iovec pieces[SYSCTL_PIECES_MAX];

	if (length > SYSCTL_PIECES_MAX) {
		errno = E2BIG;
		return -1;
	}
	for (size_t i = 0; i < length; i++)
		pieces[i] = (struct iovec){.iov_base = (char *)value + i, .iov_len = 1};
	if (one_call)
		return writev(fd, pieces, (int)length);
	for (size_t i = 0; i < length; i++)
		if (write(fd, value + i, 1) < 0)
			return -1;
	return (ssize_t)length;
}

static inline ssize_t sysctl_write(int fd, const char *value, size_t length, const struct way *way)
{
	int ends[2];

	if (way->writev || way->split)
		return sysctl_write_pieces(fd, value, length, way->writev);
	if (way->splice) {
		if (pipe2(ends, O_CLOEXEC) || write(ends[1], value, length) != (ssize_t)length)
			fail("fill", "pipe");
		return splice(ends[0], NULL, fd, NULL, length, 0);
	}
	if (way->position)
		return pwrite(fd, value, length, way->position);
	return write(fd, value, length);
}

static inline ssize_t sysctl_read(int fd, const struct way *way)
{
	char value[4096];
	int ends[2];

	if (!way->splice)
		return read(fd, value, sizeof(value));
	if (pipe2(ends, O_CLOEXEC))
		fail("make", "pipe");
	return splice(fd, NULL, ends[1], NULL, sizeof(value), 0);
}

static inline ssize_t sysctl_uring(const struct operation *operation, int fd)
{
	bool write = operation->op == CGW_OP_SYSCTL_WRITE;
	char value[4096];
	struct io_uring_sqe request = {
		.opcode = write ? IORING_OP_WRITE : IORING_OP_READ,
		.fd = fd,
		.addr = (uintptr_t)(write ? operation->value : value),
		.len = (uint32_t)(write ? operation->value_length : sizeof(value)),
	};
	long result = uring_do(&request, false);

	errno = result < 0 ? (int)-result : 0;
	return result;
}

static inline int attempt_sysctl(const struct operation *operation, const struct way *way)
{
	bool write = operation->op == CGW_OP_SYSCTL_WRITE;
	int fd = sysctl_open(operation, way);
	ssize_t done;

	if (fd < 0)
		return errno == EPERM ? EACCES : errno; /* EPERM is kept for the hook's answer */
	if (way->dup)
		fd = dup(fd);
	if (way->move_to && cgroup_move(way->move_to, "cgroup.procs", getpid()))
		fail("move to", way->move_to);
	if (write && !operation->value)
		done = (errno = ENODATA, -1);
	else if (way->io_uring)
		done = sysctl_uring(operation, fd);
	else if (write)
		done = sysctl_write(fd, operation->value, operation->value_length, way);
	else
		done = sysctl_read(fd, way);
	close(fd);
	if (done >= 0 || errno == EINVAL || errno == ERANGE)
		return 0; /* the handler's opinion of the value comes after the hook */
	return errno;
}

#endif
