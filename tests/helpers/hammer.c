// SPDX-License-Identifier: GPL-2.0-only
/*
 * hammer - does a denied operation as often as it can.
 *
 *   hammer SECONDS THREADS write FILE VALUE     pwrite(2) of VALUE to FILE
 *   hammer SECONDS THREADS connect IPV4 PORT    connect(2) of UDP sockets
 *   hammer SECONDS THREADS sendto IPV4 PORT     sendto(2) of UDP sockets
 *   hammer SECONDS THREADS chroot DIRECTORY     chroot(2) to it, with a low priority: in a guest
 *                                               with one CPU others have work to do, too
 *   hammer SECONDS THREADS all FILE VALUE IPV4 PORT   the three, by turns
 *
 * SECONDS 0: until SIGTERM. Each thread has descriptors of its own.
 * Prints "DENIED ALLOWED ERRORS".
 */
#include <arpa/inet.h>
#include <fcntl.h>
#include <netinet/in.h>
#include <pthread.h>
#include <signal.h>
#include <stdatomic.h>
#include <stdbool.h>
#include <sys/socket.h>
#include <time.h>
#include <unistd.h>
#include "words.h"

static atomic_ulong denied, allowed, errors;
static atomic_bool stop;
static const char *file, *value, *root;
static bool connects, sends;
static struct sockaddr_in peer = {.sin_family = AF_INET};

static void account(long result)
{
	if (result >= 0)
		allowed++;
	else if (errno == EPERM)
		denied++;
	else
		errors++;
}

static int open_file(void)
{
	int fd = open(file, O_WRONLY | O_CLOEXEC);

	if (fd < 0)
		fail("open", file);
	return fd;
}

static int open_socket(void)
{
	int fd = socket(AF_INET, SOCK_DGRAM | SOCK_CLOEXEC, 0);

	if (fd < 0)
		fail("open", "socket");
	return fd;
}

static void *thread_main(void *unused)
{
	int written = file ? open_file() : -1;
	int connected = connects ? open_socket() : -1;
	int sent = sends ? open_socket() : -1;
	unsigned int turns = 0;
	const struct sockaddr *to = (const struct sockaddr *)&peer;

	while (!stop) {
		if (file)
			account(pwrite(written, value, strlen(value), 0));
		if (connects)
			account(connect(connected, to, sizeof(peer)));
		if (sends)
			account(sendto(sent, "x", 1, MSG_DONTWAIT, to, sizeof(peer)));
		if (root)
			account(chroot(root));
		/* Grace periods of the kernel's trampolines wait for tasks to sleep. */
		if (root && !(++turns % 256))
			usleep(1000);
	}
	close(written);
	close(connected);
	close(sent);
	return unused;
}

static void on_term(int number)
{
	(void)number;
	stop = true;
}

static void set_peer(const char *address, const char *port)
{
	peer.sin_port = htons((uint16_t)atoi(port));
	if (inet_pton(AF_INET, address, &peer.sin_addr) != 1)
		fail("understand", address);
}

/* False: the command line is wrong. */
static bool parse(int argc, char **argv)
{
	bool all = argc == 8 && !strcmp(argv[3], "all");

	if (argc == 5 && !strcmp(argv[3], "chroot")) {
		root = argv[4];
		return true;
	}
	if (argc != 6 && !all)
		return false;
	if (all || !strcmp(argv[3], "write")) {
		file = argv[4];
		value = argv[5];
	}
	connects = all || !strcmp(argv[3], "connect");
	sends = all || !strcmp(argv[3], "sendto");
	if (connects || sends)
		set_peer(argv[argc - 2], argv[argc - 1]);
	return file || connects || sends;
}

static void wait_for_end(int seconds)
{
	signal(SIGTERM, on_term);
	for (int tenths = 0; !stop && (!seconds || tenths < seconds * 10); tenths++)
		usleep(100000);
	stop = true;
}

int main(int argc, char **argv)
{
	pthread_t threads[64];
	int count;

	if (argc < 5 || (count = atoi(argv[2])) < 1 || count > 64 || !parse(argc, argv)) {
		fprintf(stderr, "usage: hammer SECONDS THREADS write FILE VALUE |"
				" connect|sendto IPV4 PORT | chroot DIRECTORY | all FILE VALUE "
				"IPV4 PORT\n");
		return 2;
	}
	if (root && nice(19) < 0)
		fail("lower", "the priority");
	for (int i = 0; i < count; i++)
		if (pthread_create(&threads[i], NULL, thread_main, NULL))
			fail("start", "thread");
	wait_for_end(atoi(argv[1]));
	for (int i = 0; i < count; i++)
		pthread_join(threads[i], NULL);
	printf("%lu %lu %lu\n", denied, allowed, errors);
	return 0;
}
