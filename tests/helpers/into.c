// SPDX-License-Identifier: GPL-2.0-only
/*
 * into - starts a command in a cgroup.
 *
 *   into [--move] CGROUP_DIR COMMAND...
 *
 * By clone3(CLONE_INTO_CGROUP), so that the command's process never was anywhere else; with --move
 * by fork and a write to cgroup.procs, as most runtimes do. Exit status: the command's, or 128 plus
 * its signal.
 */
#include <stdbool.h>
#include <sys/wait.h>
#include "cgroup.h"
#include "words.h"

static pid_t start_moved(const char *cgroup)
{
	pid_t pid;
	int error, gate[2];
	char go;

	if (pipe2(gate, O_CLOEXEC))
		fail("make", "pipe");
	pid = fork();
	if (pid) {
		error = pid < 0 ? -errno : cgroup_move(cgroup, "cgroup.procs", pid);
		close(gate[0]);
		if (!error)
			error = write(gate[1], "g", 1) == 1 ? 0 : -errno;
		close(gate[1]);
		if (error) {
			errno = -error;
			fail("move a process to", cgroup);
		}
		return pid;
	}
	close(gate[1]);
	if (read(gate[0], &go, 1) != 1)
		_exit(2);
	return 0;
}

static pid_t start_cloned(const char *cgroup)
{
	int directory = open(cgroup, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
	pid_t pid;

	if (directory < 0)
		fail("open", cgroup);
	pid = clone_into(directory);
	if (pid < 0)
		fail("clone into", cgroup);
	close(directory);
	return pid;
}

int main(int argc, char **argv)
{
	bool move = argc > 1 && !strcmp(argv[1], "--move");
	int status;
	pid_t pid;

	argv += 1 + move;
	if (argc < 3 + move) {
		fprintf(stderr, "usage: into [--move] CGROUP_DIR COMMAND...\n");
		return 2;
	}
	pid = move ? start_moved(argv[0]) : start_cloned(argv[0]);
	if (!pid) {
		execvp(argv[1], argv + 1);
		fail("execute", argv[1]);
	}
	if (waitpid(pid, &status, 0) != pid)
		fail("wait for", argv[1]);
	return WIFEXITED(status) ? WEXITSTATUS(status) : 128 + WTERMSIG(status);
}
