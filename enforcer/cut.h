/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * cut.h - connections from before the ruleset which it denies.
 *
 * A rule decides on connect and sendmsg; what is connected stays. These are the connected TCP and
 * UDP sockets of which the ruleset says "deny", by the cgroup in which they were made or by the
 * processes that hold them. Connections that a listening socket has accepted are none: connect
 * rules are about those that a process makes.
 */
#ifndef CGW_CUT_H
#define CGW_CUT_H

#include <stdbool.h>
#include <stddef.h>
#include "compile.h"
#include "instance.h"
#include "json.h"

struct cut {
	char *cgroup;  /* that is governed */
	char peer[96]; /* an operation: "connect tcp 10.0.0.1:22" */
	uint32_t rule; /* of the image, or CGW_NO_RULE */
	uint32_t policy;
	bool closed;
	int error; /* -errno if it could not be closed */
};

struct cuts {
	const struct image *image;
	struct cut *items;
	size_t count, room;
	size_t closed, failed;
	bool dry;
	bool no_udp; /* this kernel cannot list UDP sockets */
};

/*
 * Finds them in the network namespaces of all governed processes, and closes them unless `dry`.
 * Those that cannot be closed are counted in cuts->failed. 0, or -errno after a message: they
 * could not be found. To be freed in any case; the image must live as long.
 */
int cut_connections(struct cuts *cuts, const struct image *image, const char *root,
	const struct instance *instance, bool dry);
void cuts_free(struct cuts *cuts); /* for the cleanup attribute */

/* One line for each, and the sum; what was closed goes to syslog, too. */
void cuts_print(const struct cuts *cuts);
void cuts_json(const struct cuts *cuts, struct json *json);

#endif
