// SPDX-License-Identifier: GPL-2.0-only
/*
 * op - carries out an operation by real system calls and says what the kernel answered.
 *
 *   op [WAY]... OPERATION...     op [WAY]... --batch <FILE     op [WAY]... --processes <FILE
 *
 * OPERATION is written as `cgward explain` takes it; --batch reads one a line. Prints one line for
 * each: allowed, denied (EPERM), or error:EXXX if the attempt did not come as far as the operation.
 * --processes is --batch with a process for each, whose id stands before the answer: it tells which
 * events of the log are those of the operation.
 */
#include <getopt.h>
#include <sys/wait.h>
#include "attempt.h"
#include "attempt_file.h"
#include "attempt_capability.h"
#include "attempt_device.h"
#include "attempt_kernel.h"
#include "attempt_network.h"
#include "attempt_sysctl.h"

static struct way way;
static bool batch, processes;

enum option_value {
	OPTION_FLAG = 0,
	OPTION_POSITION,
	OPTION_SYSCTL,
	OPTION_MADE_IN,
	OPTION_MOVE_TO,
	OPTION_HOP,
	OPTION_BATCH,
	OPTION_PROCESSES,
	OPTION_BY,
};

/* The flags of struct way, by name. */
static const struct {
	const char *name;
	bool *flag;
} flags[] = {
	{"sendto", &way.sendto},
	{"sendmsg", &way.sendmsg},
	{"unspec", &way.unspec},
	{"mapped", &way.mapped},
	{"fastopen", &way.fastopen},
	{"mptcp", &way.mptcp},
	{"udplite", &way.udplite},
	{"raw", &way.raw},
	{"hdrincl", &way.hdrincl},
	{"l2tp", &way.l2tp},
	{"dccp", &way.dccp},
	{"many", &way.many},
	{"connectx", &way.connectx},
	{"bindx", &way.bindx},
	{"scope", &way.scope},
	{"again", &way.again},
	{"autobind", &way.autobind},
	{"one-port", &way.one_port},
	{"dgram", &way.dgram},
	{"answer", &way.answer},
	{"via-dup", &way.dup},
	{"io-uring", &way.io_uring},
	{"sqpoll", &way.sqpoll},
	{"pidfd", &way.pidfd},
	{"writev", &way.writev},
	{"split", &way.split},
	{"splice", &way.splice},
	{"reopen", &way.reopen},
	{"both", &way.both},
};

#define FLAGS (sizeof(flags) / sizeof(flags[0]))

static void options_parse(int argc, char **argv)
{
	struct option options[FLAGS + 9] = {0};
	int option, index;

	for (size_t i = 0; i < FLAGS; i++)
		options[i] = (struct option){flags[i].name, no_argument, NULL, OPTION_FLAG};
	options[FLAGS + 0] = (struct option){"pos", required_argument, NULL, OPTION_POSITION};
	options[FLAGS + 1] = (struct option){"sysctl", required_argument, NULL, OPTION_SYSCTL};
	options[FLAGS + 2] = (struct option){"made-in", required_argument, NULL, OPTION_MADE_IN};
	options[FLAGS + 3] = (struct option){"move-to", required_argument, NULL, OPTION_MOVE_TO};
	options[FLAGS + 4] = (struct option){"batch", no_argument, NULL, OPTION_BATCH};
	options[FLAGS + 5] = (struct option){"processes", no_argument, NULL, OPTION_PROCESSES};
	options[FLAGS + 6] = (struct option){"hop", required_argument, NULL, OPTION_HOP};
	options[FLAGS + 7] = (struct option){"by", required_argument, NULL, OPTION_BY};
	while ((option = getopt_long(argc, argv, "+", options, &index)) != -1) {
		if (option == OPTION_FLAG)
			*flags[index].flag = true;
		else if (option == OPTION_POSITION)
			way.position = atol(optarg);
		else if (option == OPTION_SYSCTL)
			way.sysctl = optarg;
		else if (option == OPTION_MADE_IN)
			way.made_in = optarg;
		else if (option == OPTION_MOVE_TO)
			way.move_to = optarg;
		else if (option == OPTION_HOP)
			way.hop = optarg;
		else if (option == OPTION_BY)
			way.by = optarg;
		else if (option == OPTION_BATCH)
			batch = true;
		else if (option == OPTION_PROCESSES)
			batch = processes = true;
		else
			exit(2);
	}
}

static const char *answer(const char *text)
{
	struct operation operation = {0};
	char *error = NULL;
	int result;

	if (operation_parse(&operation, text, &error)) {
		fprintf(stderr, "op: %s\n", error);
		free(error);
		return "error:PARSE";
	}
	switch (operation.op) {
	case CGW_OP_SYSCTL_READ:
	case CGW_OP_SYSCTL_WRITE:
		result = attempt_sysctl(&operation, &way);
		break;
	case CGW_OP_CONNECT:
	case CGW_OP_BIND:
	case CGW_OP_LISTEN:
	case CGW_OP_SOCKET:
		result = attempt_network(&operation, &way);
		break;
	case CGW_OP_KERNEL:
		result = attempt_kernel(&operation, &way);
		break;
	case CGW_OP_CAPABILITY:
		result = attempt_capability(&operation);
		break;
	case CGW_OP_DEVICE_READ:
	case CGW_OP_DEVICE_WRITE:
	case CGW_OP_DEVICE_MKNOD:
		result = attempt_device(&operation, &way);
		break;
	case CGW_OP_FILE_READ:
	case CGW_OP_FILE_WRITE:
	case CGW_OP_FILE_EXEC:
		result = attempt_file(&operation, processes);
		break;
	default:
		result = ENOSYS;
	}
	operation_free(&operation);
	return way.answer && result == ENODATA ? "unanswered" : word_of(result);
}

static void answer_in_process(const char *text)
{
	pid_t pid;
	int status;

	fflush(stdout);
	pid = fork();
	if (!pid) {
		printf("%d %s\n", getpid(), answer(text));
		fflush(stdout);
		_exit(0); /* exit() would set the file position back, which standard input shares */
	}
	if (pid < 0 || waitpid(pid, &status, 0) != pid || status)
		fail("carry out", text);
}

int main(int argc, char **argv)
{
	char line[16384] = "";

	/* what was executed is this program */
	if (argc == 3 && !strcmp(argv[1], "--say")) {
		printf("%s%s", argv[2], *argv[2] ? "\n" : "");
		return 0;
	}
	options_parse(argc, argv);
	if (batch) {
		while (fgets(line, sizeof(line), stdin)) {
			line[strcspn(line, "\n")] = 0;
			if (processes)
				answer_in_process(line);
			else
				puts(answer(line));
		}
		return 0;
	}
	if (optind == argc) {
		fprintf(stderr,
			"usage: op [WAY]... OPERATION... | op [WAY]... --batch|--processes\n");
		return 2;
	}
	for (int i = optind; i < argc; i++) {
		if (strlen(line) + strlen(argv[i]) + 2 > sizeof(line)) {
			fprintf(stderr, "op: the operation is too long\n");
			return 2;
		}
		if (i > optind)
			strcat(line, " ");
		strcat(line, argv[i]);
	}
	puts(answer(line));
	return 0;
}
