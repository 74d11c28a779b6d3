// SPDX-License-Identifier: GPL-2.0-only
#include "outputs.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>
#include <unistd.h>
#include "clock.h"
#include "diagnostics.h"
#include "session.h"

#define FINISH_MS 1000

int outputs_open(struct outputs *outputs, const char *text, const char **why)
{
	struct target target;
	int result;

	*why = NULL;
	if (target_parse(&target, text, why))
		return -EINVAL;
	*why = NULL;
	result = sink_open(&outputs->sinks[outputs->count], &target);
	if (!result)
		outputs->count++;
	return result;
}

void outputs_close(struct outputs *outputs)
{
	for (size_t i = 0; i < outputs->count; i++)
		sink_close(&outputs->sinks[i]);
	strbuf_free(&outputs->line);
	strbuf_free(&outputs->message);
	outputs->count = 0;
}

void outputs_start(struct outputs *outputs, const struct format *format, int stop)
{
	outputs->format = format;
	for (size_t i = 0; i < outputs->count; i++) {
		outputs->sinks[i].stop = stop;
		outputs->sinks[i].waits = outputs->count == 1;
	}
}

static void render(
	struct strbuf *out, const struct format *format, const struct record *record, bool colour)
{
	out->length = 0;
	format->line(record, colour, out);
}

static void write_to(struct outputs *outputs, struct sink *sink, const struct record *record)
{
	struct strbuf *line = &outputs->line, *message = &outputs->message;

	message->length = 0;
	switch (sink->target.kind) {
	case TARGET_FILE:
		if (!sink->terminal || !outputs->colour)
			break;
		outputs->format->line(record, true, message);
		line = message;
		break;
	case TARGET_SYSLOG:
		format_syslog(record, line->data, line->length - 1, message);
		line = message;
		break;
	case TARGET_JOURNAL:
		format_journal(record, message);
		line = message;
		break;
	}
	sink_put(sink, line->data, line->length, record_weight(record));
}

void outputs_write(struct outputs *outputs, const struct record *record)
{
	render(&outputs->line, outputs->format, record, false);
	for (size_t i = 0; i < outputs->count; i++)
		write_to(outputs, &outputs->sinks[i], record);
}

void outputs_mark(struct outputs *outputs, struct state_copy *batch)
{
	for (size_t i = 0; i < outputs->count; i++)
		sink_mark(&outputs->sinks[i], batch);
}

int outputs_flush(struct outputs *outputs, const struct sink **failed)
{
	int result = 0;

	/* Files first: a batch that is whole in them all has been sent to the others or is in
	 * their queues. */
	for (int regular = 1; regular >= 0; regular--) {
		for (size_t i = 0; i < outputs->count; i++) {
			struct sink *sink = &outputs->sinks[i];
			int error = sink->regular == regular ? sink_flush(sink) : 0;

			if (error) {
				*failed = sink;
				result = error;
			}
		}
	}
	return result;
}

/* Into the sink that has lost them. */
static void report_lost(struct outputs *outputs, struct sink *sink)
{
	struct record record = {
		.type = RECORD_LOST,
		.time = clock_realtime(),
		.loss = {.reason = LOSS_OUTPUT,
			.cpu = -1,
			.count = sink->lost,
			.since = sink->lost_since},
	};
	uint64_t before = sink->lost_total;

	record.loss.until = record.time;
	render(&outputs->line, outputs->format, &record, false);
	sink->lost = 0;
	write_to(outputs, sink, &record);
	if (sink->lost_total == before)
		return;
	/* No room for the report either. */
	sink->lost_total = before;
	sink->lost = record.loss.count;
	sink->lost_since = record.loss.since;
}

void outputs_tend(struct outputs *outputs)
{
	for (size_t i = 0; i < outputs->count; i++) {
		struct sink *sink = &outputs->sinks[i];
		int result;

		if (sink->lost && !sink->pending.length && !sink->error) {
			report_lost(outputs, sink);
			sink_flush(sink);
		}
		if (!outputs->rotate_size)
			continue;
		result = sink_rotate(sink, outputs->rotate_size, outputs->rotate_count);
		if (result)
			message("failed to rotate '%s': %s", sink->name, strerror(-result));
	}
}

static bool any_pending(const struct outputs *outputs)
{
	for (size_t i = 0; i < outputs->count; i++)
		if (outputs->sinks[i].pending.length)
			return true;
	return false;
}

static void finish_sink(struct sink *sink)
{
	uint64_t lost =
		sink->lost + (sink->pending_lines ? sink->pending_lines + sink->pending_extra : 0);

	if (lost)
		message("'%s' did not take %llu violation%s%s%s", sink->name,
			(unsigned long long)lost, lost == 1 ? "" : "s", sink->error ? ": " : "",
			sink->error ? strerror(-sink->error) : "");
}

void outputs_finish(struct outputs *outputs)
{
	int64_t end = clock_boottime() + FINISH_MS * (NSEC_PER_SEC / 1000);
	const struct timespec pause = {.tv_nsec = 10 * 1000 * 1000};
	const struct sink *failed;

	if (outputs->count < 2)
		return;
	while (any_pending(outputs) && clock_boottime() < end) {
		outputs_flush(outputs, &failed);
		if (any_pending(outputs))
			nanosleep(&pause, NULL);
	}
	outputs_tend(outputs);
	for (size_t i = 0; i < outputs->count; i++)
		finish_sink(&outputs->sinks[i]);
}

bool outputs_recover(struct outputs *outputs, const struct state_copy *batch)
{
	bool all = true, any = false;

	for (size_t i = 0; i < outputs->count; i++) {
		struct sink *sink = &outputs->sinks[i];

		if (!sink->regular)
			continue;
		any = true;
		all &= sink_recover(sink, batch);
	}
	if (any && all)
		outputs_recovered(outputs);
	return any && all;
}

void outputs_recovered(struct outputs *outputs)
{
	for (size_t i = 0; i < outputs->count; i++)
		outputs->sinks[i].skip = 0;
}

void outputs_reopen(struct outputs *outputs)
{
	for (size_t i = 0; i < outputs->count; i++) {
		struct sink *sink = &outputs->sinks[i];
		int result = sink->file ? sink_reopen(sink) : 0;

		if (result)
			message("failed to open '%s' again: %s\n  going on with the old file",
				sink->name, strerror(-result));
	}
}

static bool can_rename(const char *name)
{
	const char *slash = strrchr(name, '/');
	struct strbuf directory __attribute__((cleanup(strbuf_free))) = STRBUF_INIT;

	if (slash)
		strbuf_add(&directory, name, slash - name + 1);
	else
		strbuf_putc(&directory, '.');
	return !access(directory.data, W_OK | X_OK);
}

const char *outputs_cannot_rotate(const struct outputs *outputs)
{
	for (size_t i = 0; i < outputs->count; i++)
		if (outputs->rotate_size && outputs->sinks[i].file &&
			!can_rename(outputs->sinks[i].name))
			return outputs->sinks[i].name;
	return NULL;
}

bool outputs_have_file(const struct outputs *outputs)
{
	for (size_t i = 0; i < outputs->count; i++)
		if (outputs->sinks[i].file)
			return true;
	return false;
}

bool outputs_are_open(const struct outputs *outputs)
{
	return outputs->count != 1 || sink_is_open(&outputs->sinks[0]);
}
