// SPDX-License-Identifier: GPL-2.0-only
/* print.c - the canonical text of rules and policies. */
#include "parse.h"

#include <inttypes.h>
#include <stdlib.h>
#include <string.h>

/* The names of the bits in a set, in the order of the table, with commas between them. */
static void add_set(struct strbuf *out, uint32_t set, const struct cgw_name *table)
{
	const char *comma = "";

	for (; table->name; table++)
		if (set & 1U << table->value) {
			strbuf_printf(out, "%s%s", comma, table->name);
			comma = ",";
		}
}

static void print_sysctl(const struct policy_rule *rule, struct strbuf *out)
{
	char *name = xstrdup(rule->sysctl.name);

	/* The kernel's form has a slash before any dot, so that this one has a dot before any
	 * slash and is read as dotted. */
	sysctl_swap(name, strlen(name));
	add_set(out, rule->ops, cgw_sysctl_op_names);
	strbuf_printf(out, " %s", name);
	if (rule->sysctl.value)
		strbuf_printf(out, " %s", rule->sysctl.value);
	free(name);
}

static void print_ports(const struct rule_peer *peer, struct strbuf *out)
{
	for (size_t i = 0; i < peer->port_count; i++) {
		const struct port_range *range = &peer->ports[i];

		strbuf_printf(out, "%c%u", i ? ',' : ':', range->first);
		if (range->last != range->first)
			strbuf_printf(out, "-%u", range->last);
	}
}

static void print_peer(const struct policy_rule *rule, struct strbuf *out)
{
	const struct rule_peer *peer = &rule->peer;

	add_set(out, rule->ops, cgw_network_op_names);
	strbuf_putc(out, ' ');
	if (rule->protos_named) {
		add_set(out, rule->protos, cgw_proto_names);
		strbuf_putc(out, ' ');
	}
	switch (peer->kind) {
	case PEER_ANY:
		strbuf_putc(out, '*');
		break;
	case PEER_IPV4:
		address_print(peer, out);
		break;
	case PEER_IPV6:
		strbuf_putc(out, '[');
		address_print(peer, out);
		strbuf_putc(out, ']');
		break;
	case PEER_UNIX_PATH:
		strbuf_puts(out, peer->glob);
		break;
	case PEER_UNIX_ABSTRACT:
		strbuf_printf(out, "@%s", peer->glob);
		break;
	}
	print_ports(peer, out);
}

static void print_socket(const struct policy_rule *rule, struct strbuf *out)
{
	strbuf_printf(out, "socket %s", cgw_name_of(cgw_family_names, rule->socket.family));
	if (rule->socket.type >= 0)
		strbuf_printf(out, "/%s", cgw_name_of(cgw_socktype_names, rule->socket.type));
}

static void print_file(const struct policy_rule *rule, struct strbuf *out)
{
	uint32_t all = 0;

	for (const struct cgw_name *row = cgw_file_op_names; row->name; row++)
		all |= 1U << row->value;
	if (rule->ops == all)
		strbuf_puts(out, "all");
	else
		add_set(out, rule->ops, cgw_file_op_names);
	strbuf_printf(out, " %s", rule->file.glob);
}

static void print_number(int64_t number, struct strbuf *out)
{
	if (number < 0)
		strbuf_putc(out, '*');
	else
		strbuf_printf(out, "%" PRId64, number);
}

static void print_device(const struct policy_rule *rule, struct strbuf *out)
{
	if (rule->ops & 1U << CGW_OP_DEVICE_READ)
		strbuf_putc(out, 'r');
	if (rule->ops & 1U << CGW_OP_DEVICE_WRITE)
		strbuf_putc(out, 'w');
	if (rule->ops & 1U << CGW_OP_DEVICE_MKNOD)
		strbuf_putc(out, 'm');
	strbuf_printf(out, " %c", rule->device.type);
	if (rule->device.type == 'a')
		return;
	strbuf_putc(out, ' ');
	print_number(rule->device.major, out);
	strbuf_putc(out, ':');
	print_number(rule->device.minor, out);
}

void rule_print(const struct policy_rule *rule, struct strbuf *out)
{
	strbuf_printf(out, "%s ", cgw_name_of(cgw_action_names, rule->action));
	switch (rule->section) {
	case SECTION_SYSCTL:
		print_sysctl(rule, out);
		break;
	case SECTION_NETWORK:
		if (rule->ops == 1U << CGW_OP_SOCKET)
			print_socket(rule, out);
		else
			print_peer(rule, out);
		break;
	case SECTION_FILE:
		print_file(rule, out);
		break;
	case SECTION_KERNEL:
		strbuf_puts(out, cgw_name_of(cgw_power_names, rule->power));
		break;
	case SECTION_CAPABILITY:
		strbuf_puts(out, cgw_name_of(cgw_capability_names, rule->capability + 1));
		break;
	case SECTION_DEVICE:
		print_device(rule, out);
		break;
	case SECTION_COUNT:
		break;
	}
}

void policy_print(const struct policy *policy, struct strbuf *out)
{
	uint32_t section = 0;

	strbuf_printf(out, "[policy]\nname = %s\n", policy->name);
	for (size_t i = 0; i < policy->selector_count; i++) {
		const char *glob = policy->selectors[i].glob;

		strbuf_printf(out, "cgroup = %s\n", *glob ? glob : "/");
	}
	strbuf_printf(out, "mode = %s\n", policy->audit_only ? "audit" : "enforce");
	strbuf_printf(out, "on-missing = %s\n", policy->warn_missing ? "warn" : "refuse");
	if (!policy->seal)
		strbuf_puts(out, "\n[file]\nseal = no\n");
	for (size_t i = 0; i < policy->rule_count; i++) {
		const struct policy_rule *rule = &policy->rules[i];
		const char *action = cgw_name_of(cgw_action_names, rule->action);

		if (rule->section != section)
			strbuf_printf(
				out, "\n[%s]\n", cgw_name_of(cgw_section_names, rule->section));
		section = rule->section;
		strbuf_printf(out, "%s = %s\n", action, rule->text + strlen(action) + 1);
	}
}
