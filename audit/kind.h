/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * kind.h - what events of one kind have of their own: a new kind is one file kind_NAME.c and one
 * row of the table in kind.c.
 */
#ifndef CGW_KIND_H
#define CGW_KIND_H

#include <stdbool.h>
#include "decode.h"
#include "json.h"
#include "names.h"
#include "policy.h"
#include "strbuf.h"

struct kind {
	uint32_t kind;		     /* enum cgw_event_kind */
	enum policy_section section; /* its operations are those of this section; 0: CGW_OP_GUARD */
	/* The fields of the kind's own: false if no program of ours can have made them. Lengths
	 * have been checked. */
	bool (*is_good)(const struct cgw_event *head);
	/* The object of the operation, in each format; the rest of the line is the same for all. */
	void (*text)(struct strbuf *out, const struct event *event);
	void (*json)(struct json *json, const struct event *event);
	void (*journal)(struct strbuf *out, const struct event *event);
};

/* NULL: there is no such kind. */
const struct kind *kind_of(uint32_t kind);

extern const struct kind kind_guard;
extern const struct kind kind_sysctl;
extern const struct kind kind_network;
extern const struct kind kind_file;
extern const struct kind kind_kernel;
extern const struct kind kind_capability;
extern const struct kind kind_device;

/* ---- what the files of kinds share ---- */

/* The text format (format_text.c): what comes from outside is escaped; a word has no quotes if it
 * cannot be taken for anything but one word. */
void text_quoted(struct strbuf *out, struct bytes text);
void text_word(struct strbuf *out, struct bytes text);
void text_name(struct strbuf *out, const struct cgw_name *table, uint32_t value);

/* JSON (format_json.c): null instead of an empty text; the name of a value, or its number as
 * text. */
void json_some(struct json *json, const char *name, struct bytes bytes);
void json_name(struct json *json, const char *name, const struct cgw_name *table, uint32_t value);

/* The journal's native protocol (format_journal.c): nothing for what is empty or NULL. */
void journal_bytes(struct strbuf *out, const char *name, struct bytes value);
void journal_text(struct strbuf *out, const char *name, const char *text);
void journal_number(struct strbuf *out, const char *name, uint64_t number);

#endif
