// SPDX-License-Identifier: GPL-2.0-only
/* operation.c - the text of one operation. */
#include "operation.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include "parse.h"

/* What is left of the text, and the message if it is bad. */
struct words {
	const char *at;
	char *error;
};

static int bad(struct words *words, const char *format, ...) __attribute__((format(printf, 2, 3)));

static int bad(struct words *words, const char *format, ...)
{
	struct strbuf message = STRBUF_INIT;
	va_list args;

	va_start(args, format);
	strbuf_vprintf(&message, format, args);
	va_end(args);
	free(words->error);
	words->error = strbuf_take(&message);
	return -1;
}

static int bad_name(struct words *words, const char *what, const char *name, size_t length,
	const struct cgw_name *known)
{
	const char *nearest = nearest_name(known, name, length);
	struct strbuf names __attribute__((cleanup(strbuf_free))) = STRBUF_INIT;

	add_names(&names, known);
	if (nearest)
		return bad(words, "unknown %s %s; did you mean \"%s\"? known: %s", what,
			quote(name, length), nearest, names.data);
	return bad(words, "unknown %s %s; known: %s", what, quote(name, length), names.data);
}

/* The next word, which ends at a blank. Its length, 0: there is none. */
static size_t next_word(struct words *words, const char **word)
{
	size_t length = strcspn(words->at, " ");

	*word = words->at;
	words->at += length;
	if (*words->at)
		words->at++;
	return length;
}

/* A word that is a name of the table: its value, or 0: bad. */
static uint32_t next_name(struct words *words, const char *what, const struct cgw_name *known)
{
	const char *word;
	size_t length = next_word(words, &word);
	uint32_t value = cgw_name_value(known, word, length);

	if (!value)
		bad_name(words, what, word, length, known);
	return value;
}

static int parse_nothing(struct words *words)
{
	if (!*words->at)
		return 0;
	return bad(words, "unexpected %s at the end", quote(words->at, strlen(words->at)));
}

/* ---- sysctl ---- */

static int hex_digit(char byte)
{
	if (byte >= '0' && byte <= '9')
		return byte - '0';
	byte |= 32;
	return byte >= 'a' && byte <= 'f' ? byte - 'a' + 10 : -1;
}

/* One \ and what it stands for; *at is behind it afterwards. */
static int unescape(struct words *words, const char **at, struct strbuf *value)
{
	const char *text = *at;
	int high, low;

	switch (text[1]) {
	case 'n':
		strbuf_putc(value, '\n');
		break;
	case 't':
		strbuf_putc(value, '\t');
		break;
	case '\\':
		strbuf_putc(value, '\\');
		break;
	case 'x':
		high = hex_digit(text[2]);
		low = high < 0 ? -1 : hex_digit(text[3]);
		if (low < 0)
			return bad(words, "bad %s in the value: expected two hexadecimal digits",
				quote(text, strnlen(text, 4)));
		strbuf_putc(value, high << 4 | low);
		*at += 4;
		return 0;
	default:
		return bad(words, "bad %s in the value: expected \\\\, \\n, \\t or \\xHH",
			quote(text, strnlen(text, 2)));
	}
	*at += 2;
	return 0;
}

static int parse_value(struct operation *operation, struct words *words, const char *text)
{
	struct strbuf value __attribute__((cleanup(strbuf_free))) = STRBUF_INIT;

	while (*text) {
		if (*text != '\\')
			strbuf_putc(&value, *text++);
		else if (unescape(words, &text, &value))
			return -1;
	}
	operation->value_length = value.length;
	operation->value = strbuf_take(&value);
	return 0;
}

static int parse_sysctl_operation(struct operation *operation, struct words *words)
{
	const char *name, *equals;
	size_t length;

	operation->op = next_name(words, "operation", cgw_sysctl_op_names);
	if (!operation->op)
		return -1;
	name = words->at;
	equals = strchr(name, '=');
	length = equals ? (size_t)(equals - name) : strlen(name);
	if (!length)
		return bad(words, "the name of a sysctl is missing, such as kernel.osrelease");
	if (equals && operation->op != CGW_OP_SYSCTL_WRITE)
		return bad(words, "a value in %s: only a write has one", quote(name, strlen(name)));
	operation->name = xstrndup(name, length);
	operation->name_length = length;
	if (sysctl_is_dotted(operation->name, length))
		sysctl_swap(operation->name, length);
	if (*operation->name == '/' || operation->name[length - 1] == '/' ||
		strstr(operation->name, "//") || memchr(name, ' ', length))
		return bad(words,
			"bad sysctl name %s: expected a name such as kernel.osrelease or "
			"net/ipv4/ip_forward",
			quote(name, length));
	return equals ? parse_value(operation, words, equals + 1) : 0;
}

/* ---- network ---- */

/* Protocols of operations: those of policies, and all that policies have no name for. */
static uint32_t next_proto(struct words *words)
{
	struct cgw_name known[CGW_PROTO_COUNT + 1];
	size_t count = 0;

	for (const struct cgw_name *row = cgw_proto_names; row->name; row++)
		known[count++] = *row;
	known[count++] = (struct cgw_name){CGW_PROTO_OTHER, "other", NULL};
	known[count] = (struct cgw_name){0, NULL, NULL};
	return next_name(words, "protocol", known);
}

static int parse_unix(struct operation *operation, struct words *words)
{
	const char *name = words->at;

	operation->family = AF_UNIX;
	operation->unix_kind = *name == '@' ? CGW_UNIX_ABSTRACT : CGW_UNIX_PATH;
	name += *name == '@';
	if (!*name)
		return bad(words, "the name of a unix socket is missing, such as /run/x.sock or "
				  "@name");
	operation->name_length = strlen(name);
	operation->name = xstrndup(name, operation->name_length);
	return 0;
}

/* Where the port's colon stands in ADDRESS:PORT or [ADDRESS]:PORT, and the address itself. */
static int split_address(
	struct words *words, const char **address, size_t *length, const char **port)
{
	const char *text = words->at, *colon = strchr(text, ':');

	*port = NULL;
	*address = text;
	*length = strlen(text);
	if (*text == '[') {
		const char *close = strchr(text, ']');

		if (!close || (close[1] && close[1] != ':'))
			return bad(words, "bad address %s: expected [IPV6]:PORT",
				quote(text, strlen(text)));
		*address = text + 1;
		*length = close - text - 1;
		*port = close[1] ? close + 2 : NULL;
	} else if (colon && !strchr(colon + 1, ':')) {
		*length = colon - text;
		*port = colon + 1;
	}
	return 0;
}

/* The port of protocols that have ports, and of no others. */
static int parse_port(struct operation *operation, struct words *words, const char *port)
{
	bool wanted = operation->proto == CGW_PROTO_TCP || operation->proto == CGW_PROTO_UDP ||
		      operation->proto == CGW_PROTO_SCTP;
	const char *text = quote(words->at, strlen(words->at));

	if (wanted != !!port)
		return bad(words,
			wanted ? "the port is missing: expected %s and :PORT after it"
			       : "unexpected port in %s: the protocol has none",
			text);
	if (port && !parse_number(port, strlen(port), UINT16_MAX, &operation->port))
		return bad(words, "bad port %s: expected a number from 0 to 65535",
			quote(port, strlen(port)));
	return 0;
}

static int parse_peer_operation(struct operation *operation, struct words *words)
{
	struct rule_peer peer = {0};
	const char *address, *port;
	enum address_error error;
	size_t length;

	operation->proto = next_proto(words);
	if (!operation->proto)
		return -1;
	if (operation->proto == CGW_PROTO_UNIX)
		return parse_unix(operation, words);
	if (split_address(words, &address, &length, &port))
		return -1;
	error = address_parse(address, length, &peer);
	if ((error && error != ADDRESS_MAPPED) || memchr(address, '/', length))
		return bad(words, "bad address %s: expected one IPv4 or IPv6 address",
			quote(address, length));
	operation->family = peer.kind == PEER_IPV4 && error != ADDRESS_MAPPED ? AF_INET : AF_INET6;
	memcpy(operation->address, peer.address, sizeof(peer.address));
	if (error == ADDRESS_MAPPED) {
		operation->address[0] = 0;
		operation->address[2] = 0xffff;
		operation->address[3] = peer.address[0];
	}
	return parse_port(operation, words, port);
}

static int parse_socket_operation(struct operation *operation, struct words *words)
{
	const char *word, *slash, *end;
	size_t length = next_word(words, &word);

	slash = memchr(word, '/', length);
	end = word + length;
	if (!slash)
		return bad(words, "bad socket %s: expected FAMILY/TYPE, such as inet/stream",
			quote(word, length));
	operation->family = cgw_name_value(cgw_family_names, word, slash - word);
	if (!operation->family)
		return bad_name(words, "socket family", word, slash - word, cgw_family_names);
	operation->type = cgw_name_value(cgw_socktype_names, slash + 1, end - slash - 1);
	if (!operation->type)
		return bad_name(
			words, "socket type", slash + 1, end - slash - 1, cgw_socktype_names);
	return parse_nothing(words);
}

/* ---- the rest ---- */

static int parse_file_operation(struct operation *operation, struct words *words)
{
	if (*words->at != '/' && (strncmp(words->at, "memfd:", 6) || !words->at[6]))
		return bad(words, "bad path %s: expected an absolute path or memfd:NAME",
			quote(words->at, strlen(words->at)));
	operation->name_length = strlen(words->at);
	operation->name = xstrndup(words->at, operation->name_length);
	return 0;
}

static int parse_kernel_operation(struct operation *operation, struct words *words)
{
	operation->power = next_name(words, "power", cgw_power_names);
	return operation->power ? parse_nothing(words) : -1;
}

static int parse_capability_operation(struct operation *operation, struct words *words)
{
	uint32_t value = next_name(words, "capability", cgw_capability_names);

	operation->capability = value ? value - 1 : 0;
	return value ? parse_nothing(words) : -1;
}

static int parse_device_operation(struct operation *operation, struct words *words)
{
	const char *type, *number, *colon;
	uint32_t major, minor;
	size_t length;

	operation->op = next_name(words, "operation", cgw_device_op_names);
	if (!operation->op)
		return -1;
	length = next_word(words, &type);
	if (length != 1 || (*type != 'c' && *type != 'b'))
		return bad(words, "bad device type %s: expected c (character) or b (block)",
			quote(type, length));
	length = next_word(words, &number);
	colon = memchr(number, ':', length);
	if (!colon || !parse_number(number, colon - number, DEVICE_MAJOR_MAX, &major) ||
		!parse_number(colon + 1, number + length - colon - 1, DEVICE_MINOR_MAX, &minor))
		return bad(words, "bad device number %s: expected MAJOR:MINOR, such as 1:3",
			quote(number, length));
	operation->device_type = *type;
	operation->device_major = major;
	operation->device_minor = minor;
	return parse_nothing(words);
}

/* The first words; those of files and networks are the operations themselves. */
static const struct cgw_name first_words[] = {
	{SECTION_SYSCTL << 8, "sysctl", NULL},
	{SECTION_NETWORK << 8 | CGW_OP_CONNECT, "connect", NULL},
	{SECTION_NETWORK << 8 | CGW_OP_BIND, "bind", NULL},
	{SECTION_NETWORK << 8 | CGW_OP_LISTEN, "listen", NULL},
	{SECTION_NETWORK << 8 | CGW_OP_SOCKET, "socket", NULL},
	{SECTION_FILE << 8 | CGW_OP_FILE_READ, "read", NULL},
	{SECTION_FILE << 8 | CGW_OP_FILE_WRITE, "write", NULL},
	{SECTION_FILE << 8 | CGW_OP_FILE_EXEC, "exec", NULL},
	{SECTION_KERNEL << 8 | CGW_OP_KERNEL, "kernel", NULL},
	{SECTION_CAPABILITY << 8 | CGW_OP_CAPABILITY, "capability", NULL},
	{SECTION_DEVICE << 8, "device", NULL},
	{0, NULL, NULL},
};

static int parse_operation(struct operation *operation, struct words *words)
{
	uint32_t first = next_name(words, "operation", first_words);

	operation->op = first & 0xff;
	switch (first >> 8) {
	case SECTION_SYSCTL:
		return parse_sysctl_operation(operation, words);
	case SECTION_NETWORK:
		return operation->op == CGW_OP_SOCKET ? parse_socket_operation(operation, words)
						      : parse_peer_operation(operation, words);
	case SECTION_FILE:
		return parse_file_operation(operation, words);
	case SECTION_KERNEL:
		return parse_kernel_operation(operation, words);
	case SECTION_CAPABILITY:
		return parse_capability_operation(operation, words);
	case SECTION_DEVICE:
		return parse_device_operation(operation, words);
	}
	return -1;
}

int operation_parse(struct operation *operation, const char *text, char **error)
{
	struct operation parsed = {0};
	struct words words = {.at = text};

	if (parse_operation(&parsed, &words)) {
		operation_free(&parsed);
		*error = words.error;
		return -1;
	}
	*operation = parsed;
	return 0;
}

void operation_free(struct operation *operation)
{
	free(operation->name);
	free(operation->value);
	*operation = (struct operation){0};
}
