/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * runs.h - what `cgward run` makes for the time of one command: a cgroup, and with -p an instance.
 *
 *	CGROUP-ROOT/cgward-run-PID    locked (flock) as long as the `cgward run` lives
 *	BPFFS-run-PID                 the same
 *
 * A `cgward run` that was killed leaves its command running, and governed. What it made is removed
 * by the next cgward when the lock is free and no process is left in it.
 */
#ifndef CGW_RUNS_H
#define CGW_RUNS_H

#include "instance.h"

#define RUNS_INFIX "-run-"
#define RUNS_CGROUP "cgward" RUNS_INFIX

/* Opens and locks a cgroup made for a run. A descriptor, or -errno; -EWOULDBLOCK: it is another's.
 */
int runs_lock_cgroup(const char *path);

/*
 * True if processes are governed by the instance of a run: they are in its cgroup or below it, or
 * have left it and keep its policies.
 */
bool runs_is_busy(const struct instance *instance, const char *cgroup);

/* Removes what the dead left beside `bpffs` and below cgroup_root (NULL: nothing there). What fails
 * is left for the next time. */
void runs_sweep(const char *bpffs, const char *cgroup_root);

#endif
