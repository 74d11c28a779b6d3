// SPDX-License-Identifier: GPL-2.0-only
/* format_syslog.c - a message as RFC 5424 wants it. */
#include <ctype.h>
#include <string.h>
#include <syslog.h>
#include <unistd.h>
#include "clock.h"
#include "format.h"

#define HOST_MAX 255

int format_priority(const struct record *record)
{
	if (record->type == RECORD_INSTANCE)
		return LOG_NOTICE;
	if (record->type == RECORD_LOST)
		return LOG_ERR;
	return record->event.head->verdict == CGW_VERDICT_DENY ? LOG_WARNING : LOG_NOTICE;
}

/* Printable ASCII without blanks, or "-". Asked for once: no line shall cost a system call. */
static const char *host_name(void)
{
	static char name[HOST_MAX + 1];

	if (*name)
		return name;
	if (gethostname(name, sizeof(name)) || !*name)
		strcpy(name, "-");
	name[HOST_MAX] = 0;
	for (char *at = name; *at; at++)
		if (!isgraph((unsigned char)*at))
			*at = '?';
	return name;
}

void format_syslog(const struct record *record, const char *line, size_t length, struct strbuf *out)
{
	static pid_t pid;

	if (!pid)
		pid = getpid();
	strbuf_printf(out, "<%d>1 ", LOG_AUTHPRIV | format_priority(record));
	clock_format(record->time, 6, out);
	strbuf_printf(out, " %s cgward-audit %d %s - ", host_name(), pid,
		record->type == RECORD_VIOLATION    ? "VIOLATION"
		: record->type == RECORD_SUPPRESSED ? "SUPPRESSED"
		: record->type == RECORD_INSTANCE   ? "INSTANCE"
						    : "LOST");
	strbuf_add(out, line, length);
}
