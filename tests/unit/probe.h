/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * probe.h - asks an image everything: all operations in several cgroups, and all texts. For tests
 * and fuzzers that look for reads out of bounds, with a sanitizer.
 */
#ifndef CGW_TESTS_PROBE_H
#define CGW_TESTS_PROBE_H

#include <stdlib.h>
#include <string.h>
#include "compile.h"
#include "operation.h"

static const char *const probe_operations[] = {
	"sysctl read kernel.osrelease",
	"sysctl write kernel.core_pattern=|/bin/x",
	"sysctl write kernel.core_pattern",
	"sysctl write net.ipv4.conf.eth0.forwarding=0x1 2",
	"sysctl write kernel.printk=",
	"connect tcp 10.0.0.1:22",
	"connect tcp 10.1.2.3:443",
	"connect udp 255.255.255.255:65535",
	"connect icmp 127.0.0.1",
	"connect raw 0.0.0.0",
	"connect other 10.255.255.255",
	"connect sctp 10.0.0.1:0",
	"connect tcp [::1]:1",
	"connect tcp [::]:65535",
	"connect tcp [2001:db8::1]:53",
	"connect tcp [::ffff:10.0.0.1]:22",
	"connect tcp [ffff:ffff:ffff:ffff:ffff:ffff:ffff:ffff]:1",
	"bind tcp 0.0.0.0:80",
	"bind udp [::]:1023",
	"listen tcp 127.0.0.1:8080",
	"connect unix /run/docker.sock",
	"connect unix /run/../x",
	"connect unix @x",
	"bind unix @abstract-name",
	"listen unix /run/x.sock",
	"socket inet/raw",
	"socket inet/stream",
	"socket packet/dgram",
	"read /etc/shadow",
	"write /usr/a/b",
	"exec /tmp/x",
	"exec memfd:x",
	"kernel mount",
	"kernel personality",
	"capability chown",
	"capability checkpoint_restore",
	"device read c 0:0",
	"device mknod b 4095:1048575",
};

static const char *const probe_cgroups[] = {
	"", "/a", "/a/b/c", "/b", "/b/x", "/machine.slice/a.scope"};

/* The port of an operation that cannot be read, too. Returns a sum, so that nothing is left out. */
static inline uint64_t probe_operation(
	const struct image *image, const struct cgw_set *set, const char *text)
{
	struct cgw_decision decision = {0};
	struct operation operation;
	uint64_t sum = 0;
	char *error;

	if (operation_parse(&operation, text, &error))
		abort();
	for (int i = 0; i < 2; i++) {
		image_evaluate(image, set, &operation, &decision);
		if (decision.reason == CGW_REASON_BAD_IMAGE || !decision.verdict)
			abort(); /* verify has overlooked a hole */
		if (decision.verdict != CGW_VERDICT_ALLOW) {
			const struct cgw_rule *rule = image_rule(image, decision.rule);

			if (decision.rule >= image_header(image)->rule_count ||
				rule->policy != decision.policy)
				abort();
			sum += strlen(image_text(image, rule->text)) + rule->action;
		}
		operation.port = CGW_PORT_UNKNOWN;
	}
	operation_free(&operation);
	return sum;
}

static inline uint64_t probe_texts(const struct image *image)
{
	const struct cgw_image_header *header = image_header(image);
	const struct cgw_attachment *attachments =
		(const struct cgw_attachment *)(image->data + header->attachments);
	uint64_t sum = 0;

	for (uint32_t i = 0; i < header->policy_count; i++) {
		const struct cgw_policy *policy = image_policy(image, i);

		if (!(policy->flags & CGW_POLICY_PRESENT))
			continue;
		sum += strlen(image_text(image, policy->name));
		sum += strlen(image_text(image, policy->file));
		sum += strlen(image_text(image, policy->selectors));
	}
	for (uint32_t i = 0; i < header->rule_count; i++)
		sum += strlen(image_text(image, image_rule(image, i)->text));
	for (uint32_t i = 0; i < header->attachment_count; i++)
		sum += strlen(image_text(image, attachments[i].path));
	return sum;
}

static inline uint64_t probe_attached(const struct image *image)
{
	struct cgw_view view = {.image = image->data, .size = image->size};
	struct cgw_search search = {0};
	struct cgw_set set = {0};

	cgw_view_open(&view);
	for (uint64_t id = 0; id < 80; id++)
		cgw_scope_attached(&view, &search, id, &set);
	if (view.broken)
		abort();
	return set.word[0];
}

/* Asks a verified image everything. */
static inline uint64_t probe_image(const struct image *image)
{
	const struct attachment none[1] = {{0}};
	struct image other;
	struct cgw_set set;
	uint64_t sum = probe_texts(image) + probe_attached(image);

	for (size_t i = 0; i < sizeof(probe_cgroups) / sizeof(*probe_cgroups); i++) {
		image_scope(image, probe_cgroups[i], &set);
		for (size_t j = 0; j < sizeof(probe_operations) / sizeof(*probe_operations); j++)
			sum += probe_operation(image, &set, probe_operations[j]);
	}
	/* every policy, whatever the selectors have become */
	memcpy(&set, image->data + image_header(image)->all, sizeof(set));
	for (size_t j = 0; j < sizeof(probe_operations) / sizeof(*probe_operations); j++)
		sum += probe_operation(image, &set, probe_operations[j]);
	if (!image_attach(&other, image, none, 0))
		image_free(&other);
	return sum;
}

/* A ruleset that has every kind of thing that an image can have. */
static const char probe_policy_a[] = "[policy]\nname = a\ncgroup = /a /b/*\n"
				     "[sysctl]\n"
				     "deny = write kernel.*\n"
				     "allow = write kernel.printk\n"
				     "audit = read net.**\n"
				     "deny = write net.ipv4.conf.*.forwarding 1*\n"
				     "deny = write kernel.core_pattern |*\n"
				     "[network]\n"
				     "deny = connect 10.0.0.0/8 [2001:db8::/32] /run/*.sock @x\n"
				     "allow = connect tcp 10.1.0.0/16:80,443\n"
				     "deny = connect udp 127.0.0.1:53\n"
				     "audit = connect tcp [::1]:1-100\n"
				     "deny = bind *:1-1023\n"
				     "deny = bind unix *\n"
				     "deny = listen tcp *:8080\n"
				     "deny = listen unix /run/**\n"
				     "deny = socket raw packet\n"
				     "[file]\n"
				     "deny = read,write /etc/shadow\n"
				     "deny = write /usr/**\n"
				     "allow = write /usr/a/*\n"
				     "audit = exec /**/x\n"
				     "deny = exec memfd:*\n"
				     "[kernel]\n"
				     "deny = mount personality\n"
				     "audit = bpf\n"
				     "[capability]\n"
				     "deny = chown checkpoint_restore\n"
				     "[device]\n"
				     "deny = rwm c 1:*\n"
				     "allow = r c 1:3\n"
				     "deny = m a\n";

static const char probe_policy_b[] = "[policy]\nname = b\ncgroup = /**\nmode = audit\n"
				     "[network]\n"
				     "deny = connect *\n"
				     "[kernel]\n"
				     "deny = mount\n";

static const struct attachment probe_attachments[] = {{7, "/b/x", "a"}, {70, "/", "b"}};

#endif
