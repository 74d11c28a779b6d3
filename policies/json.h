/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * json.h - writes JSON into a strbuf. Commas are put where they are due.
 *
 * Texts may hold any bytes. What is not UTF-8 becomes \xHH and a backslash becomes \\ *within the
 * string's value* (in the JSON text itself: \\xHH and \\\\), so that any JSON parser gives the
 * bytes back, and a control character is escaped as JSON wants it.
 */
#ifndef CGW_JSON_H
#define CGW_JSON_H

#include <stdbool.h>
#include <stdint.h>
#include "strbuf.h"

struct json {
	struct strbuf *out;
	bool comma; /* due before the next element */
};

/* In all of these, name is NULL within an array and at the top. */
void json_object_begin(struct json *json, const char *name);
void json_object_end(struct json *json);
void json_array_begin(struct json *json, const char *name);
void json_array_end(struct json *json);
void json_text(struct json *json, const char *name, const char *text); /* text NULL: null */
void json_bytes(struct json *json, const char *name, const void *bytes, size_t length);
void json_number(struct json *json, const char *name, int64_t number);
void json_unsigned(struct json *json, const char *name, uint64_t number);
void json_bool(struct json *json, const char *name, bool value);

#endif
