/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * nfa.h - from globs to a nondeterministic automaton in which common beginnings are shared.
 *
 * Sharing is what keeps the deterministic automaton cheap to make: a thousand globs that begin with
 * two stars are one loop with a tree behind it, and literals are a tree from the start.
 */
#ifndef CGW_NFA_H
#define CGW_NFA_H

#include <stddef.h>
#include <stdint.h>

#include "automaton.h"
#include "glob.h"
#include "intern.h"

enum nfa_kind {
	NFA_EMPTY = 1, /* taken without a byte */
	NFA_BYTE,      /* value: the byte */
	NFA_SET,       /* value: number in nfa.sets, a struct glob_bytes */
};

/* Lists are linked by index + 1; 0 ends them. */
struct nfa_edge {
	enum nfa_kind kind;
	uint32_t value;
	uint32_t target;
	uint32_t next;
};

struct nfa_mark {
	uint32_t mark;
	uint32_t next;
};

struct nfa_node {
	uint32_t edges;
	uint32_t marks;
};

struct nfa {
	struct nfa_node *nodes; /* 0 is the start */
	size_t node_count, node_room;
	struct nfa_edge *edges;
	size_t edge_count, edge_room;
	struct nfa_mark *marks;
	size_t mark_count, mark_room;
	struct intern sets;
};

/* 0, or -E2BIG if more than nodes_max nodes are needed. *nfa is to be freed either way. */
int nfa_build(struct nfa *nfa, const struct automaton_glob *globs, size_t count, int separator,
	size_t nodes_max);

void nfa_free(struct nfa *nfa);

#endif
