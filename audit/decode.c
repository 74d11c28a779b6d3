// SPDX-License-Identifier: GPL-2.0-only
#include "decode.h"

#include <errno.h>
#include <stdbool.h>
#include <string.h>
#include "kind.h"
#include "names.h"

static bool op_fits(const struct kind *kind, uint32_t op)
{
	if (!kind->section)
		return op == CGW_OP_GUARD;
	return !strcmp(cgw_op_section(op), cgw_name_of(cgw_section_names, kind->section));
}

static bool is_named(const struct cgw_name *table, uint32_t value)
{
	for (; table->name; table++)
		if (table->value == value)
			return true;
	return false;
}

static bool enums_are_good(const struct cgw_event *head)
{
	const struct kind *kind = kind_of(head->kind);

	return kind && (head->verdict == CGW_VERDICT_DENY || head->verdict == CGW_VERDICT_AUDIT) &&
	       is_named(cgw_reason_names, head->reason) && is_named(cgw_hook_names, head->hook) &&
	       is_named(cgw_judged_names, head->judged) && op_fits(kind, head->op);
}

static size_t tail_size(const struct cgw_event *head)
{
	return (size_t)head->cgroup_len + head->exe_len + head->name_len + head->old_len +
	       head->new_len + head->name2_len;
}

static bool lengths_are_good(const struct cgw_event *head, size_t size)
{
	return head->size >= sizeof(*head) && head->size <= size &&
	       head->cgroup_len <= CGW_TEXT_MAX && head->exe_len <= CGW_TEXT_MAX &&
	       head->name_len <= CGW_TEXT_MAX && head->name2_len <= CGW_TEXT_MAX &&
	       tail_size(head) == head->size - sizeof(*head);
}

static struct bytes take(const uint8_t **position, size_t length)
{
	struct bytes bytes = {*position, length};

	*position += length;
	return bytes;
}

static bool sum_is_good(const struct cgw_event *head)
{
	return head->flags == CGW_EVENT_SUPPRESSED && head->suppressed.count &&
	       head->suppressed.since <= head->suppressed.until &&
	       head->cgroup_len == tail_size(head);
}

int event_decode(struct event *event, const void *data, size_t size)
{
	const struct cgw_event *head = data;
	const uint8_t *position = (const uint8_t *)data + sizeof(*head);

	if (size < sizeof(*head) || (uintptr_t)data % _Alignof(struct cgw_event))
		return -EINVAL;
	if (head->abi_version != CGW_ABI_VERSION || !lengths_are_good(head, size) ||
		!enums_are_good(head))
		return -EINVAL;
	if (head->flags ? !sum_is_good(head) : !kind_of(head->kind)->is_good(head))
		return -EINVAL;
	if (head->cgroup_len && *position != '/')
		return -EINVAL;
	event->head = head;
	event->comm.data = head->comm;
	event->comm.length = strnlen((const char *)head->comm, sizeof(head->comm));
	event->parent_comm.data = head->parent_comm;
	event->parent_comm.length =
		strnlen((const char *)head->parent_comm, sizeof(head->parent_comm));
	event->cgroup = take(&position, head->cgroup_len);
	event->exe = take(&position, head->exe_len);
	event->name = take(&position, head->name_len);
	event->old = take(&position, head->old_len);
	event->new = take(&position, head->new_len);
	event->name2 = take(&position, head->name2_len);
	return 0;
}
