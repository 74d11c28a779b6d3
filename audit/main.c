// SPDX-License-Identifier: GPL-2.0-only
/* cgward-audit - reads what cgward denied or audited. */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include "report.h"
#include "session.h"

static int print(const char *text)
{
	if (fputs(text, stdout) == EOF || fflush(stdout) == EOF) {
		message("failed to write to standard output");
		return STATUS_NOT;
	}
	return STATUS_DONE;
}

static int report(int argc, char **argv)
{
	if (argc == 3 && (argv[2][0] != '-' || !argv[2][1]))
		return report_run(argv[2]);
	message("report: expected one FILE, or - for standard input\n"
		"  cgward-audit report FILE.jsonl >page.html");
	return STATUS_USAGE;
}

int main(int argc, char **argv)
{
	struct arguments arguments;
	char *text = NULL;
	int status;

	if (argc > 1 && !strcmp(argv[1], "report"))
		return report(argc, argv);
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
