// SPDX-License-Identifier: GPL-2.0-only
/* test_print.c - the model behind the text, the canonical form of a whole policy, and files. */
#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <unistd.h>
#include "language.h"

static const char everything[] = "; a comment\n"
				 "[sysctl]\n"
				 "deny = write net/ipv4/conf/eth0.1/x 1 ; b\n"
				 "[policy]\n"
				 "name = web.1\n"
				 "cgroup = /a/, /b/*\n"
				 "cgroup = /\n"
				 "mode = audit\n"
				 "on-missing = warn\n"
				 "[network]\n"
				 "allow = connect,bind tcp 10.0.0.0/8:2-3,1 [::1]:5\n"
				 "[file]\n"
				 "deny = all /x\n"
				 "seal = no\n"
				 "[device]\n"
				 "audit = wm a\n"
				 "[file]\n"
				 "deny = exec memfd:*\n";

static const char canonical[] = "[policy]\n"
				"name = web.1\n"
				"cgroup = /a\n"
				"cgroup = /b/*\n"
				"cgroup = /\n"
				"mode = audit\n"
				"on-missing = warn\n"
				"\n[file]\n"
				"seal = no\n"
				"\n[sysctl]\n"
				"deny = write net.ipv4.conf.eth0/1.x 1\n"
				"\n[network]\n"
				"allow = connect,bind tcp 10.0.0.0/8:1-3\n"
				"allow = connect,bind tcp [::1]:5\n"
				"\n[file]\n"
				"deny = all /x\n"
				"\n[device]\n"
				"audit = wm a\n"
				"\n[file]\n"
				"deny = exec memfd:*\n";

/* A policy that says everything; and its canonical form, which is its own canonical form. */
static void test_canonical(void **state)
{
	const char *const texts[] = {everything, canonical};

	(void)state;
	for (size_t i = 0; i < ROWS(texts); i++) {
		struct language language = language_read(texts[i], strlen(texts[i]));
		const struct policy *policy = language.policies.items[0];
		struct strbuf printed = STRBUF_INIT;

		assert_int_equal(language.diags.count, 0);
		policy_print(policy, &printed);
		assert_string_equal(printed.data, canonical);
		assert_true(policy->audit_only);
		assert_true(policy->warn_missing);
		assert_false(policy->seal);
		assert_int_equal(policy->selector_count, 3);
		assert_string_equal(policy->selectors[0].glob, "/a");
		assert_string_equal(policy->selectors[2].glob, "");
		strbuf_free(&printed);
		language_free(&language);
	}
}

static void test_defaults(void **state)
{
	struct language language = language_read(HEAD, strlen(HEAD));
	const struct policy *policy = language.policies.items[0];

	(void)state;
	assert_int_equal(language.result, 0);
	assert_string_equal(policy->name, "x");
	assert_string_equal(policy->file, "p.ini");
	assert_int_equal(policy->name_line, 2);
	assert_int_equal(policy->name_column, 8);
	assert_false(policy->audit_only);
	assert_false(policy->warn_missing);
	assert_true(policy->seal);
	assert_int_equal(policy->selectors[0].line, 3);
	assert_int_equal(policy->selectors[0].column, 10);
	language_free(&language);
}

#define PROTO(name) (1U << CGW_PROTO_##name)
#define IP_PROTOS (PROTO(TCP) | PROTO(UDP) | PROTO(ICMP) | PROTO(SCTP) | PROTO(RAW) | PROTO(OTHER))

static const struct {
	const char *line;
	uint32_t protos;
	bool named;
	struct rule_peer peer;
	size_t ports;
	struct port_range range[3];
} peers[] = {
	{"connect *", IP_PROTOS | PROTO(UNIX), false, {.kind = PEER_ANY}, 0, {{0}}},
	{"connect *:1,3-4", PROTO(TCP) | PROTO(UDP) | PROTO(SCTP), false, {.kind = PEER_ANY}, 2,
		{{1, 1}, {3, 4}}},
	{"connect tcp,unix *", PROTO(TCP) | PROTO(UNIX), true, {.kind = PEER_ANY}, 0, {{0}}},
	{"connect 10.1.0.0/16", IP_PROTOS, false,
		{.kind = PEER_IPV4, .address = {0x0a010000}, .prefix = 16}, 0, {{0}}},
	{"connect raw 255.255.255.255", PROTO(RAW), true,
		{.kind = PEER_IPV4, .address = {0xffffffff}, .prefix = 32}, 0, {{0}}},
	{"connect udp [2001:db8::1:2]:0,65535", PROTO(UDP), true,
		{.kind = PEER_IPV6, .address = {0x20010db8, 0, 0, 0x10002}, .prefix = 128}, 2,
		{{0, 0}, {65535, 65535}}},
	{"connect 8000::/1", IP_PROTOS, false,
		{.kind = PEER_IPV6, .address = {0x80000000}, .prefix = 1}, 0, {{0}}},
	{"connect /run/*", PROTO(UNIX), false, {.kind = PEER_UNIX_PATH, .glob = "/run/*"}, 0,
		{{0}}},
	{"connect unix @a*", PROTO(UNIX), true, {.kind = PEER_UNIX_ABSTRACT, .glob = "a*"}, 0,
		{{0}}},
};

static void test_peers(void **state)
{
	(void)state;
	for (size_t i = 0; i < ROWS(peers); i++) {
		struct strbuf text = STRBUF_INIT;
		struct language language;
		const struct policy_rule *rule;

		strbuf_printf(&text, HEAD "[network]\ndeny = %s\n", peers[i].line);
		language = language_read(text.data, text.length);
		assert_int_equal(language.diags.count, 0);
		rule = language.policies.items[0]->rules;
		assert_int_equal(rule->section, SECTION_NETWORK);
		assert_int_equal(rule->action, CGW_ACTION_DENY);
		assert_int_equal(rule->ops, 1U << CGW_OP_CONNECT);
		assert_int_equal(rule->line, 5);
		assert_int_equal(rule->protos, peers[i].protos);
		assert_int_equal(rule->protos_named, peers[i].named);
		assert_int_equal(rule->peer.kind, peers[i].peer.kind);
		assert_memory_equal(rule->peer.address, peers[i].peer.address, 16);
		assert_int_equal(rule->peer.prefix, peers[i].peer.prefix);
		assert_int_equal(!rule->peer.glob, !peers[i].peer.glob);
		if (rule->peer.glob)
			assert_string_equal(rule->peer.glob, peers[i].peer.glob);
		assert_int_equal(rule->peer.port_count, peers[i].ports);
		assert_memory_equal(rule->peer.ports ? rule->peer.ports : peers[i].range,
			peers[i].range, peers[i].ports * sizeof(struct port_range));
		strbuf_free(&text);
		language_free(&language);
	}
}

static void test_model(void **state)
{
	static const char text[] =
		HEAD "[sysctl]\ndeny = read,write net.ipv4.conf.eth0/1.x\n"
		     "audit = write a.b v\n"
		     "[network]\nallow = socket raw vsock\n"
		     "[kernel]\ndeny = bpf\n[capability]\ndeny = chown sys_admin\n"
		     "[device]\ndeny = rm c 5:*\n";
	struct language language = language_read(text, strlen(text));
	const struct policy_rule *rules = language.policies.items[0]->rules;

	(void)state;
	assert_int_equal(language.policies.items[0]->rule_count, 9);
	assert_string_equal(rules[0].sysctl.name, "net/ipv4/conf/eth0.1/x");
	assert_null(rules[0].sysctl.value);
	assert_int_equal(rules[0].ops, 1U << CGW_OP_SYSCTL_READ | 1U << CGW_OP_SYSCTL_WRITE);
	assert_string_equal(rules[1].sysctl.value, "v");
	assert_int_equal(rules[1].action, CGW_ACTION_AUDIT);
	assert_int_equal(rules[2].ops, 1U << CGW_OP_SOCKET);
	assert_int_equal(rules[2].socket.family, AF_INET);
	assert_int_equal(rules[2].socket.type, SOCK_RAW);
	assert_int_equal(rules[3].socket.family, AF_INET6);
	assert_int_equal(rules[4].socket.family, AF_VSOCK);
	assert_int_equal(rules[4].socket.type, -1);
	assert_int_equal(rules[4].line, 8);
	assert_int_equal(rules[4].column, 20);
	assert_int_equal(rules[5].power, CGW_POWER_BPF);
	assert_int_equal(rules[6].capability, 0);
	assert_int_equal(rules[7].capability, 21);
	assert_int_equal(rules[8].ops, 1U << CGW_OP_DEVICE_READ | 1U << CGW_OP_DEVICE_MKNOD);
	assert_int_equal(rules[8].device.type, 'c');
	assert_int_equal(rules[8].device.major, 5);
	assert_int_equal(rules[8].device.minor, -1);
	language_free(&language);
}

/* ---- limits ---- */

/* A line that is just short enough in the file, but not in the canonical form. */
static void test_canonical_limit(void **state)
{
	struct strbuf text = STRBUF_INIT;
	struct language language;

	(void)state;
	for (int over = 0; over < 2; over++) {
		strbuf_puts(&text, HEAD "[file]\n");
		strbuf_puts(&text, "deny=read /");
		while (text.length < strlen(HEAD "[file]\n") + POLICY_LINE_MAX - 2 + over)
			strbuf_putc(&text, 'a');
		language = language_read(text.data, text.length);
		assert_int_equal(language.diags.errors, over);
		if (over)
			assert_string_equal(language.diags.items->message,
				"the rule has 8193 bytes in its canonical form; at most 8192 are "
				"allowed");
		language_free(&language);
		strbuf_free(&text);
	}
}

static void test_too_many_rules(void **state)
{
	struct strbuf text = STRBUF_INIT;
	struct language language;

	(void)state;
	strbuf_puts(&text, HEAD "[kernel]\n");
	for (int i = 0; i < CGW_RULES_MAX / 64; i++) {
		strbuf_puts(&text, "deny =");
		for (int j = 0; j < 64; j++)
			strbuf_puts(&text, " bpf");
		strbuf_putc(&text, '\n');
	}
	language = language_read(text.data, text.length);
	assert_int_equal(language.diags.errors, 0);
	assert_int_equal(language.policies.items[0]->rule_count, CGW_RULES_MAX);
	language_free(&language);
	strbuf_puts(&text, "deny = bpf bpf\n");
	language = language_read(text.data, text.length);
	assert_int_equal(language.diags.errors, 1);
	assert_string_equal(language.diags.items->message,
		"more than 262144 rules in one policy: a glob or a CIDR can cover many names or "
		"addresses");
	assert_int_equal(language.policies.items[0]->rule_count, CGW_RULES_MAX);
	language_free(&language);
	strbuf_free(&text);
}

/* Bytes from a fixed generator, as text and as anything: answered, within bounds. */
static void test_garbage(void **state)
{
	static const char letters[] = "[]{}=:;#,\\/*. \t\nab01@-";
	uint64_t seed = 1;

	(void)state;
	for (int binary = 0; binary < 2; binary++) {
		struct strbuf text = STRBUF_INIT;
		struct language language;

		for (int i = 0; i < 10 << 20; i++) {
			seed = seed * 6364136223846793005ULL + 1442695040888963407ULL;
			strbuf_putc(&text, binary ? (char)(seed >> 56)
						  : letters[(seed >> 56) % (sizeof(letters) - 1)]);
		}
		language = language_read(text.data, text.length);
		assert_int_equal(language.result, -1);
		assert_true(language.diags.errors > 10000);
		assert_true(language.diags.count <= DIAGNOSTICS_MAX_PER_FILE + 1);
		language_free(&language);
		strbuf_free(&text);
	}
}

/* ---- files ---- */

static char folder[] = "/tmp/cgward-print-XXXXXX";

static void write_file(const char *name, const char *text)
{
	char path[200];
	FILE *file;

	snprintf(path, sizeof(path), "%s/%s", folder, name);
	file = fopen(path, "w");
	assert_non_null(file);
	fputs(text, file);
	fclose(file);
}

static int read_paths(struct language *language, const char *one, const char *other)
{
	char first[200], second[200];
	char *paths[] = {first, second};

	snprintf(first, sizeof(first), "%s%s", folder, one);
	snprintf(second, sizeof(second), "%s%s", folder, other ? other : "");
	*language = (struct language){0};
	return policies_read(&language->policies, paths, other ? 2 : 1, &language->diags);
}

static void expect_error(const char *one, const char *other, const char *file, const char *message)
{
	struct language language;
	char path[200];

	snprintf(path, sizeof(path), "%s%s", folder, file);
	assert_int_equal(read_paths(&language, one, other), -1);
	assert_int_equal(language.diags.errors, 1);
	assert_string_equal(language.diags.items->file, path);
	assert_string_equal(language.diags.items->message, message);
	language_free(&language);
}

static int setup_folder(void **state)
{
	(void)state;
	return mkdtemp(folder) ? 0 : -1;
}

static int remove_folder(void **state)
{
	char command[200];

	(void)state;
	snprintf(command, sizeof(command), "rm -r %s", folder);
	return system(command);
}

static void test_files(void **state)
{
	struct language language;
	char path[200];

	(void)state;
	expect_error("/", NULL, "/", "the folder holds no file *.ini");
	expect_error("/none", NULL, "/none", "cannot be read: No such file or directory");
	write_file("b.ini", "[policy]\nname = one\ncgroup = /a\n[kernel]\ndeny = bpf\n");
	write_file("a.ini", "[policy]\nname = two\ncgroup = /a\n[kernel]\ndeny = bpf\n");
	write_file(".c.ini", "not a policy");
	write_file("d.ini.bak", "not a policy");
	write_file(".ini", "not a policy");
	assert_int_equal(read_paths(&language, "/", NULL), 0);
	assert_int_equal(language.diags.count, 0);
	assert_int_equal(language.policies.count, 2);
	/* By name, not by file; no doubled slash. */
	snprintf(path, sizeof(path), "%s/b.ini", folder);
	assert_string_equal(language.policies.items[0]->file, path);
	language_free(&language);

	assert_int_equal(read_paths(&language, "/b.ini", "/a.ini"), 0);
	assert_int_equal(language.policies.count, 2);
	language_free(&language);

	assert_int_equal(read_paths(&language, "", "/b.ini"), -1);
	assert_int_equal(language.diags.errors, 1);
	language_free(&language);

	snprintf(path, sizeof(path), "%s/e.ini", folder);
	assert_int_equal(mkdir(path, 0700), 0);
	expect_error("/", NULL, "/e.ini", "cannot be read: Is a directory");
	assert_int_equal(rmdir(path), 0);
}

/* Errors of all files in one run, in the order of the files. */
static void test_all_errors(void **state)
{
	struct language language;
	char *messages, expected[1000];

	(void)state;
	write_file("f.ini", "[policy]\nname = f\ncgroup = a\n[kernel]\ndeny = x y\n");
	write_file("g.ini", "[policy]\nname = G\ncgroup = /a\n");
	assert_int_equal(read_paths(&language, "/g.ini", "/f.ini"), -1);
	messages = language_messages(&language);
	snprintf(expected, sizeof(expected),
		"%s/g.ini:2:8: error: bad name \"G\": a name begins with a-z or 0-9 and goes on "
		"with a-z, 0-9, . _ or -\n"
		"%s/f.ini:3:10: error: cgroup \"a\" is not absolute: it must begin with /\n"
		"%s/f.ini:5:8: error: unknown power \"x\"; known: mount",
		folder, folder, folder);
	assert_memory_equal(messages, expected, strlen(expected));
	assert_int_equal(language.diags.errors, 4);
	free(messages);
	language_free(&language);
}

/* A file without end is given up; one of the greatest size is not. */
static void test_sizes(void **state)
{
	char *zero[] = {"/dev/zero"};
	struct language language = {0};
	char path[200];

	(void)state;
	assert_int_equal(policies_read(&language.policies, zero, 1, &language.diags), -1);
	assert_int_equal(language.diags.errors, 1);
	assert_string_equal(language.diags.items->message,
		"the file has more than 67108864 bytes, which is the most that a policy may have");
	language_free(&language);

	write_file("h.ini", HEAD);
	snprintf(path, sizeof(path), "%s/h.ini", folder);
	assert_int_equal(truncate(path, POLICY_FILE_MAX), 0);
	assert_int_equal(read_paths(&language, "/h.ini", NULL), -1);
	assert_int_equal(language.diags.errors, 1); /* one line of NULs */
	assert_int_equal(language.diags.items->line, 4);
	language_free(&language);
	assert_int_equal(unlink(path), 0);
}

static void test_thousand_files(void **state)
{
	struct language language;
	char name[40], text[200];

	(void)state;
	for (int i = 0; i < 1000; i++) {
		snprintf(name, sizeof(name), "m%d.ini", i);
		snprintf(text, sizeof(text),
			"[policy]\nname = p%d\ncgroup = /a\n[kernel]\ndeny = bpf\ndeny = no\n",
			i % 999);
		write_file(name, text);
	}
	assert_int_equal(read_paths(&language, "/", NULL), -1);
	/* One of each, those of f.ini and g.ini, and one name that two have. */
	assert_int_equal(language.diags.errors, 1000 + 4 + 1);
	language_free(&language);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_canonical),
		cmocka_unit_test(test_defaults),
		cmocka_unit_test(test_peers),
		cmocka_unit_test(test_model),
		cmocka_unit_test(test_canonical_limit),
		cmocka_unit_test(test_too_many_rules),
		cmocka_unit_test(test_garbage),
		cmocka_unit_test(test_files),
		cmocka_unit_test(test_all_errors),
		cmocka_unit_test(test_sizes),
		cmocka_unit_test(test_thousand_files),
	};

	return cmocka_run_group_tests(tests, setup_folder, remove_folder);
}
