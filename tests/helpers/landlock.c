// SPDX-License-Identifier: GPL-2.0-only
/*
 * landlock - executes a program under Landlock, which the benchmarks measure beside cgward.
 *
 *	landlock RULES DIRECTORY COMMAND [ARGUMENT]...
 *
 * Everything that this kernel's Landlock knows of files, and of TCP ports, is handled. Allowed is
 * everything on "/", as many files as RULES says (DIRECTORY/1, DIRECTORY/2, ...), which get a rule
 * each, and as many ports.
 */
#include <errno.h>
#include <fcntl.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/prctl.h>
#include <sys/syscall.h>
#include <unistd.h>

#ifndef SYS_landlock_create_ruleset
#define SYS_landlock_create_ruleset 444
#define SYS_landlock_add_rule 445
#define SYS_landlock_restrict_self 446
#endif

/* linux/landlock.h, which is older than network rules on some machines. */
#define CREATE_RULESET_VERSION 1
#define RULE_PATH_BENEATH 1
#define RULE_NET_PORT 2
#define FILE_ACCESS 0x7 /* execute, write, read: what a file can be given a rule for */
#define NET_ACCESS 0x3	/* bind, connect */

struct ruleset_attr {
	uint64_t fs;
	uint64_t net;
};

struct path_attr {
	uint64_t access;
	int32_t parent;
} __attribute__((packed));

struct port_attr {
	uint64_t access;
	uint64_t port;
};

static void die(const char *what)
{
	fprintf(stderr, "landlock: %s: %s\n", what, strerror(errno));
	exit(125);
}

/* All rights of a version, which Landlock calls ABI. */
static uint64_t fs_access(int version)
{
	int bits = version >= 5 ? 16 : version >= 3 ? 15 : version >= 2 ? 14 : 13;

	return (1ULL << bits) - 1;
}

static void allow_path(int ruleset, const char *path, uint64_t access)
{
	struct path_attr rule = {.access = access, .parent = open(path, O_PATH | O_CLOEXEC)};

	if (rule.parent < 0 || syscall(SYS_landlock_add_rule, ruleset, RULE_PATH_BENEATH, &rule, 0))
		die(path);
	close(rule.parent);
}

static void allow_port(int ruleset, uint64_t port)
{
	struct port_attr rule = {.access = NET_ACCESS, .port = port};

	if (syscall(SYS_landlock_add_rule, ruleset, RULE_NET_PORT, &rule, 0))
		die("port");
}

int main(int argc, char **argv)
{
	int version = (int)syscall(SYS_landlock_create_ruleset, NULL, 0, CREATE_RULESET_VERSION);
	struct ruleset_attr attr = {.fs = fs_access(version), .net = version >= 4 ? NET_ACCESS : 0};
	size_t size = version >= 4 ? sizeof(attr) : sizeof(attr.fs);
	int ruleset, rules = argc > 3 ? atoi(argv[1]) : 0;
	char path[512];

	if (rules < 1) {
		fprintf(stderr, "usage: landlock RULES DIRECTORY COMMAND [ARGUMENT]...\n");
		return 125;
	}
	ruleset = (int)syscall(SYS_landlock_create_ruleset, &attr, size, 0);
	if (version < 1 || ruleset < 0)
		die("landlock_create_ruleset");
	allow_path(ruleset, "/", attr.fs);
	for (int i = 1; i <= rules; i++) {
		snprintf(path, sizeof(path), "%s/%d", argv[2], i);
		allow_path(ruleset, path, attr.fs & FILE_ACCESS);
		if (attr.net)
			allow_port(ruleset, i); /* the discard port, 9, is among them */
	}
	if (prctl(PR_SET_NO_NEW_PRIVS, 1, 0, 0, 0) ||
		syscall(SYS_landlock_restrict_self, ruleset, 0))
		die("landlock_restrict_self");
	close(ruleset);
	execvp(argv[3], argv + 3);
	die(argv[3]);
}
