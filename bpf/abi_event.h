/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * abi_event.h - the part of abi.h that is about events: what the programs write into the ring
 * buffer and cgward-audit reads. Included by abi.h.
 */
#ifndef CGW_ABI_EVENT_H
#define CGW_ABI_EVENT_H

#include <linux/types.h>
#include "lsm_hooks.h"

enum cgw_event_kind {
	CGW_EVENT_SYSCTL = 1,
	CGW_EVENT_NETWORK = 2,
	CGW_EVENT_FILE = 3,
	CGW_EVENT_KERNEL = 4,
	CGW_EVENT_CAPABILITY = 5,
	CGW_EVENT_DEVICE = 6,
	CGW_EVENT_GUARD = 7, /* an attempt on cgward itself */
};

/* The hook that saw the operation. The names stand in policies/names.c. */
enum cgw_hook {
	CGW_HOOK_SYSCTL = 1,
	CGW_HOOK_CONNECT4 = 2,
	CGW_HOOK_CONNECT6 = 3,
	CGW_HOOK_SENDMSG4 = 4,
	CGW_HOOK_SENDMSG6 = 5,
	CGW_HOOK_BIND4 = 6,
	CGW_HOOK_BIND6 = 7,
	CGW_HOOK_SOCK_CREATE = 8,
	CGW_HOOK_CONNECT_UNIX = 9,
	CGW_HOOK_SENDMSG_UNIX = 10,
	CGW_HOOK_EGRESS = 11,
	CGW_HOOK_DEVICE = 12,
	CGW_HOOK_POST_BIND4 = 13,
	CGW_HOOK_POST_BIND6 = 14,
#define CGW_HOOK_NUMBER(number, name, hook, help) CGW_HOOK_##number,
	CGW_LSM_HOOKS(CGW_HOOK_NUMBER)
#undef CGW_HOOK_NUMBER
	CGW_HOOK_COUNT,
};

/* Whose policy decided. */
enum cgw_judged {
	CGW_JUDGED_TASK = 1,   /* the task's cgroup */
	CGW_JUDGED_KEPT = 2,   /* policies that the task keeps from a cgroup it was in before */
	CGW_JUDGED_SOCKET = 3, /* the cgroup in which the socket was made */
};

#define CGW_VALUE_SHOWN 512 /* bytes of a sysctl value that an event carries */

/* The ring buffer, in bytes: a power of two. */
#define CGW_RING_SIZE (1U << 20)

/* Longest cgroup path that a sum carries: that of a container in a Kubernetes pod has 220 bytes. */
#define CGW_BUDGET_PATH 256

/*
 * Flags of an event. SUPPRESSED: a sum of violations of one rule in one cgroup that were beyond
 * their budget. Of the task nothing is known, of the tail there is the cgroup at most (none: it was
 * too long); rule, op, hook, reason and judged are those of the first one.
 */
#define CGW_EVENT_SUPPRESSED 1U

struct cgw_event {
	__u32 abi_version;
	__u32 size;	/* of the whole record, tail included */
	__u64 time;	/* CLOCK_BOOTTIME, ns */
	__u64 sequence; /* of this CPU */
	__u32 cpu;
	__u32 generation;
	__u64 rule_key;
	__u32 rule; /* index in the image of that generation */
	__u8 kind;
	__u8 verdict;
	__u8 reason;
	__u8 hook;
	__u8 op;
	__u8 judged;
	__u16 flags; /* CGW_EVENT_* */
	__u32 pid;   /* thread group id, initial namespace */
	__u32 tid;
	__u32 ppid;
	__u32 ns_pid; /* pid in the task's innermost pid namespace */
	__u32 uid;
	__u32 gid;
	__u32 loginuid;		/* ~0: not set */
	__u64 cgroup_id;	/* of the task */
	__u64 socket_cgroup_id; /* network: where the socket was made; 0: not known */
	__u64 capabilities;	/* effective ones of the task: bit n is capability n */
	__u8 comm[16];
	__u8 parent_comm[16];
	union {
		struct {
			__u32 old_size; /* of the value in full: more than old_len says that the
					   tail holds its head */
			__u32 new_size;
			__u32 file_pos;
		} sysctl;
		struct {
			__u16 family;	/* AF_*: of the address judged (a mapped address is AF_INET)
					 */
			__u16 type;	/* SOCK_* */
			__u32 protocol; /* IPPROTO_* of the socket */
			__u32 port;	/* host order; CGW_PORT_UNKNOWN: not readable */
			__u32 address[4]; /* host order, most significant first; IPv4 in [0] */
		} network;
		struct {
			__u32 power; /* enum cgw_power */
		} kernel;
		struct {
			__u32 number; /* CAP_* */
		} capability;
		struct {
			__u32 type; /* 'c' or 'b' */
			__u32 major;
			__u32 minor;
		} device;
		struct {
			__u32 what;   /* enum cgw_guarded; its name is the event's name */
			__u32 number; /* bpf(2): the command; signals: the number; else 0 */
		} guard;
		struct {
			__u64 count; /* at least 1 */
			__u64 since; /* of the first and the last one: CLOCK_BOOTTIME, ns */
			__u64 until;
		} suppressed;
	};
	/* Lengths of what stands in the tail, one after the other, without NULs. */
	__u16 cgroup_len; /* cgroup path from the instance's cgroup root; "" is the root itself */
	__u16 exe_len;
	__u16 name_len; /* sysctl: in the kernel's form, with slashes; unix: path, or abstract name
			   after a NUL */
	__u16 old_len;	/* sysctl */
	__u16 new_len;
	__u16 name2_len; /* file: the second path of a rename or link */
	__u16 reserved1[2];
	__u8 tail[];
};

/* Most that the tail can hold: cgroup, exe and two names of CGW_TEXT_MAX each, two values. */
#define CGW_EVENT_TAIL_MAX (4 * CGW_TEXT_MAX + 2 * CGW_VALUE_SHOWN)

CGW_ASSERT_SIZE(struct cgw_event, 184);

#endif
