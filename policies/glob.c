// SPDX-License-Identifier: GPL-2.0-only
/* glob.c - the syntax of globs, and the slow matcher that the automata are held against. */
#include "glob.h"

#include <string.h>

#include "strbuf.h"

struct glob_scan {
	const char *glob;
	size_t length;
	size_t at;
	int separator;
	size_t where;
	const char *why;
};

static int fail(struct glob_scan *scan, size_t where, const char *why)
{
	scan->where = where;
	scan->why = why;
	return -1;
}

static bool is_separator(const struct glob_scan *scan, char byte)
{
	return scan->separator != GLOB_NO_SEPARATOR && (uint8_t)byte == scan->separator;
}

/* ---- classes ---- */

/* One member of a class, quoted or not. */
static int scan_member(struct glob_scan *scan, uint8_t *byte)
{
	size_t start = scan->at;

	if (scan->glob[scan->at] == '[' && scan->at + 1 < scan->length &&
		scan->glob[scan->at + 1] && strchr(":.=", scan->glob[scan->at + 1]))
		return fail(scan, start, "[: :] within [ ] has no meaning here: write a-z or 0-9");
	if (scan->glob[scan->at] == '\\')
		scan->at++;
	if (scan->at >= scan->length)
		return fail(scan, start, "\\ with nothing after it");
	if (is_separator(scan, scan->glob[scan->at]))
		return fail(scan, start, "[ ] never matches the separator: leave it out");
	*byte = (uint8_t)scan->glob[scan->at++];
	return 0;
}

/* A member, or a range of them: the '-' before ']' is a member itself. */
static int scan_range(struct glob_scan *scan, struct glob_bytes *bytes)
{
	size_t start = scan->at;
	uint8_t first, last;

	if (scan_member(scan, &first))
		return -1;
	last = first;
	if (scan->at + 1 < scan->length && scan->glob[scan->at] == '-' &&
		scan->glob[scan->at + 1] != ']') {
		scan->at++;
		if (scan_member(scan, &last))
			return -1;
	}
	if (last < first)
		return fail(scan, start, "range of [ ] that ends before it begins");
	for (unsigned int byte = first; byte <= last; byte++)
		glob_bytes_add(bytes, byte);
	return 0;
}

static int scan_class(struct glob_scan *scan, struct glob_bytes *bytes)
{
	size_t start = scan->at++, members;
	uint64_t flip = 0;

	*bytes = (struct glob_bytes){0};
	if (scan->at < scan->length && strchr("!^", scan->glob[scan->at]) && scan->glob[scan->at]) {
		flip = ~0ULL;
		scan->at++;
	}
	members = scan->at;
	while (scan->at < scan->length && scan->glob[scan->at] != ']') {
		if (scan_range(scan, bytes))
			return -1;
	}
	if (scan->at >= scan->length)
		return fail(scan, start, "unclosed [");
	if (scan->at++ == members)
		return fail(scan, start, "empty [ ]: write \\] for a ] in it");
	for (int i = 0; i < 4; i++)
		bytes->word[i] ^= flip;
	if (scan->separator != GLOB_NO_SEPARATOR)
		bytes->word[scan->separator / 64] &= ~(1ULL << scan->separator % 64);
	if (!(bytes->word[0] | bytes->word[1] | bytes->word[2] | bytes->word[3]))
		return fail(scan, start, "[ ] that can match nothing");
	return 0;
}

int glob_class(struct glob_bytes *bytes, const char *glob, size_t length, size_t *at, int separator,
	size_t *where, const char **why)
{
	struct glob_scan scan = {.glob = glob, .length = length, .at = *at, .separator = separator};
	struct glob_bytes set;

	if (scan_class(&scan, &set)) {
		*where = scan.where;
		*why = scan.why;
		return -1;
	}
	*bytes = set;
	*at = scan.at;
	return 0;
}

/* ---- syntax ---- */

static int scan_sequence(struct glob_scan *scan, int depth, size_t *alternatives);

/* From '{' to behind its '}'. The alternatives of several braces multiply. */
static int scan_braces(struct glob_scan *scan, int depth, size_t *alternatives)
{
	size_t start = scan->at, sum = 0;

	if (depth > GLOB_DEPTH_MAX)
		return fail(scan, start, "{ } nested more than 16 deep");
	do {
		size_t inner = 1;

		scan->at++; /* the '{' or ',' */
		if (scan_sequence(scan, depth, &inner))
			return -1;
		sum += inner;
	} while (scan->at < scan->length && scan->glob[scan->at] == ',');
	if (scan->at >= scan->length)
		return fail(scan, start, "unclosed {");
	if (scan->at++ == start + 1)
		return fail(scan, start, "empty { }: write \\{ for a brace itself");
	*alternatives *= sum;
	if (sum > GLOB_ALTERNATIVES_MAX || *alternatives > GLOB_ALTERNATIVES_MAX)
		return fail(scan, start,
			"{ } that expand to more than 4096 globs: write several rules");
	return 0;
}

static int scan_stars(struct glob_scan *scan)
{
	size_t start = scan->at;

	while (scan->at < scan->length && scan->glob[scan->at] == '*')
		scan->at++;
	return scan->at - start > 2 ? fail(scan, start, "more than two * in a row") : 0;
}

/* Up to the end, or within braces up to ',' or '}'. */
static int scan_sequence(struct glob_scan *scan, int depth, size_t *alternatives)
{
	struct glob_bytes bytes;
	int error = 0;

	while (!error && scan->at < scan->length) {
		switch (scan->glob[scan->at]) {
		case '\\':
			if (scan->at + 1 >= scan->length)
				return fail(scan, scan->at, "\\ with nothing after it");
			scan->at += 2;
			break;
		case '[':
			error = scan_class(scan, &bytes);
			break;
		case '*':
			error = scan_stars(scan);
			break;
		case '{':
			error = scan_braces(scan, depth + 1, alternatives);
			break;
		case '}':
			if (!depth)
				return fail(scan, scan->at, "} without {: write \\} for a brace");
			return 0;
		case ',':
			if (depth)
				return 0;
			scan->at++;
			break;
		default:
			scan->at++;
		}
	}
	return error;
}

int glob_check(const char *glob, size_t length, int separator, size_t *where, const char **why)
{
	struct glob_scan scan = {.glob = glob, .length = length, .separator = separator};
	size_t alternatives = 1;

	if (!scan_sequence(&scan, 0, &alternatives))
		return 0;
	*where = scan.where;
	*why = scan.why;
	return -1;
}

bool glob_is_literal(const char *glob, size_t length)
{
	for (size_t i = 0; i < length; i++)
		if (glob[i] && strchr("*?[{}\\", glob[i]))
			return false;
	return true;
}

/* ---- the slow matcher ---- */

struct slow {
	const char *glob, *glob_end;
	const char *text, *text_end;
	int separator;
};

static bool slow_bytes(struct slow slow);
static bool slow_braces(struct slow slow);

/* Behind the element (class, quoted or plain byte) at `glob`. */
static const char *slow_skip(const char *glob)
{
	if (*glob == '\\')
		return glob + 2;
	if (*glob != '[')
		return glob + 1;
	for (glob++; *glob != ']'; glob++)
		if (*glob == '\\')
			glob++;
	return glob + 1;
}

static bool slow_at_separator(const struct slow *slow)
{
	const char *byte = slow->glob;

	if (slow->separator == GLOB_NO_SEPARATOR || byte == slow->glob_end)
		return false;
	return (uint8_t)(*byte == '\\' ? byte[1] : *byte) == slow->separator;
}

/*
 * At the beginning of a component of the glob. `used`: text has been matched before, so that a
 * separator must stand between that and what a component matches.
 */
static bool slow_component(struct slow slow, bool used)
{
	struct slow rest = slow;
	bool last, stars = slow.glob_end - slow.glob >= 2 && !memcmp(slow.glob, "**", 2);

	rest.glob += 2;
	last = stars && rest.glob == rest.glob_end;
	if (stars && !last) {
		stars = slow_at_separator(&rest);
		rest.glob = stars ? slow_skip(rest.glob) : NULL;
	}
	if (stars && last && used && slow.text == slow.text_end)
		return true;
	if (stars && !last && slow_component(rest, used))
		return true;
	if (used) {
		if (slow.text == slow.text_end || (uint8_t)*slow.text != slow.separator)
			return false;
		slow.text++;
	}
	if (!stars)
		return slow_bytes(slow);
	if (last)
		return true;
	for (rest.text = slow.text; rest.text <= slow.text_end; rest.text++)
		if (slow_component(rest, true))
			return true;
	return false;
}

static bool slow_class(const char *class, uint8_t byte)
{
	bool negative = class[1] == '!' || class[1] == '^', found = false;

	for (class += 1 + negative; *class != ']';) {
		uint8_t first, last;

		class += *class == '\\';
		first = last = (uint8_t) * class ++;
		if (*class == '-' && class[1] != ']') {
			class += class[1] == '\\' ? 2 : 1;
			last = (uint8_t) * class ++;
		}
		found |= first <= byte && byte <= last;
	}
	return found != negative;
}

static bool slow_star(struct slow slow)
{
	bool all = slow.glob + 1 < slow.glob_end && slow.glob[1] == '*';

	slow.glob += all ? 2 : 1;
	for (;; slow.text++) {
		if (slow_bytes(slow))
			return true;
		if (slow.text == slow.text_end || (!all && (uint8_t)*slow.text == slow.separator))
			return false;
	}
}

/* Within a component. */
static bool slow_bytes(struct slow slow)
{
	uint8_t byte;

	if (slow.glob == slow.glob_end)
		return slow.text == slow.text_end;
	if (slow_at_separator(&slow)) {
		slow.glob = slow_skip(slow.glob);
		return slow_component(slow, true);
	}
	if (*slow.glob == '*')
		return slow_star(slow);
	if (slow.text == slow.text_end)
		return false;
	byte = (uint8_t)*slow.text++;
	if (*slow.glob == '?' || *slow.glob == '[') {
		if (slow.separator != GLOB_NO_SEPARATOR && byte == slow.separator)
			return false;
		if (*slow.glob == '[' && !slow_class(slow.glob, byte))
			return false;
	} else if (byte != (uint8_t)(*slow.glob == '\\' ? slow.glob[1] : *slow.glob)) {
		return false;
	}
	slow.glob = slow_skip(slow.glob);
	return slow_bytes(slow);
}

/* One alternative in place of its braces; what is left of other braces is expanded in turn. */
static bool slow_alternative(
	struct slow slow, const char *open, const char *close, const char *from, const char *to)
{
	struct strbuf glob = STRBUF_INIT;
	bool matches;

	strbuf_add(&glob, slow.glob, open - slow.glob);
	strbuf_add(&glob, from, to - from);
	strbuf_add(&glob, close + 1, slow.glob_end - close - 1);
	slow.glob = strbuf_text(&glob);
	slow.glob_end = slow.glob + glob.length;
	matches = slow_braces(slow);
	strbuf_free(&glob);
	return matches;
}

static bool slow_braces(struct slow slow)
{
	const char *open = slow.glob, *close, *from;
	int depth = 0;

	while (open < slow.glob_end && *open != '{')
		open = slow_skip(open);
	if (open == slow.glob_end)
		return slow.separator == GLOB_NO_SEPARATOR ? slow_bytes(slow)
							   : slow_component(slow, false);
	for (close = open; *close != '}' || depth > 1; close = slow_skip(close))
		depth += (*close == '{') - (*close == '}');
	from = open + 1;
	depth = 0;
	for (const char *at = from; at <= close; at = slow_skip(at)) {
		if (at == close || (*at == ',' && !depth)) {
			if (slow_alternative(slow, open, close, from, at))
				return true;
			from = at + 1;
		}
		depth += (*at == '{') - (*at == '}');
	}
	return false;
}

bool glob_match_slow(
	const char *glob, size_t glob_length, int separator, const void *text, size_t length)
{
	struct slow slow = {.glob = glob,
		.glob_end = glob + glob_length,
		.text = text,
		.text_end = (const char *)text + length,
		.separator = separator};

	return slow_braces(slow);
}
