/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * broker.h - opens images for a reader that has become an unprivileged user.
 *
 * The pins belong to root, and each `cgward apply` makes a new one: a descriptor of the directory
 * is not enough for BPF_OBJ_GET. So a second process stays root, without capabilities, with nothing
 * open but one socket, and a seccomp filter: all it does is to open images/GENERATION and to send
 * the descriptor. It ends with the reader.
 */
#ifndef CGW_BROKER_H
#define CGW_BROKER_H

#include <stdint.h>
#include <sys/types.h>

struct broker {
	const char *images; /* path of the directory */
	int socket;	    /* -1: the reader opens images itself */
	pid_t pid;
};

/* Starts the process, which holds nothing else open any more on return. 0 or -errno. */
int broker_start(struct broker *broker);
void broker_close(struct broker *broker);

/* A rules_open_image; the context is a struct broker. */
int broker_open_image(void *context, uint32_t generation);

#endif
