// SPDX-License-Identifier: GPL-2.0-only
/* suggest.h: from lines of a log and a policy to exceptions. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <cmocka.h>
#include "operation.h"
#include "suggest.h"

#define HEAD                                                                                       \
	"{\"type\":\"violation\",\"time\":\"2026-11-21T03:14:15.000000000+00:00\",\"verdict\":"    \
	"\"audit\",\"policy\":\"p\",\"reason\":\"rule\",\"cgroup\":\"/a\",\"comm\":\"sh\","
#define NETWORK HEAD "\"kind\":\"network\",\"family\":\"inet\",\"socket_type\":\"stream\","
#define TCP NETWORK "\"protocol\":\"tcp\",\"op\":\"connect\","
#define UNIX HEAD "\"kind\":\"network\",\"family\":\"unix\",\"op\":\"connect\",\"path\":"
#define WRITE HEAD "\"kind\":\"sysctl\",\"op\":\"write\",\"name\":"

/* What the text of a case is made of: one of %d in a line of the log, for each of the numbers. */
struct row {
	const char *rules;	/* of the policy, with their sections */
	const char *line;	/* of the log, with a %d */
	int numbers[12];	/* from 1; 0 ends them */
	const char *wanted[12]; /* the suggestions; none: left out, or allowed already */
};

#define DENY_NET "[network]\ndeny = connect *\n"
#define DENY_UNIX "[network]\ndeny = connect unix /** @**\n"
#define DENY_SYSCTL "[sysctl]\ndeny = read,write **\n"

static const struct row rows[] = {
	/* addresses */
	{DENY_NET, TCP "\"address\":\"10.0.0.%d\",\"port\":22}", {1, 2, 3},
		{"connect tcp 10.0.0.1:22", "connect tcp 10.0.0.2:22", "connect tcp 10.0.0.3:22"}},
	{DENY_NET, TCP "\"address\":\"10.0.0.%d\",\"port\":22}", {1, 2, 3, 4},
		{"connect tcp 10.0.0.0/29:22"}},
	{DENY_NET, TCP "\"address\":\"10.0.0.%d\",\"port\":22}", {129, 130, 250, 131},
		{"connect tcp 10.0.0.128/25:22"}},
	{DENY_NET, TCP "\"address\":\"10.0.%d.1\",\"port\":22}", {1, 2, 3, 4},
		{"connect tcp 10.0.1.1:22", "connect tcp 10.0.2.1:22", "connect tcp 10.0.3.1:22",
			"connect tcp 10.0.4.1:22"}},
	{DENY_NET,
		HEAD "\"kind\":\"network\",\"family\":\"inet6\",\"socket_type\":\"dgram\","
		     "\"protocol\":\"udplite\",\"op\":\"connect\",\"address\":\"2001:db8::%d\","
		     "\"port\":53}",
		{1, 2, 3, 4}, {"connect udp [2001:db8::/125]:53"}},
	/* never over another rule */
	{DENY_NET "deny = connect 10.0.0.6\n", TCP "\"address\":\"10.0.0.%d\",\"port\":22}",
		{1, 2, 3, 4},
		{"connect tcp 10.0.0.1:22", "connect tcp 10.0.0.2:22", "connect tcp 10.0.0.3:22",
			"connect tcp 10.0.0.4:22"}},
	{DENY_NET "deny = connect 10.0.0.6:80\n", TCP "\"address\":\"10.0.0.%d\",\"port\":22}",
		{1, 2, 3, 4}, {"connect tcp 10.0.0.0/29:22"}},
	/* ports */
	{DENY_NET, TCP "\"address\":\"10.0.0.1\",\"port\":%d}", {1, 2, 80},
		{"connect tcp 10.0.0.1:1-2,80"}},
	{DENY_NET, TCP "\"address\":\"10.0.0.1\",\"port\":%d}", {80, 81, 83, 85, 443},
		{"connect tcp 10.0.0.1:80-85,443"}},
	{DENY_NET "deny = connect tcp *:82\n", TCP "\"address\":\"10.0.0.1\",\"port\":%d}",
		{80, 81, 83, 85, 443}, {"connect tcp 10.0.0.1:80-81,83,85,443"}},
	/* what has no ports, and what has no name */
	{DENY_NET,
		HEAD
		"\"kind\":\"network\",\"family\":\"inet\",\"socket_type\":\"raw\",\"protocol\":"
		"\"icmp\",\"op\":\"connect\",\"address\":\"10.0.0.%d\",\"port\":0}",
		{1}, {"connect raw 10.0.0.1"}},
	{DENY_NET,
		NETWORK
		"\"protocol\":\"l2tp\",\"op\":\"connect\",\"address\":\"10.0.0.%d\",\"port\":1}",
		{1}, {NULL}},
	{DENY_NET, TCP "\"address\":\"10.0.0.%d\",\"port\":null}", {1}, {NULL}},
	{"[network]\ndeny = socket raw packet\n",
		HEAD "\"kind\":\"network\",\"op\":\"socket\",\"family\":\"packet\","
		     "\"socket_type\":\"raw\",\"cpu\":%d}",
		{1, 2}, {"socket packet/raw"}},
	/* names */
	{DENY_UNIX, UNIX "\"/run/%d/sock\"}", {1, 2, 3},
		{"connect unix /run/1/sock", "connect unix /run/2/sock",
			"connect unix /run/3/sock"}},
	{DENY_UNIX, UNIX "\"/run/%d/sock\"}", {1, 2, 3, 4}, {"connect unix /run/*/sock"}},
	{DENY_UNIX, UNIX "\"/%d/sock\"}", {1, 2, 3, 4},
		{"connect unix /1/sock", "connect unix /2/sock", "connect unix /3/sock",
			"connect unix /4/sock"}},
	{DENY_UNIX "deny = connect unix /run/secret/sock\n", UNIX "\"/run/%d/sock\"}", {1, 2, 3, 4},
		{"connect unix /run/1/sock", "connect unix /run/2/sock", "connect unix /run/3/sock",
			"connect unix /run/4/sock"}},
	{DENY_UNIX "deny = connect unix /run/?/secret\n", UNIX "\"/run/%d/sock\"}", {1, 2, 3, 4},
		{"connect unix /run/*/sock"}},
	/* values */
	{DENY_SYSCTL, WRITE "\"kernel.x\",\"old\":null,\"new\":\" %d \\n\"}", {1, 2, 3},
		{"write kernel.x 1", "write kernel.x 2", "write kernel.x 3"}},
	{DENY_SYSCTL, WRITE "\"kernel.x\",\"old\":null,\"new\":\"%d\\n\"}", {1, 2, 3, 4},
		{"write kernel.x"}},
	{DENY_SYSCTL, WRITE "\"kernel.x\",\"new\":\"%d\",\"new_truncated\":true}", {1}, {NULL}},
	{DENY_SYSCTL, WRITE "\"kernel.x\",\"new\":\"%d\",\"file_pos\":3}", {1}, {NULL}},
	{DENY_SYSCTL, WRITE "\"net.ipv4.conf.eth%d/5.x\",\"new\":\"1\"}", {1, 2, 3, 12},
		{"write net.ipv4.conf.eth{[1-9],1[0-2]}/5.x 1"}},
	{DENY_SYSCTL, HEAD "\"kind\":\"sysctl\",\"op\":\"read\",\"name\":\"net.x%d\"}", {7},
		{"read net.x7"}},
	/* what the policy allows by now, and what it never denied */
	{DENY_NET "allow = connect 10.0.0.0/8\n", TCP "\"address\":\"10.0.0.%d\",\"port\":22}", {1},
		{NULL}},
	{DENY_SYSCTL, TCP "\"address\":\"10.0.0.%d\",\"port\":22}", {1}, {NULL}},
	/* bytes that somebody chose: quoted, or left out */
	{DENY_UNIX, UNIX "\"/run/a b,c;#%d*?[x]{y,z}!\"}", {1},
		{"connect unix /run/a\\ b\\,c\\;\\#1\\*\\?\\[x\\]\\{y\\,z\\}!"}},
	{DENY_UNIX, UNIX "\"/run/x ; allow = connect *%d\"}", {1},
		{"connect unix /run/x\\ \\;\\ allow\\ =\\ connect\\ \\*1"}},
	{DENY_UNIX, UNIX "\"/run/\\\\\\\\%d\"}", {1}, {"connect unix /run/\\\\1"}},
	{DENY_UNIX, UNIX "\"@x %d\",\"abstract\":true}", {1}, {"connect unix @x\\ 1"}},
	{DENY_UNIX, UNIX "\"/run/%d\\nallow = connect *\"}", {1}, {NULL}},
	{DENY_UNIX, UNIX "\"/run/%d\\u0000x\"}", {1}, {NULL}},
	{DENY_UNIX, UNIX "\"/run/%d\\u001b[2J\"}", {1}, {NULL}},
	{DENY_UNIX, UNIX "\"/run/%d\\\\xff\"}", {1}, {NULL}},
	{DENY_UNIX, UNIX "\"/run/%d\\u202e\"}", {1}, {NULL}},
	{DENY_UNIX, UNIX "\"/run/%d \"}", {1}, {NULL}}, /* a blank at the end of a line */
	{DENY_UNIX, UNIX "\"run/%d\"}", {1}, {NULL}},
	{DENY_UNIX, UNIX "\"\",\"cpu\":%d}", {1}, {NULL}},
	{DENY_SYSCTL, WRITE "\"kernel.x\",\"new\":\"\\u001b%d\"}", {1}, {NULL}},
	{DENY_SYSCTL, WRITE "\"kernel.x\",\"new\":\"x y%d\\nrest\"}", {1},
		{"write kernel.x x\\ y1"}},
	/* what could not be judged, what is no violation of this version */
	{DENY_UNIX,
		"{\"type\":\"violation\",\"time\":\"2026-11-21T03:14:15.000000000+00:00\","
		"\"verdict\":\"audit\",\"policy\":\"p\",\"reason\":\"path-ambiguous\",\"cgroup\":"
		"\"/a\",\"kind\":\"network\",\"family\":\"unix\",\"op\":\"connect\",\"path\":"
		"\"/%d\"}",
		{1}, {NULL}},
	{DENY_UNIX, HEAD "\"kind\":\"new\",\"op\":\"connect\",\"path\":\"/%d\"}", {1}, {NULL}},
	/* kinds without a matcher go by what the log says */
	{"[kernel]\ndeny = mount\n",
		HEAD "\"kind\":\"kernel\",\"op\":\"kernel\",\"power\":\"mount\",\"cpu\":%d}", {1},
		{"mount"}},
	{"[capability]\ndeny = net_raw\n",
		HEAD "\"kind\":\"capability\",\"op\":\"capability\",\"capability\":\"net_raw\","
		     "\"cpu\":%d}",
		{1}, {"net_raw"}},
};

static char *policy_text(const char *rules, const char *mode)
{
	struct strbuf text = STRBUF_INIT;

	strbuf_printf(&text, "[policy]\nname = p\ncgroup = /a\nmode = %s\n%s", mode, rules);
	return strbuf_take(&text);
}

static void inforce_of(struct inforce *inforce, const char *rules, const char *mode)
{
	struct diagnostics diags = {0};

	*inforce = (struct inforce){0};
	inforce->texts = xcalloc(1, sizeof(*inforce->texts));
	inforce->text_count = 1;
	inforce->texts[0] = (struct inforce_text){
		.policy = xstrdup("p"), .file = xstrdup("p.ini"), .text = policy_text(rules, mode)};
	if (policies_read_text(&inforce->policies, "p.ini", inforce->texts[0].text,
		    strlen(inforce->texts[0].text), &diags) ||
		policies_compile(&inforce->image, &inforce->policies, NULL, NULL, 0, &diags))
		fail_msg("%s: %s", rules, diags.items[0].message);
	diagnostics_free(&diags);
}

static void observe(struct observations *observations, const char *format, int number)
{
	struct strbuf line = STRBUF_INIT;
	const char *place = strstr(format, "%d");

	strbuf_printf(&line, "%.*s%d%s", (int)(place - format), format, number, place + 2);
	observed_line(observations, line.data, line.length);
	strbuf_free(&line);
}

/* All that was suggested passes `cgward check`, and lets through what was recorded. */
static void verify(const struct suggestions *suggestions, const struct observations *observations,
	const struct inforce *inforce)
{
	struct strbuf problem = STRBUF_INIT;

	if (suggestions_verify(suggestions, observations, inforce, &problem))
		fail_msg("%s", problem.data);
	strbuf_free(&problem);
}

static void check(const struct row *row)
{
	struct observations observations = {0};
	struct suggestions suggestions = {0};
	struct inforce inforce;

	inforce_of(&inforce, row->rules, "audit");
	for (size_t i = 0; row->numbers[i]; i++)
		observe(&observations, row->line, row->numbers[i]);
	suggest(&suggestions, &observations, &inforce, 4);
	for (size_t i = 0; i < suggestions.count || row->wanted[i]; i++) {
		const char *wanted = row->wanted[i] ? row->wanted[i] : "(nothing)";
		const char *got = i < suggestions.count ? suggestions.items[i].rule : "(nothing)";

		if (strcmp(wanted, got))
			fail_msg("%s: %s: expected %s, got %s", row->rules, row->line, wanted, got);
	}
	verify(&suggestions, &observations, &inforce);
	suggestions_free(&suggestions);
	observed_free(&observations);
	inforce_free(&inforce);
}

static void test_rows(void **state)
{
	(void)state;
	for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++)
		check(&rows[i]);
}

static enum cgw_verdict verdict_of(const struct image *image, const char *text)
{
	struct cgw_decision decision = {.verdict = CGW_VERDICT_ALLOW};
	struct operation operation;
	struct cgw_set set;
	char *error;

	if (operation_parse(&operation, text, &error))
		fail_msg("%s: %s", text, error);
	image_scope(image, "/a", &set);
	assert_int_equal(image_evaluate(image, &set, &operation, &decision), 0);
	operation_free(&operation);
	return decision.verdict;
}

/* Puts the suggestions into the policy, in force now. */
static void apply(struct image *image, const struct suggestions *suggestions, const char *rules)
{
	struct strbuf text = STRBUF_INIT;
	struct policies policies = {0};
	struct diagnostics diags = {0};
	char *old = policy_text(rules, "enforce");

	strbuf_puts(&text, old);
	for (size_t i = 0; i < suggestions->count; i++)
		strbuf_puts(&text, suggestions->items[i].line);
	if (policies_read_text(&policies, "p.ini", text.data, text.length, &diags) ||
		policies_compile(image, &policies, NULL, NULL, 0, &diags))
		fail_msg("%s: %s", text.data, diags.items[0].message);
	free(old);
	strbuf_free(&text);
	policies_free(&policies);
	diagnostics_free(&diags);
}

/* Of 4,096 peers some are recorded: exactly these are allowed afterwards. */
static void test_exact(void **state)
{
	struct observations observations = {0};
	struct suggestions suggestions = {0};
	static bool recorded[16][256];
	struct inforce inforce;
	struct image image = {0};
	unsigned int seed = 1;
	char line[1024], text[64];

	(void)state;
	inforce_of(&inforce, DENY_NET, "audit");
	for (int i = 0; i < 300; i++) {
		int address = rand_r(&seed) % 16, port = rand_r(&seed) % 256;

		recorded[address][port] = true;
		snprintf(line, sizeof(line), TCP "\"address\":\"10.0.0.%d\",\"port\":%d}", address,
			port);
		observed_line(&observations, line, strlen(line));
	}
	suggest(&suggestions, &observations, &inforce, 0);
	verify(&suggestions, &observations, &inforce);
	apply(&image, &suggestions, DENY_NET);
	for (int address = 0; address < 16; address++)
		for (int port = 0; port < 256; port++) {
			snprintf(text, sizeof(text), "connect tcp 10.0.0.%d:%d", address, port);
			if ((verdict_of(&image, text) == CGW_VERDICT_ALLOW) !=
				recorded[address][port])
				fail_msg("%s: %d", text, recorded[address][port]);
		}
	assert_int_equal(verdict_of(&image, "connect udp 10.0.0.1:1"), CGW_VERDICT_DENY);
	image_free(&image);
	suggestions_free(&suggestions);
	observed_free(&observations);
	inforce_free(&inforce);
}

/* Every byte that a name can have: what is suggested for it matches it and no name that differs in
 * that byte. */
static void test_bytes(void **state)
{
	(void)state;
	for (int byte = 0x20; byte < 0x7f; byte++) {
		struct observations observations = {0};
		struct suggestions suggestions = {0};
		struct inforce inforce;
		struct image image = {0};
		char line[1024], text[64];

		if (byte == '/')
			continue;
		inforce_of(&inforce, DENY_UNIX, "audit");
		snprintf(line, sizeof(line), UNIX "\"/r/%s%cx\"}",
			byte == '"'    ? "\\"
			: byte == '\\' ? "\\\\\\"
				       : "",
			byte);
		observed_line(&observations, line, strlen(line));
		suggest(&suggestions, &observations, &inforce, 4);
		assert_int_equal(suggestions.count, 1);
		apply(&image, &suggestions, DENY_UNIX);
		for (int other = 0x20; other < 0x7f; other++) {
			snprintf(text, sizeof(text), "connect unix /r/%cx", other);
			if ((verdict_of(&image, text) == CGW_VERDICT_ALLOW) != (other == byte))
				fail_msg("%s, of %c", text, byte);
		}
		image_free(&image);
		suggestions_free(&suggestions);
		observed_free(&observations);
		inforce_free(&inforce);
	}
}

/* Numbers within a range match, those beside it do not. */
static void test_ranges(void **state)
{
	static const int ranges[][2] = {
		{0, 9}, {1, 12}, {5, 105}, {99, 100}, {10, 99}, {7, 1234}, {123, 987}};

	(void)state;
	for (size_t i = 0; i < sizeof(ranges) / sizeof(ranges[0]); i++) {
		struct subject subject = {.section = SECTION_SYSCTL,
			.form = SUBJECT_NAME,
			.ops = 1U << CGW_OP_SYSCTL_READ,
			.before = ""};
		struct suggestions suggestions = {0};
		struct suggestion item = {0};
		struct strbuf line = STRBUF_INIT;
		struct image image = {0};
		char name[64], text[64];

		snprintf(name, sizeof(name), "net/x\2%d\3%d\2/y", ranges[i][0], ranges[i][1]);
		subject.name = name;
		strbuf_puts(&line, "allow = ");
		subject_print(&subject, &line);
		item.line = line.data;
		suggestions = (struct suggestions){.items = &item, .count = 1};
		apply(&image, &suggestions, DENY_SYSCTL);
		for (int number = 0; number < 1300; number++) {
			bool within = number >= ranges[i][0] && number <= ranges[i][1];

			snprintf(text, sizeof(text), "sysctl read net.x%d.y", number);
			if ((verdict_of(&image, text) == CGW_VERDICT_ALLOW) != within)
				fail_msg("%s: %s", text, line.data);
		}
		strbuf_free(&line);
		image_free(&image);
	}
}

/* What a policy denies is no suggestion unless it is asked for. */
static void test_denials(void **state)
{
	struct observations observations = {.denials = true};
	struct suggestions suggestions = {0};
	struct inforce inforce;
	char denied[] =
		"{\"type\":\"violation\",\"time\":\"2026-11-21T03:14:15Z\",\"verdict\":\"deny\","
		"\"policy\":\"p\",\"reason\":\"rule\",\"cgroup\":\"/a\",\"kind\":\"sysctl\","
		"\"op\":\"read\",\"name\":\"kernel.x\"}";
	char copy[sizeof(denied)];

	(void)state;
	memcpy(copy, denied, sizeof(denied));
	inforce_of(&inforce, DENY_SYSCTL, "enforce");
	observed_line(&observations, denied, strlen(denied));
	suggest(&suggestions, &observations, &inforce, 4);
	assert_int_equal(suggestions.count, 1);
	verify(&suggestions, &observations, &inforce);
	suggestions_free(&suggestions);
	observed_free(&observations);
	observed_line(&observations, copy, strlen(copy));
	suggest(&suggestions, &observations, &inforce, 4);
	assert_int_equal(suggestions.count, 0);
	assert_int_equal(observations.denied, 1);
	observed_free(&observations);
	inforce_free(&inforce);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_rows),
		cmocka_unit_test(test_exact),
		cmocka_unit_test(test_bytes),
		cmocka_unit_test(test_ranges),
		cmocka_unit_test(test_denials),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
