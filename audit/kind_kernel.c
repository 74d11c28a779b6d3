// SPDX-License-Identifier: GPL-2.0-only
/* kind_kernel.c - powers over the kernel. */
#include <string.h>
#include "kind.h"
#include "names.h"

static const char *power(const struct cgw_event *head)
{
	return cgw_name_of(cgw_power_names, head->kernel.power);
}

static bool is_good(const struct cgw_event *head)
{
	return strcmp(power(head), "?") &&
	       head->name_len + head->old_len + head->new_len + head->name2_len == 0;
}

static void text(struct strbuf *out, const struct event *event)
{
	strbuf_puts(out, power(event->head));
}

static void json_members(struct json *json, const struct event *event)
{
	json_text(json, "power", power(event->head));
}

static void journal(struct strbuf *out, const struct event *event)
{
	journal_text(out, "CGWARD_POWER", power(event->head));
}

const struct kind kind_kernel = {
	CGW_EVENT_KERNEL, SECTION_KERNEL, is_good, text, json_members, journal};
