// SPDX-License-Identifier: GPL-2.0-only
/* Decisions: the compiled tables and the matcher together, against tables by hand. */
#include "ruleset.h"

#include <errno.h>
#include <stdlib.h>
#include "match.h"

/* ---- tables of questions ---- */

static const struct question {
	const char *rules; /* behind [policy]; NULL: those of the row before */
	const char *operation;
	enum cgw_verdict verdict;
	enum cgw_reason reason; /* 0: allowed, or CGW_REASON_RULE */
	uint32_t line;		/* of the rule, from 5; 0: allowed */
} questions[] = {
	/* sysctl names */
	{"[sysctl]\ndeny = write kernel.*\nallow = write kernel.printk\naudit = read "
	 "kernel.kptr_restrict\n"
	 "deny = write net.ipv4.**\n",
		"sysctl write kernel.core_pattern", CGW_VERDICT_DENY, 0, 5},
	{NULL, "sysctl write kernel.printk", CGW_VERDICT_ALLOW, 0, 0},
	{NULL, "sysctl write kernel.random.uuid", CGW_VERDICT_ALLOW, 0, 0},
	{NULL, "sysctl read kernel.core_pattern", CGW_VERDICT_ALLOW, 0, 0},
	{NULL, "sysctl read kernel.kptr_restrict", CGW_VERDICT_AUDIT, 0, 7},
	{NULL, "sysctl write net.ipv4.conf.all.forwarding", CGW_VERDICT_DENY, 0, 8},
	{NULL, "sysctl write net.ipv6.conf.all.forwarding", CGW_VERDICT_ALLOW, 0, 0},
	/* values */
	{"[sysctl]\ndeny = write kernel.core_pattern |*\nallow = write kernel.core_pattern |/ok\n"
	 "deny = write vm.overcommit 1\naudit = write vm.overcommit *\ndeny = write vm.x *\nallow "
	 "= write vm.x\n",
		"sysctl write kernel.core_pattern=|/bin/x", CGW_VERDICT_DENY, 0, 5},
	{NULL, "sysctl write kernel.core_pattern= |/bin/x\\nfoo", CGW_VERDICT_DENY, 0, 5},
	{NULL, "sysctl write kernel.core_pattern=|/ok", CGW_VERDICT_ALLOW, 0, 0},
	{NULL, "sysctl write kernel.core_pattern=core", CGW_VERDICT_ALLOW, 0, 0},
	{NULL, "sysctl write kernel.core_pattern", CGW_VERDICT_DENY, CGW_REASON_VALUE_UNREADABLE,
		5},
	{NULL, "sysctl write vm.overcommit=0x1", CGW_VERDICT_DENY, 0, 7},
	{NULL, "sysctl write vm.overcommit=\\n01 junk", CGW_VERDICT_DENY, 0, 7},
	{NULL, "sysctl write vm.overcommit=2", CGW_VERDICT_AUDIT, 0, 8},
	{NULL, "sysctl write vm.overcommit", CGW_VERDICT_DENY, CGW_REASON_VALUE_UNREADABLE, 7},
	{NULL, "sysctl write vm.x=5", CGW_VERDICT_ALLOW, 0, 0},
	{NULL, "sysctl write vm.x", CGW_VERDICT_ALLOW, 0, 0},
	{NULL, "sysctl read kernel.core_pattern", CGW_VERDICT_ALLOW, 0, 0},
	/* an exception is for all that is written: handlers of numbers read on after a newline */
	{"[sysctl]\ndeny = write vm.y\nallow = write vm.y 1\n", "sysctl write vm.y=1",
		CGW_VERDICT_ALLOW, 0, 0},
	{NULL, "sysctl write vm.y=1\\n", CGW_VERDICT_ALLOW, 0, 0},
	{NULL, "sysctl write vm.y=1\\n \\n", CGW_VERDICT_ALLOW, 0, 0},
	{NULL, "sysctl write vm.y=1\\n5", CGW_VERDICT_DENY, 0, 5},
	{NULL, "sysctl write vm.y=01", CGW_VERDICT_DENY, 0, 5},
	/* addresses */
	{"[network]\ndeny = connect 10.0.0.0/8\nallow = connect 10.1.0.0/16\ndeny = connect "
	 "[2001:db8::/32]\n"
	 "deny = connect 192.0.2.255\n",
		"connect tcp 10.0.0.0:1", CGW_VERDICT_DENY, 0, 5},
	{NULL, "connect tcp 10.255.255.255:1", CGW_VERDICT_DENY, 0, 5},
	{NULL, "connect tcp 9.255.255.255:1", CGW_VERDICT_ALLOW, 0, 0},
	{NULL, "connect tcp 11.0.0.0:1", CGW_VERDICT_ALLOW, 0, 0},
	{NULL, "connect tcp 10.0.255.255:1", CGW_VERDICT_DENY, 0, 5},
	{NULL, "connect tcp 10.1.0.0:1", CGW_VERDICT_ALLOW, 0, 0},
	{NULL, "connect tcp 10.1.255.255:1", CGW_VERDICT_ALLOW, 0, 0},
	{NULL, "connect tcp 10.2.0.0:1", CGW_VERDICT_DENY, 0, 5},
	{NULL, "connect tcp 192.0.2.254:1", CGW_VERDICT_ALLOW, 0, 0},
	{NULL, "connect tcp 192.0.2.255:1", CGW_VERDICT_DENY, 0, 8},
	{NULL, "connect tcp 192.0.3.0:1", CGW_VERDICT_ALLOW, 0, 0},
	{NULL, "connect tcp [::ffff:10.0.0.1]:1", CGW_VERDICT_DENY, 0, 5},
	{NULL, "connect tcp [::ffff:10.1.0.1]:1", CGW_VERDICT_ALLOW, 0, 0},
	{NULL, "connect tcp [::10.0.0.1]:1", CGW_VERDICT_ALLOW, 0, 0},
	{NULL, "connect icmp 10.0.0.1", CGW_VERDICT_DENY, 0, 5},
	{NULL, "connect other 10.0.0.1", CGW_VERDICT_DENY, 0, 5},
	{NULL, "connect tcp [2001:db8::]:1", CGW_VERDICT_DENY, 0, 7},
	{NULL, "connect tcp [2001:db8:ffff:ffff:ffff:ffff:ffff:ffff]:1", CGW_VERDICT_DENY, 0, 7},
	{NULL, "connect tcp [2001:db9::]:1", CGW_VERDICT_ALLOW, 0, 0},
	{NULL, "bind tcp 10.0.0.1:1", CGW_VERDICT_ALLOW, 0, 0},
	{"[network]\ndeny = connect *\nallow = connect [2001:db8::1]\nallow = connect "
	 "192.0.2.1/32\n",
		"connect udp 255.255.255.255:1", CGW_VERDICT_DENY, 0, 5},
	{NULL, "connect udp [ffff::]:1", CGW_VERDICT_DENY, 0, 5},
	{NULL, "connect udp [2001:db8::1]:1", CGW_VERDICT_ALLOW, 0, 0},
	{NULL, "connect udp 192.0.2.1:1", CGW_VERDICT_ALLOW, 0, 0},
	{NULL, "connect unix /x", CGW_VERDICT_DENY, 0, 5},
	{NULL, "connect unix @x", CGW_VERDICT_DENY, 0, 5},
	{"[network]\ndeny = connect 0.0.0.0/0\n", "connect tcp 1.2.3.4:5", CGW_VERDICT_DENY, 0, 5},
	{NULL, "connect tcp [::1]:5", CGW_VERDICT_ALLOW, 0, 0},
	/* ports */
	{"[network]\ndeny = connect tcp *:0,22,8000-8099,65535\nallow = connect tcp *:8050\n",
		"connect tcp 10.0.0.1:0", CGW_VERDICT_DENY, 0, 5},
	{NULL, "connect tcp 10.0.0.1:1", CGW_VERDICT_ALLOW, 0, 0},
	{NULL, "connect tcp 10.0.0.1:21", CGW_VERDICT_ALLOW, 0, 0},
	{NULL, "connect tcp 10.0.0.1:22", CGW_VERDICT_DENY, 0, 5},
	{NULL, "connect tcp 10.0.0.1:23", CGW_VERDICT_ALLOW, 0, 0},
	{NULL, "connect tcp [2001:db8::1]:7999", CGW_VERDICT_ALLOW, 0, 0},
	{NULL, "connect tcp [2001:db8::1]:8000", CGW_VERDICT_DENY, 0, 5},
	{NULL, "connect tcp 10.0.0.1:8050", CGW_VERDICT_ALLOW, 0, 0},
	{NULL, "connect tcp 10.0.0.1:8099", CGW_VERDICT_DENY, 0, 5},
	{NULL, "connect tcp 10.0.0.1:8100", CGW_VERDICT_ALLOW, 0, 0},
	{NULL, "connect tcp 10.0.0.1:65534", CGW_VERDICT_ALLOW, 0, 0},
	{NULL, "connect tcp 10.0.0.1:65535", CGW_VERDICT_DENY, 0, 5},
	{NULL, "connect udp 10.0.0.1:22", CGW_VERDICT_ALLOW, 0, 0},
	/* connect to a wildcard address reaches the loopback */
	{"[network]\ndeny = connect 127.0.0.0/8\n", "connect tcp 0.0.0.0:1", CGW_VERDICT_DENY, 0,
		5},
	{NULL, "connect tcp [::]:1", CGW_VERDICT_DENY, 0, 5},
	{NULL, "connect tcp [::ffff:0.0.0.0]:1", CGW_VERDICT_DENY, 0, 5},
	{NULL, "connect tcp 0.0.0.1:1", CGW_VERDICT_ALLOW, 0, 0},
	{NULL, "connect tcp [::1]:1", CGW_VERDICT_ALLOW, 0, 0},
	{NULL, "connect tcp [::2]:1", CGW_VERDICT_ALLOW, 0, 0},
	{NULL, "bind tcp 0.0.0.0:1", CGW_VERDICT_ALLOW, 0, 0},
	{"[network]\ndeny = connect tcp [::1]:22\n", "connect tcp [::]:22", CGW_VERDICT_DENY, 0, 5},
	{NULL, "connect tcp [::]:23", CGW_VERDICT_ALLOW, 0, 0},
	{NULL, "connect tcp 0.0.0.0:22", CGW_VERDICT_ALLOW, 0, 0},
	{"[network]\ndeny = connect 10.0.0.0/8\n", "connect tcp 0.0.0.0:1", CGW_VERDICT_ALLOW, 0,
		0},
	{"[network]\ndeny = connect *\nallow = connect 127.0.0.1\n", "connect tcp 0.0.0.0:1",
		CGW_VERDICT_ALLOW, 0, 0},
	{NULL, "connect tcp [::]:1", CGW_VERDICT_DENY, 0, 5},
	{"[network]\ndeny = connect *\nallow = connect 127.0.0.1 [::1]\n", "connect tcp [::]:1",
		CGW_VERDICT_ALLOW, 0, 0},
	{"[network]\ndeny = connect *\nallow = connect [::1]\n", "connect tcp [::]:1",
		CGW_VERDICT_DENY, 0, 5},
	{"[network]\ndeny = connect *\nallow = connect 0.0.0.0/5\n", "connect tcp 0.0.0.0:1",
		CGW_VERDICT_DENY, 0, 5},
	{NULL, "connect tcp 0.0.0.1:1", CGW_VERDICT_ALLOW, 0, 0},
	{"[network]\ndeny = connect *\nallow = connect 0.0.0.0\n", "connect tcp 0.0.0.0:1",
		CGW_VERDICT_ALLOW, 0, 0},
	{"[network]\ndeny = connect *\nallow = connect [::]:80\n", "connect tcp [::]:80",
		CGW_VERDICT_ALLOW, 0, 0},
	{NULL, "connect tcp [::]:81", CGW_VERDICT_DENY, 0, 5},
	{"[network]\ndeny = connect 0.0.0.0\naudit = connect 127.0.0.1\n", "connect tcp 0.0.0.0:1",
		CGW_VERDICT_DENY, 0, 5},
	{"[network]\naudit = connect 0.0.0.0\ndeny = connect 127.0.0.1\n", "connect tcp 0.0.0.0:1",
		CGW_VERDICT_DENY, 0, 6},
	/* bind to a wildcard address takes all of them */
	{"[network]\ndeny = bind tcp 10.0.0.1:80\n", "bind tcp 0.0.0.0:80", CGW_VERDICT_DENY, 0, 5},
	{NULL, "bind tcp 0.0.0.0:81", CGW_VERDICT_ALLOW, 0, 0},
	{NULL, "bind udp 0.0.0.0:80", CGW_VERDICT_ALLOW, 0, 0},
	{NULL, "bind tcp [::]:80", CGW_VERDICT_DENY, 0, 5},
	{NULL, "bind tcp [::1]:80", CGW_VERDICT_ALLOW, 0, 0},
	{NULL, "listen tcp 0.0.0.0:80", CGW_VERDICT_ALLOW, 0, 0},
	{"[network]\ndeny = listen tcp [2001:db8::1]:80\n", "listen tcp [::]:80", CGW_VERDICT_DENY,
		0, 5},
	{NULL, "listen tcp 0.0.0.0:80", CGW_VERDICT_ALLOW, 0, 0},
	{"[network]\ndeny = bind *\nallow = bind 127.0.0.0/8\n", "bind tcp 0.0.0.0:80",
		CGW_VERDICT_DENY, 0, 5},
	{NULL, "bind tcp 127.0.0.1:80", CGW_VERDICT_ALLOW, 0, 0},
	{"[network]\ndeny = bind *\nallow = bind 0.0.0.0/0\n", "bind tcp 0.0.0.0:80",
		CGW_VERDICT_ALLOW, 0, 0},
	{NULL, "bind tcp [::]:80", CGW_VERDICT_DENY, 0, 5},
	{"[network]\ndeny = bind tcp 10.0.0.1:80\nallow = bind [::/0]\n", "bind tcp [::]:80",
		CGW_VERDICT_DENY, 0, 5},
	{"[network]\ndeny = bind tcp *:1-1023\nallow = bind tcp [::]:80\n", "bind tcp [::]:80",
		CGW_VERDICT_ALLOW, 0, 0},
	{NULL, "bind tcp 0.0.0.0:80", CGW_VERDICT_DENY, 0, 5},
	{NULL, "bind tcp [::]:81", CGW_VERDICT_DENY, 0, 5},
	{"[network]\ndeny = bind *\nallow = bind *:8080\n", "bind tcp [::]:8080", CGW_VERDICT_ALLOW,
		0, 0},
	/* unix */
	{"[network]\ndeny = connect /run/*.sock @abs-*\nallow = connect /run/ok.sock\naudit = bind "
	 "unix *\n",
		"connect unix /run/docker.sock", CGW_VERDICT_DENY, 0, 5},
	{NULL, "connect unix /run/ok.sock", CGW_VERDICT_ALLOW, 0, 0},
	{NULL, "connect unix /run/a/b.sock", CGW_VERDICT_ALLOW, 0, 0},
	{NULL, "connect unix /tmp/x", CGW_VERDICT_ALLOW, 0, 0},
	{NULL, "connect unix @abs-x/y", CGW_VERDICT_DENY, 0, 5},
	{NULL, "connect unix @run", CGW_VERDICT_ALLOW, 0, 0},
	{NULL, "connect unix /tmp/../run/x.sock", CGW_VERDICT_DENY, CGW_REASON_PATH_AMBIGUOUS, 5},
	{NULL, "connect unix /tmp//x", CGW_VERDICT_DENY, CGW_REASON_PATH_AMBIGUOUS, 5},
	{NULL, "connect unix /tmp/./x", CGW_VERDICT_DENY, CGW_REASON_PATH_AMBIGUOUS, 5},
	{NULL, "connect unix /tmp/x/", CGW_VERDICT_DENY, CGW_REASON_PATH_AMBIGUOUS, 5},
	{NULL, "connect unix run/x.sock", CGW_VERDICT_DENY, CGW_REASON_PATH_AMBIGUOUS, 5},
	{NULL, "connect unix /run/.x", CGW_VERDICT_ALLOW, 0, 0},
	{NULL, "connect unix @a//b", CGW_VERDICT_ALLOW, 0, 0},
	{NULL, "bind unix /tmp/x", CGW_VERDICT_AUDIT, 0, 7},
	{NULL, "bind unix x", CGW_VERDICT_AUDIT, CGW_REASON_PATH_AMBIGUOUS, 7},
	{NULL, "listen unix x", CGW_VERDICT_ALLOW, 0, 0},
	{"[network]\ndeny = connect /run/x\nallow = connect unix *\n", "connect unix x",
		CGW_VERDICT_ALLOW, 0, 0},
	{"[network]\ndeny = connect @x\n", "connect unix x", CGW_VERDICT_ALLOW, 0, 0},
	/* sockets */
	{"[network]\ndeny = socket raw packet\nallow = socket packet/dgram\naudit = socket "
	 "unix/stream\n",
		"socket inet/raw", CGW_VERDICT_DENY, 0, 5},
	{NULL, "socket inet6/raw", CGW_VERDICT_DENY, 0, 5},
	{NULL, "socket inet/stream", CGW_VERDICT_ALLOW, 0, 0},
	{NULL, "socket packet/raw", CGW_VERDICT_DENY, 0, 5},
	{NULL, "socket packet/dgram", CGW_VERDICT_ALLOW, 0, 0},
	{NULL, "socket unix/stream", CGW_VERDICT_AUDIT, 0, 7},
	{NULL, "socket unix/dgram", CGW_VERDICT_ALLOW, 0, 0},
	{NULL, "socket netlink/raw", CGW_VERDICT_ALLOW, 0, 0},
	/* numbers: the first and the last of each kind, and neighbours */
	{"[kernel]\ndeny = mount personality\naudit = bpf\nallow = bpf\naudit = perf\n",
		"kernel mount", CGW_VERDICT_DENY, 0, 5},
	{NULL, "kernel personality", CGW_VERDICT_DENY, 0, 5},
	{NULL, "kernel chroot", CGW_VERDICT_ALLOW, 0, 0},
	{NULL, "kernel bpf", CGW_VERDICT_ALLOW, 0, 0},
	{NULL, "kernel perf", CGW_VERDICT_AUDIT, 0, 8},
	{NULL, "capability chown", CGW_VERDICT_ALLOW, 0, 0},
	{"[capability]\ndeny = chown checkpoint_restore\n", "capability chown", CGW_VERDICT_DENY, 0,
		5},
	{NULL, "capability dac_override", CGW_VERDICT_ALLOW, 0, 0},
	{NULL, "capability bpf", CGW_VERDICT_ALLOW, 0, 0},
	{NULL, "capability checkpoint_restore", CGW_VERDICT_DENY, 0, 5},
	{NULL, "kernel mount", CGW_VERDICT_ALLOW, 0, 0},
	{"[device]\ndeny = rm c 1:*\nallow = r c 1:3\ndeny = w b *:7\naudit = w c 1:3\n",
		"device read c 1:0", CGW_VERDICT_DENY, 0, 5},
	{NULL, "device mknod c 1:1048575", CGW_VERDICT_DENY, 0, 5},
	{NULL, "device read c 0:1048575", CGW_VERDICT_ALLOW, 0, 0},
	{NULL, "device read c 2:0", CGW_VERDICT_ALLOW, 0, 0},
	{NULL, "device write c 1:0", CGW_VERDICT_ALLOW, 0, 0},
	{NULL, "device write c 1:3", CGW_VERDICT_AUDIT, 0, 8},
	{NULL, "device read c 1:3", CGW_VERDICT_ALLOW, 0, 0},
	{NULL, "device mknod c 1:3", CGW_VERDICT_DENY, 0, 5},
	{NULL, "device read b 1:0", CGW_VERDICT_ALLOW, 0, 0},
	{NULL, "device write b 0:7", CGW_VERDICT_DENY, 0, 7},
	{NULL, "device write b 4095:7", CGW_VERDICT_DENY, 0, 7},
	{NULL, "device write b 4095:8", CGW_VERDICT_ALLOW, 0, 0},
	{"[device]\ndeny = rwm a\nallow = r b 4095:1048575\n", "device write c 4095:1048575",
		CGW_VERDICT_DENY, 0, 5},
	{NULL, "device read b 4095:1048575", CGW_VERDICT_ALLOW, 0, 0},
	{NULL, "device read b 4095:1048574", CGW_VERDICT_DENY, 0, 5},
	{NULL, "device mknod b 0:0", CGW_VERDICT_DENY, 0, 5},
};

static void test_questions(void **state)
{
	struct image image = {0};

	(void)state;
	for (size_t i = 0; i < ROWS(questions); i++) {
		const struct question *row = &questions[i];
		enum cgw_reason reason = row->line && !row->reason ? CGW_REASON_RULE : row->reason;
		struct cgw_decision decision;
		uint32_t line = 0;

		if (row->rules) {
			struct strbuf text = STRBUF_INIT;

			strbuf_printf(&text, HEAD "%s", row->rules);
			image_free(&image);
			image = ruleset_image(text.data);
			strbuf_free(&text);
		}
		decision = ruleset_ask(&image, "/a", row->operation);
		if (decision.verdict != CGW_VERDICT_ALLOW)
			line = image_rule(&image, decision.rule)->line;
		if (decision.verdict != row->verdict || decision.reason != reason ||
			line != row->line)
			fail_msg("row %zu: %s: verdict %u, reason %u, line %u", i, row->operation,
				decision.verdict, decision.reason, line);
	}
	image_free(&image);
}

/* ---- several policies ---- */

static const char policy_a[] = "[policy]\nname = a\ncgroup = /x/** /b/*\n[sysctl]\n"
			       "deny = write kernel.*\nallow = write vm.a\naudit = write vm.b\n";
static const char policy_b[] = "[policy]\nname = b\ncgroup = /x\nmode = audit\n[sysctl]\n"
			       "deny = write kernel.*\ndeny = write vm.*\n";
static const char policy_c[] = "[policy]\nname = c\ncgroup = /x/y\n[sysctl]\n"
			       "deny = write kernel.a\ndeny = write vm.b\n";

static const struct {
	const char *cgroup;
	const char *operation;
	enum cgw_verdict verdict;
	uint32_t policy;
} several[] = {
	{"", "sysctl write kernel.a", CGW_VERDICT_ALLOW, 0},
	{"/", "sysctl write kernel.a", CGW_VERDICT_ALLOW, 0},
	{"/b", "sysctl write kernel.a", CGW_VERDICT_ALLOW, 0},
	{"/b/c", "sysctl write kernel.a", CGW_VERDICT_DENY, 0},
	{"/b/c/d/e", "sysctl write kernel.a", CGW_VERDICT_DENY, 0},
	{"/bb/c", "sysctl write kernel.a", CGW_VERDICT_ALLOW, 0},
	{"/x", "sysctl write kernel.a", CGW_VERDICT_DENY, 0},
	{"/x/", "sysctl write kernel.a", CGW_VERDICT_DENY, 0},
	{"/x/y/z", "sysctl write kernel.a", CGW_VERDICT_DENY, 0}, /* a and c: a is named */
	{"/x/z", "sysctl write vm.a", CGW_VERDICT_AUDIT, 1},	  /* no policy cancels another */
	{"/x/z", "sysctl write vm.b", CGW_VERDICT_AUDIT, 0},
	{"/x/y", "sysctl write vm.b", CGW_VERDICT_DENY, 2}, /* deny over audit */
	{"/xy", "sysctl write vm.b", CGW_VERDICT_ALLOW, 0},
	/* by hand: c to /h/i, a to /h */
	{"/h", "sysctl write vm.b", CGW_VERDICT_AUDIT, 0},
	{"/h/i", "sysctl write vm.b", CGW_VERDICT_DENY, 2},
	{"/h/i/j", "sysctl write vm.b", CGW_VERDICT_DENY, 2},
	{"/h/ij", "sysctl write vm.b", CGW_VERDICT_AUDIT, 0},
	{"/hh", "sysctl write vm.b", CGW_VERDICT_ALLOW, 0},
};

static void test_several(void **state)
{
	const char *const texts[] = {policy_b, policy_c, policy_a, NULL};
	const struct attachment attachments[] = {{12, "/h", "a"}, {5, "/h/i", "c"}};
	struct image image;

	(void)state;
	ruleset_compile(&image, texts, NULL, attachments, 2);
	for (size_t i = 0; i < ROWS(several); i++) {
		struct cgw_decision decision =
			ruleset_ask(&image, several[i].cgroup, several[i].operation);

		if (decision.verdict != several[i].verdict || decision.policy != several[i].policy)
			fail_msg("row %zu: verdict %u by %u", i, decision.verdict, decision.policy);
	}
	image_free(&image);
}

/* The names decide who is named, not the slots. */
static void test_order(void **state)
{
	const char *const first[] = {
		"[policy]\nname = b\ncgroup = /a\n[sysctl]\ndeny = write vm.*\n", NULL};
	const char *const second[] = {
		first[0], "[policy]\nname = a\ncgroup = /a\n[sysctl]\ndeny = write vm.*\n", NULL};
	struct image one, two;

	(void)state;
	ruleset_compile(&one, first, NULL, NULL, 0);
	ruleset_compile(&two, second, &one, NULL, 0);
	assert_int_equal(image_slot(&two, "b"), 0);
	assert_int_equal(ruleset_ask(&two, "/a", "sysctl write vm.a").policy, 1);
	image_free(&one);
	image_free(&two);
}

/* What no kernel program can read whole is denied where a deny rule could match. */
static void test_too_long(void **state)
{
	struct image image = ruleset_image(HEAD "[sysctl]\ndeny = write kernel.x\n");
	struct operation operation = {.op = CGW_OP_SYSCTL_WRITE, .name_length = CGW_TEXT_MAX + 1};
	struct cgw_decision decision;
	struct cgw_set set;
	char *path = calloc(1, CGW_TEXT_MAX + 2);

	(void)state;
	memset(path, 'a', CGW_TEXT_MAX + 1);
	path[0] = '/';
	image_scope(&image, path, &set);
	assert_int_equal(set.word[0], 1);
	operation.name = path;
	assert_int_equal(image_evaluate(&image, &set, &operation, &decision), 0);
	assert_int_equal(decision.verdict, CGW_VERDICT_DENY);
	assert_int_equal(decision.reason, CGW_REASON_NAME_UNREADABLE);
	assert_int_equal(decision.rule, CGW_NO_RULE);
	operation.op = CGW_OP_SYSCTL_READ;
	assert_int_equal(image_evaluate(&image, &set, &operation, &decision), 0);
	assert_int_equal(decision.verdict, CGW_VERDICT_ALLOW);
	free(path);
	image_free(&image);
}

/* ---- paths of unix sockets ---- */

static void test_ambiguous(void **state)
{
	static const struct {
		const char *path;
		bool ambiguous;
	} rows[] = {
		{"/a", false},
		{"/run/x.sock", false},
		{"/run/..x/.y/z..", false},
		{"/run/...", false},
		{"", true},
		{"/", true},
		{"a", true},
		{"./a", true},
		{"//a", true},
		{"/a//b", true},
		{"/a/./b", true},
		{"/a/../b", true},
		{"/./a", true},
		{"/../a", true},
		{"/a/", true},
		{"/a/.", true},
		{"/a/..", true},
	};
	char longest[CGW_UNIX_NAME_MAX + 1];

	(void)state;
	for (size_t i = 0; i < ROWS(rows); i++)
		if (cgw_unix_ambiguous((const __u8 *)rows[i].path, strlen(rows[i].path)) !=
			rows[i].ambiguous)
			fail_msg("%s", rows[i].path);
	memset(longest, 'a', sizeof(longest));
	longest[0] = '/';
	assert_int_equal(cgw_unix_ambiguous((const __u8 *)longest, CGW_UNIX_NAME_MAX), 0);
	assert_int_equal(cgw_unix_ambiguous((const __u8 *)longest, CGW_UNIX_NAME_MAX + 1), 1);
	longest[CGW_UNIX_NAME_MAX - 1] = '/';
	assert_int_equal(cgw_unix_ambiguous((const __u8 *)longest, CGW_UNIX_NAME_MAX), 1);
}

/* ---- ports that cannot be read ---- */

static uint32_t ask_unknown_port(const struct image *image, const char *text)
{
	struct cgw_decision decision = {0};
	struct operation operation;
	struct cgw_set set;
	char *error;

	assert_int_equal(operation_parse(&operation, text, &error), 0);
	operation.port = CGW_PORT_UNKNOWN;
	image_scope(image, "/a", &set);
	assert_int_equal(image_evaluate(image, &set, &operation, &decision), 0);
	operation_free(&operation);
	return decision.verdict;
}

static void test_unknown_port(void **state)
{
	struct image image = ruleset_image(HEAD "[network]\n"
						"deny = connect tcp 10.0.0.1:22\n"
						"deny = connect tcp 10.0.0.2:22\n"
						"allow = connect tcp 10.0.0.2\n"
						"audit = connect tcp 10.0.0.3:22\n"
						"deny = connect tcp 10.0.0.4\n"
						"allow = connect tcp 10.0.0.4:1-65535\n");

	(void)state;
	assert_int_equal(ask_unknown_port(&image, "connect tcp 10.0.0.1:1"), CGW_VERDICT_DENY);
	assert_int_equal(ask_unknown_port(&image, "connect tcp 10.0.0.2:1"), CGW_VERDICT_ALLOW);
	assert_int_equal(ask_unknown_port(&image, "connect tcp 10.0.0.3:1"), CGW_VERDICT_AUDIT);
	assert_int_equal(ask_unknown_port(&image, "connect tcp 10.0.0.4:1"), CGW_VERDICT_DENY);
	assert_int_equal(ask_unknown_port(&image, "connect udp 10.0.0.1:1"), CGW_VERDICT_ALLOW);
	image_free(&image);
}

/* A packet of a raw socket is judged as raw and as what its header says: either is enough. */
static void test_two_protocols(void **state)
{
	static const struct {
		uint32_t port;
		uint32_t proto[2];
		enum cgw_verdict verdict;
	} rows[] = {
		{80, {CGW_PROTO_TCP, 0}, CGW_VERDICT_ALLOW},
		{80, {CGW_PROTO_TCP, CGW_PROTO_RAW}, CGW_VERDICT_DENY},
		{80, {CGW_PROTO_RAW, CGW_PROTO_TCP}, CGW_VERDICT_DENY},
		{22, {CGW_PROTO_UDP, CGW_PROTO_TCP}, CGW_VERDICT_DENY},
		{22, {CGW_PROTO_UDP, CGW_PROTO_SCTP}, CGW_VERDICT_ALLOW},
	};
	struct image image = ruleset_image(HEAD "[network]\n"
						"deny = connect tcp,raw *\n"
						"allow = connect tcp *:80\n");
	struct cgw_view view = {.image = image.data, .size = image.size};

	(void)state;
	for (size_t i = 0; i < ROWS(rows); i++) {
		struct cgw_work work = {.set = {.word = {1}}, .words = 1};
		struct cgw_peer peer = {.judge = {.view = &view, .work = &work},
			.op = CGW_OP_CONNECT,
			.address = {0x0a000001},
			.port = rows[i].port,
			.proto = {rows[i].proto[0], rows[i].proto[1]}};

		assert_int_equal(cgw_view_open(&view), 0);
		cgw_judge_peer(&peer);
		if (work.decision.verdict != rows[i].verdict)
			fail_msg("row %zu: verdict %u", i, work.decision.verdict);
	}
	image_free(&image);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_questions),
		cmocka_unit_test(test_several),
		cmocka_unit_test(test_order),
		cmocka_unit_test(test_too_long),
		cmocka_unit_test(test_ambiguous),
		cmocka_unit_test(test_unknown_port),
		cmocka_unit_test(test_two_protocols),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
