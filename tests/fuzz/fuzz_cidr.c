// SPDX-License-Identifier: GPL-2.0-only
/*
 * fuzz_cidr.c - the compiled tables of addresses and ports against a look at every rule.
 *
 * Input: 16 bytes are what is asked (as a rule, whose address and first port count), each further
 * 16 are a rule: action, operations, protocols, kind and prefix length, two ports of a range (the
 * byte before says whether there is one), and the address, of which IPv4 uses 4 bytes. An address
 * is made of few different bytes, so that rules meet.
 */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include "compile.h"
#include "operation.h"
#include "policy.h"

#define RECORD 16
#define RULES_MAX 24

struct fuzz_rule {
	struct policy_rule rule;
	struct port_range range;
	char text[32];
};

static void mask_address(struct rule_peer *peer)
{
	for (uint32_t bit = peer->prefix; bit < 128; bit++)
		peer->address[bit / 32] &= ~(1U << (31 - bit % 32));
}

static void make_rule(struct fuzz_rule *fuzz, const uint8_t *record, size_t index)
{
	struct policy_rule *rule = &fuzz->rule;
	struct rule_peer *peer = &rule->peer;
	uint32_t bits;

	*fuzz = (struct fuzz_rule){0};
	snprintf(fuzz->text, sizeof(fuzz->text), "rule %zu", index);
	rule->text = fuzz->text;
	rule->section = SECTION_NETWORK;
	rule->action = 1 + record[0] % 3;
	rule->ops = (record[1] % 7 + 1) << CGW_OP_CONNECT;
	rule->protos = record[2] & ((1U << CGW_PROTO_COUNT) - 2);
	peer->kind = PEER_ANY + record[3] % 3;
	bits = peer->kind == PEER_ANY ? 0 : peer->kind == PEER_IPV4 ? 32 : 128;
	peer->prefix = bits ? record[4] % (bits + 1) : 0;
	for (uint32_t i = 0; i < bits / 32; i++)
		for (int byte = 0; byte < 4; byte++)
			peer->address[i] = peer->address[i] << 8 | record[8 + (4 * i + byte) % 8];
	mask_address(peer);
	if (record[5] % 2) {
		fuzz->range = (struct port_range){record[6] * 257, record[6] * 257 + record[7]};
		if (fuzz->range.last < fuzz->range.first)
			fuzz->range.last = 65535;
		peer->ports = &fuzz->range;
		peer->port_count = 1;
	}
}

/* ---- the model ---- */

static bool holds(const struct rule_peer *peer, const uint32_t *address, bool ipv6)
{
	if (peer->kind != PEER_ANY && peer->kind != (ipv6 ? PEER_IPV6 : PEER_IPV4))
		return false;
	for (uint32_t bit = 0; bit < peer->prefix; bit++)
		if ((peer->address[bit / 32] ^ address[bit / 32]) >> (31 - bit % 32) & 1)
			return false;
	return true;
}

/* Applies to the operation, the address aside. */
static bool applies(const struct policy_rule *rule, const struct operation *asked)
{
	const struct rule_peer *peer = &rule->peer;

	return rule->ops >> asked->op & 1 && rule->protos >> asked->proto & 1 &&
	       (!peer->port_count ||
		       (peer->ports->first <= asked->port && asked->port <= peer->ports->last));
}

enum scope {
	SCOPE_ADDRESS,
	SCOPE_EXACT, /* exceptions for this very address */
	SCOPE_ALL,   /* for bind to a wildcard address */
};

static uint32_t model_ref(const struct fuzz_rule *rules, size_t count,
	const struct operation *asked, const uint32_t *address, bool ipv6, enum scope scope)
{
	uint32_t best = 0, most = ipv6 ? 128 : 32;

	for (size_t i = 0; i < count; i++) {
		const struct policy_rule *rule = &rules[i].rule;
		bool of_family = rule->peer.kind != (ipv6 ? PEER_IPV4 : PEER_IPV6);
		bool exact = rule->action == CGW_ACTION_ALLOW && rule->peer.prefix == most &&
			     of_family && holds(&rule->peer, address, ipv6);
		bool counts = holds(&rule->peer, address, ipv6);

		if (scope == SCOPE_EXACT)
			counts = exact;
		else if (scope == SCOPE_ALL)
			counts = of_family &&
				 (exact || rule->action != CGW_ACTION_ALLOW || !rule->peer.prefix);
		if (counts && applies(rule, asked) && CGW_REF(rule->action, i) > best)
			best = CGW_REF(rule->action, i);
	}
	return best;
}

static uint32_t severe(uint32_t ref)
{
	return CGW_REF_ACTION(ref) == CGW_ACTION_ALLOW ? 0 : ref;
}

static uint32_t greater(uint32_t a, uint32_t b)
{
	return a > b ? a : b;
}

/* What compile_peers.c says about wildcard addresses, once more in other words. */
static uint32_t model_wildcard(
	const struct fuzz_rule *rules, size_t count, const struct operation *asked, bool ipv6)
{
	static const uint32_t zero[4], loop4[4] = {0x7f000001}, loop6[4] = {0, 0, 0, 1};
	uint32_t exact = model_ref(rules, count, asked, zero, ipv6, SCOPE_EXACT);
	uint32_t own = 0, other = 0, literal = 0, worst;

	if (asked->op == CGW_OP_CONNECT) {
		own = model_ref(rules, count, asked, ipv6 ? loop6 : loop4, ipv6, SCOPE_ADDRESS);
		literal = model_ref(rules, count, asked, zero, ipv6, SCOPE_ADDRESS);
		if (ipv6)
			other = model_ref(rules, count, asked, loop4, false, SCOPE_ADDRESS);
	} else {
		own = model_ref(rules, count, asked, zero, ipv6, SCOPE_ALL);
		if (ipv6)
			other = model_wildcard(rules, count, asked, false);
	}
	if (exact)
		return exact;
	worst = greater(severe(own), severe(other));
	if (worst)
		return greater(worst, severe(literal));
	return CGW_REF_ACTION(own) == CGW_ACTION_ALLOW ? own : literal;
}

/* ---- the comparison ---- */

static void ask(const struct image *image, const struct fuzz_rule *rules, size_t count,
	const struct operation *asked)
{
	struct cgw_set set = {.word = {1}};
	struct cgw_decision decision;
	uint32_t expected, found = 0, address[4];
	bool ipv6 = asked->family == AF_INET6;

	memcpy(address, asked->address, sizeof(address));
	if (ipv6 && !address[0] && !address[1] && address[2] == 0xffff) {
		ipv6 = false;
		address[0] = address[3];
		address[2] = address[3] = 0;
	}
	if (image_evaluate(image, &set, asked, &decision))
		abort();
	if (decision.verdict != CGW_VERDICT_ALLOW)
		found = CGW_REF(decision.verdict - 1, decision.rule);
	if (address[0] | address[1] | address[2] | address[3])
		expected = model_ref(rules, count, asked, address, ipv6, SCOPE_ADDRESS);
	else
		expected = model_wildcard(rules, count, asked, ipv6);
	if (found != severe(expected)) {
		fprintf(stderr, "%08x instead of %08x\n", found, expected);
		abort();
	}
}

/* The address of a rule, its last one, and the neighbours. */
static void ask_around(const struct image *image, const struct fuzz_rule *rules, size_t count,
	struct operation *asked, const struct rule_peer *peer)
{
	uint32_t words = peer->kind == PEER_IPV6 ? 4 : 1;

	asked->family = words == 4 ? AF_INET6 : AF_INET;
	for (int edge = 0; edge < 4; edge++) {
		uint32_t word = words - 1;

		memcpy(asked->address, peer->address, sizeof(asked->address));
		for (uint32_t bit = peer->prefix; edge > 1 && bit < 32 * words; bit++)
			asked->address[bit / 32] |= 1U << (31 - bit % 32);
		if (edge == 1)
			while (!asked->address[word]-- && word)
				word--;
		else if (edge == 3)
			while (!++asked->address[word] && word)
				word--;
		ask(image, rules, count, asked);
	}
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	static struct fuzz_rule rules[RULES_MAX], question;
	struct policy_rule list[RULES_MAX];
	struct policy policy = {.name = "x", .file = "f", .rules = list}, *items[] = {&policy};
	struct policies policies = {.items = items, .count = 1};
	struct diagnostics diags = {0};
	struct operation asked = {0};
	struct image image;
	const char *why;
	size_t count = 0;

	if (size < RECORD)
		return 0;
	make_rule(&question, data, 0);
	asked.op = CGW_OP_CONNECT + data[1] % 3;
	asked.proto = 1 + data[2] % CGW_PROTO_OTHER;
	asked.port = data[6] * 257;
	for (size_t at = RECORD; at + RECORD <= size && count < RULES_MAX; at += RECORD, count++) {
		make_rule(&rules[count], data + at, count);
		list[count] = rules[count].rule;
	}
	policy.rule_count = count;
	if (policies_compile(&image, &policies, NULL, NULL, 0, &diags) ||
		image_verify(image.data, image.size, &why))
		abort();
	ask_around(&image, rules, count, &asked, &question.rule.peer);
	for (size_t i = 0; i < count; i++)
		ask_around(&image, rules, count, &asked, &rules[i].rule.peer);
	image_free(&image);
	diagnostics_free(&diags);
	return 0;
}
