// SPDX-License-Identifier: GPL-2.0-only
/* cover.c - which rule contains which, as far as that can be told without looking at every name. */
#include "parse.h"

#include <string.h>

size_t literal_length(const char *glob)
{
	return strcspn(glob, "*?[{}\\");
}

ssize_t folder_length(const char *glob, const char *tail)
{
	size_t length = strlen(glob), rest = strlen(tail);

	if (length < rest || memcmp(glob + length - rest, tail, rest) ||
		literal_length(glob) < length - rest)
		return -1;
	return length - rest;
}

/*
 * True if each text that `narrow` matches is matched by `broad`, too; false if that is not known.
 * What equals a literal folder is literal itself.
 */
static bool glob_covers(const char *broad, const char *narrow)
{
	ssize_t folder;

	if (!strcmp(broad, narrow) || !strcmp(broad, "**"))
		return true;
	folder = folder_length(broad, "/**");
	if (folder >= 0)
		return !strncmp(broad, narrow, folder) &&
		       (narrow[folder] == '/' || !narrow[folder]);
	folder = folder_length(broad, "/*");
	if (folder >= 0)
		return !strncmp(broad, narrow, folder + 1) &&
		       !strpbrk(narrow + folder + 1, "/{\\") && !strstr(narrow, "**");
	return false;
}

static bool ports_cover(const struct rule_peer *broad, const struct rule_peer *narrow)
{
	size_t j = 0;

	if (!broad->port_count)
		return true;
	if (!narrow->port_count)
		return false;
	for (size_t i = 0; i < narrow->port_count; i++) {
		while (j < broad->port_count && broad->ports[j].last < narrow->ports[i].first)
			j++;
		if (j == broad->port_count || broad->ports[j].first > narrow->ports[i].first ||
			broad->ports[j].last < narrow->ports[i].last)
			return false;
	}
	return true;
}

static bool peer_covers(const struct rule_peer *broad, const struct rule_peer *narrow)
{
	struct rule_peer within = *narrow;

	if (broad->kind == PEER_ANY)
		return ports_cover(broad, narrow);
	if (broad->kind != narrow->kind)
		return false;
	if (broad->glob)
		return glob_covers(broad->glob, narrow->glob);
	if (broad->prefix > narrow->prefix)
		return false;
	within.prefix = broad->prefix;
	address_mask(&within);
	return !memcmp(within.address, broad->address, sizeof(within.address)) &&
	       ports_cover(broad, narrow);
}

static bool network_covers(const struct policy_rule *broad, const struct policy_rule *narrow)
{
	if (broad->ops == 1U << CGW_OP_SOCKET)
		return broad->socket.family == narrow->socket.family &&
		       (broad->socket.type < 0 || broad->socket.type == narrow->socket.type);
	return !(narrow->protos & ~broad->protos) && peer_covers(&broad->peer, &narrow->peer);
}

static bool sysctl_covers(const struct policy_rule *broad, const struct policy_rule *narrow)
{
	const char *value = narrow->sysctl.value;

	return (!broad->sysctl.value || (value && !strcmp(broad->sysctl.value, value))) &&
	       glob_covers(broad->sysctl.name, narrow->sysctl.name);
}

static bool device_covers(const struct policy_rule *broad, const struct policy_rule *narrow)
{
	return (broad->device.type == 'a' || broad->device.type == narrow->device.type) &&
	       (broad->device.major < 0 || broad->device.major == narrow->device.major) &&
	       (broad->device.minor < 0 || broad->device.minor == narrow->device.minor);
}

bool rule_covers(const struct policy_rule *broad, const struct policy_rule *narrow)
{
	if (broad->section != narrow->section || narrow->ops & ~broad->ops)
		return false;
	switch (broad->section) {
	case SECTION_SYSCTL:
		return sysctl_covers(broad, narrow);
	case SECTION_NETWORK:
		return network_covers(broad, narrow);
	case SECTION_FILE:
		return glob_covers(broad->file.glob, narrow->file.glob);
	case SECTION_KERNEL:
		return broad->power == narrow->power;
	case SECTION_CAPABILITY:
		return broad->capability == narrow->capability;
	case SECTION_DEVICE:
		return device_covers(broad, narrow);
	default:
		return false;
	}
}

bool is_full_exception(const struct policy_rule *rule)
{
	if (rule->section == SECTION_SYSCTL)
		return !rule->sysctl.value;
	if (rule->section != SECTION_NETWORK || rule->ops == 1U << CGW_OP_SOCKET)
		return true;
	return !rule->peer.port_count && !rule->peer.glob;
}
