/* SPDX-License-Identifier: GPL-2.0-only */
/* privileges.h - a command keeps the capabilities that it needs, and says which one is missing. */
#ifndef CGW_ENFORCER_PRIVILEGES_H
#define CGW_ENFORCER_PRIVILEGES_H

#include <stdbool.h>

/*
 * Gives up every capability that this command has no use for; `run` gives them up for itself, not
 * for the command that it starts. A failure is a warning: less is given up then.
 */
void privileges_keep(const char *command);

/* In the child of `run`, before it executes its command: what was there at first. */
void privileges_restore(void);

/* The command needs capabilities that it never had. */
bool privileges_are_missing(void);

/* A hint that names the capabilities that the command needs and never had, if there are any. */
void privileges_hint(void);

#endif
