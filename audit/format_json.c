// SPDX-License-Identifier: GPL-2.0-only
/* format_json.c - one JSON object a line; schema.json describes it. */
#include "format.h"

#include <stdio.h>
#include <string.h>
#include "capabilities.h"
#include "clock.h"
#include "kind.h"
#include "names.h"

static void json_time(struct json *json, const char *name, int64_t time)
{
	struct strbuf text __attribute__((cleanup(strbuf_free))) = STRBUF_INIT;

	clock_format(time, 9, &text);
	json_text(json, name, text.data);
}

void json_some(struct json *json, const char *name, struct bytes bytes)
{
	if (bytes.length)
		json_bytes(json, name, bytes.data, bytes.length);
	else
		json_text(json, name, NULL);
}

void json_name(struct json *json, const char *name, const struct cgw_name *table, uint32_t value)
{
	const char *text = cgw_name_of(table, value);
	char number[12];

	if (!strcmp(text, "?")) {
		snprintf(number, sizeof(number), "%u", value);
		text = number;
	}
	json_text(json, name, text);
}

static void json_rule(struct json *json, const struct record *record)
{
	struct strbuf source __attribute__((cleanup(strbuf_free))) = STRBUF_INIT;
	const struct rule_info *rule = &record->rule;

	json_text(json, "policy", rule->policy);
	json_text(json, "rule", rule->text);
	if (rule->file) {
		strbuf_printf(&source, "%s:%u", rule->file, rule->line);
		json_bytes(json, "source", source.data, source.length);
	} else {
		json_text(json, "source", NULL);
	}
}

static void json_rule_key(struct json *json, uint64_t key)
{
	char text[17];

	snprintf(text, sizeof(text), "%016llx", (unsigned long long)key);
	json_text(json, "rule_key", key ? text : NULL);
}

static void json_identity(struct json *json, const struct identity *identity)
{
	if (identity->runtime) {
		json_object_begin(json, "container");
		json_text(json, "id", identity->container);
		json_text(json, "runtime", identity->runtime);
		json_object_end(json);
	} else {
		json_text(json, "container", NULL);
	}
	if (identity->unit[0])
		json_text(json, "unit", identity->unit);
	if (identity->qos) {
		json_object_begin(json, "pod");
		json_text(json, "uid", identity->pod);
		json_text(json, "qos", identity->qos);
		json_object_end(json);
	}
}

/* All that the task had as a number, and by name those that such operations ask for. */
static void json_capabilities(struct json *json, const struct cgw_event *head)
{
	uint64_t held = capabilities_that_matter(head);
	char text[17];

	snprintf(text, sizeof(text), "%016llx", (unsigned long long)head->capabilities);
	json_text(json, "cap_effective", text);
	json_array_begin(json, "capabilities");
	for (const struct cgw_name *row = cgw_capability_names; row->name; row++)
		if (held >> (row->value - 1) & 1)
			json_text(json, NULL, row->name);
	json_array_end(json);
}

static void json_task(struct json *json, const struct event *event)
{
	const struct cgw_event *head = event->head;

	json_unsigned(json, "pid", head->pid);
	json_unsigned(json, "tid", head->tid);
	json_unsigned(json, "ppid", head->ppid);
	json_unsigned(json, "ns_pid", head->ns_pid);
	json_unsigned(json, "uid", head->uid);
	json_unsigned(json, "gid", head->gid);
	if (head->loginuid == ~0U)
		json_text(json, "loginuid", NULL);
	else
		json_unsigned(json, "loginuid", head->loginuid);
	json_bytes(json, "comm", event->comm.data, event->comm.length);
	json_some(json, "exe", event->exe);
	json_bytes(json, "parent_comm", event->parent_comm.data, event->parent_comm.length);
	json_capabilities(json, head);
}

static void json_violation(struct json *json, const struct record *record)
{
	const struct event *event = &record->event;
	const struct cgw_event *head = event->head;

	json_text(json, "type", "violation");
	json_time(json, "time", record->time);
	json_unsigned(json, "seq", head->sequence);
	json_unsigned(json, "cpu", head->cpu);
	json_text(json, "verdict", cgw_name_of(cgw_verdict_names, head->verdict));
	json_rule(json, record);
	json_text(json, "reason", cgw_name_of(cgw_reason_names, head->reason));
	json_text(json, "hook", cgw_name_of(cgw_hook_names, head->hook));
	json_text(json, "kind", cgw_op_section(head->op));
	json_text(json, "op", cgw_op_name(head->op));
	if (event->cgroup.length)
		json_bytes(json, "cgroup", event->cgroup.data, event->cgroup.length);
	else
		json_text(json, "cgroup", "/");
	json_unsigned(json, "cgroup_id", head->cgroup_id);
	json_identity(json, &record->identity);
	json_task(json, event);
	json_unsigned(json, "generation", head->generation);
	json_rule_key(json, head->rule_key);
	json_text(json, "judged", cgw_name_of(cgw_judged_names, head->judged));
	kind_of(head->kind)->json(json, event);
}

static void json_suppressed(struct json *json, const struct record *record)
{
	const struct cgw_event *head = record->event.head;

	json_text(json, "type", "suppressed");
	json_time(json, "time", record->time);
	json_unsigned(json, "count", head->suppressed.count);
	json_text(json, "verdict", cgw_name_of(cgw_verdict_names, head->verdict));
	json_rule(json, record);
	json_text(json, "kind", cgw_op_section(head->op));
	json_text(json, "op", cgw_op_name(head->op));
	json_some(json, "cgroup", record->event.cgroup);
	json_unsigned(json, "cgroup_id", head->cgroup_id);
	json_identity(json, &record->identity);
	json_unsigned(json, "generation", head->generation);
	json_rule_key(json, head->rule_key);
	json_time(json, "since", record->since);
	json_time(json, "until", record->until);
}

static void json_loss(struct json *json, const struct record *record)
{
	const struct loss *loss = &record->loss;

	json_text(json, "type", "lost");
	json_time(json, "time", record->time);
	json_text(json, "reason", loss_reason_name(loss->reason));
	json_unsigned(json, "count", loss->count);
	if (loss->cpu < 0)
		json_text(json, "cpu", NULL);
	else
		json_number(json, "cpu", loss->cpu);
	if (loss->since)
		json_time(json, "since", loss->since);
	else
		json_text(json, "since", NULL);
	json_time(json, "until", loss->until);
}

static void line_json(const struct record *record, bool colour, struct strbuf *out)
{
	struct json json = {.out = out};

	(void)colour;
	json_object_begin(&json, NULL);
	switch (record->type) {
	case RECORD_VIOLATION:
		json_violation(&json, record);
		break;
	case RECORD_SUPPRESSED:
		json_suppressed(&json, record);
		break;
	case RECORD_LOST:
		json_loss(&json, record);
		break;
	case RECORD_INSTANCE:
		json_text(&json, "type", "instance");
		json_time(&json, "time", record->time);
		json_text(&json, "event", instance_event_name(record->instance));
		break;
	}
	json_object_end(&json);
	strbuf_putc(out, '\n');
}

const struct format format_json = {"json", line_json};
