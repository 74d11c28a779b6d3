// SPDX-License-Identifier: GPL-2.0-only
#include "observed.h"

#include <stdlib.h>
#include <string.h>
#include "clock.h"

void observed_free(struct observations *observations)
{
	for (size_t i = 0; i < observations->count; i++) {
		struct observed *item = &observations->items[i];

		free(item->cgroup);
		free(item->policy);
		free(item->comm);
		free(item->operation);
		subject_free(&item->subject);
	}
	free(observations->items);
	free(observations->table);
	*observations = (struct observations){0};
}

void observed_leave(struct observations *observations, const char *why, uint64_t count)
{
	for (size_t i = 0; i < OBSERVED_REASONS_MAX; i++) {
		struct observed_left *left = &observations->left[i];

		if (i == observations->left_count) {
			observations->left_count++;
			left->why = why;
		}
		if (left->why != why)
			continue;
		left->count += count;
		return;
	}
}

static uint64_t hash(uint64_t start, const char *text)
{
	do
		start = (start ^ (uint8_t)*text) * 0x100000001b3ULL;
	while (*text++);
	return start;
}

static uint64_t hash_of(const char *cgroup, const char *policy, const char *operation)
{
	uint64_t sum = hash(hash(hash(0xcbf29ce484222325ULL, cgroup), policy), operation);

	return sum ^ sum >> 29;
}

/* Where the item is, or is to be. */
static uint32_t *place_of(struct observations *observations, const char *cgroup, const char *policy,
	const char *operation)
{
	size_t mask = observations->table_size - 1;

	for (size_t at = hash_of(cgroup, policy, operation);; at++) {
		uint32_t *place = &observations->table[at & mask];
		const struct observed *item = &observations->items[*place - 1];

		if (!*place ||
			(!strcmp(item->operation, operation) && !strcmp(item->cgroup, cgroup) &&
				!strcmp(item->policy, policy)))
			return place;
	}
}

/* Never more than half full. */
static void table_grow(struct observations *observations)
{
	if (observations->count * 2 < observations->table_size)
		return;
	free(observations->table);
	observations->table_size = observations->table_size ? observations->table_size * 2 : 1024;
	observations->table = xcalloc(observations->table_size, sizeof(*observations->table));
	for (size_t i = 0; i < observations->count; i++) {
		const struct observed *item = &observations->items[i];

		*place_of(observations, item->cgroup, item->policy, item->operation) = i + 1;
	}
}

/* Takes what the subject owns. */
static void add(struct observations *observations, const struct fields *fields, int64_t time,
	struct subject *subject, const char *operation)
{
	const char *cgroup = fields_text(fields, "cgroup"), *policy = fields_text(fields, "policy");
	const char *comm = fields_text(fields, "comm");
	struct observed *item;
	uint32_t *place;

	table_grow(observations);
	place = place_of(observations, cgroup, policy, operation);
	if (!*place) {
		ARRAY_GROW(observations->items, observations->count, observations->room);
		observations->items[observations->count++] = (struct observed){
			.cgroup = xstrdup(cgroup),
			.policy = xstrdup(policy),
			.comm = xstrdup(comm ? comm : "?"),
			.operation = xstrdup(operation),
			.subject = *subject,
			.first = time,
			.last = time,
		};
		*place = observations->count;
	} else {
		subject_free(subject);
	}
	item = &observations->items[*place - 1];
	item->count++;
	if (time < item->first)
		item->first = time;
	if (time > item->last)
		item->last = time;
}

static void add_violation(
	struct observations *observations, const struct fields *fields, int64_t time)
{
	struct strbuf operation __attribute__((cleanup(strbuf_free))) = STRBUF_INIT;
	const char *verdict = fields_text(fields, "verdict"), *why;
	struct subject subject;

	if (!verdict || !fields_text(fields, "cgroup")) {
		observations->bad_lines++;
	} else if (strcmp(verdict, "audit") && !observations->denials) {
		observations->denied++;
	} else if (!fields_text(fields, "policy")) {
		observed_leave(observations, "its policy is not known any more", 1);
	} else if (subject_of(&subject, &operation, fields, &why)) {
		observed_leave(observations, why, 1);
	} else {
		observations->violations++;
		add(observations, fields, time, &subject, operation.data);
	}
}

static void add_lost(struct observations *observations, const struct fields *fields)
{
	for (size_t i = 0; i < fields->count; i++)
		if (!strcmp(fields->members[i].name, "count"))
			observations->lost += fields->members[i].number;
}

void observed_line(struct observations *observations, char *line, size_t length)
{
	struct fields fields = {.count = 0};
	const char *type, *text;
	int64_t time;

	if (jsonl_parse(line, length, fields_visit, &fields)) {
		observations->bad_lines++;
		return;
	}
	type = fields_text(&fields, "type");
	text = fields_text(&fields, "time");
	if (!type || !text || clock_parse(text, 0, &time))
		observations->bad_lines++;
	else if (strcmp(type, "violation"))
		add_lost(observations, &fields);
	else
		add_violation(observations, &fields, time);
}
