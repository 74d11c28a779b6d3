/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * number.h - the matcher, continued: operations whose subject is a number. Powers over the kernel,
 * capabilities, devices.
 */
#ifndef CGW_NUMBER_H
#define CGW_NUMBER_H

#include "match.h"

struct cgw_number {
	struct cgw_judge judge;
	__u32 field;  /* offset in struct cgw_policy: of the table; with `record`, of what holds it
		       */
	__u32 record; /* 0, or 1 + the offset of the table in the record that the field names */
	__u32 key;
};

static __attribute__((unused)) long cgw_number_policy(__u32 index, void *context)
{
	struct cgw_number *number = context;
	struct cgw_judge *judge = &number->judge;
	__u32 table, ref;

	(void)index;
	if (!cgw_judge_next(judge))
		return 1;
	table = cgw_u32(judge->view, cgw_policy_field(judge, flags) -
					     (__u32)offsetof(struct cgw_policy, flags) +
					     number->field);
	if (table && number->record)
		table = cgw_u32(judge->view, table + number->record - 1);
	if (!table)
		return 0;
	ref = cgw_table_find32(judge->view, &judge->work->search, table, number->key);
	cgw_judge_add(judge, ref, CGW_REASON_RULE);
	return 0;
}

CGW_INLINE void cgw_judge_number(struct cgw_number *number)
{
	cgw_judge_start(&number->judge);
	cgw_loop(CGW_POLICIES_MAX, cgw_number_policy, number);
}

/* power: enum cgw_power */
CGW_INLINE void cgw_judge_power(struct cgw_number *number, __u32 power)
{
	number->field = offsetof(struct cgw_policy, powers);
	number->record = 0;
	number->key = power;
	cgw_judge_number(number);
}

/* capability: CAP_* */
CGW_INLINE void cgw_judge_capability(struct cgw_number *number, __u32 capability)
{
	number->field = offsetof(struct cgw_policy, capabilities);
	number->record = 0;
	number->key = capability;
	cgw_judge_number(number);
}

/* op: one of CGW_OP_DEVICE_*; block: 0 for a character device, 1 for a block device */
CGW_INLINE void cgw_judge_device(
	struct cgw_number *number, __u32 op, __u32 block, __u32 major, __u32 minor)
{
	number->field = offsetof(struct cgw_policy, devices);
	number->record =
		1 + (__u32)offsetof(struct cgw_devices, tables) + CGW_DEVICE_OP(op) * 8 + block * 4;
	number->key = CGW_DEVICE_KEY(major, minor);
	cgw_judge_number(number);
}

#endif
