/* SPDX-License-Identifier: GPL-2.0-only */
/* load.h - making an instance: loading the programs and pinning them with their maps. Nothing is
 * enforced by it. */
#ifndef CGW_LOAD_H
#define CGW_LOAD_H

#include "instance.h"

/*
 * Loads everything for the given cgroup root and pins it in the instance's (locked) folder; what is
 * there, such as a dead loader's leftovers, is swept first. `epoch` is greater than that of the
 * instance that this one is to replace, 1 if there is none. The instance is present afterwards.
 * Prints what fails; 0 or -errno, and then nothing new stays behind.
 */
int load_instance(struct instance *instance, const char *cgroup_root, uint64_t epoch);

#endif
