/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * ring.h - a BPF ring buffer, read in batches: what has been taken stays in the kernel until it is
 * given back.
 *
 * libbpf's ring_buffer gives each record back as soon as its callback returns, before the line made
 * of it is written: a reader that is killed then loses it. Here the consumer position moves only by
 * ring_commit().
 */
#ifndef CGW_RING_H
#define CGW_RING_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

struct ring {
	unsigned long *consumer;       /* page that is shared with the kernel; NULL: not open */
	const unsigned long *producer; /* the same, and the data behind it, mapped twice in a row */
	const uint8_t *data;
	size_t page_size;
	size_t size;	    /* of the data: a power of two */
	uint64_t committed; /* consumer position */
	uint64_t position;  /* of the next record to take */
};

/* `map` is a ring buffer of `size` bytes; it is not needed afterwards. 0 or -errno. */
int ring_open(struct ring *ring, int map, size_t size);
void ring_close(struct ring *ring); /* one that is all zero, too */

/* The next record, valid until ring_commit(). False if there is none, or it is not complete. */
bool ring_next(struct ring *ring, const void **data, size_t *size);

/* Bytes that have been taken and not given back. */
uint64_t ring_taken(const struct ring *ring);

/* Gives back what has been taken. */
void ring_commit(struct ring *ring);

/* Gives back what lies before `position`, if that is further on and exists. */
void ring_skip_to(struct ring *ring, uint64_t position);

/* ---- for those who only look: they take nothing, and can miss something ---- */

/* As ring_open(), from what comes next on. */
int ring_watch(struct ring *ring, int map, size_t size);

/*
 * Copies the next record. False if there is none, it is not complete, or what stood there has been
 * overwritten: then the next call goes on with what comes next. Records of more than `room` bytes
 * are left out.
 */
bool ring_look(struct ring *ring, void *copy, size_t room, size_t *size);

#endif
