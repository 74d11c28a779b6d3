// SPDX-License-Identifier: GPL-2.0-only
#include "coverage.h"
#include <stdlib.h>
#include <string.h>
#include "names.h"

#define HOOK(name) (1U << CGW_HOOK_##name)
#define FEATURE(name) (1U << PROBE_##name)
#define CONNECT (HOOK(CONNECT4) | HOOK(CONNECT6))
#define SENDMSG (HOOK(SENDMSG4) | HOOK(SENDMSG6))
#define UNIX (HOOK(CONNECT_UNIX) | HOOK(SENDMSG_UNIX))

const struct coverage_row coverage_rows[] = {
	{"sysctl", "read, write", HOOK(SYSCTL), 0, NULL, true, NULL},
	{"network", "connect tcp", CONNECT, 0, NULL, true, NULL},
	{"network", "connect udp", CONNECT | SENDMSG | HOOK(EGRESS), 0, NULL, true, NULL},
	{"network", "connect icmp", HOOK(EGRESS), 0, NULL, true, NULL},
	{"network", "connect sctp, raw, others", HOOK(EGRESS), 0, NULL, true,
		"packet sockets are seen by no hook for addresses"},
	{"network", "connect unix @abstract", UNIX, 0, NULL, true, NULL},
	{"network", "connect unix /path", UNIX, 0, "lsm/unix_stream_connect", true,
		"judged by the name given: a symbolic link or another mount of it slips by; "
		"refused unless on-missing = warn"},
	{"network", "bind tcp, udp", HOOK(BIND4) | HOOK(BIND6), 0, NULL, true, NULL},
	{"network", "bind icmp, sctp, raw, unix", 0, FEATURE(LSM), "lsm/socket_bind", false, NULL},
	{"network", "listen", 0, FEATURE(LSM), "lsm/socket_listen", false, NULL},
	{"network", "socket inet, inet6", HOOK(SOCK_CREATE), 0, NULL, true, NULL},
	{"network", "socket, other families", 0, FEATURE(LSM), "lsm/socket_create", false, NULL},
	{"file", "read, write, exec", 0, FEATURE(LSM), "lsm/file_open and others", false, NULL},
	{"kernel", "all powers", 0, FEATURE(LSM), "lsm hooks of each power", false, NULL},
	{"capability", "all", 0, FEATURE(LSM), "lsm/capable", false, NULL},
	{"device", "r, w, m", 0, FEATURE(DEVICE), NULL, false, NULL},
	{NULL, NULL, 0, 0, NULL, false, NULL},
};

const struct coverage_row *coverage_find(const char *section, const char *operation)
{
	for (const struct coverage_row *row = coverage_rows; row->section; row++)
		if (!strcmp(row->section, section) && !strcmp(row->operation, operation))
			return row;
	abort(); /* a slip between this table and its caller */
}

/* Calls back for the result of each hook and feature that the row needs. */
static void each_need(const struct coverage_row *row, const struct probe_result *hooks,
	const struct probe_result *features,
	void (*visit)(const char *name, const struct probe_result *result, void *context),
	void *context)
{
	for (int hook = 1; hook < CGW_HOOK_COUNT; hook++)
		if (row->hooks & 1U << hook)
			visit(cgw_name_of(cgw_hook_names, hook), &hooks[hook], context);
	for (int feature = 1; feature < PROBE_FEATURE_COUNT; feature++)
		if (row->features & 1U << feature)
			visit(probe_feature_name(feature), &features[feature], context);
}

static void find_worst(const char *name, const struct probe_result *result, void *context)
{
	enum probe_state *worst = context;

	(void)name;
	/* What is known to be missing says more than what could not be tried. */
	if (*worst != PROBE_NO && result->state != PROBE_YES)
		*worst = result->state;
}

enum coverage coverage_of(const struct coverage_row *row, const struct probe_result *hooks,
	const struct probe_result *features)
{
	enum probe_state worst = PROBE_YES;

	if (!row->program)
		return COVERAGE_NONE;
	each_need(row, hooks, features, find_worst, &worst);
	if (worst == PROBE_NO)
		return COVERAGE_NONE;
	if (worst == PROBE_UNTRIED)
		return COVERAGE_UNTRIED;
	return row->gap ? COVERAGE_PARTIAL : COVERAGE_FULL;
}

static void add_name(struct strbuf *out, const char *name)
{
	strbuf_printf(out, "%s%s", out->length ? ", " : "", name);
}

void coverage_hooks(const struct coverage_row *row, void (*visit)(const char *name, void *context),
	void *context)
{
	for (int hook = 1; hook < CGW_HOOK_COUNT; hook++)
		if (row->hooks & 1U << hook)
			visit(cgw_name_of(cgw_hook_names, hook), context);
	if (row->features & FEATURE(DEVICE))
		visit(probe_feature_name(PROBE_DEVICE), context);
	if (row->features & FEATURE(LSM))
		visit(row->lsm, context);
}

static void add_missing(const char *name, const struct probe_result *result, void *context)
{
	if (result->state == PROBE_NO)
		add_name(context, name);
}

void coverage_missing(const struct coverage_row *row, const struct probe_result *hooks,
	const struct probe_result *features, struct strbuf *out)
{
	each_need(row, hooks, features, add_missing, out);
	if (out->length)
		strbuf_puts(out, " is missing in this kernel");
	if (!row->program)
		strbuf_printf(out, "%scgward has no program for it yet", out->length ? "; " : "");
	if (!out->length && row->gap)
		strbuf_printf(out, "%s%s%s", row->gap, row->lsm ? "; would need " : "",
			row->lsm ? row->lsm : "");
}
