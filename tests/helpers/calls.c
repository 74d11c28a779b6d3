/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * calls - what system calls cost: the median of N calls of each kind, in ticks of the time stamp
 *counter. In a guest that runs with instruction counting a tick is one instruction.
 *
 *	calls [N [NAME...]]        prints "NAME TICKS" lines, of all but chroot and kill, or of
 *those named
 *
 * Destinations are on loopback and have nobody listening.
 */
#include <arpa/inet.h>
#include <errno.h>
#include <fcntl.h>
#include <signal.h>
#include <stdbool.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/syscall.h>
#include <unistd.h>
#include <x86intrin.h>

#define CALLS_DEFAULT 301

static struct sockaddr_in peer = {.sin_family = AF_INET};
static int udp, sysctl;

static void call_getppid(void)
{
	syscall(SYS_getppid);
}

static void call_socket(void)
{
	close(socket(AF_INET, SOCK_DGRAM, 0));
}

static void call_udp_connect(void)
{
	connect(udp, (struct sockaddr *)&peer, sizeof(peer));
}

static void call_udp_sendto(void)
{
	sendto(udp, "x", 1, 0, (struct sockaddr *)&peer, sizeof(peer));
}

static void call_tcp_connect(void)
{
	int fd = socket(AF_INET, SOCK_STREAM, 0);

	connect(fd, (struct sockaddr *)&peer, sizeof(peer));
	close(fd);
}

static void call_sysctl_write(void)
{
	if (pwrite(sysctl, "60\n", 3, 0) != 3)
		exit(1);
}

/* Asks for a capability, too. */
static void call_chroot(void)
{
	if (chroot("/"))
		exit(1);
}

/* To the parent, which ignores it. */
static void call_kill(void)
{
	if (kill(getppid(), SIGWINCH))
		exit(1);
}

static const struct {
	const char *name;
	void (*call)(void);
	bool named; /* only if named */
} kinds[] = {
	{"getppid", call_getppid, false},
	{"socket", call_socket, false},
	{"udp-connect", call_udp_connect, false},
	{"udp-sendto", call_udp_sendto, false},
	{"tcp-connect", call_tcp_connect, false},
	{"sysctl-write", call_sysctl_write, false},
	{"chroot", call_chroot, true},
	{"kill", call_kill, true},
};

static int compare(const void *a, const void *b)
{
	const uint64_t *x = a, *y = b;

	return (*x > *y) - (*x < *y);
}

static bool is_wanted(size_t kind, int argc, char **argv)
{
	for (int i = 2; i < argc; i++)
		if (!strcmp(argv[i], kinds[kind].name))
			return true;
	return argc < 3 && !kinds[kind].named;
}

int main(int argc, char **argv)
{
	int count = argc > 1 ? atoi(argv[1]) : CALLS_DEFAULT;
	uint64_t *ticks = calloc(count > 0 ? count : 1, sizeof(*ticks));

	peer.sin_port = htons(9);
	inet_pton(AF_INET, "127.0.0.8", &peer.sin_addr);
	udp = socket(AF_INET, SOCK_DGRAM, 0);
	sysctl = open("/proc/sys/net/ipv4/ipfrag_time", O_WRONLY);
	if (!ticks || udp < 0 || sysctl < 0 || count < 1) {
		fprintf(stderr, "calls: %s\n", strerror(errno));
		return 1;
	}
	for (size_t k = 0; k < sizeof(kinds) / sizeof(kinds[0]); k++) {
		if (!is_wanted(k, argc, argv))
			continue;
		for (int i = 0; i < count; i++) {
			uint64_t start = __rdtsc();

			kinds[k].call();
			ticks[i] = __rdtsc() - start;
		}
		qsort(ticks, count, sizeof(*ticks), compare);
		printf("%s %lu\n", kinds[k].name, (unsigned long)ticks[count / 2]);
	}
	free(ticks);
	return 0;
}
