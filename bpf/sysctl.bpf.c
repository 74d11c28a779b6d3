/* SPDX-License-Identifier: GPL-2.0-only */
/* sysctl.bpf.c - cgroup/sysctl: reads and writes below /proc/sys, whatever the mount or descriptor.
 */
#include "emit.h"

/* Names have some 100 bytes at most, values seldom more than 20. */
#define USUAL_SIZE 256

#define SYSCTL_OPS (1 << CGW_OP_SYSCTL_READ | 1 << CGW_OP_SYSCTL_WRITE)

/*
 * Reads the value to be written. 0, or why it cannot be judged: a piece written at a file position
 * other than 0 lands in the middle of a string, and more than a page is not given whole.
 */
static __always_inline __u32 value_read(struct bpf_sysctl *ctx, struct cgw_value *value)
{
	int got;

	value->written_length = 0;
	if (ctx->file_pos)
		return CGW_REASON_VALUE_SPLIT;
	/* The helper fills the rest of the buffer with zeros: try what is enough for nearly all. */
	got = bpf_sysctl_get_new_value(ctx, (char *)value->written, USUAL_SIZE);
	if (got == -E2BIG)
		got = bpf_sysctl_get_new_value(ctx, (char *)value->written, CGW_TEXT_MAX);
	if (got < 0 || got >= CGW_TEXT_MAX)
		return CGW_REASON_VALUE_UNREADABLE;
	value->written_length = got;
	return cgw_value_prepare(value);
}

static __noinline int sysctl_judge(struct call *call, struct bpf_sysctl *ctx)
{
	struct scratch *scratch = call->scratch;
	struct cgw_sysctl sysctl = {.op = ctx->write ? CGW_OP_SYSCTL_WRITE : CGW_OP_SYSCTL_READ};
	int got;

	if (!scratch)
		return -1;
	got = bpf_sysctl_get_name(ctx, (char *)scratch->name.bytes, USUAL_SIZE, 0);
	scratch->name.length = got > 0 ? got : 0;
	sysctl.judge.view = &call->view;
	sysctl.judge.work = &scratch->work;
	if (got <= 0) { /* fails closed: the longest name there is has some 100 bytes */
		struct cgw_unable unable = {
			.judge = sysctl.judge,
			.ops = SYSCTL_OPS,
			.reason = CGW_REASON_NAME_UNREADABLE,
		};

		cgw_judge_unable(&unable);
		return 0;
	}
	sysctl.unknown = CGW_REASON_VALUE_UNREADABLE;
	sysctl.name = &scratch->name;
	sysctl.value = &scratch->value;
	cgw_judge_sysctl(&sysctl);
	/* Most rules do not ask for the value: it is read only if one did. */
	if (!scratch->work.needs_value)
		return 0;
	sysctl.unknown = value_read(ctx, &scratch->value);
	cgw_judge_sysctl(&sysctl);
	return 0;
}

/* Appends a value to the event: what bpf_sysctl_get_*_value() left in the name's buffer. */
static __always_inline __u16 report_value(struct scratch *scratch, int got, __u32 *size)
{
	if (got == -E2BIG)
		got = CGW_TEXT_MAX;
	if (got <= 0)
		return 0;
	*size = got;
	return emit_bytes(
		scratch, scratch->name.bytes, got > CGW_VALUE_SHOWN ? CGW_VALUE_SHOWN : got);
}

static __noinline int sysctl_report(struct call *call, struct bpf_sysctl *ctx)
{
	struct scratch *scratch = call->scratch;
	struct cgw_event *event;
	int got;

	if (!scratch)
		return -1;
	event = &scratch->event;
	if (emit_start(call, CGW_EVENT_SYSCTL, CGW_HOOK_SYSCTL,
		    ctx->write ? CGW_OP_SYSCTL_WRITE : CGW_OP_SYSCTL_READ))
		return 0;
	event->name_len = emit_bytes(scratch, scratch->name.bytes, scratch->name.length);
	event->sysctl.file_pos = ctx->file_pos;
	/* The name has been reported: its buffer serves for the values. */
	got = bpf_sysctl_get_current_value(ctx, (char *)scratch->name.bytes, CGW_TEXT_MAX);
	event->old_len = report_value(scratch, got, &event->sysctl.old_size);
	if (ctx->write) {
		got = bpf_sysctl_get_new_value(ctx, (char *)scratch->name.bytes, CGW_TEXT_MAX);
		event->new_len = report_value(scratch, got, &event->sysctl.new_size);
	}
	emit_finish(scratch);
	return 0;
}

SEC("cgroup/sysctl")
int cgward_sysctl(struct bpf_sysctl *ctx)
{
	struct cgw_decision *decision;
	struct call call;
	bool deny;

	if (call_open(&call)) /* allowed: no ruleset has been published */
		return 1;
	scope_add_current(&call);
	if (call.unable)
		return !deny_unable(&call, SYSCTL_OPS);
	if (!call.scratch) /* allowed: nothing governs the task */
		return 1;
	sysctl_judge(&call, ctx);
	decision = &call.scratch->work.decision;
	decision_check(&call, decision);
	if (decision->verdict != CGW_VERDICT_ALLOW)
		sysctl_report(&call, ctx);
	deny = decision->verdict == CGW_VERDICT_DENY;
	call_close(&call);
	return !deny;
}
