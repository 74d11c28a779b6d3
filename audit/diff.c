// SPDX-License-Identifier: GPL-2.0-only
#include "diff.h"

#include <stdbool.h>
#include <stdlib.h>
#include <string.h>

#define CONTEXT 3

struct lines {
	const char **starts; /* one more than there are: the end */
	size_t count;
};

static void split(struct lines *lines, const char *text)
{
	size_t room = 0;

	*lines = (struct lines){0};
	while (*text) {
		ARRAY_GROW(lines->starts, lines->count, room);
		lines->starts[lines->count++] = text;
		text += strcspn(text, "\n");
		text += *text == '\n';
	}
	ARRAY_GROW(lines->starts, lines->count, room);
	lines->starts[lines->count] = text;
}

static void put_lines(struct strbuf *out, char mark, const char *text, size_t length)
{
	while (length) {
		const char *newline = memchr(text, '\n', length);
		size_t line = newline ? (size_t)(newline - text) + 1 : length;

		strbuf_putc(out, mark);
		strbuf_add(out, text, line);
		if (!newline)
			strbuf_puts(out, "\n\\ No newline at end of file\n");
		text += line;
		length -= line;
	}
}

/* Lines from..to (from 0, without `to`) of the old text. */
static void put_old(
	struct strbuf *out, const struct lines *lines, char mark, size_t from, size_t to)
{
	put_lines(out, mark, lines->starts[from], lines->starts[to] - lines->starts[from]);
}

static size_t count_lines(const char *text)
{
	size_t count = 0;

	for (; *text; text++)
		count += *text == '\n';
	return count;
}

/* How many insertions share a hunk with the first one. */
static size_t hunk_size(const struct insertion *insertions, size_t count)
{
	size_t size = 1;

	while (size < count && insertions[size].after - insertions[size - 1].after <= 2 * CONTEXT)
		size++;
	return size;
}

static size_t begin_of(const struct insertion *insertion)
{
	return insertion->after > CONTEXT ? insertion->after - CONTEXT : 0;
}

static void put_insertion(
	struct strbuf *out, const struct lines *lines, const struct insertion *insertion)
{
	bool last = insertion->after && insertion->after == lines->count &&
		    lines->starts[lines->count][-1] != '\n';

	/* A line that does not end cannot stand before another one. */
	if (last) {
		put_old(out, lines, '-', insertion->after - 1, insertion->after);
		strbuf_putc(out, '+');
		strbuf_puts(out, lines->starts[insertion->after - 1]);
		strbuf_putc(out, '\n');
	}
	put_lines(out, '+', insertion->text, strlen(insertion->text));
}

static void put_hunk(struct strbuf *out, const struct lines *lines,
	const struct insertion *insertions, size_t count, size_t added)
{
	size_t begin = begin_of(&insertions[0]), at = begin, more = 0;
	size_t end = insertions[count - 1].after + CONTEXT;

	end = end < lines->count ? end : lines->count;
	for (size_t i = 0; i < count; i++)
		more += count_lines(insertions[i].text);
	strbuf_printf(out, "@@ -%zu,%zu +%zu,%zu @@\n", begin + (end > begin), end - begin,
		begin + added + 1, end - begin + more);
	for (size_t i = 0; i < count; i++) {
		bool open = insertions[i].after && insertions[i].after == lines->count &&
			    lines->starts[lines->count][-1] != '\n';

		put_old(out, lines, ' ', at, insertions[i].after - open);
		put_insertion(out, lines, &insertions[i]);
		at = insertions[i].after;
	}
	put_old(out, lines, ' ', at, end);
}

void diff_print(struct strbuf *out, const char *file, const char *text,
	const struct insertion *insertions, size_t count)
{
	struct lines lines;
	size_t added = 0, size;

	split(&lines, text);
	strbuf_printf(out, "--- %s\n+++ %s\n", file, file);
	for (size_t i = 0; i < count; i += size) {
		size = hunk_size(&insertions[i], count - i);
		put_hunk(out, &lines, &insertions[i], size, added);
		for (size_t j = i; j < i + size; j++)
			added += count_lines(insertions[j].text);
	}
	free(lines.starts);
}

void diff_apply(
	struct strbuf *out, const char *text, const struct insertion *insertions, size_t count)
{
	struct lines lines;
	size_t at = 0;

	split(&lines, text);
	for (size_t i = 0; i < count; i++) {
		strbuf_add(out, lines.starts[at],
			lines.starts[insertions[i].after] - lines.starts[at]);
		if (out->length && out->data[out->length - 1] != '\n')
			strbuf_putc(out, '\n');
		strbuf_puts(out, insertions[i].text);
		at = insertions[i].after;
	}
	strbuf_puts(out, lines.starts[at]);
	free(lines.starts);
}
