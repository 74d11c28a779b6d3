// SPDX-License-Identifier: GPL-2.0-only
#include "sink.h"

#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <string.h>
#include <unistd.h>

/* Some hundred lines: a write(2) costs less than formatting one of them then. */
#define SINK_BATCH (64 * 1024)

int sink_open(struct sink *sink, const char *name)
{
	int fd;

	if (!strcmp(name, "-")) {
		fd = fcntl(STDOUT_FILENO, F_DUPFD_CLOEXEC, 3);
		name = "standard output";
	} else {
		fd = open(name, O_WRONLY | O_APPEND | O_CREAT | O_CLOEXEC | O_NOCTTY, 0600);
	}
	if (fd < 0)
		return -errno;
	*sink = (struct sink){.fd = fd, .name = name, .terminal = isatty(fd)};
	return 0;
}

void sink_close(struct sink *sink)
{
	if (!sink->name)
		return;
	close(sink->fd);
	strbuf_free(&sink->pending);
	*sink = (struct sink){0};
}

int sink_added(struct sink *sink)
{
	if (sink->pending.length < SINK_BATCH && !sink->terminal)
		return 0;
	return sink_flush(sink);
}

/* For a descriptor that somebody made non-blocking. */
static int wait_writable(int fd)
{
	struct pollfd poll_fd = {.fd = fd, .events = POLLOUT};

	return poll(&poll_fd, 1, -1) < 0 && errno != EINTR ? -errno : 0;
}

int sink_flush(struct sink *sink)
{
	size_t done = 0;
	int result = 0;

	while (!result && done < sink->pending.length) {
		ssize_t got =
			write(sink->fd, sink->pending.data + done, sink->pending.length - done);

		if (got >= 0)
			done += got;
		else if (errno == EAGAIN)
			result = wait_writable(sink->fd);
		else if (errno != EINTR)
			result = -errno;
	}
	/* After a failure the lines are gone all the same: nothing will be written after them. */
	sink->pending.length = 0;
	return result;
}

bool sink_is_open(const struct sink *sink)
{
	struct pollfd poll_fd = {.fd = sink->fd};

	return poll(&poll_fd, 1, 0) < 1 || !(poll_fd.revents & (POLLERR | POLLNVAL));
}
