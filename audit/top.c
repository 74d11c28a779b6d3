// SPDX-License-Identifier: GPL-2.0-only
#include "top.h"

#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include "jsonl.h"

void top_free(struct top *top)
{
	for (size_t i = 0; i < top->count; i++) {
		free(top->entries[i].cgroup);
		free(top->entries[i].policy);
		free(top->entries[i].rule);
	}
	free(top->entries);
	*top = (struct top){0};
}

struct top_entry *top_entry(
	struct top *top, const char *cgroup, const char *policy, const char *rule)
{
	struct top_entry *entry;

	for (size_t i = 0; i < top->count; i++) {
		entry = &top->entries[i];
		if (!strcmp(entry->cgroup, cgroup) && !strcmp(entry->rule, rule) &&
			!strcmp(entry->policy, policy))
			return entry;
	}
	if (top->count == TOP_ENTRIES_MAX)
		return NULL;
	ARRAY_GROW(top->entries, top->count, top->room);
	entry = &top->entries[top->count++];
	*entry = (struct top_entry){
		.cgroup = xstrdup(cgroup),
		.policy = xstrdup(policy),
		.rule = xstrdup(rule),
	};
	return entry;
}

static void count(struct top *top, const json_t *line, uint64_t weight)
{
	const char *cgroup = jsonl_text(line, "cgroup"), *policy = jsonl_text(line, "policy");
	const char *rule = jsonl_text(line, "rule");
	struct top_entry *entry =
		top_entry(top, cgroup ? cgroup : "?", policy ? policy : "?", rule ? rule : "?");

	top->total += weight;
	if (entry)
		entry->total += weight;
	else
		top->unlisted += weight;
}

void top_line(struct top *top, const char *text, size_t length)
{
	json_t *line = jsonl_read(text, length);
	const char *type = jsonl_text(line, "type");
	uint64_t weight = 0;

	jsonl_number(line, "count", &weight);
	if (!type)
		top->bad_lines++;
	else if (!strcmp(type, "violation"))
		count(top, line, 1);
	else if (!strcmp(type, "suppressed"))
		count(top, line, weight);
	else
		top->lost += weight;
	json_decref(line);
}

/* What is no entry of one cgroup can become less, when its events are seen. */
static uint64_t news(uint64_t total, uint64_t shown)
{
	return total > shown ? total - shown : 0;
}

static int compare(const void *a, const void *b)
{
	const struct top_entry *left = a, *right = b;
	uint64_t left_new = news(left->total, left->shown);
	uint64_t right_new = news(right->total, right->shown);

	if (left_new != right_new)
		return left_new < right_new ? 1 : -1;
	if (left->total != right->total)
		return left->total < right->total ? 1 : -1;
	return strcmp(left->rule, right->rule);
}

/* Exactly `width` characters; what does not fit ends in a tilde. */
static void put_cell(struct strbuf *out, const char *text, size_t width)
{
	size_t start = out->length;

	for (; *text && out->length - start <= width; text++) {
		unsigned char byte = *text;

		if (byte < 0x20 || byte > 0x7e)
			strbuf_printf(out, "\\x%02x", byte);
		else
			strbuf_putc(out, byte);
	}
	if (out->length - start > width) {
		out->length = start + width;
		out->data[out->length - 1] = '~';
	}
	while (out->length - start < width)
		strbuf_putc(out, ' ');
}

static void put_line(struct strbuf *out, struct strbuf *line, int columns)
{
	strbuf_add(
		out, line->data, line->length < (size_t)columns ? line->length : (size_t)columns);
	strbuf_putc(out, '\n');
	line->length = 0;
}

static void put_row(struct strbuf *line, const char *rate, const char *total, const char *cgroup,
	const char *policy, const char *rule, int columns)
{
	/* Numbers take 22; names a third, a fifth, and the rest. */
	int names = columns > 48 ? columns - 26 : 22;

	strbuf_printf(line, "%10s %11s ", rate, total);
	put_cell(line, cgroup, names / 3);
	strbuf_putc(line, ' ');
	put_cell(line, policy, names / 5);
	strbuf_putc(line, ' ');
	put_cell(line, rule, names - names / 3 - names / 5);
}

void top_draw(struct top *top, double seconds, int rows, int columns, struct strbuf *out)
{
	struct strbuf line __attribute__((cleanup(strbuf_free))) = STRBUF_INIT;
	char rate[32], total[32];
	int row = 2;

	strbuf_printf(&line, "%" PRIu64 " violations, %.1f/s, %" PRIu64 " lost", top->total,
		(double)news(top->total, top->shown) / seconds, top->lost);
	if (top->unlisted || top->bad_lines)
		strbuf_printf(&line, ", %" PRIu64 " not listed, %" PRIu64 " lines not understood",
			top->unlisted, top->bad_lines);
	put_line(out, &line, columns);
	put_row(&line, "RATE/S", "TOTAL", "CGROUP", "POLICY", "RULE", columns);
	put_line(out, &line, columns);
	if (top->count)
		qsort(top->entries, top->count, sizeof(*top->entries), compare);
	for (size_t i = 0; i < top->count; i++) {
		struct top_entry *entry = &top->entries[i];

		if (entry->total && row < rows) {
			row++;
			snprintf(rate, sizeof(rate), "%.1f",
				(double)news(entry->total, entry->shown) / seconds);
			snprintf(total, sizeof(total), "%" PRIu64, entry->total);
			put_row(&line, rate, total, entry->cgroup, entry->policy, entry->rule,
				columns);
			put_line(out, &line, columns);
		}
		entry->shown = entry->total;
	}
	top->shown = top->total;
}
