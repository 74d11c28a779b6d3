// SPDX-License-Identifier: GPL-2.0-only
/* cgward - a table of commands and a loop. */
#include <stdio.h>
#include <string.h>
#include "command.h"
#include "output.h"
#include "privileges.h"

static const struct command commands[] = {
	{"check", cmd_check, "read, lint and compile policies, and say what is wrong with them"},
	{"apply", cmd_apply, "make exactly these policies the ruleset in force"},
	{"status", cmd_status, "show the ruleset in force, its hooks, cgroups and counters"},
	{"explain", cmd_explain, "show the verdict on one operation, and the rule that gave it"},
	{"test", cmd_test, "check tables of operations and expected verdicts"},
	{"run", cmd_run, "run a command in a new cgroup under policies"},
	{"attach", cmd_attach, "govern one more cgroup by a policy"},
	{"detach", cmd_detach, "take back what attach did"},
	{"remove", cmd_remove, "end all enforcement and remove every trace of it"},
	{"doctor", cmd_doctor, "try what this kernel offers, and what that makes enforceable"},
};
#define COMMANDS (sizeof(commands) / sizeof(commands[0]))

static int usage(void)
{
	output_print(
		"Usage: cgward COMMAND [OPTION]... [ARGUMENT]...\n\n"
		"Locks down cgroups: what a policy denies, the kernel refuses.\n\nCommands:\n");
	for (size_t i = 0; i < COMMANDS; i++)
		output_print("  %-9s %s\n", commands[i].name, commands[i].help);
	output_print("\n'cgward COMMAND --help' tells more. Manual pages: cgward(8), "
		     "cgward-policy(5).\n");
	return STATUS_DONE;
}

static int run(const struct command *command, int argc, char **argv)
{
	int status;

	privileges_keep(command->name);
	status = command->main(argc, argv);
	if (status == STATUS_UNABLE)
		privileges_hint();
	return status;
}

static int dispatch(int argc, char **argv)
{
	if (argc < 2) {
		output_error("expected a command");
		output_hint("try 'cgward --help'");
		return STATUS_USAGE;
	}
	if (!strcmp(argv[1], "--help") || !strcmp(argv[1], "-h") || !strcmp(argv[1], "help"))
		return usage();
	if (!strcmp(argv[1], "--version")) {
		output_print("cgward %s\n", CGWARD_VERSION);
		return STATUS_DONE;
	}
	for (size_t i = 0; i < COMMANDS; i++)
		if (!strcmp(commands[i].name, argv[1]))
			return run(&commands[i], argc - 1, argv + 1);
	output_error("unknown command %s", quote(argv[1], strlen(argv[1])));
	output_hint("try 'cgward --help'");
	return STATUS_USAGE;
}

int main(int argc, char **argv)
{
	return output_finish(dispatch(argc, argv));
}
