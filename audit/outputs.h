/* SPDX-License-Identifier: GPL-2.0-only */
/* outputs.h - all sinks of a run: renders a record for each of them and writes batches. */
#ifndef CGW_OUTPUTS_H
#define CGW_OUTPUTS_H

#include "format.h"
#include "sink.h"

#define OUTPUTS_MAX STATE_FILES

struct outputs {
	struct sink sinks[OUTPUTS_MAX];
	size_t count;
	const struct format *format; /* of files and of syslog messages */
	bool colour;		     /* on a terminal */
	uint64_t rotate_size;	     /* 0: never */
	uint64_t rotate_count;
	struct strbuf line; /* of this record, without colours */
	struct strbuf message;
};

/*
 * Opens one more; `stop` is readable when nobody is to be waited for. 0 or -errno, with *why
 * (static) if it was not the system.
 */
int outputs_open(struct outputs *outputs, const char *text, const char **why);
void outputs_close(struct outputs *outputs);

/* All are open now. A single one is waited for. */
void outputs_start(struct outputs *outputs, const struct format *format, int stop);

void outputs_write(struct outputs *outputs, const struct record *record);

/* Enters the files into a batch that is about to be written. */
void outputs_mark(struct outputs *outputs, struct state_copy *batch);

/* Writes the batch. 0, or -errno of the single sink; *sink is set then. */
int outputs_flush(struct outputs *outputs, const struct sink **sink);

/*
 * What sinks have lost is reported in them, files that are large enough are rotated. Once in a
 * while.
 */
void outputs_tend(struct outputs *outputs);

/* A second at most for those with queues; says on standard error what did not get through. */
void outputs_finish(struct outputs *outputs);

/* True if all lines of a batch that was announced are where they should be. Else those that are not
 * will be taken when they come again, until outputs_recovered(). */
bool outputs_recover(struct outputs *outputs, const struct state_copy *batch);
void outputs_recovered(struct outputs *outputs);

void outputs_reopen(struct outputs *outputs);

/* NULL, or a file that cannot be rotated, because this user may not rename in its directory. */
const char *outputs_cannot_rotate(const struct outputs *outputs);

/* Some file was opened by name. */
bool outputs_have_file(const struct outputs *outputs);

/* False if nobody can read any line. */
bool outputs_are_open(const struct outputs *outputs);

#endif
