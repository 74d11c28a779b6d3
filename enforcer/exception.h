/* SPDX-License-Identifier: GPL-2.0-only */
/* exception.h - which `allow` line is the reason that an operation is not denied. */
#ifndef CGW_EXCEPTION_H
#define CGW_EXCEPTION_H

#include <stdbool.h>
#include "operation.h"
#include "policy.h"

/*
 * The earliest allow rule of `policy` without which the operation would be denied or audited by
 * it; NULL if there is none, or if the policy denies the operation anyway. Exact: it compiles the
 * policy with fewer and more of its exceptions and asks the matcher. Compiles about
 * log2(exceptions) times.
 */
const struct policy_rule *exception_find(
	const struct policy *policy, const struct operation *operation);

#endif
