/* SPDX-License-Identifier: GPL-2.0-only */
/* target.h - what stands after --output: a file, or the socket of a log daemon. */
#ifndef CGW_TARGET_H
#define CGW_TARGET_H

#include <sys/socket.h>

enum target_kind {
	TARGET_FILE = 1, /* or "-", standard output */
	TARGET_SYSLOG = 2,
	TARGET_JOURNAL = 3,
};

struct target {
	enum target_kind kind;
	const char *name; /* as given */
	int type;	  /* SOCK_DGRAM or SOCK_STREAM; 0: TARGET_FILE */
	struct sockaddr_storage address;
	socklen_t address_length;
};

/*
 * FILE, -, journal[:PATH], syslog:unix:PATH, syslog:udp:HOST:PORT or syslog:tcp:HOST:PORT; HOST is
 * a name or an address, one of IPv6 in brackets, and names are looked up here and now. 0, or -1
 * with what is wrong in *why (static). `text` must stay valid.
 */
int target_parse(struct target *target, const char *text, const char **why);

#endif
