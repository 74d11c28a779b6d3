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
 * Before maps, programs and links are made while the guard of this instance is in force, until its
 * guard_record() comes: what is not on record yet is kept from governed processes by name, links
 * all. One that dies in between leaves it so: status tells, and the next apply ends it. 0 or
 * -errno with a message.
 */
int guard_hold(const struct instance *instance);

/* Ends that, where what was made in between has gone again. */
void guard_release(const struct instance *instance);

bool guard_is_held(const struct instance *instance);

/*
 * Puts on record all that is pinned, and the folders; takes off what is gone, and the hold: objects
 * whose pin is gone stay until they are. Pins of links get the mode that the guard needs, or their
 * usual one without the guard. 0 or -errno with a message.
 */
int guard_record(const struct instance *instance, bool wanted);

/*
 * Processes of cgward-audit and objects of the one are guarded by the other, too, from here on: a
 * reader holds maps of an instance that has been replaced until it has taken what is in them. 0 or
 * -errno with a message.
 */
int guard_take_over(const struct instance *from, const struct instance *to);

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
