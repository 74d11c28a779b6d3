// SPDX-License-Identifier: GPL-2.0-only
/* parse_network.c - [network]: OPS [PROTOS] PEER[:PORTS]... and socket NAME... */
#include "parse.h"

#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include "glob.h"

#define PROTO(name) (1U << CGW_PROTO_##name)
#define OP(name) (1U << CGW_OP_##name)

#define PROTOS_ALL ((1U << CGW_PROTO_COUNT) - 2)
#define PROTOS_WITH_PORTS (PROTO(TCP) | PROTO(UDP) | PROTO(SCTP))
#define PROTOS_WITH_LISTEN (PROTO(TCP) | PROTO(SCTP) | PROTO(UNIX))

/* What stands before the peers of a line. */
struct head {
	uint32_t ops;
	uint32_t protos; /* 0: none was named */
};

/* ---- ports ---- */

static bool parse_range(const char *text, size_t length, struct port_range *range)
{
	const char *dash = memchr(text, '-', length);
	size_t head = dash ? (size_t)(dash - text) : length;
	uint32_t first, last;

	if (!parse_number(text, head, UINT16_MAX, &first))
		return false;
	last = first;
	if (dash && !parse_number(dash + 1, length - head - 1, UINT16_MAX, &last))
		return false;
	*range = (struct port_range){.first = first, .last = last};
	return true;
}

static int range_compare(const void *a, const void *b)
{
	const struct port_range *one = a, *other = b;

	return one->first != other->first ? one->first - other->first : one->last - other->last;
}

/* Sorted, disjoint, not adjacent. */
static void normalise_ports(struct rule_peer *peer)
{
	size_t count = 0;

	qsort(peer->ports, peer->port_count, sizeof(*peer->ports), range_compare);
	for (size_t i = 0; i < peer->port_count; i++) {
		struct port_range *range = &peer->ports[i];
		struct port_range *before = count ? &peer->ports[count - 1] : NULL;

		if (!before || range->first > before->last + 1)
			peer->ports[count++] = *range;
		else if (range->last > before->last)
			before->last = range->last;
	}
	peer->port_count = count;
}

/* The list that begins at token->text[at]. */
static bool parse_ports(
	struct parse *parse, const struct token *token, size_t at, struct rule_peer *peer)
{
	size_t room = 0;

	for (size_t end; at <= token->length; at = end + 1) {
		struct port_range range = {0};

		for (end = at; end < token->length && token->text[end] != ',';)
			end++;
		if (!parse_range(token->text + at, end - at, &range)) {
			parse_error(parse, token->column + at,
				"bad port %s: expected a number from 0 to 65535, a range such as "
				"8000-8099, or a comma list of them",
				quote(token->text + at, end - at));
			return false;
		}
		if (range.first > range.last) {
			parse_error(parse, token->column + at, "bad port range %s: write %u-%u",
				quote(token->text + at, end - at), range.last, range.first);
			return false;
		}
		ARRAY_GROW(peer->ports, peer->port_count, room);
		peer->ports[peer->port_count++] = range;
	}
	normalise_ports(peer);
	return true;
}

/* ---- addresses ---- */

/* What to write instead of an address that is not as it should be. */
static void address_error(struct parse *parse, const struct token *token, size_t at, size_t length,
	struct rule_peer *peer, enum address_error error)
{
	struct strbuf network __attribute__((cleanup(strbuf_free))) = STRBUF_INIT;
	struct strbuf host __attribute__((cleanup(strbuf_free))) = STRBUF_INIT;
	const char *text = quote(token->text + at, length);
	uint32_t column = token->column + at;
	struct rule_peer single = *peer;

	if (error == ADDRESS_BAD) {
		parse_error(parse, column,
			"bad peer %s: expected an IPv4 or IPv6 address, a CIDR, *, a unix path "
			"that "
			"begins with /, or @ and an abstract name; host names are not looked up",
			text);
		return;
	}
	if (error == ADDRESS_PREFIX) {
		parse_error(parse, column, "bad prefix length in %s: expected 0 to %d", text,
			peer->kind == PEER_IPV4 ? 32 : 128);
		return;
	}
	address_mask(peer);
	address_print(peer, &network);
	if (error == ADDRESS_MAPPED) {
		parse_error(parse, column,
			"%s is an IPv4 address within IPv6: write %s, which covers both spellings",
			text, network.data);
		return;
	}
	single.prefix = single.kind == PEER_IPV4 ? 32 : 128;
	address_print(&single, &host);
	parse_error(parse, column,
		"%s has bits beyond its prefix: write %s for the network, or %s for the one "
		"address",
		text, network.data, host.data);
}

static bool parse_address(struct parse *parse, const struct token *token, size_t at, size_t length,
	struct rule_peer *peer)
{
	enum address_error error = address_parse(token->text + at, length, peer);

	if (error)
		address_error(parse, token, at, length, peer, error);
	return !error;
}

/* [IPv6] and then nothing or a colon: *end is behind the bracket. */
static bool parse_bracketed(
	struct parse *parse, const struct token *token, size_t *end, struct rule_peer *peer)
{
	size_t close = set_end(token->text, token->length, 0);

	if (close == token->length) {
		parse_error(parse, token->column, "%s lacks its ]: expected [IPV6]:PORTS",
			quote(token->text, token->length));
		return false;
	}
	if (close + 1 < token->length && token->text[close + 1] != ':') {
		parse_error(parse, token->column + close + 1,
			"unexpected %s after ]: expected : and ports; a prefix length stands "
			"within "
			"the brackets",
			quote(token->text + close + 1, token->length - close - 1));
		return false;
	}
	if (!parse_address(parse, token, 1, close - 1, peer))
		return false;
	if (peer->kind == PEER_IPV4) {
		parse_error(parse, token->column, "%s: only IPv6 addresses stand in brackets",
			quote(token->text, token->length));
		return false;
	}
	*end = close + 1;
	return true;
}

/* ADDRESS[:PORTS] or *[:PORTS]; *end is where the colon stands, or the end. */
static bool parse_host(
	struct parse *parse, const struct token *token, size_t *end, struct rule_peer *peer)
{
	const char *text = token->text, *colon = memchr(text, ':', token->length);
	size_t length = token->length;

	if (*text == '[')
		return parse_bracketed(parse, token, end, peer);
	/* A second colon: IPv6 without brackets, which has no ports. */
	if (colon && !memchr(colon + 1, ':', text + length - colon - 1))
		length = colon - text;
	*end = length;
	if (length == 1 && *text == '*') {
		peer->kind = PEER_ANY;
		return true;
	}
	return parse_address(parse, token, 0, length, peer);
}

/* ---- peers ---- */

/* The names in a set of protocols, in the order of the table. */
static const char *proto_names(uint32_t protos, struct strbuf *out)
{
	for (const struct cgw_name *row = cgw_proto_names; row->name; row++)
		if (protos & 1U << row->value)
			strbuf_printf(out, "%s%s", out->length ? "," : "", row->name);
	return strbuf_text(out);
}

/* Which protocols a rule with this peer covers. 0: bad, reported. */
static uint32_t peer_protos(struct parse *parse, const struct token *token, const struct head *head,
	const struct rule_peer *peer)
{
	struct strbuf names __attribute__((cleanup(strbuf_free))) = STRBUF_INIT;
	uint32_t fitting = PROTOS_ALL, wrong;

	if (peer->kind == PEER_UNIX_PATH || peer->kind == PEER_UNIX_ABSTRACT)
		fitting = PROTO(UNIX);
	else if (peer->port_count)
		fitting = PROTOS_WITH_PORTS;
	else if (peer->kind != PEER_ANY)
		fitting = PROTOS_ALL & ~PROTO(UNIX);
	if (!head->protos)
		return fitting;
	wrong = head->protos & ~fitting;
	if (!wrong)
		return head->protos;
	if (fitting == PROTO(UNIX))
		parse_error(parse, token->column,
			"%s names a unix socket, which %s does not reach: write unix before it",
			quote(token->text, token->length), proto_names(wrong, &names));
	else if (wrong == PROTO(UNIX))
		parse_error(parse, token->column,
			"bad peer %s for unix: expected a path that begins with /, @ and an "
			"abstract "
			"name, or * without ports",
			quote(token->text, token->length));
	else
		parse_error(parse, token->column, "%s has ports, which %s does not have",
			quote(token->text, token->length), proto_names(wrong, &names));
	return 0;
}

static bool parse_peer(struct parse *parse, const struct token *token, struct rule_peer *peer)
{
	size_t end;

	if (*token->text == '/') {
		peer->kind = PEER_UNIX_PATH;
		if (!check_path(parse, token, "unix path", NULL))
			return false;
		peer->glob = xstrndup(token->text, token->length);
		return true;
	}
	if (*token->text == '@') {
		peer->kind = PEER_UNIX_ABSTRACT;
		if (!check_glob(parse, token, 1, GLOB_NO_SEPARATOR))
			return false;
		peer->glob = xstrndup(token->text + 1, token->length - 1);
		return true;
	}
	if (!parse_host(parse, token, &end, peer))
		return false;
	return end == token->length || parse_ports(parse, token, end + 1, peer);
}

static void add_peer(struct parse *parse, const struct token *token, const struct head *head)
{
	struct policy_rule rule = parse_rule(parse, head->ops, token);

	if (parse_peer(parse, token, &rule.peer))
		rule.protos = peer_protos(parse, token, head, &rule.peer);
	if (!rule.protos) {
		rule_free(&rule);
		return;
	}
	rule.protos_named = head->protos != 0;
	parse_add(parse, &rule);
}

/* ---- sockets ---- */

static void add_socket(struct parse *parse, const struct token *token, uint32_t family, int type)
{
	struct policy_rule rule = parse_rule(parse, OP(SOCKET), token);

	rule.socket.family = family;
	rule.socket.type = type;
	parse_add(parse, &rule);
}

static void parse_socket_name(struct parse *parse, const struct token *token)
{
	const char *slash = memchr(token->text, '/', token->length);
	struct token family = *token, type = *token;
	uint32_t number;
	int kind = -1;

	if (token->length == 3 && !memcmp(token->text, "raw", 3)) {
		add_socket(parse, token, AF_INET, SOCK_RAW);
		add_socket(parse, token, AF_INET6, SOCK_RAW);
		return;
	}
	if (slash) {
		family.length = slash - token->text;
		type.text = slash + 1;
		type.length = token->length - family.length - 1;
		type.column = token->column + family.length + 1;
		kind = cgw_name_value(cgw_socktype_names, type.text, type.length);
	}
	number = cgw_name_value(cgw_family_names, family.text, family.length);
	if (!number)
		parse_unknown(parse, "socket family (FAMILY, FAMILY/TYPE or raw)", &family,
			cgw_family_names);
	else if (!kind)
		parse_unknown(parse, "socket type", &type, cgw_socktype_names);
	else
		add_socket(parse, token, number, kind);
}

/* ---- lines ---- */

/* True if the word can only be meant as protocols: no peer is made of these bytes alone. */
static bool is_proto_list(const struct token *word)
{
	bool letter = false;

	for (size_t i = 0; i < word->length; i++) {
		char byte = word->text[i] | 32;

		letter |= byte >= 'a' && byte <= 'z';
		if (!(byte >= 'a' && byte <= 'z') && !strchr("0123456789-_,", word->text[i]))
			return false;
	}
	return letter;
}

/* Protocols, if any are named. False: bad, reported. */
static bool parse_protos(struct parse *parse, struct head *head)
{
	struct token word;
	size_t start = parse->at;

	if (!parse_word(parse, &word) || !is_proto_list(&word)) {
		parse->at = start;
		return true;
	}
	head->protos = parse_names(parse, "protocol", &word, cgw_proto_names);
	if (!head->protos)
		return false;
	if (head->ops == OP(LISTEN) && !(head->protos & PROTOS_WITH_LISTEN)) {
		parse_error(parse, word.column,
			"the rule can never match: %s sockets do not listen; tcp, sctp and unix do",
			quote(word.text, word.length));
		return false;
	}
	return true;
}

void parse_network(struct parse *parse)
{
	struct head head = {0};
	struct token token;
	size_t count = 0;
	int found;

	parse_word(parse, &token);
	head.ops = parse_names(parse, "operation", &token, cgw_network_op_names);
	if (!head.ops)
		return;
	if (head.ops & OP(SOCKET) && head.ops != OP(SOCKET)) {
		parse_error(parse, token.column,
			"socket takes names of families, the other operations of %s take peers: "
			"write two lines",
			quote(token.text, token.length));
		return;
	}
	if (head.ops != OP(SOCKET) && !parse_protos(parse, &head))
		return;
	for (; (found = parse_subject(parse, &token)) > 0; count++) {
		if (head.ops == OP(SOCKET))
			parse_socket_name(parse, &token);
		else
			add_peer(parse, &token, &head);
	}
	if (!found && !count)
		parse_error(parse, parse->entry->value_column + parse->at,
			head.ops == OP(SOCKET)
				? "the name of a socket family is missing, such as packet"
				: "a peer is missing, such as 10.0.0.0/8:22, [2001:db8::1], "
				  "/run/x.sock, @name or *");
}
