// SPDX-License-Identifier: GPL-2.0-only
/* Compiling: slots, numbers and keys of rules, layout, attachments, limits; the same bytes each
 * time. */
#include "ruleset.h"

#include <errno.h>
#include <stdlib.h>

#define POLICY(name, rest) "[policy]\nname = " name "\ncgroup = /" name "\n" rest

static const char mixed[] = "[policy]\nname = x\ncgroup = /a/** /b\n"
			    "[sysctl]\n"
			    "deny = write kernel.*\n"
			    "allow = write kernel.printk\n"
			    "audit = read net.**.forwarding\n"
			    "deny = write kernel.core_pattern |*\n"
			    "[network]\n"
			    "deny = connect 10.0.0.0/8 [2001:db8::/32] /run/*.sock @x\n"
			    "allow = connect tcp 10.1.0.0/16:80,443\n"
			    "deny = bind tcp *:1-1023\n"
			    "deny = listen tcp *:8080\n"
			    "audit = socket raw packet\n"
			    "[kernel]\n"
			    "deny = mount\n";

static void same_image(const struct image *a, const struct image *b)
{
	assert_int_equal(a->size, b->size);
	assert_memory_equal(a->data, b->data, a->size);
}

static void test_deterministic(void **state)
{
	struct image one = ruleset_image(mixed), other = ruleset_image(mixed), again;
	const char *const texts[] = {mixed, NULL};

	(void)state;
	same_image(&one, &other);
	ruleset_compile(&again, texts, &one, NULL, 0);
	same_image(&one, &again);
	assert_int_equal(image_header(&one)->generation, 0);
	assert_int_equal(one.size, CGW_PAGE_SIZE);
	image_free(&one);
	image_free(&other);
	image_free(&again);
}

static void test_seal(void **state)
{
	struct image image = ruleset_image(mixed);
	struct cgw_rule *rule = (struct cgw_rule *)(image.data + image_header(&image)->rules);
	uint64_t checksum = image_header(&image)->checksum;
	const char *why;

	(void)state;
	image_seal(&image, 7);
	assert_int_equal(image_header(&image)->generation, 7);
	assert_int_equal(image_header(&image)->checksum, checksum);
	assert_int_equal(image_verify(image.data, image.size, &why), 0);
	assert_int_equal(CGW_RULE_SECTION(rule->flags), SECTION_SYSCTL);
	rule->flags |= CGW_RULE_PARTLY;
	assert_int_equal(image_verify(image.data, image.size, &why), -EINVAL);
	image_seal(&image, 8);
	assert_int_equal(image_verify(image.data, image.size, &why), 0);
	image_free(&image);
}

static void test_header(void **state)
{
	struct image image = ruleset_image(mixed);
	const struct cgw_image_header *header = image_header(&image);
	const struct cgw_policy *policy = image_policy(&image, 0);
	const uint32_t audit = 1U << CGW_OP_SYSCTL_READ | 1U << CGW_OP_SOCKET;
	const uint32_t deny = 1U << CGW_OP_SYSCTL_WRITE | 1U << CGW_OP_CONNECT | 1U << CGW_OP_BIND |
			      1U << CGW_OP_LISTEN | 1U << CGW_OP_KERNEL;

	(void)state;
	assert_int_equal(header->policy_count, 1);
	assert_int_equal(header->rule_count, 15);
	assert_int_equal(header->ops, audit | deny);
	assert_int_equal(header->deny_ops, deny);
	assert_int_equal(policy->deny_ops, deny);
	assert_int_equal(policy->audit_ops, audit);
	assert_string_equal(image_text(&image, policy->name), "x");
	assert_string_equal(image_text(&image, policy->file), "0.ini");
	assert_string_equal(image_text(&image, policy->selectors), "/a/** /b");
	assert_int_equal(image_rule(&image, 0)->line, 5);
	assert_int_equal(image_rule(&image, 0)->column, 14);
	assert_string_equal(image_text(&image, image_rule(&image, 0)->text), "deny write kernel.*");
	assert_int_equal(image_rule(&image, 14)->action, CGW_ACTION_DENY);
	image_free(&image);
}

static void test_audit_mode(void **state)
{
	struct image image = ruleset_image(
		"[policy]\nname = x\ncgroup = /\nmode = audit\n[sysctl]\ndeny = write kernel.*\n");

	(void)state;
	assert_int_equal(image_header(&image)->ops, 1U << CGW_OP_SYSCTL_WRITE);
	assert_int_equal(image_header(&image)->deny_ops, 0);
	assert_int_equal(image_policy(&image, 0)->deny_ops, 1U << CGW_OP_SYSCTL_WRITE);
	assert_int_equal(image_policy(&image, 0)->flags, CGW_POLICY_PRESENT | CGW_POLICY_AUDIT);
	assert_string_equal(image_text(&image, image_policy(&image, 0)->selectors), "/");
	image_free(&image);
}

static void test_empty(void **state)
{
	const char *const none[] = {NULL};
	struct image image;
	struct cgw_set set;

	(void)state;
	ruleset_compile(&image, none, NULL, NULL, 0);
	assert_int_equal(image_header(&image)->policy_count, 0);
	image_scope(&image, "/a", &set);
	assert_int_equal(cgw_set_summary(&set), 0);
	image_free(&image);
}

/* ---- slots ---- */

static void test_slots(void **state)
{
	const char *const first[] = {POLICY("c", "[kernel]\ndeny = mount\n"), POLICY("a", ""),
		POLICY("b", "[kernel]\ndeny = bpf\n"), NULL};
	const char *const second[] = {POLICY("c", "[kernel]\ndeny = mount\n"),
		POLICY("0", "[kernel]\ndeny = module\n"), POLICY("d", ""), NULL};
	struct image one, two, three;

	(void)state;
	ruleset_compile(&one, first, NULL, NULL, 0);
	assert_int_equal(image_slot(&one, "a"), 0);
	assert_int_equal(image_slot(&one, "b"), 1);
	assert_int_equal(image_slot(&one, "c"), 2);
	assert_int_equal(image_slot(&one, "d"), -1);
	assert_int_equal(image_rule(&one, 0)->policy, 1);
	assert_int_equal(image_rule(&one, 1)->policy, 2);

	/* a and b have gone, but their slots are not free yet */
	ruleset_compile(&two, second, &one, NULL, 0);
	assert_int_equal(image_header(&two)->policy_count, 5);
	assert_int_equal(image_slot(&two, "c"), 2);
	assert_int_equal(image_slot(&two, "0"), 3);
	assert_int_equal(image_slot(&two, "d"), 4);
	assert_int_equal(image_policy(&two, 0)->flags, 0);
	assert_int_equal(image_policy(&two, 2)->order, 1);
	assert_int_equal(image_policy(&two, 3)->order, 0);
	assert_int_equal(image_policy(&two, 4)->order, 2);
	assert_int_equal(image_rule(&two, 0)->policy, 2);
	assert_int_equal(image_rule(&two, 1)->policy, 3);

	/* now they are */
	ruleset_compile(&three, first, &two, NULL, 0);
	assert_int_equal(image_slot(&three, "c"), 2);
	assert_int_equal(image_slot(&three, "a"), 0);
	assert_int_equal(image_slot(&three, "b"), 1);
	assert_int_equal(image_header(&three)->policy_count, 3);
	image_free(&one);
	image_free(&two);
	image_free(&three);
}

/* `count` policies whose names begin with a letter; freed by policies_free(). */
static struct policies make_policies(char letter, size_t count)
{
	struct policies policies = {0};
	struct diagnostics diags = {0};

	for (size_t i = 0; i < count; i++) {
		char text[128];
		int length = snprintf(text, sizeof(text),
			"[policy]\nname = %c%zu\ncgroup = /%c%zu\n[kernel]\ndeny = mount\n", letter,
			i, letter, i);

		assert_int_equal(policies_read_text(&policies, "f", text, length, &diags), 0);
	}
	policies_lint(&policies, &diags);
	assert_int_equal(diags.errors, 0);
	diagnostics_free(&diags);
	return policies;
}

static void test_too_many_policies(void **state)
{
	struct policies many = make_policies('a', 1024), more = make_policies('b', 1);
	struct image image, other = {.size = 5};
	struct diagnostics diags = {0};
	const char *why;

	(void)state;
	assert_int_equal(policies_compile(&image, &many, NULL, NULL, 0, &diags), 0);
	assert_int_equal(image_verify(image.data, image.size, &why), 0);
	assert_int_equal(image_header(&image)->policy_count, 1024);
	assert_int_equal(
		ruleset_ask(&image, "/a77", "connect tcp 10.0.0.1:1").verdict, CGW_VERDICT_ALLOW);
	assert_int_equal(policies_compile(&other, &more, &image, NULL, 0, &diags), -1);
	assert_int_equal(other.size, 5);
	assert_int_equal(diags.errors, 1);
	assert_non_null(strstr(diags.items[0].message, "too many policies"));
	assert_int_equal(diags.items[0].line, 2);
	policies_free(&many);
	policies_free(&more);
	image_free(&image);
	diagnostics_free(&diags);
}

/* ---- rules ---- */

static void test_duplicates(void **state)
{
	struct image image = ruleset_image(HEAD "[sysctl]\n"
						"deny = write kernel.b\n"
						"deny = write kernel.a\n"
						"deny = write kernel.b\n");
	struct cgw_decision decision = ruleset_ask(&image, "/a", "sysctl write kernel.b");

	(void)state;
	assert_int_equal(decision.verdict, CGW_VERDICT_DENY);
	assert_int_equal(decision.rule, 0);
	assert_true(image_rule(&image, 0)->key == image_rule(&image, 2)->key);
	assert_true(image_rule(&image, 0)->key != image_rule(&image, 1)->key);
	assert_true(image_rule(&image, 0)->key == rule_key("x", "deny write kernel.b"));
	/* FNV-1a 64 of "a", NUL, "b" */
	assert_true(rule_key("a", "b") == 0xe5d29919042666b2ULL);
	image_free(&image);
}

/* Where the first error is, and what it says. */
static void assert_refused(struct policies *policies, const char *file, uint32_t line,
	uint32_t column, const char *says)
{
	struct diagnostics diags = {0};
	struct image image;

	assert_int_equal(policies_compile(&image, policies, NULL, NULL, 0, &diags), -1);
	assert_int_equal(diags.errors, 1);
	assert_string_equal(diags.items[0].file, file);
	if (diags.items[0].line != line || diags.items[0].column != column ||
		!strstr(diags.items[0].message, says))
		fail_msg("%u:%u: %s", diags.items[0].line, diags.items[0].column,
			diags.items[0].message);
	diagnostics_free(&diags);
}

static void test_too_many_states(void **state)
{
	static const struct {
		const char *text;
		uint32_t line, column;
	} rows[] = {
		{HEAD "[sysctl]\ndeny = write kernel.a\ndeny = write **x????????????????????\n", 6,
			14},
		{HEAD "[sysctl]\ndeny = write kernel.a *x????????????????????\n", 5, 14},
		{HEAD "[network]\ndeny = connect unix /a /**x????????????????????\n", 5, 24},
		{HEAD "[network]\ndeny = connect unix @*x????????????????????\n", 5, 21},
		{"[policy]\nname = x\ncgroup = /a /**x????????????????????\n", 3, 13},
	};

	(void)state;
	for (size_t i = 0; i < ROWS(rows); i++) {
		const char *const texts[] = {rows[i].text, NULL};
		struct policies policies;

		ruleset_read(&policies, texts);
		assert_refused(&policies, "0.ini", rows[i].line, rows[i].column,
			"x????????????????????\" needs more than 65536 states");
		policies_free(&policies);
	}
}

static void test_too_many_rules(void **state)
{
	struct policies policies = {0};
	struct diagnostics diags = {0};

	(void)state;
	for (int i = 0; i < 3; i++) {
		struct strbuf text = STRBUF_INIT;

		strbuf_printf(&text, "[policy]\nname = p%d\ncgroup = /a\n[network]\n", i);
		for (int j = 0; j < (i == 2 ? 1 : 131072); j++)
			strbuf_printf(&text, "deny = connect 10.%d.%d.%d\n", j >> 16, j >> 8 & 255,
				j & 255);
		assert_int_equal(
			policies_read_text(&policies, "f", text.data, text.length, &diags), 0);
		strbuf_free(&text);
	}
	policies_lint(&policies, &diags);
	assert_refused(&policies, "f", 2, 8, "too many rules");
	policies_free(&policies);
	diagnostics_free(&diags);
}

/* 5,000 addresses, each with the 10,000 port rules of all addresses and one more. */
static void test_too_large(void **state)
{
	struct policies policies = {0};
	struct diagnostics diags = {0};
	struct strbuf text = STRBUF_INIT;

	(void)state;
	strbuf_puts(&text, HEAD "[network]\n");
	for (int i = 0; i < 10000; i++)
		strbuf_printf(&text, "deny = connect tcp *:%d\n", 5 * i);
	for (int i = 0; i < 5000; i++)
		strbuf_printf(&text, "deny = connect tcp 10.0.%d.%d:7\n", i >> 8, i & 255);
	assert_int_equal(policies_read_text(&policies, "f", text.data, text.length, &diags), 0);
	assert_refused(&policies, "f", 2, 8, "larger than 256 MiB");
	strbuf_free(&text);
	policies_free(&policies);
	diagnostics_free(&diags);
}

/* ---- layout ---- */

/* Automata begin on 512, and small ones stay within a page. */
static void check_chain(const struct image *image, uint32_t offset, size_t *count)
{
	while (offset) {
		const struct cgw_automaton *automaton =
			(const struct cgw_automaton *)(image->data + offset);
		uint32_t end = automaton->rows + (automaton->row_count << automaton->shift);

		assert_int_equal(offset % CGW_AUTOMATON_ALIGN, 0);
		assert_true(automaton->rows >= offset + sizeof(*automaton));
		if (end - offset <= CGW_PAGE_SIZE / 4)
			assert_int_equal(offset / CGW_PAGE_SIZE, (end - 1) / CGW_PAGE_SIZE);
		offset = automaton->next;
		++*count;
	}
}

static void test_layout(void **state)
{
	struct policies policies = {0};
	struct diagnostics diags = {0};
	struct image image;
	size_t automata = 0;
	const char *why;

	(void)state;
	for (int i = 0; i < 300; i++) {
		struct strbuf text = STRBUF_INIT;

		strbuf_printf(&text, "[policy]\nname = p%d\ncgroup = /p%d\n[sysctl]\n", i, i);
		for (int j = 0; j < i % 20; j++)
			strbuf_printf(&text, "deny = write kernel.a%d_%d\n", i, j * 7919);
		policies_read_text(&policies, "f", text.data, text.length, &diags);
		strbuf_free(&text);
	}
	policies_lint(&policies, &diags);
	assert_int_equal(diags.errors, 0);
	assert_int_equal(policies_compile(&image, &policies, NULL, NULL, 0, &diags), 0);
	assert_int_equal(image_verify(image.data, image.size, &why), 0);
	check_chain(&image, image_header(&image)->selectors, &automata);
	for (uint32_t slot = 0; slot < 300; slot++)
		check_chain(&image, image_policy(&image, slot)->sysctl, &automata);
	assert_in_range(automata, 280, 400);
	assert_in_range(image.size, 10 * CGW_PAGE_SIZE, 64 * CGW_PAGE_SIZE);
	image_free(&image);
	policies_free(&policies);
	diagnostics_free(&diags);
}

/* ---- attachments ---- */

static void test_attach(void **state)
{
	const char *const texts[] = {
		POLICY("a", "[kernel]\ndeny = mount\n"), POLICY("b", ""), NULL};
	const struct attachment some[] = {{70, "/x", "b"}, {5, "/y/z", "a"}, {70, "/x", "a"}};
	const struct attachment sorted[] = {{5, "/y/z", "a"}, {70, "/x", "a"}, {70, "/x", "b"}};
	const struct attachment one[] = {{9, "/w", "a"}}, bad[] = {{9, "/w", "c"}};
	struct image plain, compiled, attached, changed, removed;
	const struct cgw_attachment *records;
	const char *why;

	(void)state;
	ruleset_compile(&plain, texts, NULL, NULL, 0);
	ruleset_compile(&compiled, texts, NULL, some, 3);
	assert_int_equal(image_attach(&attached, &plain, sorted, 3), 0);
	same_image(&attached, &compiled);
	assert_int_equal(image_verify(attached.data, attached.size, &why), 0);
	assert_int_equal(image_header(&attached)->attachment_count, 2);
	records = (const struct cgw_attachment *)(attached.data +
						  image_header(&attached)->attachments);
	assert_int_equal(records[0].cgroup_id, 5);
	assert_string_equal(image_text(&attached, records[0].path), "/y/z");
	assert_string_equal(image_text(&attached, records[1].path), "/x");
	assert_int_equal(*(const uint64_t *)(attached.data + records[0].set), 1);
	assert_int_equal(*(const uint64_t *)(attached.data + records[1].set), 3);
	assert_string_equal(image_text(&attached, image_policy(&attached, 1)->name), "b");

	assert_int_equal(image_attach(&changed, &attached, one, 1), 0);
	assert_int_equal(image_verify(changed.data, changed.size, &why), 0);
	assert_int_equal(image_header(&changed)->attachment_count, 1);
	assert_int_equal(image_attach(&removed, &changed, NULL, 0), 0);
	same_image(&removed, &plain);
	assert_int_equal(image_attach(&removed, &plain, bad, 1), -EINVAL);
	image_free(&plain);
	image_free(&compiled);
	image_free(&attached);
	image_free(&changed);
	image_free(&removed);
}

static void test_attach_unknown(void **state)
{
	const char *const texts[] = {POLICY("a", ""), NULL};
	const struct attachment bad[] = {{9, "/w", "c"}};
	struct diagnostics diags = {0};
	struct policies policies;
	struct image image;

	(void)state;
	ruleset_read(&policies, texts);
	assert_int_equal(policies_compile(&image, &policies, NULL, bad, 1, &diags), -1);
	assert_int_equal(diags.errors, 1);
	policies_free(&policies);
	diagnostics_free(&diags);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_deterministic),
		cmocka_unit_test(test_seal),
		cmocka_unit_test(test_header),
		cmocka_unit_test(test_audit_mode),
		cmocka_unit_test(test_empty),
		cmocka_unit_test(test_slots),
		cmocka_unit_test(test_too_many_policies),
		cmocka_unit_test(test_duplicates),
		cmocka_unit_test(test_too_many_states),
		cmocka_unit_test(test_too_many_rules),
		cmocka_unit_test(test_too_large),
		cmocka_unit_test(test_layout),
		cmocka_unit_test(test_attach),
		cmocka_unit_test(test_attach_unknown),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
