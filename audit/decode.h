/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * decode.h - from the bytes of a ring buffer record to an event that can be trusted: every length
 * lies inside the record, every enum has a name, every text has the form that abi.h promises.
 */
#ifndef CGW_DECODE_H
#define CGW_DECODE_H

#include <stddef.h>
#include <stdint.h>
#include "abi.h"

/* Bytes of somebody else; not NUL-terminated. */
struct bytes {
	const uint8_t *data; /* never NULL */
	size_t length;
};

/* All of it points into the record. */
struct event {
	const struct cgw_event *head;
	struct bytes comm;
	struct bytes parent_comm;
	struct bytes cgroup; /* "" is the cgroup root */
	struct bytes exe;    /* "": not known */
	struct bytes name;   /* as in abi.h */
	struct bytes old;
	struct bytes new;
	struct bytes name2;
};

/*
 * Accepts a record of `size` bytes, which may be larger than the event in it says; its address is a
 * multiple of 8, as all in a ring buffer are. 0, or -EINVAL if it is not an event of this ABI
 * version; *event is untouched then.
 */
int event_decode(struct event *event, const void *data, size_t size);

#endif
