// SPDX-License-Identifier: GPL-2.0-only
/* format.c - what the formats share. */
#include "format.h"

#include <arpa/inet.h>
#include <netinet/in.h>
#include <stdio.h>
#include <string.h>
#include <sys/socket.h>
#include "names.h"

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

const char *format_protocol(uint32_t protocol, char number[12])
{
	if (!protocol)
		return NULL;
	for (const struct cgw_name *row = protocol_names; row->name; row++)
		if (row->value == protocol)
			return row->name;
	snprintf(number, 12, "%u", protocol);
	return number;
}

void format_address(const struct cgw_event *event, char text[FORMAT_ADDRESS_MAX])
{
	uint32_t address[4];

	for (int i = 0; i < 4; i++)
		address[i] = htonl(event->network.address[i]);
	*text = 0;
	if (event->network.family == AF_INET || event->network.family == AF_INET6)
		inet_ntop(event->network.family, address, text, FORMAT_ADDRESS_MAX);
}

bool format_has_address(const struct cgw_event *event)
{
	return event->op != CGW_OP_SOCKET &&
	       (event->network.family == AF_INET || event->network.family == AF_INET6);
}

struct bytes format_sysctl_name(struct bytes name, uint8_t dotted[CGW_TEXT_MAX])
{
	for (size_t i = 0; i < name.length; i++) {
		uint8_t byte = name.data[i];

		dotted[i] = byte == '/' ? '.' : byte == '.' ? '/' : byte;
	}
	return (struct bytes){dotted, name.length};
}

const char *loss_reason_name(enum loss_reason reason)
{
	static const char *const names[LOSS_COUNT] = {
		[LOSS_NO_ROOM] = "no-room",
		[LOSS_GAP] = "gap",
		[LOSS_UNDECODABLE] = "undecodable",
		[LOSS_OUTPUT] = "output",
	};

	return reason > 0 && reason < LOSS_COUNT ? names[reason] : "?";
}
