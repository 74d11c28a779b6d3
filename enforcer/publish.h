/* SPDX-License-Identifier: GPL-2.0-only */
/* publish.h - putting a ruleset in force, all at once. */
#ifndef CGW_PUBLISH_H
#define CGW_PUBLISH_H

#include "compile.h"
#include "instance.h"

/* Rulesets that stay pinned in images/, so that a reader can tell what older events were about. */
#define IMAGES_KEPT 8

/*
 * Makes `image` the ruleset of a present and locked instance: fills and freezes a map, makes the
 * counters, attaches the hooks that are newly needed, swaps one pointer, brings the records of
 * running processes up to date, and only then detaches hooks that are not needed any more. Sets the
 * image's generation. Prints what fails; 0 or -errno: then the ruleset before is in force, and
 * nothing new stays behind.
 */
int publish_image(struct instance *instance, struct image *image);

#endif
