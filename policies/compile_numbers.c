// SPDX-License-Identifier: GPL-2.0-only
/* compile_numbers.c - [kernel], [capability] and [device]: tables from numbers to refs. */
#include <stdlib.h>
#include "compiler.h"
#include "interval.h"

struct spans {
	struct span *items;
	size_t count;
};

static void add_span(struct spans *spans, uint32_t first, uint32_t last, uint32_t ref)
{
	spans->items[spans->count++] = (struct span){.first = first, .last = last, .value = ref};
}

/* The table of the spans, which are gone then; 0 for none. */
static uint32_t write_spans(struct compiler *compiler, struct spans *spans)
{
	struct step *steps;
	uint32_t offset;
	size_t count;

	if (!spans->count)
		return 0;
	count = spans_resolve(&steps, spans->items, spans->count);
	offset = builder_table(&compiler->builder, steps, count);
	free(steps);
	spans->count = 0;
	return offset;
}

static bool is_number(const struct policy_rule *rule, enum policy_section section, uint32_t *number)
{
	*number = section == SECTION_KERNEL ? (uint32_t)rule->power : rule->capability;
	return rule->section == section;
}

static uint32_t compile_section(
	struct compiler *compiler, uint32_t slot, struct spans *spans, enum policy_section section)
{
	const struct policy *policy = compiler->by_slot[slot];
	uint32_t number;

	for (size_t i = 0; i < policy->rule_count; i++)
		if (is_number(&policy->rules[i], section, &number))
			add_span(
				spans, number, number, rule_ref(compiler, slot, &policy->rules[i]));
	return write_spans(compiler, spans);
}

/* Majors have 12 bits and minors 20: all minors of one major, or one minor of all of them. */
#define MAJORS 4096U
#define MINORS_LAST 0xfffffU

static void add_device(struct spans *spans, const struct policy_rule *rule, uint32_t ref)
{
	bool any_minor = rule->device.minor < 0;
	uint32_t minor = any_minor ? 0 : rule->device.minor;
	uint32_t last = any_minor ? MINORS_LAST : minor;

	if (rule->device.major >= 0)
		add_span(spans, CGW_DEVICE_KEY(rule->device.major, minor),
			CGW_DEVICE_KEY(rule->device.major, last), ref);
	else if (any_minor)
		add_span(spans, 0, UINT32_MAX, ref);
	else
		for (uint32_t major = 0; major < MAJORS; major++)
			add_span(spans, CGW_DEVICE_KEY(major, minor), CGW_DEVICE_KEY(major, minor),
				ref);
}

static bool is_device(const struct policy_rule *rule, uint32_t op, int block)
{
	return rule->section == SECTION_DEVICE && rule->ops >> op & 1 &&
	       (rule->device.type == 'a' || rule->device.type == (block ? 'b' : 'c'));
}

static void compile_devices(struct compiler *compiler, uint32_t slot, struct spans *spans)
{
	const struct policy *policy = compiler->by_slot[slot];
	struct cgw_devices devices = {0};
	bool any = false;

	for (uint32_t op = CGW_OP_DEVICE_READ; op <= CGW_OP_DEVICE_MKNOD; op++)
		for (int block = 0; block < 2; block++) {
			for (size_t i = 0; i < policy->rule_count; i++)
				if (is_device(&policy->rules[i], op, block))
					add_device(spans, &policy->rules[i],
						rule_ref(compiler, slot, &policy->rules[i]));
			any |= spans->count > 0;
			devices.tables[CGW_DEVICE_OP(op)][block] = write_spans(compiler, spans);
		}
	if (any)
		compiler->records[slot].devices =
			builder_add(&compiler->builder, &devices, sizeof(devices), 32);
}

/* Spans that one table of the policy can need. */
static size_t spans_max(const struct policy *policy)
{
	size_t count = 1;

	for (size_t i = 0; i < policy->rule_count; i++) {
		const struct policy_rule *rule = &policy->rules[i];

		count += rule->section == SECTION_DEVICE && rule->device.major < 0 &&
					 rule->device.minor >= 0
				 ? MAJORS
				 : 1;
	}
	return count;
}

void compile_numbers(struct compiler *compiler, uint32_t slot)
{
	struct cgw_policy *record = &compiler->records[slot];
	struct spans spans = {
		.items = xcalloc(spans_max(compiler->by_slot[slot]), sizeof(struct span))};

	record->powers = compile_section(compiler, slot, &spans, SECTION_KERNEL);
	record->capabilities = compile_section(compiler, slot, &spans, SECTION_CAPABILITY);
	compile_devices(compiler, slot, &spans);
	free(spans.items);
}
