// SPDX-License-Identifier: GPL-2.0-only
#include "ring.h"

#include <errno.h>
#include <linux/bpf.h>
#include <string.h>
#include <sys/mman.h>
#include <unistd.h>

static int ring_map(struct ring *ring, int map, size_t size, int protection)
{
	size_t page_size = sysconf(_SC_PAGESIZE);
	void *consumer, *producer;
	int error;

	consumer = mmap(NULL, page_size, protection, MAP_SHARED, map, 0);
	if (consumer == MAP_FAILED)
		return -errno;
	producer = mmap(NULL, page_size + 2 * size, PROT_READ, MAP_SHARED, map, page_size);
	if (producer == MAP_FAILED) {
		error = -errno;
		munmap(consumer, page_size);
		return error;
	}
	*ring = (struct ring){
		.consumer = consumer,
		.producer = producer,
		.data = (const uint8_t *)producer + page_size,
		.page_size = page_size,
		.size = size,
	};
	ring->committed = ring->position = __atomic_load_n(ring->consumer, __ATOMIC_ACQUIRE);
	return 0;
}

int ring_open(struct ring *ring, int map, size_t size)
{
	return ring_map(ring, map, size, PROT_READ | PROT_WRITE);
}

void ring_close(struct ring *ring)
{
	if (!ring->consumer)
		return;
	munmap(ring->consumer, ring->page_size);
	munmap((void *)ring->producer, ring->page_size + 2 * ring->size);
	*ring = (struct ring){0};
}

static uint64_t produced(const struct ring *ring)
{
	return __atomic_load_n(ring->producer, __ATOMIC_ACQUIRE);
}

bool ring_next(struct ring *ring, const void **data, size_t *size)
{
	while (ring->position < produced(ring)) {
		const uint8_t *record = ring->data + (ring->position & (ring->size - 1));
		uint32_t length = __atomic_load_n((const uint32_t *)record, __ATOMIC_ACQUIRE);
		bool discarded = length & BPF_RINGBUF_DISCARD_BIT;

		if (length & BPF_RINGBUF_BUSY_BIT)
			return false;
		length &= ~BPF_RINGBUF_DISCARD_BIT;
		ring->position += (length + BPF_RINGBUF_HDR_SZ + 7) / 8 * 8;
		if (discarded)
			continue;
		*data = record + BPF_RINGBUF_HDR_SZ;
		*size = length;
		return true;
	}
	return false;
}

uint64_t ring_taken(const struct ring *ring)
{
	return ring->position - ring->committed;
}

void ring_commit(struct ring *ring)
{
	if (ring->position == ring->committed)
		return;
	ring->committed = ring->position;
	__atomic_store_n(ring->consumer, ring->committed, __ATOMIC_RELEASE);
}

void ring_skip_to(struct ring *ring, uint64_t position)
{
	if (position <= ring->position || position > produced(ring))
		return;
	ring->position = position;
	ring_commit(ring);
}

int ring_watch(struct ring *ring, int map, size_t size)
{
	int result = ring_map(ring, map, size, PROT_READ);

	if (!result)
		ring->position = produced(ring);
	return result;
}

bool ring_look(struct ring *ring, void *copy, size_t room, size_t *size)
{
	uint64_t before = ring->position;
	const void *data;
	bool found = ring_next(ring, &data, size);

	while (found && *size > room)
		found = ring_next(ring, &data, size);
	if (found)
		memcpy(copy, data, *size);
	/* The kernel moves the producer's position on before it writes there. */
	if (produced(ring) - before <= ring->size)
		return found;
	ring->position = produced(ring);
	return false;
}
