/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * coverage.h - which operations of policies can be enforced with what a kernel offers. The rows of
 * cgward-policy(5), "What is enforced where".
 */
#ifndef CGW_COVERAGE_H
#define CGW_COVERAGE_H

#include <stdbool.h>
#include <stdint.h>
#include "probe.h"
#include "strbuf.h"

struct coverage_row {
	const char *section;   /* NULL ends the table */
	const char *operation; /* as people say it: "connect tcp" */
	uint32_t hooks;	       /* all that are needed: bit set 1 << enum cgw_hook */
	uint32_t features;     /* the same: bit set 1 << enum probe_feature */
	const char *lsm;       /* the LSM hooks that it needs or lacks, or NULL */
	bool program;	       /* this version of cgward has the programs */
	const char *gap;       /* what slips by all the same, or NULL */
};

extern const struct coverage_row coverage_rows[];

/* The row with this section and operation; there must be one. */
const struct coverage_row *coverage_find(const char *section, const char *operation);

enum coverage {
	COVERAGE_FULL = 1,
	COVERAGE_PARTIAL = 2, /* see gap */
	COVERAGE_NONE = 3,
	COVERAGE_UNTRIED = 4,
};

/* Results indexed by enum cgw_hook and enum probe_feature. */
enum coverage coverage_of(const struct coverage_row *row, const struct probe_result *hooks,
	const struct probe_result *features);

/* Calls back for the name of each hook that the row is about, existing or not. */
void coverage_hooks(const struct coverage_row *row, void (*visit)(const char *name, void *context),
	void *context);

/* Adds what is missing; nothing if the coverage is full. */
void coverage_missing(const struct coverage_row *row, const struct probe_result *hooks,
	const struct probe_result *features, struct strbuf *out);

#endif
