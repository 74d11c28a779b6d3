/* SPDX-License-Identifier: GPL-2.0-only */
/* cgroup.h - cgroups as cgward sees them: directories of cgroup v2 with a 64-bit id. Prints
 * nothing. */
#ifndef CGW_CGROUP_H
#define CGW_CGROUP_H

#include <stdint.h>

/* Opens a cgroup directory (O_PATH is not enough: links want a real one). A descriptor, or -errno;
 * -EXDEV: not cgroup v2. */
int cgroup_open(const char *path);

/* The id that the kernel's programs see. 0 or -errno. */
int cgroup_id_of(const char *path, uint64_t *id);

/* Makes a cgroup; 0 or -errno. */
int cgroup_make(const char *path);

/* Removes a cgroup that holds no process, with all below it. 0 or -errno (-EBUSY: a process is
 * left). */
int cgroup_remove_tree(const char *path);

#endif
