/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * attempt_file.h - reads, writes and executes files and memfds; see attempt.h. What is executed is
 * a copy of the helper itself. Other ways to do these things: fileop.c.
 */
#ifndef HELPERS_ATTEMPT_FILE_H
#define HELPERS_ATTEMPT_FILE_H

#include <fcntl.h>
#include <sys/mman.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <unistd.h>
#include "attempt.h"
#include "copy_self.h"
#include "operation.h"
#include "words.h"

/* The path of the object: that of a descriptor for a memfd, which is made. */
static inline const char *file_path(const struct operation *operation, char link[64])
{
	int fd;

	if (*operation->name == '/')
		return operation->name;
	fd = memfd_create(operation->name + strlen("memfd:"), 0);
	if (fd < 0)
		fail("make", operation->name);
	copy_self(fd);
	snprintf(link, 64, "/proc/self/fd/%d", fd);
	if (operation->op == CGW_OP_FILE_EXEC) {
		/* what is open for writing cannot be executed */
		int again = open(link, O_RDONLY);

		close(fd);
		snprintf(link, 64, "/proc/self/fd/%d", again);
	}
	return link;
}

/* By this very process if `say`, which the program will print, is given, else by a child of it. */
static inline int file_exec(const char *path, const char *say)
{
	char *args[] = {(char *)"op", (char *)"--say", (char *)(say ? say : ""), NULL};
	pid_t pid = say ? 0 : fork();
	int status;

	if (!pid) {
		execve(path, args, args + 3);
		if (say)
			return errno;
		_exit(errno);
	}
	if (pid < 0 || waitpid(pid, &status, 0) != pid || !WIFEXITED(status))
		fail("execute", path);
	return WEXITSTATUS(status);
}

static inline int attempt_file(const struct operation *operation, bool own_process)
{
	int flags = operation->op == CGW_OP_FILE_WRITE ? O_WRONLY : O_RDONLY, fd;
	char link[64], say[64];
	const char *path = file_path(operation, link);

	if (operation->op == CGW_OP_FILE_EXEC) {
		snprintf(say, sizeof(say), "%d allowed", getpid());
		return file_exec(path, own_process ? say : NULL);
	}
	fd = open(path, flags | O_CLOEXEC);
	if (fd < 0)
		return errno;
	close(fd);
	return 0;
}

#endif
