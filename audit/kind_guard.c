// SPDX-License-Identifier: GPL-2.0-only
/* kind_guard.c - attempts of governed processes on cgward itself. */
#include "kind.h"
#include "names.h"

static bool is_good(const struct cgw_event *head)
{
	return head->guard.what > 0 && head->guard.what < CGW_GUARDED_COUNT &&
	       head->old_len + head->new_len + head->name2_len == 0;
}

static void text(struct strbuf *out, const struct event *event)
{
	text_name(out, cgw_guarded_names, event->head->guard.what);
	strbuf_puts(out, " ");
	text_quoted(out, event->name);
	strbuf_printf(out, " by %s", cgw_name_of(cgw_hook_names, event->head->hook));
	if (event->head->guard.number)
		strbuf_printf(out, " (%u)", event->head->guard.number);
}

static void json_members(struct json *json, const struct event *event)
{
	json_name(json, "guarded", cgw_guarded_names, event->head->guard.what);
	json_some(json, "object", event->name);
	if (event->head->guard.number)
		json_unsigned(json, "number", event->head->guard.number);
}

static void journal(struct strbuf *out, const struct event *event)
{
	journal_text(
		out, "CGWARD_GUARDED", cgw_name_of(cgw_guarded_names, event->head->guard.what));
	journal_bytes(out, "CGWARD_OBJECT", event->name);
	if (event->head->guard.number)
		journal_number(out, "CGWARD_NUMBER", event->head->guard.number);
}

const struct kind kind_guard = {CGW_EVENT_GUARD, 0, is_good, text, json_members, journal};
