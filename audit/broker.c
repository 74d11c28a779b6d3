// SPDX-License-Identifier: GPL-2.0-only
#include "broker.h"

#include <bpf/bpf.h>
#include <dirent.h>
#include <errno.h>
#include <linux/close_range.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/prctl.h>
#include <sys/socket.h>
#include <sys/wait.h>
#include <unistd.h>
#include "confine.h"

#define BROKER_SOCKET 3 /* in the broker's process */
#define READY (-EAGAIN) /* sent by it before any request; no pin has this error */

/* The greatest number that names a pin; 0: there is none. */
static uint32_t newest(const char *images)
{
	DIR *directory = opendir(images);
	struct dirent *entry;
	uint32_t greatest = 0;

	while (directory && (entry = readdir(directory))) {
		char *end;
		unsigned long number = strtoul(entry->d_name, &end, 10);

		if (!*end && number > greatest && number <= UINT32_MAX)
			greatest = number;
	}
	if (directory)
		closedir(directory);
	return greatest;
}

static int open_pin(const char *images, uint32_t generation)
{
	char path[4096 + 16];
	int map;

	if (!generation)
		generation = newest(images);
	if (snprintf(path, sizeof(path), "%s/%u", images, generation) >= (int)sizeof(path))
		return -ENAMETOOLONG;
	map = bpf_obj_get(path);
	return map < 0 ? -errno : map;
}

/* The descriptor (none if it is below 0) goes with its number, which is an error then. */
static int send_map(int socket, int map)
{
	char control[CMSG_SPACE(sizeof(int))] __attribute__((aligned(8))) = {0};
	struct iovec data = {.iov_base = &map, .iov_len = sizeof(map)};
	struct msghdr message = {.msg_iov = &data, .msg_iovlen = 1};

	if (map >= 0) {
		struct cmsghdr *header = (struct cmsghdr *)control;

		message.msg_control = control;
		message.msg_controllen = sizeof(control);
		header->cmsg_level = SOL_SOCKET;
		header->cmsg_type = SCM_RIGHTS;
		header->cmsg_len = CMSG_LEN(sizeof(int));
		memcpy(CMSG_DATA(header), &map, sizeof(map));
	}
	return sendmsg(socket, &message, MSG_NOSIGNAL) == sizeof(map) ? 0 : -errno;
}

static int receive_map(int socket)
{
	char control[CMSG_SPACE(sizeof(int))] __attribute__((aligned(8)));
	int map;
	struct iovec data = {.iov_base = &map, .iov_len = sizeof(map)};
	struct msghdr message = {
		.msg_iov = &data,
		.msg_iovlen = 1,
		.msg_control = control,
		.msg_controllen = sizeof(control),
	};
	const struct cmsghdr *header = (struct cmsghdr *)control;

	if (recvmsg(socket, &message, MSG_CMSG_CLOEXEC) != sizeof(map))
		return -EPIPE;
	if (map < 0)
		return map;
	if (message.msg_controllen < CMSG_LEN(sizeof(int)) || header->cmsg_type != SCM_RIGHTS)
		return -EPIPE;
	memcpy(&map, CMSG_DATA(header), sizeof(map));
	return map;
}

static void __attribute__((noreturn)) serve(const struct broker *broker, int socket)
{
	const char *what;
	uint32_t generation;

	if (dup2(socket, BROKER_SOCKET) < 0 || close_range(BROKER_SOCKET + 1, ~0U, 0) ||
		prctl(PR_SET_NAME, "cgward-images") || confine_drop(&what) ||
		confine_filter(CONFINE_BROKER) || send_map(BROKER_SOCKET, READY))
		_exit(1);
	while (read(BROKER_SOCKET, &generation, sizeof(generation)) == sizeof(generation)) {
		int map = open_pin(broker->images, generation);

		if (send_map(BROKER_SOCKET, map))
			break;
		if (map >= 0)
			close(map);
	}
	_exit(0);
}

int broker_start(struct broker *broker)
{
	int sockets[2], error;
	pid_t pid;

	if (socketpair(AF_UNIX, SOCK_SEQPACKET | SOCK_CLOEXEC, 0, sockets))
		return -errno;
	pid = fork();
	if (!pid)
		serve(broker, sockets[1]);
	error = -errno;
	close(sockets[1]);
	if (pid < 0) {
		close(sockets[0]);
		return error;
	}
	broker->socket = sockets[0];
	broker->pid = pid;
	if (receive_map(broker->socket) == READY)
		return 0;
	broker_close(broker);
	return -EPERM;
}

void broker_close(struct broker *broker)
{
	if (broker->socket < 0)
		return;
	close(broker->socket);
	waitpid(broker->pid, NULL, 0);
	broker->socket = -1;
}

int broker_open_image(void *context, uint32_t generation)
{
	const struct broker *broker = context;

	if (broker->socket < 0)
		return open_pin(broker->images, generation);
	if (send(broker->socket, &generation, sizeof(generation), MSG_NOSIGNAL) !=
		sizeof(generation))
		return -EPIPE;
	return receive_map(broker->socket);
}
