/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * attempt_network.h - connects, sends, binds and makes sockets in every way there is; see
 * attempt.h.
 */
#ifndef HELPERS_ATTEMPT_NETWORK_H
#define HELPERS_ATTEMPT_NETWORK_H

#include <arpa/inet.h>
#include <net/if.h>
#include <netinet/in.h>
#include <netinet/ip.h>
#include <netinet/tcp.h>
#include <poll.h>
#include <stddef.h>
#include <sys/socket.h>
#include <sys/un.h>
#include <sys/wait.h>
#include "attempt.h"
#include "cgroup.h"
#include "operation.h"
#include "uring.h"
#include "words.h"

#ifndef IPPROTO_MPTCP
#define IPPROTO_MPTCP 262
#endif
#ifndef IP_LOCAL_PORT_RANGE
#define IP_LOCAL_PORT_RANGE 51
#endif
/* linux/sctp.h is not everywhere. */
#ifndef IPPROTO_L2TP
#define IPPROTO_L2TP 115
#endif
#define SCTP_BINDX_ADD 100
#define SCTP_CONNECTX 110
#define PROTOCOL_EXPERIMENT 253 /* RFC 3692 */
#define ETHERTYPES_ALL 3	/* ETH_P_ALL */

struct address {
	union {
		struct sockaddr generic;
		struct sockaddr_in in;
		struct sockaddr_in6 in6;
		struct sockaddr_un un;
	};
	socklen_t length;
};

static inline void address_unix(struct address *address, const struct operation *operation)
{
	size_t abstract = operation->unix_kind == CGW_UNIX_ABSTRACT;

	address->un.sun_family = AF_UNIX;
	if (operation->name_length + 1 > sizeof(address->un.sun_path)) {
		errno = ENAMETOOLONG;
		fail("use", operation->name);
	}
	memcpy(address->un.sun_path + abstract, operation->name, operation->name_length);
	address->length =
		(socklen_t)(offsetof(struct sockaddr_un, sun_path) + operation->name_length + 1);
}

static inline struct address address_of(const struct operation *operation, const struct way *way)
{
	struct address address = {.length = 0};

	if (operation->family == AF_UNIX) {
		address_unix(&address, operation);
	} else if (operation->family == AF_INET && !way->mapped) {
		address.in.sin_family = way->unspec ? AF_UNSPEC : AF_INET;
		address.in.sin_port = htons((uint16_t)operation->port);
		address.in.sin_addr.s_addr = htonl(operation->address[0]);
		address.length = sizeof(address.in);
	} else {
		uint32_t *words = address.in6.sin6_addr.s6_addr32;

		address.in6.sin6_family = way->unspec ? AF_UNSPEC : AF_INET6;
		address.in6.sin6_port = htons((uint16_t)operation->port);
		address.length = sizeof(address.in6);
		address.in6.sin6_scope_id = way->scope ? if_nametoindex("lo") : 0;
		for (int i = 0; i < 4; i++)
			words[i] = htonl(operation->address[i]);
		if (operation->family == AF_INET) {
			words[0] = words[1] = 0;
			words[2] = htonl(0xffff);
			words[3] = htonl(operation->address[0]);
		}
	}
	return address;
}

/* What socket(2) is given for the operation. */
struct kind {
	int family, type, protocol;
};

static inline struct kind kind_raw(const struct operation *operation, const struct way *way)
{
	static const int protocols[CGW_PROTO_COUNT] = {
		[CGW_PROTO_TCP] = IPPROTO_TCP,
		[CGW_PROTO_UDP] = IPPROTO_UDP,
		[CGW_PROTO_ICMP] = IPPROTO_ICMP,
		[CGW_PROTO_SCTP] = IPPROTO_SCTP,
		[CGW_PROTO_RAW] = PROTOCOL_EXPERIMENT,
	};
	struct kind kind = {(int)operation->family, SOCK_RAW, protocols[operation->proto]};

	if (kind.family == AF_INET6 && kind.protocol == IPPROTO_ICMP)
		kind.protocol = IPPROTO_ICMPV6;
	if (way->udplite)
		kind.protocol = IPPROTO_UDPLITE;
	if (way->hdrincl)
		kind.protocol = IPPROTO_RAW;
	return kind;
}

static inline struct kind kind_of(const struct operation *operation, const struct way *way)
{
	int family = way->mapped ? AF_INET6 : (int)operation->family;

	if (operation->op == CGW_OP_SOCKET) {
		int type = (int)operation->type;
		int protocol = family == AF_PACKET ? htons(ETHERTYPES_ALL) : 0;

		if (type == SOCK_RAW && (family == AF_INET || family == AF_INET6))
			protocol = PROTOCOL_EXPERIMENT;
		return (struct kind){family, type, protocol};
	}
	if (way->raw || way->hdrincl)
		return kind_raw(operation, way);
	if (way->l2tp)
		return (struct kind){family, SOCK_DGRAM, IPPROTO_L2TP};
	if (way->dccp)
		return (struct kind){family, SOCK_DCCP, IPPROTO_DCCP};
	switch (operation->proto) {
	case CGW_PROTO_TCP:
		return (struct kind){family, SOCK_STREAM, way->mptcp ? IPPROTO_MPTCP : IPPROTO_TCP};
	case CGW_PROTO_UDP:
		return (struct kind){
			family, SOCK_DGRAM, way->udplite ? IPPROTO_UDPLITE : IPPROTO_UDP};
	case CGW_PROTO_ICMP:
		return (struct kind){
			family, SOCK_DGRAM, family == AF_INET ? IPPROTO_ICMP : IPPROTO_ICMPV6};
	case CGW_PROTO_SCTP:
		return (struct kind){
			family, way->many ? SOCK_SEQPACKET : SOCK_STREAM, IPPROTO_SCTP};
	case CGW_PROTO_UNIX:
		return (struct kind){AF_UNIX, way->dgram ? SOCK_DGRAM : SOCK_STREAM, 0};
	default:
		return kind_raw(operation, way);
	}
}

/* Sends the socket over a unix socket, or receives one. */
static inline int pass_fd(int channel, int fd)
{
	char control[CMSG_SPACE(sizeof(int))] = {0}, byte = 0;
	struct iovec data = {&byte, 1};
	struct msghdr message = {.msg_iov = &data,
		.msg_iovlen = 1,
		.msg_control = control,
		.msg_controllen = sizeof(control)};
	struct cmsghdr *header = CMSG_FIRSTHDR(&message);

	if (fd >= 0) {
		header->cmsg_level = SOL_SOCKET;
		header->cmsg_type = SCM_RIGHTS;
		header->cmsg_len = CMSG_LEN(sizeof(int));
		memcpy(CMSG_DATA(header), &fd, sizeof(int));
		return sendmsg(channel, &message, 0) == 1 ? fd : -1;
	}
	if (recvmsg(channel, &message, MSG_CMSG_CLOEXEC) != 1 || !CMSG_FIRSTHDR(&message))
		return -1;
	memcpy(&fd, CMSG_DATA(CMSG_FIRSTHDR(&message)), sizeof(int));
	return fd;
}

/* Takes the descriptor that has the same number there. */
static inline int take_fd(pid_t pid, int fd)
{
	int process = (int)syscall(SYS_pidfd_open, pid, 0);

	if (process < 0)
		return -1;
	fd = (int)syscall(SYS_pidfd_getfd, process, fd, 0);
	close(process);
	return fd;
}

/* A socket made by a process of another cgroup, which passes it to this one, or waits until it is
 * taken, and ends. */
static inline int socket_made_in(const char *cgroup, struct kind kind, bool pidfd)
{
	int directory = open(cgroup, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
	int channel[2], fd, status;
	pid_t pid;

	if (directory < 0 || socketpair(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0, channel))
		fail("open", cgroup);
	pid = clone_into(directory);
	if (pid < 0)
		fail("clone into", cgroup);
	if (!pid) {
		close(channel[0]);
		fd = socket(kind.family, kind.type | SOCK_NONBLOCK, kind.protocol);
		if (fd < 0 || !pidfd)
			_exit(fd < 0 || pass_fd(channel[1], fd) < 0);
		_exit(write(channel[1], &fd, sizeof(fd)) < 0 || read(channel[1], &fd, 1) < 0);
	}
	close(channel[1]);
	if (!pidfd)
		fd = pass_fd(channel[0], -1);
	else if (read(channel[0], &fd, sizeof(fd)) == sizeof(fd))
		fd = take_fd(pid, fd);
	else
		fd = -1;
	close(channel[0]);
	close(directory);
	if (waitpid(pid, &status, 0) != pid || status || fd < 0)
		fail("get a socket from", cgroup);
	return fd;
}

/* The header for a source route over way->hop to the peer. */
static inline void set_route(int fd, const struct operation *operation, const struct way *way)
{
	uint8_t four[8] = {131 /* loose source route */, 7, 4};
	/* Segment routing: the segments stand in reverse. */
	uint8_t six[40] = {0, 4, 4, 1, 1};

	if (operation->family == AF_INET) {
		if (inet_pton(AF_INET, way->hop, four + 3) != 1 ||
			setsockopt(fd, IPPROTO_IP, IP_OPTIONS, four, sizeof(four)))
			fail("set a source route over", way->hop);
		return;
	}
	if (inet_pton(AF_INET6, way->hop, six + 24) != 1 ||
		setsockopt(fd, IPPROTO_IPV6, IPV6_RTHDR, six, sizeof(six)))
		fail("set a source route over", way->hop);
}

/* A descriptor, or -errno. */
static inline int attempt_socket(const struct operation *operation, const struct way *way)
{
	struct kind kind = kind_of(operation, way);
	int fd, on = 1, off = 0;

	if (way->made_in)
		fd = socket_made_in(way->made_in, kind, way->pidfd);
	else if ((way->io_uring || way->sqpoll) && operation->op == CGW_OP_SOCKET)
		return (int)uring_do(&(struct io_uring_sqe){.opcode = IORING_OP_SOCKET,
					     .fd = kind.family,
					     .off = (uint64_t)kind.type,
					     .len = (uint32_t)kind.protocol},
			way->sqpoll);
	else
		fd = socket(kind.family, kind.type | SOCK_NONBLOCK | SOCK_CLOEXEC, kind.protocol);
	if (fd < 0)
		return -errno;
	setsockopt(fd, SOL_SOCKET, SO_REUSEADDR, &on, sizeof(on));
	setsockopt(fd, SOL_SOCKET, SO_BROADCAST, &on, sizeof(on));
	if (kind.family == AF_INET6)
		setsockopt(fd, IPPROTO_IPV6, IPV6_V6ONLY, &off, sizeof(off));
	if (way->hop)
		set_route(fd, operation, way);
	if (way->dup) {
		int copy = dup(fd);

		close(fd);
		fd = copy;
	}
	return fd;
}

/* What is sent where a connection alone does not reach the peer. Its length. */
static inline size_t payload_of(
	const struct operation *operation, const struct way *way, uint8_t packet[64])
{
	size_t header = 0;

	memset(packet, 0, 64);
	if (way->hdrincl) {
		struct iphdr ip = {.version = 4,
			.ihl = 5,
			.ttl = 64,
			.tot_len = htons(40),
			.protocol =
				(uint8_t)kind_raw(operation, &(struct way){.udplite = way->udplite})
					.protocol,
			.daddr = htonl(operation->address[0])};

		memcpy(packet, &ip, sizeof(ip));
		header = sizeof(ip);
	}
	if (operation->proto == CGW_PROTO_ICMP) {
		packet[header] = operation->family == AF_INET ? 8 : 128; /* echo request */
	} else if (way->raw || way->hdrincl) {
		packet[header + 2] = (uint8_t)(operation->port >> 8);
		packet[header + 3] = (uint8_t)operation->port;
		packet[header + 5] = 8;	    /* UDP's length */
		packet[header + 12] = 0x50; /* TCP's data offset */
		packet[header + 13] = 0x02; /* TCP's SYN */
	}
	return header + 20;
}

static inline int send_to(
	int fd, const struct operation *operation, const struct way *way, struct address *address)
{
	uint8_t packet[64];
	struct iovec data = {packet, payload_of(operation, way, packet)};
	struct msghdr message = {.msg_name = address,
		.msg_namelen = address->length,
		.msg_iov = &data,
		.msg_iovlen = 1};
	struct io_uring_sqe request = {
		.opcode = IORING_OP_SENDMSG, .fd = fd, .addr = (uintptr_t)&message, .len = 1};
	int flags = MSG_DONTWAIT | MSG_NOSIGNAL | (way->fastopen ? MSG_FASTOPEN : 0);
	ssize_t sent;

	/* A raw IPv6 socket takes the port for a protocol and refuses another than its own. */
	if ((way->raw || operation->proto == CGW_PROTO_RAW) && operation->family == AF_INET6)
		address->in6.sin6_port = 0;
	if (way->io_uring || way->sqpoll) {
		long result = uring_do(&request, way->sqpoll);

		return result < 0 ? (int)-result : 0;
	}
	if (way->sendmsg)
		sent = sendmsg(fd, &message, flags);
	else
		sent = sendto(fd, packet, data.iov_len, flags, &address->generic, address->length);
	return sent < 0 ? errno : 0;
}

/* To a peer that no policy of the tests denies, and away from it. */
static inline void connect_elsewhere(int fd, uint32_t family)
{
	struct address address = {.length = sizeof(address.in)};

	address.in.sin_family = AF_INET;
	address.in.sin_port = htons(9);
	address.in.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
	if (family == AF_INET6) {
		address.in6 = (struct sockaddr_in6){.sin6_family = AF_INET6,
			.sin6_port = htons(9),
			.sin6_addr = IN6ADDR_LOOPBACK_INIT};
		address.length = sizeof(address.in6);
	}
	if (connect(fd, &address.generic, address.length))
		fail("connect", "to the loopback address");
	address.generic.sa_family = AF_UNSPEC;
	if (connect(fd, &address.generic, address.length))
		fail("disconnect", "from the loopback address");
}

static inline int connect_to(int fd, const struct operation *operation, const struct way *way,
	const struct address *address)
{
	bool stream = (operation->proto == CGW_PROTO_TCP && !way->l2tp) ||
		      operation->proto == CGW_PROTO_SCTP || operation->proto == CGW_PROTO_UNIX;
	struct io_uring_sqe request = {.opcode = IORING_OP_CONNECT,
		.fd = fd,
		.addr = (uintptr_t)address,
		.off = address->length};
	uint8_t packet[64];
	size_t length = payload_of(operation, way, packet);

	if (way->again)
		connect_elsewhere(fd, operation->family);
	if (way->connectx) {
		if (setsockopt(fd, IPPROTO_SCTP, SCTP_CONNECTX, address, address->length) < 0)
			return errno;
	} else if (way->io_uring || way->sqpoll) {
		long result = uring_do(&request, way->sqpoll);

		if (result < 0)
			return (int)-result;
	} else if (connect(fd, &address->generic, address->length)) {
		return errno;
	}
	/* A connected datagram socket has reached nobody yet. */
	if (!stream && send(fd, packet, length, MSG_DONTWAIT | MSG_NOSIGNAL) < 0)
		return errno;
	return 0;
}

/* 0, or -1 with errno. */
static inline int bind_to(
	int fd, const struct operation *operation, const struct way *way, struct address *address)
{
	uint32_t range = operation->port << 16 | operation->port;

	if (way->one_port) {
		if (setsockopt(fd, IPPROTO_IP, IP_LOCAL_PORT_RANGE, &range, sizeof(range)))
			return -1;
		address->in.sin_port = 0; /* where it is in a sockaddr_in6, too */
	}
	if (way->bindx)
		return setsockopt(fd, IPPROTO_SCTP, SCTP_BINDX_ADD, address, address->length) < 0;
	return bind(fd, &address->generic, address->length);
}

static inline int attempt_use(int fd, const struct operation *operation, const struct way *way)
{
	struct address address = address_of(operation, way);

	if (operation->op == CGW_OP_CONNECT) {
		if (way->sendto || way->sendmsg || way->fastopen || way->raw || way->hdrincl ||
			(operation->proto == CGW_PROTO_UNIX && way->dgram))
			return send_to(fd, operation, way, &address);
		if (operation->proto == CGW_PROTO_RAW)
			return send_to(fd, operation, way, &address);
		return connect_to(fd, operation, way, &address);
	}
	if (!(way->autobind && operation->op == CGW_OP_LISTEN) &&
		bind_to(fd, operation, way, &address))
		return errno;
	if (operation->op == CGW_OP_LISTEN && listen(fd, 1))
		return errno;
	return 0;
}

/* Not the enforcer's doing, and after its hooks. */
static inline bool error_is_later(int error)
{
	static const int later[] = {ECONNREFUSED, EINPROGRESS, EAGAIN, ENETUNREACH, EHOSTUNREACH,
		EADDRNOTAVAIL, EADDRINUSE, ETIMEDOUT, ECONNRESET, ENOENT, EPROTOTYPE, EACCES,
		ENOTCONN, EISCONN, ECONNABORTED};

	for (size_t i = 0; i < sizeof(later) / sizeof(later[0]); i++)
		if (error == later[i])
			return true;
	return false;
}

static inline int attempt_network(const struct operation *operation, const struct way *way)
{
	int fd = attempt_socket(operation, way);
	int error;

	if (fd < 0)
		return -fd;
	if (operation->op == CGW_OP_SOCKET) {
		close(fd);
		return 0;
	}
	if (way->move_to && cgroup_move(way->move_to, "cgroup.procs", getpid()))
		fail("move to", way->move_to);
	error = attempt_use(fd, operation, way);
	if (way->answer && (!error || error == EINPROGRESS)) {
		short events = error == EINPROGRESS ? POLLOUT : POLLIN;

		if (poll(&(struct pollfd){.fd = fd, .events = events}, 1, 300) != 1)
			error = ENODATA;
	}
	close(fd);
	return error_is_later(error) ? 0 : error;
}

#endif
