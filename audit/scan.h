/* SPDX-License-Identifier: GPL-2.0-only */
/* scan.h - command lines: options are rows of a table, which also makes the help. */
#ifndef CGW_SCAN_H
#define CGW_SCAN_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include "names.h"
#include "strbuf.h"

enum scan_type {
	SCAN_FLAG = 1, /* bool */
	SCAN_TEXT,     /* const char * */
	SCAN_CHOICE,   /* uint32_t: the value of a row of choices */
	SCAN_CHOICES,  /* uint32_t: a set, 1 << value, from a comma list of choices */
	SCAN_NUMBER,   /* uint64_t, from 1 */
	SCAN_TIME,     /* int64_t, CLOCK_REALTIME, ns */
	SCAN_SIZE,     /* uint64_t, from 4K: a number and K, M or G */
	SCAN_LIST,     /* struct scan_list: one more each time */
};

#define SCAN_LIST_MAX 8

struct scan_list {
	const char *items[SCAN_LIST_MAX]; /* these point into argv */
	size_t count;
};

struct scan_row {
	const char *name; /* NULL: the row that ends the table */
	char letter;	  /* 0: none */
	enum scan_type type;
	size_t field;	   /* offset in the struct of options */
	const char *value; /* placeholder in the help */
	const char *help;
	const struct cgw_name *choices;
};

#define SCAN_END                                                                                   \
	{                                                                                          \
		NULL, 0, 0, 0, NULL, NULL, NULL                                                    \
	}

/*
 * Sets what argv says from argv[1] on; `options` holds the defaults. What is no option is added to
 * *operands ("-" is one, too); an error if operands is NULL. 0, or -1 with a message (to be freed)
 * that quotes the bad token and says what was expected.
 */
int scan_options(const struct scan_row *rows, void *options, struct scan_list *operands, int argc,
	char **argv, char **error);

/* Adds a line for each row. */
void scan_help(const struct scan_row *rows, struct strbuf *out);

#endif
