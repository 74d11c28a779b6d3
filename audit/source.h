/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * source.h - the pinned maps of one instance: the ring buffer with the events, and the counters.
 *
 * A ring buffer has one reader, because reading consumes: whoever opens the source holds an
 * exclusive lock (flock) on the directory maps/ until it is closed.
 */
#ifndef CGW_SOURCE_H
#define CGW_SOURCE_H

#include <stdbool.h>
#include <sys/types.h>
#include "abi.h"
#include "broker.h"
#include "ring.h"
#include "state.h"

struct source {
	int lock; /* descriptor of maps/ */
	int cpus_map;
	unsigned int cpu_count;
	struct cgw_cpu *counters; /* one per possible CPU, as of the last source_counters() */
	int ring_map;
	struct ring ring;
	int sums; /* link of the iterator that has sums sent; -1: there is none */
	struct state state;
	char *maps; /* the directory */
	dev_t device;
	ino_t inode;
};

/*
 * Opens the instance of the broker. 0, or -errno with a message (to be freed) that says what failed
 * and what to do: -EWOULDBLOCK if there is another reader,
 * -EPROTO if the instance is not complete, -EPROTONOSUPPORT if it is of another version.
 */
int source_open(struct source *source, const struct broker *broker, char **error);
void source_close(struct source *source); /* one that is all zero, too */

/* Reads the counters of all CPUs into source->counters. 0 or -errno. */
int source_counters(struct source *source);

/* Has what was suppressed put into the ring buffer, as sums. 0 or -errno. */
int source_sums(const struct source *source);

/* Puts the reader on the record of what governed processes may not touch. 0 or -errno. */
int source_guard(const struct broker *broker);

/* A descriptor that is readable when records wait. */
int source_fd(const struct source *source);

/* False once the instance has been removed or made anew: no event will ever come from this one. */
bool source_is_current(const struct source *source);

#endif
