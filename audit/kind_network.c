// SPDX-License-Identifier: GPL-2.0-only
/* kind_network.c - peers and sockets. */
#include <arpa/inet.h>
#include <netinet/in.h>
#include <stdio.h>
#include <string.h>
#include <sys/socket.h>
#include "kind.h"
#include "names.h"

#define ADDRESS_MAX 46

static const struct cgw_name protocol_names[] = {
	{IPPROTO_ICMP, "icmp", NULL},
	{IPPROTO_IGMP, "igmp", NULL},
	{IPPROTO_TCP, "tcp", NULL},
	{IPPROTO_UDP, "udp", NULL},
	{IPPROTO_DCCP, "dccp", NULL},
	{IPPROTO_GRE, "gre", NULL},
	{IPPROTO_ESP, "esp", NULL},
	{IPPROTO_AH, "ah", NULL},
	{IPPROTO_ICMPV6, "icmpv6", NULL},
	{115 /* IPPROTO_L2TP: only in linux/in.h */, "l2tp", NULL},
	{IPPROTO_SCTP, "sctp", NULL},
	{IPPROTO_UDPLITE, "udplite", NULL},
	{IPPROTO_RAW, "raw", NULL},
	{IPPROTO_MPTCP, "mptcp", NULL},
	{0, NULL, NULL},
};

/* Its number, in the buffer, if it has no name. NULL for 0: the socket has none. */
static const char *protocol_name(uint32_t protocol, char number[12])
{
	if (!protocol)
		return NULL;
	for (const struct cgw_name *row = protocol_names; row->name; row++)
		if (row->value == protocol)
			return row->name;
	snprintf(number, 12, "%u", protocol);
	return number;
}

/* "" for any family but AF_INET and AF_INET6. */
static void print_address(const struct cgw_event *event, char text[ADDRESS_MAX])
{
	uint32_t address[4];

	for (int i = 0; i < 4; i++)
		address[i] = htonl(event->network.address[i]);
	*text = 0;
	if (event->network.family == AF_INET || event->network.family == AF_INET6)
		inet_ntop(event->network.family, address, text, ADDRESS_MAX);
}

static bool has_address(const struct cgw_event *event)
{
	return event->op != CGW_OP_SOCKET &&
	       (event->network.family == AF_INET || event->network.family == AF_INET6);
}

static bool is_good(const struct cgw_event *head)
{
	return head->network.port <= CGW_PORT_UNKNOWN && !head->old_len && !head->new_len;
}

/* A socket without an address: what it is, and its name if it is a unix socket. */
static void put_socket(struct strbuf *out, const struct event *event, const char *protocol)
{
	const struct cgw_event *head = event->head;
	struct bytes name = event->name;

	text_name(out, cgw_family_names, head->network.family);
	strbuf_putc(out, '/');
	text_name(out, cgw_socktype_names, head->network.type);
	if (head->network.family != AF_UNIX) {
		if (protocol)
			strbuf_printf(out, "/%s", protocol);
		return;
	}
	if (head->op == CGW_OP_SOCKET)
		return;
	strbuf_putc(out, ' ');
	if (name.length && !name.data[0]) { /* abstract */
		strbuf_putc(out, '@');
		name.data++;
		name.length--;
	}
	text_quoted(out, name);
}

static void text(struct strbuf *out, const struct event *event)
{
	const struct cgw_event *head = event->head;
	char address[ADDRESS_MAX], number[12];
	const char *protocol = protocol_name(head->network.protocol, number);

	if (!has_address(head)) {
		put_socket(out, event, protocol);
		return;
	}
	print_address(head, address);
	if (protocol)
		strbuf_printf(out, "%s ", protocol);
	strbuf_printf(out, head->network.family == AF_INET6 ? "[%s]:" : "%s:", address);
	if (head->network.port == CGW_PORT_UNKNOWN)
		strbuf_putc(out, '?');
	else
		strbuf_printf(out, "%u", head->network.port);
}

/* The path, or the abstract name with an @ in place of the NUL, as in a policy. */
static void json_unix_name(struct json *json, struct bytes name)
{
	struct strbuf text __attribute__((cleanup(strbuf_free))) = STRBUF_INIT;

	if (!name.length || name.data[0]) {
		json_some(json, "path", name);
		return;
	}
	strbuf_putc(&text, '@');
	strbuf_add(&text, name.data + 1, name.length - 1);
	json_bytes(json, "path", text.data, text.length);
	json_bool(json, "abstract", true);
}

static void json_members(struct json *json, const struct event *event)
{
	const struct cgw_event *head = event->head;
	char address[ADDRESS_MAX], number[12];

	json_name(json, "family", cgw_family_names, head->network.family);
	json_text(json, "protocol", protocol_name(head->network.protocol, number));
	json_name(json, "socket_type", cgw_socktype_names, head->network.type);
	if (has_address(head)) {
		print_address(head, address);
		json_text(json, "address", address);
		if (head->network.port == CGW_PORT_UNKNOWN)
			json_text(json, "port", NULL);
		else
			json_unsigned(json, "port", head->network.port);
	}
	if (head->network.family == AF_UNIX && head->op != CGW_OP_SOCKET)
		json_unix_name(json, event->name);
	if (head->socket_cgroup_id)
		json_unsigned(json, "socket_cgroup_id", head->socket_cgroup_id);
}

static void journal(struct strbuf *out, const struct event *event)
{
	const struct cgw_event *head = event->head;
	char address[ADDRESS_MAX], number[12];

	journal_text(out, "CGWARD_FAMILY", cgw_name_of(cgw_family_names, head->network.family));
	journal_text(out, "CGWARD_PROTOCOL", protocol_name(head->network.protocol, number));
	if (head->network.family == AF_UNIX)
		journal_bytes(out, "CGWARD_PATH", event->name);
	if (!has_address(head))
		return;
	print_address(head, address);
	journal_text(out, "CGWARD_ADDRESS", address);
	if (head->network.port != CGW_PORT_UNKNOWN)
		journal_number(out, "CGWARD_PORT", head->network.port);
}

const struct kind kind_network = {
	CGW_EVENT_NETWORK, SECTION_NETWORK, is_good, text, json_members, journal};
