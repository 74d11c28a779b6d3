/* SPDX-License-Identifier: GPL-2.0-only */
/* sink.h - where the lines go: standard output, or a file that is appended to. */
#ifndef CGW_SINK_H
#define CGW_SINK_H

#include <stdbool.h>
#include "strbuf.h"

struct sink {
	int fd;
	const char *name; /* for messages */
	bool terminal;
	bool regular; /* a file: writing to it does not wait for anybody */
	int stop;     /* when this descriptor is readable, a reader that does not read is not waited
			 for;     -1: none */
	struct strbuf pending; /* whole lines, not yet written */
};

/*
 * Opens "-" (standard output) or a file, which is made with mode 0600 if it does not exist: values
 * of sysctls can be secrets. `name` must stay valid. 0 or -errno.
 */
int sink_open(struct sink *sink, const char *name);

/* Flushes nothing: call sink_flush() before. */
void sink_close(struct sink *sink);

/* Where the next line is to be added; then call sink_added(). */
static inline struct strbuf *sink_line(struct sink *sink)
{
	return &sink->pending;
}

/* Lines are written once there are enough of them. 0, or -errno of sink_flush(). */
int sink_added(struct sink *sink);

/*
 * Writes all lines. 0, or -errno: -EPIPE if the reader is gone, -EINTR if it does not read and it
 * is time to stop. What could not be written stays pending.
 */
int sink_flush(struct sink *sink);

/* Lines that are pending. */
size_t sink_lines(const struct sink *sink);

/* False if the reader at the other end of a pipe or socket is gone. */
bool sink_is_open(const struct sink *sink);

#endif
