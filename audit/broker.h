/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * broker.h - opens pins for a reader that cannot any more.
 *
 * The pins belong to root; each `cgward apply` makes a new image, and an upgrade a new instance. So
 * a second process stays root, without capabilities, with nothing open but one socket, and a
 * seccomp filter: all it does is to open the pins that are named here and to send descriptors. It
 * ends with the reader.
 */
#ifndef CGW_BROKER_H
#define CGW_BROKER_H

#include <stdint.h>
#include <sys/types.h>

enum broker_pin {
	BROKER_IMAGE = 1, /* images/GENERATION; generation 0: the newest */
	BROKER_MAPS,	  /* the directory maps/ */
	BROKER_META,	  /* maps/meta, and so on */
	BROKER_EVENTS,
	BROKER_CPUS,
	BROKER_READER,
	BROKER_COUNTERS,
	BROKER_SUMS,	/* a link of progs/cgward_sums to maps/budgets */
	BROKER_GUARDED, /* maps/guarded; the reader is put on record there by it */
	BROKER_PINS,
};

struct broker {
	const char *dir; /* of the instance */
	int socket;	 /* -1: the reader opens pins itself */
	pid_t pid;
};

/* What the pin is called in the directory; static. */
const char *broker_pin_name(enum broker_pin pin);

/* A descriptor (CLOEXEC) or -errno. */
int broker_open(const struct broker *broker, enum broker_pin pin, uint32_t generation);

/* Starts the process, which holds nothing else open any more on return. 0 or -errno. */
int broker_start(struct broker *broker);
void broker_close(struct broker *broker);

/* A rules_open_image; the context is a struct broker. */
int broker_open_image(void *context, uint32_t generation);

#endif
