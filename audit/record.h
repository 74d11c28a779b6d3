/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * record.h - one line of the log before it is formatted: a violation, or an account of violations
 * that never reached the reader.
 *
 * Nothing in here owns memory: texts belong to the raw event, to the rule cache or are static, and
 * are valid until the next event is read.
 */
#ifndef CGW_RECORD_H
#define CGW_RECORD_H

#include "decode.h"
#include "identity.h"

enum record_type {
	RECORD_VIOLATION = 1,
	RECORD_LOST = 2,
	RECORD_INSTANCE = 4,   /* of the instance that is read from, see enum instance_event */
	RECORD_SUPPRESSED = 3, /* a sum: of the event nothing but rule, verdict, op and cgroup */
};

/* The rule behind a verdict; all NULL and 0 if the ruleset of that generation cannot be had. */
struct rule_info {
	const char *policy;
	const char *text; /* canonical */
	const char *file; /* of the policy, as given to apply */
	uint32_t line;
};

/* Why violations are missing. The names stand in loss_reason_name(). */
enum loss_reason {
	LOSS_NO_ROOM =
		1,    /* the kernel had no room in the ring buffer, or no memory for the event */
	LOSS_GAP = 2, /* numbers are missing that the kernel does not count as lost */
	LOSS_UNDECODABLE = 3, /* a record arrived that is not an event of this version */
	LOSS_OUTPUT = 4,      /* this output did not take lines as fast as they came */
	LOSS_COUNT,
};

/* What has become of the instance. The names stand in instance_event_name(). */
enum instance_event {
	INSTANCE_GONE = 1,   /* removed, or replaced: there is nothing more to come from it */
	INSTANCE_OPENED = 2, /* another one is read from now on; its numbers begin anew */
	INSTANCE_EVENTS,
};

struct loss {
	enum loss_reason reason;
	int cpu; /* -1: several, or not known */
	uint64_t count;
	int64_t since; /* CLOCK_REALTIME, ns; 0: not known */
	int64_t until;
};

struct record {
	enum record_type type;
	int64_t time; /* CLOCK_REALTIME, ns */
	/* RECORD_VIOLATION and RECORD_SUPPRESSED */
	struct event event;
	struct identity identity;
	struct rule_info rule;
	/* RECORD_LOST */
	struct loss loss;
	/* RECORD_INSTANCE */
	enum instance_event instance;
	/* RECORD_SUPPRESSED: times of the first and the last one, as `time` */
	int64_t since;
	int64_t until;
};

/* How many violations the record is or stands for. */
uint64_t record_weight(const struct record *record);

const char *instance_event_name(enum instance_event event);
const char *loss_reason_name(enum loss_reason reason);

#endif
