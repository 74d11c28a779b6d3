/* SPDX-License-Identifier: GPL-2.0-only */
/* format.h - from a record to one line, newline included. A new format is one more row. */
#ifndef CGW_FORMAT_H
#define CGW_FORMAT_H

#include <stdbool.h>
#include "record.h"
#include "strbuf.h"

struct format {
	const char *name;
	/*
	 * Adds the line. Whatever the record holds, there is no newline but the last byte and no
	 * other control character; text has no byte beyond ASCII, JSON is valid UTF-8. colour: the
	 * line goes to a terminal that shall see colours; no other escape sequence is ever written.
	 */
	void (*line)(const struct record *record, bool colour, struct strbuf *out);
};

extern const struct format format_text; /* for people */
extern const struct format format_json; /* one object, as audit/schema.json says */

/* ---- messages for log daemons, without a newline at the end ---- */

/* RFC 5424: the header, and the line of another format as the message. */
void format_syslog(
	const struct record *record, const char *line, size_t length, struct strbuf *out);

/* The journal's native protocol: fields CGWARD_*, with the very bytes. */
void format_journal(const struct record *record, struct strbuf *out);

/* ---- what formats share ---- */

/* LOG_* of syslog(3). */
int format_priority(const struct record *record);

#endif
