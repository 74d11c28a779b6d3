// SPDX-License-Identifier: GPL-2.0-only
/*
 * hammer - does a denied operation as often as it can.
 *
 *   hammer SECONDS THREADS write FILE VALUE     pwrite(2) of VALUE to FILE
 *   hammer SECONDS THREADS connect IPV4 PORT    connect(2) of UDP sockets
 *
 * Each thread has a descriptor of its own.
 * Prints "DENIED ALLOWED ERRORS".
 */
#include <arpa/inet.h>
#include <fcntl.h>
#include <netinet/in.h>
#include <pthread.h>
#include <stdatomic.h>
#include <stdbool.h>
#include <sys/socket.h>
#include <time.h>
#include <unistd.h>
#include "words.h"

static atomic_ulong denied, allowed, errors;
static atomic_bool stop;
static const char *file, *value;
static struct sockaddr_in peer = {.sin_family = AF_INET};

static int open_target(void)
{
	int fd = file ? open(file, O_WRONLY | O_CLOEXEC)
		      : socket(AF_INET, SOCK_DGRAM | SOCK_CLOEXEC, 0);

	if (fd < 0)
		fail("open", file ? file : "socket");
	return fd;
}

static void *thread_main(void *unused)
{
	size_t length = file ? strlen(value) : 0;
	int fd = open_target();

	while (!stop) {
		long result = file ? pwrite(fd, value, length, 0)
				   : connect(fd, (struct sockaddr *)&peer, sizeof(peer));

		if (result >= 0)
			allowed++;
		else if (errno == EPERM)
			denied++;
		else
			errors++;
	}
	close(fd);
	return unused;
}

int main(int argc, char **argv)
{
	pthread_t threads[64];
	int count;

	if (argc != 6 || (count = atoi(argv[2])) < 1 || count > 64) {
		fprintf(stderr, "usage: hammer SECONDS THREADS write FILE VALUE |"
				" connect IPV4 PORT\n");
		return 2;
	}
	if (!strcmp(argv[3], "write")) {
		file = argv[4];
		value = argv[5];
	} else {
		peer.sin_port = htons((uint16_t)atoi(argv[5]));
		if (inet_pton(AF_INET, argv[4], &peer.sin_addr) != 1)
			fail("understand", argv[4]);
	}
	for (int i = 0; i < count; i++)
		if (pthread_create(&threads[i], NULL, thread_main, NULL))
			fail("start", "thread");
	sleep((unsigned int)atoi(argv[1]));
	stop = true;
	for (int i = 0; i < count; i++)
		pthread_join(threads[i], NULL);
	printf("%lu %lu %lu\n", denied, allowed, errors);
	return 0;
}
