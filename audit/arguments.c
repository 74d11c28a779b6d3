// SPDX-License-Identifier: GPL-2.0-only
#include "arguments.h"

#include <string.h>
#include "diagnostics.h"
#include "listener.h"
#include "strbuf.h"

static const struct cgw_name formats[] = {
	{ARGUMENT_FORMAT_TEXT, "text", NULL},
	{ARGUMENT_FORMAT_JSON, "json", NULL},
	{0, NULL, NULL},
};

static const struct cgw_name verdicts[] = {
	{CGW_VERDICT_DENY, "deny", NULL},
	{CGW_VERDICT_AUDIT, "audit", NULL},
	{0, NULL, NULL},
};

static const struct scan_row rows[] = {
#define FIELD(name) offsetof(struct arguments, name)
	{"follow", 'f', SCAN_FLAG, FIELD(follow), NULL, "go on with events as they come", NULL},
	{"format", 0, SCAN_CHOICE, FIELD(format), "text|json", "how to write a line (text)",
		formats},
	{"output", 'o', SCAN_LIST, FIELD(outputs), "TO",
		"FILE, - (default), journal, syslog:{unix:PATH|udp:HOST:PORT|tcp:...}", NULL},
	{"rotate-size", 0, SCAN_SIZE, FIELD(rotate_size), "SIZE",
		"begin a new file once it has SIZE bytes, such as 100M", NULL},
	{"rotate-count", 0, SCAN_NUMBER, FIELD(rotate_count), "N",
		"old files to keep: FILE.1 to FILE.N (5)", NULL},
	{"metrics", 0, SCAN_TEXT, FIELD(metrics), "FILE",
		"keep counters in FILE, as Prometheus reads them", NULL},
	{"listen", 0, SCAN_TEXT, FIELD(listen), "ADDRESS",
		"serve them over HTTP: 127.0.0.1:PORT, [::1]:PORT or unix:PATH", NULL},
	{"policy", 0, SCAN_TEXT, FIELD(policy), "NAME", "only violations of this policy", NULL},
	{"cgroup", 0, SCAN_TEXT, FIELD(cgroup), "GLOB",
		"only in cgroups that match, and those below them", NULL},
	{"verdict", 0, SCAN_CHOICE, FIELD(verdict), "deny|audit", "only violations with it",
		verdicts},
	{"kind", 0, SCAN_CHOICES, FIELD(kinds), "KIND,...",
		"only sysctl, network, file, kernel, capability or device", cgw_section_names},
	{"count", 'n', SCAN_NUMBER, FIELD(count), "N", "end after N violations", NULL},
	{"since", 0, SCAN_TIME, FIELD(since), "TIME",
		"only from TIME on: RFC 3339, or an age such as 10m", NULL},
	{"bpffs", 0, SCAN_TEXT, FIELD(bpffs), "DIR",
		"where the instance is pinned (" ARGUMENT_BPFFS ")", NULL},
	{"user", 0, SCAN_TEXT, FIELD(user), "NAME", "become this user once all is open", NULL},
	{"no-color", 0, SCAN_FLAG, FIELD(no_color), NULL, "no colours on a terminal", NULL},
	{"verbose", 'v', SCAN_FLAG, FIELD(verbose), NULL, "say what is done", NULL},
	{"help", 'h', SCAN_FLAG, FIELD(help), NULL, "print this text", NULL},
	{"version", 'V', SCAN_FLAG, FIELD(version), NULL, "print the version", NULL},
#undef FIELD
	SCAN_END,
};

static bool is_policy_name(const char *name)
{
	static const char letters[] = "abcdefghijklmnopqrstuvwxyz0123456789";

	return *name && strchr(letters, *name) && strlen(name) <= 63 &&
	       !name[strspn(name, "abcdefghijklmnopqrstuvwxyz0123456789._-")];
}

static int bad(char **error, const char *option, const char *value, const char *why)
{
	struct strbuf text = STRBUF_INIT;

	strbuf_printf(&text, "--%s: bad value %s: %s", option, quote(value, strlen(value)), why);
	*error = strbuf_take(&text);
	return -1;
}

int arguments_parse(struct arguments *arguments, int argc, char **argv, char **error)
{
	struct listener_address address;
	const char *why;

	*arguments = (struct arguments){
		.format = ARGUMENT_FORMAT_TEXT, .rotate_count = 5, .bpffs = ARGUMENT_BPFFS};
	if (scan_options(rows, arguments, NULL, argc, argv, error))
		return -1;
	if (arguments->policy && !is_policy_name(arguments->policy))
		return bad(error, "policy", arguments->policy,
			"expected lower-case letters, digits, . _ and -, as in the policy's file");
	if (arguments->listen && listener_parse(&address, arguments->listen, &why))
		return bad(error, "listen", arguments->listen, why);
	if (!arguments->outputs.count)
		arguments->outputs.items[arguments->outputs.count++] = "-";
	return 0;
}

char *arguments_help(void)
{
	struct strbuf text = STRBUF_INIT;

	strbuf_puts(&text,
		"Usage: cgward-audit [OPTION]...\n"
		"       cgward-audit report|suggest|top ...   about a JSON log: a page, "
		"exceptions, "
		"a live\n"
		"                                             table (see --help of each)\n\n"
		"Prints what cgward denied or audited. Without --follow: what waits to be "
		"read, then it ends.\nReading an event takes it from the kernel, whether it "
		"is wanted or not.\n\n");
	scan_help(rows, &text);
	strbuf_puts(&text, "\nExit status: 0 done, 1 failed, 2 usage, 3 the kernel or the "
			   "privileges do not allow it.\nManual page: cgward-audit(8).\n");
	return strbuf_take(&text);
}
