// SPDX-License-Identifier: GPL-2.0-only
/*
 * hammer - does denied operations as often as it can.
 *
 *   hammer SECONDS THREADS write FILE VALUE     pwrite(2) of VALUE to FILE
 *   hammer SECONDS THREADS connect IPV4 PORT    connect(2) of UDP sockets
 *   hammer SECONDS THREADS sendto IPV4 PORT     sendto(2) of UDP sockets
 *   hammer SECONDS THREADS all FILE VALUE IPV4 PORT   the three, by turns
 *   hammer SECONDS THREADS chroot DIRECTORY     chroot(2) to it
 *   hammer SECONDS THREADS lsm FILE VALUE IPV4 PORT OBJECT PROGRAM DIRECTORY
 *                                               the three, open(2) of OBJECT, execve(2) of PROGRAM,
 *                                               which is "true", and mount(2) over DIRECTORY
 *
 * SECONDS 0: until SIGTERM. Each thread has descriptors of its own. What needs BPF LSM runs with a
 * low priority, that of the environment's NICE or 19: in a guest with one CPU others have work to
 * do, too.
 * Prints "DENIED ALLOWED ERRORS" of all together; for lsm then a line "OPERATION DENIED ALLOWED
 * ERRORS" for each of them.
 */
#include <arpa/inet.h>
#include <fcntl.h>
#include <netinet/in.h>
#include <pthread.h>
#include <signal.h>
#include <stdatomic.h>
#include <stdbool.h>
#include <sys/mount.h>
#include <sys/socket.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>
#include "words.h"

static atomic_bool stop;
static const char *file, *value, *root, *object, *program, *directory;
static struct sockaddr_in peer = {.sin_family = AF_INET};

/* Descriptors of one thread. */
struct thread {
	int written, connected, sent;
};

static long do_write(const struct thread *thread)
{
	return pwrite(thread->written, value, strlen(value), 0);
}

static long do_connect(const struct thread *thread)
{
	return connect(thread->connected, (const struct sockaddr *)&peer, sizeof(peer));
}

static long do_sendto(const struct thread *thread)
{
	return sendto(
		thread->sent, "x", 1, MSG_DONTWAIT, (const struct sockaddr *)&peer, sizeof(peer));
}

static long do_chroot(const struct thread *thread)
{
	(void)thread;
	return chroot(root);
}

static long do_open(const struct thread *thread)
{
	int fd = open(object, O_RDONLY | O_CLOEXEC);

	(void)thread;
	if (fd >= 0)
		close(fd);
	return fd;
}

static long do_exec(const struct thread *thread)
{
	char *const arguments[] = {"true", NULL}, *const environment[] = {NULL};
	pid_t pid = vfork();
	int status;

	(void)thread;
	if (!pid) {
		execve(program, arguments, environment);
		_exit(errno == EPERM ? 100 : 101);
	}
	if (pid < 0 || waitpid(pid, &status, 0) != pid)
		return -1;
	errno = status == W_EXITCODE(100, 0) ? EPERM : EIO;
	return status ? -1 : 0;
}

static long do_mount(const struct thread *thread)
{
	int result = mount("none", directory, "tmpfs", 0, NULL);

	(void)thread;
	if (!result)
		umount2(directory, MNT_DETACH);
	return result;
}

static struct operation {
	const char *name;
	long (*attempt)(const struct thread *thread);
	bool wanted;
	atomic_ulong denied, allowed, errors;
} operations[] = {
	{.name = "write", .attempt = do_write},
	{.name = "connect", .attempt = do_connect},
	{.name = "sendto", .attempt = do_sendto},
	{.name = "chroot", .attempt = do_chroot},
	{.name = "open", .attempt = do_open},
	{.name = "exec", .attempt = do_exec},
	{.name = "mount", .attempt = do_mount},
};
#define OPERATIONS (sizeof(operations) / sizeof(operations[0]))
#define PLAIN 3 /* the first ones need no BPF LSM */

static void attempt(struct operation *operation, const struct thread *thread)
{
	long result = operation->attempt(thread);

	if (result >= 0)
		operation->allowed++;
	else if (errno == EPERM)
		operation->denied++;
	else
		operation->errors++;
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

static bool needs_lsm(void)
{
	for (size_t i = PLAIN; i < OPERATIONS; i++)
		if (operations[i].wanted)
			return true;
	return false;
}

static void *thread_main(void *unused)
{
	struct thread thread = {file ? open_file() : -1, open_socket(), open_socket()};
	bool sleeps = needs_lsm();
	unsigned int turns = 0;

	while (!stop) {
		for (size_t i = 0; i < OPERATIONS; i++)
			if (operations[i].wanted)
				attempt(&operations[i], &thread);
		/* Grace periods of the kernel's trampolines wait for tasks to sleep. */
		if (sleeps && !(++turns % 256))
			usleep(1000);
	}
	close(thread.written);
	close(thread.connected);
	close(thread.sent);
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

static void want(const char *name)
{
	for (size_t i = 0; i < OPERATIONS; i++) {
		struct operation *operation = &operations[i];

		operation->wanted = !strcmp(name, operation->name) ||
				    (!strcmp(name, "all") && i < PLAIN) ||
				    (!strcmp(name, "lsm") && operation->attempt != do_chroot);
	}
}

/* False: the command line is wrong. */
static bool parse(int argc, char **argv)
{
	static const struct form {
		const char *name;
		int words;
	} forms[] = {
		{"write", 2}, {"connect", 2}, {"sendto", 2}, {"all", 4}, {"chroot", 1}, {"lsm", 7}};
	const struct form *form = forms;

	while (form->words != argc - 4 || strcmp(form->name, argv[3]))
		if (++form == forms + sizeof(forms) / sizeof(forms[0]))
			return false;
	argv += 4;
	if (form->words == 1)
		root = argv[0];
	if (form->words >= 4 || !strcmp(form->name, "write")) {
		file = argv[0];
		value = argv[1];
	}
	if (form->words >= 4)
		set_peer(argv[2], argv[3]);
	else if (form->words == 2 && !file)
		set_peer(argv[0], argv[1]);
	if (form->words == 7) {
		object = argv[4];
		program = argv[5];
		directory = argv[6];
	}
	want(form->name);
	return true;
}

static void wait_for_end(int seconds)
{
	signal(SIGTERM, on_term);
	for (int tenths = 0; !stop && (!seconds || tenths < seconds * 10); tenths++)
		usleep(100000);
	stop = true;
}

static void print(bool each)
{
	unsigned long denied = 0, allowed = 0, errors = 0;

	for (size_t i = 0; i < OPERATIONS; i++) {
		denied += operations[i].denied;
		allowed += operations[i].allowed;
		errors += operations[i].errors;
	}
	printf("%lu %lu %lu\n", denied, allowed, errors);
	for (struct operation *operation = operations; each && operation < operations + OPERATIONS;
		operation++)
		if (operation->wanted)
			printf("%s %lu %lu %lu\n", operation->name, operation->denied,
				operation->allowed, operation->errors);
}

int main(int argc, char **argv)
{
	const char *niceness = getenv("NICE");
	pthread_t threads[64];
	int count;

	if (argc < 5 || (count = atoi(argv[2])) < 1 || count > 64 || !parse(argc, argv)) {
		fprintf(stderr, "usage: hammer SECONDS THREADS write FILE VALUE |"
				" connect|sendto IPV4 PORT | chroot DIRECTORY | all FILE VALUE "
				"IPV4 PORT | lsm FILE VALUE IPV4 PORT OBJECT PROGRAM DIRECTORY\n");
		return 2;
	}
	if (needs_lsm() && nice(niceness ? atoi(niceness) : 19) < 0)
		fail("lower", "the priority");
	for (int i = 0; i < count; i++)
		if (pthread_create(&threads[i], NULL, thread_main, NULL))
			fail("start", "thread");
	wait_for_end(atoi(argv[1]));
	for (int i = 0; i < count; i++)
		pthread_join(threads[i], NULL);
	print(object);
	return 0;
}
