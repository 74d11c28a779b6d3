/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * attempt_device.h - opens and makes device nodes; see attempt.h.
 */
#ifndef HELPERS_ATTEMPT_DEVICE_H
#define HELPERS_ATTEMPT_DEVICE_H

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/sysmacros.h>
#include <unistd.h>
#include "attempt.h"
#include "operation.h"
#include "words.h"

/*
 * Opens nodes/c1:3 for character device 1:3: made by the suite, as a governed process could not
 * make it. O_NONBLOCK: some devices wait for a carrier.
 */
static inline int device_open(const struct operation *operation, const struct way *way)
{
	int mode = way->both ? O_RDWR : operation->op == CGW_OP_DEVICE_READ ? O_RDONLY : O_WRONLY;
	char path[64];
	int fd;

	snprintf(path, sizeof(path), "nodes/%c%u:%u", operation->device_type,
		(unsigned int)operation->device_major, (unsigned int)operation->device_minor);
	fd = open(path, mode | O_NONBLOCK | O_NOCTTY | O_CLOEXEC);
	if (fd < 0)
		return errno;
	close(fd);
	return 0;
}

static inline int device_make(const struct operation *operation)
{
	mode_t type = operation->device_type == 'b' ? S_IFBLK : S_IFCHR;
	char path[64];

	snprintf(path, sizeof(path), "cgward-node-%d", getpid());
	if (mknod(path, type | 0600, makedev(operation->device_major, operation->device_minor)))
		return errno;
	unlink(path);
	return 0;
}

static inline int attempt_device(const struct operation *operation, const struct way *way)
{
	int result = operation->op == CGW_OP_DEVICE_MKNOD ? device_make(operation)
							  : device_open(operation, way);

	/* The hook has let it through: what there is behind the number is another question. */
	if (result == ENXIO || result == ENODEV || result == EBUSY || result == EIO ||
		result == EOPNOTSUPP)
		return 0;
	return result;
}

#endif
