/* SPDX-License-Identifier: GPL-2.0-only */
/* observed.h - what a log says happened: each operation of each cgroup once, with its count. */
#ifndef CGW_OBSERVED_H
#define CGW_OBSERVED_H

#include "abi.h"
#include "subject.h"

struct observed {
	char *cgroup;	 /* as in the log; "/" is the root */
	char *policy;	 /* that decided */
	char *comm;	 /* of the first event; escaped as in the log */
	char *operation; /* for operation_parse() */
	struct subject subject;
	uint64_t count;
	int64_t first, last; /* CLOCK_REALTIME, ns */
};

/* Violations that no rule can allow, by reason. */
struct observed_left {
	const char *why; /* static */
	uint64_t count;
};

#define OBSERVED_REASONS_MAX 16

struct observations {
	struct observed *items;
	size_t count, room;
	uint32_t *table; /* hash -> index + 1 */
	size_t table_size;
	bool denials;	     /* take violations with verdict deny, too */
	uint64_t violations; /* taken */
	uint64_t denied;     /* left out, because of their verdict */
	uint64_t lost;	     /* violations that are not in the log */
	uint64_t bad_lines;
	struct observed_left left[OBSERVED_REASONS_MAX];
	size_t left_count;
};

/* A line of a JSON log. */
void observed_line(struct observations *observations, const char *text, size_t length);
void observed_leave(struct observations *observations, const char *why, uint64_t count);
void observed_free(struct observations *observations);

#endif
