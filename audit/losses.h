/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * losses.h - accounts for every event that did not reach the reader, once.
 *
 * Two sources tell of one loss: the kernel's counter, and the hole that the lost number leaves
 * between two events of the same CPU. The counter is exact and is reported as it grows; each unit
 * of it explains one hole, whichever is seen first. Holes that nothing explains (somebody else has
 * read from the ring buffer) are reported after they have been there for a whole period: an event
 * whose program was preempted between taking its number and writing it comes late.
 */
#ifndef CGW_LOSSES_H
#define CGW_LOSSES_H

#include <stdbool.h>
#include "record.h"

struct losses_cpu {
	bool seen;	  /* highest is valid */
	uint64_t first;	  /* numbers up to this one are none of our business */
	uint64_t highest; /* number seen */
	uint64_t holes;	  /* numbers below highest that were neither seen nor explained */
	uint64_t aged;	  /* of the holes, those that were there at the last update */
	uint64_t lost;	  /* the kernel's counter, as far as it has been reported */
	uint64_t credit;  /* of what was reported, the part that has not explained a hole yet */
	uint64_t start;	  /* the kernel's sequence number at the start */
};

/* The loss is accounted for in struct losses when this is called. */
typedef void losses_report(void *context, const struct loss *loss);

struct losses {
	struct losses_cpu *cpus;
	unsigned int count;
	uint64_t undecodable; /* not yet reported */
	uint64_t unplaced;    /* undecodable records, which left holes on CPUs that nobody knows */
	bool drained;	      /* at least once */
	int64_t updated[2];   /* times of the last update and of the one before */
	losses_report *report;
	void *context;
};

/*
 * `counters` are those of the kernel now, one for each of `count` possible CPUs. What was lost
 * before is reported as one loss with unknown beginning. Times: CLOCK_REALTIME, ns.
 */
void losses_start(struct losses *losses, const struct cgw_cpu *counters, unsigned int count,
	int64_t now, losses_report *report, void *context);

/* Goes on where another reader has stopped: `cpus` are its, one for each of `count` CPUs. */
void losses_resume(struct losses *losses, const struct losses_cpu *cpus, unsigned int count,
	int64_t now, losses_report *report, void *context);
void losses_free(struct losses *losses);

/*
 * An event has been read, or a sum that stands for `count` violations: their numbers end with
 * `sequence`. False if there is no such CPU, or no such numbers: the record is no event then.
 */
bool losses_seen(struct losses *losses, uint32_t cpu, uint64_t sequence, uint64_t count);

/* A record has been read that could not be decoded. */
void losses_undecodable(struct losses *losses);

/*
 * Reports what is new. `counters` have been read just now. drained: nothing was left in the ring
 * buffer before that. final: there will be no other update; every hole counts.
 */
void losses_update(struct losses *losses, const struct cgw_cpu *counters, int64_t now, bool drained,
	bool final);

#endif
