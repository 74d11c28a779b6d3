/* SPDX-License-Identifier: GPL-2.0-only */
/* diff.h - lines added to a text, as the unified difference that patch(1) takes. */
#ifndef CGW_DIFF_H
#define CGW_DIFF_H

#include <stddef.h>
#include <stdint.h>
#include "strbuf.h"

struct insertion {
	uint32_t after;	  /* line, from 1; 0: before the first */
	const char *text; /* whole lines */
};

/* Adds the difference. Insertions are sorted, and no two after the same line. */
void diff_print(struct strbuf *out, const char *file, const char *text,
	const struct insertion *insertions, size_t count);

/* Adds the text with the insertions. */
void diff_apply(
	struct strbuf *out, const char *text, const struct insertion *insertions, size_t count);

#endif
