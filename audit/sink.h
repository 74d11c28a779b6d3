/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * sink.h - one place where lines go: a file, standard output, or the socket of a log daemon.
 *
 * A regular file is written at once. Any other sink is either waited for (`waits`: it is the only
 * one, and the kernel's ring buffer is its queue), or has a bounded queue here; what does not fit
 * is counted and reported in that sink once it takes lines again.
 */
#ifndef CGW_SINK_H
#define CGW_SINK_H

#include <stdbool.h>
#include <stdint.h>
#include "state.h"
#include "strbuf.h"
#include "target.h"

struct sink {
	struct target target;
	const char *name; /* for messages */
	int fd;		  /* -1: no connection now */
	bool terminal;
	bool regular;
	bool file;    /* opened by name: can be opened again, and rotated */
	bool waits;   /* set by the caller after sink_open() */
	int stop;     /* when this descriptor is readable, nobody is waited for; -1: none */
	int error;    /* why it takes nothing at present, -errno */
	int64_t next; /* next attempt to connect, CLOCK_BOOTTIME */
	/* Whole lines that are not yet written; of a socket: frames of a length and a message. */
	struct strbuf pending;
	uint64_t pending_lines;
	uint64_t pending_extra; /* violations that they stand for beyond one a line */
	bool partly;		/* the first byte of pending is in the middle of a line */
	uint64_t offset;	/* regular: the end of the file before the batch */
	uint64_t skip;		/* lines to drop: a reader that was killed has written them */
	uint64_t skipped;	/* of this batch */
	uint64_t taken;		/* lines written since the start */
	uint64_t lost;		/* lines lost and not yet reported */
	uint64_t lost_total;
	int64_t lost_since; /* CLOCK_REALTIME, ns */
};

/*
 * Files are made with mode 0600 if they do not exist: values of sysctls can be secrets. The name in
 * the target must stay valid. 0 or -errno.
 */
int sink_open(struct sink *sink, const struct target *target);

/* Flushes nothing: call sink_flush() before. */
void sink_close(struct sink *sink);

/* A line with its newline, or a message for a socket, that stands for `weight` violations. It is
 * kept until sink_flush(). */
void sink_put(struct sink *sink, const char *line, size_t length, uint64_t weight);

/*
 * Writes what there is. 0, or -errno if it waits and cannot go on: -EPIPE if the reader is gone,
 * -EINTR if it does not read and it is time to stop; what was not written stays pending then. A
 * sink that is not waited for counts its losses and never fails.
 */
int sink_flush(struct sink *sink);

/* False if the reader at the other end of a pipe is gone, and a sink that waits for it useless. */
bool sink_is_open(const struct sink *sink);

/* ---- regular files ---- */

/* Enters the end of the file, before a batch is written. */
void sink_mark(struct sink *sink, struct state_copy *batch);

/*
 * The batch was announced by a reader that died: sets `skip` to the lines of it that are in the
 * file, and cuts off one that is there in part. True if all of them are.
 */
bool sink_recover(struct sink *sink, const struct state_copy *batch);

/* Opens the file of that name anew, because somebody else has renamed it. 0 or -errno: the old one
 * stays in use then. */
int sink_reopen(struct sink *sink);

/*
 * Once the file has `size` bytes: FILE.N-1 becomes FILE.N and so on up to FILE, which begins anew;
 * the old FILE.N is gone. 0 or -errno: the old one stays in use then.
 */
int sink_rotate(struct sink *sink, uint64_t size, uint64_t count);

/* ---- sockets (sink_socket.c) ---- */

int sink_connect(struct sink *sink);
void sink_put_frame(struct sink *sink, const char *message, size_t length);
int sink_send(struct sink *sink);

/* ---- what the two share ---- */

/* Until it can be written to, or `milliseconds` (-1: none) have passed; 0 or -EINTR. */
int sink_wait(const struct sink *sink, int milliseconds);
void sink_lose(struct sink *sink, uint64_t violations);

#endif
