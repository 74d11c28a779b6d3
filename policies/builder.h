/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * builder.h - the bytes of an image while it is made. Offsets are those in the image.
 *
 * When the image would become too large, `full` is set and nothing is added any more: offsets are
 * then 0. The caller looks at `full` when it is convenient.
 */
#ifndef CGW_BUILDER_H
#define CGW_BUILDER_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "abi.h"
#include "automaton.h"
#include "intern.h"
#include "interval.h"

#define IMAGE_SIZE_MAX ((size_t)CGW_PAGES_MAX << CGW_PAGE_SHIFT)

struct builder {
	uint8_t *data;
	size_t length, room;
	bool full;
	struct intern shared; /* what builder_share() added */
	uint32_t *shared_at;
	size_t shared_count, shared_room;
};

void builder_free(struct builder *builder);

/* Zeros, on a multiple of `align` (a power of two). The offset. */
uint32_t builder_reserve(struct builder *builder, size_t size, size_t align);

uint32_t builder_add(struct builder *builder, const void *bytes, size_t size, size_t align);

/* The same; bytes that were added this way before are not added again. */
uint32_t builder_share(struct builder *builder, const void *bytes, size_t size, size_t align);

/* A table whose keys are one word each; the first step begins at 0. */
uint32_t builder_table(struct builder *builder, const struct step *steps, size_t count);

/*
 * A chain of automata. accept() gives what a state with this set of marks accepts; it may add to
 * the builder. `list` may be empty: 0.
 */
uint32_t builder_chain(struct builder *builder, const struct automaton *list, size_t count,
	uint32_t (*accept)(void *context, const struct mark_set *marks), void *context);

#endif
