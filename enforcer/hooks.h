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
#include "instance.h"

struct hook {
	enum cgw_hook hook; /* 0: a tracepoint */
	const char *name;   /* of the pinned link */
	const char *program;
	uint32_t attach_type; /* enum bpf_attach_type; of a cgroup program */
};

/* Ends with a row whose name is NULL. A set of hooks is a bit set of row numbers. */
extern const struct hook hooks[];

/* The hooks that a verified image needs. */
uint32_t hooks_needed(const struct image *image);

/* Those that are pinned in links/, and of these those that hook_is_alive() says are in force. */
uint32_t hooks_pinned(const struct instance *instance);
uint32_t hooks_alive(const struct instance *instance);

/* Those whose program this kernel took: pinned in progs/. */
uint32_t hooks_loaded(const struct instance *instance);

/*
 * Attaches each hook of the set that is not alive; a dead link's pin is replaced once the new link
 * is attached. On failure those that this call attached are detached again. Prints what fails; 0 or
 * -errno.
 */
int hooks_attach(const struct instance *instance, uint32_t set);

/* Detaches, and removes what a dead cgward left of an attempt to attach. Prints what fails; 0 or
 * -errno. */
int hooks_detach(const struct instance *instance, uint32_t set);

/* True if the hook's program is really attached: the pinned link still has its cgroup and the
 * program. */
bool hook_is_alive(const struct instance *instance, const struct hook *hook);

#endif
