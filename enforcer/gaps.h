/* SPDX-License-Identifier: GPL-2.0-only */
/* gaps.h - promise 5: what of a ruleset this kernel cannot enforce, rule by rule. */
#ifndef CGW_GAPS_H
#define CGW_GAPS_H

#include <stdint.h>
#include "compile.h"
#include "demand.h"
#include "diagnostics.h"
#include "policy.h"

/*
 * Adds to diags an error for each rule that cannot be enforced with the hooks that are offered, or
 * a warning if its policy says on-missing = warn; and a warning for each policy whose rules leave
 * something out that no rule can name on this kernel (AF_PACKET under a connect rule). Marks those
 * rules in the image, so that status tells. Returns 0, or -1 if there was an error.
 */
int gaps_check(const struct policies *policies, struct image *image, const struct offers *offers,
	struct diagnostics *diags);

#endif
