/* SPDX-License-Identifier: GPL-2.0-only */
/* session.h - one run of the reader: source -> decode -> enrich -> format -> sink. */
#ifndef CGW_SESSION_H
#define CGW_SESSION_H

#include "arguments.h"

/* Exit statuses: as those of cgward. */
enum status {
	STATUS_DONE = 0,
	STATUS_NOT = 1,
	STATUS_USAGE = 2,
	STATUS_UNABLE = 3,
};

/*
 * Reads until there is nothing left (or, with arguments->follow, until SIGINT, SIGTERM or SIGHUP,
 * the count, or the end of the instance). Changes the process for good: signals are blocked,
 * capabilities dropped. Prints messages to standard error. Returns the exit status.
 */
enum status session_run(const struct arguments *arguments);

/* "cgward-audit: MESSAGE\n" on standard error. */
void message(const char *format, ...) __attribute__((format(printf, 1, 2)));

#endif
