// SPDX-License-Identifier: GPL-2.0-only
#include "coverage.h"
#include <stdlib.h>
#include <string.h>
#include "names.h"

#define HOOK(name) CGW_HOOK_##name
#define FEATURE(name) (1U << PROBE_##name)
#define CONNECT HOOK(CONNECT4), HOOK(CONNECT6)
#define SENDMSG HOOK(SENDMSG4), HOOK(SENDMSG6)
#define SOCKET HOOK(SOCKET_CONNECT), HOOK(SOCKET_SENDMSG), HOOK(SCTP_BIND_CONNECT)
#define UNIX HOOK(CONNECT_UNIX), HOOK(SENDMSG_UNIX)
#define UNIX_LSM HOOK(UNIX_STREAM_CONNECT), HOOK(UNIX_MAY_SEND)
/* What could give a protected object another name belongs to all operations on files. */
#define FILE_READ                                                                                  \
	HOOK(FILE_OPEN), HOOK(PATH_LINK), HOOK(PATH_RENAME), HOOK(SEAL_MOUNT), HOOK(SEAL_UMOUNT),  \
		HOOK(SEAL_PIVOTROOT), HOOK(SEAL_FILESYSTEM), HOOK(SEAL_MOVE), HOOK(FILE_IOCTL)
#define FILE_WRITE                                                                                 \
	FILE_READ, HOOK(PATH_UNLINK), HOOK(PATH_RMDIR), HOOK(PATH_MKDIR), HOOK(PATH_MKNOD),        \
		HOOK(PATH_SYMLINK), HOOK(PATH_TRUNCATE), HOOK(PATH_CHMOD), HOOK(PATH_CHOWN),       \
		HOOK(INODE_SETATTR), HOOK(INODE_SETXATTR), HOOK(INODE_REMOVEXATTR)
#define FILE_EXEC FILE_READ, HOOK(MMAP_FILE), HOOK(FILE_MPROTECT)

#define HOOK_NUMBER(number, name, lsm, help) HOOK(number),
#define GUARD CGW_GUARD_HOOKS(HOOK_NUMBER) 0

const struct coverage_row coverage_rows[] = {
	{"sysctl", "read, write", {HOOK(SYSCTL)}, {0}, 0, NULL, true, NULL},
	{"network", "connect tcp", {CONNECT}, {0}, 0, NULL, true, NULL},
	{"network", "connect udp", {CONNECT, SENDMSG, HOOK(EGRESS)}, {0}, 0, NULL, true, NULL},
	{"network", "connect icmp", {HOOK(EGRESS)}, {0}, 0, NULL, true, NULL},
	{"network", "connect sctp, raw, others", {HOOK(EGRESS)}, {0}, 0, NULL, true,
		"packet sockets are seen by no hook for addresses"},
	{"network", "connect by sockets from elsewhere", {CONNECT}, {SOCKET}, 0, NULL, true,
		"SCTP sockets that another cgroup has made, and sockets made outside of the "
		"cgroup root, are not judged by the cgroup of the process that uses them"},
	{"network", "connect unix @abstract", {UNIX}, {0}, 0, NULL, true, NULL},
	{"network", "connect unix /path", {UNIX}, {UNIX_LSM}, 0, NULL, true,
		"judged by the name given: a symbolic link or another mount of it slips by; "
		"refused unless on-missing = warn"},
	{"network", "connect unix, by the socket reached", {UNIX_LSM}, {0}, 0, NULL, true, NULL},
	{"network", "bind tcp, udp", {HOOK(BIND4), HOOK(BIND6), HOOK(POST_BIND4), HOOK(POST_BIND6)},
		{0}, 0, NULL, true, NULL},
	{"network", "bind icmp, sctp, raw", {HOOK(SOCKET_BIND), HOOK(SCTP_BIND_CONNECT)}, {0}, 0,
		NULL, true, NULL},
	{"network", "bind unix", {HOOK(UNIX_BIND), HOOK(UNIX_MKNOD)}, {0}, 0, NULL, true, NULL},
	{"network", "listen tcp, sctp", {HOOK(SOCKET_LISTEN)}, {0}, 0, NULL, true, NULL},
	{"network", "listen unix", {HOOK(UNIX_LISTEN)}, {0}, 0, NULL, true, NULL},
	{"network", "socket inet, inet6", {HOOK(SOCK_CREATE)}, {0}, 0, NULL, true, NULL},
	{"network", "socket, other families", {HOOK(SOCKET_CREATE)}, {0}, 0, NULL, true, NULL},
	{"file", "read", {FILE_READ}, {0}, 0, NULL, true, NULL},
	{"file", "write", {FILE_WRITE}, {0}, 0, NULL, true, NULL},
	{"file", "exec", {FILE_EXEC}, {0}, 0, NULL, true, NULL},
	{"kernel", "mount",
		{HOOK(SB_MOUNT), HOOK(SB_KERN_MOUNT), HOOK(SB_REMOUNT), HOOK(SB_UMOUNT),
			HOOK(SB_PIVOTROOT), HOOK(MOVE_MOUNT), HOOK(CAPABLE)},
		{0}, 0, NULL, true, NULL},
	{"kernel", "chroot", {HOOK(PATH_CHROOT)}, {0}, 0, NULL, true, NULL},
	{"kernel", "ptrace", {HOOK(PTRACE_ACCESS_CHECK), HOOK(PTRACE_TRACEME)}, {0}, 0, NULL, true,
		NULL},
	{"kernel", "module", {HOOK(CAPABLE), HOOK(KERNEL_MODULE_REQUEST)}, {0}, 0, NULL, true,
		NULL},
	{"kernel", "bpf", {HOOK(BPF)}, {0}, 0, NULL, true, NULL},
	{"kernel", "userns", {HOOK(USERNS_CREATE)}, {0}, 0, NULL, true, NULL},
	{"kernel", "perf", {HOOK(PERF_EVENT_OPEN)}, {0}, 0, NULL, true, NULL},
	{"kernel", "kexec", {HOOK(KERNEL_LOAD_DATA), HOOK(KERNEL_READ_FILE)}, {0}, 0, NULL, true,
		NULL},
	{"kernel", "keyring", {HOOK(KEY_ALLOC), HOOK(KEY_PERMISSION)}, {0}, 0, NULL, true, NULL},
	{"kernel", "io_uring", {HOOK(IO_URING_SETUP), HOOK(URING_OVERRIDE_CREDS), HOOK(URING_CMD)},
		{0}, 0, NULL, true, NULL},
	{"kernel", "settime", {HOOK(CAPABLE)}, {0}, 0, NULL, true, NULL},
	{"kernel", "syslog", {HOOK(SYSLOG)}, {0}, 0, NULL, true, NULL},
	{"kernel", "kill-outside", {HOOK(TASK_KILL)}, {0}, 0, NULL, true, NULL},
	{"kernel", "personality", {0}, {0}, 0, "a hook for personality(2), which no kernel has",
		false, NULL},
	{"capability", "all", {HOOK(CAPABLE)}, {0}, 0, NULL, true, NULL},
	{"device", "r, w, m", {HOOK(DEVICE)}, {0}, 0, NULL, true, NULL},
	{"cgward", "self-protection", {HOOK(GUARD_BPF)}, {GUARD}, 0, NULL, true,
		"root in a governed cgroup can get at cgward itself in the ways of the hooks that "
		"are missing"},
	{NULL, NULL, {0}, {0}, 0, NULL, false, NULL},
};

struct hook_set coverage_set(const uint8_t list[COVERAGE_HOOKS + 1])
{
	struct hook_set set = {0};

	for (; *list; list++)
		hook_set_add(&set, *list);
	return set;
}

const struct coverage_row *coverage_find(const char *section, const char *operation)
{
	for (const struct coverage_row *row = coverage_rows; row->section; row++)
		if (!strcmp(row->section, section) && !strcmp(row->operation, operation))
			return row;
	abort(); /* a slip between this table and its caller */
}

/* Calls back for the result of each hook of the list. */
static void each_hook(const uint8_t *list, const struct probe_result *hooks,
	void (*visit)(const char *name, const struct probe_result *result, void *context),
	void *context)
{
	for (; *list; list++)
		visit(cgw_name_of(cgw_hook_names, *list), &hooks[*list], context);
}

/* The same for what the row cannot do without. */
static void each_need(const struct coverage_row *row, const struct probe_result *hooks,
	const struct probe_result *features,
	void (*visit)(const char *name, const struct probe_result *result, void *context),
	void *context)
{
	each_hook(row->hooks, hooks, visit, context);
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
	enum probe_state worst = PROBE_YES, more = PROBE_YES;

	if (!row->program)
		return COVERAGE_NONE;
	each_need(row, hooks, features, find_worst, &worst);
	if (worst == PROBE_NO)
		return COVERAGE_NONE;
	each_hook(row->more, hooks, find_worst, &more);
	if (worst == PROBE_UNTRIED || more == PROBE_UNTRIED)
		return COVERAGE_UNTRIED;
	if (!row->more[0])
		return row->gap ? COVERAGE_PARTIAL : COVERAGE_FULL;
	return more == PROBE_NO ? COVERAGE_PARTIAL : COVERAGE_FULL;
}

static void add_name(struct strbuf *out, const char *name)
{
	strbuf_printf(out, "%s%s", out->length ? ", " : "", name);
}

void coverage_hooks(const struct coverage_row *row, void (*visit)(const char *name, void *context),
	void *context)
{
	for (const uint8_t *hook = row->hooks; *hook; hook++)
		visit(cgw_name_of(cgw_hook_names, *hook), context);
	for (const uint8_t *hook = row->more; *hook; hook++)
		visit(cgw_name_of(cgw_hook_names, *hook), context);
	if (!row->program)
		visit(row->lsm, context);
}

struct missing {
	struct strbuf *out;
	bool lsm; /* BPF LSM itself is missing, which says it for all of its hooks, once */
	bool said;
};

static void add_missing(const char *name, const struct probe_result *result, void *context)
{
	struct missing *missing = context;
	bool of_lsm = missing->lsm && !strncmp(name, "lsm/", 4);

	if (result->state != PROBE_NO || (of_lsm && missing->said))
		return;
	add_name(missing->out, of_lsm ? probe_feature_name(PROBE_LSM) : name);
	missing->said |= of_lsm;
}

void coverage_missing(const struct coverage_row *row, const struct probe_result *hooks,
	const struct probe_result *features, struct strbuf *out)
{
	struct missing missing = {.out = out, .lsm = features[PROBE_LSM].state == PROBE_NO};
	bool none;

	each_need(row, hooks, features, add_missing, &missing);
	none = out->length;
	each_hook(row->more, hooks, add_missing, &missing);
	if (out->length)
		strbuf_puts(out, " is missing in this kernel");
	if (!row->program)
		strbuf_printf(out, "%s%s", out->length ? "; " : "",
			row->features ? "cgward has no program for it yet"
				      : "no kernel has a hook for it");
	if (!none && row->program && row->gap && (out->length || !row->more[0]))
		strbuf_printf(out, "%s%s%s%s", out->length ? ": " : "", row->gap,
			row->lsm ? "; would need " : "", row->lsm ? row->lsm : "");
}
