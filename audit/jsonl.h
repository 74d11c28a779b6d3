/* SPDX-License-Identifier: GPL-2.0-only */
/* jsonl.h - reads a line of format_json again: the members of one object, and of objects in it. */
#ifndef CGW_JSONL_H
#define CGW_JSONL_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

enum jsonl_type {
	JSONL_TEXT = 1,
	JSONL_NUMBER = 2,
	JSONL_OTHER = 3, /* null, true, false, or an array or object that is not looked into */
};

struct jsonl_member {
	const char *parent; /* name of the object that it is in; "" at the top */
	const char *name;
	enum jsonl_type type;
	const char *text; /* UTF-8, JSON's escapes undone; in the line, as long as that is there */
	bool nul;	  /* the text held a NUL, in place of which a ? stands */
	uint64_t number;  /* JSONL_NUMBER: whole numbers of at most 64 bits, else 0 */
};

typedef void jsonl_visit(void *context, const struct jsonl_member *member);

/*
 * Any bytes will do; `line` is changed. Calls back for each member of the object and of the objects
 * right in it. 0, or -EINVAL if it is not one JSON object; some members may have been visited then.
 */
int jsonl_parse(char *line, size_t length, jsonl_visit *visit, void *context);

/* The bytes that such a text stands for (json.h: \xHH, and \\ for a backslash); to be freed. */
char *jsonl_bytes(const char *text);

#endif
