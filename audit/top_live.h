/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * top_live.h - counts from the maps of the live instance.
 *
 * The counters say how often each rule fired, exactly. In which cgroup, the events say: the ring
 * buffer is looked at while they wait for their reader, or just after. What no event was seen of
 * stands with the cgroup "*": all from before, and what was not logged or was overwritten.
 */
#ifndef CGW_TOP_LIVE_H
#define CGW_TOP_LIVE_H

#include <sys/types.h>
#include "broker.h"
#include "decode.h"
#include "ring.h"
#include "rules.h"
#include "top.h"

struct top_live {
	struct broker broker;
	char *events_path;
	dev_t device; /* of the pin events_path */
	ino_t inode;
	struct rules rules;
	struct ring ring;
	int counters_map;
	int cpus_map;
	unsigned int cpu_count;
	struct cgw_cpu *cpus;
	void *record; /* a copy of one */
};

/* Opens it, and gives up all rights that reading on does not need. Prints messages. */
enum status top_live_open(struct top_live *live, const char *bpffs);
void top_live_close(struct top_live *live);

/* Takes what events there are; the context is a struct top_live. 0, or -ESTALE if the instance is
 * gone. */
int top_live_look(void *context, struct top *top);

/* Reads the counters. */
void top_live_settle(void *context, struct top *top);

#endif
