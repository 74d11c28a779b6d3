/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * subject.h - what an event was about, as a policy would name it: operation and subject of a rule.
 *
 * A new kind of events is one more row of the table in subject.c.
 */
#ifndef CGW_SUBJECT_H
#define CGW_SUBJECT_H

#include "jsonl.h"
#include "policy.h"
#include "strbuf.h"

enum subject_form {
	SUBJECT_WORD = 1, /* a text that nothing can be made wider of: inet/raw, mount, c 1:3 */
	SUBJECT_NAME,	  /* a name of bytes: of a sysctl, file or unix socket */
	SUBJECT_PEER,	  /* an address, and ports */
};

/* In a name, in place of a component: any. */
#define SUBJECT_ANY '\1'
/* In a name, in place of a number: RANGE least BETWEEN greatest RANGE. */
#define SUBJECT_RANGE '\2'
#define SUBJECT_BETWEEN '\3'

struct subject {
	enum policy_section section;
	enum subject_form form;
	uint32_t ops; /* bit set: 1 << enum cgw_op */
	/* WORD: as in a policy. NAME: printable ASCII and the marks above; components are separated
	 * by '/', those of sysctls, too. */
	char *name;
	const char *before; /* NAME: static: "", "unix " or "unix @" (a name without components) */
	char *value;	    /* sysctl, write: as it is compared; NULL: any */
	/* PEER */
	uint32_t proto;	 /* enum cgw_proto */
	uint32_t family; /* AF_INET or AF_INET6 */
	uint32_t address[4];
	uint32_t prefix;
	struct port_range *ports; /* sorted, disjoint; none: the protocol has none */
	size_t port_count;
};

/*
 * What the violation of a line (jsonl.h) was about. Adds the operation to *operation, as
 * operation_parse() wants it. 0, or -1 with *why (static) if no rule can say it: *subject is all
 * zero then.
 */
int subject_of(
	struct subject *subject, struct strbuf *operation, const json_t *line, const char **why);
void subject_free(struct subject *subject);
void subject_copy(struct subject *to, const struct subject *from);

/* Adds the glob of a NAME, every byte of it quoted that has a meaning. */
void subject_glob(const struct subject *subject, struct strbuf *out);

/* Adds operations and subject as they stand after "allow = ". */
void subject_print(const struct subject *subject, struct strbuf *out);

/* True if some operation may be matched both by the subject and by the rule; actions do not
 * matter. */
bool subject_meets(const struct subject *subject, const struct policy_rule *rule);

#endif
