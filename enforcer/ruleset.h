/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * ruleset.h - from policy files to a verified image, and from an image and an operation to a
 * finding: what check, explain, test, apply and run have in common. Needs no privileges.
 */
#ifndef CGW_RULESET_H
#define CGW_RULESET_H

#include <stddef.h>
#include <stdint.h>
#include "compile.h"
#include "config.h"
#include "diagnostics.h"
#include "json.h"
#include "match.h"
#include "operation.h"
#include "policy.h"

struct ruleset {
	struct policies policies;
	struct image image; /* empty if there were errors */
	struct diagnostics diags;
};

/*
 * Reads, lints, compiles (without a previous image and without attachments) and verifies. Prints
 * nothing. 0, or -1 with errors in ruleset->diags. *ruleset is to be freed either way.
 */
int ruleset_read(struct ruleset *ruleset, char *const *paths, size_t count);
void ruleset_free(struct ruleset *ruleset); /* for the cleanup attribute */

size_t ruleset_rules(const struct policies *policies);

/* States of all automata of a verified image: what the compiler's budget is about. */
uint64_t image_states(const struct image *image);

/* The verdict on one operation in one cgroup, and where it comes from. Texts belong to the image.
 */
struct finding {
	struct cgw_set set; /* policies that govern the cgroup */
	struct cgw_decision decision;
	const char *policy; /* NULL if no rule decided: allowed */
	const char *file;
	uint32_t line;
	const char *rule; /* canonical text */
};

/*
 * cgroup as in operation.h; the image has been verified. 0, or -EINVAL: the image is damaged all
 * the same.
 */
int finding_make(struct finding *finding, const struct image *image, const char *cgroup,
	const struct operation *operation);

/* The members verdict, reason, policy, source, rule (null where there is none). */
void finding_json(const struct finding *finding, struct json *json);

/* The members of one array element for each diagnostic: severity, file, line, column, message. */
void diagnostics_json(const struct diagnostics *diags, struct json *json);

#endif
