/* SPDX-License-Identifier: GPL-2.0-only */
/* backlog.h - what stands in the ring buffer of an instance and has not been read yet. */
#ifndef CGW_BACKLOG_H
#define CGW_BACKLOG_H

#include <stdint.h>
#include "instance.h"

struct backlog {
	uint64_t records; /* events and sums */
	uint64_t bytes;
};

/* Looks without taking anything. 0 or -errno; while events come and are read it is of one moment.
 */
int backlog_read(const struct instance *instance, struct backlog *backlog);

/* Warns if the instance, which is about to go, still holds events. */
void backlog_warn(const struct instance *instance);

#endif
