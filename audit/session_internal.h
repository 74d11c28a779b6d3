/* SPDX-License-Identifier: GPL-2.0-only */
/* session_internal.h - what the parts of a session share. */
#ifndef CGW_SESSION_INTERNAL_H
#define CGW_SESSION_INTERNAL_H

#include "broker.h"
#include "filter.h"
#include "format.h"
#include "listener.h"
#include "losses.h"
#include "metrics.h"
#include "outputs.h"
#include "rules.h"
#include "session.h"
#include "source.h"

struct session {
	const struct arguments *arguments;
	const struct format *format;
	struct filter filter;
	struct source source;
	struct rules rules;
	struct metrics metrics;
	struct listener listener;
	struct broker broker;
	struct losses losses;
	struct outputs outputs;
	const struct sink *failed; /* the sink that `error` is of */
	int signals;		   /* signalfd */
	int64_t offset;		   /* CLOCK_REALTIME minus CLOCK_BOOTTIME */
	int64_t started;	   /* CLOCK_BOOTTIME */
	int64_t next;		   /* end of the period, CLOCK_BOOTTIME */
	uint64_t lines;		   /* in this batch */
	uint64_t replay; /* up to this position of the ring buffer some lines have been written */
	uint64_t shown;	 /* violations */
	bool ended;	 /* nothing more is to be read */
	bool waiting;	 /* the instance is gone, and there is no other yet */
	bool orphaned;	 /* no instance can be read from any more */
	int error;	 /* of the sink, -errno */
	int sums_error;	 /* of the last attempt: it is reported once */
	struct record record;
};

/* Opens all and gives up all rights. Prints messages. */
enum status session_open(struct session *session);

/* The exit status for a failure. */
enum status session_status(int error);

/* ---- for session_instance.c ---- */

/* Begins to account for what comes from the source. */
void session_start(struct session *session);

/* What is there, and what was suppressed before. True if nothing is left. */
bool session_catch_up(struct session *session);

/* What is due once in a period; final: there is nothing more to come from this source. */
void session_period(struct session *session, bool drained, bool final);

/* Writes what stands in the batch. */
void session_finish_batch(struct session *session);

/* ---- session_instance.c ---- */

/* Looks whether the instance is gone, or another one has come. */
void session_check_instance(struct session *session);

#endif
