// SPDX-License-Identifier: GPL-2.0-only
/* evaluate.c - the matcher of the kernel programs, asked about one operation in user space. */
#include "operation.h"

#include <errno.h>
#include <stdbool.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>

#include "match_file.h"
#include "number.h"
#include "strbuf.h"

/* What a kernel program has in maps. */
struct evaluation {
	struct cgw_view view;
	struct cgw_work work;
	struct cgw_text name;
	struct cgw_value value;
	struct cgw_file_work files;
};

static struct evaluation *evaluation_start(const struct image *image, const struct cgw_set *set)
{
	struct evaluation *evaluation = xcalloc(1, sizeof(*evaluation));

	evaluation->view.image = image->data;
	evaluation->view.size = image->size;
	evaluation->work.set = *set;
	evaluation->work.words = cgw_set_summary(set);
	cgw_view_open(&evaluation->view); /* cannot fail: a verified image has a page */
	return evaluation;
}

static struct cgw_judge judge_of(struct evaluation *evaluation)
{
	return (struct cgw_judge){.view = &evaluation->view, .work = &evaluation->work};
}

/* ---- scope ---- */

/* True if `path` is `cgroup` or above it. Both without a slash at the end. */
static bool is_above(const char *path, size_t path_length, const char *cgroup, size_t length)
{
	return path_length <= length && !memcmp(path, cgroup, path_length) &&
	       (path_length == length || cgroup[path_length] == '/');
}

static size_t path_length(const char *path)
{
	size_t length = strlen(path);

	while (length && path[length - 1] == '/')
		length--;
	return length;
}

static void add_attached(
	const struct image *image, const char *cgroup, size_t length, struct cgw_set *set)
{
	const struct cgw_image_header *header = image_header(image);
	const struct cgw_attachment *attachments =
		(const struct cgw_attachment *)(image->data + header->attachments);

	for (uint32_t i = 0; i < header->attachment_count; i++) {
		const char *path = image_text(image, attachments[i].path);

		if (is_above(path, path_length(path), cgroup, length))
			cgw_set_add(
				set, (const struct cgw_set *)(image->data + attachments[i].set));
	}
}

/* What the selectors say of a path. */
static struct cgw_set selected(const struct image *image, const char *cgroup, size_t length)
{
	struct cgw_set found = {0};
	struct evaluation *evaluation = evaluation_start(image, &found);

	if (length <= CGW_TEXT_MAX)
		cgw_scope_path(&evaluation->view, &evaluation->work.cursor, (const __u8 *)cgroup,
			length, &found);
	else /* no program can read it: every policy could mean it */
		cgw_set_add_image(&evaluation->view, &found, cgw_header(&evaluation->view, all));
	free(evaluation);
	return found;
}

void image_scope(const struct image *image, const char *cgroup, struct cgw_set *set)
{
	size_t length = path_length(cgroup);
	struct cgw_set found = selected(image, cgroup, length);

	add_attached(image, cgroup, length, &found);
	*set = found;
}

void image_scope_of(
	const struct image *image, const char *cgroup, uint64_t cgroup_id, struct cgw_set *set)
{
	const struct cgw_image_header *header = image_header(image);
	const struct cgw_attachment *attachments =
		(const struct cgw_attachment *)(image->data + header->attachments);
	struct cgw_set found = selected(image, cgroup, path_length(cgroup));

	for (uint32_t i = 0; i < header->attachment_count; i++)
		if (attachments[i].cgroup_id == cgroup_id)
			cgw_set_add(
				&found, (const struct cgw_set *)(image->data + attachments[i].set));
	*set = found;
}

/* ---- operations ---- */

static void judge_unable(struct evaluation *evaluation, uint32_t op, uint32_t reason)
{
	struct cgw_unable unable = {
		.judge = judge_of(evaluation), .ops = 1U << op, .reason = reason};

	cgw_judge_unable(&unable);
}

static void judge_sysctl(struct evaluation *evaluation, const struct operation *operation)
{
	struct cgw_sysctl sysctl = {.judge = judge_of(evaluation),
		.op = operation->op,
		.name = &evaluation->name,
		.value = &evaluation->value};

	if (operation->name_length > CGW_TEXT_MAX) {
		judge_unable(evaluation, operation->op, CGW_REASON_NAME_UNREADABLE);
		return;
	}
	memcpy(evaluation->name.bytes, operation->name, operation->name_length);
	evaluation->name.length = operation->name_length;
	if (operation->op == CGW_OP_SYSCTL_WRITE) {
		sysctl.unknown = CGW_REASON_VALUE_UNREADABLE;
		if (operation->value && operation->value_length <= CGW_TEXT_MAX) {
			memcpy(evaluation->value.written, operation->value,
				operation->value_length);
			evaluation->value.written_length = operation->value_length;
			sysctl.unknown = cgw_value_prepare(&evaluation->value);
		}
	}
	cgw_judge_sysctl(&sysctl);
}

static void judge_unix(struct evaluation *evaluation, const struct operation *operation)
{
	struct cgw_unix name = {.judge = judge_of(evaluation),
		.op = operation->op,
		.kind = operation->unix_kind,
		.length = operation->name_length,
		.name = evaluation->name.bytes};

	if (operation->name_length > CGW_TEXT_MAX) {
		judge_unable(evaluation, operation->op, CGW_REASON_PATH_AMBIGUOUS);
		return;
	}
	memcpy(evaluation->name.bytes, operation->name, operation->name_length);
	if (operation->unix_kind == CGW_UNIX_PATH)
		name.ambiguous = cgw_unix_ambiguous(name.name, name.length);
	cgw_judge_unix(&name);
}

static int judge_peer(struct evaluation *evaluation, const struct operation *operation)
{
	struct cgw_peer peer = {.judge = judge_of(evaluation),
		.op = operation->op,
		.port = operation->port,
		.proto = {operation->proto, 0}};

	if (operation->family == AF_UNIX) {
		judge_unix(evaluation, operation);
		return 0;
	}
	if (operation->family == AF_INET)
		peer.address[0] = operation->address[0];
	else if (operation->family == AF_INET6)
		cgw_peer_set_ipv6(&peer, operation->address);
	else
		return -EINVAL;
	cgw_judge_peer(&peer);
	return 0;
}

static void judge_socket(struct evaluation *evaluation, const struct operation *operation)
{
	struct cgw_socket socket = {.judge = judge_of(evaluation),
		.family = operation->family,
		.type = operation->type};

	cgw_judge_socket(&socket);
}

#define MEMFD "memfd:"

static void judge_file(struct evaluation *evaluation, const struct operation *operation)
{
	bool memfd = *operation->name != '/';
	size_t skip = memfd ? strlen(MEMFD) : 0, length = operation->name_length - skip;
	struct cgw_file file = {.judge = judge_of(evaluation),
		.work = &evaluation->files,
		.bytes = evaluation->value.written};

	if (length >= CGW_TEXT_MAX) {
		judge_unable(evaluation, operation->op, CGW_REASON_PATH_TOO_LONG);
		return;
	}
	evaluation->files = (struct cgw_file_work){.name = {{.to = length}},
		.ops = 1U << operation->op,
		.kind = memfd ? CGW_FILE_MEMFD : CGW_FILE_PATH};
	memcpy(evaluation->value.written, operation->name + skip, length);
	cgw_judge_file(&file);
}

static void judge_number(struct evaluation *evaluation, const struct operation *operation)
{
	struct cgw_number number = {.judge = judge_of(evaluation)};

	if (operation->op == CGW_OP_KERNEL)
		cgw_judge_power(&number, operation->power);
	else if (operation->op == CGW_OP_CAPABILITY)
		cgw_judge_capability(&number, operation->capability);
	else
		cgw_judge_device(&number, operation->op, operation->device_type == 'b',
			operation->device_major, operation->device_minor);
}

static int judge(struct evaluation *evaluation, const struct operation *operation)
{
	switch (operation->op) {
	case CGW_OP_SYSCTL_READ:
	case CGW_OP_SYSCTL_WRITE:
		judge_sysctl(evaluation, operation);
		return 0;
	case CGW_OP_CONNECT:
	case CGW_OP_BIND:
	case CGW_OP_LISTEN:
		return judge_peer(evaluation, operation);
	case CGW_OP_SOCKET:
		judge_socket(evaluation, operation);
		return 0;
	case CGW_OP_FILE_READ:
	case CGW_OP_FILE_WRITE:
	case CGW_OP_FILE_EXEC:
		judge_file(evaluation, operation);
		return 0;
	case CGW_OP_KERNEL:
	case CGW_OP_CAPABILITY:
	case CGW_OP_DEVICE_READ:
	case CGW_OP_DEVICE_WRITE:
	case CGW_OP_DEVICE_MKNOD:
		judge_number(evaluation, operation);
		return 0;
	default:
		return -EINVAL;
	}
}

int image_evaluate(const struct image *image, const struct cgw_set *set,
	const struct operation *operation, struct cgw_decision *decision)
{
	struct evaluation *evaluation = evaluation_start(image, set);
	int error = judge(evaluation, operation);

	if (!error) {
		*decision = evaluation->work.decision;
		if (evaluation->view.broken)
			*decision = (struct cgw_decision){.verdict = CGW_VERDICT_DENY,
				.reason = CGW_REASON_BAD_IMAGE,
				.rule = CGW_NO_RULE};
	}
	free(evaluation);
	return error;
}
