// SPDX-License-Identifier: GPL-2.0-only
#include "losses.h"

#include <stdlib.h>
#include <string.h>
#include "strbuf.h"

static uint64_t min_u64(uint64_t a, uint64_t b)
{
	return a < b ? a : b;
}

static void report(struct losses *losses, enum loss_reason reason, int cpu, uint64_t count,
	int64_t since, int64_t until)
{
	struct loss loss = {
		.reason = reason,
		.cpu = cpu,
		.count = count,
		.since = since,
		.until = until,
	};

	if (count)
		losses->report(losses->context, &loss);
}

void losses_start(struct losses *losses, const struct cgw_cpu *counters, unsigned int count,
	int64_t now, losses_report *callback, void *context)
{
	uint64_t lost = 0;

	*losses = (struct losses){
		.cpus = xcalloc(count, sizeof(*losses->cpus)),
		.count = count,
		.updated = {now, now},
		.report = callback,
		.context = context,
	};
	for (unsigned int i = 0; i < count; i++) {
		struct losses_cpu *cpu = &losses->cpus[i];

		cpu->lost = cpu->credit = counters[i].lost;
		cpu->start = counters[i].sequence;
		lost += counters[i].lost;
	}
	report(losses, LOSS_NO_ROOM, -1, lost, 0, now);
}

void losses_resume(struct losses *losses, const struct losses_cpu *cpus, unsigned int count,
	int64_t now, losses_report *callback, void *context)
{
	*losses = (struct losses){
		.cpus = xcalloc(count, sizeof(*losses->cpus)),
		.count = count,
		.updated = {now, now},
		.report = callback,
		.context = context,
	};
	memcpy(losses->cpus, cpus, count * sizeof(*losses->cpus));
}

void losses_free(struct losses *losses)
{
	free(losses->cpus);
	*losses = (struct losses){0};
}

bool losses_seen(struct losses *losses, uint32_t index, uint64_t sequence, uint64_t count)
{
	struct losses_cpu *cpu;
	uint64_t before = sequence - count, closed;

	if (index >= losses->count || !count || count > sequence)
		return false;
	cpu = &losses->cpus[index];
	if (!cpu->seen) {
		/* What was numbered before the start may have been read by somebody before us. */
		cpu->seen = true;
		cpu->first = cpu->highest = min_u64(before, cpu->start);
	}
	if (sequence > cpu->highest) {
		/* Numbers are taken all at once: those of a sum cannot be partly below. */
		cpu->holes += before > cpu->highest ? before - cpu->highest : 0;
		cpu->highest = sequence;
	} else if (sequence > cpu->first && sequence < cpu->highest) {
		/* It comes late: its hole closes, or what explained that hole explains another. */
		closed = min_u64(cpu->holes, count);
		cpu->holes -= closed;
		cpu->credit += count - closed;
	}
	return true;
}

void losses_undecodable(struct losses *losses)
{
	losses->undecodable++;
	losses->unplaced++;
}

static void update_cpu(struct losses *losses, unsigned int index, const struct cgw_cpu *counter,
	int64_t now, bool drained, bool final)
{
	struct losses_cpu *cpu = &losses->cpus[index];
	uint64_t delta = counter->lost > cpu->lost ? counter->lost - cpu->lost : 0;
	uint64_t explained, tail, gap;

	/* The callback may save all of this: what it is told must be accounted for already. */
	cpu->lost += delta;
	cpu->credit += delta;
	report(losses, LOSS_NO_ROOM, index, delta, losses->updated[0], now);
	explained = min_u64(cpu->credit, cpu->holes);
	cpu->credit -= explained;
	cpu->holes -= explained;
	if (drained && !cpu->seen) {
		/* Nothing of this CPU was there at the start: from here on every number counts. */
		cpu->seen = true;
		cpu->first = cpu->highest = cpu->start;
	}
	if (drained) {
		/* Losses that still have to show as holes are in what was numbered since; the two
		 * counters are not read at the same instant, hence delta. */
		tail = counter->sequence > cpu->highest ? counter->sequence - cpu->highest : 0;
		cpu->credit = min_u64(cpu->credit, tail + delta);
	}
	gap = final ? cpu->holes : min_u64(cpu->aged, cpu->holes);
	cpu->holes -= gap;
	cpu->aged = cpu->holes;
	explained = min_u64(losses->unplaced, gap);
	losses->unplaced -= explained;
	report(losses, LOSS_GAP, index, gap - explained, losses->updated[1], now);
}

void losses_update(struct losses *losses, const struct cgw_cpu *counters, int64_t now, bool drained,
	bool final)
{
	uint64_t undecodable = losses->undecodable;

	losses->undecodable = 0;
	report(losses, LOSS_UNDECODABLE, -1, undecodable, losses->updated[0], now);
	for (unsigned int i = 0; i < losses->count; i++)
		update_cpu(losses, i, &counters[i], now, drained, final);
	losses->updated[1] = losses->updated[0];
	losses->updated[0] = now;
}
