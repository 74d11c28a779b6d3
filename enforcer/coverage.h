/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * coverage.h - which operations of policies can be enforced with what a kernel offers. The rows of
 * cgward-policy(5), "What is enforced where".
 */
#ifndef CGW_COVERAGE_H
#define CGW_COVERAGE_H

#include <stdbool.h>
#include <stdint.h>
#include "hook_set.h"
#include "probe.h"
#include "strbuf.h"

#define COVERAGE_HOOKS 31

struct coverage_row {
	const char *section;   /* NULL ends the table */
	const char *operation; /* as people say it: "connect tcp" */
	/* Numbers of hooks, 0 ends the list: without one of the first nothing is enforced; without
	 * one of the others something slips by, see gap. */
	uint8_t hooks[COVERAGE_HOOKS + 1];
	uint8_t more[COVERAGE_HOOKS + 1];
	uint32_t features; /* needed: bit set 1 << enum probe_feature */
	const char *lsm;   /* the LSM hooks that it needs or lacks and cgward has no program for, or
			      NULL */
	bool program;	   /* this version of cgward has the programs */
	/* What slips by without the hooks in `more`, or always if there are none there; or NULL. */
	const char *gap;
};

extern const struct coverage_row coverage_rows[];

/* The row with this section and operation; there must be one. */
const struct coverage_row *coverage_find(const char *section, const char *operation);

/* A list of hooks of a row as a set. */
struct hook_set coverage_set(const uint8_t list[COVERAGE_HOOKS + 1]);

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
