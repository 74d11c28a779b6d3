// SPDX-License-Identifier: GPL-2.0-only
/*
 * keep - holds connections and says what becomes of them.
 *
 *   keep [--mptcp] OPERATION...      each one argument: "connect tcp 127.0.0.1:80", "listen tcp
 * 0.0.0.0:80", "bind unix /x" (datagrams)
 *
 * Prints "ready" when all is connected or listens. Then, for each connection that somebody else
 * closes, "cut NUMBER" with the operation's number from 1; what a listening socket accepts is held,
 * too, with the number of the listener. Ends with standard input.
 */
#include <poll.h>
#include "attempt_network.h"

#define HELD_MAX 64

static struct pollfd held[HELD_MAX];
static int number[HELD_MAX];
static bool listens[HELD_MAX];
static nfds_t count;
static bool mptcp;

static void hold(int fd, int operation, bool listening)
{
	if (count == HELD_MAX) {
		errno = EMFILE;
		fail("hold", "connection");
	}
	held[count] = (struct pollfd){.fd = fd, .events = POLLIN};
	listens[count] = listening;
	number[count++] = operation;
}

static void start(const char *text, int index)
{
	struct operation operation = {0};
	struct way way = {0};
	struct address address;
	struct kind kind;
	char *error = NULL;
	int fd, on = 1;

	if (operation_parse(&operation, text, &error)) {
		fprintf(stderr, "keep: %s\n", error);
		exit(2);
	}
	way.dgram = operation.op == CGW_OP_BIND;
	way.mptcp = mptcp;
	kind = kind_of(&operation, &way);
	address = address_of(&operation, &way);
	fd = socket(kind.family, kind.type | SOCK_CLOEXEC, kind.protocol);
	if (fd < 0)
		fail("make a socket for", text);
	setsockopt(fd, SOL_SOCKET, SO_REUSEADDR, &on, sizeof(on));
	if (operation.op == CGW_OP_CONNECT
			? connect(fd, &address.generic, address.length)
			: bind(fd, &address.generic, address.length) ||
				  (operation.op == CGW_OP_LISTEN && listen(fd, 16)))
		fail("carry out", text);
	if (operation.op != CGW_OP_BIND)
		hold(fd, index, operation.op != CGW_OP_CONNECT);
	operation_free(&operation);
}

/* False: standard input has ended. */
static bool look(nfds_t i)
{
	char byte;
	int fd;

	if (!held[i].revents)
		return true;
	if (held[i].fd == 0)
		return read(0, &byte, 1) == 1;
	if (listens[i]) {
		fd = accept(held[i].fd, NULL, NULL);
		if (fd >= 0)
			hold(fd, number[i], false);
		return true;
	}
	printf("cut %d\n", number[i]);
	fflush(stdout);
	close(held[i].fd);
	held[i].fd = -1;
	return true;
}

int main(int argc, char **argv)
{
	mptcp = argc > 1 && !strcmp(argv[1], "--mptcp");
	for (int i = 1 + mptcp; i < argc; i++)
		start(argv[i], i);
	hold(0, 0, false);
	puts("ready");
	fflush(stdout);
	while (poll(held, count, -1) > 0) {
		nfds_t before = count;

		for (nfds_t i = 0; i < before; i++)
			if (!look(i))
				return 0;
	}
	return 1;
}
