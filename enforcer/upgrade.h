/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * upgrade.h - one instance takes the place of another without a gap: because other programs made
 * it (an older or newer cgward), or because pins of it are gone.
 *
 * The new instance is made beside the old one, in DIR-next (names in bpffs hold no dots), complete
 * with hooks and ruleset. From then on both judge; each denies what its ruleset denies. Then the
 *two folders change places in one step (RENAME_EXCHANGE), and the old one, now DIR-next, is
 *removed.
 *
 * Killed anywhere in between, the next command knows what to do by what it finds in DIR-next:
 *	no ruleset published    nothing is enforced by it: it is removed
 *	a greater epoch         it is the new one: the hand-over is finished
 *	a lesser epoch          it is the old one: it is removed
 *
 * The caller holds the lock on DIR. Functions print what fails and return 0 or -errno.
 */
#ifndef CGW_UPGRADE_H
#define CGW_UPGRADE_H

#include "instance.h"

enum upgrade_plan {
	UPGRADE_NOTHING = 1, /* the instance is as it should be */
	UPGRADE_LOAD,	     /* nothing is enforced: it can be made anew in its place */
	UPGRADE_REPLACE,     /* something may be enforced: another one must take over */
};

/* What is to be done before a ruleset can be published; cgroup_root as given or found. */
enum upgrade_plan upgrade_plan(const struct instance *instance, const char *cgroup_root);

/*
 * Finishes what a dead cgward left of a hand-over. *instance is then the one in DIR. Nothing is
 * printed if there is nothing to do. -EPROTO: the new one is of a newer cgward, which must finish
 * it; unless `replace`, by which it is given up.
 */
int upgrade_finish(struct instance *instance, bool replace);

/* True if a hand-over was begun and not finished, so that two instances judge. */
bool upgrade_is_unfinished(const struct instance *instance);

/* Makes the new instance, locked, without a ruleset. */
int upgrade_begin(const struct instance *old, struct instance *next, const char *cgroup_root);

/*
 * Once `next` has its ruleset: takes over what processes keep, changes the places and removes the
 * old one. *instance is then the new one, *next is empty. If it fails both judge, and the next
 * command tries again.
 */
int upgrade_commit(struct instance *instance, struct instance *next);

/* Removes DIR-next, whatever it is. */
int upgrade_remove_next(const struct instance *instance);

#endif
