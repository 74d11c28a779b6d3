// SPDX-License-Identifier: GPL-2.0-only
/* subject_text.c - subjects as texts of the policy language, and held against its rules. */
#include <arpa/inet.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include "automaton.h"
#include "glob.h"
#include "names.h"
#include "subject.h"

/* Bytes that mean something in a glob, in a list of subjects, or to the reader of INI files. */
static const char special[] = "?*[]{}\\,;# ";

static void put_quoted(struct strbuf *out, char byte)
{
	if (strchr(special, byte))
		strbuf_putc(out, '\\');
	strbuf_putc(out, byte);
}

/* Decimal numbers from `least` to `greatest`, without leading zeros. */
static void put_range(struct strbuf *out, uint64_t least, uint64_t greatest)
{
	struct strbuf text = STRBUF_INIT;
	size_t count = 0;

	/* Each turn takes as many numbers as differ in one digit and all below it. */
	for (uint64_t at = least; at <= greatest; count++) {
		uint64_t step = 1, digit, last;
		int below = 0;

		while (at >= step * 10 && at % (step * 10) == 0 && at + step * 10 - 1 <= greatest) {
			step *= 10;
			below++;
		}
		digit = last = at / step % 10;
		while (last < 9 && at + (last + 2 - digit) * step - 1 <= greatest)
			last++;
		strbuf_puts(&text, count ? "," : "");
		if (at / step / 10)
			strbuf_printf(&text, "%llu", (unsigned long long)(at / step / 10));
		if (digit == last)
			strbuf_printf(&text, "%u", (unsigned int)digit);
		else
			strbuf_printf(&text, "[%u-%u]", (unsigned int)digit, (unsigned int)last);
		while (below--)
			strbuf_puts(&text, "[0-9]");
		at += (last + 1 - digit) * step;
	}
	strbuf_printf(out, count > 1 ? "{%s}" : "%s", strbuf_text(&text));
	strbuf_free(&text);
}

void subject_glob(const struct subject *subject, struct strbuf *out)
{
	for (const char *at = subject->name; *at; at++) {
		char *end;
		uint64_t least;

		if (*at == SUBJECT_ANY) {
			strbuf_putc(out, '*');
		} else if (*at == SUBJECT_RANGE) {
			least = strtoull(at + 1, &end, 10);
			put_range(out, least, strtoull(end + 1, &end, 10));
			at = end;
		} else {
			put_quoted(out, *at);
		}
	}
}

static void put_names(struct strbuf *out, uint32_t set, const struct cgw_name *table)
{
	const char *comma = "";

	for (; table->name; table++) {
		if (!(set >> table->value & 1))
			continue;
		strbuf_printf(out, "%s%s", comma, table->name);
		comma = ",";
	}
	strbuf_putc(out, ' ');
}

static void put_ops(struct strbuf *out, const struct subject *subject)
{
	switch (subject->section) {
	case SECTION_SYSCTL:
		put_names(out, subject->ops, cgw_sysctl_op_names);
		break;
	case SECTION_NETWORK:
		put_names(out, subject->ops, cgw_network_op_names);
		break;
	case SECTION_FILE:
		put_names(out, subject->ops, cgw_file_op_names);
		break;
	case SECTION_DEVICE:
		strbuf_printf(out, "%s%s%s ", subject->ops >> CGW_OP_DEVICE_READ & 1 ? "r" : "",
			subject->ops >> CGW_OP_DEVICE_WRITE & 1 ? "w" : "",
			subject->ops >> CGW_OP_DEVICE_MKNOD & 1 ? "m" : "");
		break;
	case SECTION_KERNEL:
	case SECTION_CAPABILITY:
	case SECTION_COUNT:
		break;
	}
}

static void put_peer(struct strbuf *out, const struct subject *subject)
{
	bool ipv4 = subject->family == AF_INET;
	char text[INET6_ADDRSTRLEN];
	uint32_t address[4];

	for (int i = 0; i < 4; i++)
		address[i] = htonl(subject->address[i]);
	inet_ntop(subject->family, address, text, sizeof(text));
	strbuf_printf(out, "%s %s%s", cgw_name_of(cgw_proto_names, subject->proto), ipv4 ? "" : "[",
		text);
	if (subject->prefix < (ipv4 ? 32U : 128U))
		strbuf_printf(out, "/%u", subject->prefix);
	strbuf_puts(out, ipv4 ? "" : "]");
	for (size_t i = 0; i < subject->port_count; i++) {
		const struct port_range *range = &subject->ports[i];

		strbuf_printf(out, "%c%u", i ? ',' : ':', range->first);
		if (range->last != range->first)
			strbuf_printf(out, "-%u", range->last);
	}
}

static void put_value(struct strbuf *out, const char *value)
{
	strbuf_putc(out, ' ');
	for (; *value; value++)
		put_quoted(out, *value);
}

void subject_print(const struct subject *subject, struct strbuf *out)
{
	size_t start;

	put_ops(out, subject);
	switch (subject->form) {
	case SUBJECT_WORD:
		strbuf_puts(out, subject->name);
		break;
	case SUBJECT_PEER:
		put_peer(out, subject);
		break;
	case SUBJECT_NAME:
		strbuf_puts(out, subject->before);
		start = out->length;
		subject_glob(subject, out);
		/* Dotted, as people write it. No mark and no quote has a dot or a slash. */
		for (size_t i = start; subject->section == SECTION_SYSCTL && i < out->length; i++)
			out->data[i] = out->data[i] == '.'   ? '/'
				       : out->data[i] == '/' ? '.'
							     : out->data[i];
		if (subject->value)
			put_value(out, subject->value);
		break;
	}
}

/* ---- against rules ---- */

/* Compiled alone; false if it is too complex. */
static bool compile(struct automaton *automaton, const char *glob, size_t length, int separator)
{
	const struct automaton_options options = {.separator = separator};
	struct automaton_glob one = {.text = glob, .length = length, .mark = 1};

	return !automaton_compile(automaton, &one, 1, &options, AUTOMATON_STATES_MAX);
}

/* One step of both on every byte: pairs of states that have not been met before are added. */
static size_t step(const struct automaton *a, const struct automaton *b, uint32_t pair,
	uint8_t *met, uint32_t *list, size_t count)
{
	uint32_t at_a = pair / b->state_count, at_b = pair % b->state_count;

	for (int byte = 0; byte < 256; byte++) {
		uint32_t next_a = a->next[at_a * a->class_count + a->class_of[byte]];
		uint32_t next_b = b->next[at_b * b->class_count + b->class_of[byte]];
		uint32_t next = next_a * b->state_count + next_b;

		if (!next_a || !next_b || met[next])
			continue;
		met[next] = 1;
		list[count++] = next;
	}
	return count;
}

#define PAIRS_MAX (4U << 20)

/* True if some text is accepted by both, or if there are too many pairs of states to tell. */
static bool automata_meet(const struct automaton *a, const struct automaton *b)
{
	uint64_t pairs = (uint64_t)a->state_count * b->state_count;
	uint32_t *list, start = a->start * b->state_count + b->start;
	uint8_t *met;
	size_t count = 0;
	bool found = false;

	if (pairs > PAIRS_MAX)
		return true;
	met = xcalloc(pairs, 1);
	list = xcalloc(pairs, sizeof(*list));
	met[start] = 1;
	list[count++] = start;
	for (size_t i = 0; i < count && !found; i++) {
		found = a->set_of[list[i] / b->state_count] && b->set_of[list[i] % b->state_count];
		count = step(a, b, list[i], met, list, count);
	}
	free(met);
	free(list);
	return found;
}

static bool globs_meet(const char *a, size_t a_length, const char *b, int separator)
{
	struct automaton first, second;
	bool meet = true;

	if (!compile(&first, a, a_length, separator))
		return true;
	if (compile(&second, b, strlen(b), separator)) {
		meet = automata_meet(&first, &second);
		automaton_free(&second);
	}
	automaton_free(&first);
	return meet;
}

static bool name_meets(const struct subject *subject, const char *rule, int separator)
{
	static const char meaning[] = "?*[{\\";
	size_t least, length;
	struct strbuf glob __attribute__((cleanup(strbuf_free))) = STRBUF_INIT;

	subject_glob(subject, &glob);
	/* Most differ in their first bytes already. */
	least = strcspn(strbuf_text(&glob), meaning);
	length = strcspn(rule, meaning);
	if (strncmp(strbuf_text(&glob), rule, least < length ? least : length))
		return false;
	return globs_meet(strbuf_text(&glob), glob.length, rule, separator);
}

static bool value_meets(const struct subject *subject, const char *rule)
{
	struct strbuf glob __attribute__((cleanup(strbuf_free))) = STRBUF_INIT;

	if (!subject->value || !rule)
		return true;
	for (const char *at = subject->value; *at; at++)
		put_quoted(&glob, *at);
	return globs_meet(strbuf_text(&glob), glob.length, rule, GLOB_NO_SEPARATOR);
}

/* Do the first bits agree? */
static bool prefixes_meet(const uint32_t *a, const uint32_t *b, uint32_t bits)
{
	for (uint32_t i = 0; i < bits; i++)
		if ((a[i / 32] ^ b[i / 32]) >> (31 - i % 32) & 1)
			return false;
	return true;
}

static bool ports_meet(const struct subject *subject, const struct rule_peer *peer)
{
	if (!peer->port_count || !subject->port_count)
		return true;
	for (size_t i = 0; i < subject->port_count; i++)
		for (size_t j = 0; j < peer->port_count; j++)
			if (subject->ports[i].first <= peer->ports[j].last &&
				peer->ports[j].first <= subject->ports[i].last)
				return true;
	return false;
}

static bool peer_meets(const struct subject *subject, const struct policy_rule *rule)
{
	const struct rule_peer *peer = &rule->peer;
	bool ipv4 = subject->family == AF_INET;
	uint32_t bits;

	if (!(rule->protos >> subject->proto & 1) || !ports_meet(subject, peer))
		return false;
	if (peer->kind == PEER_ANY)
		return true;
	if (peer->kind != (ipv4 ? PEER_IPV4 : PEER_IPV6))
		return false;
	bits = peer->prefix < subject->prefix ? peer->prefix : subject->prefix;
	return prefixes_meet(peer->address, subject->address, bits);
}

static bool unix_meets(const struct subject *subject, const struct policy_rule *rule)
{
	bool abstract = strchr(subject->before, '@');

	if (rule->peer.kind == PEER_ANY)
		return rule->protos >> CGW_PROTO_UNIX & 1;
	if (rule->peer.kind != (abstract ? PEER_UNIX_ABSTRACT : PEER_UNIX_PATH))
		return false;
	return name_meets(subject, rule->peer.glob, abstract ? GLOB_NO_SEPARATOR : '/');
}

bool subject_meets(const struct subject *subject, const struct policy_rule *rule)
{
	if (rule->section != subject->section || !(rule->ops & subject->ops))
		return false;
	if (subject->form == SUBJECT_WORD)
		return true;
	if (subject->form == SUBJECT_PEER)
		return peer_meets(subject, rule);
	switch (subject->section) {
	case SECTION_SYSCTL:
		return name_meets(subject, rule->sysctl.name, '/') &&
		       value_meets(subject, rule->sysctl.value);
	case SECTION_NETWORK:
		return unix_meets(subject, rule);
	case SECTION_FILE:
		return strncmp(rule->file.glob, "memfd:", 6)
			       ? name_meets(subject, rule->file.glob, '/')
			       : !strncmp(subject->name, "memfd:", 6);
	default:
		return true;
	}
}
