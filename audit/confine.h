/* SPDX-License-Identifier: GPL-2.0-only */
/* confine.h - gives up every right that reading on does not need. */
#ifndef CGW_CONFINE_H
#define CGW_CONFINE_H

#include <sys/types.h>

/* 0, or -errno: -ENOENT if there is no such user. */
int confine_find(const char *user, uid_t *uid, gid_t *gid);

/* Becomes that user, with that group and no others; while the capabilities for it are there. 0 or
 * -errno. */
int confine_become(uid_t uid, gid_t gid);

/*
 * Sets no_new_privs and drops all capabilities from the ambient, bounding, inheritable, permitted
 * and effective sets. Without CAP_SETPCAP the bounding set stays, which no_new_privs makes
 * harmless. 0, or -errno with what failed in *what (static); do not go on then.
 */
int confine_drop(const char **what);

enum confine_filter {
	CONFINE_READER = 1,
	CONFINE_BROKER = 2,
};

/*
 * From now on, system calls that the reader (or the broker) does not need fail with EPERM; of
 * bpf(2), only opening a pin, examining a map and looking an element up are left. 0 or -errno.
 */
int confine_filter(enum confine_filter filter);

#endif
