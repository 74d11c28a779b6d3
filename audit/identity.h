/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * identity.h - what a cgroup path tells about the container, the pod and the systemd unit.
 *
 * The outermost name that fits is taken: those above a container's own cgroup are given by the
 * runtime, those below by whoever is inside, who could make a cgroup with any name.
 */
#ifndef CGW_IDENTITY_H
#define CGW_IDENTITY_H

#include <stddef.h>

#define IDENTITY_ID_MAX 255 /* NAME_MAX: a component of a cgroup path is not longer */

struct identity {
	char container[IDENTITY_ID_MAX + 1]; /* "": none */
	const char *runtime;		     /* static: "docker", "containerd", ...; NULL: none */
	char unit[IDENTITY_ID_MAX + 1];	     /* "": none */
	char pod[37];			     /* UID with dashes, or 32 hex digits of a static pod */
	const char *qos; /* static: "guaranteed", "burstable", "besteffort"; NULL: no pod */
};

/* `path` is "" or begins with '/'. Any bytes will do. Fills in all fields. */
void identity_of_cgroup(struct identity *identity, const char *path, size_t length);

#endif
