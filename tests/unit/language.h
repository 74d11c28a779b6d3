/* SPDX-License-Identifier: GPL-2.0-only */
/* language.h - what the tests of the policy language share. */
#ifndef CGW_TESTS_LANGUAGE_H
#define CGW_TESTS_LANGUAGE_H

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>
#include <cmocka.h>
#include "policy.h"

#define ROWS(table) (sizeof(table) / sizeof(*(table)))

/* One policy in memory with all that is said about it; freed by language_free(). */
struct language {
	struct policies policies;
	struct diagnostics diags;
	int result;
};

static inline void language_free(struct language *language)
{
	policies_free(&language->policies);
	diagnostics_free(&language->diags);
}

/* Reads the text as "p.ini", without lint. */
static inline struct language language_read(const char *text, size_t length)
{
	struct language language = {0};

	language.result =
		policies_read_text(&language.policies, "p.ini", text, length, &language.diags);
	return language;
}

/* All diagnostics as they are printed; to be freed. */
static inline char *language_messages(const struct language *language)
{
	struct strbuf out = STRBUF_INIT;

	for (size_t i = 0; i < language->diags.count; i++)
		diagnostic_print(&language->diags.items[i], &out);
	return strbuf_take(&out);
}

#define HEAD "[policy]\nname = x\ncgroup = /a\n" /* three lines; rules begin on line 5 */

#endif
