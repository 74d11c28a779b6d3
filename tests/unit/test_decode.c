// SPDX-License-Identifier: GPL-2.0-only
/* event_decode(): what is an event, and one offence at a time that makes it none. */
#include <errno.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
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

/* ---- where the fuzzer begins: WRITE_SEEDS=1 in the environment makes the files anew ---- */

static void seed_kind(struct raw_event *seed, uint8_t kind, uint8_t op, const char *name)
{
	raw_start(seed, kind, op, CGW_HOOK_SYSCTL);
	seed->event.name_len = raw_text(seed, name);
}

static void seed_pod(struct raw_event *seed)
{
	raw_connect(seed);
	seed->event.size = sizeof(seed->event);
	seed->event.exe_len = 0;
	seed->event.cgroup_len = raw_text(seed,
		"/kubepods.slice/kubepods-burstable.slice/kubepods-burstable-pod8a1b2c3d_0011_2233_"
		"4455_66778899aabb.slice/cri-containerd-0123456789abcdef0123456789abcdef0123456789"
		"abcdef0123456789abcdef.scope");
}

static bool seed_of(struct raw_event *seed, size_t index, const char **name)
{
	static const char *const names[] = {"sysctl", "connect4", "unix", "unix-abstract", "pod",
		"file", "kernel", "capability", "device", "sum"};

	*name = index < sizeof(names) / sizeof(names[0]) ? names[index] : NULL;
	switch (index) {
	case 0:
		raw_sysctl(seed, "net/ipv4/conf/eth0.1/x", "core\n", "\"\\\033\377\303\244");
		return true;
	case 1:
		raw_connect(seed);
		return true;
	case 2:
		raw_unix(seed, "/run/x y", 8);
		return true;
	case 3:
		raw_unix(seed, "\0ab\0", 4);
		return true;
	case 4:
		seed_pod(seed);
		return true;
	case 5:
		seed_kind(seed, CGW_EVENT_FILE, CGW_OP_FILE_WRITE, "/etc/shadow");
		seed->event.name2_len = raw_text(seed, "/etc/x");
		return true;
	case 6:
		seed_kind(seed, CGW_EVENT_KERNEL, CGW_OP_KERNEL, "");
		seed->event.kernel.power = 1;
		return true;
	case 7:
		seed_kind(seed, CGW_EVENT_CAPABILITY, CGW_OP_CAPABILITY, "");
		seed->event.capability.number = 13;
		return true;
	case 8:
		seed_kind(seed, CGW_EVENT_DEVICE, CGW_OP_DEVICE_READ, "");
		seed->event.device.type = 'c';
		return true;
	case 9:
		raw_connect(seed);
		seed->event.size -= seed->event.exe_len;
		seed->event.exe_len = 0;
		seed->event.flags = CGW_EVENT_SUPPRESSED;
		seed->event.suppressed.count = 3;
		seed->event.suppressed.since = 1;
		seed->event.suppressed.until = 2;
		return true;
	}
	return false;
}

/* Seeds of another layout would be refused by the decoder, and the fuzzer would not come far. */
static void test_seeds(void **state)
{
	static uint8_t bytes[sizeof(struct raw_event) + 1];
	static struct raw_event seed;
	const char *name;
	char path[512];

	(void)state;
	for (size_t i = 0; seed_of(&seed, i, &name); i++) {
		const char mode = 2;
		size_t got;
		FILE *file;

		if (event_decode(&event, &seed, seed.event.size))
			fail_msg("the seed %s is no event", name);
		snprintf(path, sizeof(path), SOURCE_DIR "/tests/fuzz/corpus/event/%s", name);
		file = fopen(path, getenv("WRITE_SEEDS") ? "w+" : "r");
		if (!file)
			fail_msg("%s: %s", path, strerror(errno));
		if (getenv("WRITE_SEEDS")) {
			fwrite(&mode, 1, 1, file);
			fwrite(&seed, 1, seed.event.size, file);
			rewind(file);
		}
		got = fread(bytes, 1, sizeof(bytes), file);
		fclose(file);
		if (got != seed.event.size + 1 || memcmp(bytes + 1, &seed, seed.event.size))
			fail_msg("%s is of another layout: run this test with WRITE_SEEDS=1", path);
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
		cmocka_unit_test(test_seeds),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
