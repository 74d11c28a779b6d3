/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * guard.h - self-protection (protect = guard): the record of what governed processes may not touch,
 * which the programs of bpf/guard*.bpf.c look things up in.
 */
#ifndef CGW_GUARD_H
#define CGW_GUARD_H

#include "hook_set.h"
#include "instance.h"
#include "strbuf.h"

/* True if the settings of the image ask for it. */
bool guard_is_wanted(const struct image *image);

/*
 * Before links are made, until guard_record() comes: no link at all can be had by its id, because
 * the new ones are not on record. 0 or -errno with a message.
 */
int guard_hold(const struct instance *instance);

/*
 * Puts on record all that is pinned, and the folders; takes off what is no longer. Pins of links
 * get the mode that the guard needs, or their usual one without the guard. 0 or -errno with a
 * message.
 */
int guard_record(const struct instance *instance, bool wanted);

/* The mode with which links are to be pinned. */
unsigned int guard_link_mode(const struct instance *instance);

enum guard_state {
	GUARD_OFF = 1, /* not wanted */
	GUARD_NONE,    /* wanted, and not one of its hooks is in force */
	GUARD_PARTLY,  /* some are not */
	GUARD_FULL,
};

/*
 * Adds what the guard does not keep governed processes from, because not all of its hooks are in
 * the set: "maps (lsm/bpf_map), ..."; nothing if all of them are.
 */
void guard_gaps(struct hook_set there, struct strbuf *out);

enum guard_state guard_state(const struct image *image, struct hook_set alive);

#endif
