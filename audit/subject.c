// SPDX-License-Identifier: GPL-2.0-only
/* subject.c - from the line of an event to a subject. */
#include "subject.h"

#include <arpa/inet.h>
#include <netinet/in.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include "names.h"

static const char bad_bytes[] = "a name or value holds bytes that a policy cannot write";
static const char incomplete[] = "the event lacks what a rule would name";

/*
 * A text with the escapes of our JSON undone; to be freed. NULL with *why if it is not there, or if
 * it holds anything but printable ASCII: a policy is read by people, on terminals.
 */
static char *printable(const char *text, const char **why)
{
	struct strbuf out = STRBUF_INIT;

	*why = incomplete;
	if (!text || !*text)
		return NULL;
	*why = bad_bytes;
	for (; *text; text++) {
		if (*text < 0x20 || *text > 0x7e) /* as char: bytes from 0x80 on, too */
			break;
		/* A backslash stands for itself when it is there twice, and for such a byte else.
		 */
		if (*text == '\\' && *++text != '\\')
			break;
		strbuf_putc(&out, *text);
	}
	if (!*text)
		return strbuf_take(&out);
	strbuf_free(&out);
	return NULL;
}

/* Of a value, what is compared: its first line, without blanks around it. NULL with *why. */
static char *compared(const json_t *line, const char **why)
{
	const char *new = jsonl_text(line, "new");
	char *text, *start, *value;
	size_t length;

	*why = "the value was not recorded, or not as a whole";
	if (!new || json_object_get(line, "new_truncated"))
		return NULL;
	text = xstrdup(new);
	start = text + strspn(text, " \t");
	length = strcspn(start, "\n");
	while (length && strchr(" \t", start[length - 1]))
		length--;
	start[length] = 0;
	value = printable(start, why);
	free(text);
	return value;
}

static void put_value(struct strbuf *out, const char *value)
{
	for (; *value; value++) {
		if (*value == '\\')
			strbuf_putc(out, '\\');
		strbuf_putc(out, *value);
	}
}

static void swap(char *name)
{
	for (; *name; name++)
		*name = *name == '.' ? '/' : *name == '/' ? '.' : *name;
}

static int make_sysctl(
	struct subject *subject, struct strbuf *operation, const json_t *line, const char **why)
{
	uint64_t position;

	subject->form = SUBJECT_NAME;
	subject->before = "";
	subject->name = printable(jsonl_text(line, "name"), why);
	if (!subject->name)
		return -1;
	strbuf_printf(operation, "sysctl %s %s", jsonl_text(line, "op"), subject->name);
	swap(subject->name);
	if (subject->ops != 1U << CGW_OP_SYSCTL_WRITE)
		return 0;
	*why = "written at a file position other than 0, which no rule can allow";
	if (jsonl_number(line, "file_pos", &position))
		return -1;
	subject->value = compared(line, why);
	if (!subject->value)
		return -1;
	strbuf_putc(operation, '=');
	put_value(operation, subject->value);
	return 0;
}

static const struct cgw_name proto_groups[] = {
	{CGW_PROTO_TCP, "tcp", NULL},
	{CGW_PROTO_TCP, "mptcp", NULL},
	{CGW_PROTO_UDP, "udp", NULL},
	{CGW_PROTO_UDP, "udplite", NULL},
	{CGW_PROTO_ICMP, "icmp", NULL},
	{CGW_PROTO_ICMP, "icmpv6", NULL},
	{CGW_PROTO_SCTP, "sctp", NULL},
	{0, NULL, NULL},
};

static uint32_t proto_of(const json_t *line)
{
	const char *type = jsonl_text(line, "socket_type");
	const char *protocol = jsonl_text(line, "protocol");

	if (type && !strcmp(type, "raw"))
		return CGW_PROTO_RAW;
	return protocol ? cgw_name_value(proto_groups, protocol, strlen(protocol)) : 0;
}

static bool parse_address(struct subject *subject, const char *text)
{
	uint32_t address[4] = {0};

	if (inet_pton(AF_INET, text, address) == 1)
		subject->family = AF_INET;
	else if (inet_pton(AF_INET6, text, address) == 1)
		subject->family = AF_INET6;
	else
		return false;
	for (int i = 0; i < 4; i++)
		subject->address[i] = ntohl(address[i]);
	subject->prefix = subject->family == AF_INET ? 32 : 128;
	return true;
}

static int make_peer(
	struct subject *subject, struct strbuf *operation, const json_t *line, const char **why)
{
	const char *address = jsonl_text(line, "address");
	uint64_t port;

	*why = incomplete;
	if (!address || !parse_address(subject, address))
		return -1;
	subject->form = SUBJECT_PEER;
	subject->proto = proto_of(line);
	*why = "the protocol has no name in policies";
	if (!subject->proto)
		return -1;
	strbuf_printf(operation, subject->family == AF_INET ? "%s %s %s" : "%s %s [%s]",
		jsonl_text(line, "op"), cgw_name_of(cgw_proto_names, subject->proto), address);
	if (subject->proto == CGW_PROTO_ICMP || subject->proto == CGW_PROTO_RAW)
		return 0;
	*why = "the port is not known";
	if (!jsonl_number(line, "port", &port) || port > UINT16_MAX)
		return -1;
	subject->ports = xcalloc(1, sizeof(*subject->ports));
	subject->ports[0] = (struct port_range){port, port};
	subject->port_count = 1;
	strbuf_printf(operation, ":%u", (unsigned int)port);
	return 0;
}

static int make_unix(
	struct subject *subject, struct strbuf *operation, const json_t *line, const char **why)
{
	bool abstract = json_object_get(line, "abstract");
	char *name = printable(jsonl_text(line, "path"), why);

	if (!name)
		return -1;
	strbuf_printf(operation, "%s unix %s", jsonl_text(line, "op"), name);
	subject->form = SUBJECT_NAME;
	subject->before = abstract ? "unix @" : "unix ";
	subject->name = xstrdup(name + abstract);
	free(name);
	*why = "the path is relative, or not in its shortest form: no rule can allow it";
	return *subject->name && (abstract || *subject->name == '/') ? 0 : -1;
}

static int make_network(
	struct subject *subject, struct strbuf *operation, const json_t *line, const char **why)
{
	const char *family = jsonl_text(line, "family"), *type;

	*why = incomplete;
	if (!family)
		return -1;
	if (subject->ops != 1U << CGW_OP_SOCKET)
		return strcmp(family, "unix") ? make_peer(subject, operation, line, why)
					      : make_unix(subject, operation, line, why);
	type = jsonl_text(line, "socket_type");
	*why = "the family or type of the socket has no name in policies";
	if (!type || !cgw_name_value(cgw_family_names, family, strlen(family)) ||
		!cgw_name_value(cgw_socktype_names, type, strlen(type)))
		return -1;
	strbuf_printf(operation, "socket %s/%s", family, type);
	subject->form = SUBJECT_WORD;
	subject->name = xstrdup(operation->data + strlen("socket "));
	return 0;
}

static int make_file(
	struct subject *subject, struct strbuf *operation, const json_t *line, const char **why)
{
	subject->form = SUBJECT_NAME;
	subject->before = "";
	subject->name = printable(jsonl_text(line, "path"), why);
	if (!subject->name)
		return -1;
	*why = "the path is not known";
	if (*subject->name != '/' && strncmp(subject->name, "memfd:", 6))
		return -1;
	strbuf_printf(operation, "%s %s", jsonl_text(line, "op"), subject->name);
	return 0;
}

/* [kernel] and [capability]: one word, in the field `name`. */
static int make_word(struct subject *subject, struct strbuf *operation, const json_t *line,
	const char *name, const struct cgw_name *known, const char **why)
{
	const char *word = jsonl_text(line, name);

	*why = incomplete;
	if (!word || !cgw_name_value(known, word, strlen(word)))
		return -1;
	subject->form = SUBJECT_WORD;
	subject->name = xstrdup(word);
	strbuf_printf(operation, "%s %s", jsonl_text(line, "op"), word);
	return 0;
}

static int make_kernel(
	struct subject *subject, struct strbuf *operation, const json_t *line, const char **why)
{
	return make_word(subject, operation, line, "power", cgw_power_names, why);
}

static int make_capability(
	struct subject *subject, struct strbuf *operation, const json_t *line, const char **why)
{
	return make_word(subject, operation, line, "capability", cgw_capability_names, why);
}

static int make_device(
	struct subject *subject, struct strbuf *operation, const json_t *line, const char **why)
{
	const char *type = jsonl_text(line, "device_type");
	bool block = type && !strcmp(type, "block");
	uint64_t major, minor;
	struct strbuf name = STRBUF_INIT;

	*why = incomplete;
	if (!type || (!block && strcmp(type, "character")) ||
		!jsonl_number(line, "major", &major) || !jsonl_number(line, "minor", &minor))
		return -1;
	subject->form = SUBJECT_WORD;
	strbuf_printf(&name, "%c %llu:%llu", block ? 'b' : 'c', (unsigned long long)major,
		(unsigned long long)minor);
	subject->name = strbuf_take(&name);
	strbuf_printf(operation, "device %s %s", jsonl_text(line, "op"), subject->name);
	return 0;
}

static const struct subject_row {
	enum policy_section section;
	const struct cgw_name *ops; /* NULL: the only one is not written in a rule */
	uint32_t op;		    /* that one */
	int (*make)(struct subject *subject, struct strbuf *operation, const json_t *line,
		const char **why);
} rows[] = {
	{SECTION_SYSCTL, cgw_sysctl_op_names, 0, make_sysctl},
	{SECTION_NETWORK, cgw_network_op_names, 0, make_network},
	{SECTION_FILE, cgw_file_op_names, 0, make_file},
	{SECTION_KERNEL, NULL, CGW_OP_KERNEL, make_kernel},
	{SECTION_CAPABILITY, NULL, CGW_OP_CAPABILITY, make_capability},
	{SECTION_DEVICE, cgw_device_op_names, 0, make_device},
};

static const struct subject_row *row_of(enum policy_section section)
{
	for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++)
		if (rows[i].section == section)
			return &rows[i];
	return NULL;
}

int subject_of(
	struct subject *subject, struct strbuf *operation, const json_t *line, const char **why)
{
	const char *kind = jsonl_text(line, "kind"), *op = jsonl_text(line, "op");
	const char *reason = jsonl_text(line, "reason");
	const struct subject_row *row = NULL;

	*subject = (struct subject){0};
	if (kind)
		row = row_of(cgw_name_value(cgw_section_names, kind, strlen(kind)));
	*why = "its kind is not known";
	if (!row || !op)
		return -1;
	*why = "it could not be judged, which no rule can allow";
	if (!reason || strcmp(reason, "rule"))
		return -1;
	*why = "its operation is not known";
	subject->section = row->section;
	subject->ops = 1U << (row->ops ? cgw_name_value(row->ops, op, strlen(op)) : row->op);
	if (subject->ops != 1U && !row->make(subject, operation, line, why))
		return 0;
	subject_free(subject);
	return -1;
}

void subject_free(struct subject *subject)
{
	free(subject->name);
	free(subject->value);
	free(subject->ports);
	*subject = (struct subject){0};
}

void subject_copy(struct subject *to, const struct subject *from)
{
	struct subject copy = *from;

	copy.name = from->name ? xstrdup(from->name) : NULL;
	copy.value = from->value ? xstrdup(from->value) : NULL;
	if (from->port_count) {
		copy.ports = xcalloc(from->port_count, sizeof(*copy.ports));
		memcpy(copy.ports, from->ports, from->port_count * sizeof(*copy.ports));
	}
	*to = copy;
}
