// SPDX-License-Identifier: GPL-2.0-only
/* address.c - IPv4 and IPv6 addresses and prefixes, as texts and as numbers. */
#include "parse.h"

#include <arpa/inet.h>
#include <string.h>

/* Without the prefix length. */
static bool parse_bytes(const char *text, size_t length, struct rule_peer *peer)
{
	char copy[INET6_ADDRSTRLEN];
	uint32_t words[4] = {0};

	if (length >= sizeof(copy))
		return false;
	memcpy(copy, text, length);
	copy[length] = 0;
	if (inet_pton(AF_INET, copy, words) == 1)
		peer->kind = PEER_IPV4;
	else if (inet_pton(AF_INET6, copy, words) == 1)
		peer->kind = PEER_IPV6;
	else
		return false;
	for (int i = 0; i < 4; i++)
		peer->address[i] = ntohl(words[i]);
	return true;
}

void address_mask(struct rule_peer *peer)
{
	for (uint32_t i = 0; i < 4; i++) {
		uint32_t bits = peer->prefix > 32 * i ? peer->prefix - 32 * i : 0;

		if (!bits)
			peer->address[i] = 0;
		else if (bits < 32)
			peer->address[i] &= ~(~0U >> bits);
	}
}

enum address_error address_parse(const char *text, size_t length, struct rule_peer *peer)
{
	const char *slash = memchr(text, '/', length);
	size_t head = slash ? (size_t)(slash - text) : length;
	struct rule_peer masked;
	uint32_t most;

	if (!parse_bytes(text, head, peer))
		return ADDRESS_BAD;
	most = peer->kind == PEER_IPV4 ? 32 : 128;
	peer->prefix = most;
	if (slash && !parse_number(slash + 1, length - head - 1, most, &peer->prefix))
		return ADDRESS_PREFIX;
	if (peer->kind == PEER_IPV6 && peer->prefix >= 96 && !peer->address[0] &&
		!peer->address[1] && peer->address[2] == 0xffff) {
		peer->kind = PEER_IPV4;
		peer->address[0] = peer->address[3];
		peer->address[2] = peer->address[3] = 0;
		peer->prefix -= 96;
		return ADDRESS_MAPPED;
	}
	masked = *peer;
	address_mask(&masked);
	return memcmp(masked.address, peer->address, sizeof(masked.address)) ? ADDRESS_HOST_BITS
									     : ADDRESS_OK;
}

void address_print(const struct rule_peer *peer, struct strbuf *out)
{
	bool ipv4 = peer->kind == PEER_IPV4;
	char text[INET6_ADDRSTRLEN];
	uint32_t words[4];

	for (int i = 0; i < 4; i++)
		words[i] = htonl(peer->address[i]);
	strbuf_puts(out, inet_ntop(ipv4 ? AF_INET : AF_INET6, words, text, sizeof(text)));
	if (peer->prefix != (ipv4 ? 32 : 128))
		strbuf_printf(out, "/%u", peer->prefix);
}
