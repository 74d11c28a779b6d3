/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * rules.h - the rules of each ruleset that an event names, read from the image that its generation
 * is pinned with (images/GENERATION) and kept: a rule that fired before a reload keeps its own text
 * in the log after it.
 */
#ifndef CGW_RULES_H
#define CGW_RULES_H

#include <stddef.h>
#include "record.h"

/* Rulesets kept in memory: as many as the loader keeps pinned, and more than ever fire at once. */
#define RULES_KEPT 4

struct ruleset;

struct rules {
	const char *images;		  /* path of the directory */
	struct ruleset *kept[RULES_KEPT]; /* most recently used first */
};

/* `images` is the path of the directory, which must stay valid. */
void rules_init(struct rules *rules, const char *images);
void rules_free(struct rules *rules);

/*
 * The rule with that index and key in that generation; all NULL if its image is gone, damaged or
 * does not have that rule. Texts are valid until the next call.
 */
struct rule_info rules_find(struct rules *rules, uint32_t generation, uint32_t rule, uint64_t key);

/* Images that could not be read will be tried again: the loader may pin them after publishing. */
void rules_retry(struct rules *rules);

#endif
