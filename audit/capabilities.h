/* SPDX-License-Identifier: GPL-2.0-only */
/* capabilities.h - which capabilities stand behind an operation. */
#ifndef CGW_CAPABILITIES_H
#define CGW_CAPABILITIES_H

#include <stdint.h>
#include "abi.h"

/*
 * Of the task's effective capabilities those that the kernel asks for, or lets decide, in
 * operations of this kind: without cgward's verdict they might have let it through. Bit n is
 * capability n.
 */
uint64_t capabilities_that_matter(const struct cgw_event *event);

#endif
