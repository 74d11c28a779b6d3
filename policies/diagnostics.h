/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * diagnostics.h - what is wrong with the policies, where. Collected, then printed by the command:
 * all errors of all files in one run.
 */
#ifndef CGW_DIAGNOSTICS_H
#define CGW_DIAGNOSTICS_H

#include <stdint.h>
#include "strbuf.h"

enum severity {
	SEVERITY_WARNING = 1,
	SEVERITY_ERROR = 2
};

struct diagnostic {
	enum severity severity;
	char *file;
	uint32_t line;	 /* from 1; 0: the file as a whole */
	uint32_t column; /* from 1, in bytes; 0: the line as a whole */
	char *message;	 /* what is wrong, what was expected; quotes the bad token with quote() */
};

/* What was said about one file. */
struct diagnostics_file {
	char *name;
	size_t count[SEVERITY_ERROR + 1]; /* by severity, those not kept included */
	size_t rest[SEVERITY_ERROR + 1];  /* index of the item that counts those not kept */
};

struct diagnostics {
	struct diagnostic *items;
	size_t count, room;
	size_t errors, warnings;	/* in total, those not kept included */
	struct diagnostics_file *files; /* sorted by name */
	size_t file_count, file_room;
	size_t file_last; /* the one looked up last */
};

/* At most this many errors, and as many warnings, of each file are kept; one more item says how
 * many there are beyond. A 10 MB file of garbage stays readable. */
#define DIAGNOSTICS_MAX_PER_FILE 100

/* An all-zero struct diagnostics is empty. */
void diagnostics_add(struct diagnostics *diags, enum severity severity, const char *file,
	uint32_t line, uint32_t column, const char *format, ...)
	__attribute__((format(printf, 6, 7)));
void diagnostics_free(struct diagnostics *diags);

/* Adds "FILE:LINE:COLUMN: error: message\n"; line and column only if they are not 0. */
void diagnostic_print(const struct diagnostic *diag, struct strbuf *out);

/*
 * A token in double quotes, safe for a terminal (control and non-ASCII bytes as \xHH, cut at 60
 * bytes with ...). Returns one of eight static buffers in turn: for use within one message.
 */
const char *quote(const char *text, size_t length);

#endif
