/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * generalise.h - from many subjects to few.
 *
 * What at least N of them have in common becomes one: N numbers in one place of a sysctl's name a
 * range of numbers, N names in one place of a path `*`, N addresses of one /24 or /64 the smallest
 * prefix that holds them, N ports of a peer ranges of which at least half were seen, N values any
 * value. But never so wide that it meets a deny or audit rule that some of the N do not meet: an
 * exception would lift that rule, too.
 */
#ifndef CGW_GENERALISE_H
#define CGW_GENERALISE_H

#include "subject.h"

struct draft {
	struct subject subject;
	size_t merged;	   /* subjects that it stands for */
	const char *wider; /* static: in what way it is wider than these; NULL: in none */
	uint64_t count;	   /* of violations */
	int64_t first, last;
	/* Of the first violation; borrowed. */
	const char *cgroup, *comm;
};

struct drafts {
	struct draft *items;
	size_t count, room;
};

/*
 * `drafts` are exceptions in one section of `policy`, no two with the same subject. least: N, at
 * least 2; 0: what is written does not become wider, ports and operations are only put together.
 */
void generalise(struct drafts *drafts, const struct policy *policy, size_t least);

void drafts_free(struct drafts *drafts);

#endif
