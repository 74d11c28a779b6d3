// SPDX-License-Identifier: GPL-2.0-only
/* session_open.c - opens everything, then gives up every right. */
#include <bpf/libbpf.h>
#include <errno.h>
#include <signal.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/signalfd.h>
#include <unistd.h>
#include "confine.h"
#include "guarded.h"
#include "diagnostics.h"
#include "session_internal.h"

enum status session_status(int error)
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

	return !session->arguments->no_color && !(no_color && *no_color) &&
	       (!term || strcmp(term, "dumb"));
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
	session->filter.kinds = arguments->kinds;
	if (!arguments->cgroup ||
		!filter_set_cgroup(&session->filter, arguments->cgroup, &where, &why))
		return STATUS_DONE;
	message("--cgroup: bad glob %s at byte %zu: %s",
		quote(arguments->cgroup, strlen(arguments->cgroup)), where + 1, why);
	return STATUS_USAGE;
}

static enum status open_outputs(struct session *session)
{
	const struct arguments *arguments = session->arguments;
	struct outputs *outputs = &session->outputs;
	const char *why;

	for (size_t i = 0; i < arguments->outputs.count; i++) {
		int result = outputs_open(outputs, arguments->outputs.items[i], &why);

		if (!result)
			continue;
		message("failed to open '%s': %s", arguments->outputs.items[i],
			why ? why : strerror(-result));
		return why ? STATUS_USAGE : session_status(result);
	}
	outputs->colour = wants_colour(session);
	outputs->rotate_size = arguments->rotate_size;
	outputs->rotate_count = arguments->rotate_count;
	session->signals = open_signals();
	outputs_start(outputs,
		arguments->format == ARGUMENT_FORMAT_JSON ? &format_json : &format_text,
		session->signals);
	return STATUS_DONE;
}

static enum status open_ends(struct session *session)
{
	const struct arguments *arguments = session->arguments;
	char *error = NULL;
	int result;

	libbpf_set_print(arguments->verbose ? print_debug : NULL);
	session->broker.dir = arguments->bpffs;
	result = source_open(&session->source, &session->broker, &error);
	if (result) {
		message("%s", error);
		free(error);
		return session_status(result);
	}
	result = metrics_open(&session->metrics, arguments->metrics, &session->broker);
	if (result) {
		message("failed to open the counters of '%s': %s", arguments->bpffs,
			strerror(-result));
		return session_status(result);
	}
	rules_init(&session->rules, broker_open_image, &session->broker);
	if (arguments->policy && !rules_may_have_policy(&session->rules, arguments->policy))
		message("warning: no policy '%s' is in force", arguments->policy);
	return open_outputs(session);
}

static enum status fail_privileges(const char *what, int error)
{
	message("failed to %s: %s", what, strerror(-error));
	return error == -EPERM || error == -EINVAL ? STATUS_UNABLE : session_status(error);
}

/* A listener_render. */
static int session_render(void *context, int fd)
{
	struct session *session = context;
	int result = source_counters(&session->source);

	return result ? result
		      : metrics_print(&session->metrics, fd, &session->source, &session->rules,
				&session->outputs);
}

/* `uid` and `gid`: who we are going to be; -1: who we are. */
static enum status open_listener(struct session *session, uid_t uid, gid_t gid)
{
	const char *text = session->arguments->listen, *why;
	struct listener_address address;
	int result;

	if (!text)
		return STATUS_DONE;
	if (listener_parse(&address, text, &why))
		return STATUS_USAGE; /* arguments_parse() has taken it */
	result = listener_open(
		&session->listener, &address, text, uid, gid, session_render, session);
	if (!result)
		return STATUS_DONE;
	message("failed to listen on '%s': %s", text, strerror(-result));
	return session_status(result);
}

/* The images' broker must start as root; the filter must be the last. */
static enum status drop_privileges(struct session *session)
{
	const struct arguments *arguments = session->arguments;
	const char *what, *stuck;
	uid_t uid = -1;
	gid_t gid = -1;
	enum status status;
	int result = 0;

	if (arguments->user) {
		what = "become the user of --user";
		result = confine_find(arguments->user, &uid, &gid);
		if (result) {
			fail_privileges(what, result);
			return STATUS_USAGE;
		}
	}
	status = open_listener(session, uid, gid);
	if (status != STATUS_DONE)
		return status;
	guarded_remember(getpid());
	/* Pins that come later are root's, and to open them takes a right that we give up. */
	if (arguments->user || arguments->follow) {
		what = "start the process that opens pins";
		result = broker_start(&session->broker);
	}
	if (!result) {
		what = "put the reader on the record of what is guarded";
		result = source_guard(&session->broker);
	}
	if (!result && arguments->user) {
		what = "become the user of --user";
		result = confine_become(uid, gid);
	}
	if (!result)
		result = confine_drop(&what);
	stuck = outputs_cannot_rotate(&session->outputs);
	if (!result && stuck) {
		message("'%s' cannot be rotated: without capabilities, uid %u may not rename files "
			"in its directory\n  give the directory to that user, or leave "
			"--rotate-size out",
			stuck, getuid());
		return STATUS_UNABLE;
	}
	if (!result && arguments->metrics) {
		what = "write the file of --metrics";
		result = metrics_write(
			&session->metrics, &session->source, &session->rules, &session->outputs);
	}
	if (!result) {
		what = "set the seccomp filter";
		result = confine_filter(CONFINE_READER);
	}
	if (result)
		return fail_privileges(what, result);
	if (arguments->verbose)
		message("dropped all capabilities, set no_new_privs and a seccomp filter");
	return STATUS_DONE;
}

enum status session_open(struct session *session)
{
	enum status status = open_filter(session);

	if (status == STATUS_DONE)
		status = open_ends(session);
	return status == STATUS_DONE ? drop_privileges(session) : status;
}
