/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * rules.h - the rule that an event names, read from the image that its generation is pinned with
 * (images/GENERATION): a rule that fired before a reload keeps its own text in the log after it.
 *
 * An image can have many MiB. It stays in the kernel; of it, a few pages and the rules that fired
 * last are kept here. Nothing in it is trusted: whoever asks for a rule names its key as well.
 */
#ifndef CGW_RULES_H
#define CGW_RULES_H

#include <stdbool.h>
#include <stddef.h>
#include "record.h"

/* Images that are open: as many as the loader keeps pinned, and more than ever fire at once. */
#define RULES_IMAGES 4
#define RULES_PAGES 8
#define RULES_KEPT 1024 /* rules, a power of two */

/* A descriptor of that image's map (CLOEXEC, for the callee to close), or -errno. Generation 0 is
 * the newest one. */
typedef int rules_open_image(void *context, uint32_t generation);

struct rules_image {
	uint32_t generation; /* 0: none */
	int map;	     /* -1: it could not be opened */
	struct cgw_image_header header;
};

struct rules_page {
	uint32_t generation; /* 0: none */
	uint32_t index;
	uint8_t *data;
};

struct rules_entry {
	uint64_t key;
	uint32_t generation; /* 0: none */
	uint32_t rule;
	uint32_t line;
	char *texts; /* policy, text and file, each with its NUL; NULL: there is no such rule */
};

struct rules {
	rules_open_image *open;
	void *context;
	struct rules_image images[RULES_IMAGES];
	struct rules_image newest;
	struct rules_page pages[RULES_PAGES];
	struct rules_entry *entries; /* RULES_KEPT */
	size_t next_image;	     /* to be replaced */
	size_t next_page;
};

void rules_init(struct rules *rules, rules_open_image *open, void *context);
void rules_free(struct rules *rules);

/*
 * The rule with that index and key in that generation; all NULL if its image is gone, damaged or
 * does not have that rule. Texts are valid until the next call.
 */
struct rule_info rules_find(struct rules *rules, uint32_t generation, uint32_t rule, uint64_t key);

/* ---- all rules of the newest ruleset ---- */

/* Looks for the newest one. Its number of rules; 0: it cannot be read. */
uint32_t rules_newest(struct rules *rules);
bool rules_newest_key(struct rules *rules, uint32_t rule, uint64_t *key);

/* False if the newest ruleset is known not to have a policy of that name. */
bool rules_may_have_policy(struct rules *rules, const char *name);

/*
 * Holds the newest ruleset open, so that events of it can be told after its instance was removed.
 */
void rules_hold(struct rules *rules);

/* As rules_find(). */
struct rule_info rules_newest_rule(struct rules *rules, uint32_t rule, uint64_t key);

/* Images that could not be read will be tried again: the loader may pin them after publishing. */
void rules_retry(struct rules *rules);

#endif
