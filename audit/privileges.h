/* SPDX-License-Identifier: GPL-2.0-only */
/* privileges.h - gives up every right that reading on does not need. */
#ifndef CGW_PRIVILEGES_H
#define CGW_PRIVILEGES_H

/*
 * Sets no_new_privs and drops all capabilities from the ambient, bounding, inheritable, permitted
 * and effective sets. Without CAP_SETPCAP the bounding set stays, which no_new_privs makes
 * harmless. 0, or -errno with what failed in *what (static); do not go on then.
 */
int privileges_drop(const char **what);

#endif
