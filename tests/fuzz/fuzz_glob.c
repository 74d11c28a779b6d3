// SPDX-License-Identifier: GPL-2.0-only
/*
 * fuzz_glob.c - the automaton of up to four globs against the slow matcher.
 *
 * Input: lines. The first is the text; globs follow. A text that begins with '!' is matched without
 * a separator.
 */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include "automaton.h"
#include "glob.h"

#define GLOBS_MAX 4
/* The slow matcher takes exponential time. */
#define GLOB_MAX 40
#define STARS_MAX 6
#define TEXT_MAX 24

static bool is_usable(const char *glob, size_t length, int separator)
{
	size_t where = length + 1, stars = 0;
	const char *why = NULL;

	for (size_t i = 0; i < length; i++)
		stars += glob[i] == '*' || glob[i] == '{';
	if (glob_check(glob, length, separator, &where, &why)) {
		if (where > length || !why)
			abort();
		return false;
	}
	return length <= GLOB_MAX && stars <= STARS_MAX;
}

static bool has_mark(const struct automaton *automaton, uint32_t set, uint32_t mark)
{
	for (size_t i = 0; i < automaton->sets[set].count; i++)
		if (automaton->sets[set].marks[i] == mark)
			return true;
	return false;
}

static void compare(const struct automaton_glob *globs, size_t count, int separator,
	const char *text, size_t length)
{
	struct automaton_options options = {.separator = separator};
	struct automaton automaton;
	uint32_t set;

	if (automaton_compile(&automaton, globs, count, &options, 4096))
		return;
	set = automaton_match(&automaton, text, length);
	for (size_t i = 0; i < count; i++) {
		if (glob_match_slow(globs[i].text, globs[i].length, separator, text, length) !=
			has_mark(&automaton, set, i)) {
			fprintf(stderr, "glob %.*s\n", (int)globs[i].length, globs[i].text);
			abort();
		}
	}
	automaton_free(&automaton);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	const char *at = (const char *)data, *end = at + size, *text = NULL;
	struct automaton_glob globs[GLOBS_MAX];
	size_t count = 0, text_length = 0;
	int separator = '/';

	for (const char *next; at < end && count < GLOBS_MAX; at = next) {
		const char *newline = memchr(at, '\n', end - at);
		size_t length = (newline ? newline : end) - at;

		next = newline ? newline + 1 : end;
		if (!text) {
			if (*at == '!')
				separator = GLOB_NO_SEPARATOR;
			text = at;
			text_length = length < TEXT_MAX ? length : TEXT_MAX;
		} else if (is_usable(at, length, separator)) {
			globs[count] = (struct automaton_glob){at, length, count};
			count++;
		}
	}
	if (count)
		compare(globs, count, separator, text, text_length);
	return 0;
}
