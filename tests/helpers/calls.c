/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * calls - what system calls cost: the median of N calls of each kind, in ticks of the time stamp
 * counter. In a guest that runs with instruction counting a tick is one instruction.
 *
 *	calls [N [NAME...]]
 *
 * Prints "NAME TICKS" lines, of those named, or of all that need nothing: chroot, kill, and those
 * of files, which are made in the directory CALLS_FILES, have to be named. Destinations are on
 * loopback and have nobody listening.
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
#include <sys/wait.h>
#include <unistd.h>
#include <x86intrin.h>

#define CALLS_DEFAULT 301

static struct sockaddr_in peer = {.sin_family = AF_INET};
static struct sockaddr_in6 peer6 = {.sin6_family = AF_INET6};
static int udp, udp6, sysctl, null;
static char file[512], moved[512];

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

static void call_udp6_connect(void)
{
	connect(udp6, (struct sockaddr *)&peer6, sizeof(peer6));
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

static void call_open(void)
{
	int fd = open(file, O_RDONLY);

	if (fd < 0)
		exit(1);
	close(fd);
}

static void call_unlink_create(void)
{
	if (unlink(file))
		exit(1);
	close(open(file, O_WRONLY | O_CREAT | O_EXCL, 0644));
}

/* There and, the next time, back. */
static void call_rename(void)
{
	static int turn;
	bool back = turn++ & 1;

	if (rename(back ? moved : file, back ? file : moved))
		exit(1);
}

static void call_write(void)
{
	if (write(null, "x", 1) != 1)
		exit(1);
}

static void call_pipe(void)
{
	int ends[2];

	if (pipe(ends))
		exit(1);
	close(ends[0]);
	close(ends[1]);
}

/*
 * From execve(2) to the program's main(), which tells its time by standard output; fork and exit
 * are not in it.
 */
static uint64_t exec_ticks(void)
{
	char *const args[] = {(char *)"calls", (char *)"--executed", NULL};
	uint64_t times[2];
	int ends[2], status;
	pid_t pid;

	if (pipe(ends) || (pid = fork()) < 0)
		exit(1);
	if (!pid) {
		dup2(ends[1], STDOUT_FILENO);
		times[0] = __rdtsc();
		if (write(STDOUT_FILENO, times, sizeof(*times)) == sizeof(*times))
			execve("/proc/self/exe", args, args + 2);
		_exit(1);
	}
	close(ends[1]);
	if (waitpid(pid, &status, 0) != pid || status ||
		read(ends[0], times, sizeof(times)) != sizeof(times))
		exit(1);
	close(ends[0]);
	return times[1] - times[0];
}

static int executed(uint64_t time)
{
	return write(STDOUT_FILENO, &time, sizeof(time)) != sizeof(time);
}

static uint64_t ticks_of(void (*call)(void))
{
	uint64_t start = __rdtsc();

	if (!call)
		return exec_ticks();
	call();
	return __rdtsc() - start;
}

static const struct {
	const char *name;
	void (*call)(void);
	bool named; /* only if named */
} kinds[] = {
	{"getppid", call_getppid, false},
	{"socket", call_socket, false},
	{"udp-connect", call_udp_connect, false},
	{"udp6-connect", call_udp6_connect, true},
	{"udp-sendto", call_udp_sendto, false},
	{"tcp-connect", call_tcp_connect, false},
	{"sysctl-write", call_sysctl_write, false},
	{"chroot", call_chroot, true},
	{"kill", call_kill, true},
	{"open", call_open, true},
	{"unlink+create", call_unlink_create, true},
	{"rename", call_rename, true},
	{"write", call_write, true},
	{"pipe", call_pipe, true},
	{"exec", NULL, true},
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

static void files_make(void)
{
	const char *folder = getenv("CALLS_FILES");

	if (!folder)
		return;
	snprintf(file, sizeof(file), "%s/file", folder);
	snprintf(moved, sizeof(moved), "%s/name", folder);
	close(open(file, O_WRONLY | O_CREAT, 0644));
}

int main(int argc, char **argv)
{
	uint64_t *ticks, begun = __rdtsc();
	int count = argc > 1 ? atoi(argv[1]) : CALLS_DEFAULT;

	if (argc > 1 && !strcmp(argv[1], "--executed"))
		return executed(begun);
	ticks = calloc(count > 0 ? count : 1, sizeof(*ticks));
	files_make();

	peer.sin_port = htons(9);
	inet_pton(AF_INET, "127.0.0.8", &peer.sin_addr);
	peer6.sin6_port = htons(9);
	peer6.sin6_addr = in6addr_loopback;
	udp = socket(AF_INET, SOCK_DGRAM, 0);
	udp6 = socket(AF_INET6, SOCK_DGRAM, 0); /* a guest may have none */
	sysctl = open("/proc/sys/net/ipv4/ipfrag_time", O_WRONLY);
	null = open("/dev/null", O_WRONLY);
	if (!ticks || udp < 0 || sysctl < 0 || null < 0 || count < 1) {
		fprintf(stderr, "calls: %s\n", strerror(errno));
		return 1;
	}
	for (size_t k = 0; k < sizeof(kinds) / sizeof(kinds[0]); k++) {
		if (!is_wanted(k, argc, argv))
			continue;
		for (int i = 0; i < count; i++)
			ticks[i] = ticks_of(kinds[k].call);
		qsort(ticks, count, sizeof(*ticks), compare);
		printf("%s %lu\n", kinds[k].name, (unsigned long)ticks[count / 2]);
	}
	free(ticks);
	return 0;
}
