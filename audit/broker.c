// SPDX-License-Identifier: GPL-2.0-only
#include "broker.h"

#include <bpf/bpf.h>
#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <linux/close_range.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/prctl.h>
#include <sys/socket.h>
#include <sys/wait.h>
#include <unistd.h>
#include "confine.h"
#include "guarded.h"

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

static const char *const names[BROKER_PINS] = {
	[BROKER_IMAGE] = "images",
	[BROKER_MAPS] = "maps",
	[BROKER_META] = "maps/meta",
	[BROKER_EVENTS] = "maps/events",
	[BROKER_CPUS] = "maps/cpus",
	[BROKER_READER] = "maps/reader",
	[BROKER_COUNTERS] = "maps/counters",
	[BROKER_SUMS] = "progs/cgward_sums",
	[BROKER_GUARDED] = "maps/guarded",
};

const char *broker_pin_name(enum broker_pin pin)
{
	return pin > 0 && pin < BROKER_PINS ? names[pin] : "?";
}

/* A path in the directory; -ENAMETOOLONG if it does not fit. */
#define PATH_ROOM (4096 + 64)

static int join(char path[PATH_ROOM], const char *dir, const char *name)
{
	return snprintf(path, PATH_ROOM, "%s/%s", dir, name) < PATH_ROOM ? 0 : -ENAMETOOLONG;
}

static int get(const char *dir, const char *name)
{
	char path[PATH_ROOM];
	int fd = join(path, dir, name);

	if (fd)
		return fd;
	fd = bpf_obj_get(path);
	return fd < 0 ? -errno : fd;
}

static int open_image(const char *dir, uint32_t generation)
{
	char path[PATH_ROOM], name[32];
	int error = join(path, dir, names[BROKER_IMAGE]);

	if (error)
		return error;
	snprintf(name, sizeof(name), "images/%u", generation ? generation : newest(path));
	return get(dir, name);
}

static int open_directory(const char *dir)
{
	char path[PATH_ROOM];
	int fd = join(path, dir, names[BROKER_MAPS]);

	if (fd)
		return fd;
	fd = open(path, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
	return fd < 0 ? -errno : fd;
}

static void close_all(const int *fds, size_t count)
{
	for (size_t i = 0; i < count; i++)
		if (fds[i] >= 0)
			close(fds[i]);
}

/* The iterator over the map of budgets: it runs whenever it is read. */
static int open_sums(const char *dir)
{
	union bpf_iter_link_info info = {0};
	LIBBPF_OPTS(
		bpf_link_create_opts, options, .iter_info = &info, .iter_info_len = sizeof(info));
	int program = get(dir, names[BROKER_SUMS]), map = get(dir, "maps/budgets");
	int guarded = get(dir, names[BROKER_GUARDED]), link = -1, error;

	error = program < 0 ? program : map < 0 ? map : guarded < 0 ? guarded : 0;
	if (!error)
		error = guarded_hold(guarded);
	if (!error) {
		info.map.map_fd = map;
		link = bpf_link_create(program, 0, BPF_TRACE_ITER, &options);
		error = guarded_link(guarded, link);
	}
	if (error && link >= 0)
		close(link);
	close_all((const int[]){program, map, guarded}, 3);
	return error ? error : link;
}

static int open_guarded(const char *dir)
{
	int map = get(dir, names[BROKER_GUARDED]), reader = get(dir, names[BROKER_READER]);
	int error = map < 0 ? map : reader < 0 ? reader : guarded_register(map, reader);

	if (reader >= 0)
		close(reader);
	if (error && map >= 0)
		close(map);
	return error ? error : map;
}

static int open_pin(const char *dir, uint32_t pin, uint32_t generation)
{
	switch (pin) {
	case BROKER_IMAGE:
		return open_image(dir, generation);
	case BROKER_MAPS:
		return open_directory(dir);
	case BROKER_SUMS:
		return open_sums(dir);
	case BROKER_GUARDED:
		return open_guarded(dir);
	default:
		return pin < BROKER_PINS && names[pin] ? get(dir, names[pin]) : -EINVAL;
	}
}

struct request {
	uint32_t pin;
	uint32_t generation;
};

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
	struct request request;
	const char *what;

	guarded_remember(getpid());
	if (dup2(socket, BROKER_SOCKET) < 0 || close_range(BROKER_SOCKET + 1, ~0U, 0) ||
		prctl(PR_SET_NAME, "cgward-pins") || confine_drop(&what) ||
		confine_filter(CONFINE_BROKER) || send_map(BROKER_SOCKET, READY))
		_exit(1);
	while (read(BROKER_SOCKET, &request, sizeof(request)) == sizeof(request)) {
		int map = open_pin(broker->dir, request.pin, request.generation);

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

int broker_open(const struct broker *broker, enum broker_pin pin, uint32_t generation)
{
	const struct request request = {pin, generation};

	if (broker->socket < 0)
		return open_pin(broker->dir, pin, generation);
	if (send(broker->socket, &request, sizeof(request), MSG_NOSIGNAL) != sizeof(request))
		return -EPIPE;
	return receive_map(broker->socket);
}

int broker_open_image(void *context, uint32_t generation)
{
	return broker_open(context, BROKER_IMAGE, generation);
}
