// SPDX-License-Identifier: GPL-2.0-only
/* event_decode(): what is an event, and one offence at a time that makes it none. */
#include <errno.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <cmocka.h>
#include "decode.h"
#include "event.h"

static struct raw_event raw;
static struct event event;

static void assert_bytes(struct bytes bytes, const char *text)
{
	assert_int_equal(bytes.length, strlen(text));
	assert_memory_equal(bytes.data, text, bytes.length);
}

static void test_fields(void **state)
{
	(void)state;
	raw_sysctl(&raw, "kernel/core_pattern", "core\n", "|/x");
	assert_int_equal(event_decode(&event, &raw, raw.event.size), 0);
	assert_bytes(event.comm, "sh");
	assert_bytes(event.cgroup, "/ct/crun-web.scope");
	assert_bytes(event.exe, "/bin/busybox");
	assert_bytes(event.name, "kernel/core_pattern");
	assert_bytes(event.old, "core\n");
	assert_bytes(event.new, "|/x");
	assert_int_equal(event.head->sequence, 7);
}

static void test_comm_without_nul(void **state)
{
	(void)state;
	raw_connect(&raw);
	memcpy(raw.event.comm, "0123456789abcdef", 16);
	assert_int_equal(event_decode(&event, &raw, raw.event.size), 0);
	assert_bytes(event.comm, "0123456789abcdef");
}

static void test_sizes(void **state)
{
	(void)state;
	raw_connect(&raw);
	assert_int_equal(event_decode(&event, &raw, raw.event.size), 0);
	/* The record may have more room than the event needs, never less. */
	assert_int_equal(event_decode(&event, &raw, raw.event.size + 8), 0);
	assert_int_equal(event_decode(&event, &raw, raw.event.size - 1), -EINVAL);
	assert_int_equal(event_decode(&event, &raw, 0), -EINVAL);
	assert_int_equal(event_decode(&event, &raw, sizeof(struct cgw_event) - 1), -EINVAL);
	assert_int_equal(event_decode(&event, raw.bytes + 4, raw.event.size), -EINVAL);
	raw.event.size--;
	assert_int_equal(event_decode(&event, &raw, sizeof(raw)), -EINVAL);
	raw.event.size += 2;
	assert_int_equal(event_decode(&event, &raw, sizeof(raw)), -EINVAL);
	raw.event.size = 0;
	assert_int_equal(event_decode(&event, &raw, sizeof(raw)), -EINVAL);
	raw.event.size = ~0U;
	assert_int_equal(event_decode(&event, &raw, sizeof(raw)), -EINVAL);
}

/* The longest texts there can be; then one byte more in each. */
static void test_longest(void **state)
{
	static const uint8_t bytes[CGW_TEXT_MAX] = {'/'};

	(void)state;
	for (int longer = 0; longer < 2; longer++) {
		struct raw_event *big = calloc(1, sizeof(*big) + 1024);

		raw_start(big, CGW_EVENT_SYSCTL, CGW_OP_SYSCTL_WRITE, CGW_HOOK_SYSCTL);
		big->event.size = sizeof(big->event);
		big->event.cgroup_len = raw_add(big, bytes, CGW_TEXT_MAX);
		big->event.exe_len = raw_add(big, bytes, CGW_TEXT_MAX);
		big->event.name_len = raw_add(big, bytes, CGW_TEXT_MAX);
		big->event.old_len = raw_add(big, bytes, CGW_VALUE_SHOWN);
		big->event.new_len = raw_add(big, bytes, CGW_VALUE_SHOWN + longer);
		big->event.sysctl.old_size = big->event.sysctl.new_size = CGW_TEXT_MAX;
		assert_int_equal(event_decode(&event, big, big->event.size), longer ? -EINVAL : 0);
		free(big);
	}
}

/* What a program of ours never reports. */
static void test_numbers(void **state)
{
	static const struct {
		uint8_t kind, op, hook;
		uint32_t first; /* of the kind's own fields */
		bool good;
	} rows[] = {
		{CGW_EVENT_KERNEL, CGW_OP_KERNEL, CGW_HOOK_CAPABLE, CGW_POWER_MOUNT, true},
		{CGW_EVENT_KERNEL, CGW_OP_KERNEL, CGW_HOOK_CAPABLE, 0, false},
		{CGW_EVENT_KERNEL, CGW_OP_KERNEL, CGW_HOOK_CAPABLE, CGW_POWER_COUNT, false},
		{CGW_EVENT_KERNEL, CGW_OP_CAPABILITY, CGW_HOOK_CAPABLE, CGW_POWER_MOUNT, false},
		{CGW_EVENT_CAPABILITY, CGW_OP_CAPABILITY, CGW_HOOK_CAPABLE, 0, true},
		{CGW_EVENT_CAPABILITY, CGW_OP_CAPABILITY, CGW_HOOK_CAPABLE, 63, true},
		{CGW_EVENT_CAPABILITY, CGW_OP_CAPABILITY, CGW_HOOK_CAPABLE, 64, false},
		{CGW_EVENT_DEVICE, CGW_OP_DEVICE_READ, CGW_HOOK_DEVICE, 'c', true},
		{CGW_EVENT_DEVICE, CGW_OP_DEVICE_MKNOD, CGW_HOOK_DEVICE, 'b', true},
		{CGW_EVENT_DEVICE, CGW_OP_DEVICE_READ, CGW_HOOK_DEVICE, 'a', false},
		{CGW_EVENT_DEVICE, CGW_OP_FILE_READ, CGW_HOOK_DEVICE, 'c', false},
	};

	(void)state;
	for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
		raw_start(&raw, rows[i].kind, rows[i].op, rows[i].hook);
		raw.event.kernel.power = rows[i].first; /* the first of each kind */
		assert_int_equal(
			event_decode(&event, &raw, raw.event.size), rows[i].good ? 0 : -EINVAL);
		raw.event.name_len = raw_text(&raw, "x");
		assert_int_equal(event_decode(&event, &raw, raw.event.size), -EINVAL);
	}
}

#define OFFENCE(label, statement)                                                                  \
	static void offence_##label(void)                                                          \
	{                                                                                          \
		statement;                                                                         \
	}

OFFENCE(abi, raw.event.abi_version++)
OFFENCE(kind_zero, raw.event.kind = 0)
OFFENCE(kind_other, raw.event.kind = 99)
OFFENCE(kind_op, raw.event.kind = CGW_EVENT_NETWORK)
OFFENCE(verdict_zero, raw.event.verdict = 0)
OFFENCE(verdict_allow, raw.event.verdict = CGW_VERDICT_ALLOW)
OFFENCE(verdict_other, raw.event.verdict = CGW_VERDICT_DENY + 1)
OFFENCE(reason_zero, raw.event.reason = 0)
OFFENCE(reason_other, raw.event.reason = 200)
OFFENCE(hook_zero, raw.event.hook = 0)
OFFENCE(hook_other, raw.event.hook = CGW_HOOK_COUNT)
OFFENCE(op_zero, raw.event.op = 0)
OFFENCE(op_other, raw.event.op = CGW_OP_FILE_READ)
OFFENCE(judged_zero, raw.event.judged = 0)
OFFENCE(judged_other, raw.event.judged = 4)
OFFENCE(cgroup_relative, raw.event.tail[0] = 'x')
OFFENCE(cgroup_longer, raw.event.cgroup_len++)
OFFENCE(cgroup_too_long, raw.event.cgroup_len = CGW_TEXT_MAX + 1)
OFFENCE(new_longer, raw.event.new_len = 0xffff)
OFFENCE(old_beyond_size, raw.event.sysctl.old_size = raw.event.old_len - 1)
OFFENCE(new_beyond_size, raw.event.sysctl.new_size = 0)

static const struct {
	const char *name;
	void (*offend)(void);
} offences[] = {
#define ROW(label)                                                                                 \
	{                                                                                          \
#label, offence_##label                                                            \
	}
	ROW(abi),
	ROW(kind_zero),
	ROW(kind_other),
	ROW(kind_op),
	ROW(verdict_zero),
	ROW(verdict_allow),
	ROW(verdict_other),
	ROW(reason_zero),
	ROW(reason_other),
	ROW(hook_zero),
	ROW(hook_other),
	ROW(op_zero),
	ROW(op_other),
	ROW(judged_zero),
	ROW(judged_other),
	ROW(cgroup_relative),
	ROW(cgroup_longer),
	ROW(cgroup_too_long),
	ROW(new_longer),
	ROW(old_beyond_size),
	ROW(new_beyond_size),
};

static void test_offences(void **state)
{
	(void)state;
	for (size_t i = 0; i < sizeof(offences) / sizeof(offences[0]); i++) {
		raw_sysctl(&raw, "kernel/core_pattern", "core\n", "|/x");
		assert_int_equal(event_decode(&event, &raw, raw.event.size), 0);
		offences[i].offend();
		if (event_decode(&event, &raw, raw.event.size) != -EINVAL)
			fail_msg("%s was accepted", offences[i].name);
	}
}

static void test_network_offences(void **state)
{
	(void)state;
	raw_connect(&raw);
	raw.event.network.port = CGW_PORT_UNKNOWN;
	assert_int_equal(event_decode(&event, &raw, raw.event.size), 0);
	raw.event.network.port++;
	assert_int_equal(event_decode(&event, &raw, raw.event.size), -EINVAL);
	raw_connect(&raw);
	raw.event.old_len = raw_text(&raw, "x");
	assert_int_equal(event_decode(&event, &raw, raw.event.size), -EINVAL);
}

/* Every byte of the header, set to every value: an answer, and no text outside of the record. */
static void test_any_byte(void **state)
{
	(void)state;
	for (size_t at = 0; at < sizeof(struct cgw_event); at++) {
		for (int value = 0; value < 256; value++) {
			raw_sysctl(&raw, "kernel/core_pattern", "core\n", "|/x");
			uint32_t size = raw.event.size;

			raw.bytes[at] = value;
			if (event_decode(&event, &raw, size))
				continue;
			assert_ptr_equal(event.new.data + event.new.length, raw.bytes + size);
		}
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_numbers),
		cmocka_unit_test(test_fields),
		cmocka_unit_test(test_comm_without_nul),
		cmocka_unit_test(test_sizes),
		cmocka_unit_test(test_longest),
		cmocka_unit_test(test_offences),
		cmocka_unit_test(test_network_offences),
		cmocka_unit_test(test_any_byte),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
