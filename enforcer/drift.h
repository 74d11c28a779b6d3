/* SPDX-License-Identifier: GPL-2.0-only */
/* drift.h - what of an instance is not as `cgward apply` left it. */
#ifndef CGW_DRIFT_H
#define CGW_DRIFT_H

#include <stddef.h>
#include "hook_set.h"
#include "instance.h"

/* One line of text for each thing that is missing or wrong. */
struct drift {
	char **lines;
	size_t count, room;
	struct hook_set needed;	 /* hooks that the ruleset needs and that this kernel has */
	struct hook_set missing; /* those of them that are not in force */
};

/* `image`: the ruleset in force, or NULL. The instance may be one that is not present. */
void drift_find(struct drift *drift, const struct instance *instance, const struct image *image);
void drift_free(struct drift *drift); /* for the cleanup attribute */

#endif
