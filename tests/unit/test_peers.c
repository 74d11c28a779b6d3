// SPDX-License-Identifier: GPL-2.0-only
/* Decisions about peers: random rules and a block list against a look at every rule. */
#include "ruleset.h"

#include <stdlib.h>
#include <sys/socket.h>
#include "match.h"

/* ---- random rules against a model ---- */

/* The refs of all rules that match, the greatest: what the language says, wildcards aside. */
static uint32_t model_plain(const struct policy *policy, const struct operation *asked,
	const uint32_t *address, bool ipv6)
{
	uint32_t best = 0;

	for (size_t i = 0; i < policy->rule_count; i++) {
		const struct policy_rule *rule = &policy->rules[i];
		const struct rule_peer *peer = &rule->peer;
		bool matches = rule->ops >> asked->op & 1 && rule->protos >> asked->proto & 1;

		if (peer->kind != PEER_ANY) {
			matches &= peer->kind == (ipv6 ? PEER_IPV6 : PEER_IPV4);
			for (uint32_t bit = 0; matches && bit < peer->prefix; bit++)
				matches = !((address[bit / 32] ^ peer->address[bit / 32]) >>
						    (31 - bit % 32) &
					    1);
		}
		if (matches && peer->port_count) {
			matches = false;
			for (size_t j = 0; j < peer->port_count; j++)
				matches |= peer->ports[j].first <= asked->port &&
					   asked->port <= peer->ports[j].last;
		}
		if (matches && CGW_REF(rule->action, i) > best)
			best = CGW_REF(rule->action, i);
	}
	return best;
}

/*
 * Few addresses, ports and protocols, so that the rules meet. Wildcard addresses have rows of
 * their own in test_evaluate.c and are left out here.
 */
static const char *const peers[] = {"*", "10.0.0.0/8", "10.0.0.0/9", "10.128.0.0/9", "10.1.0.0/16",
	"10.1.2.3", "10.1.2.2/31", "128.0.0.0/1", "255.255.255.255", "[::/0]", "[2001:db8::/32]",
	"[2001:db8::/33]", "[2001:db8::1]", "[8000::/1]"};
static const char *const addresses[] = {"10.1.2.3", "10.1.2.2", "10.1.2.4", "10.128.0.0",
	"10.127.255.255", "128.0.0.0", "127.255.255.255", "255.255.255.255", "255.255.255.254",
	"[2001:db8::1]", "[2001:db8::2]", "[2001:db8:8000::]", "[8000::]", "[7fff::]",
	"[ffff:ffff:ffff:ffff:ffff:ffff:ffff:ffff]"};
static const char *const ports[] = {"", ":22", ":0", ":65535", ":20-30", ":1-65535", ":0-22,24-80"};
static const char *const asked_ports[] = {
	"0", "1", "19", "20", "22", "23", "24", "80", "81", "65535"};
static const char *const protos[] = {"", "tcp ", "udp ", "tcp,udp ", "sctp "};
static const char *const actions[] = {"deny", "deny", "audit", "allow"};

#define PICK(table) ((table)[random_next(seed) % ROWS(table)])

static void random_rules(struct strbuf *text, uint64_t *seed)
{
	size_t count = 1 + random_next(seed) % 12;

	strbuf_puts(text, HEAD "[network]\n");
	for (size_t i = 0; i < count; i++) {
		const char *proto = PICK(protos), *peer = PICK(peers), *port = PICK(ports);

		strbuf_printf(text, "%s = %s %s%s%s\n", PICK(actions),
			random_next(seed) % 3 ? "connect" : "connect,bind", proto, peer, port);
	}
}

static void ask_random(const struct image *image, const struct policy *policy, uint64_t *seed)
{
	struct strbuf text = STRBUF_INIT;
	struct cgw_decision decision = {0};
	struct operation operation;
	struct cgw_set set;
	uint32_t expected, found = 0;
	char *error;

	strbuf_printf(&text, "%s %s %s:%s", random_next(seed) % 4 ? "connect" : "bind",
		random_next(seed) % 2 ? "tcp" : "udp", PICK(addresses), PICK(asked_ports));
	assert_int_equal(operation_parse(&operation, text.data, &error), 0);
	image_scope(image, "/a", &set);
	assert_int_equal(image_evaluate(image, &set, &operation, &decision), 0);
	expected =
		model_plain(policy, &operation, operation.address, strchr(text.data, '[') != NULL);
	if (CGW_REF_ACTION(expected) == CGW_ACTION_ALLOW)
		expected = 0;
	if (decision.verdict != CGW_VERDICT_ALLOW)
		found = CGW_REF(decision.verdict - 1, decision.rule);
	if (found != expected)
		fail_msg("%s: %08x instead of %08x", text.data, found, expected);
	strbuf_free(&text);
	operation_free(&operation);
}

static void test_random(void **state)
{
	uint64_t seed = 5;

	(void)state;
	for (int round = 0; round < 1500; round++) {
		struct strbuf text = STRBUF_INIT;
		struct policies policies = {0};
		struct diagnostics diags = {0};
		struct image image;
		const char *why;

		random_rules(&text, &seed);
		if (policies_read_text(&policies, "f", text.data, text.length, &diags)) {
			print_diagnostics(&diags);
			fail_msg("%s", text.data);
		}
		assert_int_equal(policies_compile(&image, &policies, NULL, NULL, 0, &diags), 0);
		assert_int_equal(image_verify(image.data, image.size, &why), 0);
		for (int probe = 0; probe < 40; probe++)
			ask_random(&image, policies.items[0], &seed);
		image_free(&image);
		policies_free(&policies);
		diagnostics_free(&diags);
		strbuf_free(&text);
	}
}

/* ---- a block list ---- */

/* 100,000 CIDRs with exceptions: each answer is that of a look at every rule. */
static void test_block_list(void **state)
{
	struct strbuf text = STRBUF_INIT;
	struct policies policies = {0};
	struct diagnostics diags = {0};
	struct cgw_set set = {.word = {1}};
	struct image image;
	uint64_t seed = 9;
	size_t denied = 0;
	const char *why;

	(void)state;
	strbuf_puts(&text, HEAD "[network]\n");
	for (int i = 0; i < 100000; i++) {
		uint32_t bits = 10 + random_next(&seed) % 23;
		uint32_t address = (uint32_t)(random_next(&seed) * 2) & ~0U << (32 - bits);

		strbuf_printf(&text, "%s = connect %s%u.%u.%u.%u/%u%s\n", i % 7 ? "deny" : "allow",
			i % 3 ? "" : "tcp ", address >> 24, address >> 16 & 255, address >> 8 & 255,
			address & 255, bits, i % 5 ? "" : ":80");
	}
	assert_int_equal(policies_read_text(&policies, "f", text.data, text.length, &diags), 0);
	assert_int_equal(policies_compile(&image, &policies, NULL, NULL, 0, &diags), 0);
	assert_int_equal(image_verify(image.data, image.size, &why), 0);
	assert_in_range(image.size, 1 << 20, 32 << 20);
	for (int probe = 0; probe < 300; probe++) {
		struct operation operation = {.op = CGW_OP_CONNECT,
			.proto = probe % 2 ? CGW_PROTO_TCP : CGW_PROTO_UDP,
			.family = AF_INET,
			.port = probe % 3 ? 80 : 81,
			.address = {random_next(&seed) * 2}};
		uint32_t expected =
			model_plain(policies.items[0], &operation, operation.address, false);
		struct cgw_decision decision;

		assert_int_equal(image_evaluate(&image, &set, &operation, &decision), 0);
		if (CGW_REF_ACTION(expected) == CGW_ACTION_DENY) {
			assert_int_equal(decision.verdict, CGW_VERDICT_DENY);
			assert_int_equal(decision.rule, CGW_REF_RULE(expected));
			denied++;
		} else {
			assert_int_equal(decision.verdict, CGW_VERDICT_ALLOW);
		}
	}
	assert_in_range(denied, 30, 290);
	strbuf_free(&text);
	policies_free(&policies);
	diagnostics_free(&diags);
	image_free(&image);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_random),
		cmocka_unit_test(test_block_list),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
