// SPDX-License-Identifier: GPL-2.0-only
#include "backlog.h"

#include <errno.h>
#include <inttypes.h>
#include <linux/bpf.h>
#include <stddef.h>
#include <sys/mman.h>
#include <unistd.h>
#include "output.h"

/*
 * The layout that the kernel gives to user space (kernel/bpf/ringbuf.c): a page with the reader's
 * position, one with the writers', then the data twice in a row, so that no record is split.
 */
struct ring_view {
	const uint8_t *reader, *rest;
	size_t page;
};

static int view_open(struct ring_view *view, int map)
{
	view->page = sysconf(_SC_PAGESIZE);
	view->reader = mmap(NULL, view->page, PROT_READ, MAP_SHARED, map, 0);
	if (view->reader == MAP_FAILED)
		return -errno;
	view->rest = mmap(NULL, view->page + 2 * (size_t)CGW_RING_SIZE, PROT_READ, MAP_SHARED, map,
		view->page);
	if (view->rest == MAP_FAILED) {
		int err = -errno;

		munmap((void *)view->reader, view->page);
		return err;
	}
	return 0;
}

static void view_close(struct ring_view *view)
{
	munmap((void *)view->reader, view->page);
	munmap((void *)view->rest, view->page + 2 * (size_t)CGW_RING_SIZE);
}

int backlog_read(const struct instance *instance, struct backlog *backlog)
{
	struct backlog found = {0};
	struct ring_view view;
	unsigned long from, to;
	int err = view_open(&view, instance->maps[MAP_EVENTS]);

	if (err)
		return err;
	from = __atomic_load_n((const unsigned long *)view.reader, __ATOMIC_ACQUIRE);
	to = __atomic_load_n((const unsigned long *)view.rest, __ATOMIC_ACQUIRE);
	found.bytes = to - from;
	while (from < to) {
		uint32_t header = __atomic_load_n(
			(const uint32_t *)(view.rest + view.page + (from & (CGW_RING_SIZE - 1))),
			__ATOMIC_ACQUIRE);
		uint32_t length = header & ~(BPF_RINGBUF_BUSY_BIT | BPF_RINGBUF_DISCARD_BIT);

		if (header & BPF_RINGBUF_BUSY_BIT)
			break;
		found.records += !(header & BPF_RINGBUF_DISCARD_BIT);
		from += (length + BPF_RINGBUF_HDR_SZ + 7) & ~7U;
	}
	view_close(&view);
	*backlog = found;
	return 0;
}

void backlog_warn(const struct instance *instance)
{
	struct backlog backlog;

	if (instance->maps[MAP_EVENTS] < 0 || backlog_read(instance, &backlog) || !backlog.records)
		return;
	output_warning("%" PRIu64 " events of '%s' have not been read: unless a cgward-audit runs, "
		       "which takes them still, they are gone now; the counters were exact",
		backlog.records, instance->dir);
}
