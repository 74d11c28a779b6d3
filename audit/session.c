// SPDX-License-Identifier: GPL-2.0-only
#include "session.h"

#include <errno.h>
#include <poll.h>
#include <signal.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/signalfd.h>
#include <unistd.h>
#include "clock.h"
#include "diagnostics.h"
#include "filter.h"
#include "format.h"
#include "losses.h"
#include "privileges.h"
#include "rules.h"
#include "sink.h"
#include "source.h"

/* Losses are looked for, the clock is compared and the instance is checked this often. */
#define PERIOD (1 * NSEC_PER_SEC)
/* Under load time is looked at only once for so many records. */
#define RECORDS_PER_LOOK 256

struct session {
	const struct arguments *arguments;
	const struct format *format;
	bool colour;
	struct filter filter;
	struct source source;
	struct rules rules;
	char *images;
	struct losses losses;
	struct sink sink;
	int signals;	 /* signalfd */
	int64_t offset;	 /* CLOCK_REALTIME minus CLOCK_BOOTTIME */
	int64_t started; /* CLOCK_BOOTTIME */
	int64_t next;	 /* end of the period, CLOCK_BOOTTIME */
	uint64_t records;
	uint64_t shown; /* violations */
	bool ended;	/* nothing more is to be read */
	bool orphaned;	/* the instance is gone */
	int error;	/* of the sink, -errno */
	struct record record;
};

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
	session->format->line(&session->record, session->colour, sink_line(&session->sink));
	if (!session->error)
		session->error = sink_added(&session->sink);
}

static void session_flush(struct session *session)
{
	if (!session->error)
		session->error = sink_flush(&session->sink);
}

static void session_lost(void *context, const struct loss *loss)
{
	struct session *session = context;

	session->record.type = RECORD_LOST;
	session->record.time = clock_realtime();
	session->record.loss = *loss;
	session_write(session);
}

/* What is due once in a period. drained: the ring buffer was empty just now. */
static void session_period(struct session *session, bool drained, bool final)
{
	session->next = clock_boottime() + PERIOD;
	session->offset = clock_offset();
	rules_retry(&session->rules);
	if (!source_counters(&session->source))
		losses_update(&session->losses, session->source.counters, clock_realtime(), drained,
			final);
}

static bool was_signalled(const struct session *session)
{
	struct pollfd poll_fd = {.fd = session->signals, .events = POLLIN};

	return poll(&poll_fd, 1, 0) > 0;
}

static void session_violation(struct session *session)
{
	struct record *record = &session->record;
	const struct cgw_event *head = record->event.head;

	record->type = RECORD_VIOLATION;
	record->time = (int64_t)head->time + session->offset;
	record->rule = rules_find(&session->rules, head->generation, head->rule, head->rule_key);
	if (!filter_wants(&session->filter, record))
		return;
	identity_of_cgroup(&record->identity, (const char *)record->event.cgroup.data,
		record->event.cgroup.length);
	session_write(session);
	session->shown++;
	if (session->shown == session->arguments->count)
		session->ended = true;
}

/* Called by libbpf for each record; below 0: stop reading. */
static int session_record(void *context, void *data, size_t size)
{
	struct session *session = context;
	struct event *event = &session->record.event;

	if (event_decode(event, data, size) ||
		!losses_seen(&session->losses, event->head->cpu, event->head->sequence)) {
		losses_undecodable(&session->losses);
	} else {
		/* Without --follow: what comes later than us would keep us here for ever. */
		if (!session->arguments->follow && (int64_t)event->head->time > session->started)
			session->ended = true;
		session_violation(session);
	}
	if (++session->records % RECORDS_PER_LOOK == 0) {
		if (was_signalled(session))
			session->ended = true;
		if (clock_boottime() > session->next)
			session_period(session, false, false);
	}
	return session->ended || session->error ? -ECANCELED : 0;
}

/* Sleeps until there are records, a signal or the end of the period. */
static void session_wait(struct session *session)
{
	struct pollfd poll_fds[] = {
		{.fd = source_fd(&session->source), .events = POLLIN},
		{.fd = session->signals, .events = POLLIN},
	};
	int64_t left = session->next - clock_boottime();
	struct timespec timeout = {.tv_sec = left / NSEC_PER_SEC, .tv_nsec = left % NSEC_PER_SEC};

	if (left > 0 && ppoll(poll_fds, 2, &timeout, NULL) > 0 && poll_fds[1].revents)
		session->ended = true;
}

static void session_check_ends(struct session *session)
{
	if (!sink_is_open(&session->sink))
		session->error = -EPIPE;
	if (source_is_current(&session->source))
		return;
	message("the instance at '%s' has been removed or made anew: nothing more comes from it\n"
		"  start cgward-audit again once there is one",
		session->arguments->bpffs);
	session->ended = true;
	session->orphaned = true;
}

static void session_follow(struct session *session)
{
	bool drained;

	while (!session->ended && !session->error) {
		session_wait(session);
		if (session->ended)
			break;
		drained = !source_consume(&session->source);
		if (clock_boottime() >= session->next) {
			session_period(session, drained, false);
			session_check_ends(session);
		}
		session_flush(session);
	}
}

static enum status status_of(int error)
{
	return error == -EPERM || error == -EACCES || error == -ENOSYS || error == -EOPNOTSUPP
		       ? STATUS_UNABLE
		       : STATUS_NOT;
}

static int open_signals(void)
{
	sigset_t signals;

	sigemptyset(&signals);
	sigaddset(&signals, SIGINT);
	sigaddset(&signals, SIGTERM);
	sigaddset(&signals, SIGHUP);
	sigprocmask(SIG_BLOCK, &signals, NULL);
	signal(SIGPIPE, SIG_IGN); /* write(2) says EPIPE instead */
	return signalfd(-1, &signals, SFD_CLOEXEC | SFD_NONBLOCK);
}

static bool wants_colour(const struct session *session)
{
	const char *no_color = getenv("NO_COLOR"), *term = getenv("TERM");

	return session->sink.terminal && !session->arguments->no_color &&
	       !(no_color && *no_color) && (!term || strcmp(term, "dumb"));
}

static int print_debug(enum libbpf_print_level level, const char *format, va_list args)
{
	(void)level;
	return vfprintf(stderr, format, args);
}

static enum status open_filter(struct session *session)
{
	const struct arguments *arguments = session->arguments;
	size_t where;
	const char *why;

	session->filter.policy = arguments->policy;
	session->filter.verdict = arguments->verdict;
	session->filter.since = arguments->since;
	if (!arguments->cgroup ||
		!filter_set_cgroup(&session->filter, arguments->cgroup, &where, &why))
		return STATUS_DONE;
	message("--cgroup: bad glob %s at byte %zu: %s",
		quote(arguments->cgroup, strlen(arguments->cgroup)), where + 1, why);
	return STATUS_USAGE;
}

static enum status open_ends(struct session *session)
{
	const struct arguments *arguments = session->arguments;
	struct strbuf images = STRBUF_INIT;
	char *error = NULL;
	int result;

	libbpf_set_print(arguments->verbose ? print_debug : NULL);
	result = source_open(&session->source, arguments->bpffs, session_record, session, &error);
	if (result) {
		message("%s", error);
		free(error);
		return status_of(result);
	}
	result = sink_open(&session->sink, arguments->output);
	if (result) {
		message("failed to open '%s': %s", arguments->output, strerror(-result));
		return status_of(result);
	}
	strbuf_printf(&images, "%s/images", arguments->bpffs);
	session->images = strbuf_take(&images);
	rules_init(&session->rules, session->images);
	session->format = arguments->format == ARGUMENT_FORMAT_JSON ? &format_json : &format_text;
	session->colour = wants_colour(session);
	session->signals = open_signals();
	session->sink.stop = session->signals;
	return STATUS_DONE;
}

static enum status drop_privileges(const struct arguments *arguments)
{
	const char *what;
	int result = privileges_drop(&what);

	if (result) {
		message("failed to %s: %s", what, strerror(-result));
		return STATUS_UNABLE;
	}
	if (arguments->verbose)
		message("dropped all capabilities and set no_new_privs");
	return STATUS_DONE;
}

static void session_read(struct session *session)
{
	bool drained;

	session->offset = clock_offset();
	session->started = clock_boottime();
	session->next = session->started + PERIOD;
	losses_start(&session->losses, session->source.counters, session->source.cpu_count,
		clock_realtime(), session_lost, session);
	drained = !source_consume(&session->source);
	session_flush(session);
	if (session->arguments->follow && !session->ended) {
		session_period(session, drained, false);
		session_follow(session);
		drained = false;
	}
	session_period(session, drained, true);
	session_flush(session);
}

enum status session_run(const struct arguments *arguments)
{
	struct session session = {.arguments = arguments, .signals = -1};
	enum status status = open_filter(&session);

	if (status == STATUS_DONE)
		status = open_ends(&session);
	if (status == STATUS_DONE)
		status = drop_privileges(arguments);
	if (status == STATUS_DONE)
		session_read(&session);
	if (session.error) {
		message("failed to write to '%s': %s\n  lines lost with it: %zu", session.sink.name,
			session.error == -EINTR ? "nobody reads from it" : strerror(-session.error),
			sink_lines(&session.sink));
		status = STATUS_NOT;
	}
	if (session.orphaned)
		status = STATUS_NOT;
	if (session.signals >= 0)
		close(session.signals);
	losses_free(&session.losses);
	rules_free(&session.rules);
	sink_close(&session.sink);
	source_close(&session.source);
	filter_free(&session.filter);
	free(session.images);
	return status;
}
