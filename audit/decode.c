// SPDX-License-Identifier: GPL-2.0-only
#include "decode.h"

#include <errno.h>
#include <stdbool.h>
#include <string.h>
#include "names.h"

static bool op_fits(uint32_t kind, uint32_t op)
{
	switch (kind) {
	case CGW_EVENT_SYSCTL:
		return op == CGW_OP_SYSCTL_READ || op == CGW_OP_SYSCTL_WRITE;
	case CGW_EVENT_NETWORK:
		return op == CGW_OP_CONNECT || op == CGW_OP_BIND || op == CGW_OP_LISTEN ||
		       op == CGW_OP_SOCKET;
	default:
		return false;
	}
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
	return (head->verdict == CGW_VERDICT_DENY || head->verdict == CGW_VERDICT_AUDIT) &&
	       is_named(cgw_reason_names, head->reason) && is_named(cgw_hook_names, head->hook) &&
	       is_named(cgw_judged_names, head->judged) && op_fits(head->kind, head->op);
}

static bool values_are_good(const struct cgw_event *head)
{
	if (head->kind == CGW_EVENT_NETWORK)
		return head->network.port <= CGW_PORT_UNKNOWN && !head->old_len && !head->new_len;
	return head->old_len <= CGW_VALUE_SHOWN && head->new_len <= CGW_VALUE_SHOWN &&
	       head->old_len <= head->sysctl.old_size && head->new_len <= head->sysctl.new_size;
}

static size_t tail_size(const struct cgw_event *head)
{
	return (size_t)head->cgroup_len + head->exe_len + head->name_len + head->old_len +
	       head->new_len;
}

static bool lengths_are_good(const struct cgw_event *head, size_t size)
{
	return head->size >= sizeof(*head) && head->size <= size &&
	       head->cgroup_len <= CGW_TEXT_MAX && head->exe_len <= CGW_TEXT_MAX &&
	       head->name_len <= CGW_TEXT_MAX && tail_size(head) == head->size - sizeof(*head);
}

static struct bytes take(const uint8_t **position, size_t length)
{
	struct bytes bytes = {*position, length};

	*position += length;
	return bytes;
}

int event_decode(struct event *event, const void *data, size_t size)
{
	const struct cgw_event *head = data;
	const uint8_t *position = (const uint8_t *)data + sizeof(*head);

	if (size < sizeof(*head) || (uintptr_t)data % _Alignof(struct cgw_event))
		return -EINVAL;
	if (head->abi_version != CGW_ABI_VERSION || !lengths_are_good(head, size) ||
		!enums_are_good(head) || !values_are_good(head))
		return -EINVAL;
	if (head->cgroup_len && *position != '/')
		return -EINVAL;
	event->head = head;
	event->comm.data = head->comm;
	event->comm.length = strnlen((const char *)head->comm, sizeof(head->comm));
	event->cgroup = take(&position, head->cgroup_len);
	event->exe = take(&position, head->exe_len);
	event->name = take(&position, head->name_len);
	event->old = take(&position, head->old_len);
	event->new = take(&position, head->new_len);
	return 0;
}
