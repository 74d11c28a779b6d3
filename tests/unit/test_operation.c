// SPDX-License-Identifier: GPL-2.0-only
/* test_operation.c - operations as `explain`, `test` and the tables of cases write them. */
#include <stdio.h>
#include <stdlib.h>
#include <sys/socket.h>
#include "language.h"
#include "operation.h"

#define NAME(text) .name = (char *)text, .name_length = sizeof(text) - 1
#define VALUE(text) .value = (char *)text, .value_length = sizeof(text) - 1
#define IPV4(proto_name) .proto = CGW_PROTO_##proto_name, .family = AF_INET
#define IPV6(proto_name) .proto = CGW_PROTO_##proto_name, .family = AF_INET6
#define UNIX(kind) .proto = CGW_PROTO_UNIX, .family = AF_UNIX, .unix_kind = CGW_UNIX_##kind

static const struct {
	const char *text;
	struct operation operation;
} accepted[] = {
	{"sysctl read kernel.osrelease", {.op = CGW_OP_SYSCTL_READ, NAME("kernel/osrelease")}},
	{"sysctl read net/ipv4/conf/eth0.1/x",
		{.op = CGW_OP_SYSCTL_READ, NAME("net/ipv4/conf/eth0.1/x")}},
	{"sysctl read net.ipv4.conf.eth0/1.x",
		{.op = CGW_OP_SYSCTL_READ, NAME("net/ipv4/conf/eth0.1/x")}},
	/* Names are not globs. */
	{"sysctl read a.*[\\{", {.op = CGW_OP_SYSCTL_READ, NAME("a/*[\\{")}},
	{"sysctl write kernel.sem", {.op = CGW_OP_SYSCTL_WRITE, NAME("kernel/sem")}},
	{"sysctl write kernel.core_pattern=|/bin/x",
		{.op = CGW_OP_SYSCTL_WRITE, NAME("kernel/core_pattern"), VALUE("|/bin/x")}},
	{"sysctl write a.b=", {.op = CGW_OP_SYSCTL_WRITE, NAME("a/b"), VALUE("")}},
	{"sysctl write a.b= 1  2=3 ", {.op = CGW_OP_SYSCTL_WRITE, NAME("a/b"), VALUE(" 1  2=3 ")}},
	{"sysctl write a.b=\\x00\\xfF\\n\\t\\\\n",
		{.op = CGW_OP_SYSCTL_WRITE, NAME("a/b"), VALUE("\0\xff\n\t\\n")}},

	{"connect tcp 10.0.0.1:22",
		{.op = CGW_OP_CONNECT, IPV4(TCP), .address = {0x0a000001}, .port = 22}},
	{"bind udp 0.0.0.0:0", {.op = CGW_OP_BIND, IPV4(UDP)}},
	{"listen sctp 255.255.255.255:65535",
		{.op = CGW_OP_LISTEN, IPV4(SCTP), .address = {0xffffffff}, .port = 65535}},
	{"connect udp [2001:db8::1]:53",
		{.op = CGW_OP_CONNECT, IPV6(UDP), .address = {0x20010db8, 0, 0, 1}, .port = 53}},
	/* IPv4 within IPv6 stays what the program says: the matcher is to see through it. */
	{"connect tcp [::ffff:10.0.0.1]:22", {.op = CGW_OP_CONNECT,
						     IPV6(TCP),
						     .address = {0, 0, 0xffff, 0x0a000001},
						     .port = 22}},
	{"connect icmp 10.0.0.1", {.op = CGW_OP_CONNECT, IPV4(ICMP), .address = {0x0a000001}}},
	{"connect raw ::ffff:10.0.0.1",
		{.op = CGW_OP_CONNECT, IPV6(RAW), .address = {0, 0, 0xffff, 0x0a000001}}},
	{"connect raw [::1]", {.op = CGW_OP_CONNECT, IPV6(RAW), .address = {0, 0, 0, 1}}},
	{"connect other 10.0.0.1", {.op = CGW_OP_CONNECT, IPV4(OTHER), .address = {0x0a000001}}},
	{"connect unix /run/docker.sock",
		{.op = CGW_OP_CONNECT, UNIX(PATH), NAME("/run/docker.sock")}},
	{"connect unix /a b@c", {.op = CGW_OP_CONNECT, UNIX(PATH), NAME("/a b@c")}},
	{"connect unix run/x", {.op = CGW_OP_CONNECT, UNIX(PATH), NAME("run/x")}},
	{"bind unix @name", {.op = CGW_OP_BIND, UNIX(ABSTRACT), NAME("name")}},
	{"socket inet/raw", {.op = CGW_OP_SOCKET, .family = AF_INET, .type = SOCK_RAW}},
	{"socket unix/seqpacket", {.op = CGW_OP_SOCKET, .family = AF_UNIX, .type = SOCK_SEQPACKET}},

	{"read /etc/passwd", {.op = CGW_OP_FILE_READ, NAME("/etc/passwd")}},
	{"write /a b", {.op = CGW_OP_FILE_WRITE, NAME("/a b")}},
	{"exec memfd:x", {.op = CGW_OP_FILE_EXEC, NAME("memfd:x")}},
	{"kernel mount", {.op = CGW_OP_KERNEL, .power = CGW_POWER_MOUNT}},
	{"capability chown", {.op = CGW_OP_CAPABILITY, .capability = 0}},
	{"capability sys_admin", {.op = CGW_OP_CAPABILITY, .capability = 21}},
	{"device write c 1:3", {.op = CGW_OP_DEVICE_WRITE,
				       .device_type = 'c',
				       .device_major = 1,
				       .device_minor = 3}},
	{"device mknod b 8:0", {.op = CGW_OP_DEVICE_MKNOD, .device_type = 'b', .device_major = 8}},
};

static bool same_bytes(const char *a, size_t a_length, const char *b, size_t b_length)
{
	return !a == !b && a_length == b_length && (!a || !memcmp(a, b, a_length));
}

static bool same_operation(const struct operation *a, const struct operation *b)
{
	return a->op == b->op && a->proto == b->proto && a->family == b->family &&
	       a->type == b->type && !memcmp(a->address, b->address, sizeof(a->address)) &&
	       a->port == b->port && a->power == b->power && a->capability == b->capability &&
	       a->device_type == b->device_type && a->device_major == b->device_major &&
	       a->device_minor == b->device_minor && a->unix_kind == b->unix_kind &&
	       same_bytes(a->name, a->name_length, b->name, b->name_length) &&
	       same_bytes(a->value, a->value_length, b->value, b->value_length);
}

static void test_accepted(void **state)
{
	(void)state;
	for (size_t i = 0; i < ROWS(accepted); i++) {
		struct operation operation;
		char *error = NULL;

		if (operation_parse(&operation, accepted[i].text, &error))
			fail_msg("\"%s\": %s", accepted[i].text, error);
		assert_null(error);
		if (!same_operation(&operation, &accepted[i].operation))
			fail_msg("\"%s\" is read as something else", accepted[i].text);
		operation_free(&operation);
		operation_free(&operation);
	}
}

static const struct {
	const char *text, *error; /* which may go on */
} rejected[] = {
	{"", "unknown operation \"\"; known: sysctl, connect, bind, listen, socket, read, write, "
	     "exec, kernel, capability, device"},
	{"conect tcp 10.0.0.1:22", "unknown operation \"conect\"; did you mean \"connect\"?"},
	{" read /a", "unknown operation \"\"; known: sysctl, connect"},
	{"sysctl", "unknown operation \"\"; known: read, write"},
	{"sysctl exec a.b", "unknown operation \"exec\"; known: read, write"},
	{"sysctl read", "the name of a sysctl is missing, such as kernel.osrelease"},
	{"sysctl write =1", "the name of a sysctl is missing, such as kernel.osrelease"},
	{"sysctl read a.b=1", "a value in \"a.b=1\": only a write has one"},
	{"sysctl read /proc/sys/a/b", "bad sysctl name \"/proc/sys/a/b\": expected a name such as"},
	{"sysctl read a..b", "bad sysctl name \"a..b\": expected a name such as kernel.osrelease"},
	{"sysctl read a.b.", "bad sysctl name \"a.b.\": expected a name"},
	{"sysctl write a.b 1", "bad sysctl name \"a.b 1\": expected a name"},
	{"sysctl write a.b=\\", "bad \"\\\" in the value: expected \\\\, \\n, \\t or \\xHH"},
	{"sysctl write a.b=\\q", "bad \"\\q\" in the value: expected \\\\, \\n, \\t or \\xHH"},
	{"sysctl write a.b=\\x4", "bad \"\\x4\" in the value: expected two hexadecimal digits"},
	{"sysctl write a.b=\\x4g1", "bad \"\\x4g\" in the value: expected two hexadecimal digits"},
	{"connect", "unknown protocol \"\"; known: tcp, udp, icmp, sctp, raw, unix, other"},
	{"connect 10.0.0.1:22", "unknown protocol \"10.0.0.1:22\"; known: tcp"},
	{"connect tpc 10.0.0.1:22", "unknown protocol \"tpc\"; did you mean \"tcp\"?"},
	{"connect tcp", "bad address \"\": expected one IPv4 or IPv6 address"},
	{"connect tcp *:22", "bad address \"*\": expected one IPv4 or IPv6 address"},
	{"connect tcp 10.0.0.0/8:22", "bad address \"10.0.0.0/8\": expected one IPv4 or IPv6"},
	{"connect tcp 10.0.0.1/32:22", "bad address \"10.0.0.1/32\": expected one IPv4 or IPv6"},
	{"connect tcp localhost:22", "bad address \"localhost\": expected one IPv4 or IPv6"},
	{"connect tcp [::1:22", "bad address \"[::1:22\": expected [IPV6]:PORT"},
	{"connect tcp [::1]22", "bad address \"[::1]22\": expected [IPV6]:PORT"},
	{"connect tcp 10.0.0.1", "the port is missing: expected \"10.0.0.1\" and :PORT after it"},
	{"connect tcp ::1", "the port is missing: expected \"::1\" and :PORT after it"},
	{"connect tcp 10.0.0.1:", "bad port \"\": expected a number from 0 to 65535"},
	{"connect tcp 10.0.0.1:65536", "bad port \"65536\": expected a number from 0 to 65535"},
	{"connect tcp 10.0.0.1:22 x", "bad port \"22 x\": expected a number from 0 to 65535"},
	{"connect icmp 10.0.0.1:7", "unexpected port in \"10.0.0.1:7\": the protocol has none"},
	{"connect unix", "the name of a unix socket is missing, such as /run/x.sock or @name"},
	{"connect unix @", "the name of a unix socket is missing, such as /run/x.sock or @name"},
	{"socket", "bad socket \"\": expected FAMILY/TYPE, such as inet/stream"},
	{"socket packet", "bad socket \"packet\": expected FAMILY/TYPE, such as inet/stream"},
	{"socket ient/raw", "unknown socket family \"ient\"; did you mean \"inet\"? known: unix"},
	{"socket inet/steam", "unknown socket type \"steam\"; did you mean \"stream\"? known: str"},
	{"socket inet/raw x", "unexpected \"x\" at the end"},
	{"read", "bad path \"\": expected an absolute path or memfd:NAME"},
	{"read etc/passwd", "bad path \"etc/passwd\": expected an absolute path or memfd:NAME"},
	{"exec memfd:", "bad path \"memfd:\": expected an absolute path or memfd:NAME"},
	{"kernel mout", "unknown power \"mout\"; did you mean \"mount\"? known: mount, chroot"},
	{"kernel mount x", "unexpected \"x\" at the end"},
	{"capability cap_kill", "unknown capability \"cap_kill\"; known: chown, "},
	{"device open c 1:3", "unknown operation \"open\"; known: read, write, mknod"},
	{"device read a 1:3", "bad device type \"a\": expected c (character) or b (block)"},
	{"device read c", "bad device number \"\": expected MAJOR:MINOR, such as 1:3"},
	{"device read c 1:*", "bad device number \"1:*\": expected MAJOR:MINOR, such as 1:3"},
	{"device read c 1:3 x", "unexpected \"x\" at the end"},
};

static void test_rejected(void **state)
{
	int failures = 0;

	(void)state;
	for (size_t i = 0; i < ROWS(rejected); i++) {
		struct operation operation;
		char *error = NULL;

		/* Outputs are untouched on failure. */
		memset(&operation, 0x5a, sizeof(operation));
		assert_int_equal(operation_parse(&operation, rejected[i].text, &error), -1);
		assert_int_equal(operation.op, 0x5a5a5a5a);
		if (strncmp(error, rejected[i].error, strlen(rejected[i].error))) {
			print_error("\"%s\": expected %s; got %s\n", rejected[i].text,
				rejected[i].error, error);
			failures++;
		}
		free(error);
	}
	assert_int_equal(failures, 0);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_accepted),
		cmocka_unit_test(test_rejected),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
