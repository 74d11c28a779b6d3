/* SPDX-License-Identifier: GPL-2.0-only */
/* mounts.h - what is mounted where, from /proc/self/mounts. */
#ifndef CGW_MOUNTS_H
#define CGW_MOUNTS_H

#include <stdbool.h>

/*
 * The mount point of the first file system of that type ("cgroup2", "bpf"), to be freed by the
 * caller. 0, -ENOENT if there is none, or the errno of reading the table.
 */
int mounts_find(const char *type, char **point);

/* True if `path` or, where it does not exist, its nearest ancestor that does lies on a file system
 * with that magic number (statfs). */
bool mounts_lies_on(const char *path, long magic);

/* True if `path` is a directory with nothing in it. */
bool mounts_is_empty_folder(const char *path);

#endif
