// SPDX-License-Identifier: GPL-2.0-only
#include "rules.h"

#include <bpf/bpf.h>
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>
#include "compile.h"

/* What an event needs of an image: the image itself may have many MiB. */
struct ruleset {
	uint32_t generation;
	uint32_t rule_count; /* 0: the image could not be read */
	uint32_t policy_count;
	struct cgw_rule *rules;
	struct cgw_policy *policies;
	char *text;
	uint32_t text_offset; /* of text in the image */
};

static void ruleset_free(struct ruleset *ruleset)
{
	if (!ruleset)
		return;
	free(ruleset->rules);
	free(ruleset->policies);
	free(ruleset->text);
	free(ruleset);
}

void rules_init(struct rules *rules, const char *images)
{
	*rules = (struct rules){.images = images};
}

void rules_free(struct rules *rules)
{
	for (size_t i = 0; i < RULES_KEPT; i++)
		ruleset_free(rules->kept[i]);
	*rules = (struct rules){0};
}

static void close_fd(int *fd)
{
	if (*fd >= 0)
		close(*fd);
}

static void *copy(const void *from, size_t size)
{
	void *to = xcalloc(size, 1);

	memcpy(to, from, size);
	return to;
}

/* Reads an array map page by page. */
static int image_read(struct image *image, int map)
{
	struct cgw_image_header header;
	uint8_t *data = NULL;
	uint32_t pages = 1;

	for (uint32_t page = 0; page < pages; page++) {
		data = xrealloc(data, page + 1, CGW_PAGE_SIZE);
		if (bpf_map_lookup_elem(map, &page, data + (size_t)page * CGW_PAGE_SIZE))
			goto fail;
		if (page)
			continue;
		memcpy(&header, data, sizeof(header));
		pages = header.size / CGW_PAGE_SIZE;
		if (header.magic != CGW_IMAGE_MAGIC || !pages || pages > CGW_PAGES_MAX)
			goto fail;
	}
	image->data = data;
	image->size = pages * CGW_PAGE_SIZE;
	return 0;
fail:
	free(data);
	return -EINVAL;
}

/* True if the map is an array of pages: its values fit into our buffer. */
static bool is_image_map(int map)
{
	struct bpf_map_info info = {0};
	uint32_t size = sizeof(info);

	return !bpf_obj_get_info_by_fd(map, &info, &size) && info.type == BPF_MAP_TYPE_ARRAY &&
	       info.key_size == sizeof(uint32_t) && info.value_size == CGW_PAGE_SIZE;
}

static void ruleset_fill(struct ruleset *ruleset, const struct image *image)
{
	const struct cgw_image_header *header = image_header(image);

	ruleset->rule_count = header->rule_count;
	ruleset->policy_count = header->policy_count;
	ruleset->text_offset = header->text;
	ruleset->rules =
		copy(image->data + header->rules, header->rule_count * sizeof(struct cgw_rule));
	ruleset->policies = copy(
		image->data + header->policies, header->policy_count * sizeof(struct cgw_policy));
	ruleset->text = copy(image->data + header->text, header->size - header->text);
}

static struct ruleset *ruleset_load(const char *images, uint32_t generation)
{
	struct ruleset *ruleset = xcalloc(1, sizeof(*ruleset));
	struct image image __attribute__((cleanup(image_free))) = {0};
	int map __attribute__((cleanup(close_fd))) = -1;
	char path[4096 + 16];
	const char *why;

	ruleset->generation = generation;
	if (snprintf(path, sizeof(path), "%s/%u", images, generation) >= (int)sizeof(path))
		return ruleset;
	map = bpf_obj_get(path);
	if (map < 0 || !is_image_map(map) || image_read(&image, map))
		return ruleset;
	if (image_verify(image.data, image.size, &why) ||
		image_header(&image)->generation != generation)
		return ruleset;
	ruleset_fill(ruleset, &image);
	return ruleset;
}

/* The ruleset of that generation, moved to the front. */
static const struct ruleset *ruleset_get(struct rules *rules, uint32_t generation)
{
	struct ruleset *found = NULL;
	size_t i;

	for (i = 0; i < RULES_KEPT && rules->kept[i]; i++) {
		if (rules->kept[i]->generation == generation) {
			found = rules->kept[i];
			break;
		}
	}
	if (!found) {
		found = ruleset_load(rules->images, generation);
		if (i == RULES_KEPT)
			ruleset_free(rules->kept[--i]);
	}
	memmove(&rules->kept[1], &rules->kept[0], i * sizeof(rules->kept[0]));
	rules->kept[0] = found;
	return found;
}

/* image_verify() has seen to it that texts lie where they should and end. */
static const char *ruleset_text(const struct ruleset *ruleset, uint32_t offset)
{
	return ruleset->text + (offset - ruleset->text_offset);
}

struct rule_info rules_find(struct rules *rules, uint32_t generation, uint32_t rule, uint64_t key)
{
	const struct ruleset *ruleset = ruleset_get(rules, generation);
	const struct cgw_policy *policy;
	const struct cgw_rule *row;

	if (rule >= ruleset->rule_count || ruleset->rules[rule].key != key)
		return (struct rule_info){0};
	row = &ruleset->rules[rule];
	policy = &ruleset->policies[row->policy];
	return (struct rule_info){
		.policy = ruleset_text(ruleset, policy->name),
		.text = ruleset_text(ruleset, row->text),
		.file = ruleset_text(ruleset, policy->file),
		.line = row->line,
	};
}

void rules_retry(struct rules *rules)
{
	size_t kept = 0;

	for (size_t i = 0; i < RULES_KEPT; i++) {
		struct ruleset *ruleset = rules->kept[i];

		rules->kept[i] = NULL;
		if (ruleset && !ruleset->rule_count)
			ruleset_free(ruleset);
		else
			rules->kept[kept++] = ruleset;
	}
}
