// SPDX-License-Identifier: GPL-2.0-only
/* gaps_check(): what apply says of rules whose hooks cannot be had, and why they cannot. */
#include "ruleset.h"

#include <errno.h>
#include <stdlib.h>
#include "coverage.h"
#include "gaps.h"
#include "names.h"

#define POLICY(rules) "[policy]\nname = p\ncgroup = /a\n" rules
#define WARN(rules) "[policy]\nname = p\ncgroup = /a\non-missing = warn\n" rules

static struct offers offers;

/* Everything is there. */
static void offer_all(void)
{
	offers = (struct offers){.lsm = {.state = PROBE_YES}};
	for (int hook = 1; hook < HOOK_COUNT; hook++) {
		hook_set_add(&offers.loaded, hook);
		offers.states[hook].state = OFFER_YES;
	}
}

static void take(enum cgw_hook hook, enum offer_state state, int error)
{
	offers.loaded.word[hook / 64] &= ~(1ULL << hook % 64);
	offers.states[hook].state = state;
	offers.states[hook].error = error;
}

/* Errors and warnings of one policy; the text of the first, to be freed, if there is one. */
static size_t check(const char *policy, size_t *errors, uint32_t *flags, char **text)
{
	const char *const texts[] = {policy, NULL};
	struct diagnostics diags = {0};
	struct policies policies;
	struct image image;
	size_t count;

	ruleset_read(&policies, texts);
	assert_int_equal(policies_compile(&image, &policies, NULL, NULL, 0, &diags), 0);
	gaps_check(&policies, &image, &offers, &diags);
	count = diags.count;
	*errors = diags.errors;
	*flags = image_rule(&image, 0)->flags & (CGW_RULE_UNENFORCED | CGW_RULE_PARTLY);
	*text = count ? strdup(diags.items[0].message) : NULL;
	diagnostics_free(&diags);
	image_free(&image);
	policies_free(&policies);
	return count;
}

static void assert_gap(const char *policy, size_t errors, uint32_t flags, const char *part)
{
	size_t got;
	uint32_t marked;
	char *text;

	assert_int_equal(check(policy, &got, &marked, &text), part ? 1 : 0);
	assert_int_equal(got, errors);
	assert_int_equal(marked, flags);
	if (part && !strstr(text, part))
		fail_msg("'%s' does not say '%s'", text, part);
	free(text);
}

static void test_all_there(void **state)
{
	(void)state;
	offer_all();
	assert_gap(POLICY("[capability]\ndeny = chown\n"), 0, 0, NULL);
	assert_gap(POLICY("[kernel]\ndeny = mount\n"), 0, 0, NULL);
	assert_gap(POLICY("[device]\ndeny = r c 1:3\n"), 0, 0, NULL);
}

/* The reason is the kernel's own, and one missing hook is one missing rule. */
static void test_reasons(void **state)
{
	(void)state;
	offer_all();
	take(CGW_HOOK_CAPABLE, OFFER_NO_HOOK, 0);
	assert_gap(POLICY("[capability]\ndeny = chown\n"), 1, CGW_RULE_UNENFORCED,
		"it needs lsm/capable, which this kernel does not have");
	assert_gap(POLICY("[kernel]\ndeny = mount\n"), 1, CGW_RULE_UNENFORCED,
		"it needs lsm/capable, which this kernel does not have");
	assert_gap(POLICY("[kernel]\ndeny = chroot\n"), 0, 0, NULL);
	take(CGW_HOOK_CAPABLE, OFFER_REFUSED, EACCES);
	assert_gap(POLICY("[capability]\ndeny = chown\n"), 1, CGW_RULE_UNENFORCED,
		"it needs lsm/capable, whose program this kernel refuses: Permission denied");
	take(CGW_HOOK_CAPABLE, OFFER_NO_LSM, 0);
	offers.lsm =
		(struct probe_result){.state = PROBE_NO, .step = "call", .why = "never called"};
	assert_gap(POLICY("[capability]\ndeny = chown\n"), 1, CGW_RULE_UNENFORCED,
		"it needs lsm/capable, and BPF LSM cannot be used (never called): it takes a "
		"kernel with CONFIG_BPF_LSM=y and bpf in the list lsm=...,bpf on the kernel "
		"command line");
	offers.lsm = (struct probe_result){.state = PROBE_NO, .step = "load", .error = EPERM};
	assert_gap(POLICY("[capability]\ndeny = chown\n"), 1, CGW_RULE_UNENFORCED,
		"BPF LSM cannot be used (Operation not permitted)");
}

static void test_warnings(void **state)
{
	(void)state;
	offer_all();
	take(CGW_HOOK_DEVICE, OFFER_NO_HOOK, 0);
	assert_gap(WARN("[device]\ndeny = r c 1:3\n"), 0, CGW_RULE_UNENFORCED,
		"policy p: rule \"deny r c 1:3\" is not enforced by this kernel: it needs "
		"cgroup/dev");
	/* An exception that is not enforced lets nothing through. */
	assert_gap(POLICY("[device]\nallow = r c 1:3\ndeny = rwm c 1:3\n"), 1, 0,
		"\"deny rwm c 1:3\"");
}

/* No kernel has it: whatever is offered. */
static void test_never(void **state)
{
	(void)state;
	offer_all();
	assert_gap(POLICY("[kernel]\ndeny = personality\n"), 1, CGW_RULE_UNENFORCED,
		"it needs a hook for personality(2), which no kernel has");
}

/* Each power has a row of its own, and each row that can be enforced has hooks. */
static void test_rows(void **state)
{
	(void)state;
	for (const struct cgw_name *power = cgw_power_names; power->name; power++)
		assert_non_null(coverage_find("kernel", power->name));
	for (const struct coverage_row *row = coverage_rows; row->section; row++)
		assert_true(!row->program || row->hooks[0]);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_all_there),
		cmocka_unit_test(test_reasons),
		cmocka_unit_test(test_warnings),
		cmocka_unit_test(test_never),
		cmocka_unit_test(test_rows),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
