/* SPDX-License-Identifier: GPL-2.0-only */
/* governed.h - which cgroups a ruleset governs at this moment, by a walk over the tree of cgroups.
 */
#ifndef CGW_GOVERNED_H
#define CGW_GOVERNED_H

#include <stddef.h>
#include "compile.h"
#include "match.h"

struct governed_cgroup {
	char *path; /* from the cgroup root; "" is the root itself */
	struct cgw_set set;
};

/* Sorted by path. Only cgroups that are governed by more than their parent: what is below them
 * inherits. */
struct governed {
	struct governed_cgroup *items;
	size_t count, room;
};

/*
 * Walks the directory `root`. A cgroup that goes away meanwhile is left out. 0, or -errno if the
 * root cannot be read; prints nothing. To be freed in any case.
 */
int governed_find(struct governed *governed, const struct image *image, const char *root);
void governed_free(struct governed *governed); /* for the cleanup attribute */

#endif
