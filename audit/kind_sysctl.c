// SPDX-License-Identifier: GPL-2.0-only
/* kind_sysctl.c - reads and writes of /proc/sys. */
#include "kind.h"
#include "names.h"

static bool is_good(const struct cgw_event *head)
{
	return head->old_len <= CGW_VALUE_SHOWN && head->new_len <= CGW_VALUE_SHOWN &&
	       head->old_len <= head->sysctl.old_size && head->new_len <= head->sysctl.new_size;
}

/*
 * The name with dots between components. A dot within one (of an interface such as eth0.100) is a
 * slash then, as sysctl(8) writes it. The result points into the buffer.
 */
static struct bytes dotted_name(struct bytes name, uint8_t dotted[CGW_TEXT_MAX])
{
	for (size_t i = 0; i < name.length; i++) {
		uint8_t byte = name.data[i];

		dotted[i] = byte == '/' ? '.' : byte == '.' ? '/' : byte;
	}
	return (struct bytes){dotted, name.length};
}

/* A value without the newline that ends it, and how much of it there was if it is not whole. */
static void put_value(struct strbuf *out, struct bytes value, uint32_t size)
{
	bool whole = value.length == size;

	if (!size) {
		strbuf_putc(out, '?');
		return;
	}
	if (whole && value.data[value.length - 1] == '\n')
		value.length--;
	text_quoted(out, value);
	if (!whole)
		strbuf_printf(out, "...(%u bytes)", size);
}

static void text(struct strbuf *out, const struct event *event)
{
	const struct cgw_event *head = event->head;
	uint8_t dotted[CGW_TEXT_MAX];

	text_word(out, dotted_name(event->name, dotted));
	strbuf_putc(out, ' ');
	put_value(out, event->old, head->sysctl.old_size);
	if (head->op != CGW_OP_SYSCTL_WRITE)
		return;
	strbuf_puts(out, " -> ");
	put_value(out, event->new, head->sysctl.new_size);
	if (head->sysctl.file_pos)
		strbuf_printf(out, " at %u", head->sysctl.file_pos);
}

static void json_members(struct json *json, const struct event *event)
{
	const struct cgw_event *head = event->head;
	uint8_t dotted[CGW_TEXT_MAX];

	json_some(json, "name", dotted_name(event->name, dotted));
	json_some(json, "old", event->old);
	if (head->sysctl.old_size > head->old_len)
		json_bool(json, "old_truncated", true);
	if (head->op != CGW_OP_SYSCTL_WRITE)
		return;
	json_some(json, "new", event->new);
	if (head->sysctl.new_size > head->new_len)
		json_bool(json, "new_truncated", true);
	if (head->sysctl.file_pos)
		json_unsigned(json, "file_pos", head->sysctl.file_pos);
}

static void journal(struct strbuf *out, const struct event *event)
{
	uint8_t dotted[CGW_TEXT_MAX];

	journal_bytes(out, "CGWARD_NAME", dotted_name(event->name, dotted));
	journal_bytes(out, "CGWARD_OLD", event->old);
	journal_bytes(out, "CGWARD_NEW", event->new);
}

const struct kind kind_sysctl = {
	CGW_EVENT_SYSCTL, SECTION_SYSCTL, is_good, text, json_members, journal};
