// SPDX-License-Identifier: GPL-2.0-only
/* kind_capability.c - use of capabilities. A number that is newer than this cgward has no name. */
#include "kind.h"
#include "names.h"

static bool is_good(const struct cgw_event *head)
{
	return head->capability.number < 64 &&
	       head->name_len + head->old_len + head->new_len + head->name2_len == 0;
}

static void text(struct strbuf *out, const struct event *event)
{
	text_name(out, cgw_capability_names, event->head->capability.number + 1);
}

static void json_members(struct json *json, const struct event *event)
{
	json_name(json, "capability", cgw_capability_names, event->head->capability.number + 1);
}

static void journal(struct strbuf *out, const struct event *event)
{
	journal_text(out, "CGWARD_CAPABILITY",
		cgw_name_of(cgw_capability_names, event->head->capability.number + 1));
}

const struct kind kind_capability = {
	CGW_EVENT_CAPABILITY, SECTION_CAPABILITY, is_good, text, json_members, journal};
