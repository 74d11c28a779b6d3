/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * operation.h - one operation, as `explain`, `test` and the case tables write it.
 *
 *   sysctl read kernel.osrelease          sysctl write kernel.core_pattern=|/bin/x
 *   connect tcp 10.0.0.1:22               connect udp [2001:db8::1]:53     connect icmp 10.0.0.1
 *   connect unix /run/docker.sock         connect unix @name               bind tcp 0.0.0.0:80
 *   socket inet/raw                       write /etc/passwd                kernel mount
 *   capability sys_admin                  device write c 1:1
 */
#ifndef CGW_OPERATION_H
#define CGW_OPERATION_H

#include <stdint.h>
#include "abi.h"
#include "compile.h"
#include "match.h"

struct operation {
	enum cgw_op op;
	enum cgw_proto proto; /* network */
	uint32_t family;      /* AF_*: connect, bind, listen, socket */
	uint32_t type;	      /* socket: SOCK_* */
	uint32_t address[4];  /* as in struct cgw_peer, before mapped addresses are unfolded */
	uint32_t port;
	uint32_t power;	     /* kernel: enum cgw_power */
	uint32_t capability; /* CAP_* */
	char device_type;
	int64_t device_major, device_minor;
	char *name; /* sysctl (kernel's form), unix (path, or abstract name without the @), file */
	size_t name_length;
	uint32_t unix_kind;
	char *value; /* sysctl write: bytes as written; NULL if the text has none: value unknown */
	size_t value_length;
};

/*
 * Parses the words of an operation joined by single blanks. 0, or -1 with a message (to be freed)
 * that quotes the bad token and says what was expected.
 */
int operation_parse(struct operation *operation, const char *text, char **error);
void operation_free(struct operation *operation);

/*
 * The policies that govern a cgroup path ("" or "/" is the root), attachments by hand included:
 * those in the image whose recorded path is the cgroup's or an ancestor's.
 */
void image_scope(const struct image *image, const char *cgroup, struct cgw_set *set);

/*
 * The same for a cgroup that exists, by its id: what the selectors say of its path, and what is
 * attached to this very cgroup. What is attached to its ancestors is for the caller to add.
 */
void image_scope_of(
	const struct image *image, const char *cgroup, uint64_t cgroup_id, struct cgw_set *set);

/*
 * The verdict, by the matcher of the kernel. `image` has been verified. 0; -EINVAL:
 * the operation did not come from operation_parse().
 */
int image_evaluate(const struct image *image, const struct cgw_set *set,
	const struct operation *operation, struct cgw_decision *decision);

#endif
