/* SPDX-License-Identifier: GPL-2.0-only */
/* scratch.h - claiming and releasing scratch memory; see maps.h for why there are several slots a
 * CPU. */
#ifndef CGW_SCRATCH_H
#define CGW_SCRATCH_H

#include "maps.h"

/* A slot that is nobody else's, or NULL: four calls have preempted each other on this CPU. */
static __always_inline struct scratch *scratch_claim(void)
{
	__u32 base = bpf_get_smp_processor_id() * SCRATCH_SLOTS_PER_CPU;

	for (__u32 i = 0; i < SCRATCH_SLOTS_PER_CPU; i++) {
		__u32 index = base + i;
		struct scratch *scratch = bpf_map_lookup_elem(&scratches, &index);

		if (scratch && !__sync_lock_test_and_set(&scratch->busy, 1))
			return scratch;
	}
	return NULL;
}

static __always_inline void scratch_release(struct scratch *scratch)
{
	__sync_lock_test_and_set(&scratch->busy, 0);
}

#endif
