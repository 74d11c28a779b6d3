/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * budget.h - how many events of one rule in one cgroup are sent one by one; the others are summed
 * up, and the sums are sent.
 *
 * A table of small sets, each with a lock: whoever needs a place that is taken sends the sum of the
 * one that was there longest ago, so that no sum is ever lost with its entry, as it would be in an
 * LRU map. The reader has the other sums sent (cgward_sums below, an iterator).
 *
 * Every violation is in exactly one of: an event, a sum, cgw_cpu.lost. Numbers (cgw_cpu.sequence)
 * are given to violations: an event takes one, a sum as many as it stands for.
 */
#ifndef CGW_BUDGET_H
#define CGW_BUDGET_H

#include "scope.h"

/* The next `count` numbers of this CPU; the last one. lost: of violations that will not be seen. */
static __always_inline __u64 sequence_take(__u64 count, bool lost)
{
	__u32 zero = 0;
	struct cgw_cpu *cpu = bpf_map_lookup_elem(&cgward_cpus, &zero);

	if (!cpu)
		return 0;
	if (lost)
		__sync_fetch_and_add(&cpu->lost, count);
	return __sync_fetch_and_add(&cpu->sequence, count) + count;
}

static __always_inline void count_suppressed(__u64 more, __u64 summed)
{
	__u32 zero = 0;
	struct cgw_cpu *cpu = bpf_map_lookup_elem(&cgward_cpus, &zero);

	if (cpu && more)
		__sync_fetch_and_add(&cpu->suppressed, more);
	if (cpu && summed)
		__sync_fetch_and_add(&cpu->summed, summed);
}

/* A sum as it stands in the ring buffer. */
union sum {
	struct cgw_event event;
	__u8 bytes[sizeof(struct cgw_event) + CGW_BUDGET_PATH];
};

/* Takes what was summed up out of the entry. The set is locked. */
static __always_inline __u64 sum_take(union sum *sum, struct cgw_budget *budget)
{
	struct cgw_event *event = &sum->event;
	__u64 count = budget->suppressed;

	event->generation = budget->generation;
	event->rule = budget->rule;
	event->rule_key = budget->rule_key;
	event->cgroup_id = budget->cgroup_id;
	event->verdict = budget->verdict;
	event->kind = budget->kind;
	event->op = budget->op;
	event->hook = budget->hook;
	event->reason = budget->reason;
	event->judged = budget->judged;
	event->cgroup_len = budget->path_len;
	event->suppressed.since = budget->since;
	event->suppressed.until = budget->until;
	__builtin_memcpy(sum->bytes + sizeof(*event), budget->path, sizeof(budget->path));
	budget->suppressed = 0;
	return count;
}

/* Sends a sum that was taken. */
static __always_inline void sum_send(union sum *sum, __u64 count)
{
	struct cgw_event *event = &sum->event;

	if (!count) {
		bpf_ringbuf_discard(sum, 0);
		return;
	}
	count_suppressed(0, count);
	event->abi_version = CGW_ABI_VERSION;
	event->size = sizeof(*event) + event->cgroup_len;
	event->flags = CGW_EVENT_SUPPRESSED;
	event->suppressed.count = count;
	event->time = bpf_ktime_get_boot_ns();
	event->cpu = bpf_get_smp_processor_id();
	event->sequence = sequence_take(count, false);
	bpf_ringbuf_submit(sum, 0);
}

/* Counts what a sum would have stood for as lost: there is no room for it. */
static __always_inline void sum_lose(__u64 count)
{
	if (!count)
		return;
	count_suppressed(0, count);
	sequence_take(count, true);
}

/* What one call asks the table. */
struct budget_request {
	const struct cgw_event *event; /* its cgroup, rule and verdict */
	__u64 now;
	__u64 interval; /* ns that the event costs */
	__u64 window;	/* ns by which the budget may be ahead */
};

static __always_inline bool budget_is(
	const struct cgw_budget *budget, const struct cgw_event *event)
{
	return budget->cgroup_id == event->cgroup_id && budget->rule_key == event->rule_key &&
	       budget->verdict == event->verdict && budget->kind == event->kind;
}

/* The entry of this cgroup and rule, or the one that was used longest ago. */
static __always_inline struct cgw_budget *budget_find(
	struct budget_set *set, const struct cgw_event *event)
{
	struct cgw_budget *oldest = &set->way[0];

#pragma unroll
	for (int i = 0; i < BUDGET_WAYS; i++) {
		if (budget_is(&set->way[i], event))
			return &set->way[i];
		if (set->way[i].used < oldest->used)
			oldest = &set->way[i];
	}
	return oldest;
}

/* True: the event may be sent. The set is locked. */
static __always_inline bool budget_use(
	struct cgw_budget *budget, const struct budget_request *request)
{
	__u64 ahead = budget->ahead;

	budget->used = request->now;
	budget->generation = request->event->generation;
	budget->rule = request->event->rule;
	if (ahead < request->now)
		ahead = request->now;
	ahead += request->interval;
	if (ahead - request->now <= request->window) {
		budget->ahead = ahead;
		return true;
	}
	if (!budget->suppressed)
		budget->since = request->now;
	budget->until = request->now;
	budget->suppressed++;
	return false;
}

static __always_inline void budget_begin(struct cgw_budget *budget, const struct cgw_event *event)
{
	budget->cgroup_id = event->cgroup_id;
	budget->rule_key = event->rule_key;
	budget->verdict = event->verdict;
	budget->kind = event->kind;
	budget->op = event->op;
	budget->hook = event->hook;
	budget->reason = event->reason;
	budget->judged = event->judged;
	budget->ahead = 0;
	budget->path_len = 0;
}

/*
 * The fuller the ring buffer, the fuller a budget must be: from half on the bursts shrink, to
 * nothing when the ring buffer is full. Whoever has not sent anything for long is the last to find
 * no room.
 */
static __always_inline __u64 window_left(__u64 window, __u64 interval)
{
	__u64 waiting = bpf_ringbuf_query(&cgward_events, BPF_RB_AVAIL_DATA);

	if (waiting > CGW_RING_SIZE)
		waiting = CGW_RING_SIZE;
	if (waiting > CGW_RING_SIZE / 2)
		window = window / (CGW_RING_SIZE / 2) * (CGW_RING_SIZE - waiting);
	return window > interval ? window : interval;
}

static __always_inline struct budget_set *budget_set_of(const struct cgw_event *event)
{
	__u64 hash = (event->cgroup_id * 0x9e3779b97f4a7c15ULL ^ event->rule_key) *
		     0x9e3779b97f4a7c15ULL;
	__u32 index = hash >> 40 & (BUDGET_SETS - 1);

	return bpf_map_lookup_elem(&cgward_budgets, &index);
}

/*
 * A new entry takes the place of another, whose sum must be sent, or else counted as lost. Two
 * functions, so that there is one test for NULL only: from a second one the verifier of Linux 6.1
 * follows both branches.
 */
static __noinline int budget_replace(
	struct budget_set *set, struct budget_request *request, union sum *sum)
{
	const struct cgw_event *event = request->event;
	struct cgw_budget *budget;
	__u64 count = 0;
	bool may;

	__builtin_memset(&sum->event, 0, sizeof(sum->event));
	bpf_spin_lock(&set->lock);
	budget = budget_find(set, event);
	if (!budget_is(budget, event)) {
		count = sum_take(sum, budget);
		budget_begin(budget, event);
	}
	may = budget_use(budget, request);
	bpf_spin_unlock(&set->lock);
	sum_send(sum, count);
	return may;
}

static __noinline int budget_replace_lost(struct budget_set *set, struct budget_request *request)
{
	const struct cgw_event *event = request->event;
	struct cgw_budget *budget;
	__u64 count = 0;
	bool may;

	bpf_spin_lock(&set->lock);
	budget = budget_find(set, event);
	if (!budget_is(budget, event)) {
		count = budget->suppressed;
		budget->suppressed = 0;
		budget_begin(budget, event);
	}
	may = budget_use(budget, request);
	bpf_spin_unlock(&set->lock);
	sum_lose(count);
	return may;
}

/*
 * Whether the event may be sent: 1, or 0 if it has been summed up. `event` has its cgroup, rule,
 * verdict, kind and generation. quiet: it is one of those that are summed up at once.
 */
static __noinline int budget_allows(struct call *call, struct scratch *scratch, __u32 quiet)
{
	__u32 settings = cgw_header(&call->view, settings);
	struct budget_request request = {.event = &scratch->event};
	struct cgw_budget *budget;
	struct budget_set *set;
	union sum *sum;
	bool may;

	if (!settings)
		return 1;
	request.interval = cgw_u64(
		&call->view, settings + (__u32)offsetof(struct cgw_settings, event_interval));
	set = budget_set_of(&scratch->event);
	if (!request.interval || !set)
		return 1;
	request.window = window_left(
		cgw_u64(&call->view, settings + (__u32)offsetof(struct cgw_settings, event_window)),
		request.interval);
	if (quiet)
		request.window = 0;
	request.now = bpf_ktime_get_boot_ns();
	bpf_spin_lock(&set->lock);
	budget = budget_find(set, &scratch->event);
	if (budget_is(budget, &scratch->event)) {
		may = budget_use(budget, &request);
		bpf_spin_unlock(&set->lock);
		if (!may)
			count_suppressed(1, 0);
		return may;
	}
	bpf_spin_unlock(&set->lock);
	sum = bpf_ringbuf_reserve(&cgward_events, sizeof(union sum), 0);
	if (sum)
		may = budget_replace(set, &request, sum);
	else
		may = budget_replace_lost(set, &request);
	if (!may)
		count_suppressed(1, 0);
	return may;
}

/* Puts the cgroup's path, which scratch->path holds, on record for the sums to come. */
static __noinline int budget_name(struct scratch *scratch)
{
	struct cgw_event *event = &scratch->event;
	struct budget_set *set;
	struct cgw_budget *budget;

	if (!event->cgroup_len || event->cgroup_len > CGW_BUDGET_PATH)
		return 0;
	set = budget_set_of(event);
	if (!set)
		return 0;
	bpf_spin_lock(&set->lock);
	budget = budget_find(set, event);
	if (budget_is(budget, event) && !budget->path_len) {
		__builtin_memcpy(budget->path, scratch->path.bytes, sizeof(budget->path));
		budget->path_len = event->cgroup_len;
	}
	bpf_spin_unlock(&set->lock);
	return 0;
}

#endif
