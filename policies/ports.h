/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * ports.h - what the rules say about ports: tables port -> ref, and classes of one table for each
 * protocol. Equal tables and equal classes are one.
 */
#ifndef CGW_PORTS_H
#define CGW_PORTS_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "abi.h"
#include "intern.h"
#include "interval.h"
#include "policy.h"

/* A table for each protocol, by number; table 0 says nothing about any port. */
struct ports_class {
	uint32_t table[CGW_PROTO_COUNT];
};

struct ports {
	struct intern tables;  /* arrays of struct step, for keys 0 to 65535 */
	struct intern classes; /* struct ports_class; class 0 is all zero */
	size_t bytes_max;      /* beyond it `full` is set and results mean nothing */
	bool full;
};

/* A rule with its ref. */
struct ports_rule {
	const struct policy_rule *rule;
	uint32_t ref;
};

void ports_init(struct ports *ports, size_t bytes_max);
void ports_free(struct ports *ports);

/* The class of an address for which the rules hold in addition to those of class `outer`. */
uint32_t ports_add(
	struct ports *ports, uint32_t outer, const struct ports_rule *const *rules, size_t count);

/*
 * The class whose ref at each protocol and port is choose() of those of four classes there.
 * choose() of zeros is 0.
 */
uint32_t ports_choose(struct ports *ports, const uint32_t classes[static 4],
	uint32_t (*choose)(const uint32_t refs[static 4]));

/*
 * The ref of a table for a port that cannot be read: the strongest denial or audit that any port
 * has, and if there is none, what the last port has.
 */
uint32_t ports_unknown(const struct step *steps, size_t count);

#endif
