/* SPDX-License-Identifier: GPL-2.0-only */
/* fileop_exec.h - the part of fileop that executes files, and maps them executable. */
#ifndef FILEOP_EXEC_H
#define FILEOP_EXEC_H

#include <fcntl.h>
#include <sys/mman.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <unistd.h>
#include "copy_self.h"
#include "words.h"

static int wait_for(pid_t pid)
{
	int status;

	if (pid < 0 || waitpid(pid, &status, 0) != pid || !WIFEXITED(status))
		fail("run", "child");
	return WEXITSTATUS(status);
}

/* The program is this one, or a script that ends well. */
static int do_exec(char **args)
{
	char *const none[] = {args[0], NULL};
	pid_t pid = fork();

	if (!pid) {
		execve(args[0], args[1] ? args : none, none + 1);
		_exit(errno);
	}
	return wait_for(pid);
}

#ifdef __aarch64__
#define LOADER "/lib/ld-linux-aarch64.so.1"
#else
#define LOADER "/lib64/ld-linux-x86-64.so.2"
#endif
#define LOADER_FAILED 127

/* `ld.so FILE --version`: the kernel executes ld.so, and that maps the file. */
static int do_loader(char **args)
{
	pid_t pid = fork();
	int error;

	if (!pid) {
		int null = open("/dev/null", O_WRONLY);

		dup2(null, STDOUT_FILENO);
		dup2(null, STDERR_FILENO);
		execl(LOADER, LOADER, args[0], "--version", NULL);
		_exit(errno);
	}
	error = wait_for(pid);
	return error == LOADER_FAILED ? EPERM : error;
}

static int exec_fd(int fd)
{
	char *const args[] = {(char *)"fileop", NULL};
	pid_t pid = fork();

	if (!pid) {
		syscall(SYS_execveat, fd, "", args, args + 1, AT_EMPTY_PATH);
		_exit(errno);
	}
	return wait_for(pid);
}

static int do_memfd(char **args)
{
	char name[64];
	int fd = memfd_create(args[0], 0), again;

	copy_self(fd);
	snprintf(name, sizeof(name), "/proc/self/fd/%d", fd);
	again = open(name, O_RDONLY);
	if (again < 0)
		return errno;
	close(fd);
	return exec_fd(again);
}

static int do_deleted(char **args)
{
	int fd = open(args[0], O_RDONLY);

	if (fd < 0 || unlink(args[0]))
		return errno;
	return exec_fd(fd);
}

static int map(const char *path, int before, int after)
{
	int fd = open(path, O_RDONLY | O_CLOEXEC);
	void *memory = mmap(NULL, 4096, before, MAP_PRIVATE, fd, 0);

	if (fd < 0 || memory == MAP_FAILED)
		return errno;
	return before == after || !mprotect(memory, 4096, after) ? 0 : errno;
}

static int do_mmap(char **args)
{
	return map(args[0], PROT_READ | PROT_EXEC, PROT_READ | PROT_EXEC);
}

static int do_mprotect(char **args)
{
	return map(args[0], PROT_READ, PROT_READ | PROT_EXEC);
}

/* Writes through /proc/self/mem to a mapping of a file that was opened for reading: allowed means
 * that the file has changed. */
static int do_procmem(char **args)
{
	int fd = open(args[0], O_RDONLY | O_CLOEXEC), memory = open("/proc/self/mem", O_RDWR);
	char *mapped = mmap(NULL, 4096, PROT_READ, MAP_SHARED, fd, 0), byte = 'X', seen = 0;

	if (mapped == MAP_FAILED || memory < 0)
		return errno;
	if (pwrite(memory, &byte, 1, (off_t)(uintptr_t)mapped) < 0)
		return EPERM;
	return pread(fd, &seen, 1, 0) == 1 && seen == byte ? 0 : EPERM;
}

#endif
