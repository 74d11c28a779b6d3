// SPDX-License-Identifier: GPL-2.0-only
/*
 * born - how many children are governed from their first system call?
 *
 *   born COUNT PARENT_DIR write FILE VALUE     first system call: pwrite(2) of VALUE to FILE
 *   born COUNT PARENT_DIR connect IPV4 PORT    first system call: connect(2) of a TCP socket
 *   born COUNT PARENT_DIR socket               first system call: socket(AF_INET, SOCK_RAW)
 *
 * Makes COUNT cgroups below PARENT_DIR one after the other, starts a child in each by
 * clone3(CLONE_INTO_CGROUP), and removes the cgroup when the child is gone. Descriptors are opened
 * before the clone, and the child uses raw system calls only, so that the operation is the very
 * first thing it does. Prints "DENIED ALLOWED ERRORS".
 */
#include <arpa/inet.h>
#include <netinet/in.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include "cgroup.h"
#include "words.h"

enum first {
	FIRST_WRITE = 1,
	FIRST_CONNECT,
	FIRST_SOCKET,
};

struct attempt {
	enum first first;
	int fd; /* of the sysctl or of the socket; -1: not needed */
	const char *value;
	size_t length;
	struct sockaddr_in peer;
};

/* The child: one system call, then exit with 0 if it was allowed, else with its errno. */
static void __attribute__((noreturn)) attempt_run(const struct attempt *attempt)
{
	long result;

	if (attempt->first == FIRST_WRITE)
		result = syscall(SYS_pwrite64, attempt->fd, attempt->value, attempt->length, 0);
	else if (attempt->first == FIRST_CONNECT)
		result = syscall(SYS_connect, attempt->fd, &attempt->peer, sizeof(attempt->peer));
	else
		result = syscall(SYS_socket, AF_INET, SOCK_RAW, IPPROTO_ICMP);
	syscall(SYS_exit_group, result < 0 ? errno & 0xff : 0);
	__builtin_unreachable();
}

static int attempt_parse(struct attempt *attempt, int argc, char **argv)
{
	if (argc == 3 && !strcmp(argv[0], "write")) {
		attempt->first = FIRST_WRITE;
		attempt->value = argv[2];
		attempt->length = strlen(argv[2]);
		attempt->fd = open(argv[1], O_WRONLY | O_CLOEXEC);
		if (attempt->fd < 0)
			fail("open", argv[1]);
		return 0;
	}
	if (argc == 3 && !strcmp(argv[0], "connect")) {
		attempt->first = FIRST_CONNECT;
		attempt->peer.sin_family = AF_INET;
		attempt->peer.sin_port = htons((uint16_t)atoi(argv[2]));
		return inet_pton(AF_INET, argv[1], &attempt->peer.sin_addr) == 1 ? 0 : -1;
	}
	if (argc == 1 && !strcmp(argv[0], "socket")) {
		attempt->first = FIRST_SOCKET;
		return 0;
	}
	return -1;
}

/* The errno that a child in a new cgroup got, 0 for none. */
static int attempt_in_new_cgroup(struct attempt *attempt, const char *path)
{
	int directory, status;
	pid_t pid;

	if (mkdir(path, 0755))
		fail("make", path);
	directory = open(path, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
	if (directory < 0)
		fail("open", path);
	if (attempt->first == FIRST_CONNECT) {
		attempt->fd = socket(AF_INET, SOCK_STREAM | SOCK_NONBLOCK | SOCK_CLOEXEC, 0);
		if (attempt->fd < 0)
			fail("make", "socket");
	}
	pid = clone_into(directory);
	if (!pid)
		attempt_run(attempt);
	if (pid < 0)
		fail("clone into", path);
	if (waitpid(pid, &status, 0) != pid)
		fail("wait for a child in", path);
	close(directory);
	if (attempt->first == FIRST_CONNECT)
		close(attempt->fd);
	if (rmdir(path))
		fail("remove", path);
	return WIFEXITED(status) ? WEXITSTATUS(status) : EIO;
}

int main(int argc, char **argv)
{
	struct attempt attempt = {.fd = -1};
	int denied = 0, allowed = 0, errors = 0;
	char path[4096];

	if (argc < 4 || attempt_parse(&attempt, argc - 3, argv + 3)) {
		fprintf(stderr,
			"usage: born COUNT PARENT_DIR write FILE VALUE | connect IPV4 PORT |"
			" socket\n");
		return 2;
	}
	for (int i = 0, count = atoi(argv[1]); i < count; i++) {
		int error;

		if (snprintf(path, sizeof(path), "%s/b%d", argv[2], i) >= (int)sizeof(path))
			return 2;
		error = attempt_in_new_cgroup(&attempt, path);
		if (error == EPERM)
			denied++;
		else if (!error || error == EINPROGRESS || error == ECONNREFUSED)
			allowed++;
		else
			errors++;
	}
	printf("%d %d %d\n", denied, allowed, errors);
	return 0;
}
