/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * tally.h - counts events over time, and by policy, rule, container and cgroup.
 *
 * Nobody knows the span of a log beforehand: there is a fixed number of columns, and whenever an
 * event does not fit, two columns become one. Memory is bounded whatever the log holds.
 */
#ifndef CGW_TALLY_H
#define CGW_TALLY_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#define TALLY_COLUMNS 120
#define TALLY_ENTRIES_MAX 1000 /* of each kind; what comes later is counted as "others" */

enum tally_kind {
	TALLY_POLICY = 0,
	TALLY_RULE,
	TALLY_KIND,
	TALLY_CONTAINER,
	TALLY_CGROUP,
	TALLY_KINDS,
};

enum tally_series {
	TALLY_DENIED = 0,
	TALLY_AUDITED,
	TALLY_LOST,
	TALLY_SERIES,
};

struct tally_entry {
	char *name; /* NULL: others */
	uint64_t total;
	uint64_t columns[TALLY_COLUMNS];
};

struct tally {
	int64_t start; /* of column 0, CLOCK_REALTIME, ns: a multiple of width */
	int64_t width; /* of a column, ns; 0: nothing was counted */
	int64_t first; /* times of the first and the last event */
	int64_t last;
	uint64_t series[TALLY_SERIES][TALLY_COLUMNS];
	uint64_t totals[TALLY_SERIES];
	struct tally_entry *entries[TALLY_KINDS]; /* TALLY_ENTRIES_MAX + 1 at most */
	size_t counts[TALLY_KINDS];
	size_t rooms[TALLY_KINDS];
	uint64_t bad_lines;
};

void tally_free(struct tally *tally);

/* An event or, with series TALLY_LOST, an account of `weight` ones. Names may be NULL. */
void tally_add(struct tally *tally, enum tally_series series, int64_t time, uint64_t weight,
	const char *const names[TALLY_KINDS]);

/* A line of a JSON log. */
void tally_line(struct tally *tally, const char *text, size_t length);

/* Sorts entries, the most frequent first. */
void tally_sort(struct tally *tally);

#endif
