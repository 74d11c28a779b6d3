// SPDX-License-Identifier: GPL-2.0-only
/* ports.c - tables port -> ref, and classes of one table for each protocol. */
#include "ports.h"

#include <stdlib.h>
#include <string.h>

#include "strbuf.h"

#define PORT_MAX 65535U

void ports_init(struct ports *ports, size_t bytes_max)
{
	static const struct step nothing;
	static const struct ports_class none;

	*ports = (struct ports){.bytes_max = bytes_max};
	intern_add(&ports->tables, &nothing, sizeof(nothing));
	intern_add(&ports->classes, &none, sizeof(none));
}

void ports_free(struct ports *ports)
{
	intern_free(&ports->tables);
	intern_free(&ports->classes);
}

static const struct step *table_steps(const struct ports *ports, uint32_t table, size_t *count)
{
	const struct step *steps = intern_get(&ports->tables, table, count);

	*count /= sizeof(*steps);
	return steps;
}

static uint32_t add_table(struct ports *ports, const struct step *steps, size_t count)
{
	uint32_t table = intern_add(&ports->tables, steps, count * sizeof(*steps));

	if (ports->tables.length > ports->bytes_max)
		ports->full = true;
	return table;
}

/* ---- rules over a table ---- */

struct span_list {
	struct span *spans;
	size_t count, room;
};

static void add_span(struct span_list *list, uint32_t first, uint32_t last, uint32_t value)
{
	ARRAY_GROW(list->spans, list->count, list->room);
	list->spans[list->count++] = (struct span){.first = first, .last = last, .value = value};
}

static void add_rule(struct span_list *list, const struct ports_rule *rule)
{
	const struct rule_peer *peer = &rule->rule->peer;

	if (!peer->port_count)
		add_span(list, 0, PORT_MAX, rule->ref);
	for (size_t i = 0; i < peer->port_count; i++)
		add_span(list, peer->ports[i].first, peer->ports[i].last, rule->ref);
}

static void add_steps(struct span_list *list, const struct step *steps, size_t count)
{
	for (size_t i = 0; i < count; i++)
		if (steps[i].value)
			add_span(list, steps[i].first,
				i + 1 < count ? steps[i + 1].first - 1 : PORT_MAX, steps[i].value);
}

/* A step that begins behind the last port is not one. */
static size_t cut_steps(const struct step *steps, size_t count)
{
	while (count > 1 && steps[count - 1].first > PORT_MAX)
		count--;
	return count;
}

static uint32_t overlay(struct ports *ports, uint32_t outer, const struct ports_rule *const *rules,
	size_t count, uint32_t proto)
{
	struct span_list list = {0};
	const struct step *steps;
	struct step *result;
	size_t step_count;
	uint32_t table;

	steps = table_steps(ports, outer, &step_count);
	add_steps(&list, steps, step_count);
	for (size_t i = 0; i < count; i++)
		if (rules[i]->rule->protos & 1U << proto)
			add_rule(&list, rules[i]);
	step_count = spans_resolve(&result, list.spans, list.count);
	table = add_table(ports, result, cut_steps(result, step_count));
	free(result);
	free(list.spans);
	return table;
}

/* The least protocol that the same rules hold for, and for which the table before is the same. */
static uint32_t same_protocol(const struct ports_class *outer,
	const struct ports_rule *const *rules, size_t count, uint32_t proto)
{
	for (uint32_t other = 1; other < proto; other++) {
		bool same = outer->table[other] == outer->table[proto];

		for (size_t i = 0; i < count && same; i++)
			same = !((rules[i]->rule->protos >> proto ^
					 rules[i]->rule->protos >> other) &
				 1);
		if (same)
			return other;
	}
	return proto;
}

uint32_t ports_add(
	struct ports *ports, uint32_t outer, const struct ports_rule *const *rules, size_t count)
{
	struct ports_class before =
		*(const struct ports_class *)intern_get(&ports->classes, outer, NULL);
	struct ports_class class = before;

	if (ports->full)
		return outer;
	for (uint32_t proto = 1; proto < CGW_PROTO_UNIX; proto++) {
		uint32_t same = same_protocol(&before, rules, count, proto);

		class.table[proto] =
			same < proto ? class.table[same]
				     : overlay(ports, before.table[proto], rules, count, proto);
	}
	return intern_add(&ports->classes, &class, sizeof(class));
}

/* ---- a choice between tables ---- */

static uint32_t choose_table(struct ports *ports, const uint32_t tables[static 4],
	uint32_t (*choose)(const uint32_t refs[static 4]))
{
	const struct step *steps[4];
	size_t counts[4], at[4] = {0}, count = 0, room = 0;
	struct step *result = NULL;
	uint32_t key = 0, refs[4], table;

	for (int i = 0; i < 4; i++)
		steps[i] = table_steps(ports, tables[i], &counts[i]);
	while (key <= PORT_MAX) {
		uint32_t next = PORT_MAX + 1;

		for (int i = 0; i < 4; i++) {
			if (at[i] + 1 < counts[i] && steps[i][at[i] + 1].first == key)
				at[i]++;
			if (at[i] + 1 < counts[i] && steps[i][at[i] + 1].first < next)
				next = steps[i][at[i] + 1].first;
			refs[i] = steps[i][at[i]].value;
		}
		if (!count || result[count - 1].value != choose(refs)) {
			ARRAY_GROW(result, count, room);
			result[count++] = (struct step){.first = key, .value = choose(refs)};
		}
		key = next;
	}
	table = add_table(ports, result, count);
	free(result);
	return table;
}

uint32_t ports_choose(struct ports *ports, const uint32_t classes[static 4],
	uint32_t (*choose)(const uint32_t refs[static 4]))
{
	struct ports_class from[4], class = {0};

	for (int i = 0; i < 4; i++)
		from[i] =
			*(const struct ports_class *)intern_get(&ports->classes, classes[i], NULL);
	for (uint32_t proto = 1; proto < CGW_PROTO_UNIX; proto++) {
		const uint32_t tables[4] = {from[0].table[proto], from[1].table[proto],
			from[2].table[proto], from[3].table[proto]};

		class.table[proto] = choose_table(ports, tables, choose);
	}
	return intern_add(&ports->classes, &class, sizeof(class));
}

uint32_t ports_unknown(const struct step *steps, size_t count)
{
	uint32_t ref = 0;

	for (size_t i = 0; i < count; i++)
		if (CGW_REF_ACTION(steps[i].value) != CGW_ACTION_ALLOW && steps[i].value > ref)
			ref = steps[i].value;
	return ref ? ref : steps[count - 1].value;
}
