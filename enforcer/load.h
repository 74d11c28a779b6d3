/* SPDX-License-Identifier: GPL-2.0-only */
/* load.h - making an instance: loading the programs and pinning them with their maps. Nothing is
 * enforced by it. */
#ifndef CGW_LOAD_H
#define CGW_LOAD_H

#include "hook_set.h"
#include "instance.h"

/*
 * Loads everything but what is loaded on demand (demand.h) for the given cgroup root and pins it in
 * the instance's (locked) folder; what is there, such as a dead loader's leftovers, is swept first.
 * `epoch` is greater than that of the instance that this one is to replace, 1 if there is none. The
 * instance is present afterwards. Prints what fails; 0 or -errno, and then nothing new stays
 * behind.
 */
int load_instance(struct instance *instance, const char *cgroup_root, uint64_t epoch);

/*
 * Loads and pins more programs of an instance that this very build has made: those of the hooks of
 * the set, all or none. Prints only what fails after loading; 0 or -errno, of loading the kernel's.
 */
int load_programs_of(const struct instance *instance, struct hook_set set);

#endif
