/* SPDX-License-Identifier: GPL-2.0-only */
/* changes.h - the difference between two rulesets, policy by policy and rule by rule. */
#ifndef CGW_CHANGES_H
#define CGW_CHANGES_H

#include <stdbool.h>
#include <stddef.h>
#include "compile.h"
#include "json.h"

enum change_kind {
	CHANGE_ADDED = 1,
	CHANGE_REMOVED,
	CHANGE_ALTERED
};

struct change {
	enum change_kind kind;
	const char *policy; /* NULL: a setting of the host configuration */
	const char *what;   /* canonical text of a rule, "mode = audit", "cgroup = ...", "attached
			       cgroup PATH"; NULL: the policy itself */
};

struct changes {
	/* Rules, sorted by policy; attachments that are gone; settings. Texts belong to the two
	 * images or stand in `texts`. */
	struct change *items;
	size_t count, room;
	char **texts;
	size_t text_count, text_room;
};

/* `old` may be empty (data NULL). Both are verified. Lines and files do not count. */
void changes_find(struct changes *changes, const struct image *old, const struct image *new);
void changes_free(struct changes *changes); /* for the cleanup attribute */

/* "+ policy NAME", "- NAME: RULE", "~ NAME: ..." */
void changes_print(const struct changes *changes);
void changes_json(const struct changes *changes, struct json *json);

#endif
