// SPDX-License-Identifier: GPL-2.0-only
#include "privileges.h"

#include <errno.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>
#include <sys/capability.h>
#include "output.h"
#include "strbuf.h"

#define BIT(cap) (1ULL << (cap))

/* CAP_SYSLOG: to be shown where the kernel has its locks. */
#define PATHS BIT(CAP_SYSLOG)
/* Loading and attaching; CAP_SYS_ADMIN stands for each of them. */
#define LOAD (BIT(CAP_BPF) | BIT(CAP_PERFMON) | BIT(CAP_NET_ADMIN))
/* Policies, pins and cgroups that belong to other users, or are ours by ACL only. */
#define FILES (BIT(CAP_DAC_OVERRIDE) | BIT(CAP_DAC_READ_SEARCH))

static const struct {
	const char *command;
	uint64_t needs; /* not to be done without */
	uint64_t uses;	/* kept for what can come up: objects by id, a mount, foreign files */
	bool starts;	/* another program, which keeps what the caller has */
} rows[] = {
	{"check", 0, FILES, false},
	{"test", 0, FILES, false},
	{"explain", 0, FILES | BIT(CAP_BPF) | BIT(CAP_SYS_ADMIN), false},
	/* CAP_SYS_PTRACE: --cut looks for the sockets of processes. */
	{"apply", LOAD, FILES | PATHS | BIT(CAP_SYS_ADMIN) | BIT(CAP_SYS_PTRACE), false},
	{"attach", LOAD, FILES | PATHS | BIT(CAP_SYS_ADMIN), false},
	{"detach", LOAD, FILES | PATHS | BIT(CAP_SYS_ADMIN), false},
	{"status", BIT(CAP_BPF), FILES | BIT(CAP_SYS_ADMIN), false},
	{"remove", BIT(CAP_BPF), FILES | BIT(CAP_SYS_ADMIN), false},
	{"doctor", 0, LOAD | FILES | PATHS | BIT(CAP_SYS_ADMIN), false},
	/* CAP_KILL: to forward signals to a command that has changed its user. */
	{"run", 0, LOAD | FILES | PATHS | BIT(CAP_SYS_ADMIN) | BIT(CAP_KILL), true},
};

static uint64_t missing;
static cap_t before; /* of `run`; lives as long as the process */

static void free_caps(cap_t *caps)
{
	if (*caps)
		cap_free(*caps);
}

static bool has(cap_t caps, cap_value_t cap, cap_flag_t flag)
{
	cap_flag_value_t value = CAP_CLEAR;

	return !cap_get_flag(caps, cap, flag, &value) && value == CAP_SET;
}

static int keep(uint64_t wanted, bool starts)
{
	cap_t caps __attribute__((cleanup(free_caps))) = cap_get_proc();
	int err = caps ? 0 : -errno;

	for (cap_value_t cap = 0; !err && cap < cap_max_bits(); cap++) {
		if (wanted & BIT(cap))
			continue;
		if (cap_set_flag(caps, CAP_EFFECTIVE, 1, &cap, CAP_CLEAR) ||
			(!starts &&
				(cap_set_flag(caps, CAP_PERMITTED, 1, &cap, CAP_CLEAR) ||
					cap_set_flag(caps, CAP_INHERITABLE, 1, &cap, CAP_CLEAR))))
			err = -errno;
	}
	if (!err && cap_set_proc(caps))
		err = -errno;
	return err;
}

void privileges_keep(const char *command)
{
	int err;

	before = cap_get_proc();
	for (size_t i = 0; before && i < sizeof(rows) / sizeof(rows[0]); i++) {
		if (strcmp(rows[i].command, command))
			continue;
		for (cap_value_t cap = 0; cap < cap_max_bits(); cap++)
			if (rows[i].needs & BIT(cap) && !has(before, cap, CAP_EFFECTIVE) &&
				!has(before, CAP_SYS_ADMIN, CAP_EFFECTIVE))
				missing |= BIT(cap);
		err = keep(rows[i].needs | rows[i].uses, rows[i].starts);
		if (err)
			output_warning("failed to give up capabilities: %s", strerror(-err));
	}
}

void privileges_restore(void)
{
	if (before)
		cap_set_proc(before);
}

bool privileges_are_missing(void)
{
	return missing;
}

void privileges_hint(void)
{
	struct strbuf names __attribute__((cleanup(strbuf_free))) = STRBUF_INIT;

	for (cap_value_t cap = 0; cap < cap_max_bits(); cap++) {
		char *name = missing & BIT(cap) ? cap_to_name(cap) : NULL;

		if (!name)
			continue;
		strbuf_printf(&names, "%s%s", names.length ? ", " : "", name);
		cap_free(name);
	}
	if (names.length)
		output_hint("this process lacks %s, which the command needs", names.data);
}
