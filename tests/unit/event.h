/* SPDX-License-Identifier: GPL-2.0-only */
/* event.h - events built by hand, for the tests of the reader and the seeds of its fuzzer. */
#ifndef CGW_TEST_EVENT_H
#define CGW_TEST_EVENT_H

#include <stdint.h>
#include <string.h>
#include <sys/socket.h>
#include "abi.h"

/* A record as it stands in the ring buffer. */
struct raw_event {
	union {
		struct cgw_event event;
		uint8_t bytes[sizeof(struct cgw_event) + CGW_EVENT_TAIL_MAX + 64];
	};
};

/* Adds bytes to the tail and returns their number. */
static inline uint16_t raw_add(struct raw_event *raw, const void *bytes, size_t length)
{
	memcpy(raw->bytes + raw->event.size, bytes, length);
	raw->event.size += length;
	return length;
}

static inline uint16_t raw_text(struct raw_event *raw, const char *text)
{
	return raw_add(raw, text, strlen(text));
}

/* What all have; then the caller adds name, old and new, in this order. */
static inline void raw_start(struct raw_event *raw, uint8_t kind, uint8_t op, uint8_t hook)
{
	memset(raw, 0, sizeof(*raw));
	raw->event = (struct cgw_event){
		.abi_version = CGW_ABI_VERSION,
		.size = sizeof(struct cgw_event),
		.time = 1000,
		.sequence = 7,
		.cpu = 1,
		.generation = 3,
		.rule_key = 0x0123456789abcdefULL,
		.rule = 0,
		.kind = kind,
		.verdict = CGW_VERDICT_DENY,
		.reason = CGW_REASON_RULE,
		.hook = hook,
		.op = op,
		.judged = CGW_JUDGED_TASK,
		.pid = 123,
		.tid = 124,
		.ppid = 100,
		.ns_pid = 5,
		.uid = 0,
		.gid = 10,
		.loginuid = ~0U,
		.cgroup_id = 4242,
		.capabilities = 0x3000,
		.comm = "sh",
		.parent_comm = "init",
	};
	raw->event.cgroup_len = raw_text(raw, "/ct/crun-web.scope");
	raw->event.exe_len = raw_text(raw, "/bin/busybox");
}

/* sysctl write NAME (the kernel's form): old -> new */
static inline void raw_sysctl(
	struct raw_event *raw, const char *name, const char *old, const char *new)
{
	raw_start(raw, CGW_EVENT_SYSCTL, CGW_OP_SYSCTL_WRITE, CGW_HOOK_SYSCTL);
	raw->event.name_len = raw_text(raw, name);
	raw->event.old_len = raw_text(raw, old);
	raw->event.new_len = raw_text(raw, new);
	raw->event.sysctl.old_size = raw->event.old_len;
	raw->event.sysctl.new_size = raw->event.new_len;
}

/* connect tcp 10.0.0.1:22 */
static inline void raw_connect(struct raw_event *raw)
{
	raw_start(raw, CGW_EVENT_NETWORK, CGW_OP_CONNECT, CGW_HOOK_CONNECT4);
	raw->event.network.family = AF_INET;
	raw->event.network.type = SOCK_STREAM;
	raw->event.network.protocol = 6;
	raw->event.network.port = 22;
	raw->event.network.address[0] = 0x0a000001;
}

/* connect unix NAME: a path, or an abstract name after a NUL */
static inline void raw_unix(struct raw_event *raw, const void *name, size_t length)
{
	raw_start(raw, CGW_EVENT_NETWORK, CGW_OP_CONNECT, CGW_HOOK_CONNECT_UNIX);
	raw->event.network.family = AF_UNIX;
	raw->event.network.type = SOCK_STREAM;
	raw->event.name_len = raw_add(raw, name, length);
}

#endif
