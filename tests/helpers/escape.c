// SPDX-License-Identifier: GPL-2.0-only
/*
 * escape - tries to leave a cgroup, then tries an operation that its policies deny.
 *
 *   escape MOVE TARGET_DIR write FILE VALUE    tries write(2) of VALUE to FILE
 *   escape MOVE TARGET_DIR exec COMMAND...     becomes COMMAND
 *
 * MOVE: self     writes its own id to TARGET/cgroup.procs
 *       child    writes the id of a child that waits, which then tries
 *       other    a third process writes that id, and is gone when the child tries
 *       thread   a thread writes its own id to TARGET/cgroup.threads and tries
 *       orphan   the process's first thread ends, another one writes its id and tries
 *       put      the same, once somebody else has moved the process; prints "ready" before
 *                that, and tries there, too
 *       clone    clones into TARGET with CLONE_INTO_CGROUP; the clone tries
 *       none     does not move
 * First line of output: "moved" or "move:EXXX" if the move itself was refused (the operation is
 * then tried where the process is), then for `write` the word that tells what became of it.
 */
#include <pthread.h>
#include <sys/wait.h>
#include "cgroup.h"
#include "words.h"

static const char *move, *target;
static char **attempt;

static void report_move(int error)
{
	if (!error)
		puts("moved");
	else
		printf("move:%s\n", strerrorname_np(-error));
	fflush(stdout);
}

static int try_operation(void)
{
	int fd;

	if (!strcmp(attempt[0], "exec")) {
		execvp(attempt[1], attempt + 1);
		fail("execute", attempt[1]);
	}
	fd = open(attempt[1], O_WRONLY | O_CLOEXEC);
	if (fd < 0)
		fail("open", attempt[1]);
	puts(word_of(write(fd, attempt[2], strlen(attempt[2])) < 0 ? errno : 0));
	fflush(stdout);
	close(fd);
	return 0;
}

static int wait_for(pid_t pid)
{
	int status;

	if (waitpid(pid, &status, 0) != pid)
		fail("wait for", "child");
	return WIFEXITED(status) ? WEXITSTATUS(status) : 128 + WTERMSIG(status);
}

/* Starts a child that waits for end of file on *gate, then tries. */
static pid_t start_waiting(int *gate)
{
	int pipes[2];
	pid_t pid;
	char go;

	if (pipe2(pipes, O_CLOEXEC))
		fail("make", "pipe");
	pid = fork();
	if (pid < 0)
		fail("fork", "child");
	if (!pid) {
		close(pipes[1]);
		if (read(pipes[0], &go, 1))
			_exit(2);
		_exit(try_operation());
	}
	close(pipes[0]);
	*gate = pipes[1];
	return pid;
}

static int escape_child(void)
{
	int gate;
	pid_t pid = start_waiting(&gate);

	report_move(cgroup_move(target, "cgroup.procs", pid));
	close(gate);
	return wait_for(pid);
}

static int escape_other(void)
{
	int gate;
	pid_t pid = start_waiting(&gate);
	pid_t mover = fork();

	if (mover < 0)
		fail("fork", "mover");
	if (!mover) {
		report_move(cgroup_move(target, "cgroup.procs", pid));
		_exit(0);
	}
	wait_for(mover);
	close(gate);
	return wait_for(pid);
}

static void *thread_main(void *unused)
{
	report_move(cgroup_move(target, "cgroup.threads", gettid()));
	try_operation();
	return unused;
}

static int escape_thread(void)
{
	pthread_t thread;

	if (pthread_create(&thread, NULL, thread_main, NULL))
		fail("start", "thread");
	pthread_join(thread, NULL);
	return 0;
}

/* The last line of the thread's cgroup file: cgroup v2. */
static void read_cgroup(char path[4096])
{
	FILE *file = fopen("/proc/thread-self/cgroup", "re");

	if (!file)
		fail("open", "/proc/thread-self/cgroup");
	while (fgets(path, 4096, file))
		;
	fclose(file);
}

static void wait_for_zombie(void)
{
	char path[64], state = 0;
	FILE *status;

	snprintf(path, sizeof(path), "/proc/%d/stat", getpid());
	while (state != 'Z') {
		status = fopen(path, "re");
		if (!status || fscanf(status, "%*d %*s %c", &state) != 1)
			fail("read", path);
		fclose(status);
		usleep(1000);
	}
}

static void *orphan_main(void *unused)
{
	char before[4096], now[4096];

	wait_for_zombie();
	if (!strcmp(move, "put")) {
		read_cgroup(before);
		puts("ready");
		fflush(stdout);
		do {
			usleep(1000);
			read_cgroup(now);
		} while (!strcmp(before, now));
		try_operation();
	}
	report_move(cgroup_move(target, "cgroup.procs", getpid()));
	try_operation();
	exit(0);
	return unused;
}

static int escape_orphan(void)
{
	pthread_t thread;

	if (pthread_create(&thread, NULL, orphan_main, NULL))
		fail("start", "thread");
	pthread_exit(NULL);
}

static int escape_clone(void)
{
	int directory = open(target, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
	pid_t pid;

	if (directory < 0)
		fail("open", target);
	pid = clone_into(directory);
	if (!pid) {
		report_move(0);
		_exit(try_operation());
	}
	if (pid < 0) {
		report_move(-errno);
		return try_operation();
	}
	return wait_for(pid);
}

int main(int argc, char **argv)
{
	if (argc < 5) {
		fprintf(stderr,
			"usage: escape MOVE TARGET_DIR write FILE VALUE | exec COMMAND...\n");
		return 2;
	}
	move = argv[1];
	target = argv[2];
	attempt = argv + 3;
	if (!strcmp(move, "child"))
		return escape_child();
	if (!strcmp(move, "other"))
		return escape_other();
	if (!strcmp(move, "thread"))
		return escape_thread();
	if (!strcmp(move, "orphan") || !strcmp(move, "put"))
		return escape_orphan();
	if (!strcmp(move, "clone"))
		return escape_clone();
	if (!strcmp(move, "self"))
		report_move(cgroup_move(target, "cgroup.procs", getpid()));
	else if (strcmp(move, "none"))
		fail("understand", move);
	return try_operation();
}
