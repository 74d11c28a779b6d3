/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * match_file.h - the matcher for files: what the policies say of a name, and whether a second name
 * would take a protected object out of their reach.
 *
 * Pure, like match.h. Names are bytes: a path from the root of the mount namespace without a slash
 * at its end ("/" is the root), or what was given to memfd_create(2).
 */
#ifndef CGW_MATCH_FILE_H
#define CGW_MATCH_FILE_H

#include "match.h"

/* Where a name stands in its buffer. */
struct cgw_file_name {
	__u32 from, to;
};

/* What becomes of an object that cgw_judge_seal() is asked about. */
enum cgw_second {
	CGW_SECOND_NAME = 1,	/* it gets the second name */
	CGW_SECOND_UNKNOWN = 2, /* it gets a name that is not known */
	CGW_SECOND_COVERED = 3, /* another object takes its name, and what is below is other */
};

/*
 * What is asked. In the kernel it is a map's memory, like struct cgw_cursor: of a stack, some
 * verifiers believe that what holds in the first turn of a loop always holds.
 */
struct cgw_file_work {
	struct cgw_file_name name[2];
	__u32 ops;	 /* bit set of enum cgw_op */
	__u32 kind;	 /* CGW_FILE_PATH or CGW_FILE_MEMFD */
	__u32 first;	 /* 0 or 1: the name that the object has; the other one is the second */
	__u32 directory; /* cgw_judge_seal(): what is below counts, too */
	__u32 second;	 /* cgw_judge_seal(): enum cgw_second */
	/* while it is answered: */
	__u32 ref[2][CGW_FILE_OPS]; /* what the policy whose turn it is says of each name */
	__u32 state;		    /* of the automaton whose turn it is, below the first name */
	__u32 below;  /* the strongest ref below the first name; counts only if something differs */
	__u32 differ; /* what lies below the two names is not judged alike */
	__u32 reported; /* the caller's */
};

struct cgw_file {
	struct cgw_judge judge;
	struct cgw_file_work *work;
	/* Two buffers of CGW_TEXT_MAX, one after the other, each with a name. */
	const __u8 *bytes;
};

/* Runs the automaton whose turn it is over one of the names. */
CGW_INLINE void cgw_file_run(struct cgw_file *file, struct cgw_run *run, __u32 which)
{
	struct cgw_view *view = file->judge.view;
	__u32 class;

	which &= 1;
	run->at->base = which ? CGW_TEXT_MAX : 0;
	run->at->length = file->work->name[which].to;
	cgw_run_start(run, file->judge.work->automaton, file->work->name[which].from);
	cgw_loop(CGW_LOOP_MAX, cgw_run_chunk, run);
	class = cgw_run_accept(run);
	if (!class)
		return;
	CGW_UNROLL
	for (__u32 i = 0; i < CGW_FILE_OPS; i++) {
		__u32 ref = cgw_u32(view, class + 4 * i);

		if (ref > file->work->ref[which][i])
			file->work->ref[which][i] = ref;
	}
}

/* Takes up a ref; remembers for which operation it was, if it decides. */
CGW_INLINE void cgw_file_add(struct cgw_file *file, __u32 ref, __u32 op, __u32 reason)
{
	struct cgw_decision *decision = &file->judge.work->decision;
	__u32 verdict = decision->verdict, order = decision->order;

	cgw_judge_add(&file->judge, ref, reason);
	if (decision->verdict != verdict || decision->order != order)
		decision->op = op;
}

/* Makes the next policy with rules for files the one whose turn it is; 0: none is left. */
CGW_INLINE int cgw_file_next(struct cgw_file *file)
{
	struct cgw_judge *judge = &file->judge;
	__u32 kind = file->work->kind ? 4 : 0;

	if (!cgw_judge_next(judge))
		return 0;
	judge->work->automaton = cgw_u32(judge->view, cgw_policy_field(judge, files) + kind);
	CGW_UNROLL
	for (__u32 i = 0; i < CGW_FILE_OPS; i++) {
		file->work->ref[0][i] = 0;
		file->work->ref[1][i] = 0;
	}
	file->work->below = 0;
	file->work->differ = 0;
	return 1;
}

/* One automaton of one policy; when a policy has no more, what it says is taken up. */
static __attribute__((unused)) long cgw_file_step(__u32 index, void *context)
{
	struct cgw_file *file = context;
	struct cgw_work *work = file->judge.work;
	struct cgw_run run = {.view = file->judge.view, .at = &work->cursor, .bytes = file->bytes};

	(void)index;
	if (work->automaton) {
		cgw_file_run(file, &run, file->work->first);
		work->automaton = cgw_u32(file->judge.view, work->automaton);
		return 0;
	}
	CGW_UNROLL
	for (__u32 i = 0; i < CGW_FILE_OPS; i++)
		if (file->work->ops >> (CGW_OP_FILE_READ + i) & 1 &&
			file->work->ref[file->work->first & 1][i])
			cgw_file_add(file, file->work->ref[file->work->first & 1][i],
				CGW_OP_FILE_READ + i, CGW_REASON_RULE);
	return !cgw_file_next(file);
}

CGW_INLINE void cgw_file_start(struct cgw_file *file)
{
	cgw_judge_start(&file->judge);
	CGW_UNROLL
	for (__u32 i = 0; i < CGW_FILE_OPS; i++) {
		file->work->ref[0][i] = 0;
		file->work->ref[1][i] = 0;
	}
	file->work->below = 0;
	file->work->differ = 0;
}

/* What the policies say of the operations in ops on the object. */
CGW_INLINE void cgw_judge_file(struct cgw_file *file)
{
	cgw_file_start(file);
	if (cgw_file_next(file))
		cgw_loop(CGW_LOOP_MAX, cgw_file_step, file);
}

/* ---- seal ---- */

/*
 * Where the automaton stands after the name and a slash. The automata are minimal: two names with
 * the same state have the same verdicts for everything below them.
 */
CGW_INLINE __u32 cgw_file_descend(struct cgw_file *file, struct cgw_run *run, __u32 which)
{
	which &= 1;
	/* the name of the root is the slash itself */
	if (file->work->name[which].to - file->work->name[which].from > 1 && run->at->state)
		cgw_run_step(run, '/');
	return run->at->state;
}

CGW_INLINE void cgw_seal_below(struct cgw_file *file, struct cgw_run *run)
{
	struct cgw_view *view = file->judge.view;
	__u32 automaton = file->judge.work->automaton, state = file->work->state;
	__u32 below = cgw_u32(view, automaton + (__u32)offsetof(struct cgw_automaton, below));
	__u32 shift = cgw_u32(view, automaton + (__u32)offsetof(struct cgw_automaton, shift));
	__u32 ref;

	if (file->work->second != CGW_SECOND_NAME)
		file->work->differ = 1;
	else if (cgw_file_descend(file, run, !file->work->first) != state)
		file->work->differ = 1;
	below += (state >> (shift & 31)) * (__u32)sizeof(struct cgw_below);
	if (file->work->second == CGW_SECOND_COVERED)
		below += (__u32)offsetof(struct cgw_below, write);
	ref = cgw_u32(view, below);
	if (ref > file->work->below)
		file->work->below = ref;
}

/*
 * The object itself: for each operation, a verdict that the second name would weaken. An audit is
 * weakened by nothing but its absence.
 */
CGW_INLINE void cgw_seal_add(struct cgw_file *file)
{
	struct cgw_file_work *work = file->work;
	__u32 first = file->work->first & 1;

	CGW_UNROLL
	for (__u32 i = 0; i < CGW_FILE_OPS; i++) {
		__u32 ref = work->ref[first][i];
		__u32 is = CGW_REF_ACTION(ref);
		__u32 becomes = CGW_REF_ACTION(work->ref[!first][i]);

		if (becomes == CGW_ACTION_ALLOW)
			becomes = 0;
		if (is != CGW_ACTION_ALLOW && is > becomes &&
			file->work->second != CGW_SECOND_COVERED)
			cgw_file_add(file, ref, CGW_OP_FILE_WRITE, CGW_REASON_SEALED);
	}
	if (work->differ)
		cgw_file_add(file, work->below, CGW_OP_FILE_WRITE, CGW_REASON_SEALED);
}

/* One policy without [file] seal says nothing here. */
CGW_INLINE int cgw_seal_next(struct cgw_file *file)
{
	struct cgw_judge *judge = &file->judge;

	if (!cgw_file_next(file))
		return 0;
	if (!(cgw_u32(judge->view, cgw_policy_field(judge, flags)) & CGW_POLICY_SEAL))
		judge->work->automaton = 0;
	return 1;
}

static __attribute__((unused)) long cgw_seal_step(__u32 index, void *context)
{
	struct cgw_file *file = context;
	struct cgw_work *work = file->judge.work;
	struct cgw_run run = {.view = file->judge.view, .at = &work->cursor, .bytes = file->bytes};

	(void)index;
	if (!work->automaton) {
		cgw_seal_add(file);
		return !cgw_seal_next(file);
	}
	cgw_file_run(file, &run, file->work->first);
	if (file->work->directory)
		file->work->state = cgw_file_descend(file, &run, file->work->first);
	if (file->work->second == CGW_SECOND_NAME)
		cgw_file_run(file, &run, !file->work->first);
	if (file->work->directory)
		cgw_seal_below(file, &run);
	work->automaton = cgw_u32(file->judge.view, work->automaton);
	return 0;
}

/*
 * The object with the first name gets the second one, in its place or beside it: denied (as a write
 * of the first name) if that would take it, or anything below it, out of the reach of a rule.
 */
CGW_INLINE void cgw_judge_seal(struct cgw_file *file)
{
	cgw_file_start(file);
	cgw_loop(CGW_LOOP_MAX, cgw_seal_step, file);
}

#endif
