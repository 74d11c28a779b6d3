// SPDX-License-Identifier: GPL-2.0-only
/*
 * filtered - does something under a seccomp filter, made with libseccomp.
 *
 *   filtered [FILTER]... -- COMMAND...
 *   filtered [FILTER]... --write FILE VALUE     opened under the filter, and written to
 *   filtered [FILTER]... --opened FILE VALUE    opened before the filter
 *   filtered [FILTER]... --passed ADDRESS PORT  connects a TCP socket that a process without the
 *                                               filter has made and sends over a unix socket
 *   filtered [FILTER]... --inherited ADDRESS PORT   one that is there already
 *
 * FILTER is what gives EPERM: SYSCALL[,N=VALUE][,N!VALUE][,N&MASK=VALUE]..., where N is the number
 * of an argument. Everything else is allowed. Without a command prints one word, see words.h.
 */
#include <seccomp.h>
#include "attempt_network.h"

#define ARGUMENTS 6

/* ",N=VALUE", ",N!VALUE" or ",N&MASK=VALUE"; returns what is behind it, or NULL. */
static const char *comparison_parse(const char *text, struct scmp_arg_cmp *into)
{
	unsigned int argument = (unsigned int)(text[1] - '0');
	char relation = text[1] ? text[2] : 0;
	uint64_t mask = 0, value;
	char *end = (char *)text;

	if (argument >= ARGUMENTS || (relation != '=' && relation != '!' && relation != '&'))
		return NULL;
	value = strtoull(text + 3, &end, 0);
	if (relation == '&') {
		mask = value;
		if (*end != '=')
			return NULL;
		value = strtoull(end + 1, &end, 0);
		*into = SCMP_CMP(argument, SCMP_CMP_MASKED_EQ, mask, value);
	} else {
		*into = SCMP_CMP(argument, relation == '=' ? SCMP_CMP_EQ : SCMP_CMP_NE, value, 0);
	}
	return end == text + 3 ? NULL : end;
}

static void filter_add(scmp_filter_ctx filter, const char *text)
{
	struct scmp_arg_cmp comparisons[ARGUMENTS];
	size_t length = strcspn(text, ",");
	unsigned int count = 0;
	char name[64] = "";
	const char *at;
	int number;

	if (length < sizeof(name))
		memcpy(name, text, length);
	number = seccomp_syscall_resolve_name(name);
	for (at = text + length; at && *at == ',' && count < ARGUMENTS; count++)
		at = comparison_parse(at, &comparisons[count]);
	if (number == __NR_SCMP_ERROR || !at || *at) {
		errno = EINVAL;
		fail("understand the filter", text);
	}
	errno = -seccomp_rule_add_array(filter, SCMP_ACT_ERRNO(EPERM), number, count, comparisons);
	if (errno)
		fail("add the filter", text);
}

/* What is done without a command. The descriptor stands for what was there before the filter. */
enum action {
	ACTION_COMMAND,
	ACTION_WRITE,
	ACTION_OPENED,
	ACTION_PASSED,
	ACTION_INHERITED
};

static int act(enum action action, char **arguments, int fd)
{
	struct sockaddr_in peer = {.sin_family = AF_INET};
	int error;

	if (action == ACTION_WRITE || action == ACTION_OPENED) {
		if (action == ACTION_WRITE)
			fd = open(arguments[0], O_WRONLY | O_CLOEXEC);
		if (fd < 0 || write(fd, arguments[1], strlen(arguments[1])) < 0)
			return errno;
		return 0;
	}
	if (action == ACTION_PASSED)
		fd = pass_fd(fd, -1);
	if (fd < 0)
		fail("receive", "a socket");
	peer.sin_port = htons((uint16_t)atoi(arguments[1]));
	if (inet_pton(AF_INET, arguments[0], &peer.sin_addr) != 1)
		fail("understand", arguments[0]);
	error = connect(fd, (struct sockaddr *)&peer, sizeof(peer)) ? errno : 0;
	return error_is_later(error) ? 0 : error;
}

/* What the action needs of the time before the filter. */
static int prepare(enum action action, char **arguments)
{
	int channel[2], fd = -1;
	pid_t pid;

	if (action == ACTION_OPENED) {
		fd = open(arguments[0], O_WRONLY | O_CLOEXEC);
		if (fd < 0)
			fail("open", arguments[0]);
	} else if (action == ACTION_INHERITED) {
		fd = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);
		if (fd < 0)
			fail("make", "a socket");
	} else if (action == ACTION_PASSED) {
		if (socketpair(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0, channel))
			fail("make", "a socket pair");
		pid = fork();
		if (pid < 0)
			fail("start", "a process");
		if (!pid)
			_exit(pass_fd(channel[1], socket(AF_INET, SOCK_STREAM, 0)) < 0);
		close(channel[1]);
		fd = channel[0];
	}
	return fd;
}

int main(int argc, char **argv)
{
	static const char *const names[] = {"--", "--write", "--opened", "--passed", "--inherited"};
	scmp_filter_ctx filter = seccomp_init(SCMP_ACT_ALLOW);
	enum action action = ACTION_COMMAND;
	bool found = false;
	int i, fd;

	if (!filter)
		fail("make", "a filter");
	for (i = 1; i < argc && !found; i++) {
		for (size_t n = 0; n < sizeof(names) / sizeof(names[0]); n++)
			if (!strcmp(argv[i], names[n])) {
				action = (enum action)n;
				found = true;
			}
		if (!found)
			filter_add(filter, argv[i]);
	}
	if (!found || argc - i < 1 || (action && argc - i != 2)) {
		fprintf(stderr, "usage: filtered [FILTER]... -- COMMAND... | --write FILE VALUE | "
				"--opened FILE VALUE | --passed ADDRESS PORT | --inherited ADDRESS "
				"PORT\n");
		return 2;
	}
	fd = prepare(action, argv + i);
	errno = -seccomp_load(filter);
	if (errno)
		fail("load", "the filter");
	if (action) {
		puts(word_of(act(action, argv + i, fd)));
		return 0;
	}
	execvp(argv[i], argv + i);
	fail("run", argv[i]);
}
