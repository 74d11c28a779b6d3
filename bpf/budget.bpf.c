/* SPDX-License-Identifier: GPL-2.0-only */
/* budget.bpf.c - run by the reader, over the map of budgets: sends the sums of what was suppressed.
 */
#include "budget.h"

SEC("iter/bpf_map_elem")
int cgward_sums(struct bpf_iter__bpf_map_elem *ctx)
{
	__u32 *key = ctx->key, index;
	struct budget_set *set;

	if (!key) /* the end */
		return 0;
	index = *key;
	set = bpf_map_lookup_elem(&cgward_budgets, &index);
	if (!set)
		return 0;
#pragma unroll
	for (int i = 0; i < BUDGET_WAYS; i++) {
		union sum *sum;
		__u64 count;

		if (!set->way[i].suppressed)
			continue;
		sum = bpf_ringbuf_reserve(&cgward_events, sizeof(union sum), 0);
		if (!sum) /* it stays where it is */
			return 0;
		__builtin_memset(&sum->event, 0, sizeof(sum->event));
		bpf_spin_lock(&set->lock);
		count = sum_take(sum, &set->way[i]);
		bpf_spin_unlock(&set->lock);
		sum_send(sum, count);
	}
	return 0;
}
