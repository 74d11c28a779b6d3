/* SPDX-License-Identifier: GPL-2.0-only */
/* top.h - `cgward-audit top`: who violates what at this moment, from a JSON log that grows or from
 * the live instance. */
#ifndef CGW_TOP_H
#define CGW_TOP_H

#include <stdint.h>
#include "session.h"
#include "strbuf.h"

/* A cgroup and a rule. */
struct top_entry {
	char *cgroup, *policy, *rule;
	uint64_t total;
	uint64_t shown; /* total when it was last drawn */
};

#define TOP_ENTRIES_MAX 1000 /* what comes later is counted, and not listed */

struct top {
	struct top_entry *entries;
	size_t count, room;
	uint64_t total, shown, lost, unlisted, bad_lines;
};

void top_free(struct top *top);

/* The entry; NULL if there is no room for one more. */
struct top_entry *top_entry(
	struct top *top, const char *cgroup, const char *policy, const char *rule);

/* A line of the log. */
void top_line(struct top *top, const char *text, size_t length);

/*
 * Adds the table: the entries with most violations since the last time first, then by total; at
 * most `rows` lines, each of at most `columns` printable ASCII characters and a newline.
 */
void top_draw(struct top *top, double seconds, int rows, int columns, struct strbuf *out);

/*
 * The command; argv[0] is "top". On a terminal it draws each second until q, SIGINT or SIGTERM; a
 * file that was renamed is opened anew. Else: one table.
 */
enum status top_run(int argc, char **argv);

#endif
