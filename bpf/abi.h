/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * abi.h - every structure that crosses the boundary between cgward's user space and its BPF
 * programs; those of events are in abi_event.h, which is a part of this.
 *
 * Compiled by the host compiler and by clang -target bpf; the asserts at the end hold in both. A
 * change of any structure here is a change of CGW_ABI_VERSION.
 *
 * Conventions: offsets are bytes from the start of the image; 0 means "there is none" (offset 0 is
 * the header). Texts are NUL-terminated. Numbers are in host byte order unless a name ends in _be.
 * In every enum, 0 is reserved: memory that nobody wrote never means a verdict, a rule or a kind.
 */
#ifndef CGW_ABI_H
#define CGW_ABI_H

#include <linux/types.h>

/* A build that differs in its version only: what the tests of upgrades are made with. */
#ifndef CGW_ABI_BUMP
#define CGW_ABI_BUMP 0
#endif
#define CGW_ABI_VERSION (2 + CGW_ABI_BUMP)
/* From this version on images, counters and records of processes are as they are now, so that their
 * content can be taken over from programs of that version. */
#define CGW_ABI_OLDEST 1
#define CGW_IMAGE_MAGIC 0x31574743 /* "CGW1" */

/*
 * The image lives in one array map. 64 KiB a page: a small ruleset is one page, so that a decision
 * fetches the page once; and far below the 4 MiB that an array map's value may have on Linux 6.1.
 */
#define CGW_PAGE_SHIFT 16
#define CGW_PAGE_SIZE (1U << CGW_PAGE_SHIFT)
#define CGW_PAGES_MAX 4096 /* 256 MiB; a policy set beyond that is an error of the compiler */

#define CGW_POLICIES_MAX 1024 /* bits of struct cgw_set */
#define CGW_SET_WORDS (CGW_POLICIES_MAX / 64)
#define CGW_RULES_MAX 262144 /* entries of the counter map */

/* Longest text that the matcher reads: a cgroup path, a sysctl name or value, a unix socket name.
 */
#define CGW_TEXT_MAX 4096

/* A set of policies by slot. Slots are stable: a policy keeps its slot as long as the ruleset names
 * it. */
struct cgw_set {
	__u64 word[CGW_SET_WORDS];
};

/* What a rule does, in order of precedence within one policy: allow wins over deny, deny over
 * audit. */
enum cgw_action {
	CGW_ACTION_AUDIT = 1,
	CGW_ACTION_DENY = 2,
	CGW_ACTION_ALLOW = 3,
};

/*
 * A resolved rule: action in bits 28 to 30, CGW_REF_INDEX minus the rule's index below. The greater
 * of two refs of one policy is the one that decides (stronger action, then earlier rule). 0: no
 * rule.
 */
#define CGW_REF_SHIFT 28
#define CGW_REF_INDEX 0x0fffffffU
#define CGW_REF(action, rule) ((__u32)(action) << CGW_REF_SHIFT | (CGW_REF_INDEX - (__u32)(rule)))
#define CGW_REF_ACTION(ref) ((ref) >> CGW_REF_SHIFT)
#define CGW_REF_RULE(ref) (CGW_REF_INDEX - ((ref)&CGW_REF_INDEX))

enum cgw_verdict {
	CGW_VERDICT_ALLOW = 1,
	CGW_VERDICT_AUDIT = 2,
	CGW_VERDICT_DENY = 3,
};

/* Why. Everything but RULE means: could not be judged, and a rule of that kind could have matched.
 */
enum cgw_reason {
	CGW_REASON_RULE = 1,
	CGW_REASON_NAME_UNREADABLE = 2,	 /* the kernel did not give the whole sysctl name */
	CGW_REASON_VALUE_UNREADABLE = 3, /* the kernel did not give the whole value written */
	CGW_REASON_VALUE_SPLIT = 4,	 /* written at a file position other than 0 */
	CGW_REASON_PATH_AMBIGUOUS = 5, /* a unix socket path that is relative or holds // . or .. */
	CGW_REASON_HEADER_UNREADABLE = 6, /* a packet whose addresses or ports cannot be found */
	CGW_REASON_NO_SCRATCH = 7,	  /* no scratch slot was free */
	CGW_REASON_BAD_IMAGE = 8,	  /* the image has a hole: a bug, never a policy's fault */
	/* [file] */
	CGW_REASON_SEALED = 9, /* would give a protected object a name that no rule covers */
	CGW_REASON_PATH_TOO_LONG = 10,	  /* CGW_TEXT_MAX bytes or more */
	CGW_REASON_PATH_UNREACHABLE = 11, /* from the root of the task's mount namespace: another
					     namespace, a mount that has been detached, an object
					     without a place in its tree */
	CGW_REASON_PATH_CHANGING = 12,	  /* renamed and mounted all the time while it was read */
	CGW_REASON_SOURCE_UNKNOWN = 13,	  /* mount(2) of what only a string names, which the hook
					     cannot resolve */
	CGW_REASON_GUARD = 14,		  /* an attempt on cgward itself: no rule is needed */
};

enum cgw_op {
	CGW_OP_SYSCTL_READ = 1,
	CGW_OP_SYSCTL_WRITE = 2,
	CGW_OP_CONNECT = 3,
	CGW_OP_BIND = 4,
	CGW_OP_LISTEN = 5,
	CGW_OP_SOCKET = 6,
	CGW_OP_FILE_READ = 7,
	CGW_OP_FILE_WRITE = 8,
	CGW_OP_FILE_EXEC = 9,
	CGW_OP_KERNEL = 10,
	CGW_OP_CAPABILITY = 11,
	CGW_OP_DEVICE_READ = 12,
	CGW_OP_DEVICE_WRITE = 13,
	CGW_OP_DEVICE_MKNOD = 14,
	CGW_OP_COUNT,
	/* Of events only: an attempt on cgward itself; see enum cgw_guarded. */
	CGW_OP_GUARD = 31,
};

/* Operations with a peer have one table each in a policy: connect, bind, listen. */
#define CGW_PEER_OPS 3
#define CGW_PEER_OP(op) ((op)-CGW_OP_CONNECT)

/* [kernel]. The names stand in policies/names.c. */
enum cgw_power {
	CGW_POWER_MOUNT = 1,
	CGW_POWER_CHROOT,
	CGW_POWER_PTRACE,
	CGW_POWER_MODULE,
	CGW_POWER_BPF,
	CGW_POWER_USERNS,
	CGW_POWER_PERF,
	CGW_POWER_KEXEC,
	CGW_POWER_KEYRING,
	CGW_POWER_IO_URING,
	CGW_POWER_SETTIME,
	CGW_POWER_SYSLOG,
	CGW_POWER_KILL_OUTSIDE,
	CGW_POWER_PERSONALITY,
	CGW_POWER_COUNT,
};

/* Accesses to devices have one table each: read, write, mknod. */
#define CGW_DEVICE_OPS 3
#define CGW_DEVICE_OP(op) ((op)-CGW_OP_DEVICE_READ)

/* Groups of protocols. OTHER (L2TP, DCCP, ...) has no name in the language: only rules without
 * protocols cover it. */
enum cgw_proto {
	CGW_PROTO_TCP = 1,  /* TCP, MPTCP */
	CGW_PROTO_UDP = 2,  /* UDP, UDP-Lite */
	CGW_PROTO_ICMP = 3, /* ping sockets, ICMP and ICMPv6 */
	CGW_PROTO_SCTP = 4,
	CGW_PROTO_RAW = 5, /* SOCK_RAW */
	CGW_PROTO_OTHER = 6,
	CGW_PROTO_UNIX = 7, /* judged by name, never by the address tables */
	CGW_PROTO_COUNT,
};

/* A port that cannot be read (a fragment, say): its table entry is the severest of all ports. */
#define CGW_PORT_UNKNOWN 65536U

/* ---- the image ---- */

struct cgw_image_header {
	__u32 magic;
	__u32 abi_version;
	__u64 checksum;	  /* FNV-1a 64 of the image with checksum and generation taken as 0 */
	__u32 generation; /* given when published, 0 before; never 0 in the kernel */
	__u32 size;	  /* of the whole image, a multiple of CGW_PAGE_SIZE */
	__u32 policies; /* offset of struct cgw_policy[policy_count]; slots without a policy are all
			   zero */
	__u32 policy_count;
	__u32 rules; /* offset of struct cgw_rule[rule_count] */
	__u32 rule_count;
	__u32 selectors; /* chain of automata over cgroup paths; accept: offset of a struct cgw_set
			  */
	__u32 attachments; /* offset of struct cgw_attachment[attachment_count], sorted by cgroup id
			    */
	__u32 attachment_count;
	__u32 all;	/* offset of the struct cgw_set of all policies */
	__u32 ops;	/* bit set of enum cgw_op: operations that some rule denies or audits */
	__u32 text;	/* offset of the texts, which reach to the end of the image */
	__u32 deny_ops; /* bit set of enum cgw_op: operations that some policy with mode = enforce
			   denies */
	__u32 settings; /* offset of a struct cgw_settings; 0: an image of ABI version 1 */
};

enum cgw_protect {
	CGW_PROTECT_OFF = 1,
	CGW_PROTECT_GUARD = 2, /* governed tasks cannot touch cgward */
};

/*
 * What the host configuration says (cgward.conf). It is part of the image, so that a change takes
 * effect with the ruleset, by the same one pointer, and no decision ever sees half of it.
 */
struct cgw_settings {
	__u32 protect;		 /* enum cgw_protect */
	__u32 events_per_second; /* of one cgroup and rule; 0: no limit */
	__u32 events_burst;	 /* events; at least 1 */
	__u32 reserved;
	/* The same as the programs want it; both 0 without a limit. */
	__u64 event_interval; /* ns for which one event uses its budget up */
	__u64 event_window;   /* ns by which the events of a budget may be ahead: the burst */
};

/* Limits of what the host configuration may say. */
#define CGW_EVENTS_PER_SECOND_MAX 1000000
#define CGW_EVENTS_BURST_MAX 1000000

/* An automaton (a DFA over bytes) starts on a multiple of 512, so that it never straddles pages. */
#define CGW_AUTOMATON_ALIGN 512

struct cgw_automaton {
	__u32 next; /* the next automaton of the chain: all of a chain are run */
	__u32 rows; /* offset of the first row; a multiple of the row size, so that no row straddles
		       pages */
	__u32 shift; /* log2 of the row size in bytes, 3 to 11 */
	__u32 row_count;
	__u32 start;   /* offset of the start state's row from rows; row 0 is the dead state */
	__u32 classes; /* number of byte classes */
	__u32 below; /* file paths only: offset of struct cgw_below[row_count]: of each state, what
			any text from there on can reach, the state itself included */
	__u32 reserved;
	__u8 class_of[256];
};
/*
 * A row is an array of __u32: [0] what the state accepts (0: nothing), [1 + class] the next state
 * as the offset of its row from rows. The dead state's row is all zero.
 */

/* Sorted disjoint intervals: interval i reaches from keys[i] to keys[i + 1] - 1. keys[0] is the
 * least key there is. */
struct cgw_table {
	__u32 count; /* at least 1 */
	__u32 keys;  /* offset of the keys: __u32[count], or struct cgw_key6[count] in an IPv6 table
		      */
	__u32 values; /* offset of __u32[count] */
	__u32 reserved;
};

struct cgw_key6 {
	__u32 word[4]; /* host order, most significant first; offset a multiple of 16 */
};

/* Value of an address table: for each protocol the table port -> ref (offset; 0: none). */
struct cgw_peer_class {
	__u32 ports[CGW_PROTO_COUNT];
};

/* What a name automaton of [sysctl] accepts. */
struct cgw_sysctl_class {
	__u32 read;   /* ref of the rules without value */
	__u32 write;  /* the same */
	__u32 values; /* chain of automata over the value written; accept: ref */
	__u32 could;  /* strongest deny or audit ref among the rules with a value: if the value is
			 not known */
};

/* What a name automaton of [file] accepts: the ref for each of read, write, exec. */
#define CGW_FILE_OPS 3
#define CGW_FILE_OP(op) ((op)-CGW_OP_FILE_READ)

struct cgw_file_class {
	__u32 ref[CGW_FILE_OPS];
	__u32 reserved;
};

/* The strongest refs that deny or audit: of any operation, and of writing. */
struct cgw_below {
	__u32 any;
	__u32 write;
};

#define CGW_POLICY_PRESENT 1U
#define CGW_POLICY_AUDIT 2U /* mode = audit */
#define CGW_POLICY_SEAL 4U  /* [file] seal = yes */

/* Kinds of names that files have. */
#define CGW_FILE_PATH 0
#define CGW_FILE_MEMFD 1

/* Families of names that unix sockets have. */
#define CGW_UNIX_PATH 0
#define CGW_UNIX_ABSTRACT 1

struct cgw_policy {
	__u32 flags;
	__u32 order;   /* rank by name: of several policies that give the same verdict the first is
			  reported */
	__u32 name;    /* text */
	__u32 file;    /* text: path of the policy file as given */
	__u32 sysctl;  /* chain of automata over sysctl names in the kernel's form
			* (net/ipv4/ip_forward);  accept: offset of a struct cgw_sysctl_class */
	__u32 sockets; /* table family << 8 | type -> ref */
	__u32 peers[CGW_PEER_OPS]
		   [2]; /* table address -> struct cgw_peer_class; [0] IPv4, [1] IPv6 */
	__u32 unix_names[CGW_PEER_OPS]
			[2]; /* chain of automata over unix names, without the @; accept: ref */
	__u32 unix_could[CGW_PEER_OPS]; /* strongest deny or audit ref over unix paths: if the path
					   is ambiguous */
	__u32 deny_ops;	    /* bit set of enum cgw_op: operations that some rule denies */
	__u32 audit_ops;    /* the same for audit */
	__u32 selectors;    /* text: the cgroup globs, separated by blanks */
	__u32 powers;	    /* table enum cgw_power -> ref */
	__u32 capabilities; /* table CAP_* -> ref */
	__u32 devices;	    /* offset of a struct cgw_devices; 0: no rules */
	/* chain of automata over absolute paths, and over names of memfds; accept: offset of a
	 * struct cgw_file_class */
	__u32 files[2];
	__u32 reserved[3];
};

/* Tables CGW_DEVICE_KEY -> ref for each access and type: 0 character, 1 block. */
struct cgw_devices {
	__u32 tables[CGW_DEVICE_OPS][2];
	__u32 reserved[2];
};

#define CGW_DEVICE_KEY(major, minor) ((__u32)(major) << 20 | ((__u32)(minor)&0xfffff))

/* In place of a rule's index: the decision was made without one (reason tells why). */
#define CGW_NO_RULE CGW_REF_INDEX

struct cgw_rule {
	__u64 key; /* FNV-1a 64 of policy name, NUL, canonical text: identifies the rule across
		      rulesets */
	__u32 action;
	__u32 policy; /* slot */
	__u32 text;   /* canonical text, such as "deny connect tcp 10.0.0.0/8:22" */
	__u32 line;   /* in the policy's file, from 1 */
	__u32 column; /* of the subject, from 1 */
	__u32 flags;  /* CGW_RULE_*, and the section of the policy in bits 8 to 15 */
};

/* Set by apply, for status: what this kernel does of the rule. Neither: all of it. */
#define CGW_RULE_UNENFORCED 1U /* nothing; on-missing = warn */
#define CGW_RULE_PARTLY 2U     /* some of it; apply has said what not */
/* For those who read an image again: [sysctl] is 1, and so on (enum policy_section). */
#define CGW_RULE_SECTION_SHIFT 8
#define CGW_RULE_SECTION(flags) ((flags) >> CGW_RULE_SECTION_SHIFT & 0xff)

/* A cgroup that is governed by hand (cgward attach) in addition to the selectors. */
struct cgw_attachment {
	__u64 cgroup_id;
	__u32 set;  /* offset of a struct cgw_set */
	__u32 path; /* text, for people; the id decides */
};

/* ---- state kept in maps ---- */

/*
 * The policies of a cgroup, cached. Key of the map: cgroup id (__u64). Valid for one generation. An
 * entry can be given to another cgroup while it is read, hence the id and the check in the value: a
 * torn read is a miss.
 */
struct cgw_scope {
	__u64 cgroup_id;
	__u32 generation;
	__u32 summary; /* bit w: set.word[w] is not 0 */
	__u64 check;   /* cgw_scope_check() of all else */
	struct cgw_set set;
};

/*
 * A governed process. Key of the map: thread group id (__u32), because the record must outlive the
 * leader's task_struct when another thread calls execve. What governs the process is the set of its
 * cgroup and `kept`.
 */
struct cgw_process {
	__u64 start;	     /* start_boottime of the leader: tells a reused id */
	struct cgw_set home; /* policies of the cgroup in which it was born or last put by an
				ungoverned task */
	struct cgw_set kept; /* policies that it keeps although a governed task moved it or cloned
				it elsewhere */
	__u64 entered; /* by an ungoverned task's doing: its count of executed programs then, + 1;
			  0: not so. While the two are equal it has executed none since. */
};

/*
 * The pinned map "meta": one entry, written last; an instance without it is the leftover of a dead
 * loader. The members up to epoch have their place in every version; the size may differ.
 */
#define CGW_META_MAGIC 0x4154454d44524743ULL /* "CGRDMETA" */

struct cgw_meta {
	__u64 magic;
	__u32 abi_version;
	__u32 programs; /* pinned in progs/: fewer than that, and some were taken away */
	__u64 cgroup_root_id;
	__u64 build_id; /* of the programs: a hash of the object that they were loaded from */
	__u64 epoch;	/* of two instances, one of which replaces the other, the greater is the
			   newer */
	char build[64]; /* version of the cgward that loaded the programs */
	char cgroup_root[4096]; /* path as given, for people; the id decides */
};

/*
 * The pinned map "reader": what a reader of events leaves to the next one, bytes that only readers
 * know (audit/state.h). The loader makes it, because a reader has given up the right to do so when
 * one instance replaces another.
 */
#define CGW_READER_SIZE(cpus) (2048 + 256 * (cpus))

/*
 * One entry per CPU. Violations are numbered, so that a reader sees what is missing: an event takes
 * one number, a sum as many as it stands for.
 */
struct cgw_cpu {
	__u64 sequence; /* of the last violation of this CPU, lost ones included; the first is 1 */
	__u64 lost;	/* did not fit into the ring buffer */
	__u64 suppressed; /* beyond their budgets: were summed up, not sent */
	__u64 summed;	  /* of these, those whose sum was sent or lost since, and numbered */
};

/* Entry of the map "counters"; key: cgw_rule.key. */
struct cgw_counter {
	__u64 denied;
	__u64 audited;
};

/* Entry 0 of the map "control". */
struct cgw_control {
	__u32 kept; /* not 0 once any process keeps policies: only then are processes looked up */
	__u32 refreshed; /* generation with which all running processes were last put on record */
	__u64 process_failures; /* processes that could not be recorded: memory; each mover or
				   parent was killed */
	__u64 uncounted;	/* verdicts whose rule had no counter */
	__u64 guarded;		/* attempts of governed processes on cgward itself, refused */
};

/* ---- self-protection ---- */

/* What is kept from governed processes: keys of the map "guarded", and what events are about. */
enum cgw_guarded {
	CGW_GUARDED_MAP = 1,	   /* number: its id */
	CGW_GUARDED_PROGRAM = 2,   /* the same */
	CGW_GUARDED_LINK = 3,	   /* the same */
	CGW_GUARDED_FOLDER = 4,	   /* of pins; device and number: those of the inode */
	CGW_GUARDED_ABOVE = 5,	   /* directories above it in the same file system; name: of the
				      instance's folder, in the one right above it */
	CGW_GUARDED_OUTER = 6,	   /* directories above that file system */
	CGW_GUARDED_NAMESPACE = 7, /* mount namespace in which the pins are seen; number: of its
				      inode */
	CGW_GUARDED_TASK = 8,	   /* a process of cgward-audit; number: thread group id */
	CGW_GUARDED_CHANGING = 9,  /* objects may be about that are not on record yet: no link can
				      be had by id; number: enum cgw_changing */
	CGW_GUARDED_CGROUP = 10,   /* of events only: a cgroup outside of the governed subtree */
	CGW_GUARDED_COUNT,
};

enum cgw_changing {
	CGW_CHANGING_INSTANCE = 0, /* by cgward; no map or program whose name begins with
				      CGW_OBJECT_PREFIX can be had, either */
	CGW_CHANGING_READER = 1,   /* by cgward-audit */
};

struct cgw_guard_key {
	__u32 kind;   /* enum cgw_guarded */
	__u32 device; /* as the kernel has it: major << 20 | minor */
	__u64 number;
};

/* How the names of all maps and programs begin, as the kernel has them. */
#define CGW_OBJECT_PREFIX "cgward_"

#define CGW_GUARD_NAME 56

struct cgw_guard {
	__u64 start;		   /* not 0: cgward-audit has put it there. TASK: start time in
				      ticks of 10 ms, as in /proc/PID/stat */
	char name[CGW_GUARD_NAME]; /* for events: "map counters"; NUL-terminated */
};

#define CGW_ASSERT_SIZE(type, size) _Static_assert(sizeof(type) == (size), #type)
CGW_ASSERT_SIZE(struct cgw_set, 128);
CGW_ASSERT_SIZE(struct cgw_image_header, 72);
CGW_ASSERT_SIZE(struct cgw_settings, 32);
CGW_ASSERT_SIZE(struct cgw_automaton, 288);
CGW_ASSERT_SIZE(struct cgw_table, 16);
CGW_ASSERT_SIZE(struct cgw_key6, 16);
CGW_ASSERT_SIZE(struct cgw_peer_class, 32);
CGW_ASSERT_SIZE(struct cgw_sysctl_class, 16);
CGW_ASSERT_SIZE(struct cgw_file_class, 16);
CGW_ASSERT_SIZE(struct cgw_below, 8);
CGW_ASSERT_SIZE(struct cgw_policy, 128);
CGW_ASSERT_SIZE(struct cgw_devices, 32);
CGW_ASSERT_SIZE(struct cgw_rule, 32);
CGW_ASSERT_SIZE(struct cgw_attachment, 16);
CGW_ASSERT_SIZE(struct cgw_scope, 152);
CGW_ASSERT_SIZE(struct cgw_process, 272);
CGW_ASSERT_SIZE(struct cgw_meta, 4200);
CGW_ASSERT_SIZE(struct cgw_cpu, 32);
CGW_ASSERT_SIZE(struct cgw_counter, 16);
CGW_ASSERT_SIZE(struct cgw_control, 32);
CGW_ASSERT_SIZE(struct cgw_guard_key, 16);
CGW_ASSERT_SIZE(struct cgw_guard, 64);

#include "abi_event.h"

#endif
