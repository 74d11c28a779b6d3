/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * names.h - one table of names per enum. Parser, printer, audit and manual pages read the same
 * rows.
 *
 * Each table is asserted complete at compile time where the enum has a COUNT.
 */
#ifndef CGW_NAMES_H
#define CGW_NAMES_H

#include <stddef.h>
#include <stdint.h>
#include "abi.h"

struct cgw_name {
	uint32_t value; /* never 0 */
	const char *name;
	const char *help; /* one line, or NULL */
};

/* Ends with a row whose name is NULL. */
extern const struct cgw_name cgw_action_names[];  /* deny, audit, allow */
extern const struct cgw_name cgw_verdict_names[]; /* allow, audit, deny */
extern const struct cgw_name cgw_reason_names[];  /* rule, name-unreadable, ... */
extern const struct cgw_name cgw_hook_names[];	  /* cgroup/sysctl, cgroup/connect4, ... */
extern const struct cgw_name cgw_proto_names[];	  /* tcp, udp, icmp, sctp, raw, unix */
extern const struct cgw_name
	cgw_family_names[]; /* inet, inet6, unix, packet, netlink, vsock, alg, xdp, ... (AF_*) */
extern const struct cgw_name
	cgw_socktype_names[]; /* stream, dgram, raw, rdm, seqpacket, packet (SOCK_*) */
extern const struct cgw_name
	cgw_power_names[]; /* [kernel]: mount, chroot, ptrace, ... : enum cgw_power */
extern const struct cgw_name
	cgw_capability_names[]; /* chown (value: CAP_CHOWN + 1), ..., checkpoint_restore */
extern const struct cgw_name cgw_guarded_names[]; /* map, program, ...: enum cgw_guarded */
extern const struct cgw_name cgw_judged_names[];  /* task, kept, socket */
extern const struct cgw_name cgw_section_names[]; /* sysctl, network, ...: enum policy_section */

/* The operations of the sections that have several: enum cgw_op. */
extern const struct cgw_name cgw_sysctl_op_names[];  /* read, write */
extern const struct cgw_name cgw_network_op_names[]; /* connect, bind, listen, socket */
extern const struct cgw_name cgw_file_op_names[];    /* read, write, exec */
extern const struct cgw_name cgw_device_op_names[];  /* read, write, mknod */

/* The name of a value, or "?" for one that the table does not have. */
const char *cgw_name_of(const struct cgw_name *table, uint32_t value);

/* The value of a name of the given length, or 0. */
uint32_t cgw_name_value(const struct cgw_name *table, const char *name, size_t length);

/* The word that a message and a policy use for an operation: "read" and "write" for sysctl and file
 * alike. */
const char *cgw_op_name(uint32_t op);

/* The section of a policy in which an operation is ruled: "sysctl", "network", "file", ... */
const char *cgw_op_section(uint32_t op);

#endif
