/* SPDX-License-Identifier: GPL-2.0-only */
/* jsonl.h - reads a line of format_json again, with jansson. */
#ifndef CGW_JSONL_H
#define CGW_JSONL_H

#include <jansson.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

/* Any bytes will do. The object that the line is, for json_decref(); NULL if it is none. */
json_t *jsonl_read(const char *line, size_t length);

/*
 * A member that is a text: UTF-8, without a NUL in it, JSON's escapes undone; as long as the line
 * is there. NULL: there is no such one.
 */
const char *jsonl_text(const json_t *line, const char *name);

/* False if there is no such member, or none that is a whole number from 0. */
bool jsonl_number(const json_t *line, const char *name, uint64_t *number);

/* The bytes that such a text stands for (json.h: \xHH, and \\ for a backslash); to be freed. */
char *jsonl_bytes(const char *text);

#endif
