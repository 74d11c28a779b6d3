/* SPDX-License-Identifier: GPL-2.0-only */
/* options.h - the command line of cgward-audit: rows of one table, which also makes --help. */
#ifndef CGW_AUDIT_OPTIONS_H
#define CGW_AUDIT_OPTIONS_H

#include <stdbool.h>
#include <stdint.h>

struct options {
	bool follow;
	bool verbose;
	bool no_color;
	bool help;
	bool version;
	uint32_t format;  /* enum option_format */
	uint32_t verdict; /* enum cgw_verdict; 0: both */
	uint64_t count;	  /* 0: no limit */
	int64_t since;	  /* CLOCK_REALTIME, ns; 0: all */
	/* these point into argv: */
	const char *output;
	const char *policy; /* NULL: all */
	const char *cgroup; /* glob, not yet checked; NULL: all */
	const char *bpffs;
};

enum option_format {
	OPTION_FORMAT_TEXT = 1,
	OPTION_FORMAT_JSON = 2,
};

/* Fills in defaults, then what argv says. 0, or -1 with a message (to be freed) that quotes the bad
 * token and says what was expected. */
int options_parse(struct options *options, int argc, char **argv, char **error);

/* The text of --help; to be freed. */
char *options_help(void);

#endif
