/* SPDX-License-Identifier: GPL-2.0-only */
#include "diag.h"

#include <errno.h>
#include <fcntl.h>
#include <linux/netlink.h>
#include <linux/rtnetlink.h>
#include <linux/sock_diag.h>
#include <sched.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

struct request {
	struct nlmsghdr header;
	struct inet_diag_req_v2 body;
};

int diag_open(int fd)
{
	int own = open("/proc/thread-self/ns/net", O_RDONLY | O_CLOEXEC);
	int diag = -1, err = 0;

	if (own < 0)
		return -errno;
	if (setns(fd, CLONE_NEWNET))
		err = -errno;
	if (!err) {
		diag = socket(AF_NETLINK, SOCK_RAW | SOCK_CLOEXEC, NETLINK_SOCK_DIAG);
		if (diag < 0)
			err = -errno;
		if (setns(own, CLONE_NEWNET) && !err)
			err = -errno;
	}
	close(own);
	if (err && diag >= 0)
		close(diag);
	return err ? err : diag;
}

static int send_request(int diag, struct request *request, uint16_t type, uint16_t flags)
{
	request->header = (struct nlmsghdr){.nlmsg_len = sizeof(*request),
		.nlmsg_type = type,
		.nlmsg_flags = NLM_F_REQUEST | flags};
	return send(diag, request, sizeof(*request), 0) == sizeof(*request) ? 0 : -errno;
}

static void read_socket(const struct nlmsghdr *header, uint8_t protocol,
	void (*visit)(const struct diag_socket *socket, void *context), void *context)
{
	const struct inet_diag_msg *message = NLMSG_DATA(header);
	const struct rtattr *attribute = (const struct rtattr *)(message + 1);
	int left = (int)(header->nlmsg_len - NLMSG_LENGTH(sizeof(*message)));
	struct diag_socket socket = {.family = message->idiag_family,
		.protocol = protocol,
		.inode = message->idiag_inode,
		.id = message->id};

	for (; RTA_OK(attribute, left); attribute = RTA_NEXT(attribute, left))
		if (attribute->rta_type == INET_DIAG_CGROUP_ID)
			memcpy(&socket.cgroup_id, RTA_DATA(attribute), sizeof(socket.cgroup_id));
	visit(&socket, context);
}

static int error_of(const struct nlmsghdr *header)
{
	return ((const struct nlmsgerr *)NLMSG_DATA(header))->error;
}

int diag_list(int diag, uint8_t family, uint8_t protocol, uint32_t states,
	void (*visit)(const struct diag_socket *socket, void *context), void *context)
{
	struct request request = {.body = {.sdiag_family = family,
					  .sdiag_protocol = protocol,
					  .idiag_states = states}};
	char buffer[32768] __attribute__((aligned(NLMSG_ALIGNTO)));
	int err = send_request(diag, &request, SOCK_DIAG_BY_FAMILY, NLM_F_DUMP);

	while (!err) {
		ssize_t got = recv(diag, buffer, sizeof(buffer), 0);
		const struct nlmsghdr *header = (const struct nlmsghdr *)buffer;

		if (got < 0)
			return -errno;
		for (; NLMSG_OK(header, got); header = NLMSG_NEXT(header, got)) {
			if (header->nlmsg_type == NLMSG_DONE)
				return 0;
			if (header->nlmsg_type == NLMSG_ERROR)
				return error_of(header);
			read_socket(header, protocol, visit, context);
		}
	}
	return err;
}

int diag_close(int diag, const struct diag_socket *socket)
{
	struct request request = {.body = {.sdiag_family = socket->family,
					  .sdiag_protocol = socket->protocol,
					  .idiag_states = ~0U,
					  .id = socket->id}};
	char buffer[4096] __attribute__((aligned(NLMSG_ALIGNTO)));
	int err = send_request(diag, &request, SOCK_DESTROY, NLM_F_ACK);
	ssize_t got;

	if (err)
		return err;
	got = recv(diag, buffer, sizeof(buffer), 0);
	if (got < (ssize_t)NLMSG_LENGTH(sizeof(struct nlmsgerr)))
		return got < 0 ? -errno : -EBADMSG;
	err = error_of((const struct nlmsghdr *)buffer);
	return err == -ENOENT ? 0 : err;
}
