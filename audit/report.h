/* SPDX-License-Identifier: GPL-2.0-only */
/* report.h - `cgward-audit report FILE`: a page about the events of a JSON log. */
#ifndef CGW_REPORT_H
#define CGW_REPORT_H

#include "session.h"
#include "strbuf.h"

/* argv[0] is "report". Reads FILE ("-": standard input), writes HTML to standard output. Prints
 * messages. */
enum status report_run(int argc, char **argv);

#endif
