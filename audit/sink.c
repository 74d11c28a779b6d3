// SPDX-License-Identifier: GPL-2.0-only
#include "sink.h"

#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <poll.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

/* Some hundred lines: a write(2) costs less than formatting one of them then. */
#define SINK_BATCH (64 * 1024)

int sink_open(struct sink *sink, const char *name)
{
	struct stat status;
	int fd;

	if (!strcmp(name, "-")) {
		fd = fcntl(STDOUT_FILENO, F_DUPFD_CLOEXEC, 3);
		name = "standard output";
	} else {
		fd = open(name, O_WRONLY | O_APPEND | O_CREAT | O_CLOEXEC | O_NOCTTY, 0600);
	}
	if (fd < 0)
		return -errno;
	*sink = (struct sink){
		.fd = fd,
		.name = name,
		.terminal = isatty(fd),
		.regular = !fstat(fd, &status) && S_ISREG(status.st_mode),
		.stop = -1,
	};
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

/* Until PIPE_BUF bytes can be written without waiting. 0 or -errno. */
static int wait_writable(const struct sink *sink)
{
	struct pollfd poll_fds[] = {
		{.fd = sink->fd, .events = POLLOUT},
		{.fd = sink->stop, .events = POLLIN},
	};

	while (poll(poll_fds, 2, -1) < 0)
		if (errno != EINTR)
			return -errno;
	return poll_fds[0].revents ? 0 : -EINTR;
}

/* Writes some bytes: how many, or -errno. */
static ssize_t write_some(const struct sink *sink, const char *bytes, size_t length)
{
	ssize_t written;

	if (!sink->regular) {
		int result = wait_writable(sink);

		if (result)
			return result;
		if (length > PIPE_BUF)
			length = PIPE_BUF;
	}
	written = write(sink->fd, bytes, length);
	if (written >= 0)
		return written;
	return errno == EINTR || errno == EAGAIN ? 0 : -errno;
}

int sink_flush(struct sink *sink)
{
	struct strbuf *pending = &sink->pending;
	ssize_t written = 0;
	size_t done = 0;

	while (written >= 0 && done < pending->length) {
		written = write_some(sink, pending->data + done, pending->length - done);
		if (written > 0)
			done += written;
	}
	if (done)
		memmove(pending->data, pending->data + done, pending->length - done);
	pending->length -= done;
	return written < 0 ? (int)written : 0;
}

size_t sink_lines(const struct sink *sink)
{
	const char *at = sink->pending.data, *end = at + sink->pending.length;
	size_t lines = 0;

	while (at < end && (at = memchr(at, '\n', end - at))) {
		at++;
		lines++;
	}
	return lines;
}

bool sink_is_open(const struct sink *sink)
{
	struct pollfd poll_fd = {.fd = sink->fd};

	return poll(&poll_fd, 1, 0) < 1 || !(poll_fd.revents & (POLLERR | POLLNVAL));
}
