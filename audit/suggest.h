/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * suggest.h - from what happened to exceptions, for a person to look at.
 *
 * What is suggested is a difference to the policies in force, whose result has been parsed,
 * compiled and asked for each operation of the log before it is printed. Nothing is ever applied.
 */
#ifndef CGW_SUGGEST_H
#define CGW_SUGGEST_H

#include "generalise.h"
#include "inforce.h"
#include "observed.h"

/* An exception for one section of one policy. */
struct suggestion {
	uint32_t slot;
	uint32_t after; /* line of the policy's text */
	char *line;	/* "allow = ...\n", and a comment before it */
	char *rule;	/* "allow ..." */
	struct draft draft;
};

struct suggestions {
	struct suggestion *items; /* by slot, then by line */
	size_t count, room;
	uint64_t allowed; /* violations that the policies allow by now */
};

/*
 * Makes suggestions for all that was observed, at least `least` subjects becoming one
 * (generalise.h). What no exception can allow is left out: observed_leave().
 */
void suggest(struct suggestions *suggestions, struct observations *observations,
	const struct inforce *inforce, size_t least);
void suggestions_free(struct suggestions *suggestions);

/* Adds the difference for all policies. */
void suggestions_diff(
	const struct suggestions *suggestions, const struct inforce *inforce, struct strbuf *out);

/*
 * Puts the suggestions into the policies and asks the result for everything that was observed and
 * not left out. 0, or -1 with what is wrong in *problem: none of it must be printed then.
 */
int suggestions_verify(const struct suggestions *suggestions,
	const struct observations *observations, const struct inforce *inforce,
	struct strbuf *problem);

#endif
