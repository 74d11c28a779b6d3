// SPDX-License-Identifier: GPL-2.0-only
/*
 * pace RATE SECONDS ADDRESS PORT - tries that many connect(2) a second, on one UDP socket, and
 * prints how many it tried, how many were not denied, and how many a second it came to.
 */
#include <arpa/inet.h>
#include <errno.h>
#include <netinet/in.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/socket.h>
#include <time.h>

static double now(void)
{
	struct timespec time;

	clock_gettime(CLOCK_MONOTONIC, &time);
	return time.tv_sec + time.tv_nsec / 1e9;
}

int main(int argc, char **argv)
{
	struct sockaddr_in peer = {.sin_family = AF_INET};
	unsigned long tried = 0, through = 0;
	double start, rate, seconds, past;
	int fd = socket(AF_INET, SOCK_DGRAM, 0);

	if (argc != 5 || fd < 0 || inet_pton(AF_INET, argv[3], &peer.sin_addr) != 1) {
		fprintf(stderr, "usage: pace RATE SECONDS ADDRESS PORT\n");
		return 2;
	}
	rate = atof(argv[1]);
	seconds = atof(argv[2]);
	peer.sin_port = htons(atoi(argv[4]));
	start = now();
	while ((past = now() - start) < seconds) {
		/* What is due, and no more: a pause is not made up for all at once. */
		unsigned long due = past * rate;

		if (due > tried + rate / 100)
			start += (due - tried) / rate;
		for (; tried < due; tried++)
			if (!connect(fd, (struct sockaddr *)&peer, sizeof(peer)) || errno != EPERM)
				through++;
	}
	printf("%lu %lu %.0f\n", tried, through, tried / (now() - start));
	return through > 0;
}
