// SPDX-License-Identifier: GPL-2.0-only
/* All formats: events built by hand, and the very lines, messages and entries they make. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <unistd.h>
#include <cmocka.h>
#include "event.h"
#include "format.h"

#define TIME 1795230855926535897LL /* 2026-11-21T03:14:15.926535897 */
#define TIME_JSON "2026-11-21T03:14:15.926535897+00:00"
#define TIME_TEXT "2026-11-21T03:14:15.926535+00:00"

static struct raw_event raw;
static struct record record;

static void decode(void)
{
	record = (struct record){.type = RECORD_VIOLATION, .time = TIME};
	record.rule = (struct rule_info){
		.policy = "baseline",
		.text = "deny write kernel.**",
		.file = "container-baseline.ini",
		.line = 12,
	};
	assert_int_equal(event_decode(&record.event, &raw, raw.event.size), 0);
	identity_of_cgroup(&record.identity, (const char *)record.event.cgroup.data,
		record.event.cgroup.length);
}

static void check(const struct format *format, const char *wanted)
{
	struct strbuf line __attribute__((cleanup(strbuf_free))) = STRBUF_INIT;

	format->line(&record, false, &line);
	assert_string_equal(strbuf_text(&line), wanted);
}

/* Both lines hold (or, with a leading '!', do not hold) a piece. */
static void holds(const struct format *format, const char *piece)
{
	struct strbuf line __attribute__((cleanup(strbuf_free))) = STRBUF_INIT;

	format->line(&record, false, &line);
	if (*piece == '!' ? !!strstr(line.data, piece + 1) : !strstr(line.data, piece))
		fail_msg("%s in: %s", piece, line.data);
}

static void test_sysctl(void **state)
{
	(void)state;
	raw_sysctl(&raw, "kernel/core_pattern", "core\n", "|/x");
	decode();
	check(&format_text,
		TIME_TEXT " DENY  sysctl write    kernel.core_pattern \"core\" -> \"|/x\"  "
			  "cgroup=/ct/crun-web.scope container=web(crun) pid=123 sh (/bin/busybox) "
			  "uid=0 caps=net_admin  [baseline] deny write kernel.**  "
			  "(container-baseline.ini:12)\n");
	check(&format_json,
		"{\"type\":\"violation\",\"time\":\"" TIME_JSON "\",\"seq\":7,\"cpu\":1,"
		"\"verdict\":\"deny\",\"policy\":\"baseline\",\"rule\":\"deny write kernel.**\","
		"\"source\":\"container-baseline.ini:12\",\"reason\":\"rule\","
		"\"hook\":\"cgroup/sysctl\",\"kind\":\"sysctl\",\"op\":\"write\",\"cgroup\":\"/ct/"
		"crun-web.scope\","
		"\"cgroup_id\":4242,\"container\":{\"id\":\"web\",\"runtime\":\"crun\"},"
		"\"pid\":123,\"tid\":124,\"ppid\":100,\"ns_pid\":5,\"uid\":0,\"gid\":10,"
		"\"loginuid\":null,\"comm\":\"sh\",\"exe\":\"/bin/"
		"busybox\",\"parent_comm\":\"init\",\"cap_effective\":"
		"\"0000000000003000\",\"capabilities\":[\"net_admin\"],\"generation\":3,"
		"\"rule_key\":\"0123456789abcdef\",\"judged\":\"task\","
		"\"name\":\"kernel.core_pattern\",\"old\":\"core\\n\",\"new\":\"|/x\"}\n");
}

static void test_connect(void **state)
{
	(void)state;
	raw_connect(&raw);
	raw.event.verdict = CGW_VERDICT_AUDIT;
	raw.event.socket_cgroup_id = 99;
	raw.event.judged = CGW_JUDGED_SOCKET;
	raw.event.loginuid = 1000;
	decode();
	check(&format_text,
		TIME_TEXT " AUDIT network connect tcp 10.0.0.1:22  cgroup=/ct/crun-web.scope "
			  "container=web(crun) pid=123 sh (/bin/busybox) uid=0 loginuid=1000 "
			  "caps=net_raw judged=socket  [baseline] deny write kernel.**  "
			  "(container-baseline.ini:12)\n");
	holds(&format_json, "\"verdict\":\"audit\"");
	holds(&format_json, "\"loginuid\":1000,");
	holds(&format_json, "\"hook\":\"cgroup/connect4\",\"kind\":\"network\",\"op\":\"connect\"");
	holds(&format_json, "\"judged\":\"socket\",\"family\":\"inet\",\"protocol\":\"tcp\","
			    "\"socket_type\":\"stream\",\"address\":\"10.0.0.1\",\"port\":22,"
			    "\"socket_cgroup_id\":99}\n");
}

static void test_addresses(void **state)
{
	(void)state;
	raw_connect(&raw);
	raw.event.network.family = AF_INET6;
	raw.event.network.address[0] = 0x20010db8;
	raw.event.network.address[3] = 1;
	raw.event.network.protocol = 0;
	raw.event.network.port = CGW_PORT_UNKNOWN;
	decode();
	holds(&format_text, " network connect [2001:db8::1]:?  cgroup=");
	holds(&format_json, "\"family\":\"inet6\",\"protocol\":null,\"socket_type\":\"stream\","
			    "\"address\":\"2001:db8::1\",\"port\":null}");
	raw.event.network.protocol = 199;
	raw.event.network.type = 77;
	decode();
	holds(&format_text, " connect 199 [2001:db8::1]:?");
	holds(&format_json, "\"protocol\":\"199\",\"socket_type\":\"77\"");
	raw_connect(&raw);
	raw.event.op = CGW_OP_SOCKET;
	raw.event.hook = CGW_HOOK_SOCK_CREATE;
	raw.event.network.family = AF_PACKET;
	raw.event.network.type = SOCK_RAW;
	raw.event.network.protocol = 0;
	decode();
	holds(&format_text, " network socket  packet/raw  cgroup=");
	holds(&format_json, "\"family\":\"packet\",\"protocol\":null,\"socket_type\":\"raw\"}");
	raw.event.network.family = AF_INET;
	raw.event.network.protocol = 255;
	decode();
	holds(&format_text, " inet/raw/raw  cgroup=");
	holds(&format_json, "!address");
	holds(&format_json, "!port");
	raw.event.network.family = 4711;
	decode();
	holds(&format_json, "\"family\":\"4711\"");
}

static void test_unix(void **state)
{
	(void)state;
	raw_unix(&raw, "/run/docker.sock", 16);
	decode();
	holds(&format_text, " network connect unix/stream \"/run/docker.sock\"  cgroup=");
	holds(&format_json, "\"socket_type\":\"stream\",\"path\":\"/run/docker.sock\"}");
	raw_unix(&raw, "\0bus", 4);
	decode();
	holds(&format_text, " unix/stream @\"bus\"  cgroup=");
	holds(&format_json, "\"path\":\"@bus\",\"abstract\":true}");
	raw_unix(&raw, "@bus", 4); /* a relative path of that name */
	decode();
	holds(&format_text, " unix/stream \"@bus\"  cgroup=");
	holds(&format_json, "\"path\":\"@bus\"}");
	raw_unix(&raw, "", 0);
	decode();
	holds(&format_json, "\"path\":null}");
}

static void test_sysctl_names(void **state)
{
	(void)state;
	raw_sysctl(&raw, "net/ipv4/conf/eth0.100/forwarding", "0", "1");
	decode();
	holds(&format_text, " net.ipv4.conf.eth0/100.forwarding \"0\" -> \"1\"  ");
	holds(&format_json, "\"name\":\"net.ipv4.conf.eth0/100.forwarding\"");
	raw_sysctl(&raw, "", "", "");
	raw.event.reason = CGW_REASON_NAME_UNREADABLE;
	decode();
	holds(&format_text, " sysctl write    \"\" ? -> ?  cgroup=");
	holds(&format_text, " reason=name-unreadable  [baseline]");
	holds(&format_json, "\"name\":null,\"old\":null,\"new\":null}");
}

static void test_sysctl_values(void **state)
{
	(void)state;
	raw_sysctl(&raw, "kernel/x", "a\nb\n", "c\n");
	raw.event.sysctl.old_size = 600;
	raw.event.sysctl.file_pos = 3;
	raw.event.reason = CGW_REASON_VALUE_SPLIT;
	decode();
	holds(&format_text, " \"a\\x0ab\\x0a\"...(600 bytes) -> \"c\" at 3  ");
	holds(&format_json, "\"reason\":\"value-split\"");
	holds(&format_json,
		"\"old\":\"a\\nb\\n\",\"old_truncated\":true,\"new\":\"c\\n\",\"file_pos\":3}");
	raw.event.sysctl.old_size = raw.event.old_len;
	raw.event.sysctl.new_size++;
	decode();
	holds(&format_json, "!old_truncated");
	holds(&format_json, "\"new_truncated\":true");
	raw_sysctl(&raw, "kernel/x", "1\n", "");
	raw.event.op = CGW_OP_SYSCTL_READ;
	decode();
	holds(&format_text, " sysctl read     kernel.x \"1\"  cgroup=");
	holds(&format_json, "\"old\":\"1\\n\"}");
	holds(&format_json, "!\"new");
}

static void test_hostile_texts(void **state)
{
	(void)state;
	raw_sysctl(&raw, "kernel/x", "\033[2J\"\\", "\x80\xff\xc3\xa4");
	memcpy(raw.event.comm, "x uid=0 \n\t", 11);
	decode();
	holds(&format_text, " \"\\x1b[2J\\\"\\\\\" -> \"\\x80\\xff\\xc3\\xa4\"  ");
	holds(&format_text, " pid=123 \"x uid=0 \\x0a\\x09\" (/bin/busybox) ");
	holds(&format_json, "\"old\":\"\\u001b[2J\\\"\\\\\\\\\",");
	holds(&format_json, "\"new\":\"\\\\x80\\\\xff\xc3\xa4\"");
	holds(&format_json, "\"comm\":\"x uid=0 \\n\\t\"");
	record.rule.file = "a b\033.ini";
	record.rule.text = "deny write x \xff";
	holds(&format_text, "  [baseline] deny write x \\xff  (a b\\x1b.ini:12)\n");
}

static void test_root_and_unknown(void **state)
{
	(void)state;
	raw_start(&raw, CGW_EVENT_NETWORK, CGW_OP_SOCKET, CGW_HOOK_SOCK_CREATE);
	raw.event.size = sizeof(raw.event);
	raw.event.cgroup_len = raw.event.exe_len = 0;
	raw.event.network.family = AF_VSOCK;
	raw.event.network.type = SOCK_STREAM;
	decode();
	record.rule = (struct rule_info){0};
	holds(&format_text, " cgroup=/ pid=123 sh uid=0 caps=net_admin,net_raw  [?] rule "
			    "0123456789abcdef of generation 3\n");
	holds(&format_json, "\"policy\":null,\"rule\":null,\"source\":null,");
	holds(&format_json, "\"cgroup\":\"/\",\"cgroup_id\":4242,\"container\":null,\"pid\":123,");
	holds(&format_json, "\"exe\":null,");
	holds(&format_json, "\"rule_key\":\"0123456789abcdef\"");
	raw.event.rule_key = 0;
	raw.event.rule = CGW_NO_RULE;
	decode();
	record.rule = (struct rule_info){0};
	holds(&format_text, "  [?] no single rule\n");
	holds(&format_json, "\"rule_key\":null");
}

static void test_numbers(void **state)
{
	(void)state;
	raw_start(&raw, CGW_EVENT_KERNEL, CGW_OP_KERNEL, CGW_HOOK_SB_MOUNT);
	raw.event.kernel.power = CGW_POWER_MOUNT;
	decode();
	holds(&format_text, " DENY  kernel kernel   mount  cgroup=/");
	holds(&format_json, "\"hook\":\"lsm/sb_mount\",\"kind\":\"kernel\",\"op\":\"kernel\"");
	holds(&format_json, ",\"power\":\"mount\"}");
	raw_start(&raw, CGW_EVENT_CAPABILITY, CGW_OP_CAPABILITY, CGW_HOOK_CAPABLE);
	raw.event.capability.number = 21;
	decode();
	holds(&format_text, " DENY  capability capability sys_admin  cgroup=/");
	holds(&format_json, ",\"capability\":\"sys_admin\"}");
	raw.event.capability.number = 63; /* of a kernel newer than this cgward */
	decode();
	holds(&format_text, " capability 64  cgroup=/");
	raw_start(&raw, CGW_EVENT_DEVICE, CGW_OP_DEVICE_MKNOD, CGW_HOOK_DEVICE);
	raw.event.device.type = 'b';
	raw.event.device.major = 8;
	raw.event.device.minor = 1048575;
	decode();
	holds(&format_text, " DENY  device mknod    b 8:1048575  cgroup=/");
	holds(&format_json, ",\"device_type\":\"block\",\"major\":8,\"minor\":1048575}");
}

static void test_pod(void **state)
{
	(void)state;
	raw_connect(&raw);
	raw.event.size = sizeof(raw.event);
	raw.event.exe_len = 0;
	raw.event.cgroup_len = raw_text(&raw,
		"/kubepods.slice/kubepods-pod8a1b2c3d_0011_2233_4455_66778899aabb.slice/crio-"
		"0123456789abcdef0123456789abcdef0123456789abcdef0123456789abcdef.scope");
	decode();
	holds(&format_json,
		"\"container\":{\"id\":"
		"\"0123456789abcdef0123456789abcdef0123456789abcdef0123456789abcdef\","
		"\"runtime\":\"cri-o\"},\"unit\":\"crio-"
		"0123456789abcdef0123456789abcdef0123456789abcdef0123456789abcdef.scope\","
		"\"pod\":{\"uid\":\"8a1b2c3d-0011-2233-4455-66778899aabb\","
		"\"qos\":\"guaranteed\"},\"pid\":123");
	holds(&format_text, "(cri-o) pod=8a1b2c3d-0011-2233-4455-66778899aabb pid=123 ");
}

static void test_lost(void **state)
{
	(void)state;
	record = (struct record){
		.type = RECORD_LOST,
		.time = TIME,
		.loss = {.reason = LOSS_NO_ROOM, .cpu = 3, .count = 12, .until = TIME},
	};
	record.loss.since = TIME - 1000000000;
	check(&format_text,
		TIME_TEXT " LOST  12 events (no-room) cpu=3 "
			  "since=2026-11-21T03:14:14.926535+00:00 until=" TIME_TEXT "\n");
	check(&format_json,
		"{\"type\":\"lost\",\"time\":\"" TIME_JSON "\",\"reason\":\"no-room\",\"count\":12,"
		"\"cpu\":3,\"since\":\"2026-11-21T03:14:14.926535897+00:00\",\"until\":\"" TIME_JSON
		"\"}\n");
	record.loss =
		(struct loss){.reason = LOSS_UNDECODABLE, .cpu = -1, .count = 1, .until = TIME};
	check(&format_text, TIME_TEXT " LOST  1 event (undecodable) since=? until=" TIME_TEXT "\n");
	check(&format_json,
		"{\"type\":\"lost\",\"time\":\"" TIME_JSON "\",\"reason\":\"undecodable\","
		"\"count\":1,\"cpu\":null,\"since\":null,\"until\":\"" TIME_JSON "\"}\n");
}

/* A sum as the kernel sends it: of a task it tells nothing. */
static void raw_sum(uint64_t count)
{
	raw_start(&raw, CGW_EVENT_NETWORK, CGW_OP_CONNECT, 0);
	raw.event.size = sizeof(raw.event);
	raw.event.exe_len = raw.event.cgroup_len = 0;
	raw.event.cgroup_len = raw_text(&raw, "/ct/crun-web.scope");
	raw.event.flags = CGW_EVENT_SUPPRESSED;
	raw.event.hook = CGW_HOOK_CONNECT4;
	raw.event.suppressed.count = count;
	raw.event.suppressed.since = 1;
	raw.event.suppressed.until = 2;
}

static void decode_sum(void)
{
	decode();
	record.type = RECORD_SUPPRESSED;
	record.since = TIME - 1000000000;
	record.until = TIME;
}

#define SINCE_JSON "2026-11-21T03:14:14.926535897+00:00"
#define SINCE_TEXT "2026-11-21T03:14:14.926535+00:00"

static void test_suppressed(void **state)
{
	(void)state;
	raw_sum(12);
	decode_sum();
	check(&format_text,
		TIME_TEXT " DENY  network connect 12 more (suppressed) since=" SINCE_TEXT
			  " until=" TIME_TEXT "  cgroup=/ct/crun-web.scope "
			  "container=web(crun)  [baseline] deny write kernel.**  "
			  "(container-baseline.ini:12)\n");
	check(&format_json,
		"{\"type\":\"suppressed\",\"time\":\"" TIME_JSON "\",\"count\":12,"
		"\"verdict\":\"deny\",\"policy\":\"baseline\",\"rule\":\"deny write kernel.**\","
		"\"source\":\"container-baseline.ini:12\",\"kind\":\"network\","
		"\"op\":\"connect\",\"cgroup\":\"/ct/crun-web.scope\",\"cgroup_id\":4242,"
		"\"container\":{\"id\":\"web\",\"runtime\":\"crun\"},\"generation\":3,"
		"\"rule_key\":\"0123456789abcdef\",\"since\":\"" SINCE_JSON
		"\",\"until\":\"" TIME_JSON "\"}\n");
	/* A path that is too long to be kept with a sum, and a rule whose ruleset is gone. */
	raw_sum(UINT64_MAX);
	raw.event.size = sizeof(raw.event);
	raw.event.cgroup_len = 0;
	raw.event.verdict = CGW_VERDICT_AUDIT;
	decode_sum();
	record.rule = (struct rule_info){0};
	holds(&format_text, " AUDIT network connect 18446744073709551615 more (suppressed) ");
	holds(&format_text, "  cgroup=id:4242  [?] rule 0123456789abcdef of generation 3\n");
	holds(&format_json, "\"count\":18446744073709551615,\"verdict\":\"audit\",");
	holds(&format_json, "\"policy\":null,\"rule\":null,\"source\":null,");
	holds(&format_json, "\"cgroup\":null,\"cgroup_id\":4242,\"container\":null,");
}

/* An attempt on cgward itself; no rule has refused it. */
static void raw_guard(uint32_t what, uint8_t hook, uint32_t number, const char *object)
{
	raw_start(&raw, CGW_EVENT_GUARD, CGW_OP_GUARD, hook);
	raw.event.reason = CGW_REASON_GUARD;
	raw.event.rule = CGW_NO_RULE;
	raw.event.rule_key = 0;
	raw.event.guard.what = what;
	raw.event.guard.number = number;
	raw.event.name_len = raw_text(&raw, object);
	decode();
	record.rule = (struct rule_info){0};
}

static void test_guard(void **state)
{
	(void)state;
	raw_guard(CGW_GUARDED_TASK, CGW_HOOK_GUARD_KILL, 9, "cgward-audit");
	check(&format_text,
		TIME_TEXT " DENY  cgward guard    process \"cgward-audit\" by lsm/task_kill (9)  "
			  "cgroup=/ct/crun-web.scope container=web(crun) pid=123 sh (/bin/busybox) "
			  "uid=0 reason=guard  [cgward] protect = guard\n");
	check(&format_json,
		"{\"type\":\"violation\",\"time\":\"" TIME_JSON "\",\"seq\":7,\"cpu\":1,"
		"\"verdict\":\"deny\",\"policy\":null,\"rule\":null,\"source\":null,"
		"\"reason\":\"guard\",\"hook\":\"lsm/task_kill\",\"kind\":\"cgward\","
		"\"op\":\"guard\",\"cgroup\":\"/ct/crun-web.scope\",\"cgroup_id\":4242,"
		"\"container\":{\"id\":\"web\",\"runtime\":\"crun\"},\"pid\":123,\"tid\":124,"
		"\"ppid\":100,\"ns_pid\":5,\"uid\":0,\"gid\":10,\"loginuid\":null,"
		"\"comm\":\"sh\",\"exe\":\"/bin/busybox\",\"parent_comm\":\"init\","
		"\"cap_effective\":\"0000000000003000\",\"capabilities\":[],"
		"\"generation\":3,\"rule_key\":null,\"judged\":\"task\","
		"\"guarded\":\"process\",\"object\":\"cgward-audit\",\"number\":9}\n");
	raw_guard(CGW_GUARDED_MAP, CGW_HOOK_GUARD_MAP, 0, "map counters");
	holds(&format_text, " cgward guard    map \"map counters\" by lsm/bpf_map  cgroup=");
	holds(&format_json, "\"guarded\":\"map\",\"object\":\"map counters\"}\n");
	raw_guard(CGW_GUARDED_CGROUP, CGW_HOOK_GUARD_FORK, 0, "/x\033[2J\n \xff");
	holds(&format_text, " cgroup \"/x\\x1b[2J\\x0a \\xff\" by lsm/task_alloc  cgroup=");
	holds(&format_json, "\"object\":\"/x\\u001b[2J\\n \\\\xff\"}\n");
	raw_guard(CGW_GUARDED_LINK, CGW_HOOK_GUARD_CAPABLE, 7, "");
	holds(&format_json, "\"guarded\":\"link\",\"object\":null,\"number\":7}\n");
}

/* ---- for log daemons ---- */

static void check_syslog(int priority, const char *id)
{
	struct strbuf line __attribute__((cleanup(strbuf_free))) = STRBUF_INIT;
	struct strbuf message __attribute__((cleanup(strbuf_free))) = STRBUF_INIT;
	struct strbuf wanted __attribute__((cleanup(strbuf_free))) = STRBUF_INIT;
	char host[256] = {};

	assert_int_equal(gethostname(host, sizeof(host) - 1), 0);
	format_json.line(&record, false, &line);
	format_syslog(&record, line.data, line.length - 1, &message);
	strbuf_printf(&wanted, "<%d>1 " TIME_TEXT " %s cgward-audit %d %s - %.*s", priority,
		*host ? host : "-", (int)getpid(), id, (int)line.length - 1, line.data);
	assert_string_equal(strbuf_text(&message), strbuf_text(&wanted));
}

static void test_syslog(void **state)
{
	(void)state;
	raw_connect(&raw);
	decode();
	check_syslog(80 + 4, "VIOLATION"); /* authpriv.warning */
	raw.event.verdict = CGW_VERDICT_AUDIT;
	check_syslog(80 + 5, "VIOLATION");
	raw_guard(CGW_GUARDED_MAP, CGW_HOOK_GUARD_MAP, 0, "map counters");
	check_syslog(80 + 4, "VIOLATION");
	raw_sum(12);
	decode_sum();
	check_syslog(80 + 4, "SUPPRESSED");
	raw.event.verdict = CGW_VERDICT_AUDIT;
	check_syslog(80 + 5, "SUPPRESSED");
	record.type = RECORD_LOST;
	record.loss = (struct loss){
		.reason = LOSS_NO_ROOM, .cpu = 3, .count = 12, .since = TIME, .until = TIME};
	check_syslog(80 + 3, "LOST");
	record.type = RECORD_INSTANCE;
	record.instance = INSTANCE_GONE;
	check_syslog(80 + 5, "INSTANCE");
}

/* The value of a field of a journal entry, in either of its two forms; NULL: there is none. */
static const char *journal_field(const struct strbuf *entry, const char *name)
{
	static char value[4096];
	const char *at = entry->data, *end = entry->data + entry->length;

	while (at < end) {
		const char *stop = at + strcspn(at, "=\n");
		bool found = (size_t)(stop - at) == strlen(name) && !memcmp(at, name, stop - at);
		uint64_t length = strcspn(stop + 1, "\n");

		if (*stop == '\n') {
			memcpy(&length, stop + 1, sizeof(length)); /* little-endian */
			stop += sizeof(length);
		}
		assert_true(length < sizeof(value) && stop + 1 + length < end);
		assert_int_equal(stop[1 + length], '\n');
		if (found) {
			memcpy(value, stop + 1, length);
			value[length] = 0;
			return value;
		}
		at = stop + 1 + length + 1;
	}
	return NULL;
}

/* Name and value, and so on; value NULL: there is no such field. */
static void check_journal(const char *const *fields)
{
	struct strbuf entry __attribute__((cleanup(strbuf_free))) = STRBUF_INIT;

	format_journal(&record, &entry);
	for (; *fields; fields += 2) {
		const char *value = journal_field(&entry, fields[0]);

		if (!value != !fields[1] || (value && strcmp(value, fields[1])))
			fail_msg("%s: expected %s, got %s", fields[0],
				fields[1] ? fields[1] : "none", value ? value : "none");
	}
}

#define JOURNAL(...) check_journal((const char *const[]){__VA_ARGS__, NULL})

static void test_journal(void **state)
{
	(void)state;
	raw_sysctl(&raw, "kernel/core_pattern", "core\n", "|/x\ny=z");
	decode();
	JOURNAL("PRIORITY", "4", "SYSLOG_IDENTIFIER", "cgward-audit", "CGWARD_TYPE", "violation",
		"CGWARD_TIME", TIME_JSON, "CGWARD_VERDICT", "deny", "CGWARD_REASON", "rule",
		"CGWARD_POLICY", "baseline", "CGWARD_RULE", "deny write kernel.**", "CGWARD_LINE",
		"12", "CGWARD_CONTAINER", "web", "CGWARD_EXE", "/bin/busybox", "CGWARD_LOGINUID",
		NULL, "CGWARD_NEW", "|/x\ny=z");
	raw_guard(CGW_GUARDED_TASK, CGW_HOOK_GUARD_KILL, 9, "cgward-audit");
	JOURNAL("MESSAGE",
		"DENY  cgward guard    process \"cgward-audit\" by lsm/task_kill (9)  "
		"cgroup=/ct/crun-web.scope container=web(crun) pid=123 sh (/bin/busybox) uid=0 "
		"reason=guard  [cgward] protect = guard",
		"PRIORITY", "4", "CGWARD_TYPE", "violation", "CGWARD_REASON", "guard",
		"CGWARD_HOOK", "lsm/task_kill", "CGWARD_KIND", "cgward", "CGWARD_OP", "guard",
		"CGWARD_POLICY", NULL, "CGWARD_RULE", NULL, "CGWARD_GUARDED", "process",
		"CGWARD_OBJECT", "cgward-audit", "CGWARD_NUMBER", "9", "CGWARD_PID", "123");
	raw_guard(CGW_GUARDED_CGROUP, CGW_HOOK_GUARD_OPEN, 0, "/a\nb");
	JOURNAL("CGWARD_OBJECT", "/a\nb", "CGWARD_NUMBER", NULL);
	raw_sum(12);
	decode_sum();
	JOURNAL("PRIORITY", "4", "CGWARD_TYPE", "suppressed", "CGWARD_COUNT", "12",
		"CGWARD_VERDICT", "deny", "CGWARD_KIND", "network", "CGWARD_OP", "connect",
		"CGWARD_POLICY", "baseline", "CGWARD_FILE", "container-baseline.ini",
		"CGWARD_CGROUP", "/ct/crun-web.scope", "CGWARD_CGROUP_ID", "4242", "CGWARD_RUNTIME",
		"crun", "CGWARD_SINCE", SINCE_JSON, "CGWARD_UNTIL", TIME_JSON, "CGWARD_PID", NULL,
		"CGWARD_COMM", NULL, "CGWARD_HOOK", NULL);
	record.type = RECORD_LOST;
	record.loss = (struct loss){
		.reason = LOSS_OUTPUT, .cpu = -1, .count = 3, .since = TIME, .until = TIME};
	JOURNAL("PRIORITY", "3", "CGWARD_TYPE", "lost", "CGWARD_REASON", "output", "CGWARD_COUNT",
		"3", "CGWARD_CPU", NULL, "CGWARD_SINCE", TIME_JSON, "CGWARD_POLICY", NULL);
}

static void test_colour(void **state)
{
	struct strbuf line __attribute__((cleanup(strbuf_free))) = STRBUF_INIT;

	(void)state;
	raw_connect(&raw);
	decode();
	format_text.line(&record, true, &line);
	assert_non_null(strstr(line.data, " \033[31mDENY  \033[0mnetwork connect "));
	raw.event.verdict = CGW_VERDICT_AUDIT;
	line.length = 0;
	format_text.line(&record, true, &line);
	assert_non_null(strstr(line.data, " \033[33mAUDIT \033[0mnetwork connect "));
	line.length = 0;
	format_json.line(&record, true, &line);
	assert_null(strchr(line.data, 033));
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_sysctl),
		cmocka_unit_test(test_connect),
		cmocka_unit_test(test_addresses),
		cmocka_unit_test(test_unix),
		cmocka_unit_test(test_sysctl_names),
		cmocka_unit_test(test_sysctl_values),
		cmocka_unit_test(test_hostile_texts),
		cmocka_unit_test(test_root_and_unknown),
		cmocka_unit_test(test_numbers),
		cmocka_unit_test(test_pod),
		cmocka_unit_test(test_lost),
		cmocka_unit_test(test_suppressed),
		cmocka_unit_test(test_guard),
		cmocka_unit_test(test_syslog),
		cmocka_unit_test(test_journal),
		cmocka_unit_test(test_colour),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
