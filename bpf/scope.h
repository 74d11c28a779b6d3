/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * scope.h - which policies govern: a cgroup, and the task that runs.
 *
 * The policies of a cgroup are a function of its path. They are found on first use by walking from
 * the instance's cgroup root down to the cgroup, and cached by (generation, cgroup id). A new
 * generation makes all cached entries void at once.
 */
#ifndef CGW_SCOPE_H
#define CGW_SCOPE_H

#include "maps.h"
#include "scratch.h"

/* The ruleset as one call sees it from start to end, and the policies that it asks. */
struct call {
	struct cgw_view view;
	__u32 generation;
	__u32 unable;		 /* no scratch memory was free when it was needed */
	struct scratch *scratch; /* claimed as soon as something governs: work.set are the policies
				    to ask */
};

/* 0, or -1 if no ruleset is published: nothing is enforced then, and nothing has ever been
 * promised. */
static __always_inline int call_open(struct call *call)
{
	__u32 zero = 0;

	call->view.image = bpf_map_lookup_elem(&cgward_image, &zero);
	if (!call->view.image || cgw_view_open(&call->view))
		return -1;
	call->generation = cgw_header(&call->view, generation);
	call->unable = 0;
	call->scratch = NULL;
	return 0;
}

/* Makes sure that the call has scratch memory, with no policies in it the first time. */
static __always_inline struct scratch *call_claim(struct call *call)
{
	if (call->scratch)
		return call->scratch;
	call->scratch = scratch_claim();
	if (call->scratch)
		call->scratch->work.words = 0;
	else
		call->unable = 1;
	return call->scratch;
}

static __always_inline void call_close(struct call *call)
{
	if (call->scratch)
		scratch_release(call->scratch);
}

/* Nearly all rulesets have at most 64 policies: then a set is one word. */
#define ONE_WORD 1U

static __always_inline __u64 scope_check(
	__u64 id, __u32 generation, __u32 summary, const struct cgw_set *set)
{
	__u64 check = id * 0x9e3779b97f4a7c15ULL + generation;

	check = (check ^ summary) * 0x9e3779b97f4a7c15ULL;
	if (!summary)
		return check;
	check = (check << 7 | check >> 57) ^ set->word[0];
	if (summary == ONE_WORD)
		return check;
	for (int i = 1; i < CGW_SET_WORDS; i++)
		check = (check << 7 | check >> 57) ^ set->word[i];
	return check;
}

/* Adds policies to those that the call asks. */
static __always_inline void call_add(struct call *call, const struct cgw_set *set, __u32 summary)
{
	struct cgw_work *work;

	if (!call->scratch || !summary)
		return;
	work = &call->scratch->work;
	if (summary == ONE_WORD && !(work->words & ~ONE_WORD)) {
		work->set.word[0] = (work->words ? work->set.word[0] : 0) | set->word[0];
		work->words = ONE_WORD;
		return;
	}
	if (!(work->words & ONE_WORD))
		work->set.word[0] = 0;
	if (!(work->words & ~ONE_WORD)) /* its other words have not been written yet */
		__builtin_memset(
			&work->set.word[1], 0, sizeof(work->set) - sizeof(work->set.word[0]));
	cgw_set_add(&work->set, set);
	work->words = cgw_set_summary(&work->set);
}

/* The policies that the call asks, as a whole set. The call has scratch memory. */
static __always_inline struct cgw_set *call_set(struct scratch *scratch)
{
	struct cgw_work *work = &scratch->work;

	if (!(work->words & ONE_WORD))
		work->set.word[0] = 0;
	if (!(work->words & ~ONE_WORD))
		__builtin_memset(
			&work->set.word[1], 0, sizeof(work->set) - sizeof(work->set.word[0]));
	return &work->set;
}

static __always_inline __u32 append_component(__u8 *bytes, __u32 length, struct cgroup *cgroup)
{
	const char *name = BPF_CORE_READ(cgroup, kn, name);
	long got;

	/* length < CGW_TEXT_MAX: there is room for 256 bytes more. */
	length &= CGW_TEXT_MAX - 1;
	bytes[length] = '/';
	got = bpf_probe_read_kernel_str(bytes + length + 1, 255, name);
	return got > 0 ? length + got : CGW_TEXT_MAX;
}

struct path_walk {
	__u8 *bytes; /* CGW_TEXT_MAX + 256 */
	struct cgroup *cgroup;
	struct call *
		call; /* if set: policies attached by hand are added to scratch->scope on the way */
	__u32 length; /* CGW_TEXT_MAX: too long */
	__u32 below;  /* the instance's cgroup root has been passed */
};

static __always_inline __u64 cgroup_id(struct cgroup *cgroup)
{
	struct kernfs_node *node = PEEK(cgroup, kn);

	return PEEK(node, id);
}

static long path_walk_level(__u32 level, void *context)
{
	struct path_walk *walk = context;
	struct cgroup *cgroup = walk->cgroup, *ancestor = NULL;
	struct scratch *scratch;
	__u64 id;

	if (walk->length >= CGW_TEXT_MAX)
		return 1;
	bpf_probe_read_kernel(&ancestor, sizeof(ancestor), &cgroup->ancestors[0] + level);
	id = cgroup_id(ancestor);
	if (walk->below)
		walk->length = append_component(walk->bytes, walk->length, ancestor);
	else if (id == cgroup_root_id)
		walk->below = 1;
	else
		return 0;
	scratch = walk->call ? walk->call->scratch : NULL;
	if (scratch)
		cgw_scope_attached(&walk->call->view, &scratch->search, id, &scratch->scope.set);
	return 0;
}

/*
 * Writes the path of a cgroup, seen from the instance's cgroup root, to walk->bytes. Returns its
 * length, CGW_TEXT_MAX if it is longer than the matcher reads, or -1 if the cgroup is not below the
 * root.
 */
static __always_inline int path_walk(struct path_walk *walk)
{
	struct cgroup *cgroup = walk->cgroup;

	walk->length = 0;
	walk->below = 0;
	/* Before Linux 6.7 the verifier follows a callback with what holds in its first turn only,
	 * and removes the code that is dead then. An atomic operation makes it forget what it
	 * knows. */
	__sync_fetch_and_add(&walk->length, 0);
	__sync_fetch_and_add(&walk->below, 0);
	bpf_loop(BPF_CORE_READ(cgroup, level) + 1, path_walk_level, walk, 0);
	return walk->below ? (int)walk->length : -1;
}

/* Caches scratch->scope. A function of its own: its stack is not under that of the walk. */
static __noinline int scope_store(struct call *call, __u64 id)
{
	struct scratch *scratch = call->scratch;
	struct cgw_scope *scope;

	if (!scratch)
		return -1;
	scope = &scratch->scope;
	scope->cgroup_id = id;
	scope->generation = call->generation;
	scope->summary = cgw_set_summary(&scope->set);
	scope->check = scope_check(id, scope->generation, scope->summary, &scope->set);
	/* A failure costs the next call the same work, nothing else. */
	bpf_map_update_elem(&cgward_scopes, &id, scope, BPF_ANY);
	return 0;
}

/* Computes the policies of a cgroup into scratch->scope, and caches them. */
static __noinline int scope_resolve(struct call *call, struct cgroup *cgroup, __u64 id)
{
	struct scratch *scratch = call->scratch;
	struct path_walk walk = {.cgroup = cgroup, .call = call};
	struct cgw_scope *scope;
	int length;

	if (!scratch)
		return -1;
	scope = &scratch->scope;
	walk.bytes = scratch->path.bytes;
	__builtin_memset(&scope->set, 0, sizeof(scope->set));
	length = path_walk(&walk);
	if (length >= CGW_TEXT_MAX) /* fails closed: a path that cannot be read is governed by
				       everything */
		cgw_set_add_image(&call->view, &scope->set, cgw_header(&call->view, all));
	else if (length >= 0)
		cgw_scope_path(
			&call->view, &scratch->cursor, scratch->path.bytes, length, &scope->set);
	return scope_store(call, id);
}

/* Copies a cached entry; false if it is not, or while it was copied ceased to be, this cgroup's. */
static __always_inline bool scope_copy(
	struct cgw_scope *copy, const struct cgw_scope *cached, __u64 id, __u32 generation)
{
	copy->summary = cached->summary;
	copy->check = cached->check;
	if (copy->summary == ONE_WORD)
		copy->set.word[0] = cached->set.word[0];
	else
		copy->set = cached->set;
	return copy->check == scope_check(id, generation, copy->summary, &copy->set);
}

/*
 * Before the cache of scopes, a smaller one of what most cgroups are: a look-up in it is a load. A
 * slot is one word, so that whoever reads it gets what somebody wrote. For one generation the word
 * tells cgroups apart, as scope_check() loses no bit of the id; two words of different generations
 * are the same only for ids whose difference is a multiple of the slots and beyond 2^40, unless
 * there have been millions of generations between.
 */
static __always_inline bool scope_is_ungoverned(const struct call *call, __u64 id)
{
	return ungoverned[id & (UNGOVERNED_SLOTS - 1)] ==
	       scope_check(id, call->generation, 0, NULL);
}

static __always_inline void scope_set_ungoverned(const struct call *call, __u64 id)
{
	*(volatile __u64 *)&ungoverned[id & (UNGOVERNED_SLOTS - 1)] =
		scope_check(id, call->generation, 0, NULL);
}

/*
 * Adds the policies of a cgroup. A cached entry may be given to another cgroup while it is copied,
 * so the copy is checked. -1: they could not be found out, and call->unable is set.
 */
static __noinline int scope_add_cached(struct call *call, struct cgroup *cgroup, __u64 id)
{
	struct cgw_scope *cached = bpf_map_lookup_elem(&cgward_scopes, &id);
	struct scratch *scratch;

	if (cached && !cached->summary &&
		cached->check == scope_check(id, call->generation, 0, NULL)) {
		scope_set_ungoverned(call, id);
		return 0;
	}
	scratch = call_claim(call);
	if (!scratch)
		return -1;
	if (!cached || !scope_copy(&scratch->scope, cached, id, call->generation))
		scope_resolve(call, cgroup, id);
	call_add(call, &scratch->scope.set, scratch->scope.summary);
	return 0;
}

static __always_inline int scope_add(struct call *call, struct cgroup *cgroup, __u64 id)
{
	return scope_is_ungoverned(call, id) ? 0 : scope_add_cached(call, cgroup, id);
}

/* Of any task, by an address; the running task has the cheaper scope_add_current(). */
static __always_inline struct cgroup *task_cgroup(struct task_struct *task)
{
	return BPF_CORE_READ(task, cgroups, dfl_cgrp);
}

static __always_inline __u32 current_tgid(void)
{
	struct task_struct *task = (struct task_struct *)bpf_get_current_task();

	return BPF_CORE_READ(task, tgid);
}

/* Adds what a process keeps from cgroups that it has left; see task.bpf.c. */
static __noinline int scope_add_record(struct call *call, struct cgw_process *process)
{
	struct scratch *scratch;

	if (!process || !cgw_set_summary(&process->kept))
		return 0;
	scratch = call_claim(call);
	if (!scratch)
		return -1;
	/* Policies that the ruleset no longer has may still be on record. */
	scratch->kept = process->kept;
	cgw_set_mask(&scratch->kept, cgw_image_set(&call->view, cgw_header(&call->view, all)));
	call_add(call, &scratch->kept, cgw_set_summary(&scratch->kept));
	return 0;
}

/* The same of the running process. Processes are looked up only once any of them keeps something.
 */
static __always_inline void scope_add_kept(struct call *call)
{
	__u32 zero = 0, tgid;
	struct cgw_control *state = bpf_map_lookup_elem(&cgward_control, &zero);

	if (!state || !state->kept)
		return;
	tgid = current_tgid();
	scope_add_record(call, bpf_map_lookup_elem(&cgward_processes, &tgid));
}

/* Adds what governs the running task: its cgroup's policies and those that it keeps. Returns its
 * cgroup. */
static __always_inline struct cgroup *scope_add_current(struct call *call)
{
	struct task_struct *task = bpf_get_current_task_btf();
	struct cgroup *cgroup = task->cgroups->dfl_cgrp;

	scope_add(call, cgroup, cgroup->kn->id);
	scope_add_kept(call);
	return cgroup;
}

/*
 * True if an ungoverned task has put the running process into its cgroup and it has executed no
 * program since: a container runtime's own code, before the container begins.
 */
static __always_inline bool scope_is_entering(void)
{
	struct task_struct *task = (struct task_struct *)bpf_get_current_task();
	__u32 tgid = current_tgid();
	struct cgw_process *process = bpf_map_lookup_elem(&cgward_processes, &tgid);

	return process && process->start == BPF_CORE_READ(task, group_leader, start_boottime) &&
	       process->entered == BPF_CORE_READ(task, self_exec_id) + 1;
}

#endif
