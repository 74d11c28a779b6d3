// SPDX-License-Identifier: GPL-2.0-only
/* builder.c - the bytes of an image while it is made. */
#include "builder.h"

#include <stdlib.h>
#include <string.h>

#include "strbuf.h"

/* An automaton of at most this size does not straddle pages: a decision fetches one page for it. */
#define UNDIVIDED_MAX (CGW_PAGE_SIZE / 4)

void builder_free(struct builder *builder)
{
	free(builder->data);
	free(builder->shared_at);
	intern_free(&builder->shared);
	*builder = (struct builder){0};
}

static size_t align_up(size_t offset, size_t align)
{
	return (offset + align - 1) & ~(align - 1);
}

uint32_t builder_reserve(struct builder *builder, size_t size, size_t align)
{
	size_t offset = align_up(builder->length, align);

	if (builder->full || size > IMAGE_SIZE_MAX || offset + size > IMAGE_SIZE_MAX) {
		builder->full = true;
		return 0;
	}
	if (offset + size > builder->room) {
		builder->room = 2 * (offset + size);
		builder->data = xrealloc(builder->data, builder->room, 1);
	}
	memset(builder->data + builder->length, 0, offset + size - builder->length);
	builder->length = offset + size;
	return offset;
}

uint32_t builder_add(struct builder *builder, const void *bytes, size_t size, size_t align)
{
	uint32_t offset = builder_reserve(builder, size, align);

	if (!builder->full && size)
		memcpy(builder->data + offset, bytes, size);
	return offset;
}

uint32_t builder_share(struct builder *builder, const void *bytes, size_t size, size_t align)
{
	uint32_t number = intern_add(&builder->shared, bytes, size);

	if (number == builder->shared_count) {
		ARRAY_GROW(builder->shared_at, builder->shared_count, builder->shared_room);
		builder->shared_at[builder->shared_count++] =
			builder_add(builder, bytes, size, align);
	}
	return builder->shared_at[number];
}

uint32_t builder_table(struct builder *builder, const struct step *steps, size_t count)
{
	struct cgw_table table = {.count = count};
	uint32_t offset = builder_reserve(builder, sizeof(table), 4);

	table.keys = builder_reserve(builder, count * sizeof(uint32_t), 4);
	table.values = builder_reserve(builder, count * sizeof(uint32_t), 4);
	if (builder->full)
		return 0;
	memcpy(builder->data + offset, &table, sizeof(table));
	for (size_t i = 0; i < count; i++) {
		memcpy(builder->data + table.keys + 4 * i, &steps[i].first, 4);
		memcpy(builder->data + table.values + 4 * i, &steps[i].value, 4);
	}
	return offset;
}

/* ---- automata ---- */

static void write_rows(struct builder *builder, const struct automaton *automaton,
	const struct cgw_automaton *header, const uint32_t *accepts)
{
	for (uint32_t state = 0; state < automaton->state_count; state++) {
		const uint32_t *next = automaton->next + (size_t)state * automaton->class_count;
		uint8_t *at = builder->data + header->rows + ((size_t)state << header->shift);

		memcpy(at, &accepts[automaton->set_of[state]], 4);
		for (uint32_t class = 0; class < automaton->class_count; class ++) {
			uint32_t offset = next[class] << header->shift;

			memcpy(at + 4 + 4 * class, &offset, 4);
		}
	}
}

static uint32_t write_automaton(
	struct builder *builder, const struct automaton *automaton, const uint32_t *accepts)
{
	struct cgw_automaton header = {
		.shift = 3, .row_count = automaton->state_count, .classes = automaton->class_count};
	size_t rows_size, whole;
	uint32_t offset;

	while (1U << header.shift < 4 * (1 + header.classes))
		header.shift++;
	header.start = automaton->start << header.shift;
	memcpy(header.class_of, automaton->class_of, sizeof(header.class_of));
	rows_size = (size_t)header.row_count << header.shift;
	/* the header may begin on any multiple of 512: count with the worst place for the rows */
	whole = align_up(CGW_AUTOMATON_ALIGN + sizeof(header), 1U << header.shift) + rows_size;
	offset = align_up(builder->length, CGW_AUTOMATON_ALIGN);
	if (whole <= UNDIVIDED_MAX &&
		offset / CGW_PAGE_SIZE != (offset + whole - 1) / CGW_PAGE_SIZE)
		builder_reserve(builder, 0, CGW_PAGE_SIZE);
	offset = builder_reserve(builder, sizeof(header), CGW_AUTOMATON_ALIGN);
	header.rows = builder_reserve(builder, rows_size, 1U << header.shift);
	if (builder->full)
		return 0;
	memcpy(builder->data + offset, &header, sizeof(header));
	write_rows(builder, automaton, &header, accepts);
	return offset;
}

uint32_t builder_chain(struct builder *builder, const struct automaton *list, size_t count,
	uint32_t (*accept)(void *context, const struct mark_set *marks), void *context)
{
	uint32_t first = 0, last = 0;

	for (size_t i = 0; i < count && !builder->full; i++) {
		uint32_t *accepts = xcalloc(list[i].set_count + 1, sizeof(*accepts));
		uint32_t offset;

		for (size_t j = 1; j < list[i].set_count; j++)
			accepts[j] = accept(context, &list[i].sets[j]);
		offset = write_automaton(builder, &list[i], accepts);
		free(accepts);
		if (builder->full)
			break;
		if (last)
			memcpy(builder->data + last, &offset, sizeof(offset));
		else
			first = offset;
		last = offset;
	}
	return builder->full ? 0 : first;
}
