/* SPDX-License-Identifier: GPL-2.0-only */
/* attachments.h - cgroups governed by hand, as a ruleset records them. */
#ifndef CGW_ATTACHMENTS_H
#define CGW_ATTACHMENTS_H

#include <stdbool.h>
#include <stddef.h>
#include "compile.h"

/* Pairs of cgroup and policy. Paths and names belong to images, or to whoever added them. */
struct attachments {
	struct attachment *items;
	size_t count, room;
};

void attachments_free(struct attachments *attachments); /* for the cleanup attribute */

/* Adds what a verified image records. */
void attachments_read(struct attachments *attachments, const struct image *image);

/* Adds a pair; false if it is there already. */
bool attachments_add(struct attachments *attachments, const struct attachment *attachment);

/* Takes a pair away; false if it is not there. */
bool attachments_drop(struct attachments *attachments, uint64_t cgroup_id, const char *policy);

/* Keeps only the pairs whose policy is in the ruleset; warns of each one dropped. */
void attachments_keep_known(struct attachments *attachments, const struct policies *policies);

/*
 * Keeps only the pairs whose cgroup still is at its path below `root`, a directory that is the
 * cgroup with the id root_id (else nothing is dropped: the paths mean nothing there).
 */
void attachments_keep_living(struct attachments *attachments, const char *root, uint64_t root_id);

#endif
