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
	struct options options;
	char *text = NULL;
	int status;

	if (options_parse(&options, argc, argv, &text)) {
		message("%s\n  try 'cgward-audit --help'", text);
		status = STATUS_USAGE;
	} else if (options.help) {
		text = options_help();
		status = print(text);
	} else if (options.version) {
		status = print("cgward-audit " CGWARD_VERSION "\n");
	} else {
		status = session_run(&options);
	}
	free(text);
	return status;
}
