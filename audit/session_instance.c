// SPDX-License-Identifier: GPL-2.0-only
/* session_instance.c - when the instance that is read from goes, and another one comes. */
#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>
#include "clock.h"
#include "session_internal.h"

/* A program that was running when its link went has sent its event by then. */
#define LAST_EVENTS_MS 200

/*
 * Into the log, without an announcement: the state that readers leave to each other goes with the
 * instance. Called between two batches.
 */
static void note(struct session *session, enum instance_event event)
{
	session->record.type = RECORD_INSTANCE;
	session->record.time = clock_realtime();
	session->record.instance = event;
	outputs_write(&session->outputs, &session->record);
	session->error = outputs_flush(&session->outputs, &session->failed);
}

/* Takes what is left of it, and accounts for all that did not come. */
static void leave(struct session *session)
{
	const struct timespec pause = {.tv_nsec = LAST_EVENTS_MS * 1000000};
	bool drained;

	nanosleep(&pause, NULL);
	drained = session_catch_up(session);
	if (session->error || session->ended)
		return;
	session_period(session, drained, true);
	if (!session->error)
		session_finish_batch(session);
	if (!session->error)
		note(session, INSTANCE_GONE);
	if (session->error)
		return;
	losses_free(&session->losses);
	rules_free(&session->rules);
	source_close(&session->source);
	session->replay = 0;
	session->waiting = true;
	message("the instance at '%s' has been removed or replaced", session->arguments->bpffs);
}

static void enter(struct session *session)
{
	char *error = NULL;
	int result = source_open(&session->source, &session->broker, &error);

	if (!result)
		result = source_guard(&session->broker);
	if (!result)
		result = metrics_reopen(&session->metrics, &session->broker);
	if (result) {
		source_close(&session->source);
		/* Not there, or not complete: it may come. */
		if (result != -ENOENT && result != -EPROTO) {
			message("%s", error ? error : strerror(-result));
			session->ended = true;
			session->orphaned = true;
		}
		free(error);
		return;
	}
	rules_init(&session->rules, broker_open_image, &session->broker);
	session->waiting = false;
	message("going on with the instance at '%s'", session->arguments->bpffs);
	note(session, INSTANCE_OPENED);
	session->offset = clock_offset();
	if (!session->error)
		session_start(session);
}

void session_check_instance(struct session *session)
{
	if (!session->waiting && !source_is_current(&session->source))
		leave(session);
	if (session->waiting && !session->ended && !session->error)
		enter(session);
}
