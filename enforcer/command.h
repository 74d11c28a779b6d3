/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * command.h - the subcommands of cgward: rows of the table in main.c, one file each.
 *
 * A command gets its own name in argv[0], then its arguments. It returns an enum status, which
 * becomes the exit status of the process. It prints through output.h only.
 */
#ifndef CGW_COMMAND_H
#define CGW_COMMAND_H

struct command {
	const char *name;
	int (*main)(int argc, char **argv);
	const char *help; /* one line */
};

int cmd_check(int argc, char **argv);
int cmd_apply(int argc, char **argv);
int cmd_status(int argc, char **argv);
int cmd_explain(int argc, char **argv);
int cmd_test(int argc, char **argv);
int cmd_run(int argc, char **argv);
int cmd_attach(int argc, char **argv);
int cmd_detach(int argc, char **argv);
int cmd_remove(int argc, char **argv);
int cmd_doctor(int argc, char **argv);

#endif
