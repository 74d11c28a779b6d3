/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * cases.h - tables of cases: an operation in a cgroup, and the verdict that is expected.
 *
 * `cgward test` and the test runners read them, so that one table drives the offline evaluator and
 * the live kernel.
 *
 *	# a comment
 *	policy web.ini
 *	/web        | connect tcp 10.0.0.1:22                | deny  | deny connect tcp 10.0.0.0/8
 *	/web/child  | sysctl write kernel.core_pattern=|/x   | deny  | web.ini:9
 *	/other      | connect tcp 10.0.0.1:22                | allow
 *
 * Fields are separated by "|" with a blank on both sides. The optional fourth field is the rule
 * that must have given the verdict: its canonical text, or FILE:LINE. A `policy PATH` line,
 *relative to the table's directory, names the policies of the rows that follow; several of them in
 *a row add up, and one after a row begins anew. The path reaches to the end of the line.
 */
#ifndef CGW_CASES_H
#define CGW_CASES_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include "abi.h"
#include "diagnostics.h"
#include "operation.h"

/* The policies of some rows. */
struct case_group {
	char **paths; /* relative to the working directory, for policies_read() */
	size_t count, room;
	uint32_t line;
};

struct case_row {
	char *cgroup;	 /* "" is the root */
	char *operation; /* as written, blanks at the ends trimmed */
	struct operation parsed;
	enum cgw_verdict verdict;
	char *rule; /* canonical text or FILE:LINE; NULL: any */
	uint32_t line;
	size_t group; /* index */
};

struct cases {
	char *file; /* as given */
	struct case_group *groups;
	size_t group_count, group_room;
	struct case_row *rows;
	size_t row_count, row_room;
};

/*
 * Reads one table; "-" is standard input. 0, or -1 with errors in diags. *cases is to be freed
 * either way.
 */
int cases_read(struct cases *cases, const char *file, struct diagnostics *diags);
/* The same for a table in memory; `file` is its name in messages, and what paths are relative to.
 */
int cases_read_text(struct cases *cases, const char *file, const char *text, size_t length,
	struct diagnostics *diags);
void cases_free(struct cases *cases);

/*
 * True if a rule (its canonical text, its policy's file and its line) is the one that a row wants,
 * or if the row wants none. A file is compared from its end, by whole components.
 */
bool case_rule_is(const struct case_row *row, const char *text, const char *file, uint32_t line);

/*
 * What is wrong with a cgroup path as people write it ("/", "/a/b"): static text, or NULL. What is
 * right becomes the form of operation.h by dropping the slash of the root.
 */
const char *cgroup_path_fault(const char *path);

#define CASES_FILE_MAX (64U << 20)

#endif
