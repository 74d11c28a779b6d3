/* SPDX-License-Identifier: GPL-2.0-only */
/* arguments.h - the command line of cgward-audit: rows of one table, which also makes --help. */
#ifndef CGW_ARGUMENTS_H
#define CGW_ARGUMENTS_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include "scan.h"

#define ARGUMENT_BPFFS "/sys/fs/bpf/cgward"

struct arguments {
	bool follow;
	bool verbose;
	bool no_color;
	bool help;
	bool version;
	uint32_t format;      /* enum argument_format */
	uint32_t verdict;     /* enum cgw_verdict; 0: both */
	uint64_t count;	      /* 0: no limit */
	int64_t since;	      /* CLOCK_REALTIME, ns; 0: all */
	uint64_t rotate_size; /* bytes; 0: never */
	uint64_t rotate_count;
	uint32_t kinds;		  /* 1 << enum policy_section; 0: all */
	struct scan_list outputs; /* at least one */
	/* these point into argv: */
	const char *policy; /* NULL: all */
	const char *cgroup; /* glob, not yet checked; NULL: all */
	const char *bpffs;
	const char *metrics; /* NULL: none */
	const char *listen;  /* address, not yet checked; NULL: none */
	const char *user;    /* NULL: stay who we are */
};

enum argument_format {
	ARGUMENT_FORMAT_TEXT = 1,
	ARGUMENT_FORMAT_JSON = 2,
};

/* Fills in defaults, then what argv says. 0, or -1 with a message (to be freed) that quotes the bad
 * token and says what was expected. */
int arguments_parse(struct arguments *arguments, int argc, char **argv, char **error);

/* The text of --help; to be freed. */
char *arguments_help(void);

#endif
