/* SPDX-License-Identifier: GPL-2.0-only */
#include "attachments.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include "cgroup.h"
#include "output.h"
#include "strbuf.h"

void attachments_free(struct attachments *attachments)
{
	free(attachments->items);
	*attachments = (struct attachments){};
}

static struct attachment *find(
	const struct attachments *attachments, uint64_t id, const char *policy)
{
	for (size_t i = 0; i < attachments->count; i++)
		if (attachments->items[i].cgroup_id == id &&
			!strcmp(attachments->items[i].policy, policy))
			return &attachments->items[i];
	return NULL;
}

bool attachments_add(struct attachments *attachments, const struct attachment *attachment)
{
	if (find(attachments, attachment->cgroup_id, attachment->policy))
		return false;
	ARRAY_GROW(attachments->items, attachments->count, attachments->room);
	attachments->items[attachments->count++] = *attachment;
	return true;
}

bool attachments_drop(struct attachments *attachments, uint64_t cgroup_id, const char *policy)
{
	struct attachment *item = find(attachments, cgroup_id, policy);

	if (!item)
		return false;
	*item = attachments->items[--attachments->count];
	return true;
}

void attachments_read(struct attachments *attachments, const struct image *image)
{
	const struct cgw_image_header *header = image_header(image);
	const struct cgw_attachment *entries = (const void *)(image->data + header->attachments);

	for (uint32_t i = 0; i < header->attachment_count; i++) {
		const struct cgw_set *set = (const void *)(image->data + entries[i].set);

		for (uint32_t slot = 0; slot < header->policy_count; slot++) {
			struct attachment attachment = {
				.cgroup_id = entries[i].cgroup_id,
				.path = image_text(image, entries[i].path),
				.policy = image_text(image, image_policy(image, slot)->name),
			};

			if (set->word[slot / 64] >> (slot % 64) & 1)
				attachments_add(attachments, &attachment);
		}
	}
}

static bool is_known(const struct policies *policies, const char *name)
{
	for (size_t i = 0; i < policies->count; i++)
		if (!strcmp(policies->items[i]->name, name))
			return true;
	return false;
}

void attachments_keep_known(struct attachments *attachments, const struct policies *policies)
{
	for (size_t i = 0; i < attachments->count;) {
		struct attachment *item = &attachments->items[i];

		if (is_known(policies, item->policy)) {
			i++;
			continue;
		}
		output_warning("cgroup '%s' was attached to policy %s, which the ruleset no longer "
			       "has: detached",
			item->path, item->policy);
		*item = attachments->items[--attachments->count];
	}
}

/* Cgroups of v2 cannot be renamed: what has gone from its place is gone. What cannot be told stays.
 */
static bool is_gone(const struct attachment *item, const char *root)
{
	struct strbuf directory __attribute__((cleanup(strbuf_free))) = STRBUF_INIT;
	uint64_t id;
	int err;

	strbuf_printf(&directory, "%s%s", root, item->path);
	err = cgroup_id_of(directory.data, &id);
	return err ? err == -ENOENT : id != item->cgroup_id;
}

void attachments_keep_living(struct attachments *attachments, const char *root, uint64_t root_id)
{
	uint64_t id;

	if (cgroup_id_of(root, &id) || id != root_id)
		return;
	for (size_t i = 0; i < attachments->count;) {
		if (is_gone(&attachments->items[i], root))
			attachments->items[i] = attachments->items[--attachments->count];
		else
			i++;
	}
}
