// SPDX-License-Identifier: GPL-2.0-only
/* kind_file.c - what is done to files. */
#include <string.h>
#include "kind.h"
#include "names.h"

static bool is_good(const struct cgw_event *head)
{
	return head->old_len + head->new_len == 0;
}

/* A name that could not be found out is a question mark. */
static void put_path(struct strbuf *out, struct bytes path)
{
	if (path.length)
		text_word(out, path);
	else
		strbuf_putc(out, '?');
}

static void text(struct strbuf *out, const struct event *event)
{
	put_path(out, event->name);
	if (!event->name2.length)
		return;
	strbuf_puts(out, " -> ");
	put_path(out, event->name2);
}

static void json_members(struct json *json, const struct event *event)
{
	json_some(json, "path", event->name);
	if (event->name2.length)
		json_some(json, "path2", event->name2);
}

static void journal(struct strbuf *out, const struct event *event)
{
	journal_bytes(out, "CGWARD_PATH", event->name);
	journal_bytes(out, "CGWARD_PATH2", event->name2);
}

const struct kind kind_file = {CGW_EVENT_FILE, SECTION_FILE, is_good, text, json_members, journal};
