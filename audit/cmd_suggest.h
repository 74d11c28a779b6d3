/* SPDX-License-Identifier: GPL-2.0-only */
/* cmd_suggest.h - `cgward-audit suggest FILE`: exceptions for what a JSON log holds. */
#ifndef CGW_CMD_SUGGEST_H
#define CGW_CMD_SUGGEST_H

#include "session.h"

/* argv[0] is "suggest". Prints the difference, and messages. */
enum status suggest_run(int argc, char **argv);

#endif
