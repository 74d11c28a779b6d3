/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * uring.h - one request through io_uring, without liburing.
 */
#ifndef HELPERS_URING_H
#define HELPERS_URING_H

#include <linux/io_uring.h>
#include <stdbool.h>
#include <stdint.h>
#include <sys/mman.h>
#include <sys/syscall.h>
#include <unistd.h>
#include "words.h"

/*
 * Has the request done by a worker thread, or by the thread that polls the queue, and waits for it.
 * Its result: as the system call's, or -errno.
 */
static inline long uring_do(const struct io_uring_sqe *request, bool sqpoll)
{
	struct io_uring_params params = {
		.flags = sqpoll ? IORING_SETUP_SQPOLL : 0, .sq_thread_idle = 1000};
	int ring = (int)syscall(SYS_io_uring_setup, 1, &params);
	struct io_uring_sqe *requests;
	struct io_uring_cqe *result;
	uint8_t *rings;
	size_t size;
	uint32_t *tail;

	if (ring < 0)
		fail("set up", "io_uring");
	size = params.cq_off.cqes + params.cq_entries * sizeof(struct io_uring_cqe);
	rings = mmap(NULL, size, PROT_READ | PROT_WRITE, MAP_SHARED, ring, IORING_OFF_SQ_RING);
	requests = mmap(NULL, params.sq_entries * sizeof(struct io_uring_sqe),
		PROT_READ | PROT_WRITE, MAP_SHARED, ring, IORING_OFF_SQES);
	if (rings == MAP_FAILED || requests == MAP_FAILED ||
		!(params.features & IORING_FEAT_SINGLE_MMAP))
		fail("map", "io_uring");
	requests[0] = *request;
	if (!sqpoll)
		requests[0].flags |= IOSQE_ASYNC;
	*(uint32_t *)(rings + params.sq_off.array) = 0;
	tail = (uint32_t *)(rings + params.sq_off.tail);
	__atomic_store_n(tail, *tail + 1, __ATOMIC_RELEASE);
	if (syscall(SYS_io_uring_enter, ring, !sqpoll, 1,
		    IORING_ENTER_GETEVENTS | (sqpoll ? IORING_ENTER_SQ_WAKEUP : 0), NULL, 0) < 0)
		fail("enter", "io_uring");
	result = (struct io_uring_cqe *)(rings + params.cq_off.cqes);
	long value = result->res;

	munmap(rings, size);
	munmap(requests, params.sq_entries * sizeof(struct io_uring_sqe));
	close(ring);
	return value;
}

#endif
