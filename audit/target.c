// SPDX-License-Identifier: GPL-2.0-only
#include "target.h"

#include <netdb.h>
#include <stdbool.h>
#include <string.h>
#include <sys/un.h>
#include "strbuf.h"

#define JOURNAL_SOCKET "/run/systemd/journal/socket"

static bool cut_prefix(const char **text, const char *prefix)
{
	size_t length = strlen(prefix);

	if (strncmp(*text, prefix, length))
		return false;
	*text += length;
	return true;
}

static int parse_unix(struct target *target, const char *path, const char **why)
{
	struct sockaddr_un *address = (struct sockaddr_un *)&target->address;

	*why = "expected an absolute path of at most 107 bytes";
	if (*path != '/' || strlen(path) >= sizeof(address->sun_path))
		return -1;
	address->sun_family = AF_UNIX;
	memcpy(address->sun_path, path, strlen(path) + 1);
	target->type = SOCK_DGRAM;
	target->address_length = sizeof(*address);
	return 0;
}

static int look_up(struct target *target, const char *host, const char *port, const char **why)
{
	struct addrinfo hints = {.ai_socktype = target->type}, *found;
	int result = getaddrinfo(host, port, &hints, &found);

	if (result) {
		*why = gai_strerror(result);
		return -1;
	}
	memcpy(&target->address, found->ai_addr, found->ai_addrlen);
	target->address_length = found->ai_addrlen;
	freeaddrinfo(found);
	return 0;
}

static bool is_port(const char *text)
{
	unsigned int port = 0;
	size_t length = strlen(text);

	if (!length || length > 5 || strspn(text, "0123456789") != length)
		return false;
	while (*text)
		port = port * 10 + (*text++ - '0');
	return port >= 1 && port <= 65535;
}

static int parse_inet(struct target *target, int type, const char *text, const char **why)
{
	const char *colon = strrchr(text, ':');
	struct strbuf host __attribute__((cleanup(strbuf_free))) = STRBUF_INIT;
	size_t length = colon ? colon - text : 0;

	*why = "expected HOST:PORT, with an IPv6 address in brackets";
	if (!length || !is_port(colon + 1))
		return -1;
	if (*text == '[' && text[length - 1] == ']')
		strbuf_add(&host, text + 1, length - 2);
	else if (!memchr(text, ':', length))
		strbuf_add(&host, text, length);
	if (!host.length)
		return -1;
	target->type = type;
	return look_up(target, host.data, colon + 1, why);
}

static int parse_syslog(struct target *target, const char *text, const char **why)
{
	target->kind = TARGET_SYSLOG;
	if (cut_prefix(&text, "unix:"))
		return parse_unix(target, text, why);
	if (cut_prefix(&text, "udp:"))
		return parse_inet(target, SOCK_DGRAM, text, why);
	if (cut_prefix(&text, "tcp:"))
		return parse_inet(target, SOCK_STREAM, text, why);
	*why = "expected syslog:unix:PATH, syslog:udp:HOST:PORT or syslog:tcp:HOST:PORT";
	return -1;
}

int target_parse(struct target *target, const char *text, const char **why)
{
	*target = (struct target){.kind = TARGET_FILE, .name = text};
	if (!strcmp(text, "journal")) {
		target->kind = TARGET_JOURNAL;
		return parse_unix(target, JOURNAL_SOCKET, why);
	}
	if (cut_prefix(&text, "journal:")) {
		target->kind = TARGET_JOURNAL;
		return parse_unix(target, text, why);
	}
	if (!strcmp(text, "syslog") || cut_prefix(&text, "syslog:"))
		return parse_syslog(target, text, why);
	return 0;
}
