// SPDX-License-Identifier: GPL-2.0-only
#include "sink.h"

#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <poll.h>
#include <stdio.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>
#include "clock.h"

/* Some hundred lines, and so few bytes that many sinks stay small. */
#define SINK_QUEUE (256 * 1024)

static int file_open(const char *name)
{
	int fd = open(name, O_WRONLY | O_APPEND | O_CREAT | O_CLOEXEC | O_NOCTTY, 0600);

	return fd < 0 ? -errno : fd;
}

static bool is_regular(int fd)
{
	struct stat status;

	return !fstat(fd, &status) && S_ISREG(status.st_mode);
}

int sink_open(struct sink *sink, const struct target *target)
{
	*sink = (struct sink){.target = *target, .name = target->name, .fd = -1, .stop = -1};
	if (target->kind != TARGET_FILE)
		return sink_connect(sink);
	if (!strcmp(target->name, "-")) {
		sink->name = "standard output";
		sink->fd = fcntl(STDOUT_FILENO, F_DUPFD_CLOEXEC, 3);
		if (sink->fd < 0)
			return -errno;
	} else {
		sink->fd = file_open(target->name);
		if (sink->fd < 0)
			return sink->fd;
	}
	sink->terminal = isatty(sink->fd);
	sink->regular = is_regular(sink->fd);
	sink->file = sink->regular && strcmp(target->name, "-");
	return 0;
}

void sink_close(struct sink *sink)
{
	if (!sink->name)
		return;
	if (sink->fd >= 0)
		close(sink->fd);
	strbuf_free(&sink->pending);
	*sink = (struct sink){0};
}

void sink_lose(struct sink *sink, uint64_t violations)
{
	if (!sink->lost)
		sink->lost_since = clock_realtime();
	sink->lost += violations;
	sink->lost_total += violations;
}

void sink_put(struct sink *sink, const char *line, size_t length, uint64_t weight)
{
	if (sink->skip) {
		sink->skip--;
		sink->skipped++;
		return;
	}
	if (!sink->regular && !sink->waits && sink->pending.length + length > SINK_QUEUE) {
		sink_lose(sink, weight);
		return;
	}
	sink->pending_extra = (sink->pending.length ? sink->pending_extra : 0) + weight - 1;
	sink->pending_lines++;
	if (sink->target.kind == TARGET_FILE)
		strbuf_add(&sink->pending, line, length);
	else
		sink_put_frame(sink, line, length);
}

int sink_wait(const struct sink *sink, int milliseconds)
{
	struct pollfd poll_fds[] = {
		{.fd = sink->fd, .events = POLLOUT},
		{.fd = sink->stop, .events = POLLIN},
	};

	while (poll(poll_fds, 2, milliseconds) < 0)
		if (errno != EINTR)
			return -errno;
	return poll_fds[0].revents || !poll_fds[1].revents ? 0 : -EINTR;
}

/* Writes some bytes: how many, or -errno; -EAGAIN if it would have to wait and must not. */
static ssize_t write_some(const struct sink *sink, const char *bytes, size_t length)
{
	struct pollfd ready = {.fd = sink->fd, .events = POLLOUT};
	ssize_t written;
	int result;

	if (!sink->regular) {
		result = sink->waits ? sink_wait(sink, -1) : poll(&ready, 1, 0) > 0 ? 0 : -EAGAIN;
		if (result)
			return result;
		if (length > PIPE_BUF) /* as much as can be written without waiting */
			length = PIPE_BUF;
	}
	written = write(sink->fd, bytes, length);
	if (written >= 0)
		return written;
	return errno == EINTR ? 0 : -errno;
}

static uint64_t lines_in(const char *at, size_t length)
{
	const char *end = at + length;
	uint64_t lines = 0;

	while (at < end && (at = memchr(at, '\n', end - at))) {
		at++;
		lines++;
	}
	return lines;
}

/* Takes the first bytes of pending away. */
static void pending_drop(struct sink *sink, size_t length)
{
	struct strbuf *pending = &sink->pending;
	uint64_t lines;

	if (!length)
		return;
	lines = lines_in(pending->data, length);
	sink->taken += lines;
	sink->pending_lines -= lines;
	sink->partly = pending->data[length - 1] != '\n';
	memmove(pending->data, pending->data + length, pending->length - length);
	pending->length -= length;
}

/* Lines from there on; *end: where the last whole one ends. */
static uint64_t lines_from(const struct sink *sink, uint64_t offset, uint64_t *end)
{
	char path[32], block[4096];
	uint64_t lines = 0;
	ssize_t got;
	int fd;

	*end = offset;
	snprintf(path, sizeof(path), "/proc/self/fd/%d", sink->fd);
	fd = open(path, O_RDONLY | O_CLOEXEC);
	if (fd < 0)
		return 0;
	while ((got = pread(fd, block, sizeof(block), offset)) > 0) {
		const char *last = memrchr(block, '\n', got);

		lines += lines_in(block, got);
		if (last)
			*end = offset + (last - block) + 1;
		offset += got;
	}
	close(fd);
	return lines;
}

/* Ends a file with the last whole line. */
static void cut_line(struct sink *sink)
{
	uint64_t end;

	lines_from(sink, sink->offset, &end);
	if (ftruncate(sink->fd, end))
		sink->error = -errno;
}

/* It takes nothing any more: what was meant for it is lost, and counted. */
static void give_up(struct sink *sink, int error)
{
	sink->error = error;
	sink_lose(sink, sink->pending_lines + sink->pending_extra);
	if (sink->partly && sink->regular)
		cut_line(sink);
	sink->pending.length = 0;
	sink->pending_lines = 0;
	sink->partly = false;
}

static int flush_bytes(struct sink *sink)
{
	struct strbuf *pending = &sink->pending;
	ssize_t written = 0;
	size_t done = 0;

	while (written >= 0 && done < pending->length) {
		written = write_some(sink, pending->data + done, pending->length - done);
		if (written > 0)
			done += written;
	}
	pending_drop(sink, done);
	if (written >= 0) {
		sink->error = 0;
		return 0;
	}
	if (sink->waits)
		return written;
	if (written != -EAGAIN)
		give_up(sink, written);
	return 0;
}

int sink_flush(struct sink *sink)
{
	return sink->target.kind == TARGET_FILE ? flush_bytes(sink) : sink_send(sink);
}

bool sink_is_open(const struct sink *sink)
{
	struct pollfd poll_fd = {.fd = sink->fd};

	return sink->target.kind != TARGET_FILE || poll(&poll_fd, 1, 0) < 1 ||
	       !(poll_fd.revents & (POLLERR | POLLNVAL));
}

/* ---- regular files ---- */

void sink_mark(struct sink *sink, struct state_copy *batch)
{
	struct stat status;
	off_t here;

	if (!sink->regular || batch->file_count == STATE_FILES || fstat(sink->fd, &status))
		return;
	here = lseek(sink->fd, 0, SEEK_CUR);
	sink->offset = fcntl(sink->fd, F_GETFL) & O_APPEND ? status.st_size : here;
	batch->files[batch->file_count++] = (struct state_file){
		.device = status.st_dev,
		.inode = status.st_ino,
		.offset = sink->offset,
		.present = sink->skipped,
	};
	sink->skipped = 0;
}

bool sink_recover(struct sink *sink, const struct state_copy *batch)
{
	struct stat status;
	uint64_t end;

	if (!sink->regular || fstat(sink->fd, &status))
		return false;
	for (uint32_t i = 0; i < batch->file_count && i < STATE_FILES; i++) {
		const struct state_file *file = &batch->files[i];

		if (file->device != status.st_dev || file->inode != status.st_ino ||
			(uint64_t)status.st_size < file->offset)
			continue;
		sink->skip = file->present + lines_from(sink, file->offset, &end);
		if (sink->skip > batch->lines)
			sink->skip = batch->lines;
		if (end < (uint64_t)status.st_size && sink->skip < batch->lines &&
			ftruncate(sink->fd, end))
			return false;
		return sink->skip == batch->lines;
	}
	return false;
}

int sink_reopen(struct sink *sink)
{
	int fd = file_open(sink->target.name);

	if (fd < 0)
		return fd;
	close(sink->fd);
	sink->fd = fd;
	return 0;
}

static void number(struct strbuf *name, const char *base, uint64_t n)
{
	strbuf_free(name);
	strbuf_puts(name, base);
	if (n)
		strbuf_printf(name, ".%llu", (unsigned long long)n);
}

int sink_rotate(struct sink *sink, uint64_t size, uint64_t count)
{
	struct strbuf from __attribute__((cleanup(strbuf_free))) = STRBUF_INIT;
	struct strbuf to __attribute__((cleanup(strbuf_free))) = STRBUF_INIT;
	struct stat status;

	if (!sink->file || fstat(sink->fd, &status) || (uint64_t)status.st_size < size)
		return 0;
	for (uint64_t n = count; n > 0; n--) {
		number(&from, sink->target.name, n - 1);
		number(&to, sink->target.name, n);
		if (rename(from.data, to.data) && errno != ENOENT)
			return -errno;
	}
	return sink_reopen(sink);
}
