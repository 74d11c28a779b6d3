// SPDX-License-Identifier: GPL-2.0-only
/* test_lint.c - warnings: duplicates, rules without effect; and rulesets of several files. */
#include <stdio.h>
#include <stdlib.h>
#include "language.h"

#define SYSCTL HEAD "[sysctl]\n"
#define NETWORK HEAD "[network]\n"
#define FILES HEAD "[file]\n"
#define IDLE(rule, broad, line)                                                                    \
	"warning: \"" rule "\" has no effect: \"" broad "\" on line " #line " covers it\n"
#define BEATEN(rule, broad, line)                                                                  \
	"warning: \"" rule "\" has no effect: \"" broad "\" on line " #line                        \
	" covers it and wins over it\n"

static const struct {
	const char *text, *messages;
} rows[] = {
	/* Duplicates, also in another spelling. */
	{NETWORK "deny = connect tcp *:22\ndeny = connect tcp *:80", ""},
	{NETWORK "deny = connect tcp,udp *:22,23\ndeny = bind *\ndeny=connect udp,tcp *:22-23",
		"p.ini:7:22: warning: \"deny connect tcp,udp *:22-23\" stands on line 5 already\n"},
	{HEAD "[kernel]\ndeny = bpf mount bpf",
		"p.ini:5:18: warning: \"deny bpf\" stands on line 5 already\n"},
	{HEAD "[kernel]\ndeny = bpf\naudit = mount", ""},
	{"[policy]\nname = x\ncgroup = /a /b\ncgroup = /a/\n[kernel]\ndeny = bpf",
		"p.ini:4:10: warning: cgroup \"/a\" stands on line 3 already\n"},

	/* Addresses. */
	{NETWORK "deny = connect 10.1.2.3\ndeny = connect 10.0.0.0/8",
		"p.ini:5:16: " IDLE("deny connect 10.1.2.3", "deny connect 10.0.0.0/8", 6)},
	{NETWORK
		"deny = connect 10.0.0.0/9\ndeny = connect 10.128.0.0/9\ndeny = connect 11.0.0.0/8",
		""},
	{NETWORK "deny = connect 0.0.0.0/0\ndeny = connect tcp 10.0.0.0/8:22",
		"p.ini:6:20: " IDLE("deny connect tcp 10.0.0.0/8:22", "deny connect 0.0.0.0/0", 5)},
	{NETWORK "deny = connect ::/0\ndeny = connect 10.0.0.0/8 2001:db8::/32",
		"p.ini:6:27: " IDLE("deny connect [2001:db8::/32]", "deny connect [::/0]", 5)},
	{NETWORK "deny = connect *\ndeny = connect 2001:db8::/32 unix",
		"p.ini:6:30: error: bad peer \"unix\": expected an IPv4 or IPv6 address, a CIDR, "
		"*, "
		"a unix path that begins with /, or @ and an abstract name; host names are not "
		"looked up\n"
		"p.ini:6:16: " IDLE("deny connect [2001:db8::/32]", "deny connect *", 5)},
	{NETWORK "deny = connect *\ndeny = connect unix /a @b *",
		"p.ini:6:21: " IDLE("deny connect unix /a", "deny connect *",
			5) "p.ini:6:24: " IDLE("deny connect unix @b", "deny connect *",
			5) "p.ini:6:27: " IDLE("deny connect unix *", "deny connect *", 5)},
	/* Ports, protocols and operations must be covered, too. */
	{NETWORK "deny = connect tcp 10.0.0.0/8:20-30\ndeny = connect tcp 10.0.0.1:22,25-30",
		"p.ini:6:20: " IDLE("deny connect tcp 10.0.0.1:22,25-30",
			"deny connect tcp 10.0.0.0/8:20-30", 5)},
	{NETWORK "deny = connect tcp 10.0.0.0/8:20-30\ndeny = connect tcp 10.0.0.1:22,31", ""},
	{NETWORK "deny = connect tcp 10.0.0.0/8:20-30\ndeny = connect tcp 10.0.0.1", ""},
	{NETWORK "deny = connect tcp 10.0.0.0/8\ndeny = connect tcp,udp 10.0.0.1", ""},
	{NETWORK "deny = connect tcp 10.0.0.0/8\ndeny = connect 10.0.0.1:22", ""},
	{NETWORK "deny = connect *:22\ndeny = connect tcp *:22",
		"p.ini:6:20: " IDLE("deny connect tcp *:22", "deny connect *:22", 5)},
	{NETWORK "deny = connect *:22\ndeny = connect icmp *", ""},
	{NETWORK "deny = connect 10.0.0.0/8\ndeny = connect,bind 10.0.0.1", ""},
	{NETWORK "deny = connect,bind 10.0.0.0/8\ndeny = bind 10.0.0.1",
		"p.ini:6:13: " IDLE("deny bind 10.0.0.1", "deny connect,bind 10.0.0.0/8", 5)},
	/* Two that say the same in different words: the second one. */
	{NETWORK "deny = connect *:22\ndeny = connect tcp,udp,sctp *:22",
		"p.ini:6:29: " IDLE("deny connect tcp,udp,sctp *:22", "deny connect *:22", 5)},
	{NETWORK "deny = socket inet/raw inet\ndeny = socket inet6/raw unix",
		"p.ini:5:15: " IDLE("deny socket inet/raw", "deny socket inet", 5)},

	/* Actions: allow over deny over audit. */
	{NETWORK "deny = connect 10.0.0.0/8\nallow = connect 10.0.0.1", ""},
	{NETWORK "allow = connect 10.0.0.0/8\ndeny = connect tcp 10.0.0.1:22",
		"p.ini:6:20: " BEATEN(
			"deny connect tcp 10.0.0.1:22", "allow connect 10.0.0.0/8", 5)},
	{NETWORK "deny = connect 10.0.0.0/8\naudit = connect 10.0.0.1",
		"p.ini:6:17: " BEATEN("audit connect 10.0.0.1", "deny connect 10.0.0.0/8", 5)},
	{NETWORK "audit = connect 10.0.0.0/8\ndeny = connect 10.0.0.1", ""},
	/* A port that is not known is denied all the same. */
	{NETWORK "allow = connect tcp *:1-30\ndeny = connect tcp 10.0.0.1:22", ""},
	/* So is a value in another spelling. */
	{SYSCTL "allow = write a.b 1\ndeny = write a.b 1", ""},
	{SYSCTL "allow = write a.b\ndeny = write a.b 1",
		"p.ini:6:14: " BEATEN("deny write a.b 1", "allow write a.b", 5)},
	{NETWORK "allow = connect 10.0.0.0/8",
		"p.ini:5:17: warning: \"allow connect 10.0.0.0/8\" has no effect: allow is an "
		"exception to deny and audit lines, and [network] has none\n"},

	/* Globs. */
	{FILES "deny = write /etc/** /etc /etc/a /etc/*/b /etcetera /et",
		"p.ini:5:22: " IDLE("deny write /etc", "deny write /etc/**", 5) "p.ini:5:27: " IDLE(
			"deny write /etc/a", "deny write /etc/**",
			5) "p.ini:5:34: " IDLE("deny write /etc/*/b", "deny write /etc/**", 5)},
	{FILES "deny = write /etc/a/** /etc/**",
		"p.ini:5:14: " IDLE("deny write /etc/a/**", "deny write /etc/**", 5)},
	{FILES "deny = write /** /a", "p.ini:5:18: " IDLE("deny write /a", "deny write /**", 5)},
	/* Of one component: what is sure. */
	{FILES "deny = write /a/* /a/b /a/[bc]? /a/b/c /a /a/{b,/c} /a/\\b /a/b**",
		"p.ini:5:19: " IDLE("deny write /a/b", "deny write /a/*", 5) "p.ini:5:24: " IDLE(
			"deny write /a/[bc]?", "deny write /a/*", 5)},
	{FILES "deny = write /a/*\ndeny = write /a/b* /a/** /a/{b,/c}\nallow = write /a/b/c",
		"p.ini:5:14: " IDLE("deny write /a/*", "deny write /a/**", 6) "p.ini:6:14: " IDLE(
			"deny write /a/b*", "deny write /a/**",
			6) "p.ini:6:26: " IDLE("deny write /a/{b,/c}", "deny write /a/**", 6)},
	{FILES "deny = read /a/**\ndeny = write /a/b", ""},
	{FILES "deny = write /a*/** /a/b", ""},
	{FILES "deny = write memfd:* /a", ""},
	{SYSCTL "deny = write **\ndeny = read,write kernel.*\ndeny = write kernel.* x",
		"p.ini:7:14: " IDLE("deny write kernel.* x", "deny read,write kernel.*", 6)},
	{SYSCTL "deny = write kernel.** 1\ndeny = write kernel.a\ndeny = write kernel.b 1",
		"p.ini:7:14: " IDLE("deny write kernel.b 1", "deny write kernel.** 1", 5)},
	{HEAD "[device]\ndeny = rwm c 1:*\ndeny = r c 1:3 2:3\ndeny = w a\ndeny = w b 8:1",
		"p.ini:6:12: " IDLE("deny r c 1:3", "deny rwm c 1:*", 5) "p.ini:8:12: " IDLE(
			"deny w b 8:1", "deny w a", 7)},
	{HEAD "[capability]\ndeny = kill chown\nallow = chown",
		"p.ini:5:13: " BEATEN("deny chown", "allow chown", 6)},
	/* Two sections have nothing to do with each other. */
	{HEAD "[capability]\ndeny = bpf\n[kernel]\naudit = bpf", ""},

	/* The rest. */
	{HEAD, "p.ini:2:8: warning: policy \"x\" has no rules\n"},
	{SYSCTL "deny = write kernel.a kernel.b", "p.ini:5:14: warning: \"kernel.b\" is compared "
						  "with the value that is written; repeat "
						  "the key for a second name\n"},
	{SYSCTL "deny = write kernel.a kernelx.b", ""},
};

static void test_rows(void **state)
{
	int failures = 0;

	(void)state;
	for (size_t i = 0; i < ROWS(rows); i++) {
		struct language language = language_read(rows[i].text, strlen(rows[i].text));
		char *messages;

		policies_lint(&language.policies, &language.diags);
		messages = language_messages(&language);
		if (strcmp(messages, rows[i].messages)) {
			print_error("%s\nexpected:\n%s\ngot:\n%s\n", rows[i].text, rows[i].messages,
				messages);
			failures++;
		}
		free(messages);
		language_free(&language);
	}
	assert_int_equal(failures, 0);
}

static void read_as(struct language *language, const char *file, const char *name)
{
	struct strbuf text = STRBUF_INIT;

	strbuf_printf(&text, "[policy]\ncgroup = /a\nname = %s\n[kernel]\ndeny = bpf", name);
	assert_int_equal(policies_read_text(&language->policies, file, text.data, text.length,
				 &language->diags),
		0);
	strbuf_free(&text);
}

/* Sorted by name; of several with one name the first that was read is right. */
static void test_names(void **state)
{
	struct language language = {0};
	char *messages;

	(void)state;
	read_as(&language, "3.ini", "b");
	read_as(&language, "1.ini", "c");
	read_as(&language, "2.ini", "b");
	read_as(&language, "4.ini", "a");
	read_as(&language, "0.ini", "b");
	policies_lint(&language.policies, &language.diags);
	messages = language_messages(&language);
	assert_string_equal(messages,
		"2.ini:3:8: error: policy name \"b\" is taken: 3.ini:3 has it already; give each "
		"policy a name of its own\n"
		"0.ini:3:8: error: policy name \"b\" is taken: 3.ini:3 has it already; give each "
		"policy a name of its own\n");
	free(messages);
	for (size_t i = 0; i < language.policies.count; i++)
		assert_string_equal(language.policies.items[i]->file,
			((const char *[]){"4.ini", "3.ini", "2.ini", "0.ini", "1.ini"})[i]);
	language_free(&language);
}

/* Not a timed test: with a comparison of each pair it would take minutes. */
static void test_many(void **state)
{
	struct strbuf text = STRBUF_INIT;
	struct language language;

	(void)state;
	strbuf_puts(&text, NETWORK);
	for (int i = 0; i < 100000; i++)
		strbuf_printf(&text, "deny = connect tcp 10.%d.%d.0/24:%d,%d\n", i >> 8 & 3,
			i & 255, i % 997, 1000 + i % 991);
	strbuf_puts(&text, "deny = connect 10.0.0.0/16\n");
	language = language_read(text.data, text.length);
	policies_lint(&language.policies, &language.diags);
	assert_int_equal(language.result, 0);
	assert_int_equal(language.policies.items[0]->rule_count, 100001);
	/* A quarter lies in the one network; no other is covered. */
	assert_int_equal(language.diags.warnings, 25088);
	strbuf_free(&text);
	language_free(&language);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_rows),
		cmocka_unit_test(test_names),
		cmocka_unit_test(test_many),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
