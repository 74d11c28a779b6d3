// SPDX-License-Identifier: GPL-2.0-only
/* cgward-audit - reads what cgward denied or audited. */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include "cmd_suggest.h"
#include "report.h"
#include "session.h"
#include "top.h"

static int print(const char *text)
{
	if (fputs(text, stdout) == EOF || fflush(stdout) == EOF) {
		message("failed to write to standard output");
		return STATUS_NOT;
	}
	return STATUS_DONE;
}

/* Commands that read a log. */
static const struct command {
	const char *name;
	enum status (*run)(int argc, char **argv);
} commands[] = {
	{"report", report_run},
	{"suggest", suggest_run},
	{"top", top_run},
};

static const struct command *find_command(const char *name)
{
	for (size_t i = 0; i < sizeof(commands) / sizeof(commands[0]); i++)
		if (!strcmp(name, commands[i].name))
			return &commands[i];
	return NULL;
}

int main(int argc, char **argv)
{
	const struct command *command = argc > 1 ? find_command(argv[1]) : NULL;
	struct arguments arguments;
	char *text = NULL;
	int status;

	if (command)
		return command->run(argc - 1, argv + 1);
	if (arguments_parse(&arguments, argc, argv, &text)) {
		message("%s\n  try 'cgward-audit --help'", text);
		status = STATUS_USAGE;
	} else if (arguments.help) {
		text = arguments_help();
		status = print(text);
	} else if (arguments.version) {
		status = print("cgward-audit " CGWARD_VERSION "\n");
	} else {
		status = session_run(&arguments);
	}
	free(text);
	return status;
}
