/* SPDX-License-Identifier: GPL-2.0-only */
/* minimise.h - which states of a deterministic automaton are equivalent. */
#ifndef CGW_MINIMISE_H
#define CGW_MINIMISE_H

#include <stddef.h>
#include <stdint.h>

/*
 * next[state * class_count + class] is a state; state 0 is dead. accept[state] tells states apart
 * from the start. Fills in block_of[state]: equal for equivalent states, 0 for the dead one. Every
 * state is to be reachable, and some state that accepts reachable from each but the dead one.
 * Returns the number of blocks, the dead one included.
 */
size_t minimise(uint32_t *block_of, const uint32_t *next, const uint32_t *accept,
	size_t state_count, size_t class_count);

#endif
