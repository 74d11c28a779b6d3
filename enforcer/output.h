/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * output.h - the one place where cgward prints.
 *
 * Results go to standard output, everything else to standard error, where each line begins with
 * "cgward: ". One failure is one line, "failed to <verb> '<object>': <reason>", and a second,
 * indented one that says what to do next. Colour is used only on a terminal, and not with NO_COLOR.
 * Objects may hold any bytes: what is not printable ASCII is escaped.
 */
#ifndef CGW_OUTPUT_H
#define CGW_OUTPUT_H

#include <stdbool.h>
#include <stddef.h>
#include "diagnostics.h"

/* Exit statuses, the same for every command. */
enum status {
	STATUS_DONE = 0,
	STATUS_NOT = 1, /* policy errors; explain: denied; test: a row failed; any other failure */
	STATUS_USAGE = 2,  /* the command line */
	STATUS_UNABLE = 3, /* the kernel or the privileges do not allow it */
};

/* The status for a failure with this errno (either sign): STATUS_UNABLE or STATUS_NOT. */
int output_status(int error);

/*
 * quiet: output_print() prints nothing. verbose: output_debug() prints. Both are off at first;
 * options_parse() calls this.
 */
void output_setup(bool quiet, bool verbose);

/* ---- standard output ---- */

/* Text for people. */
void output_print(const char *format, ...) __attribute__((format(printf, 1, 2)));

/* What was asked for: printed with --quiet too (JSON, for one). A newline is not added. */
void output_result(const char *text, size_t length);

/*
 * Writes out what stdout still holds; main() calls it last. Returns `status`, or STATUS_NOT with a
 * message if standard output could not be written.
 */
int output_finish(int status);

enum output_colour {
	COLOUR_NONE,
	COLOUR_GOOD,
	COLOUR_WARNING,
	COLOUR_BAD,
	COLOUR_STRONG,
	COLOUR_COUNT
};

/* The sequence that begins a colour on standard output, and the one that ends it: "" if none is
 * wanted there. */
const char *output_colour(enum output_colour colour);
const char *output_colour_end(void);

/* ---- standard error ---- */

/*
 * "failed to <verb> '<object>': <strerror(error)>"; error of either sign. `next` says what to do
 * about it (a format), or is NULL.
 */
void output_failure(const char *verb, const char *object, int error, const char *next, ...)
	__attribute__((format(printf, 4, 5)));

/* The same with a reason in words. */
void output_failure_because(const char *verb, const char *object, const char *reason,
	const char *next, ...) __attribute__((format(printf, 4, 5)));

void output_error(const char *format, ...) __attribute__((format(printf, 1, 2)));
void output_warning(const char *format, ...) __attribute__((format(printf, 1, 2)));
/* A second line under an error or a warning: what to do next. */
void output_hint(const char *format, ...) __attribute__((format(printf, 1, 2)));
/* Only with --verbose. libbpf's chatter belongs here. */
void output_debug(const char *format, ...) __attribute__((format(printf, 1, 2)));

/* All of them, in order; with --quiet the errors only. */
void output_diagnostics(const struct diagnostics *diags);

/* `text` safe for a terminal: control and non-ASCII bytes as \xHH, backslash as \\, nothing cut.
 * The caller frees. */
char *output_escape(const char *text, size_t length);

/* For `__attribute__((cleanup))` on a char * local. */
void output_text_free(char **text);

#endif
