/* SPDX-License-Identifier: GPL-2.0-only */
/* scratch.h - claiming and releasing scratch memory; see maps.h for why there are several slots a
 * CPU. */
#ifndef CGW_SCRATCH_H
#define CGW_SCRATCH_H

#include "maps.h"

struct scratch_search {
	__u32 from;
	__u32 found; /* index + 1 */
};

static long scratch_try(__u32 turn, void *context)
{
	struct scratch_search *search = context;
	__u32 index = (search->from + turn) & (SCRATCH_SLOTS_SHARED - 1);
	struct scratch *scratch = bpf_map_lookup_elem(&cgward_scratches, &index);

	if (!scratch || __sync_lock_test_and_set(&scratch->busy, 1))
		return 0;
	search->found = index + 1;
	return 1;
}

static __noinline struct scratch *scratch_claim_shared(void)
{
	struct scratch_search search = {.from = bpf_get_prandom_u32()};
	__u32 index;

	__sync_fetch_and_add(&search.found, 0); /* forgotten by the verifier: see path_walk() */
	bpf_loop(SCRATCH_SLOTS_SHARED, scratch_try, &search, 0);
	index = search.found - 1;
	return search.found ? bpf_map_lookup_elem(&cgward_scratches, &index) : NULL;
}

/* A slot that is nobody else's, or NULL: so many calls have preempted each other. */
static __always_inline struct scratch *scratch_claim(void)
{
	__u32 base = SCRATCH_SLOTS_SHARED + bpf_get_smp_processor_id() * SCRATCH_SLOTS_PER_CPU;

	for (__u32 i = 0; i < SCRATCH_SLOTS_PER_CPU; i++) {
		__u32 index = base + i;
		struct scratch *scratch = bpf_map_lookup_elem(&cgward_scratches, &index);

		if (scratch && !__sync_lock_test_and_set(&scratch->busy, 1))
			return scratch;
	}
	return scratch_claim_shared();
}

static __always_inline void scratch_release(struct scratch *scratch)
{
	__sync_lock_test_and_set(&scratch->busy, 0);
}

#endif
