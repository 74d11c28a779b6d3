/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * parse.h - from the values of a policy file to rules. Internal to the language.
 *
 * Each function reports what is wrong, with its place, and goes on: a rule with an error is left
 * out, and the file as a whole is refused because of the error.
 */
#ifndef CGW_PARSE_H
#define CGW_PARSE_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <sys/types.h>
#include "names.h"
#include "policy.h"
#include "reader.h"

/* A part of a value; not NUL-terminated, points into the file. */
struct token {
	const char *text;
	size_t length;
	uint32_t column;
	bool after_comma;
};

struct parse {
	struct policy *policy;
	const char *file;
	struct diagnostics *diags;
	uint32_t section; /* enum policy_section, PARSE_POLICY, or 0 before the first section */
	const struct ini_entry *entry;
	enum cgw_action action;
	size_t at;    /* in the entry's value: what is not yet taken as tokens */
	bool subject; /* the last token was a subject: a comma may follow */
	uint32_t name_line, mode_line, missing_line, seal_line, cgroup_line; /* where seen */
	bool full; /* too many rules: no more are taken */
};

#define PARSE_POLICY SECTION_COUNT

void parse_error(struct parse *parse, uint32_t column, const char *format, ...)
	__attribute__((format(printf, 3, 4)));

/* "unknown WHAT TOKEN", what is known, and the known name that is nearest. */
void parse_unknown(struct parse *parse, const char *what, const struct token *token,
	const struct cgw_name *known);
/* The known name that differs from the text by one or two letters, or NULL. */
const char *nearest_name(const struct cgw_name *known, const char *text, size_t length);
/* Adds "a, b, c". */
void add_names(struct strbuf *out, const struct cgw_name *table);

/* ---- tokens ---- */

/* The next word: all up to a blank. False: there is none. */
bool parse_word(struct parse *parse, struct token *token);
/*
 * The next subject: all up to a blank or a comma that is not quoted, not in {} or [], and not
 * within a list of ports. 1, 0: there is none, or -1: bad, reported.
 */
int parse_subject(struct parse *parse, struct token *token);
/* What no subject may have at its ends, whatever it stands for: parse_subject() has checked it, but
 * not for a part of the token. False: bad, reported. */
bool check_ends(struct parse *parse, const struct token *token);
/* Reports a value that has more than was expected. True if there is no more. */
bool parse_end(struct parse *parse, const char *expected);
/* A word that is a comma list of names, as a bit set of their values. 0: bad, reported. */
uint32_t parse_names(struct parse *parse, const char *what, const struct token *word,
	const struct cgw_name *known);
/* Where the set that begins with the [ at `at` ends: the index of its ], or `length`. */
size_t set_end(const char *text, size_t length, size_t at);
/* Decimal without sign and leading zeros, at most max. False: it is not. */
bool parse_number(const char *text, size_t length, uint32_t max, uint32_t *number);

/* ---- globs ---- */

/* Checks the syntax of a glob that begins at token->text + skip; the empty glob is an error, too.
 */
bool check_glob(struct parse *parse, const struct token *token, size_t skip, int separator);
/*
 * The same for an absolute path, and: no //, no . and .. components. `what` names it in messages.
 * A trailing slash is reported unless *length is given, which is then without it.
 */
bool check_path(struct parse *parse, const struct token *token, const char *what, size_t *length);

/* A sysctl name in the other form: dots and slashes exchanged. */
void sysctl_swap(char *name, size_t length);
/* True if the first of dot and slash in the name is a dot. */
bool sysctl_is_dotted(const char *name, size_t length);

/* ---- addresses ---- */

enum address_error {
	ADDRESS_OK = 0,
	ADDRESS_BAD = 1,       /* not an address */
	ADDRESS_PREFIX = 2,    /* not a prefix length */
	ADDRESS_HOST_BITS = 3, /* kind, address and prefix are set */
	ADDRESS_MAPPED = 4,    /* an IPv4 address within IPv6: the same */
};

/* IPv4 or IPv6 with an optional prefix length, without brackets and ports. */
enum address_error address_parse(const char *text, size_t length, struct rule_peer *peer);
/* Clears the host bits. */
void address_mask(struct rule_peer *peer);
/* Adds "10.0.0.0/8"; the prefix only if it is not that of a single address. */
void address_print(const struct rule_peer *peer, struct strbuf *out);

/* ---- sections ---- */

/* Each takes the rest of the entry's value and adds its rules. */
void parse_sysctl(struct parse *parse);
void parse_network(struct parse *parse);
void parse_file(struct parse *parse);
void parse_kernel(struct parse *parse);
void parse_capability(struct parse *parse);
void parse_device(struct parse *parse);

/* A rule of the entry's action and section, with nothing else set. */
struct policy_rule parse_rule(const struct parse *parse, uint32_t ops, const struct token *subject);
/* Makes the canonical text and adds the rule to the policy; what the rule owns is taken. */
void parse_add(struct parse *parse, struct policy_rule *rule);

/* ---- rules ---- */

void rule_free(struct policy_rule *rule);
/* The canonical text of a rule. */
void rule_print(const struct policy_rule *rule, struct strbuf *out);

/* ---- which rule contains which ---- */

/* True if whatever `narrow` matches is matched by `broad`, too. False if it is not, or if that
 * cannot be told cheaply. Actions do not matter. */
bool rule_covers(const struct policy_rule *broad, const struct policy_rule *narrow);
/*
 * What cannot be judged (a value that cannot be read or is spelt in another way, a port or a path
 * that is not known) is denied in spite of an exception that names it: false for such an exception.
 */
bool is_full_exception(const struct policy_rule *rule);
/* The length of the text before the first special byte of a glob. */
size_t literal_length(const char *glob);
/* The length of F in a glob F `tail` whose F is literal, or -1. */
ssize_t folder_length(const char *glob, const char *tail);

/* Checks within one policy; for policies_lint(). */
void policy_lint(const struct policy *policy, struct diagnostics *diags);

#endif
