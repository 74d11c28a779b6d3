/* SPDX-License-Identifier: GPL-2.0-only */
/* publish.h - putting a ruleset in force, all at once. */
#ifndef CGW_PUBLISH_H
#define CGW_PUBLISH_H

#include <stdbool.h>
#include "compile.h"
#include "instance.h"

/* Rulesets that stay pinned in images/, so that a reader can tell what older events were about. */
#define IMAGES_KEPT 8
/* And no more than this together, the one in force aside: large rulesets are not kept so long. */
#define IMAGES_BYTES_MAX (32ULL << 20)

/*
 * Makes `image` the ruleset of a present and locked instance: fills and freezes a map, makes the
 * counters, attaches the hooks that are newly needed, swaps one pointer, and settles. `from`, if
 * not NULL, is the instance that this one is to replace: counters go on from its values,
 * generations from its number. Sets the image's generation. Prints what fails; 0 or -errno: then
 * the ruleset before is in force, and nothing new stays behind.
 */
int publish_image(struct instance *instance, struct image *image, const struct instance *from);

/*
 * Brings everything else into line with the ruleset in force: records of running processes, hooks
 * that it does not need, counters and pinned images of rulesets that are gone or that never came
 * into force. Whatever a dead cgward had left to do is done by that. Warns of what fails.
 */
void publish_settle(struct instance *instance, const struct image *image);

/*
 * What of the counters is not as it should be: rules without one, or no room for more. 0: nothing.
 */
struct counter_faults {
	unsigned int missing;
	bool full;
};

struct counter_faults publish_counter_faults(
	const struct instance *instance, const struct image *image);

/* Runs the program that puts every running process on record. 0 or -errno, without a message. */
int publish_refresh(const struct instance *instance);

#endif
