// SPDX-License-Identifier: GPL-2.0-only
/* nfa.c - from globs to a nondeterministic automaton in which common beginnings are shared. */
#include "nfa.h"

#include <errno.h>
#include <stdbool.h>
#include <stdlib.h>

#include "strbuf.h"

enum token_kind {
	TOKEN_BYTE = 1,
	TOKEN_SET,   /* value: number of the set */
	TOKEN_STARS, /* value: how many in a row */
	TOKEN_OPEN,  /* value: the ',' or '}' that ends the first alternative */
	TOKEN_COMMA, /* value: the ',' or '}' that ends the next one; close: the '}' */
	TOKEN_CLOSE,
};

struct token {
	enum token_kind kind;
	uint32_t value;
	uint32_t close;
};

/* What the tree of common beginnings branches by. */
enum step_kind {
	STEP_BYTE = 1,
	STEP_SET,
	STEP_LOOP, /* any number of bytes of a set */
	STEP_PATH, /* nothing, or anything that ends with the separator: two stars and the separator
		    * behind them
		    */
	STEP_TAIL, /* nothing, or the separator and anything: the separator and two stars at the end
		    */
};

struct step {
	uint32_t node;
	uint32_t kind;
	uint32_t value;
};

struct nfa_builder {
	struct nfa *nfa;
	int separator;
	size_t nodes_max;
	uint32_t any;	/* set of all bytes */
	uint32_t other; /* set of all bytes but the separator */
	struct intern steps;
	uint32_t *targets; /* of each step */
	size_t target_count, target_room;
	/* the glob at hand */
	struct token *tokens;
	size_t token_count, token_room;
	struct token *picked; /* of one alternative */
	struct token *flat;   /* the same, normalised */
	uint32_t mark;
};

void nfa_free(struct nfa *nfa)
{
	free(nfa->nodes);
	free(nfa->edges);
	free(nfa->marks);
	intern_free(&nfa->sets);
	*nfa = (struct nfa){0};
}

/* ---- the tree ---- */

static uint32_t add_node(struct nfa *nfa)
{
	ARRAY_GROW(nfa->nodes, nfa->node_count, nfa->node_room);
	nfa->nodes[nfa->node_count] = (struct nfa_node){0};
	return nfa->node_count++;
}

static void add_edge(
	struct nfa *nfa, uint32_t from, enum nfa_kind kind, uint32_t value, uint32_t to)
{
	ARRAY_GROW(nfa->edges, nfa->edge_count, nfa->edge_room);
	nfa->edges[nfa->edge_count++] = (struct nfa_edge){
		.kind = kind, .value = value, .target = to, .next = nfa->nodes[from].edges};
	nfa->nodes[from].edges = nfa->edge_count;
}

static void add_mark(struct nfa *nfa, uint32_t node, uint32_t mark)
{
	ARRAY_GROW(nfa->marks, nfa->mark_count, nfa->mark_room);
	nfa->marks[nfa->mark_count++] =
		(struct nfa_mark){.mark = mark, .next = nfa->nodes[node].marks};
	nfa->nodes[node].marks = nfa->mark_count;
}

static void connect_step(struct nfa_builder *builder, const struct step *step, uint32_t to)
{
	struct nfa *nfa = builder->nfa;
	uint32_t from = step->node, within;

	switch ((enum step_kind)step->kind) {
	case STEP_BYTE:
		add_edge(nfa, from, NFA_BYTE, step->value, to);
		break;
	case STEP_SET:
		add_edge(nfa, from, NFA_SET, step->value, to);
		break;
	case STEP_LOOP:
		add_edge(nfa, from, NFA_EMPTY, 0, to);
		add_edge(nfa, to, NFA_SET, step->value, to);
		break;
	case STEP_PATH:
		within = add_node(nfa);
		add_edge(nfa, from, NFA_EMPTY, 0, to);
		add_edge(nfa, from, NFA_EMPTY, 0, within);
		add_edge(nfa, within, NFA_SET, builder->any, within);
		add_edge(nfa, within, NFA_BYTE, builder->separator, to);
		break;
	case STEP_TAIL:
		within = add_node(nfa);
		add_edge(nfa, from, NFA_EMPTY, 0, to);
		add_edge(nfa, from, NFA_BYTE, builder->separator, within);
		add_edge(nfa, within, NFA_SET, builder->any, within);
		add_edge(nfa, within, NFA_EMPTY, 0, to);
		break;
	}
}

/* The node behind a step, made if no glob before had it. */
static uint32_t follow(
	struct nfa_builder *builder, uint32_t node, enum step_kind kind, uint32_t value)
{
	struct step step = {.node = node, .kind = kind, .value = value};
	uint32_t number = intern_add(&builder->steps, &step, sizeof(step));

	if (number < builder->target_count)
		return builder->targets[number];
	ARRAY_GROW(builder->targets, builder->target_count, builder->target_room);
	builder->targets[builder->target_count++] = add_node(builder->nfa);
	connect_step(builder, &step, builder->targets[number]);
	return builder->targets[number];
}

/* ---- one alternative without braces ---- */

static bool is_separator(const struct nfa_builder *builder, const struct token *token)
{
	return token->kind == TOKEN_BYTE && (int)token->value == builder->separator;
}

/* Two stars that are a whole component. Three (from braces: {*,x}**) are just any bytes. */
static bool is_path(const struct nfa_builder *builder, size_t at, size_t count)
{
	const struct token *flat = builder->flat;

	return builder->separator != GLOB_NO_SEPARATOR && flat[at].kind == TOKEN_STARS &&
	       flat[at].value == 2 && (at == 0 || is_separator(builder, &flat[at - 1])) &&
	       (at + 1 == count || is_separator(builder, &flat[at + 1]));
}

/* Stars in a row become one token, and whole components of two stars in a row become one. */
static size_t normalise(struct nfa_builder *builder, size_t count)
{
	const struct token *picked = builder->picked;
	struct token *flat = builder->flat;
	size_t to = 0;

	for (size_t i = 0; i < count; i++) {
		if (to && picked[i].kind == TOKEN_STARS && flat[to - 1].kind == TOKEN_STARS)
			flat[to - 1].value += picked[i].value;
		else
			flat[to++] = picked[i];
	}
	count = to;
	to = 0;
	for (size_t i = 0; i < count; i++) {
		if (i + 2 < count && is_path(builder, i, count) && is_path(builder, i + 2, count))
			i++; /* and the separator */
		else
			flat[to++] = flat[i];
	}
	return to;
}

static uint32_t add_stars(struct nfa_builder *builder, uint32_t node, size_t *at, size_t count)
{
	bool all = builder->flat[*at].value >= 2;

	if (is_path(builder, *at, count) && *at + 1 < count) {
		++*at; /* the separator is part of the step */
		return follow(builder, node, STEP_PATH, 0);
	}
	return follow(builder, node, STEP_LOOP, all ? builder->any : builder->other);
}

static int add_alternative(struct nfa_builder *builder, size_t count)
{
	uint32_t node = 0;

	count = normalise(builder, count);
	for (size_t i = 0; i < count; i++) {
		const struct token *token = &builder->flat[i];

		if (builder->nfa->node_count > builder->nodes_max)
			return -E2BIG;
		if (token->kind == TOKEN_STARS) {
			node = add_stars(builder, node, &i, count);
		} else if (i + 2 == count && is_separator(builder, token) &&
			   is_path(builder, i + 1, count)) {
			node = follow(builder, node, STEP_TAIL, 0);
			break;
		} else {
			node = follow(builder, node,
				token->kind == TOKEN_SET ? STEP_SET : STEP_BYTE, token->value);
		}
	}
	add_mark(builder->nfa, node, builder->mark);
	return 0;
}

/* Each alternative from token `at` on, behind the `count` tokens that have been picked. */
static int expand(struct nfa_builder *builder, size_t at, size_t count)
{
	for (; at < builder->token_count; at++) {
		const struct token *token = &builder->tokens[at];

		switch (token->kind) {
		case TOKEN_OPEN:
			for (size_t from = at; from != token->close;
				from = builder->tokens[from].value) {
				int error = expand(builder, from + 1, count);

				if (error)
					return error;
			}
			return 0;
		case TOKEN_COMMA:
			at = token->close;
			break;
		case TOKEN_CLOSE:
			break;
		default:
			builder->picked[count++] = *token;
		}
	}
	return add_alternative(builder, count);
}

/* ---- tokens ---- */

static void add_token(struct nfa_builder *builder, enum token_kind kind, uint32_t value)
{
	ARRAY_GROW(builder->tokens, builder->token_count, builder->token_room);
	builder->tokens[builder->token_count++] = (struct token){.kind = kind, .value = value};
}

static size_t add_class(struct nfa_builder *builder, const struct automaton_glob *glob, size_t at)
{
	struct glob_bytes bytes;
	const char *why;
	size_t where;

	/* cannot fail: the glob has been checked */
	if (glob_class(&bytes, glob->text, glob->length, &at, builder->separator, &where, &why))
		abort();
	add_token(builder, TOKEN_SET, intern_add(&builder->nfa->sets, &bytes, sizeof(bytes)));
	return at;
}

/* Tells each brace and comma where its alternative and its brace end. */
static void link_braces(struct nfa_builder *builder)
{
	size_t open[GLOB_DEPTH_MAX], last[GLOB_DEPTH_MAX];
	int depth = 0;

	for (size_t i = 0; i < builder->token_count; i++) {
		struct token *token = &builder->tokens[i];

		if (token->kind == TOKEN_OPEN) {
			open[depth] = last[depth] = i;
			depth++;
			continue;
		}
		if (token->kind != TOKEN_COMMA && token->kind != TOKEN_CLOSE)
			continue;
		builder->tokens[last[depth - 1]].value = i;
		last[depth - 1] = i;
		if (token->kind == TOKEN_COMMA)
			continue;
		depth--;
		for (size_t at = open[depth]; at != i; at = builder->tokens[at].value)
			builder->tokens[at].close = i;
	}
}

static void tokenise(struct nfa_builder *builder, const struct automaton_glob *glob)
{
	int depth = 0;

	builder->token_count = 0;
	for (size_t i = 0; i < glob->length;) {
		uint8_t byte = glob->text[i];

		if (byte == '[') {
			i = add_class(builder, glob, i);
			continue;
		}
		i++;
		if (byte == '\\') {
			add_token(builder, TOKEN_BYTE, (uint8_t)glob->text[i++]);
		} else if (byte == '*') {
			add_token(builder, TOKEN_STARS, 1);
		} else if (byte == '?') {
			add_token(builder, TOKEN_SET, builder->other);
		} else if (byte == '{') {
			depth++;
			add_token(builder, TOKEN_OPEN, 0);
		} else if (byte == ',' && depth) {
			add_token(builder, TOKEN_COMMA, 0);
		} else if (byte == '}') {
			depth--;
			add_token(builder, TOKEN_CLOSE, 0);
		} else {
			add_token(builder, TOKEN_BYTE, byte);
		}
	}
	link_braces(builder);
}

static int add_glob(struct nfa_builder *builder, const struct automaton_glob *glob)
{
	tokenise(builder, glob);
	builder->picked = xrealloc(builder->picked, builder->token_count, sizeof(struct token));
	builder->flat = xrealloc(builder->flat, builder->token_count, sizeof(struct token));
	builder->mark = glob->mark;
	return expand(builder, 0, 0);
}

int nfa_build(struct nfa *nfa, const struct automaton_glob *globs, size_t count, int separator,
	size_t nodes_max)
{
	struct nfa_builder builder = {.nfa = nfa, .separator = separator, .nodes_max = nodes_max};
	struct glob_bytes bytes = {.word = {~0ULL, ~0ULL, ~0ULL, ~0ULL}};
	int error = 0;

	*nfa = (struct nfa){0};
	builder.any = intern_add(&nfa->sets, &bytes, sizeof(bytes));
	if (separator != GLOB_NO_SEPARATOR)
		bytes.word[separator / 64] &= ~(1ULL << separator % 64);
	builder.other = intern_add(&nfa->sets, &bytes, sizeof(bytes));
	add_node(nfa);
	for (size_t i = 0; i < count && !error; i++)
		error = add_glob(&builder, &globs[i]);
	intern_free(&builder.steps);
	free(builder.targets);
	free(builder.tokens);
	free(builder.picked);
	free(builder.flat);
	return error;
}
