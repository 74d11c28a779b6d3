/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * glob.h - the syntax of globs: from text to a list of elements with no ambiguity left.
 *
 *   ?      one byte other than the separator
 *   *      any bytes other than the separator
 *   **     any bytes; as a whole component ("/a/" "**" at the end or in the middle) it also stands
 * for none: /a/ ** matches /a, /a/b and /a/b/c; /a/ ** /b matches /a/b and /a/x/b (without the
 * blanks) [a-z]  one byte of the set, never the separator; [!a-z] or [^a-z] one byte outside it,
 * never the separator {a,b}  either; may nest; alternatives may be empty \x     x itself
 *
 * Bytes are bytes: there is no UTF-8 in here. The separator is '/', or none (-1): then * matches
 * everything.
 */
#ifndef CGW_GLOB_H
#define CGW_GLOB_H

#include <stdbool.h>
#include <stddef.h>

#define GLOB_NO_SEPARATOR (-1)
/* Nesting of braces. */
#define GLOB_DEPTH_MAX 16

/*
 * Checks the syntax. 0, or -1: *where is the offset of the offence and *why a static text such as
 * "unclosed [". Outputs are untouched on success.
 */
int glob_check(const char *glob, size_t length, int separator, size_t *where, const char **why);

/* True if the glob has no special meaning: it matches exactly one text. */
bool glob_is_literal(const char *glob, size_t length);

/*
 * The slow matcher: backtracking over the text of the glob, written apart from the automata so that
 * tests and fuzzers can hold one against the other. `glob` has passed glob_check().
 */
bool glob_match_slow(
	const char *glob, size_t glob_length, int separator, const void *text, size_t length);

#endif
