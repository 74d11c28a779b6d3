// SPDX-License-Identifier: GPL-2.0-only
/* format_journal.c - an entry in the journal's native protocol. */
#include <endian.h>
#include <string.h>
#include "clock.h"
#include "format.h"
#include "kind.h"
#include "names.h"

/* Of all entries of cgward-audit: `journalctl MESSAGE_ID=...`. */
#define MESSAGE_ID "6f0f8d6ad1b44a6e9d2b1b9c4cf2e4a7"

/* The form with a length can hold any bytes. */
void journal_bytes(struct strbuf *out, const char *name, struct bytes value)
{
	uint64_t length = htole64(value.length);

	if (!value.length)
		return;
	strbuf_puts(out, name);
	strbuf_putc(out, '\n');
	strbuf_add(out, &length, sizeof(length));
	strbuf_add(out, value.data, value.length);
	strbuf_putc(out, '\n');
}

void journal_text(struct strbuf *out, const char *name, const char *text)
{
	if (text)
		journal_bytes(out, name, (struct bytes){(const uint8_t *)text, strlen(text)});
}

void journal_number(struct strbuf *out, const char *name, uint64_t number)
{
	strbuf_printf(out, "%s=%llu\n", name, (unsigned long long)number);
}

static void put_time(struct strbuf *out, const char *name, int64_t time)
{
	strbuf_printf(out, "%s=", name);
	clock_format(time, 9, out);
	strbuf_putc(out, '\n');
}

/* The line for people, without its time: the journal has one. */
static void put_message(struct strbuf *out, const struct record *record)
{
	struct strbuf line __attribute__((cleanup(strbuf_free))) = STRBUF_INIT;
	const char *text;

	format_text.line(record, false, &line);
	line.data[line.length - 1] = 0;
	text = strchr(line.data, ' ');
	journal_text(out, "MESSAGE", text ? text + 1 : line.data);
}

static void put_rule(struct strbuf *out, const struct record *record)
{
	const struct rule_info *rule = &record->rule;

	if (!rule->policy)
		return;
	journal_text(out, "CGWARD_POLICY", rule->policy);
	journal_text(out, "CGWARD_RULE", rule->text);
	journal_text(out, "CGWARD_FILE", rule->file);
	journal_number(out, "CGWARD_LINE", rule->line);
}

static void put_task(struct strbuf *out, const struct event *event)
{
	const struct cgw_event *head = event->head;

	journal_number(out, "CGWARD_PID", head->pid);
	journal_number(out, "CGWARD_TID", head->tid);
	journal_number(out, "CGWARD_PPID", head->ppid);
	journal_number(out, "CGWARD_NS_PID", head->ns_pid);
	journal_number(out, "CGWARD_UID", head->uid);
	journal_number(out, "CGWARD_GID", head->gid);
	if (head->loginuid != ~0U)
		journal_number(out, "CGWARD_LOGINUID", head->loginuid);
	journal_bytes(out, "CGWARD_COMM", event->comm);
	journal_bytes(out, "CGWARD_EXE", event->exe);
	journal_bytes(out, "CGWARD_PARENT_COMM", event->parent_comm);
	strbuf_printf(
		out, "CGWARD_CAP_EFFECTIVE=%016llx\n", (unsigned long long)head->capabilities);
}

static void put_identity(struct strbuf *out, const struct record *record)
{
	const struct identity *identity = &record->identity;

	if (record->event.cgroup.length)
		journal_bytes(out, "CGWARD_CGROUP", record->event.cgroup);
	else
		journal_text(out, "CGWARD_CGROUP", "/");
	if (identity->runtime) {
		journal_text(out, "CGWARD_CONTAINER", identity->container);
		journal_text(out, "CGWARD_RUNTIME", identity->runtime);
	}
	journal_text(out, "CGWARD_UNIT", identity->unit);
	if (identity->qos)
		journal_text(out, "CGWARD_POD", identity->pod);
}

static void put_violation(struct strbuf *out, const struct record *record)
{
	const struct cgw_event *head = record->event.head;

	journal_text(out, "CGWARD_TYPE", "violation");
	journal_text(out, "CGWARD_VERDICT", cgw_name_of(cgw_verdict_names, head->verdict));
	journal_text(out, "CGWARD_REASON", cgw_name_of(cgw_reason_names, head->reason));
	journal_text(out, "CGWARD_HOOK", cgw_name_of(cgw_hook_names, head->hook));
	journal_text(out, "CGWARD_KIND", cgw_op_section(head->op));
	journal_text(out, "CGWARD_OP", cgw_op_name(head->op));
	journal_number(out, "CGWARD_SEQ", head->sequence);
	journal_number(out, "CGWARD_CPU", head->cpu);
	journal_number(out, "CGWARD_GENERATION", head->generation);
	journal_number(out, "CGWARD_CGROUP_ID", head->cgroup_id);
	put_rule(out, record);
	put_identity(out, record);
	put_task(out, &record->event);
	kind_of(head->kind)->journal(out, &record->event);
}

static void put_suppressed(struct strbuf *out, const struct record *record)
{
	const struct cgw_event *head = record->event.head;

	journal_text(out, "CGWARD_TYPE", "suppressed");
	journal_text(out, "CGWARD_VERDICT", cgw_name_of(cgw_verdict_names, head->verdict));
	journal_number(out, "CGWARD_COUNT", head->suppressed.count);
	journal_text(out, "CGWARD_KIND", cgw_op_section(head->op));
	journal_text(out, "CGWARD_OP", cgw_op_name(head->op));
	journal_number(out, "CGWARD_GENERATION", head->generation);
	journal_number(out, "CGWARD_CGROUP_ID", head->cgroup_id);
	put_rule(out, record);
	if (record->event.cgroup.length)
		put_identity(out, record);
	put_time(out, "CGWARD_SINCE", record->since);
	put_time(out, "CGWARD_UNTIL", record->until);
}

static void put_loss(struct strbuf *out, const struct loss *loss)
{
	journal_text(out, "CGWARD_TYPE", "lost");
	journal_text(out, "CGWARD_REASON", loss_reason_name(loss->reason));
	journal_number(out, "CGWARD_COUNT", loss->count);
	if (loss->cpu >= 0)
		journal_number(out, "CGWARD_CPU", loss->cpu);
	if (loss->since)
		put_time(out, "CGWARD_SINCE", loss->since);
	put_time(out, "CGWARD_UNTIL", loss->until);
}

void format_journal(const struct record *record, struct strbuf *out)
{
	put_message(out, record);
	strbuf_printf(out, "PRIORITY=%d\n", format_priority(record));
	journal_text(out, "SYSLOG_IDENTIFIER", "cgward-audit");
	journal_text(out, "MESSAGE_ID", MESSAGE_ID);
	put_time(out, "CGWARD_TIME", record->time);
	switch (record->type) {
	case RECORD_VIOLATION:
		put_violation(out, record);
		break;
	case RECORD_SUPPRESSED:
		put_suppressed(out, record);
		break;
	case RECORD_LOST:
		put_loss(out, &record->loss);
		break;
	case RECORD_INSTANCE:
		journal_text(out, "CGWARD_TYPE", "instance");
		journal_text(out, "CGWARD_EVENT", instance_event_name(record->instance));
		break;
	}
}
