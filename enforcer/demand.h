/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * demand.h - programs that are loaded when a ruleset needs them: all but those of the tracepoints.
 *
 * They are many, the kernel takes its time to verify each, and each kernel lacks some hooks. One
 * that cannot be had makes the rules unenforceable that need it (gaps.h), and nothing else; the
 * reason is kept for the message.
 */
#ifndef CGW_DEMAND_H
#define CGW_DEMAND_H

#include "hooks.h"
#include "probe.h"

enum offer_state {
	OFFER_YES = 1,
	OFFER_NO_HOOK, /* the kernel has no such hook */
	OFFER_NO_LSM,  /* BPF LSM cannot be used: see struct offers.lsm */
	OFFER_REFUSED, /* the kernel has the hook, and refused the program */
};

/* Which hooks can be had, and why the others cannot; by the numbers of hooks.h. */
struct offers {
	struct hook_set loaded; /* or, if only asked, what loading would probably give */
	struct {
		enum offer_state state; /* of hooks that were asked for; else 0 */
		int error;		/* errno of OFFER_REFUSED */
	} states[HOOK_COUNT];
	struct probe_result lsm; /* tried only if a hook of it was asked for */
};

/*
 * Loads the programs of those hooks of the set that are not loaded yet, and pins them; *offers says
 * what the instance (present, locked, and made by this very build) has then. Prints what fails for
 * reasons that are not the kernel's (memory, privileges); 0 or -errno.
 */
int demand_load(struct instance *instance, struct hook_set needed, struct offers *offers);

/* What demand_load() would find, of an instance or of none (NULL), without loading anything. */
void demand_ask(const struct instance *instance, struct hook_set needed, struct offers *offers);

/* Removes the pins of programs that are loaded on demand, but for those of the set: of a ruleset
 * that did not come into force. Their links are gone. Prints what fails. */
void demand_unload(struct instance *instance, struct hook_set keep);

#endif
