/* SPDX-License-Identifier: GPL-2.0-only */
/* file.h - judging and reporting what is done to a file, for all hooks. */
#ifndef CGW_FILE_H
#define CGW_FILE_H

#include "lsm.h"
#include "path.h"

#define FILE_OPS (1U << CGW_OP_FILE_READ | 1U << CGW_OP_FILE_WRITE | 1U << CGW_OP_FILE_EXEC)
#define FILE_WRITE (1U << CGW_OP_FILE_WRITE)

/* linux/stat.h and fcntl.h are not for BPF. */
#define S_IFMT 0170000
#define S_IFDIR 0040000

/*
 * What a hook asks about. The second object is the other name of a rename or link. Numbers that
 * change stand in scratch->files: see struct cgw_file_work.
 */
struct file_request {
	struct dentry *object[2];
	struct vfsmount *mnt; /* of both */
	__u32 ops;
	__u32 unable; /* bit set of enum cgw_op: denied if a name cannot be found out */
	__u32 sealed; /* 1: only policies with [file] seal count then */
	__u32 hook;
};

static __always_inline bool is_directory(struct dentry *dentry)
{
	struct inode *inode = PEEK(dentry, d_inode);

	return (PEEK(inode, i_mode) & S_IFMT) == S_IFDIR;
}

static __always_inline void emit_name(
	struct call *call, struct file_request *request, __u32 which, __u16 *length)
{
	struct scratch *scratch = call->scratch;
	const __u8 *bytes = which ? scratch->value.normal : scratch->value.written;
	struct cgw_file_name *name = &call->scratch->files.name[which];
	__u32 from = name->from & (CGW_TEXT_MAX - 1);

	if (name->from < name->to && name->to <= CGW_TEXT_MAX)
		*length = emit_bytes(scratch, bytes + from, name->to - from);
}

static __noinline int file_report(struct call *call, struct file_request *request)
{
	struct scratch *scratch = call->scratch;
	struct cgw_event *event;
	__u16 length = 0, second = 0;

	if (!scratch)
		return 0;
	event = &scratch->event;
	emit_start(call, CGW_EVENT_FILE, request->hook, scratch->work.decision.op);
	if (call->scratch->files.kind == CGW_FILE_MEMFD)
		call->scratch->files.name[0].from = 0; /* as the kernel shows it: memfd:NAME */
	emit_name(call, request, 0, &length);
	if (request->object[1])
		emit_name(call, request, 1, &second);
	event->name_len = length;
	event->name2_len = second;
	emit_finish(scratch);
	return 0;
}

/*
 * Reports what has been decided; 1: denied. Of several questions that one call asks, the first
 * denial is reported, or the first audit.
 */
static __noinline int file_decided(struct call *call, struct file_request *request)
{
	struct scratch *scratch = call->scratch;
	struct cgw_decision *decision;

	if (!scratch)
		return 1;
	decision = &scratch->work.decision;
	decision_check(call, decision);
	if (decision->verdict == CGW_VERDICT_ALLOW)
		return 0;
	if (decision->verdict == CGW_VERDICT_DENY || !call->scratch->files.reported)
		file_report(call, request);
	call->scratch->files.reported = 1;
	return decision->verdict == CGW_VERDICT_DENY;
}

/* An object without a name: denied where a rule for one of these operations could mean it. */
static __noinline int judge_unable(struct call *call, struct file_request *request, __u32 reason)
{
	struct cgw_unable unable = {
		.ops = request->unable,
		.reason = reason,
		.flags = request->sealed ? CGW_POLICY_SEAL : 0,
	};
	__u32 ops = request->ops;

	if (!call->scratch)
		return 0;
	unable.judge.view = &call->view;
	unable.judge.work = &call->scratch->work;
	cgw_judge_unable(&unable);
	call->scratch->work.decision.op = ops & 1U << CGW_OP_FILE_EXEC ? CGW_OP_FILE_EXEC
					  : ops & FILE_WRITE	       ? CGW_OP_FILE_WRITE
								       : CGW_OP_FILE_READ;
	return 0;
}

/* Before anything is asked of a request. The call has scratch memory. */
static __always_inline void file_open_request(struct call *call, struct file_request *request)
{
	struct cgw_file_work *files = &call->scratch->files;

	files->reported = 0;
	files->ops = request->ops;
	files->kind = CGW_FILE_PATH;
	files->second = CGW_SECOND_NAME;
	for (int i = 0; i < 2; i++) /* none yet */
		files->name[i].from = files->name[i].to = CGW_TEXT_MAX;
}

/* Asks the matcher what stands in scratch->files. */
static __noinline int file_match(struct call *call, bool seal)
{
	struct scratch *scratch = call->scratch;
	struct cgw_file file = {};

	if (!scratch)
		return 0;
	file.judge.view = &call->view;
	file.judge.work = &scratch->work;
	file.work = &scratch->files;
	file.bytes = scratch->value.written;
	if (seal)
		cgw_judge_seal(&file);
	else
		cgw_judge_file(&file);
	return 0;
}

/* Judges the operations in request->ops on one of the objects; 1: denied. */
static __noinline int file_judge(struct call *call, struct file_request *request, __u32 which)
{
	struct scratch *scratch = call->scratch;
	__u32 reason = 0;

	if (!scratch)
		return 1;
	which &= 1;
	call->scratch->files.first = which;
	if (call->scratch->files.kind == CGW_FILE_MEMFD)
		memfd_name(scratch, &call->scratch->files.name[0], request->object[0]);
	else
		reason = path_name(scratch, which, &call->scratch->files.name[which],
			request->object[which], request->mnt);
	/* A container runtime holds on to what it opened where it came from. */
	if (reason == CGW_REASON_PATH_UNREACHABLE && !(request->ops & 1U << CGW_OP_FILE_EXEC) &&
		scope_is_entering())
		return 0;
	if (reason)
		judge_unable(call, request, reason);
	else
		file_match(call, false);
	return file_decided(call, request);
}

/* True if some policy rules these operations at all. */
static __always_inline bool files_ruled(struct call *call, __u32 ops)
{
	return cgw_header(&call->view, ops) & ops;
}

/* One object. What a hook returns. */
static __always_inline int file_result(
	struct dentry *object, struct vfsmount *mnt, __u32 ops, __u32 hook)
{
	struct file_request request = {
		.object = {object}, .mnt = mnt, .ops = ops, .unable = ops, .hook = hook};
	enum path_kind kind;
	struct call call;
	bool deny = false;

	if (!lsm_begin(&call, ops))
		return lsm_result(call.unable);
	kind = files_ruled(&call, ops) ? path_kind(object, mnt) : PATH_KERNELS;
	if (kind != PATH_KERNELS) {
		file_open_request(&call, &request);
		if (kind == PATH_MEMFD)
			call.scratch->files.kind = CGW_FILE_MEMFD;
		deny = file_judge(&call, &request, 0);
	}
	call_close(&call);
	return lsm_result(deny);
}

/* What two names are asked, in this order; the last one only if they are to be exchanged. */
enum names_stage {
	STAGE_WRITE_FIRST,
	STAGE_WRITE_SECOND,
	STAGE_SEAL_FIRST, /* the first object gets the second name */
	STAGE_SEAL_SECOND,
};

struct names_walk {
	struct call *call;
	struct file_request *request;
	__u32 last; /* enum names_stage */
	__u32 deny;
};

/*
 * The name of the second object, which is an entry of the same directory as the first: that has
 * been named in buffer 0. As path_name().
 */
static __noinline __u32 name_beside(struct scratch *scratch, struct file_request *request)
{
	struct dentry *first = request->object[0], *second = request->object[1];
	__u32 from, length, old_length, begin, end;

	if (!scratch)
		return CGW_REASON_NO_SCRATCH;
	from = scratch->files.name[0].from;
	old_length = CGW_OPAQUE(PEEK(first, d_name.len)) & 255;
	length = CGW_OPAQUE(PEEK(second, d_name.len)) & 255;
	if (from + old_length < length + 1)
		return CGW_REASON_PATH_TOO_LONG;
	begin = CGW_OPAQUE(from + old_length - length) & (CGW_TEXT_MAX - 1);
	scratch->files.name[1].from = begin;
	bpf_probe_read_kernel(scratch->value.normal + begin,
		CGW_OPAQUE(CGW_TEXT_MAX - old_length - from) & (CGW_TEXT_MAX - 1),
		scratch->value.written + (from & (CGW_TEXT_MAX - 1)));
	end = CGW_OPAQUE(CGW_TEXT_MAX - length) & (CGW_TEXT_MAX - 1);
	bpf_probe_read_kernel(scratch->value.normal + end, length, PEEK(second, d_name.name));
	return 0;
}

/* True if the kernel holds the directory of both, so that no entry comes or goes. */
static __always_inline bool are_beside(struct file_request *request)
{
	struct dentry *first = request->object[0], *second = request->object[1];

	return request->hook == CGW_HOOK_PATH_RENAME &&
	       PEEK(first, d_parent) == PEEK(second, d_parent);
}

static long names_step(__u32 stage, void *context)
{
	struct names_walk *walk = context;
	struct file_request *request = walk->request;
	struct scratch *scratch = walk->call->scratch;
	__u32 which = stage & 1, reason = 0;
	bool seal = stage >= STAGE_SEAL_FIRST;

	if (!scratch || stage > walk->last)
		return 1;
	scratch->files.first = which;
	scratch->files.directory = seal && is_directory(request->object[which]);
	if (stage == STAGE_WRITE_SECOND && are_beside(request))
		reason = name_beside(scratch, request);
	else if (!seal)
		reason = path_name(scratch, which, &scratch->files.name[which],
			request->object[which], request->mnt);
	if (reason)
		judge_unable(walk->call, request, reason);
	else
		file_match(walk->call, seal);
	walk->deny = file_decided(walk->call, request);
	return walk->deny || reason; /* without the names, there is no more to ask */
}

/* What a hook returns. One loop over all questions: the verifier follows the way once. */
static __always_inline int file_names_result(struct file_request *request, bool exchange)
{
	struct call call;
	struct names_walk walk = {.call = &call,
		.request = request,
		.last = exchange ? STAGE_SEAL_SECOND : STAGE_SEAL_FIRST};

	request->ops = FILE_WRITE;
	request->unable = FILE_OPS;
	if (!lsm_begin(&call, FILE_OPS))
		return lsm_result(call.unable);
	if (files_ruled(&call, FILE_OPS)) {
		file_open_request(&call, request);
		bpf_loop(STAGE_SEAL_SECOND + 1, names_step, &walk, 0);
	}
	call_close(&call);
	return lsm_result(walk.deny);
}

/* ---- seal: calls that give many objects new names, without saying which ---- */

/* True if the call goes on: policies govern the task, some rule files, and it is no container
 * runtime's. */
static __always_inline bool seal_begin(struct call *call, struct file_request *request)
{
	request->ops = FILE_WRITE;
	request->unable = FILE_OPS;
	request->sealed = 1;
	if (!lsm_begin(call, FILE_OPS))
		return false;
	if (!files_ruled(call, FILE_OPS) || scope_is_entering()) {
		call_close(call);
		call->unable = 0;
		return false;
	}
	file_open_request(call, request);
	return true;
}

/* Denied as long as there is any rule about files that is sealed. */
static __noinline int seal_unknown(struct call *call, struct file_request *request)
{
	judge_unable(call, request, CGW_REASON_SOURCE_UNKNOWN);
	return file_decided(call, request);
}

/* What a hook returns that asks nothing else. */
static __always_inline int seal_unknown_result(struct file_request *request)
{
	struct call call;
	bool deny;

	if (!seal_begin(&call, request))
		return lsm_result(call.unable);
	deny = seal_unknown(&call, request);
	call_close(&call);
	return lsm_result(deny);
}

#endif
