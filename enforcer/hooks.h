/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * hooks.h - the places in the kernel where programs are attached: which a ruleset needs, attaching
 * and detaching.
 *
 * Attached programs are pinned links, links/<name>, to programs pinned in progs/<program>. A hook
 * is attached only if some rule needs it, those of the tracepoints if there is any policy at all.
 */
#ifndef CGW_HOOKS_H
#define CGW_HOOKS_H

#include <stdbool.h>
#include <stdint.h>
#include "abi.h"
#include "compile.h"
#include "hook_set.h"
#include "instance.h"

enum hook_kind {
	HOOK_CGROUP = 1,
	HOOK_TRACEPOINT,
	HOOK_LSM,
};

/* The tracepoints report nothing, so abi.h has no numbers for them. */
enum {
	HOOK_ATTACH_TASK = CGW_HOOK_COUNT,
	HOOK_FORK,
	HOOK_EXIT,
	HOOK_COUNT,
};
_Static_assert(HOOK_COUNT <= 64 * HOOK_SET_WORDS, "struct hook_set has no room");

struct hook {
	const char *name; /* of the pinned link; NULL: there is no such hook */
	const char *program;
	enum hook_kind kind;
	uint32_t attach_type; /* enum bpf_attach_type; of a cgroup program */
	const char *lsm;      /* the kernel's name of it; of an LSM program */
	/* The program is loaded when a ruleset needs it (demand.h), not with the instance. */
	bool on_demand;
};

/* By enum cgw_hook and the numbers above; number 0 is no hook. */
extern const struct hook hooks[HOOK_COUNT];

/* The hooks that a verified image needs, those included without which it is only partly enforced.
 */
struct hook_set hooks_needed(const struct image *image);

/* True if programs of the set find out paths, for which they must know where two locks are. */
bool hooks_read_paths(struct hook_set set);

/* Those of the self-protection (guard.h). */
struct hook_set hooks_guard(void);

/* Those that are pinned in links/, and of these those that hook_is_alive() says are in force. */
struct hook_set hooks_pinned(const struct instance *instance);
struct hook_set hooks_alive(const struct instance *instance);

/* Those whose program this kernel took: pinned in progs/. */
struct hook_set hooks_loaded(const struct instance *instance);

/* Those that are loaded on demand, and those that come with the instance. */
struct hook_set hooks_on_demand(void);
struct hook_set hooks_always(void);

/*
 * Attaches each hook of the set that is not alive; a dead link's pin is replaced once the new link
 * is attached. On failure those that this call attached are detached again. Prints what fails; 0 or
 * -errno.
 */
int hooks_attach(const struct instance *instance, struct hook_set set);

/* Detaches, and removes what a dead cgward left of an attempt to attach. Prints what fails; 0 or
 * -errno. */
int hooks_detach(const struct instance *instance, struct hook_set set);

/* True if the hook's program is really attached: the pinned link still has its cgroup and the
 * program. */
bool hook_is_alive(const struct instance *instance, const struct hook *hook);

#endif
