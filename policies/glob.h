/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * glob.h - the syntax of globs.
 *
 *   ?        one byte other than the separator
 *   *        any bytes other than the separator
 *   **       any bytes; as a whole component it stands for any number of components, none
 *            included: "/a/" followed by ** matches /a, /a/ and /a/b/c, and ** between /a/ and /b
 *            matches /a/b and /a/x/y/b
 *   [a-z]    one byte of the set, never the separator; [!a-z] and [^a-z]: one byte outside it,
 *            never the separator. Within, - is itself at either end, and \ quotes
 *   {a,b}    either; may nest; alternatives may be empty. Braces are expanded before anything else,
 *            as in a shell: {**,x} at the end of a path is a whole component
 *   \x       x itself
 *
 * Bytes are bytes: there is no UTF-8 in here. The separator is '/', or GLOB_NO_SEPARATOR: then *
 * matches everything, and there are no components.
 */
#ifndef CGW_GLOB_H
#define CGW_GLOB_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#define GLOB_NO_SEPARATOR (-1)
/* Nesting of braces. */
#define GLOB_DEPTH_MAX 16
/* What the braces of one glob may expand to: {a,b}{c,d} are four. */
#define GLOB_ALTERNATIVES_MAX 4096

/*
 * Checks the syntax. 0, or -1: *where is the offset of the offence and *why a static text such as
 * "unclosed [". Outputs are untouched on success. The empty glob is well formed: it matches the
 * empty text.
 */
int glob_check(const char *glob, size_t length, int separator, size_t *where, const char **why);

/* True if the glob has no special meaning: it matches exactly one text, itself. */
bool glob_is_literal(const char *glob, size_t length);

/* A set of bytes. */
struct glob_bytes {
	uint64_t word[4];
};

static inline bool glob_bytes_has(const struct glob_bytes *bytes, uint8_t byte)
{
	return bytes->word[byte / 64] >> (byte % 64) & 1;
}

static inline void glob_bytes_add(struct glob_bytes *bytes, uint8_t byte)
{
	bytes->word[byte / 64] |= 1ULL << (byte % 64);
}

/*
 * Reads the class whose '[' stands at *at; afterwards *at is behind its ']'. 0, or -1 with *where
 * and *why as for glob_check().
 */
int glob_class(struct glob_bytes *bytes, const char *glob, size_t length, size_t *at, int separator,
	size_t *where, const char **why);

/*
 * The slow matcher: backtracking over the text of the glob, written apart from the automata so that
 * tests and fuzzers can hold one against the other. `glob` has passed glob_check(). Its time is
 * exponential in the number of stars.
 */
bool glob_match_slow(
	const char *glob, size_t glob_length, int separator, const void *text, size_t length);

#endif
