/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * holders.h - which policies govern a socket at this moment: those of the cgroup in which it was
 * made, and those of the processes that hold it.
 */
#ifndef CGW_HOLDERS_H
#define CGW_HOLDERS_H

#include <stddef.h>
#include <stdint.h>
#include "compile.h"
#include "instance.h"
#include "match.h"

struct holder {
	uint64_t key; /* id of a cgroup, or inode of a socket */
	char *path;   /* of the cgroup that governs, from the cgroup root */
	struct cgw_set set;
};

struct holder_list {
	struct holder *items; /* sorted by key */
	size_t count, room;
};

struct holders {
	struct holder_list cgroups; /* governed ones */
	struct holder_list sockets; /* held by governed processes */
	uint64_t *namespaces;	    /* network namespaces of governed processes: inodes */
	int *namespace_fds;
	size_t namespace_count, namespace_room, fd_room;
};

/*
 * Looks through the cgroups below `root` and their processes, and those processes that keep
 * policies of the instance (NULL: there is none). Processes that end meanwhile are left out. 0, or
 * -errno if the root cannot be read or the caller may not look into the processes. To be freed in
 * any case.
 */
int holders_find(struct holders *holders, const struct image *image, const char *root,
	const struct instance *instance);
void holders_free(struct holders *holders); /* for the cleanup attribute */

/* The element with this key, or NULL. */
const struct holder *holders_look(const struct holder_list *list, uint64_t key);

#endif
