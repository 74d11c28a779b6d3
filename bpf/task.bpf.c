/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * task.bpf.c - no way out: a governed task that moves itself or another task to another cgroup, or
 * clones into one, does not get rid of policies; what an ungoverned task moves is governed by the
 * new place only.
 *
 * The tracepoint comes after the move, so what governed a process before must be on record: every
 * governed process has a cgw_process, made when it is born or moved into a governed cgroup, or by
 * the iterator below for those that were there before. Its `home` is what governed it by its place,
 * its `kept` what it keeps.
 *
 * Records belong to processes, not threads: threads of one process share what they keep (in a
 * threaded cgroup subtree that is more than needed, never less).
 */
#include "scope.h"

/* BPF_PROG gives every program a ctx. */
#pragma clang diagnostic ignored "-Wunused-parameter"

static __always_inline bool set_empty(const struct cgw_set *set)
{
	return !cgw_set_summary(set);
}

/* For the first process that keeps something: from now on every decision looks. */
static __always_inline void control_set_kept(void)
{
	__u32 zero = 0;
	struct cgw_control *state = bpf_map_lookup_elem(&cgward_control, &zero);

	if (state && !state->kept)
		state->kept = 1;
}

/* No memory for a record: the process could leave unseen. `cgward status` shows it. The running
 * task is killed if it is the mover or the parent; the loader sees that its walk did not end. */
static __always_inline void record_failed(bool kill)
{
	__u32 zero = 0;
	struct cgw_control *state = bpf_map_lookup_elem(&cgward_control, &zero);

	if (state)
		__sync_fetch_and_add(&state->process_failures, 1);
	if (kill)
		bpf_send_signal(9);
}

/* The record of a process if it is about this very process and not an earlier one with the same id.
 */
static __always_inline struct cgw_process *record_find(__u32 tgid, __u64 start)
{
	struct cgw_process *record = bpf_map_lookup_elem(&cgward_processes, &tgid);

	return record && record->start == start ? record : NULL;
}

static __always_inline __u64 task_start(struct task_struct *task)
{
	return BPF_CORE_READ(task, group_leader, start_boottime);
}

/* The policies of a cgroup, in scratch memory; NULL: there is none. */
static __always_inline struct cgw_set *place_of(struct call *call, struct cgroup *cgroup)
{
	if (!call_claim(call))
		return NULL;
	call->scratch->work.words = 0;
	scope_add(call, cgroup, cgroup_id(cgroup));
	return call_set(call->scratch);
}

/* Writes a record anew; its `entered` stands in scratch->process. */
static __always_inline void record_put(struct scratch *scratch, __u32 tgid, __u64 start,
	const struct cgw_set *home, const struct cgw_set *kept, __u64 flags)
{
	struct cgw_process *record = &scratch->process;
	long failed;

	record->start = start;
	record->home = *home;
	if (kept)
		record->kept = *kept;
	else
		__builtin_memset(&record->kept, 0, sizeof(record->kept));
	if (set_empty(&record->home) && set_empty(&record->kept)) {
		bpf_map_delete_elem(&cgward_processes, &tgid);
		return;
	}
	if (!set_empty(&record->kept))
		control_set_kept();
	failed = bpf_map_update_elem(&cgward_processes, &tgid, record, flags);
	if (failed && failed != -EEXIST)
		record_failed(flags != BPF_NOEXIST); /* which is the iterator's */
}

/* A governed task has moved the process: it keeps what governed it before. */
static __always_inline void moved_by_governed(struct call *call, struct task_struct *task,
	struct cgw_process *mover, struct cgw_set *place)
{
	struct scratch *scratch = call->scratch;
	struct cgw_process *record;
	__u32 tgid = task->tgid;
	__u64 start = task_start(task);

	scratch->process.entered = 0;
	record = record_find(tgid, start);
	if (!record) {
		/* Not on record yet, so it is either ungoverned or being born: it gets what governs
		 * the mover. */
		scratch->kept = mover->kept;
		cgw_set_add(&scratch->kept, &mover->home);
		record_put(scratch, tgid, start, place, &scratch->kept, BPF_ANY);
		return;
	}
	scratch->kept = record->kept;
	cgw_set_add(&scratch->kept, &record->home);
	record_put(scratch, tgid, start, place, &scratch->kept, BPF_ANY);
}

SEC("tp_btf/cgroup_attach_task")
int BPF_PROG(cgward_attach_task, struct cgroup *cgroup, const char *path, struct task_struct *task,
	bool threadgroup)
{
	__u32 tgid = bpf_get_current_pid_tgid() >> 32;
	struct task_struct *current = bpf_get_current_task_btf();
	struct cgw_process *mover, *record;
	struct cgw_set *place;
	struct call call;

	/* On a host with v1 hierarchies too, the tracepoint tells of moves in them. They change
	 * nothing: policies name cgroups of v2. */
	if (cgroup->root->hierarchy_id != 0)
		return 0;
	if (call_open(&call)) /* nothing is governed */
		return 0;
	place = place_of(&call, cgroup);
	if (!place) {
		record_failed(true);
		return 0;
	}
	mover = record_find(tgid, task_start(current));
	if (mover) {
		moved_by_governed(&call, task, mover, place);
	} else {
		/* An ordinary move. One thread of several (cgroup.threads) does not free the
		 * others. */
		__u64 start = task_start(task);

		record = threadgroup ? NULL : record_find(task->tgid, start);
		if (record) {
			cgw_set_add(place, &record->home);
			call.scratch->kept = record->kept;
		}
		call.scratch->process.entered = BPF_CORE_READ(task, self_exec_id) + 1;
		record_put(call.scratch, task->tgid, start, place,
			record ? &call.scratch->kept : NULL, BPF_ANY);
	}
	call_close(&call);
	return 0;
}

/* A governed process has cloned a thread into another cgroup of its threaded subtree. */
static __always_inline void thread_born_elsewhere(struct cgw_process *record)
{
	cgw_set_add(&record->kept, &record->home);
	control_set_kept();
}

/* What a process that is entering its cgroup has as a child enters it, too; and so does what an
 * ungoverned process clones into one. See scope_is_entering(). */
static __always_inline __u64 entered_by_birth(
	struct cgw_process *record, struct task_struct *parent, struct task_struct *child)
{
	bool elsewhere = cgroup_id(task_cgroup(child)) != cgroup_id(task_cgroup(parent));
	__u64 executed = BPF_CORE_READ(child, self_exec_id) + 1;
	bool enters = record ? !elsewhere && record->entered == executed : elsewhere;

	return enters ? executed : 0;
}

/*
 * A process is born: it keeps what its parent keeps, and if a governed parent put it elsewhere
 * (CLONE_INTO_CGROUP), also what governs the parent's place.
 */
SEC("tp_btf/sched_process_fork")
int BPF_PROG(cgward_fork, struct task_struct *parent, struct task_struct *child)
{
	struct cgroup *born_in = task_cgroup(child);
	struct cgw_process *record, *early;
	struct cgw_set *place;
	struct call call;
	__u32 tgid = child->tgid;

	record = record_find(parent->tgid, task_start(parent));
	if (parent->tgid == child->tgid) {
		if (record && cgroup_id(born_in) != cgroup_id(task_cgroup(parent)))
			thread_born_elsewhere(record);
		return 0;
	}
	if (call_open(&call))
		return 0;
	/* Most processes: ungoverned, of an ungoverned parent. Scratch memory is claimed only for
	 * others. */
	scope_add(&call, born_in, cgroup_id(born_in));
	if (!record && !call.scratch && !call.unable) {
		bpf_map_delete_elem(&cgward_processes, &tgid);
		return 0;
	}
	place = call_claim(&call) ? call_set(call.scratch) : NULL;
	if (!place) {
		record_failed(true);
		return 0;
	}
	__builtin_memset(&call.scratch->kept, 0, sizeof(struct cgw_set));
	if (record) {
		call.scratch->kept = record->kept;
		if (cgroup_id(born_in) != cgroup_id(task_cgroup(parent)))
			cgw_set_add(&call.scratch->kept, &record->home);
	}
	/* It may have been moved by a thread of its parent before this tracepoint was reached. */
	early = record_find(tgid, task_start(child));
	if (early)
		cgw_set_add(&call.scratch->kept, &early->kept);
	call.scratch->process.entered = early ? 0 : entered_by_birth(record, parent, child);
	record_put(call.scratch, tgid, task_start(child), place, &call.scratch->kept, BPF_ANY);
	call_close(&call);
	return 0;
}

SEC("tp_btf/sched_process_exit")
int BPF_PROG(cgward_exit, struct task_struct *task)
{
	__u32 tgid = task->tgid;

	if (task->signal->live.counter == 0) /* the last thread */
		bpf_map_delete_elem(&cgward_processes, &tgid);
	return 0;
}

/* The walk over all processes has come to its end: `cgward status` can say so. */
static __always_inline void set_refreshed(void)
{
	__u32 zero = 0;
	struct cgw_control *state = bpf_map_lookup_elem(&cgward_control, &zero);
	struct call call;

	if (state && !call_open(&call))
		state->refreshed = call.generation;
}

#define PF_EXITING 4

/*
 * One thread of each process: its first one, or any if the first one has ended. What is left of
 * that one stays in the cgroup where it died, whatever happens to the process.
 */
static __always_inline bool speaks_for_process(struct task_struct *task)
{
	if (task->flags & PF_EXITING)
		return false;
	return task->pid == task->tgid || task->group_leader->flags & PF_EXITING;
}

/*
 * Run by the loader after it has published: makes and refreshes the records of all processes. It
 * writes `home` in place and nothing else of a record that exists, so that it cannot undo what a
 * tracepoint writes meanwhile.
 */
SEC("iter/task")
int cgward_refresh(struct bpf_iter__task *ctx)
{
	struct task_struct *task = ctx->task;
	struct cgw_process *record;
	struct cgw_set *place;
	struct call call;
	__u32 tgid;

	if (!task)
		set_refreshed();
	if (!task || !speaks_for_process(task))
		return 0;
	if (call_open(&call))
		return 0;
	tgid = task->tgid;
	place = place_of(&call, task_cgroup(task));
	if (!place)
		return 1; /* the kernel calls again for this process */
	call.scratch->process.entered = 0;
	record = record_find(tgid, task_start(task));
	if (record) {
		record->home = *place;
		/* What is kept of policies that the ruleset no longer has must not become another
		 * policy's. */
		cgw_set_mask(&record->kept, cgw_image_set(&call.view, cgw_header(&call.view, all)));
	} else if (!set_empty(place))
		record_put(call.scratch, tgid, task_start(task), place, NULL, BPF_NOEXIST);
	call_close(&call);
	return 0;
}
