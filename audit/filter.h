/* SPDX-License-Identifier: GPL-2.0-only */
/* filter.h - which violations are wanted. Records of lost ones always are. */
#ifndef CGW_FILTER_H
#define CGW_FILTER_H

#include <stdbool.h>
#include "automaton.h"
#include "record.h"

struct filter {
	const char *policy; /* name; NULL: any */
	uint32_t verdict;   /* enum cgw_verdict; 0: any */
	uint32_t kinds;	    /* 1 << enum policy_section; 0: any */
	int64_t since;	    /* CLOCK_REALTIME, ns; 0: any */
	bool has_cgroup;
	struct automaton cgroup;
};

/*
 * Wants cgroups whose path or an ancestor's path matches the glob, as in a policy. 0, or -EINVAL
 * with *where (offset of the offence) and *why (static).
 */
int filter_set_cgroup(struct filter *filter, const char *glob, size_t *where, const char **why);
void filter_free(struct filter *filter);

/*
 * A violation whose policy is not known any more passes every policy: rather one line too many than
 * a denial that nobody sees. record->rule need not be set if filter->policy is NULL.
 */
bool filter_wants(const struct filter *filter, const struct record *record);

#endif
