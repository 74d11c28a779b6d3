// SPDX-License-Identifier: GPL-2.0-only
/* test_parse.c - what a policy may say and what it may not, with the place and the message. */
#include <stdio.h>
#include <stdlib.h>
#include <sys/socket.h>
#include <unistd.h>
#include "language.h"

#define SYSCTL(line) HEAD "[sysctl]\n" line
#define NETWORK(line) HEAD "[network]\n" line
#define FILES(line) HEAD "[file]\n" line
#define KERNEL(line) HEAD "[kernel]\n" line
#define CAPABILITY(line) HEAD "[capability]\n" line
#define DEVICE(line) HEAD "[device]\n" line

/* The message may go on with a list of what is known. */
static const struct {
	const char *text;
	uint32_t line, column;
	const char *message;
} rejected[] = {
	/* The file as a whole. */
	{"[policy]\ncgroup = /a", 0, 0, "the policy has no name: write name = NAME in a section"},
	{"[policy]\nname = x", 0, 0, "the policy has no cgroup: write cgroup = PATH-GLOB in"},
	{"name = x\n" HEAD, 1, 1, "\"name\" stands before the first section, such as [policy]"},

	/* Sections and keys. */
	{HEAD "[netwrok]\ndeny = y", 4, 2,
		"unknown section \"netwrok\"; did you mean \"network\"? known: policy, sysctl, "
		"network, file, kernel, capability, device"},
	{HEAD "[ sysctl ]", 4, 2, "unknown section \" sysctl \"; did you mean \"sysctl\"?"},
	{HEAD "[]", 4, 2, "unknown section \"\"; known: policy, "},
	{HEAD "deny = write a.b", 4, 1, "unknown key \"deny\"; known: name, cgroup, mode, on-m"},
	{SYSCTL("dney = write a.b\n more"), 5, 1,
		"unknown key \"dney\"; did you mean \"deny\"? known: deny, audit, allow"},
	{SYSCTL("DENY = write a.b"), 5, 1, "unknown key \"DENY\"; did you mean \"deny\"?"},
	{SYSCTL("seal = no"), 5, 1, "unknown key \"seal\"; known: deny, audit, allow"},
	{SYSCTL("deny write a.b:c = d"), 5, 1, "unknown key \"deny write a.b\"; known"},
	{SYSCTL("deny ="), 5, 7, "\"deny\" has no value"},
	{SYSCTL("deny = ; write a.b"), 5, 8, "\"deny\" has no value"},
	{SYSCTL("deny = write a.b\n allow = write a.c"), 6, 2,
		"a line that begins with blanks continues the line above: take the blanks before "
		"\"allow = write a.c\" away"},
	{SYSCTL("deny = write a.b\n [network]"), 6, 2,
		"a line that begins with blanks continues the line above: take the blanks before "
		"\"[network]\" away"},

	/* [policy] */
	{HEAD "name = y", 4, 1, "\"name\" stands on line 2 already: keep one of them"},
	{"[policy]\nname = x\n y\ncgroup = /a", 3, 2,
		"\"name\" has one value only, and it stands on line 2"},
	{"[policy]\nname = Web\ncgroup = /a", 2, 8,
		"bad name \"Web\": a name begins with a-z or 0-9 and goes on with a-z, 0-9, . _ or "
		"-"},
	{"[policy]\nname = -web\ncgroup = /a", 2, 8, "bad name \"-web\": a name begins with"},
	{"[policy]\nname = we/b\ncgroup = /a", 2, 10, "bad name \"we/b\": a name begins with"},
	{"[policy]\nname = web x\ncgroup = /a", 2, 12, "unexpected \"x\": expected one name"},
	{"[policy]\nname = a123456789b123456789c123456789d123456789e123456789f123456789abcd\n"
	 "cgroup = /a",
		2, 71,
		"name \"a123456789b123456789c123456789d123456789e123456789f123456789\"... has 64 "
		"bytes; at most 63 are allowed"},
	{HEAD "mode = enforced", 4, 8,
		"unknown value \"enforced\"; did you mean \"enforce\"? known: enforce, audit"},
	{HEAD "mode = audit audit", 4, 14, "unexpected \"audit\": expected one word"},
	{HEAD "mode = audit\nmode = audit", 5, 1, "\"mode\" stands on line 4 already"},
	{HEAD "on-missing = ignore", 4, 14, "unknown value \"ignore\"; known: refuse, warn"},
	{HEAD "cgroup = system.slice", 4, 10,
		"cgroup \"system.slice\" is not absolute: it must begin with /"},
	{HEAD "cgroup = /a//b", 4, 13, "cgroup \"/a//b\" can never match: it has an empty"},
	{HEAD "cgroup = //", 4, 11, "cgroup \"//\" can never match: it has an empty component"},
	{HEAD "cgroup = /b /a/../b", 4, 16,
		"cgroup \"/a/../b\" can never match: names are compared without . and .."},
	{HEAD "cgroup = /a/.", 4, 13, "cgroup \"/a/.\" can never match: names are compared"},
	{HEAD "cgroup = /a/\\.\\./b", 4, 13, "cgroup \"/a/\\.\\./b\" can never match: names"},
	{HEAD "cgroup = /a/[b", 4, 13, "bad glob \"/a/[b\": unclosed ["},
	{HEAD "cgroup = /a\\/b", 4, 12,
		"\\/ in cgroup \"/a\\/b\": a slash separates components and cannot be quoted"},
	{HEAD "cgroup = /a\\ /", 4, 12, "\"/a\\ \" ends in a quoted blank, which is lost at the"},
	{HEAD "cgroup = /a /b,", 4, 15, "nothing stands after the comma"},
	{HEAD "cgroup = ,/a", 4, 10, "nothing stands before the comma"},

	/* Tokens. */
	{FILES("deny = read /a,,/b"), 5, 15, "nothing stands after the comma"},
	{FILES("deny = read ,/a"), 5, 13, "nothing stands before the comma"},
	{NETWORK("deny = connect tcp ,*"), 5, 20, "nothing stands before the comma"},
	{KERNEL("deny = , bpf"), 5, 8, "nothing stands before the comma"},
	{FILES("deny = read /a , , /b"), 5, 16, "nothing stands after the comma"},
	{FILES("deny = read /a\\"), 5, 15, "\\ at the end of the line quotes nothing; write \\\\"},
	{FILES("deny = read /a\\ "), 5, 15, "\\ at the end of the line quotes nothing; write \\\\"},
	{FILES("deny = read /a\\ ;b"), 5, 15, "\\ at the end of the line quotes nothing; write"},
	{FILES("deny = read /a\\ ,/b"), 5, 15,
		"\"/a\\ \" ends in a quoted blank, which is lost at the end of a line: write ? for "
		"it"},
	{FILES("deny = read /a # b"), 5, 16,
		"unexpected \"#\": a comment after a value begins with a blank and ;, and a # that "
		"is meant is written \\#"},

	/* [sysctl] */
	{SYSCTL("deny = raed a.b"), 5, 8,
		"unknown operation \"raed\"; did you mean \"read\"? known: read, write"},
	{SYSCTL("deny = a.b"), 5, 8, "unknown operation \"a.b\"; known: read, write"},
	{SYSCTL("deny = read,connect a.b"), 5, 13, "unknown operation \"connect\"; known: read"},
	{SYSCTL("deny = read,read a.b"), 5, 13, "operation \"read\" stands there twice"},
	{SYSCTL("deny = read, write a.b"), 5, 13,
		"operation is missing beside the comma: the list \"read,\" has no blanks"},
	{SYSCTL("deny = ,read a.b"), 5, 8, "operation is missing beside the comma: the list"},
	{SYSCTL("deny = write"), 5, 13, "the name of a sysctl is missing after the operation"},
	{SYSCTL("deny = write a.b,a.c"), 5, 18,
		"unexpected \"a.c\": a line has one sysctl name; repeat the key for another"},
	{SYSCTL("deny = write a.b 1 2"), 5, 20,
		"unexpected \"2\": a line has one sysctl name and at most one value glob; repeat "
		"the key for another name, or quote the blank or comma in the value with \\"},
	{SYSCTL("deny = write a.b 1,2"), 5, 20, "unexpected \"2\": a line has one sysctl name and"},
	{SYSCTL("deny = read a.b 1"), 5, 17,
		"value glob \"1\" on a rule for read: only what is written has a value; write one "
		"line for read and one for write"},
	{SYSCTL("deny = read,write a.b 1"), 5, 23, "value glob \"1\" on a rule for read: only"},
	{SYSCTL("deny = write a.b \\ 1"), 5, 18,
		"value glob \"\\ 1\" can never match: values are judged without the blanks around "
		"them"},
	{SYSCTL("deny = write a.b [1"), 5, 18, "bad glob \"[1\": unclosed ["},
	{SYSCTL("deny = write /proc/sys/net/ipv4/conf/eth0.1/x"), 5, 14,
		"\"/proc/sys/net/ipv4/conf/eth0.1/x\" is the file of a sysctl, not its name: write "
		"\"net.ipv4.conf.eth0/1.x\""},
	{SYSCTL("deny = write a.b=1"), 5, 17,
		"= in the sysctl name \"a.b=1\": a value glob stands after a blank"},
	{SYSCTL("deny = write a..b"), 5, 16,
		"sysctl name \"a..b\" can never match: it has an empty component"},
	{SYSCTL("deny = write .a.b"), 5, 14, "sysctl name \".a.b\" can never match: it has an"},
	{SYSCTL("deny = write a.b."), 5, 17, "sysctl name \"a.b.\" can never match: it has an"},
	{SYSCTL("deny = write /a/b"), 5, 14, "sysctl name \"/a/b\" can never match: it has an"},
	{SYSCTL("deny = write a/b/"), 5, 17, "sysctl name \"a/b/\" can never match: it has an"},
	{SYSCTL("deny = write kernel"), 5, 14,
		"sysctl name \"kernel\" can never match: every sysctl has two components or more, "
		"such as kernel.osrelease; ** stands for all below"},
	{SYSCTL("deny = write *"), 5, 14, "sysctl name \"*\" can never match: every sysctl has"},
	{SYSCTL("deny = write a\\.b"), 5, 15,
		"\\. in the sysctl name \"a\\.b\": it has no special meaning, leave out the"},
	{SYSCTL("deny = write a/b\\/c"), 5, 17, "\\/ in the sysctl name \"a/b\\/c\": it has no"},
	{SYSCTL("deny = write a.[b.]"), 5, 18,
		"[ ] in the sysctl name \"a.[b.]\" never matches a separator: leave out the ."},
	{SYSCTL("deny = write a.[b/]"), 5, 18, "[ ] in the sysctl name \"a.[b/]\" never matches"},
	{SYSCTL("deny = write a.b{c"), 5, 17, "bad glob \"a.b{c\": unclosed {"},
	{SYSCTL("deny = write a.b***"), 5, 17, "bad glob \"a.b***\": more than two * in a row"},

	/* [network]: operations and protocols. */
	{NETWORK("deny = conect *"), 5, 8,
		"unknown operation \"conect\"; did you mean \"connect\"? known: connect, bind, "
		"listen, socket"},
	{NETWORK("deny = tcp *"), 5, 8, "unknown operation \"tcp\"; known: connect, bind"},
	{NETWORK("deny = connect,socket *"), 5, 8,
		"socket takes names of families, the other operations of \"connect,socket\" take "
		"peers: write two lines"},
	{NETWORK("deny = connect"), 5, 15, "a peer is missing, such as 10.0.0.0/8:22, [2001:db8"},
	{NETWORK("deny = connect tcp"), 5, 19, "a peer is missing, such as 10.0.0.0/8:22, [2001"},
	{NETWORK("deny = connect tpc *"), 5, 16,
		"unknown protocol \"tpc\"; did you mean \"tcp\"? known: tcp, udp, icmp, sctp, raw, "
		"unix"},
	{NETWORK("deny = connect TCP *"), 5, 16, "unknown protocol \"TCP\"; did you mean \"tcp\"?"},
	{NETWORK("deny = connect tcp,tcp *"), 5, 20, "protocol \"tcp\" stands there twice"},
	{NETWORK("deny = connect tcp, udp *"), 5, 20,
		"protocol is missing beside the comma: the list \"tcp,\" has no blanks"},
	{NETWORK("deny = connect localhost"), 5, 16, "unknown protocol \"localhost\"; known: tcp"},
	{NETWORK("deny = listen udp *"), 5, 15,
		"the rule can never match: \"udp\" sockets do not listen; tcp, sctp and unix do"},

	/* [network]: addresses. */
	{NETWORK("deny = connect example.com"), 5, 16,
		"bad peer \"example.com\": expected an IPv4 or IPv6 address, a CIDR, *, a unix "
		"path that begins with /, or @ and an abstract name; host names are not looked up"},
	{NETWORK("deny = connect tcp 10.0.0.256"), 5, 20, "bad peer \"10.0.0.256\": expected an"},
	{NETWORK("deny = connect tcp 10.0.0"), 5, 20, "bad peer \"10.0.0\": expected an IPv4"},
	{NETWORK("deny = connect tcp 010.0.0.1"), 5, 20, "bad peer \"010.0.0.1\": expected an"},
	{NETWORK("deny = connect tcp fe80::1%eth0"), 5, 20, "bad peer \"fe80::1%eth0\": expected"},
	{NETWORK("deny = connect tcp ::1::2"), 5, 20, "bad peer \"::1::2\": expected an IPv4"},
	{NETWORK("deny = connect tcp **"), 5, 20, "bad peer \"**\": expected an IPv4 or IPv6"},
	{NETWORK("deny = connect tcp 10.0.*"), 5, 20, "bad peer \"10.0.*\": expected an IPv4"},
	{NETWORK("deny = connect tcp 10.0.0.1 1.1.1.1.1"), 5, 29, "bad peer \"1.1.1.1.1\": exp"},
	{NETWORK("deny = connect tcp 10.0.0.1,22"), 5, 29, "bad peer \"22\": expected an IPv4"},
	{NETWORK("deny = connect tcp 10.0.0.1/8"), 5, 20,
		"\"10.0.0.1/8\" has bits beyond its prefix: write 10.0.0.0/8 for the network, or "
		"10.0.0.1 for the one address"},
	{NETWORK("deny = connect tcp 255.255.255.255/0"), 5, 20,
		"\"255.255.255.255/0\" has bits beyond its prefix: write 0.0.0.0/0 for the"},
	{NETWORK("deny = connect tcp 10.0.0.3/31:22"), 5, 20,
		"\"10.0.0.3/31\" has bits beyond its prefix: write 10.0.0.2/31 for the network"},
	{NETWORK("deny = connect tcp [2001:db8::1/33]:22"), 5, 21,
		"\"2001:db8::1/33\" has bits beyond its prefix: write 2001:db8::/33 for the "
		"network, or 2001:db8::1 for the one address"},
	{NETWORK("deny = connect tcp 10.0.0.0/33"), 5, 20,
		"bad prefix length in \"10.0.0.0/33\": expected 0 to 32"},
	{NETWORK("deny = connect tcp ::/129"), 5, 20,
		"bad prefix length in \"::/129\": expected 0 to 128"},
	{NETWORK("deny = connect tcp 10.0.0.0/"), 5, 20, "bad prefix length in \"10.0.0.0/\""},
	{NETWORK("deny = connect tcp 10.0.0.0/08"), 5, 20, "bad prefix length in \"10.0.0.0/08\""},
	{NETWORK("deny = connect tcp 10.0.0.0/+8"), 5, 20, "bad prefix length in \"10.0.0.0/+8\""},
	{NETWORK("deny = connect tcp 10.0.0.0/255.0.0.0"), 5, 20, "bad prefix length in \"10.0."},
	{NETWORK("deny = connect tcp ::ffff:10.0.0.1"), 5, 20,
		"\"::ffff:10.0.0.1\" is an IPv4 address within IPv6: write 10.0.0.1, which covers "
		"both spellings"},
	{NETWORK("deny = connect tcp [::ffff:a00:1/104]:22"), 5, 21,
		"\"::ffff:a00:1/104\" is an IPv4 address within IPv6: write 10.0.0.0/8, which"},
	{NETWORK("deny = connect tcp ::ffff:0:0/96"), 5, 20,
		"\"::ffff:0:0/96\" is an IPv4 address within IPv6: write 0.0.0.0/0, which covers"},
	{NETWORK("deny = connect tcp [::1"), 5, 20, "\"[::1\" lacks its ]: expected [IPV6]:PORTS"},
	{NETWORK("deny = connect tcp [::]/64:22"), 5, 24,
		"unexpected \"/64:22\" after ]: expected : and ports; a prefix length stands "
		"within the brackets"},
	{NETWORK("deny = connect tcp [10.0.0.1]:22"), 5, 20,
		"\"[10.0.0.1]:22\": only IPv6 addresses stand in brackets"},

	/* [network]: ports. */
	{NETWORK("deny = connect tcp 10.0.0.1:"), 5, 29,
		"bad port \"\": expected a number from 0 to 65535, a range such as 8000-8099, or a "
		"comma list of them"},
	{NETWORK("deny = connect tcp *:ssh"), 5, 22, "bad port \"ssh\": expected a number from 0"},
	{NETWORK("deny = connect tcp *:65536"), 5, 22, "bad port \"65536\": expected a number"},
	{NETWORK("deny = connect tcp *:1,2-65536"), 5, 24, "bad port \"2-65536\": expected a num"},
	{NETWORK("deny = connect tcp *:99999999999"), 5, 22, "bad port \"99999999999\": expected"},
	{NETWORK("deny = connect tcp *:1-2-3"), 5, 22, "bad port \"1-2-3\": expected a number"},
	{NETWORK("deny = connect tcp *:1-"), 5, 22, "bad port \"1-\": expected a number from 0"},
	{NETWORK("deny = connect tcp *:*"), 5, 22, "bad port \"*\": expected a number from 0"},
	{NETWORK("deny = connect tcp *:022"), 5, 22, "bad port \"022\": expected a number from 0"},
	{NETWORK("deny = connect tcp *:5-3"), 5, 22, "bad port range \"5-3\": write 3-5"},
	{NETWORK("deny = connect tcp *:22,"), 5, 24, "nothing stands after the comma"},
	{NETWORK("deny = connect tcp *:22,,23"), 5, 24, "nothing stands after the comma"},
	{NETWORK("deny = connect tcp *:22, 23"), 5, 26, "bad peer \"23\": expected an IPv4"},
	{NETWORK("deny = connect icmp *:22"), 5, 21,
		"\"*:22\" has ports, which icmp does not have"},
	{NETWORK("deny = connect tcp,icmp,raw *:22"), 5, 29,
		"\"*:22\" has ports, which icmp,raw does not have"},

	/* [network]: unix. */
	{NETWORK("deny = connect unix 10.0.0.1"), 5, 21,
		"bad peer \"10.0.0.1\" for unix: expected a path that begins with /, @ and an "
		"abstract name, or * without ports"},
	{NETWORK("deny = connect unix *:22"), 5, 21, "bad peer \"*:22\" for unix: expected a path"},
	{NETWORK("deny = connect unix run/x"), 5, 21, "bad peer \"run/x\": expected an IPv4 or"},
	{NETWORK("deny = connect tcp /run/x"), 5, 20,
		"\"/run/x\" names a unix socket, which tcp does not reach: write unix before it"},
	{NETWORK("deny = connect unix,tcp @x"), 5, 25,
		"\"@x\" names a unix socket, which tcp does"},
	{NETWORK("deny = connect /run/x:1,2"), 5, 25, "bad peer \"2\": expected an IPv4 or IPv6"},
	{NETWORK("deny = connect unix @"), 5, 21, "\"@\": a glob is missing; write * for any name"},
	{NETWORK("deny = connect unix @[a"), 5, 22, "bad glob \"@[a\": unclosed ["},
	{NETWORK("deny = connect unix /run//x"), 5, 26,
		"unix path \"/run//x\" can never match: it has an empty component"},
	{NETWORK("deny = connect unix /run/./x"), 5, 26,
		"unix path \"/run/./x\" can never match: names are compared without . and .."},
	{NETWORK("deny = connect unix /run/"), 5, 25,
		"unix path \"/run/\" ends in a slash: leave it out, or write ** after it for all "
		"below"},

	/* [network]: sockets. */
	{NETWORK("deny = socket"), 5, 14, "the name of a socket family is missing, such as packet"},
	{NETWORK("deny = socket pakcet"), 5, 15,
		"unknown socket family (FAMILY, FAMILY/TYPE or raw) \"pakcet\"; did you mean "
		"\"packet\"?"},
	{NETWORK("deny = socket *"), 5, 15, "unknown socket family (FAMILY, FAMILY/TYPE or raw)"},
	{NETWORK("deny = socket inet/"), 5, 20, "unknown socket type \"\"; known: stream, dgram"},
	{NETWORK("deny = socket raw/stream"), 5, 15, "unknown socket family (FAMILY, FAMILY/TY"},
	{NETWORK("deny = socket inet/raw/6"), 5, 20, "unknown socket type \"raw/6\"; known: str"},

	/* [file] */
	{FILES("deny = open /a"), 5, 8,
		"unknown operation \"open\"; known: read, write, exec, all"},
	{FILES("deny = all,read /a"), 5, 8,
		"all in \"all,read\" covers the other operations: write it alone"},
	{FILES("deny = read"), 5, 12, "a path is missing after the operation, such as /etc/** or"},
	{FILES("deny = read etc/x"), 5, 13, "path \"etc/x\" is not absolute: it must begin with /"},
	{FILES("deny = read ~/x"), 5, 13, "path \"~/x\" is not absolute: it must begin with /"},
	{FILES("deny = read **"), 5, 13, "path \"**\" is not absolute: it must begin with /"},
	{FILES("deny = read {/a,/b}"), 5, 13, "path \"{/a,/b}\" is not absolute: it must begin"},
	{FILES("deny = read /a/"), 5, 15, "path \"/a/\" ends in a slash: leave it out, or write"},
	{FILES("deny = read /a//b"), 5, 16, "path \"/a//b\" can never match: it has an empty"},
	{FILES("deny = read /a/../b"), 5, 16, "path \"/a/../b\" can never match: names are com"},
	{FILES("deny = read /a{b,c"), 5, 15, "bad glob \"/a{b,c\": unclosed {"},
	{FILES("deny = read /a}b"), 5, 15, "bad glob \"/a}b\": } without {"},
	{FILES("deny = read /[]"), 5, 14, "bad glob \"/[]\": "},
	{FILES("deny = read memfd:"), 5, 13, "\"memfd:\": a glob is missing; write * for any name"},
	{FILES("deny = read memfd:["), 5, 19, "bad glob \"memfd:[\": unclosed ["},
	{FILES("seal = maybe"), 5, 8, "unknown value \"maybe\"; known: yes, no"},
	{FILES("seal = no\nseal = no"), 6, 1, "\"seal\" stands on line 5 already: keep one of"},

	/* [kernel], [capability], [device] */
	{KERNEL("deny = ptrace modul"), 5, 15,
		"unknown power \"modul\"; did you mean \"module\"? known: mount, chroot, ptrace, "
		"module, bpf, userns, perf, kexec, keyring, io_uring, settime, syslog, "
		"kill-outside, personality"},
	{KERNEL("deny = ptrace,"), 5, 14, "nothing stands after the comma"},
	{CAPABILITY("deny = cap_sys_admin"), 5, 8,
		"bad capability \"cap_sys_admin\": write \"sys_admin\""},
	{CAPABILITY("deny = SYS_ADMIN"), 5, 8, "bad capability \"SYS_ADMIN\": write \"sys_admin\""},
	{CAPABILITY("deny = kill CAP_net_raw"), 5, 13,
		"bad capability \"CAP_net_raw\": write \"net_raw\""},
	{CAPABILITY("deny = cap_"), 5, 8, "unknown capability \"cap_\"; "},
	{CAPABILITY("deny = net_rwa"), 5, 8,
		"unknown capability \"net_rwa\"; did you mean \"net_raw\"? known: chown, "},
	{DEVICE("deny = x c 1:1"), 5, 8,
		"bad access \"x\": expected one or more of r (read), w (write), m (mknod), each "
		"once"},
	{DEVICE("deny = rr c 1:1"), 5, 9, "bad access \"rr\": expected one or more of r (read)"},
	{DEVICE("deny = r"), 5, 9, "bad device type \"\": expected c (character), b (block) or a"},
	{DEVICE("deny = r d 1:1"), 5, 10, "bad device type \"d\": expected c (character), b"},
	{DEVICE("deny = r c"), 5, 11, "MAJOR:MINOR is missing after the type, such as 1:3 or 5:*"},
	{DEVICE("deny = r c 1"), 5, 12,
		"bad device number \"1\": expected MAJOR:MINOR, such as 1:3, each a number (up to "
		"4095 and 1048575) or *"},
	{DEVICE("deny = r c 1:"), 5, 12, "bad device number \"1:\": expected MAJOR:MINOR, such"},
	{DEVICE("deny = r c 4096:1"), 5, 12, "bad device number \"4096:1\": expected MAJOR:MINOR"},
	{DEVICE("deny = r c 1:1048576"), 5, 12, "bad device number \"1:1048576\": expected MAJ"},
	{DEVICE("deny = r c 1:3,4"), 5, 12, "bad device number \"1:3,4\": expected MAJOR:MINOR"},
	{DEVICE("deny = r a 1:1"), 5, 12,
		"a covers all devices, so \"1:1\" would have no effect: write *:* or nothing"},
};

static void test_rejected(void **state)
{
	int failures = 0;

	(void)state;
	for (size_t i = 0; i < ROWS(rejected); i++) {
		struct language language =
			language_read(rejected[i].text, strlen(rejected[i].text));
		const struct diagnostic *diag = language.diags.items;
		char *messages = language_messages(&language);

		if (language.result != -1 || language.diags.count != 1 ||
			diag->severity != SEVERITY_ERROR || diag->line != rejected[i].line ||
			diag->column != rejected[i].column ||
			strncmp(diag->message, rejected[i].message, strlen(rejected[i].message))) {
			print_error("\"%s\": expected %u:%u: %s; got:\n%s\n", rejected[i].text,
				rejected[i].line, rejected[i].column, rejected[i].message,
				messages);
			failures++;
		}
		free(messages);
		language_free(&language);
	}
	assert_int_equal(failures, 0);
}

/* All rules of the policy, a line each. */
static char *rule_texts(const struct policy *policy)
{
	struct strbuf out = STRBUF_INIT;

	for (size_t i = 0; i < policy->rule_count; i++)
		strbuf_printf(&out, "%s%s", i ? "\n" : "", policy->rules[i].text);
	return strbuf_take(&out);
}

static const struct {
	const char *text, *rules;
} accepted[] = {
	/* Form. */
	{SYSCTL("deny = write a.b ; c\n  read,write a.c ; d\nallow:read a.b"),
		"deny write a.b\ndeny read,write a.c\nallow read a.b"},
	{"[sysctl]\naudit = write a.b\n" HEAD "[sysctl]\ndeny = read a.b",
		"audit write a.b\ndeny read a.b"},
	{FILES("deny = read /a,/b , /c /d"),
		"deny read /a\ndeny read /b\ndeny read /c\ndeny read /d"},
	{FILES("deny = read /a\\,b\\ c\\;d /\\# /{a,b},/[,]x"),
		"deny read /a\\,b\\ c\\;d\ndeny read /\\#\ndeny read /{a,b}\ndeny read /[,]x"},
	{FILES("deny = read /a\\\\"), "deny read /a\\\\"},
	{FILES("deny = read /a\\\\,/[ ]"), "deny read /a\\\\\ndeny read /[ ]"},
	{FILES("deny = read /\xc3\xa9\xff"), "deny read /\xc3\xa9\xff"},

	/* [sysctl] */
	{SYSCTL("deny = write,read a.b"), "deny read,write a.b"},
	{SYSCTL("deny = write net/ipv4/conf/eth0.1/x"), "deny write net.ipv4.conf.eth0/1.x"},
	{SYSCTL("deny = write net.ipv4.conf.eth0/1.x"), "deny write net.ipv4.conf.eth0/1.x"},
	{SYSCTL("deny = write **"), "deny write **"},
	{SYSCTL("deny = write **.forwarding"), "deny write **.forwarding"},
	{SYSCTL("deny = write net/**/[!a-c]{x.y,z/w}\\*?"),
		"deny write net.**.[!a-c]{x/y,z.w}\\*?"},
	{SYSCTL("deny = write kernel.core_pattern |*"), "deny write kernel.core_pattern |*"},
	{SYSCTL("deny = write a.b 1\\ 2\\,[3,4]{5,6}"), "deny write a.b 1\\ 2\\,[3,4]{5,6}"},
	{SYSCTL("deny = write a.b /[./]**/"), "deny write a.b /[./]**/"},
	{SYSCTL("deny = write a.b \\="), "deny write a.b \\="},

	/* [network] */
	{NETWORK("deny = connect *"), "deny connect *"},
	{NETWORK("deny = listen,bind,connect udp,tcp *"), "deny connect,bind,listen tcp,udp *"},
	{NETWORK("deny = connect 169.254.169.254"), "deny connect 169.254.169.254"},
	{NETWORK("deny = connect 10.0.0.1/32 10.0.0.0/8 0.0.0.0/0"),
		"deny connect 10.0.0.1\ndeny connect 10.0.0.0/8\ndeny connect 0.0.0.0/0"},
	{NETWORK("deny = connect tcp 10.0.0.0/8:2375-2376,22"),
		"deny connect tcp 10.0.0.0/8:22,2375-2376"},
	{NETWORK("deny = connect tcp 10.0.0.1:22,80,10.0.0.2:5,::1,10.0.0.3"),
		"deny connect tcp 10.0.0.1:22,80\ndeny connect tcp 10.0.0.2:5\n"
		"deny connect tcp [::1]\ndeny connect tcp 10.0.0.3"},
	{NETWORK("deny = connect tcp *:0,65535,1-3,2-5,6,8,65534-65535"),
		"deny connect tcp *:0-6,8,65534-65535"},
	{NETWORK("deny = connect tcp *:0-65535"), "deny connect tcp *:0-65535"},
	{NETWORK("deny = connect *:22"), "deny connect *:22"},
	{NETWORK("deny = connect udp [2001:DB8::/32]:53 [::1]:1,2 2001:db8:0:0::1/128 ::/0"),
		"deny connect udp [2001:db8::/32]:53\ndeny connect udp [::1]:1-2\n"
		"deny connect udp [2001:db8::1]\ndeny connect udp [::/0]"},
	{NETWORK("deny = connect ::fffe:0:0/95 ::10.0.0.1"),
		"deny connect [::fffe:0:0/95]\ndeny connect [::10.0.0.1]"},
	{NETWORK("deny = connect unix /run/docker.sock @abstract-* @a/[/]b *"),
		"deny connect unix /run/docker.sock\ndeny connect unix @abstract-*\n"
		"deny connect unix @a/[/]b\ndeny connect unix *"},
	{NETWORK("deny = connect /run/x:1 @x:1"), "deny connect /run/x:1\ndeny connect @x:1"},
	{NETWORK("deny = connect unix /run/x:1,/y"),
		"deny connect unix /run/x:1\ndeny connect unix /y"},
	{NETWORK("deny = connect tcp,unix *"), "deny connect tcp,unix *"},
	{NETWORK("deny = listen *:1-1023 ::"), "deny listen *:1-1023\ndeny listen [::]"},
	{NETWORK("deny = connect,listen udp *"), "deny connect,listen udp *"},
	{NETWORK("deny = socket raw packet, vsock inet/stream unix/seqpacket"),
		"deny socket inet/raw\ndeny socket inet6/raw\ndeny socket packet\n"
		"deny socket vsock\ndeny socket inet/stream\ndeny socket unix/seqpacket"},

	/* [file] */
	{FILES("deny = exec,read /a"), "deny read,exec /a"},
	{FILES("deny = exec,read,write /a\ndeny = all /b"), "deny all /a\ndeny all /b"},
	{FILES("deny = read / /** /a/** /.a /a/... /a/..b memfd:* memfd:[/]"),
		"deny read /\ndeny read /**\ndeny read /a/**\ndeny read /.a\ndeny read /a/...\n"
		"deny read /a/..b\ndeny read memfd:*\ndeny read memfd:[/]"},

	/* [kernel], [capability], [device] */
	{KERNEL("deny = mount, ptrace,bpf kill-outside"),
		"deny mount\ndeny ptrace\ndeny bpf\ndeny kill-outside"},
	{CAPABILITY("audit = chown checkpoint_restore"), "audit chown\naudit checkpoint_restore"},
	{DEVICE("deny = mwr c 1:1 1:*,*:3 4095:1048575"),
		"deny rwm c 1:1\ndeny rwm c 1:*\ndeny rwm c *:3\ndeny rwm c 4095:1048575"},
	{DEVICE("deny = m a\nallow = r a *:*\ndeny = w b 8:0"),
		"deny m a\nallow r a\ndeny w b 8:0"},
};

static void test_accepted(void **state)
{
	(void)state;
	for (size_t i = 0; i < ROWS(accepted); i++) {
		struct language language =
			language_read(accepted[i].text, strlen(accepted[i].text));
		struct language again;
		struct strbuf printed = STRBUF_INIT;
		char *messages = language_messages(&language), *rules;

		if (language.diags.count)
			fail_msg("\"%s\": %s", accepted[i].text, messages);
		rules = rule_texts(language.policies.items[0]);
		assert_string_equal(rules, accepted[i].rules);
		free(rules);
		free(messages);

		/* What is printed says the same. */
		policy_print(language.policies.items[0], &printed);
		again = language_read(printed.data, printed.length);
		assert_int_equal(again.diags.count, 0);
		rules = rule_texts(again.policies.items[0]);
		assert_string_equal(rules, accepted[i].rules);
		free(rules);
		strbuf_free(&printed);
		language_free(&again);
		language_free(&language);
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_rejected),
		cmocka_unit_test(test_accepted),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
