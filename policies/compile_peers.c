// SPDX-License-Identifier: GPL-2.0-only
/* compile_peers.c - rules over addresses and ports, and over families of sockets. */
#include "compiler.h"

#include <stdlib.h>
#include <string.h>

#include "interval.h"
#include "match.h"
#include "ports.h"
#include "strbuf.h"

/* The rules of one operation for the addresses of one family. */
struct family {
	int words;     /* of an address */
	uint32_t bits; /* of an address */
	uint32_t loopback[4];
	struct prefix *prefixes; /* .rule: index into peers.rules */
	size_t count, room;
	struct interval *intervals;
	size_t interval_count;
};

struct peers {
	struct compiler *compiler;
	uint32_t slot;
	struct ports ports; /* shared by the operations */
	uint32_t *class_at; /* where a class stands in the image, 0: not yet written */
	size_t class_room;
	uint32_t *table_at;
	size_t table_room;
	/* of the operation at hand */
	struct ports_rule *rules;
	size_t rule_count, rule_room;
	const struct ports_rule **group;
	size_t group_room;
	struct family family[2];
};

/* ---- collect ---- */

static void add_prefix(struct family *family, const struct rule_peer *peer, uint32_t rule)
{
	struct prefix *prefix;

	ARRAY_GROW(family->prefixes, family->count, family->room);
	prefix = &family->prefixes[family->count++];
	*prefix = (struct prefix){.rule = rule};
	if (peer->kind == PEER_ANY)
		return;
	prefix->bits = peer->prefix;
	memcpy(prefix->address, peer->address, family->words * sizeof(uint32_t));
}

static void collect_rules(struct peers *peers, uint32_t op)
{
	const struct policy *policy = peers->compiler->by_slot[peers->slot];

	for (size_t i = 0; i < policy->rule_count; i++) {
		const struct policy_rule *rule = &policy->rules[i];
		const struct rule_peer *peer = &rule->peer;
		uint32_t index = peers->rule_count;

		if (rule->section != SECTION_NETWORK || !(rule->ops & 1U << op) ||
			peer->kind == PEER_UNIX_PATH || peer->kind == PEER_UNIX_ABSTRACT)
			continue;
		ARRAY_GROW(peers->rules, peers->rule_count, peers->rule_room);
		peers->rules[peers->rule_count++] = (struct ports_rule){
			.rule = rule, .ref = rule_ref(peers->compiler, peers->slot, rule)};
		if (peer->kind != PEER_IPV6)
			add_prefix(&peers->family[0], peer, index);
		if (peer->kind != PEER_IPV4)
			add_prefix(&peers->family[1], peer, index);
	}
}

/* ---- classes of addresses ---- */

static void group_add(struct peers *peers, size_t *count, const struct prefix *prefix)
{
	ARRAY_GROW(peers->group, *count, peers->group_room);
	peers->group[(*count)++] = &peers->rules[prefix->rule];
}

static uint32_t combine(void *context, uint32_t outer, const struct prefix *group, size_t size)
{
	struct peers *peers = context;
	size_t count = 0;

	for (size_t i = 0; i < size; i++)
		group_add(peers, &count, &group[i]);
	return ports_add(&peers->ports, outer, peers->group, count);
}

static bool is_zero(const uint32_t *address)
{
	return !(address[0] | address[1] | address[2] | address[3]);
}

/* An exception for the wildcard address itself. */
static bool is_exact(
	const struct peers *peers, const struct family *family, const struct prefix *at)
{
	return peers->rules[at->rule].rule->action == CGW_ACTION_ALLOW &&
	       at->bits == family->bits && is_zero(at->address);
}

/* What a wildcard address means to bind: every rule but exceptions for some addresses only. */
static bool is_of_all(
	const struct peers *peers, const struct family *family, const struct prefix *at)
{
	return peers->rules[at->rule].rule->action != CGW_ACTION_ALLOW || at->bits == 0 ||
	       is_exact(peers, family, at);
}

/* The class of the rules that are picked, whatever their addresses. */
static uint32_t class_of_picked(struct peers *peers, const struct family *family,
	bool (*pick)(const struct peers *, const struct family *, const struct prefix *))
{
	size_t count = 0;

	for (size_t i = 0; i < family->count; i++)
		if (pick(peers, family, &family->prefixes[i]))
			group_add(peers, &count, &family->prefixes[i]);
	return count ? ports_add(&peers->ports, 0, peers->group, count) : 0;
}

/* ---- wildcard addresses ---- */

/*
 * 0.0.0.0 and :: are not addresses of their own but stand for others, so a rule for those must hold
 * for them:
 *
 *   connect to 0.0.0.0 reaches 127.0.0.1; connect to :: reaches ::1 or, from a socket that is bound
 *   to a mapped address, 127.0.0.1;
 *   bind and listen at 0.0.0.0 take every IPv4 address; at :: every IPv6 address, and by default
 *   every IPv4 address, too.
 *
 * The verdict on a wildcard address is the severest of those on the addresses for which it stands
 * and of its own. There are two exceptions. An allow rule for exactly this address (/32 or /128)
 * says that the operator knows. And if the addresses for which it stands are allowed by a rule, so
 * is it. An allow rule for a range that just happens to hold the wildcard address (0.0.0.0/5)
 * excepts nothing.
 *
 * refs: [0] exceptions for exactly this address; [1] the addresses of this family for which it
 * stands; [2] those of the other family; [3] its own.
 */
static uint32_t choose_wildcard(const uint32_t refs[static 4])
{
	uint32_t severest = 0;

	if (refs[0])
		return refs[0];
	for (int i = 1; i < 3; i++)
		if (!ref_is_allow(refs[i]) && refs[i] > severest)
			severest = refs[i];
	if (!severest)
		return ref_is_allow(refs[1]) ? refs[1] : refs[3];
	return !ref_is_allow(refs[3]) && refs[3] > severest ? refs[3] : severest;
}

/* Gives the address 0 a class of its own. There is room for one more interval. */
static void set_first(struct family *family, uint32_t class)
{
	struct interval *intervals = family->intervals;
	uint32_t second[4] = {0};

	if (intervals[0].value == class)
		return;
	second[family->words - 1] = 1;
	if (family->interval_count == 1 ||
		memcmp(intervals[1].first, second, sizeof(second)) != 0) {
		memmove(intervals + 1, intervals, family->interval_count * sizeof(*intervals));
		memcpy(intervals[1].first, second, sizeof(second));
		family->interval_count++;
	}
	intervals[0].value = class;
}

static void close_wildcards(struct peers *peers, uint32_t op)
{
	uint32_t other = 0, point[2];

	for (int i = 0; i < 2; i++) {
		struct family *family = &peers->family[i];
		uint32_t classes[4] = {class_of_picked(peers, family, is_exact)};

		classes[2] = other;
		if (op == CGW_OP_CONNECT) {
			classes[1] = intervals_find(
				family->intervals, family->interval_count, family->loopback);
			classes[3] = family->intervals[0].value;
		} else {
			classes[1] = class_of_picked(peers, family, is_of_all);
		}
		point[i] = ports_choose(&peers->ports, classes, choose_wildcard);
		other = op == CGW_OP_CONNECT ? classes[1] : point[i];
	}
	set_first(&peers->family[0], point[0]);
	set_first(&peers->family[1], point[1]);
}

/* ---- writing ---- */

/* The place to remember where number `number` was written. */
static uint32_t *place(uint32_t **places, size_t *room, size_t number)
{
	if (number >= *room) {
		size_t larger = 2 * number + 16;

		*places = xrealloc(*places, larger, sizeof(**places));
		memset(*places + *room, 0, (larger - *room) * sizeof(**places));
		*room = larger;
	}
	return *places + number;
}

static uint32_t write_ports(struct peers *peers, uint32_t table)
{
	uint32_t *at = place(&peers->table_at, &peers->table_room, table);
	struct step *copy;
	const struct step *steps;
	size_t count;
	uint32_t unknown;

	if (!table || *at)
		return *at;
	steps = intern_get(&peers->ports.tables, table, &count);
	copy = xcalloc(1, count + sizeof(*copy));
	memcpy(copy, steps, count);
	count /= sizeof(*steps);
	unknown = ports_unknown(copy, count);
	if (unknown != copy[count - 1].value)
		copy[count++] = (struct step){.first = CGW_PORT_UNKNOWN, .value = unknown};
	*at = builder_table(&peers->compiler->builder, copy, count);
	free(copy);
	return *at;
}

static uint32_t write_class(struct peers *peers, uint32_t class)
{
	uint32_t *at = place(&peers->class_at, &peers->class_room, class);
	struct cgw_peer_class record = {0};
	struct ports_class tables;

	if (!class || *at)
		return *at;
	tables = *(const struct ports_class *)intern_get(&peers->ports.classes, class, NULL);
	for (int proto = 1; proto < CGW_PROTO_COUNT; proto++)
		record.ports[proto] = write_ports(peers, tables.table[proto]);
	*at = builder_add(&peers->compiler->builder, &record, sizeof(record), 32);
	return *at;
}

/* Neighbours that have become equal are merged; 0 if the whole table says nothing. */
static uint32_t write_family(struct peers *peers, struct family *family)
{
	struct builder *builder = &peers->compiler->builder;
	struct interval *intervals = family->intervals;
	struct cgw_table table = {0};
	size_t key_size = family->words * sizeof(uint32_t);
	uint32_t offset;

	for (size_t i = 0; i < family->interval_count; i++) {
		uint32_t value = write_class(peers, intervals[i].value);

		if (table.count && intervals[table.count - 1].value == value)
			continue;
		intervals[table.count] = intervals[i];
		intervals[table.count++].value = value;
	}
	if (table.count == 1 && !intervals[0].value)
		return 0;
	offset = builder_reserve(builder, sizeof(table), 16);
	table.keys = builder_reserve(builder, table.count * key_size, 16);
	table.values = builder_reserve(builder, table.count * sizeof(uint32_t), 4);
	if (builder->full)
		return 0;
	memcpy(builder->data + offset, &table, sizeof(table));
	for (size_t i = 0; i < table.count; i++) {
		memcpy(builder->data + table.keys + i * key_size, intervals[i].first, key_size);
		memcpy(builder->data + table.values + 4 * i, &intervals[i].value, 4);
	}
	return offset;
}

/* ---- operations ---- */

static void compile_peer_op(struct peers *peers, uint32_t op)
{
	struct cgw_policy *record = &peers->compiler->records[peers->slot];

	for (int i = 0; i < 2; i++) {
		struct family *family = &peers->family[i];

		family->count = 0;
		family->words = i ? 4 : 1;
		family->bits = 32 * family->words;
		family->loopback[family->words - 1] = i ? 1 : 0x7f000001;
	}
	peers->rule_count = 0;
	collect_rules(peers, op);
	if (!peers->rule_count)
		return;
	for (int i = 0; i < 2; i++) {
		struct family *family = &peers->family[i];

		family->interval_count = prefixes_resolve(&family->intervals, family->prefixes,
			family->count, family->words, combine, peers);
		family->intervals = xrealloc(
			family->intervals, family->interval_count + 1, sizeof(*family->intervals));
	}
	close_wildcards(peers, op);
	for (int i = 0; i < 2; i++) {
		struct family *family = &peers->family[i];

		if (peers->ports.full)
			peers->compiler->builder.full = true;
		else
			record->peers[CGW_PEER_OP(op)][i] = write_family(peers, family);
		free(family->intervals);
	}
}

void compile_peers(struct compiler *compiler, uint32_t slot)
{
	struct peers peers = {.compiler = compiler, .slot = slot};

	ports_init(&peers.ports, IMAGE_SIZE_MAX);
	for (uint32_t op = CGW_OP_CONNECT; op <= CGW_OP_LISTEN; op++)
		compile_peer_op(&peers, op);
	ports_free(&peers.ports);
	for (int i = 0; i < 2; i++)
		free(peers.family[i].prefixes);
	free(peers.rules);
	free(peers.group);
	free(peers.class_at);
	free(peers.table_at);
}

/* ---- socket(2) ---- */

/* Types that the key has room for; the kernel's are below 16. */
#define TYPE_LAST 255U

void compile_sockets(struct compiler *compiler, uint32_t slot)
{
	const struct policy *policy = compiler->by_slot[slot];
	struct span *spans = xcalloc(policy->rule_count + 1, sizeof(*spans));
	struct step *steps;
	size_t count = 0;

	for (size_t i = 0; i < policy->rule_count; i++) {
		const struct policy_rule *rule = &policy->rules[i];
		bool any = rule->socket.type < 0;

		if (rule->section != SECTION_NETWORK || !(rule->ops & 1U << CGW_OP_SOCKET))
			continue;
		spans[count++] = (struct span){
			.first = CGW_SOCKET_KEY(rule->socket.family, any ? 0 : rule->socket.type),
			.last = CGW_SOCKET_KEY(
				rule->socket.family, any ? TYPE_LAST : (uint32_t)rule->socket.type),
			.value = rule_ref(compiler, slot, rule)};
	}
	if (count) {
		count = spans_resolve(&steps, spans, count);
		compiler->records[slot].sockets = builder_table(&compiler->builder, steps, count);
		free(steps);
	}
	free(spans);
}
