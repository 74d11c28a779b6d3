// SPDX-License-Identifier: GPL-2.0-only
#include "tally.h"

#include <stdlib.h>
#include <string.h>
#include "clock.h"
#include "jsonl.h"
#include "strbuf.h"

#define NAMED_MAX TALLY_ENTRIES_MAX

void tally_free(struct tally *tally)
{
	for (size_t kind = 0; kind < TALLY_KINDS; kind++) {
		for (size_t i = 0; i < tally->counts[kind]; i++)
			free(tally->entries[kind][i].name);
		free(tally->entries[kind]);
	}
	*tally = (struct tally){0};
}

/* Two columns become one; an odd start needs an empty column before it. */
static void halve(uint64_t *columns, bool odd)
{
	uint64_t wide[TALLY_COLUMNS] = {0};

	for (size_t i = 0; i < TALLY_COLUMNS; i++)
		if ((i + odd) / 2 < TALLY_COLUMNS)
			wide[(i + odd) / 2] += columns[i];
	memcpy(columns, wide, sizeof(wide));
}

/* Moves what there is to later columns. The caller knows that the last ones are empty. */
static void shift(uint64_t *columns, size_t by)
{
	memmove(columns + by, columns, (TALLY_COLUMNS - by) * sizeof(*columns));
	memset(columns, 0, by * sizeof(*columns));
}

static void widen(struct tally *tally)
{
	bool odd = tally->start / tally->width % 2;

	for (size_t i = 0; i < TALLY_SERIES; i++)
		halve(tally->series[i], odd);
	for (size_t kind = 0; kind < TALLY_KINDS; kind++)
		for (size_t i = 0; i < tally->counts[kind]; i++)
			halve(tally->entries[kind][i].columns, odd);
	tally->start -= odd ? tally->width : 0;
	tally->width *= 2;
}

static void begin_earlier(struct tally *tally, size_t by)
{
	for (size_t i = 0; i < TALLY_SERIES; i++)
		shift(tally->series[i], by);
	for (size_t kind = 0; kind < TALLY_KINDS; kind++)
		for (size_t i = 0; i < tally->counts[kind]; i++)
			shift(tally->entries[kind][i].columns, by);
	tally->start -= by * tally->width;
}

static int64_t floor_to(int64_t time, int64_t width)
{
	return time - time % width;
}

static size_t column_of(struct tally *tally, int64_t time)
{
	if (!tally->width) {
		tally->width = NSEC_PER_SEC;
		tally->start = floor_to(time, tally->width);
		tally->first = tally->last = time;
	}
	if (time < tally->first)
		tally->first = time;
	if (time > tally->last)
		tally->last = time;
	while (floor_to(tally->last, tally->width) - floor_to(tally->first, tally->width) >=
		TALLY_COLUMNS * tally->width)
		widen(tally);
	if (floor_to(tally->first, tally->width) < tally->start)
		begin_earlier(tally,
			(tally->start - floor_to(tally->first, tally->width)) / tally->width);
	return (time - tally->start) / tally->width;
}

static struct tally_entry *entry_of(struct tally *tally, enum tally_kind kind, const char *name)
{
	struct tally_entry *entries = tally->entries[kind], *entry;
	size_t count = tally->counts[kind];

	for (size_t i = 0; i < count; i++) {
		if (entries[i].name && strcmp(entries[i].name, name))
			continue;
		if (entries[i].name || count > NAMED_MAX)
			return &entries[i];
	}
	ARRAY_GROW(tally->entries[kind], tally->counts[kind], tally->rooms[kind]);
	entry = &tally->entries[kind][tally->counts[kind]++];
	*entry = (struct tally_entry){.name = count < NAMED_MAX ? xstrdup(name) : NULL};
	return entry;
}

void tally_add(struct tally *tally, enum tally_series series, int64_t time, uint64_t weight,
	const char *const names[TALLY_KINDS])
{
	size_t column = column_of(tally, time);

	tally->series[series][column] += weight;
	tally->totals[series] += weight;
	for (size_t kind = 0; kind < TALLY_KINDS; kind++) {
		struct tally_entry *entry;

		if (!names[kind])
			continue;
		entry = entry_of(tally, kind, names[kind]);
		entry->total += weight;
		entry->columns[column] += weight;
	}
}

void tally_line(struct tally *tally, const char *text, size_t length)
{
	json_t *line = jsonl_read(text, length);
	const char *type = jsonl_text(line, "type"), *when = jsonl_text(line, "time");
	const char *verdict = jsonl_text(line, "verdict");
	const char *const names[TALLY_KINDS] = {
		[TALLY_POLICY] = jsonl_text(line, "policy"),
		[TALLY_RULE] = jsonl_text(line, "rule"),
		[TALLY_CGROUP] = jsonl_text(line, "cgroup"),
		[TALLY_KIND] = jsonl_text(line, "kind"),
		[TALLY_CONTAINER] = jsonl_text(json_object_get(line, "container"), "id"),
	};
	uint64_t count = 0;
	int64_t time;

	if (!type || !when || clock_parse(when, 0, &time)) {
		tally->bad_lines++;
	} else if (!strcmp(type, "violation") || !strcmp(type, "suppressed")) {
		if (!strcmp(type, "violation"))
			count = 1;
		else
			jsonl_number(line, "count", &count);
		tally_add(tally,
			verdict && !strcmp(verdict, "audit") ? TALLY_AUDITED : TALLY_DENIED, time,
			count, names);
	} else {
		jsonl_number(line, "count", &count);
		tally_add(tally, TALLY_LOST, time, count, (const char *[TALLY_KINDS]){0});
	}
	json_decref(line);
}

static int compare(const void *a, const void *b)
{
	const struct tally_entry *left = a, *right = b;

	if (left->total != right->total)
		return left->total < right->total ? 1 : -1;
	return strcmp(left->name ? left->name : "", right->name ? right->name : "");
}

void tally_sort(struct tally *tally)
{
	for (size_t kind = 0; kind < TALLY_KINDS; kind++)
		if (tally->counts[kind])
			qsort(tally->entries[kind], tally->counts[kind],
				sizeof(*tally->entries[kind]), compare);
}
