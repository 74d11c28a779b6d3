/* SPDX-License-Identifier: GPL-2.0-only */
/* diag.h - listing and closing the TCP and UDP sockets of a network namespace (sock_diag(7)).
 * Prints nothing. */
#ifndef CGW_DIAG_H
#define CGW_DIAG_H

#include <linux/inet_diag.h>
#include <stdint.h>

/* Bits of enum TCP_* states, for diag_list(). */
#define DIAG_ESTABLISHED (1U << 1)
#define DIAG_LISTENING (1U << 10)
/* All that have a peer: not closed (7), not listening, none without a process (6: TIME_WAIT; 12).
 */
#define DIAG_CONNECTED (0xffeU & ~(1U << 6 | 1U << 7 | DIAG_LISTENING))

struct diag_socket {
	uint8_t family;	  /* AF_INET or AF_INET6 */
	uint8_t protocol; /* IPPROTO_TCP or IPPROTO_UDP */
	uint64_t inode;	  /* 0: no process holds it */
	uint64_t cgroup_id;
	struct inet_diag_sockid id;
};

/* A socket to ask the namespace of `fd`: a descriptor, or -errno. The caller's namespace stays. */
int diag_open(int fd);

/*
 * Calls back for the sockets in these states. 0; -ENOENT: this kernel cannot list sockets of the
 * protocol; another -errno.
 */
int diag_list(int diag, uint8_t family, uint8_t protocol, uint32_t states,
	void (*visit)(const struct diag_socket *socket, void *context), void *context);

/* Closes; 0, also if it has gone already; -EOPNOTSUPP: this kernel cannot; another -errno. */
int diag_close(int diag, const struct diag_socket *socket);

#endif
