// SPDX-License-Identifier: GPL-2.0-only
/* format_text.c - one line for people. What came from outside is escaped, and quoted where it could
 * be taken for another field of the line. */
#include "format.h"

#include <ctype.h>
#include <string.h>
#include "capabilities.h"
#include "clock.h"
#include "kind.h"
#include "names.h"

#define RED "\033[31m"
#define YELLOW "\033[33m"
#define PLAIN "\033[0m"

static void put_escaped(struct strbuf *out, struct bytes text)
{
	for (size_t i = 0; i < text.length; i++) {
		uint8_t byte = text.data[i];

		if (byte == '"' || byte == '\\') {
			strbuf_putc(out, '\\');
			strbuf_putc(out, byte);
		} else if (byte < 0x20 || byte > 0x7e) {
			strbuf_printf(out, "\\x%02x", byte);
		} else {
			strbuf_putc(out, byte);
		}
	}
}

void text_quoted(struct strbuf *out, struct bytes text)
{
	strbuf_putc(out, '"');
	put_escaped(out, text);
	strbuf_putc(out, '"');
}

/* Without quotes if it cannot be taken for anything but one word. */
void text_word(struct strbuf *out, struct bytes text)
{
	bool plain = text.length > 0;

	for (size_t i = 0; i < text.length && plain; i++)
		plain = isalnum(text.data[i]) ||
			(text.data[i] && strchr("_-./:@+,%", text.data[i]));
	if (plain)
		strbuf_add(out, text.data, text.length);
	else
		text_quoted(out, text);
}

static struct bytes bytes_of(const char *text)
{
	return (struct bytes){(const uint8_t *)text, strlen(text)};
}

static void put_padding(struct strbuf *out, size_t start, size_t width)
{
	do
		strbuf_putc(out, ' ');
	while (out->length - start < width);
}

void text_name(struct strbuf *out, const struct cgw_name *table, uint32_t value)
{
	const char *name = cgw_name_of(table, value);

	if (strcmp(name, "?"))
		strbuf_puts(out, name);
	else
		strbuf_printf(out, "%u", value);
}

/* Those that such operations ask for. */
static void put_capabilities(struct strbuf *out, const struct cgw_event *head)
{
	uint64_t held = capabilities_that_matter(head);
	const char *separator = " caps=";

	for (const struct cgw_name *row = cgw_capability_names; row->name; row++) {
		if (!(held >> (row->value - 1) & 1))
			continue;
		strbuf_printf(out, "%s%s", separator, row->name);
		separator = ",";
	}
}

static void put_cgroup(struct strbuf *out, const struct record *record)
{
	const struct event *event = &record->event;

	strbuf_puts(out, "  cgroup=");
	if (event->cgroup.length)
		text_word(out, event->cgroup);
	else if (record->type == RECORD_SUPPRESSED)
		strbuf_printf(out, "id:%llu", (unsigned long long)event->head->cgroup_id);
	else
		strbuf_putc(out, '/');
	if (record->identity.runtime) {
		strbuf_puts(out, " container=");
		text_word(out, bytes_of(record->identity.container));
		strbuf_printf(out, "(%s)", record->identity.runtime);
	}
	if (record->identity.qos)
		strbuf_printf(out, " pod=%s", record->identity.pod);
}

static void put_task(struct strbuf *out, const struct record *record)
{
	const struct event *event = &record->event;
	const struct cgw_event *head = event->head;

	put_cgroup(out, record);
	strbuf_printf(out, " pid=%u ", head->pid);
	text_word(out, event->comm);
	if (event->exe.length) {
		strbuf_puts(out, " (");
		text_word(out, event->exe);
		strbuf_putc(out, ')');
	}
	strbuf_printf(out, " uid=%u", head->uid);
	if (head->loginuid != ~0U)
		strbuf_printf(out, " loginuid=%u", head->loginuid);
	put_capabilities(out, head);
}

static void put_rule(struct strbuf *out, const struct record *record)
{
	const struct cgw_event *head = record->event.head;
	const struct rule_info *rule = &record->rule;

	if (head->judged != CGW_JUDGED_TASK)
		strbuf_printf(out, " judged=%s", cgw_name_of(cgw_judged_names, head->judged));
	if (head->reason != CGW_REASON_RULE)
		strbuf_printf(out, " reason=%s", cgw_name_of(cgw_reason_names, head->reason));
	if (head->op == CGW_OP_GUARD) { /* of cgward.conf */
		strbuf_puts(out, "  [cgward] protect = guard");
		return;
	}
	strbuf_puts(out, "  [");
	put_escaped(out, bytes_of(rule->policy ? rule->policy : "?"));
	strbuf_puts(out, "] ");
	if (rule->text) {
		put_escaped(out, bytes_of(rule->text));
		strbuf_puts(out, "  (");
		put_escaped(out, bytes_of(rule->file));
		strbuf_printf(out, ":%u)", rule->line);
	} else if (head->rule_key) {
		strbuf_printf(out, "rule %016llx of generation %u",
			(unsigned long long)head->rule_key, head->generation);
	} else {
		strbuf_puts(out, "no single rule");
	}
}

static void put_verdict(struct strbuf *out, const char *word, const char *colour)
{
	size_t start;

	strbuf_puts(out, colour);
	start = out->length;
	strbuf_puts(out, word);
	put_padding(out, start, 6);
	if (*colour)
		strbuf_puts(out, PLAIN);
}

static void put_head(struct strbuf *out, const struct record *record, bool colour)
{
	const struct cgw_event *head = record->event.head;
	bool denied = head->verdict == CGW_VERDICT_DENY;
	size_t start;

	put_verdict(out, denied ? "DENY" : "AUDIT", !colour ? "" : denied ? RED : YELLOW);
	start = out->length;
	strbuf_printf(out, "%s %s", cgw_op_section(head->op), cgw_op_name(head->op));
	put_padding(out, start, 16); /* "network connect" and a blank */
}

/* Many at once: as the line of one, with their number in place of the object. */
static void put_suppressed(struct strbuf *out, const struct record *record, bool colour)
{
	const struct cgw_event *head = record->event.head;

	put_head(out, record, colour);
	strbuf_printf(out, "%llu more (suppressed)", (unsigned long long)head->suppressed.count);
	strbuf_puts(out, " since=");
	clock_format(record->since, 6, out);
	strbuf_puts(out, " until=");
	clock_format(record->until, 6, out);
	put_cgroup(out, record);
	put_rule(out, record);
}

static void put_violation(struct strbuf *out, const struct record *record, bool colour)
{
	const struct cgw_event *head = record->event.head;

	put_head(out, record, colour);
	kind_of(head->kind)->text(out, &record->event);
	put_task(out, record);
	put_rule(out, record);
}

static void put_loss(struct strbuf *out, const struct record *record, bool colour)
{
	const struct loss *loss = &record->loss;

	put_verdict(out, "LOST", colour ? RED : "");
	strbuf_printf(out, "%llu event%s (%s)", (unsigned long long)loss->count,
		loss->count == 1 ? "" : "s", loss_reason_name(loss->reason));
	if (loss->cpu >= 0)
		strbuf_printf(out, " cpu=%d", loss->cpu);
	strbuf_puts(out, " since=");
	if (loss->since)
		clock_format(loss->since, 6, out);
	else
		strbuf_putc(out, '?');
	strbuf_puts(out, " until=");
	clock_format(loss->until, 6, out);
}

static void line_text(const struct record *record, bool colour, struct strbuf *out)
{
	clock_format(record->time, 6, out);
	strbuf_putc(out, ' ');
	switch (record->type) {
	case RECORD_VIOLATION:
		put_violation(out, record, colour);
		break;
	case RECORD_SUPPRESSED:
		put_suppressed(out, record, colour);
		break;
	case RECORD_LOST:
		put_loss(out, record, colour);
		break;
	case RECORD_INSTANCE:
		put_verdict(out, "NOTE", "");
		strbuf_puts(out, record->instance == INSTANCE_GONE
					 ? "the instance was removed or replaced"
					 : "going on with the instance that is there now");
		break;
	}
	strbuf_putc(out, '\n');
}

const struct format format_text = {"text", line_text};
