// SPDX-License-Identifier: GPL-2.0-only
/* kind_device.c - device nodes by number. */
#include <stdio.h>
#include "kind.h"
#include "names.h"

static bool is_good(const struct cgw_event *head)
{
	return (head->device.type == 'c' || head->device.type == 'b') &&
	       head->name_len + head->old_len + head->new_len + head->name2_len == 0;
}

static void text(struct strbuf *out, const struct event *event)
{
	const struct cgw_event *head = event->head;

	strbuf_printf(
		out, "%c %u:%u", (int)head->device.type, head->device.major, head->device.minor);
}

static void json_members(struct json *json, const struct event *event)
{
	const struct cgw_event *head = event->head;

	json_text(json, "device_type", head->device.type == 'b' ? "block" : "character");
	json_unsigned(json, "major", head->device.major);
	json_unsigned(json, "minor", head->device.minor);
}

static void journal(struct strbuf *out, const struct event *event)
{
	const struct cgw_event *head = event->head;
	char device[32];

	snprintf(device, sizeof(device), "%c %u:%u", (int)head->device.type, head->device.major,
		head->device.minor);
	journal_text(out, "CGWARD_DEVICE", device);
}

const struct kind kind_device = {
	CGW_EVENT_DEVICE, SECTION_DEVICE, is_good, text, json_members, journal};
