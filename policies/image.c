// SPDX-License-Identifier: GPL-2.0-only
/* image.c - the frame of an image: checksum, generation, and the cgroups attached by hand. */
#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "compiler.h"
#include "strbuf.h"

void image_free(struct image *image)
{
	free(image->data);
	*image = (struct image){0};
}

static const uint64_t fnv_start = 0xcbf29ce484222325ULL;

static uint64_t fnv(uint64_t hash, const void *bytes, size_t length)
{
	const uint8_t *at = bytes;

	for (size_t i = 0; i < length; i++)
		hash = (hash ^ at[i]) * 0x100000001b3ULL;
	return hash;
}

uint64_t rule_key(const char *policy, const char *text)
{
	return fnv(fnv(fnv_start, policy, strlen(policy) + 1), text, strlen(text));
}

uint64_t image_checksum(const void *data, size_t size)
{
	struct cgw_image_header header = *(const struct cgw_image_header *)data;

	header.checksum = 0;
	header.generation = 0;
	return fnv(fnv(fnv_start, &header, sizeof(header)), (const uint8_t *)data + sizeof(header),
		size - sizeof(header));
}

void image_seal(struct image *image, uint32_t generation)
{
	struct cgw_image_header *header = (struct cgw_image_header *)image->data;

	header->generation = generation;
	header->checksum = image_checksum(image->data, image->size);
}

int image_finish(struct image *image, struct builder *builder, struct cgw_image_header *header)
{
	builder_reserve(builder, 0, CGW_PAGE_SIZE);
	if (builder->full)
		return -E2BIG;
	header->size = builder->length;
	header->checksum = 0;
	header->generation = 0;
	memcpy(builder->data, header, sizeof(*header));
	header->checksum = image_checksum(builder->data, builder->length);
	memcpy(builder->data, header, sizeof(*header));
	image->data = xrealloc(builder->data, builder->length, 1);
	image->size = builder->length;
	builder->data = NULL;
	builder->length = builder->room = 0;
	return 0;
}

/* ---- attachments ---- */

int image_slot(const struct image *image, const char *name)
{
	for (uint32_t slot = 0; slot < image_header(image)->policy_count; slot++) {
		const struct cgw_policy *policy = image_policy(image, slot);

		if (policy->flags & CGW_POLICY_PRESENT &&
			!strcmp(image_text(image, policy->name), name))
			return slot;
	}
	return -1;
}

/* One pair of cgroup and policy. */
struct pair {
	uint64_t cgroup_id;
	const char *path;
	uint32_t slot;
};

/* By cgroup; of several spellings of its path the least counts, whatever their order. */
static int compare_pairs(const void *a, const void *b)
{
	const struct pair *left = a, *right = b;

	if (left->cgroup_id != right->cgroup_id)
		return left->cgroup_id < right->cgroup_id ? -1 : 1;
	return strcmp(left->path, right->path);
}

static int make_pairs(struct pair **pairs, const struct image *image,
	const struct attachment *attachments, size_t count)
{
	struct pair *result = xcalloc(count + 1, sizeof(*result));

	for (size_t i = 0; i < count; i++) {
		int slot = image_slot(image, attachments[i].policy);

		if (slot < 0) {
			free(result);
			return -EINVAL;
		}
		result[i] = (struct pair){.cgroup_id = attachments[i].cgroup_id,
			.path = attachments[i].path,
			.slot = slot};
	}
	qsort(result, count, sizeof(*result), compare_pairs);
	*pairs = result;
	return 0;
}

/*
 * Adds the attachments and their sets; their paths go to *paths, places relative to the end of the
 * other texts.
 */
static int write_attachments(struct builder *builder, struct cgw_image_header *header,
	const struct pair *pairs, size_t count, struct strbuf *paths)
{
	struct cgw_attachment *records = xcalloc(count + 1, sizeof(*records));
	size_t found = 0;

	for (size_t i = 0; i < count; i++)
		found += !i || pairs[i].cgroup_id != pairs[i - 1].cgroup_id;
	header->attachment_count = found;
	header->attachments = builder_reserve(builder, found * sizeof(*records), 8);
	found = 0;
	for (size_t i = 0, next; i < count; i = next) {
		struct cgw_set set = {0};

		for (next = i; next < count && pairs[next].cgroup_id == pairs[i].cgroup_id; next++)
			slot_set_add(&set, pairs[next].slot);
		records[found++] = (struct cgw_attachment){.cgroup_id = pairs[i].cgroup_id,
			.set = builder_share(builder, &set, sizeof(set), sizeof(set)),
			.path = paths->length};
		strbuf_add(paths, pairs[i].path, strlen(pairs[i].path) + 1);
	}
	if (!builder->full)
		memcpy(builder->data + header->attachments, records, found * sizeof(*records));
	free(records);
	return builder->full || found > IMAGE_ATTACHMENTS_MAX ? -E2BIG : 0;
}

/* Where the texts of policies and rules end; those of attachments stand behind. */
static uint32_t end_of_texts(const struct image *image)
{
	const struct cgw_image_header *header = image_header(image);
	uint32_t end = header->text;

	for (uint32_t slot = 0; slot < header->policy_count; slot++) {
		const struct cgw_policy *policy = image_policy(image, slot);
		const uint32_t texts[3] = {policy->name, policy->file, policy->selectors};

		for (int i = 0; i < 3; i++)
			if (texts[i] >= end)
				end = texts[i] + strlen(image_text(image, texts[i])) + 1;
	}
	for (uint32_t i = 0; i < header->rule_count; i++) {
		uint32_t text = image_rule(image, i)->text;

		if (text >= end)
			end = text + strlen(image_text(image, text)) + 1;
	}
	return end;
}

/* The texts have moved by `shift`; the paths of attachments stand behind `paths`. */
static void move_texts(
	uint8_t *data, const struct cgw_image_header *header, uint32_t shift, uint32_t paths)
{
	struct cgw_policy *policies = (struct cgw_policy *)(data + header->policies);
	struct cgw_rule *rules = (struct cgw_rule *)(data + header->rules);
	struct cgw_attachment *attachments = (struct cgw_attachment *)(data + header->attachments);

	for (uint32_t i = 0; i < header->policy_count; i++) {
		if (!policies[i].flags)
			continue;
		policies[i].name += shift;
		policies[i].file += shift;
		policies[i].selectors += shift;
	}
	for (uint32_t i = 0; i < header->rule_count; i++)
		rules[i].text += shift;
	for (uint32_t i = 0; i < header->attachment_count; i++)
		attachments[i].path += paths;
}

static int attach(struct builder *builder, struct cgw_image_header *header,
	const struct image *image, const struct pair *pairs, size_t count)
{
	struct strbuf paths __attribute__((cleanup(strbuf_free))) = STRBUF_INIT;
	uint32_t end = header->attachment_count ? header->attachments : header->text;
	uint32_t old_text = header->text, length = end_of_texts(image) - old_text;

	builder_add(builder, image->data, end, 8);
	header->attachments = 0;
	header->attachment_count = 0;
	if (count && write_attachments(builder, header, pairs, count, &paths))
		return -E2BIG;
	header->text = builder_add(builder, image->data + old_text, length, 8);
	builder_add(builder, strbuf_text(&paths), paths.length + 1, 1);
	if (builder->full)
		return -E2BIG;
	move_texts(builder->data, header, header->text - old_text, header->text + length);
	return 0;
}

int image_attach(struct image *out, const struct image *image, const struct attachment *attachments,
	size_t count)
{
	struct cgw_image_header header = *image_header(image);
	struct builder builder = {0};
	struct pair *pairs;
	int error = make_pairs(&pairs, image, attachments, count);

	if (error)
		return error;
	error = attach(&builder, &header, image, pairs, count);
	if (!error)
		error = image_finish(out, &builder, &header);
	builder_free(&builder);
	free(pairs);
	return error;
}
