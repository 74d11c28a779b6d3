/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * policy.h - the model: what a policy file says, after all checks, before it is compiled.
 *
 * A rule has exactly one subject: a line with three subjects makes three rules. Rules stand in the
 * order of the file. Everything is owned by the struct policies that holds it.
 */
#ifndef CGW_POLICY_H
#define CGW_POLICY_H

#include <stdbool.h>
#include <stdint.h>
#include "abi.h"
#include "diagnostics.h"
#include "strbuf.h"

enum policy_section {
	SECTION_SYSCTL = 1,
	SECTION_NETWORK,
	SECTION_FILE,
	SECTION_KERNEL,
	SECTION_CAPABILITY,
	SECTION_DEVICE,
	SECTION_COUNT,
};

/* Linux's device numbers have 12 and 20 bits. */
#define DEVICE_MAJOR_MAX 4095
#define DEVICE_MINOR_MAX 1048575

/* Inclusive range of ports. */
struct port_range {
	uint16_t first, last;
};

enum peer_kind {
	PEER_ANY = 1,
	PEER_IPV4,
	PEER_IPV6,
	PEER_UNIX_PATH,
	PEER_UNIX_ABSTRACT
};

/* The peer of a [network] connect, bind or listen rule. */
struct rule_peer {
	enum peer_kind kind; /* PEER_ANY: `*`, every address of every protocol named, unix included
			      * if named or if no protocol is named */
	uint32_t address[4]; /* host order, most significant word first; IPv4 in [0]; host bits are
				0 */
	uint32_t prefix;     /* 0 to 32 or 128 */
	/* Unix: path, components separated by '/', or abstract name without the @, no separator. */
	char *glob;
	struct port_range *ports; /* sorted, disjoint, not adjacent; none: every port */
	size_t port_count;
};

struct policy_rule {
	enum cgw_action action;
	enum policy_section section;
	uint32_t ops; /* bit set: 1 << enum cgw_op */
	/*
	 * connect, bind, listen: bit set 1 << enum cgw_proto. If none was named, all that fit the
	 * peer: with ports tcp, udp and sctp; a unix name unix only; an address all but unix; `*`
	 * without ports every one.
	 */
	uint32_t protos;
	bool protos_named;
	union {
		struct {
			char *name;  /* glob, in the kernel's form: components separated by '/' */
			char *value; /* glob without separator, or NULL; a rule with a value is for
					writes only */
		} sysctl;
		struct rule_peer peer;
		struct {
			uint32_t family; /* AF_*; `raw` makes two rules: inet/raw and inet6/raw */
			int type;	 /* SOCK_*, or -1: all */
		} socket;
		struct {
			char *glob; /* absolute path, or "memfd:GLOB", GLOB without separator */
		} file;
		enum cgw_power power;
		uint32_t capability; /* CAP_* */
		struct {
			char type;	      /* 'b', 'c' or 'a' */
			int64_t major, minor; /* -1: all */
		} device;
	};
	char *text; /* canonical, as printed and logged: "deny connect tcp 10.0.0.0/8:22" */
	uint32_t line;
	uint32_t column; /* of the subject */
};

struct policy_selector {
	char *glob; /* over the cgroup path; "" is the root, no trailing slash */
	uint32_t line, column;
};

struct policy {
	char *name;
	char *file; /* as given */
	uint32_t name_line, name_column;
	bool audit_only;   /* mode = audit */
	bool warn_missing; /* on-missing = warn */
	bool seal;	   /* [file] seal; default true */
	struct policy_selector *selectors;
	size_t selector_count, selector_room;
	struct policy_rule *rules;
	size_t rule_count, rule_room;
};

/* A ruleset, sorted by policy name. */
struct policies {
	struct policy **items;
	size_t count, room;
};

void policies_free(struct policies *policies);

/*
 * Reads every PATH (a file, or a directory whose *.ini are taken in byte order) and adds the
 * policies. All errors and warnings go to diags, those of lint included (duplicate names, rules
 * that can never match, duplicate and shadowed rules). Returns 0 if there was no error, else -1;
 * *policies is to be freed either way. PATH "-" is standard input.
 */
int policies_read(
	struct policies *policies, char *const *paths, size_t count, struct diagnostics *diags);

/* The same for one policy in memory; `file` is the name used in messages. For tests and fuzzers.
 * policies_lint() is left to the caller. */
int policies_read_text(struct policies *policies, const char *file, const char *text, size_t length,
	struct diagnostics *diags);

/* Cross-policy checks; called by policies_read, and after the last policies_read_text. Sorts by
 * name. */
void policies_lint(struct policies *policies, struct diagnostics *diags);

/* The canonical INI text of a policy. Parsing it gives the same policy again: same rules, same
 * texts, same order. */
void policy_print(const struct policy *policy, struct strbuf *out);

/* A line may be this long; inih itself holds less (see reader.c), which no policy notices. */
#define POLICY_LINE_MAX 8192
/* inih keeps 49 bytes of a section name. */
#define POLICY_SECTION_MAX 49
/* A file may be this large. */
#define POLICY_FILE_MAX (64U << 20)

#endif
