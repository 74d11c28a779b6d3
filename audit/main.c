// SPDX-License-Identifier: GPL-2.0-only
/* cgward-audit - reads what cgward denied or audited. */
#include <stdio.h>
#include <stdlib.h>
#include "session.h"

static int print(const char *text)
{
	if (fputs(text, stdout) == EOF || fflush(stdout) == EOF) {
		message("failed to write to standard output");
		return STATUS_NOT;
	}
	return STATUS_DONE;
}

int main(int argc, char **argv)
{
	struct arguments arguments;
	char *text = NULL;
	int status;

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
