/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * words.h - how the helpers tell what became of an attempt: one word that a shell can compare.
 */
#ifndef HELPERS_WORDS_H
#define HELPERS_WORDS_H

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

/* "allowed" (0), "denied" (EPERM) or "error:EXXX". Returns a static buffer. */
static inline const char *word_of(int error)
{
	static char buffer[32];
	const char *name;

	if (!error)
		return "allowed";
	if (error == EPERM)
		return "denied";
	name = strerrorname_np(error);
	snprintf(buffer, sizeof(buffer), "error:%s", name ? name : "?");
	return buffer;
}

/* Prints "PROGRAM: failed to VERB 'OBJECT': REASON" and exits with 2: the test itself is broken. */
static inline void __attribute__((noreturn)) fail(const char *verb, const char *object)
{
	fprintf(stderr, "%s: failed to %s '%s': %s\n", program_invocation_short_name, verb, object,
		strerror(errno));
	exit(2);
}

#endif
