/* SPDX-License-Identifier: GPL-2.0-only */
/* maps.h - the maps that all programs share; maps.bpf.c defines them. Each is pinned in maps/ under
 * its name. */
#ifndef CGW_MAPS_H
#define CGW_MAPS_H

#include <linux/errno.h>
#include "kernel.h"
#include "match.h"
#include "match_file.h"

/*
 * What an inner map must look like. BPF_F_INNER_MAP: images differ in their number of pages.
 * The programs cannot write to it, and once frozen nobody can.
 */
struct image_template {
	__uint(type, BPF_MAP_TYPE_ARRAY);
	__uint(map_flags, BPF_F_INNER_MAP | BPF_F_RDONLY_PROG);
	__uint(max_entries, 1);
	__uint(key_size, sizeof(__u32));
	__uint(value_size, CGW_PAGE_SIZE);
};

/* One slot: the ruleset in force. Empty: nothing is enforced. Updating it is what publishing means.
 */
struct image_map {
	__uint(type, BPF_MAP_TYPE_ARRAY_OF_MAPS);
	__uint(max_entries, 1);
	__type(key, __u32);
	__array(values, struct image_template);
};

/* Cgroup id -> its policies. A cache: an evicted entry is computed again. */
struct scopes_map {
	__uint(type, BPF_MAP_TYPE_LRU_HASH);
	__uint(max_entries, 16384);
	__type(key, __u64);
	__type(value, struct cgw_scope);
};

/* Thread group id -> governed process. The loader raises max_entries to the number of processes
 * there can be. */
struct processes_map {
	__uint(type, BPF_MAP_TYPE_HASH);
	__uint(map_flags, BPF_F_NO_PREALLOC);
	__uint(max_entries, 65536);
	__type(key, __u32);
	__type(value, struct cgw_process);
};

/* Rule key -> verdicts. apply makes the entries before it publishes, so that counting cannot fail.
 */
struct counters_map {
	__uint(type, BPF_MAP_TYPE_HASH);
	__uint(map_flags, BPF_F_NO_PREALLOC);
	__uint(max_entries, CGW_RULES_MAX);
	__type(key, __u64);
	__type(value, struct cgw_counter);
};

struct events_map {
	__uint(type, BPF_MAP_TYPE_RINGBUF);
	__uint(max_entries, CGW_RING_SIZE);
};

/*
 * The budget of one rule in one cgroup. `ahead` is the time at which all events that were sent will
 * have been paid for: each costs an interval, and a budget may be ahead of the clock by a window.
 */
struct cgw_budget {
	__u64 cgroup_id; /* 0: free */
	__u64 rule_key;
	__u64 ahead; /* these: CLOCK_BOOTTIME, ns */
	__u64 used;
	__u64 suppressed; /* since the last sum was sent; the first and the last of them: */
	__u64 since;
	__u64 until;
	__u32 generation; /* of the last one */
	__u32 rule;
	__u8 verdict;
	__u8 kind;
	__u8 op;
	__u8 hook;
	__u8 reason;
	__u8 judged;
	__u16 path_len; /* 0: not known, or longer than fits */
	__u8 path[CGW_BUDGET_PATH];
};

/* 4,096 pairs of cgroup and rule that violate at the same time; beyond that, budgets begin anew. */
#define BUDGET_SETS 1024
#define BUDGET_WAYS 4

struct budget_set {
	struct bpf_spin_lock lock;
	__u32 reserved;
	struct cgw_budget way[BUDGET_WAYS];
};

struct budgets_map {
	__uint(type, BPF_MAP_TYPE_ARRAY);
	__uint(max_entries, BUDGET_SETS);
	__type(key, __u32);
	__type(value, struct budget_set);
};

/* What is kept from governed processes; written by the loader, and by cgward-audit for itself. */
struct guarded_map {
	__uint(type, BPF_MAP_TYPE_HASH);
	__uint(map_flags, BPF_F_NO_PREALLOC);
	__uint(max_entries, 4096);
	__type(key, struct cgw_guard_key);
	__type(value, struct cgw_guard);
};

struct cpus_map {
	__uint(type, BPF_MAP_TYPE_PERCPU_ARRAY);
	__uint(max_entries, 1);
	__type(key, __u32);
	__type(value, struct cgw_cpu);
};

struct control_map {
	__uint(type, BPF_MAP_TYPE_ARRAY);
	__uint(max_entries, 1);
	__type(key, __u32);
	__type(value, struct cgw_control);
};

struct meta_map {
	__uint(type, BPF_MAP_TYPE_ARRAY);
	__uint(max_entries, 1);
	__type(key, __u32);
	__type(value, struct cgw_meta);
};

/*
 * Memory for one call at a time. A program can be preempted by another one on the same CPU, so that
 * a single buffer per CPU would be overwritten in the middle of a decision: each CPU has several
 * slots, claimed by an atomic exchange.
 */
#define SCRATCH_SLOTS_PER_CPU 4
/*
 * More of them, for whoever finds those of its CPU taken: LSM programs are preempted by the clock,
 * and each of many threads that open files at the same time may hold a slot while others run.
 */
#define SCRATCH_SLOTS_SHARED 128

/* Where the walk of path.h stands, and that of sb_mounts.h: not on the stack, which is short. */
struct name_state {
	struct mnt_namespace *ns;
	struct vfsmount *mnt;
	struct dentry *object;
	struct dentry *dentry;
	struct dentry *root; /* of the mount */
	struct mount *mount;
	__u32 offset; /* where the path begins */
	__u32 reason; /* 0 while it goes on; NAMED, or an enum cgw_reason: why there is none */
};

struct sb_state {
	struct mnt_namespace *ns;
	struct super_block *sb;
	struct mount *mount; /* whose turn it is; NULL: none is left */
	__u64 end;	     /* of the list */
	__u32 question;	     /* enum names_question */
	__u32 found;	     /* 1: scratch->work.decision denies; the name is in buffer 0 */
	__u32 unsure;
	__u32 reserved;
};

struct scratch {
	__u32 busy;
	__u32 reserved;
	struct cgw_work work;
	struct cgw_scope scope;
	struct cgw_cursor cursor;   /* of the walk that fills scope in */
	struct cgw_search search;   /* the same */
	struct cgw_process process; /* a record while it is made */
	struct cgw_set kept;
	struct cgw_value value; /* its two buffers serve for the names of files, too */
	struct cgw_file_work files;
	struct name_state name_at;
	struct sb_state sb_at;
	struct cgw_decision audit; /* of one name of several, while others are asked about */
	struct cgw_text name;
	/* A path while it is made: one component more than CGW_TEXT_MAX can be written before that
	 * is seen. */
	struct {
		__u32 length;
		__u8 bytes[CGW_TEXT_MAX + 256];
	} path;
	union {
		struct cgw_event event;
		__u8 event_bytes[sizeof(struct cgw_event) + 5 * CGW_TEXT_MAX + CGW_TEXT_MAX];
	};
};

struct scratch_map {
	__uint(type, BPF_MAP_TYPE_ARRAY);
	/* The shared ones first; then SCRATCH_SLOTS_PER_CPU for each CPU: set by the loader. */
	__uint(max_entries, SCRATCH_SLOTS_SHARED + SCRATCH_SLOTS_PER_CPU);
	__type(key, __u32);
	__type(value, struct scratch);
};

#ifndef CGW_MAPS_DEFINE
extern struct image_map cgward_image SEC(".maps");
extern struct scopes_map cgward_scopes SEC(".maps");
extern struct processes_map cgward_processes SEC(".maps");
extern struct counters_map cgward_counters SEC(".maps");
extern struct events_map cgward_events SEC(".maps");
extern struct budgets_map cgward_budgets SEC(".maps");
extern struct guarded_map cgward_guarded SEC(".maps");
extern struct cpus_map cgward_cpus SEC(".maps");
extern struct control_map cgward_control SEC(".maps");
extern struct scratch_map cgward_scratches SEC(".maps");
#endif

/* Set by the loader: the instance's cgroup root. */
extern const volatile __u64 cgroup_root_id;

/* Cgroups that nothing governs; see scope_is_ungoverned(). */
#define UNGOVERNED_SLOTS 1024
extern __u64 ungoverned[UNGOVERNED_SLOTS];

#endif
