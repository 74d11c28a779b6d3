/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * listener.h - /metrics over HTTP, for those who ask from this machine: on a loopback address or on
 * a unix socket.
 *
 * It has no thread of its own, and nobody is waited for: listener_run() does what can be done at
 * once. What it serves is made at most once a second, whoever asks how often.
 */
#ifndef CGW_LISTENER_H
#define CGW_LISTENER_H

#include <stdint.h>
#include <sys/socket.h>
#include <sys/types.h>

struct MHD_Daemon;
struct MHD_Response;

/* Writes the metrics. 0 or -errno. */
typedef int listener_render(void *context, int fd);

struct listener_address {
	struct sockaddr_storage address;
	socklen_t length;
};

struct listener {
	struct MHD_Daemon *daemon; /* NULL: there is none */
	int fd;			   /* readable when there is something to do */
	listener_render *render;
	void *context;
	struct MHD_Response *response; /* the latest */
	int64_t made;		       /* CLOCK_BOOTTIME */
	const char *path;	       /* of a unix socket */
	dev_t device;
	ino_t inode;
};

/*
 * 127.x.x.x:PORT, [::1]:PORT or unix:PATH. 0, or -1 with what is wrong in *why (static).
 */
int listener_parse(struct listener_address *address, const char *text, const char **why);

/*
 * Listens. A unix socket that nobody listens on any more is replaced; it is made with mode 0660 and
 * belongs to that user and group ((uid_t)-1: to us). `text`, of which `address` was made, must stay
 * valid. 0, or -errno: -EADDRINUSE if somebody else listens there.
 */
int listener_open(struct listener *listener, const struct listener_address *address,
	const char *text, uid_t uid, gid_t gid, listener_render *render, void *context);
void listener_close(struct listener *listener); /* one that is all zero, too */

/* Does what can be done at once. */
void listener_run(struct listener *listener);

#endif
