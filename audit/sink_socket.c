// SPDX-License-Identifier: GPL-2.0-only
/* sink_socket.c - sinks that are sockets of a log daemon: each line is one message. */
#include <errno.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>
#include "clock.h"
#include "sink.h"

/* A daemon that is gone is tried this often. */
#define RETRY NSEC_PER_SEC
#define RETRY_MS 1000

struct frame {
	uint32_t length;
	uint32_t sent; /* of a stream: bytes that are on their way */
};

int sink_connect(struct sink *sink)
{
	const struct target *target = &sink->target;
	const struct sockaddr *address = (const struct sockaddr *)&target->address;
	int fd = socket(address->sa_family, target->type | SOCK_CLOEXEC | SOCK_NONBLOCK, 0);
	int error;

	sink->next = clock_boottime() + RETRY;
	if (fd < 0)
		return -errno;
	if (connect(fd, address, target->address_length) && errno != EINPROGRESS) {
		error = -errno;
		close(fd);
		return error;
	}
	sink->fd = fd;
	return 0;
}

void sink_put_frame(struct sink *sink, const char *message, size_t length)
{
	struct frame frame = {0};
	char count[24] = "";

	if (sink->target.type == SOCK_STREAM) /* octet counting, RFC 6587 */
		snprintf(count, sizeof(count), "%zu ", length);
	frame.length = strlen(count) + length;
	strbuf_add(&sink->pending, &frame, sizeof(frame));
	strbuf_puts(&sink->pending, count);
	strbuf_add(&sink->pending, message, length);
}

/* The connection is gone; a message of which a part was sent begins anew on the next one. */
static void disconnect(struct sink *sink, int error)
{
	struct frame frame;

	close(sink->fd);
	sink->fd = -1;
	sink->error = error;
	sink->next = clock_boottime() + RETRY;
	if (sink->pending.length < sizeof(frame))
		return;
	memcpy(&frame, sink->pending.data, sizeof(frame));
	frame.sent = 0;
	memcpy(sink->pending.data, &frame, sizeof(frame));
}

/* Sends the message at `at`. 1 if it is done with, 0 if it can go on at once, or -errno. */
static int send_frame(struct sink *sink, size_t at)
{
	char *data = sink->pending.data + at;
	struct frame frame;
	ssize_t sent;

	memcpy(&frame, data, sizeof(frame));
	sent = send(sink->fd, data + sizeof(frame) + frame.sent, frame.length - frame.sent,
		MSG_NOSIGNAL);
	if (sent < 0 && errno == EMSGSIZE) {
		sink_lose(sink, 1);
		return 1;
	}
	if (sent < 0)
		return errno == EINTR ? 0 : -errno;
	frame.sent += sent;
	memcpy(data, &frame, sizeof(frame));
	if (frame.sent < frame.length)
		return 0;
	sink->taken++;
	return 1;
}

/* Sends until there is nothing left (0), or -errno. */
static int send_all(struct sink *sink)
{
	struct strbuf *pending = &sink->pending;
	struct frame frame;
	size_t done = 0;
	int result = 0;

	while (result >= 0 && done < pending->length) {
		result = send_frame(sink, done);
		if (result <= 0)
			continue;
		memcpy(&frame, pending->data + done, sizeof(frame));
		done += sizeof(frame) + frame.length;
		sink->pending_lines--;
	}
	if (done)
		memmove(pending->data, pending->data + done, pending->length - done);
	pending->length -= done;
	return result < 0 ? result : 0;
}

/* ENOBUFS: the queue of the daemon's socket is full, on some systems. */
static bool is_full(int error)
{
	return error == -EAGAIN || error == -ENOBUFS;
}

/*
 * A stream takes bytes that its other end will never read. That it has been closed can be seen
 * before, because a log daemon sends nothing; what was sent just before that is gone, and TCP does
 * not tell.
 */
static bool is_closed(const struct sink *sink)
{
	char byte;
	ssize_t got;

	if (sink->target.type != SOCK_STREAM)
		return false;
	got = recv(sink->fd, &byte, sizeof(byte), MSG_DONTWAIT);
	return !got || (got < 0 && errno != EAGAIN && errno != EINTR && errno != ENOTCONN);
}

/* One attempt. 0: all is sent; -EAGAIN: not now. */
static int attempt(struct sink *sink)
{
	int result;

	if (sink->fd >= 0 && is_closed(sink)) {
		disconnect(sink, -EPIPE);
		sink->next = 0;
	}
	if (sink->fd < 0) {
		if (clock_boottime() < sink->next)
			return -EAGAIN;
		result = sink_connect(sink);
		if (result) {
			sink->error = result;
			return -EAGAIN;
		}
	}
	result = send_all(sink);
	if (!result)
		sink->error = 0;
	if (!result || is_full(result))
		return result;
	disconnect(sink, result);
	return -EAGAIN;
}

int sink_send(struct sink *sink)
{
	int result;

	while (sink->pending.length) {
		result = attempt(sink);
		if (!result || !sink->waits)
			return 0;
		result = sink_wait(sink, RETRY_MS);
		if (result)
			return result;
	}
	return 0;
}
