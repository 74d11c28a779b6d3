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
static void add(struct observations *observations, const json_t *line, int64_t time,
	struct subject *subject, const char *operation)
{
	const char *cgroup = jsonl_text(line, "cgroup"), *policy = jsonl_text(line, "policy");
	const char *comm = jsonl_text(line, "comm");
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

static void add_violation(struct observations *observations, const json_t *line, int64_t time)
{
	struct strbuf operation __attribute__((cleanup(strbuf_free))) = STRBUF_INIT;
	const char *verdict = jsonl_text(line, "verdict"), *why;
	struct subject subject;

	if (!verdict || !jsonl_text(line, "cgroup")) {
		observations->bad_lines++;
	} else if (strcmp(verdict, "audit") && !observations->denials) {
		observations->denied++;
	} else if (!jsonl_text(line, "policy")) {
		observed_leave(observations, "its policy is not known any more", 1);
	} else if (subject_of(&subject, &operation, line, &why)) {
		observed_leave(observations, why, 1);
	} else {
		observations->violations++;
		add(observations, line, time, &subject, operation.data);
	}
}

void observed_line(struct observations *observations, const char *text, size_t length)
{
	json_t *line = jsonl_read(text, length);
	const char *type = jsonl_text(line, "type"), *when = jsonl_text(line, "time");
	uint64_t lost;
	int64_t time;

	if (!type || !when || clock_parse(when, 0, &time))
		observations->bad_lines++;
	else if (!strcmp(type, "violation"))
		add_violation(observations, line, time);
	else if (jsonl_number(line, "count", &lost))
		observations->lost += lost;
	json_decref(line);
}
