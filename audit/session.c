// SPDX-License-Identifier: GPL-2.0-only
#include "session_internal.h"

#include <errno.h>
#include <poll.h>
#include <signal.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/signalfd.h>
#include <time.h>
#include <unistd.h>
#include "clock.h"

/* node_exporter is asked every 15 seconds, or more rarely. */
#define METRICS_PERIOD (10 * NSEC_PER_SEC)
/* Losses are looked for, the clock is compared and the instance is checked this often. */
#define PERIOD (1 * NSEC_PER_SEC)
/* A batch: some hundred lines, which one write(2) takes, of a sixteenth of the ring buffer. */
#define BATCH (64 * 1024)

/*
 * After that much, more is coming: it is let gather for a millisecond, or each event costs the
 * kernel a wake-up and us several system calls. The ring buffer holds some 20 ms of the worst
 * flood.
 */
#define BUSY (4 * 1024)
#define BUSY_PAUSE 1000000

/* Sums take at most twice the ring buffer; some may come while others are read. */
#define SUM_ROUNDS 8

void message(const char *format, ...)
{
	struct strbuf text __attribute__((cleanup(strbuf_free))) = STRBUF_INIT;
	va_list args;

	va_start(args, format);
	strbuf_vprintf(&text, format, args);
	va_end(args);
	fprintf(stderr, "cgward-audit: %s\n", strbuf_text(&text));
}

static void session_write(struct session *session)
{
	outputs_write(&session->outputs, &session->record);
	session->lines++;
}

/*
 * Writes the batch, and only then takes its records from the kernel. loss: the batch is the one
 * line of it. When writing fails, the records stay where they are, for the next reader.
 */
static void session_commit(struct session *session, const struct loss *loss)
{
	struct source *source = &session->source;
	struct state_copy *batch;

	if (session->error)
		return;
	batch = state_prepare(&source->state);
	batch->position = source->ring.position;
	batch->lines = session->lines;
	if (loss) {
		batch->is_loss = 1;
		batch->loss = *loss;
	}
	state_put_losses(&source->state, batch, &session->losses);
	if (session->lines) {
		outputs_mark(&session->outputs, batch);
		state_announce(&source->state);
	}
	session->error = outputs_flush(&session->outputs, &session->failed);
	if (session->error)
		return;
	state_finish(&source->state);
	ring_commit(&source->ring);
	session->lines = 0;
	if (session->replay && source->ring.committed >= session->replay) {
		outputs_recovered(&session->outputs);
		session->replay = 0;
	}
}

/* Called between two batches only. */
static void session_lost(void *context, const struct loss *loss)
{
	struct session *session = context;

	session->record.type = RECORD_LOST;
	session->record.time = clock_realtime();
	session->record.loss = *loss;
	session_write(session);
	session_commit(session, loss);
}

/* The counters have been read just now. */
static void session_metrics(struct session *session, bool final)
{
	struct metrics *metrics = &session->metrics;
	int result;

	if (!metrics->file || (!final && clock_boottime() < metrics->next))
		return;
	metrics->next = clock_boottime() + METRICS_PERIOD;
	result = metrics_write(metrics, &session->source, &session->rules, &session->outputs);
	if (result && result != metrics->error)
		message("failed to write '%s': %s", metrics->file, strerror(-result));
	metrics->error = result;
}

/* What was suppressed comes as sums, through the ring buffer as all else. */
static void session_sums(struct session *session)
{
	int result = source_sums(&session->source);

	if (result && result != session->sums_error)
		message("failed to have sums of suppressed events sent: %s", strerror(-result));
	session->sums_error = result;
}

/* What is due once in a period. drained: the ring buffer was empty just now. */
void session_period(struct session *session, bool drained, bool final)
{
	session->next = clock_boottime() + PERIOD;
	session->offset = clock_offset();
	if (session->waiting) {
		outputs_tend(&session->outputs);
		return;
	}
	rules_retry(&session->rules);
	rules_hold(&session->rules);
	if (!final)
		session_sums(session);
	if (!source_counters(&session->source))
		losses_update(&session->losses, session->source.counters, clock_realtime(), drained,
			final);
	outputs_tend(&session->outputs);
	session_metrics(session, final);
}

/* SIGHUP is for those who rename files; without files it ends, as it does other programs. */
static void session_signals(struct session *session)
{
	struct signalfd_siginfo info;

	while (read(session->signals, &info, sizeof(info)) == sizeof(info)) {
		if (info.ssi_signo == SIGHUP && outputs_have_file(&session->outputs))
			outputs_reopen(&session->outputs);
		else
			session->ended = true;
	}
}

static void session_violation(struct session *session)
{
	struct record *record = &session->record;
	const struct cgw_event *head = record->event.head;

	record->type = head->flags & CGW_EVENT_SUPPRESSED ? RECORD_SUPPRESSED : RECORD_VIOLATION;
	record->time = (int64_t)head->time + session->offset;
	if (record->type == RECORD_SUPPRESSED) {
		record->since = (int64_t)head->suppressed.since + session->offset;
		record->until = (int64_t)head->suppressed.until + session->offset;
	}
	record->rule = rules_find(&session->rules, head->generation, head->rule, head->rule_key);
	if (!filter_wants(&session->filter, record))
		return;
	identity_of_cgroup(&record->identity, (const char *)record->event.cgroup.data,
		record->event.cgroup.length);
	session_write(session);
	session->shown += record_weight(record);
	if (session->arguments->count && session->shown >= session->arguments->count)
		session->ended = true;
}

static void session_record(struct session *session, const void *data, size_t size)
{
	struct event *event = &session->record.event;

	uint64_t count = 1;
	bool good = !event_decode(event, data, size);

	if (good && event->head->flags & CGW_EVENT_SUPPRESSED)
		count = event->head->suppressed.count;
	if (!good ||
		!losses_seen(&session->losses, event->head->cpu, event->head->sequence, count)) {
		losses_undecodable(&session->losses);
		return;
	}
	/* Without --follow: what comes later than us would keep us here for ever. */
	if (!session->arguments->follow && (int64_t)event->head->time > session->started)
		session->ended = true;
	if (event->head->flags & CGW_EVENT_SUPPRESSED)
		session->metrics.suppressed += count;
	else
		session->metrics.violations++;
	session_violation(session);
}

/* Takes what waits, batch by batch. True if nothing is left. */
static bool session_consume(struct session *session)
{
	struct ring *ring = &session->source.ring;
	const void *data;
	size_t size;
	bool more = true;

	while (more && !session->ended && !session->error) {
		while (!session->ended && ring_taken(ring) < BATCH &&
			(more = ring_next(ring, &data, &size)))
			session_record(session, data, size);
		if (ring_taken(ring))
			session_commit(session, NULL);
		session_signals(session);
		listener_run(&session->listener);
		if (more && clock_boottime() > session->next)
			session_period(session, false, false);
	}
	return !more;
}

/* Sleeps until there are records, a signal or the end of the period. */
static void session_wait(struct session *session)
{
	struct pollfd poll_fds[] = {
		{.fd = source_fd(&session->source), .events = POLLIN},
		{.fd = session->signals, .events = POLLIN},
		{.fd = session->listener.daemon ? session->listener.fd : -1, .events = POLLIN},
	};
	int64_t left = session->next - clock_boottime();
	struct timespec timeout = {.tv_sec = left / NSEC_PER_SEC, .tv_nsec = left % NSEC_PER_SEC};

	if (left > 0)
		ppoll(poll_fds, 3, &timeout, NULL);
	listener_run(&session->listener);
	session_signals(session);
}

static void session_check_ends(struct session *session)
{
	if (!outputs_are_open(&session->outputs)) {
		session->error = -EPIPE;
		session->failed = &session->outputs.sinks[0];
		return;
	}
	session_check_instance(session);
}

void session_finish_batch(struct session *session)
{
	session_commit(session, NULL);
}

static void session_follow(struct session *session)
{
	const struct timespec pause = {.tv_nsec = BUSY_PAUSE};
	bool drained;

	while (!session->ended && !session->error) {
		uint64_t before = session->source.ring.position;

		session_wait(session);
		if (session->ended)
			break;
		drained = !session->waiting && session_consume(session);
		outputs_flush(&session->outputs, &session->failed); /* queues */
		if (drained && session->source.ring.position - before > BUSY)
			nanosleep(&pause, NULL);
		if (clock_boottime() >= session->next) {
			session_period(session, drained, false);
			session_check_ends(session);
		}
	}
}

/* A reader was killed between announcing a batch and having written it. */
static void session_recover(struct session *session)
{
	struct source *source = &session->source;
	const struct state_copy *batch = state_announced(&source->state);

	if (!batch)
		return;
	if (outputs_recover(&session->outputs, batch)) {
		state_finish(&source->state);
		ring_skip_to(&source->ring, batch->position);
	} else if (!batch->is_loss) {
		session->replay = batch->position;
	}
}

void session_start(struct session *session)
{
	struct source *source = &session->source;
	const struct state_copy *announced, *now;
	struct loss loss;

	session_recover(session);
	announced = state_announced(&source->state);
	now = announced && announced->is_loss ? announced : state_now(&source->state);
	if (!now->started) {
		losses_start(&session->losses, source->counters, source->cpu_count,
			clock_realtime(), session_lost, session);
		return;
	}
	losses_resume(&session->losses, now->cpus, source->cpu_count, clock_realtime(),
		session_lost, session);
	session->losses.undecodable = now->undecodable;
	session->losses.unplaced = now->unplaced;
	if (now == announced) { /* the line of a loss that is not everywhere yet */
		loss = now->loss;
		session_lost(session, &loss);
		outputs_recovered(&session->outputs);
	}
}

static bool sums_wait(struct session *session)
{
	uint64_t waiting = 0;

	if (source_counters(&session->source))
		return false;
	for (unsigned int i = 0; i < session->source.cpu_count; i++)
		waiting +=
			session->source.counters[i].suppressed - session->source.counters[i].summed;
	return waiting;
}

/* What is there. All sums together can be more than the ring buffer holds; a few rounds take them
 * all. */
bool session_catch_up(struct session *session)
{
	bool drained = session_consume(session);

	for (int i = 0; i < SUM_ROUNDS && drained && !session->ended && !session->error &&
			!session->sums_error && sums_wait(session);
		i++) {
		session_sums(session);
		session->started = clock_boottime();
		drained = session_consume(session);
	}
	return drained;
}

static void session_read(struct session *session)
{
	bool drained;

	session->offset = clock_offset();
	session_sums(session);
	session->started = clock_boottime();
	session->next = session->started + PERIOD;
	session_start(session);
	drained = session_catch_up(session);
	if (session->arguments->follow && !session->ended && !session->error) {
		session_period(session, drained, false);
		session_follow(session);
		drained = false;
	}
	if (!session->error && !session->waiting)
		session_period(session, drained, true);
	if (!session->error && !session->waiting)
		session_commit(session, NULL);
	outputs_finish(&session->outputs);
}

/* An error of the only output. */
static void report_error(const struct session *session)
{
	message("failed to write to '%s': %s\n  what was not written stays in the kernel for the "
		"next "
		"reader",
		session->failed->name,
		session->error == -EINTR ? "nobody reads from it" : strerror(-session->error));
}

enum status session_run(const struct arguments *arguments)
{
	struct session session = {.arguments = arguments, .signals = -1, .broker = {.socket = -1}};
	enum status status = session_open(&session);

	if (status == STATUS_DONE)
		session_read(&session);
	if (session.error) {
		report_error(&session);
		status = STATUS_NOT;
	}
	if (session.orphaned)
		status = STATUS_NOT;
	if (session.signals >= 0)
		close(session.signals);
	losses_free(&session.losses);
	listener_close(&session.listener);
	metrics_close(&session.metrics);
	rules_free(&session.rules);
	broker_close(&session.broker);
	outputs_close(&session.outputs);
	source_close(&session.source);
	filter_free(&session.filter);
	return status;
}
