/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * self.h - self-protection and this very process: what a guard keeps governed processes from, it
 * keeps cgward from, too, if it runs among them.
 */
#ifndef CGW_SELF_H
#define CGW_SELF_H

#include <stdbool.h>
#include "compile.h"
#include "hook_set.h"

/*
 * True, with an error printed, if the image would have this process governed under a guard: then it
 * could not finish what it is about to do, nor could anybody beside it undo that. `loaded` are the
 * hooks that there are. False also if the process's cgroup cannot be told.
 */
bool self_is_locked_out(const struct image *image, const char *cgroup_root, struct hook_set loaded);

/*
 * After a failure with this errno (either sign) in or beside the instance in `bpffs`: prints what
 * to do if a guard has refused it, and returns true; else false.
 */
bool self_hint(int error, const char *bpffs);

#endif
