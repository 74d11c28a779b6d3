/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * probe.h - what this kernel offers, found out by trying: never by its version.
 *
 * Each probe loads a program of a few instructions that allows everything, attaches it where that
 * harms nobody (cgroup programs: in an empty scratch cgroup), and takes it away again.
 */
#ifndef CGW_PROBE_H
#define CGW_PROBE_H

#include <stdbool.h>
#include "abi.h"

struct btf;

/* What is probed beside the hooks of abi.h. */
enum probe_feature {
	PROBE_ATTACH_TASK = 1, /* tp_btf/cgroup_attach_task */
	PROBE_FORK,	       /* tp_btf/sched_process_fork */
	PROBE_EXIT,	       /* tp_btf/sched_process_exit */
	PROBE_TASK_ITERATOR,
	PROBE_RINGBUF,
	PROBE_HASH,	 /* BPF_F_NO_PREALLOC */
	PROBE_LRU_HASH,	 /* the cache of scopes */
	PROBE_INNER_MAP, /* array of maps of unlike sizes (BPF_F_INNER_MAP), frozen ones too */
	PROBE_LOOP,	 /* bpf_loop() */
	PROBE_LSM,	 /* BPF LSM: a program on file_open that is really called */
	PROBE_FEATURE_COUNT,
};

enum probe_state {
	PROBE_YES = 1,
	PROBE_NO = 2,
	PROBE_UNTRIED = 3, /* the caller may not, or an earlier step had failed */
};

struct probe_result {
	enum probe_state state;
	const char *step; /* what failed: "load", "attach", "create", "call"; NULL if nothing */
	int error;	  /* positive errno of it; 0: see why */
	const char *why;  /* in words, static; NULL if the errno says all there is to say */
};

struct probe {
	bool privileged;   /* may load programs, as far as capabilities tell */
	char *scratch;	   /* path of the scratch cgroup; NULL: there is none */
	int scratch_fd;	   /* -1: there is none */
	int scratch_error; /* errno of making it */
	struct btf *btf;   /* of the kernel; NULL: none */
	int btf_error;
};

/*
 * Makes the scratch cgroup below cgroup_root (NULL: none is made, and nothing is attached to a
 * cgroup). Cannot fail: what is missing shows in the results.
 */
void probe_open(struct probe *probe, const char *cgroup_root);
void probe_close(struct probe *probe); /* removes the scratch cgroup; for the cleanup attribute */

/* Of an LSM hook: whether a program of it can be loaded; PROBE_LSM tells whether it would be
 * called. */
struct probe_result probe_hook(const struct probe *probe, enum cgw_hook hook);
struct probe_result probe_feature(const struct probe *probe, enum probe_feature feature);

bool probe_hook_is_lsm(enum cgw_hook hook);

/* "ring buffer", and what cgward wants it for. */
const char *probe_feature_name(enum probe_feature feature);
const char *probe_feature_use(enum probe_feature feature);

/* False: sysctl and network rules work without it, or with less. */
bool probe_hook_is_needed(enum cgw_hook hook);
bool probe_feature_is_needed(enum probe_feature feature);

/* How to get what is missing: static text, or NULL. */
const char *probe_hook_remedy(enum cgw_hook hook);
const char *probe_feature_remedy(enum probe_feature feature);

#endif
