/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * attempt.h - the ways in which an operation can be carried out by real system calls.
 *
 * What an attempt returns: 0 if the kernel let it through (a peer that refuses, or a value that the
 * sysctl's handler dislikes, included: that is not the enforcer's doing), EPERM if it was denied,
 * another errno if the attempt did not come as far as the operation.
 */
#ifndef HELPERS_ATTEMPT_H
#define HELPERS_ATTEMPT_H

#include <stdbool.h>

/* All zero is the ordinary way. */
struct way {
	bool sendto;	/* connect: sendto(2) of an unconnected socket */
	bool sendmsg;	/* connect: the same by sendmsg(2) */
	bool unspec;	/* connect by sendto, bind: the address's family is given as AF_UNSPEC */
	bool mapped;	/* connect, bind: IPv4 by an AF_INET6 socket, as ::ffff:a.b.c.d */
	bool fastopen;	/* connect tcp: sendto(MSG_FASTOPEN) */
	bool mptcp;	/* tcp: IPPROTO_MPTCP */
	bool udplite;	/* udp: IPPROTO_UDPLITE */
	bool raw;	/* connect: a packet of the protocol, made by hand on a raw socket */
	bool hdrincl;	/* connect, IPv4: the same with the IP header made by hand, too */
	bool l2tp;	/* udp: IPPROTO_L2TP instead */
	bool dccp;	/* tcp: SOCK_DCCP instead */
	bool many;	/* sctp: SOCK_SEQPACKET */
	bool connectx;	/* connect sctp: setsockopt(SCTP_SOCKOPT_CONNECTX) */
	bool bindx;	/* bind sctp: setsockopt(SCTP_SOCKOPT_BINDX_ADD) */
	bool scope;	/* IPv6: the address's scope is the loopback device */
	bool again;	/* connect: after another peer, and AF_UNSPEC */
	bool autobind;	/* listen: without bind */
	bool one_port;	/* bind: the port that IP_LOCAL_PORT_RANGE leaves, by port 0 */
	bool dgram;	/* unix: SOCK_DGRAM */
	bool answer;	/* connect: wait for the peer's answer; ENODATA: none came */
	bool dup;	/* the descriptor is used through a duplicate */
	bool io_uring;	/* the operation is done by a worker thread of io_uring */
	bool sqpoll;	/* the same by the thread that polls its queue */
	bool pidfd;	/* with made_in: the socket is taken by pidfd_getfd(2) */
	bool writev;	/* sysctl write: writev(2), one byte a piece */
	bool split;	/* sysctl write: one write(2) for each byte */
	bool splice;	/* sysctl: splice(2) between a pipe and the file */
	bool reopen;	/* sysctl: opened O_PATH first, then through /proc/self/fd/N */
	bool both;	/* device: opened to read and write at once */
	const char *by; /* kernel: the name of the way, see attempt_kernel.h */
	long position;	/* sysctl write: pwrite(2) here, if not 0 */
	const char *sysctl;  /* where the sysctl tree is; NULL: /proc/sys */
	const char *made_in; /* connect: the socket is made by a process of this cgroup, which
				passes it */
	const char *hop;     /* connect: source route, first hop */
	const char *move_to; /* the process moves to this cgroup between open or socket and use */
};

#endif
