/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * guarded.h - the reader's entries in the record of what governed processes may not touch (protect
 * = guard): its processes, which they may not signal, trace or limit, the map of its state, and the
 * link by which it asks for sums.
 */
#ifndef CGW_GUARDED_H
#define CGW_GUARDED_H

#include <sys/types.h>

/* Remembers a process of the reader, at most two of them, from its entry in /proc. */
void guarded_remember(pid_t pid);

/* Before the link is made, until guarded_link(): nobody can have any link by its id. 0 or -errno.
 */
int guarded_hold(int map);

/* Puts the link on record at once, and remembers it; below 0: there is none. 0 or -errno. */
int guarded_link(int map, int link);

/*
 * Puts what was remembered on record, in place of readers before this one: `map` is the map
 * "guarded", `reader` that of the reader's state. 0 or -errno.
 */
int guarded_register(int map, int reader);

#endif
