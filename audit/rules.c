// SPDX-License-Identifier: GPL-2.0-only
#include "rules.h"

#include <bpf/bpf.h>
#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>
#include "strbuf.h"

/* No rule, name or path in an image is longer than a line of a policy file. */
#define TEXT_LONGEST CGW_PAGE_SIZE

void rules_init(struct rules *rules, rules_open_image *open, void *context)
{
	*rules = (struct rules){
		.open = open,
		.context = context,
		.entries = xcalloc(RULES_KEPT, sizeof(*rules->entries)),
	};
	rules->newest.map = -1;
	for (size_t i = 0; i < RULES_IMAGES; i++)
		rules->images[i].map = -1;
}

static void image_drop(struct rules_image *image)
{
	if (image->map >= 0)
		close(image->map);
	*image = (struct rules_image){.map = -1};
}

void rules_free(struct rules *rules)
{
	if (!rules->entries)
		return;
	image_drop(&rules->newest);
	for (size_t i = 0; i < RULES_IMAGES; i++)
		image_drop(&rules->images[i]);
	for (size_t i = 0; i < RULES_PAGES; i++)
		free(rules->pages[i].data);
	for (size_t i = 0; i < RULES_KEPT; i++)
		free(rules->entries[i].texts);
	free(rules->entries);
	*rules = (struct rules){0};
}

/* True if the map is an array of pages: its values fit into our buffers. */
static bool is_image_map(int map)
{
	struct bpf_map_info info = {0};
	uint32_t size = sizeof(info);

	return !bpf_obj_get_info_by_fd(map, &info, &size) && info.type == BPF_MAP_TYPE_ARRAY &&
	       info.key_size == sizeof(uint32_t) && info.value_size == CGW_PAGE_SIZE;
}

static const uint8_t *page_get(struct rules *rules, const struct rules_image *image, uint32_t index)
{
	struct rules_page *page;

	for (size_t i = 0; i < RULES_PAGES; i++) {
		page = &rules->pages[i];
		if (page->generation == image->generation && page->index == index)
			return page->data;
	}
	page = &rules->pages[rules->next_page++ % RULES_PAGES];
	if (!page->data)
		page->data = xcalloc(1, CGW_PAGE_SIZE);
	page->generation = 0;
	if (bpf_map_lookup_elem(image->map, &index, page->data))
		return NULL;
	page->generation = image->generation;
	page->index = index;
	return page->data;
}

/* Bytes of the image; they may straddle pages. */
static bool image_read(struct rules *rules, const struct rules_image *image, uint64_t offset,
	void *to, size_t length)
{
	if (offset > image->header.size || length > image->header.size - offset)
		return false;
	while (length) {
		const uint8_t *page = page_get(rules, image, offset / CGW_PAGE_SIZE);
		size_t at = offset % CGW_PAGE_SIZE;
		size_t part = length < CGW_PAGE_SIZE - at ? length : CGW_PAGE_SIZE - at;

		if (!page)
			return false;
		memcpy(to, page + at, part);
		to = (uint8_t *)to + part;
		offset += part;
		length -= part;
	}
	return true;
}

/* Adds the text that begins at `offset`, with its NUL. */
static bool image_text(
	struct rules *rules, const struct rules_image *image, uint64_t offset, struct strbuf *out)
{
	size_t start = out->length;

	if (offset < image->header.text)
		return false;
	while (offset < image->header.size && out->length - start <= TEXT_LONGEST) {
		const uint8_t *page = page_get(rules, image, offset / CGW_PAGE_SIZE);
		size_t at = offset % CGW_PAGE_SIZE, length;

		if (!page)
			return false;
		length = strnlen((const char *)page + at, CGW_PAGE_SIZE - at);
		strbuf_add(out, page + at, length);
		if (length < CGW_PAGE_SIZE - at) {
			strbuf_putc(out, 0);
			return true;
		}
		offset += length;
	}
	return false;
}

static void free_page(uint8_t **page)
{
	free(*page);
}

/* Reads the header from a map that was opened as `generation`. */
static bool image_open(struct rules *rules, struct rules_image *image, uint32_t generation)
{
	struct cgw_image_header *header = &image->header;
	uint8_t *page __attribute__((cleanup(free_page))) = xcalloc(1, CGW_PAGE_SIZE);
	uint32_t zero = 0;

	image->generation = generation;
	image->map = rules->open(rules->context, generation);
	if (image->map < 0 || !is_image_map(image->map) ||
		bpf_map_lookup_elem(image->map, &zero, page))
		return false;
	memcpy(header, page, sizeof(*header));
	if (!generation)
		image->generation = header->generation;
	return header->magic == CGW_IMAGE_MAGIC && header->abi_version == CGW_ABI_VERSION &&
	       header->generation && header->generation == image->generation;
}

/* The image of that generation; NULL if there is none. */
static const struct rules_image *image_get(struct rules *rules, uint32_t generation)
{
	struct rules_image *image;

	if (!generation)
		return NULL;
	for (size_t i = 0; i < RULES_IMAGES; i++)
		if (rules->images[i].generation == generation)
			return rules->images[i].map >= 0 ? &rules->images[i] : NULL;
	image = &rules->images[rules->next_image++ % RULES_IMAGES];
	image_drop(image);
	if (image_open(rules, image, generation))
		return image;
	image_drop(image);
	image->generation = generation; /* not again before rules_retry() */
	return NULL;
}

static bool entry_read(struct rules *rules, struct rules_entry *entry, struct strbuf *texts)
{
	const struct rules_image *image = image_get(rules, entry->generation);
	struct cgw_policy policy;
	struct cgw_rule rule;

	if (!image || entry->rule >= image->header.rule_count ||
		!image_read(rules, image,
			image->header.rules + (uint64_t)entry->rule * sizeof(rule), &rule,
			sizeof(rule)) ||
		rule.key != entry->key || rule.policy >= image->header.policy_count ||
		!image_read(rules, image,
			image->header.policies + (uint64_t)rule.policy * sizeof(policy), &policy,
			sizeof(policy)))
		return false;
	entry->line = rule.line;
	return image_text(rules, image, policy.name, texts) &&
	       image_text(rules, image, rule.text, texts) &&
	       image_text(rules, image, policy.file, texts);
}

static struct rules_entry *entry_of(
	struct rules *rules, uint32_t generation, uint32_t rule, uint64_t key)
{
	uint64_t hash = (key ^ generation) * 0x9e3779b97f4a7c15ULL;
	struct rules_entry *entry = &rules->entries[(hash >> 32) % RULES_KEPT];
	struct strbuf texts = STRBUF_INIT;

	if (entry->generation == generation && entry->rule == rule && entry->key == key)
		return entry;
	free(entry->texts);
	*entry = (struct rules_entry){.key = key, .generation = generation, .rule = rule};
	if (entry_read(rules, entry, &texts))
		entry->texts = strbuf_take(&texts);
	strbuf_free(&texts);
	return entry;
}

uint32_t rules_newest(struct rules *rules)
{
	image_drop(&rules->newest);
	if (image_open(rules, &rules->newest, 0))
		return rules->newest.header.rule_count;
	image_drop(&rules->newest);
	return 0;
}

bool rules_may_have_policy(struct rules *rules, const char *name)
{
	struct strbuf text __attribute__((cleanup(strbuf_free))) = STRBUF_INIT;
	const struct rules_image *image = &rules->newest;
	struct cgw_policy policy;

	rules_newest(rules);
	if (image->map < 0)
		return true;
	for (uint64_t i = 0; i < image->header.policy_count; i++) {
		text.length = 0;
		if (!image_read(rules, image, image->header.policies + i * sizeof(policy), &policy,
			    sizeof(policy)))
			return true;
		if (!(policy.flags & CGW_POLICY_PRESENT))
			continue;
		if (!image_text(rules, image, policy.name, &text) || !strcmp(text.data, name))
			return true;
	}
	return false;
}

bool rules_newest_key(struct rules *rules, uint32_t rule, uint64_t *key)
{
	const struct rules_image *image = &rules->newest;

	return image_read(rules, image,
		image->header.rules + (uint64_t)rule * sizeof(struct cgw_rule) +
			offsetof(struct cgw_rule, key),
		key, sizeof(*key));
}

struct rule_info rules_newest_rule(struct rules *rules, uint32_t rule, uint64_t key)
{
	return rules_find(rules, rules->newest.generation, rule, key);
}

struct rule_info rules_find(struct rules *rules, uint32_t generation, uint32_t rule, uint64_t key)
{
	const struct rules_entry *entry;
	struct rule_info info = {0};

	if (!key)
		return info;
	entry = entry_of(rules, generation, rule, key);
	if (!entry->texts)
		return info;
	info.policy = entry->texts;
	info.text = info.policy + strlen(info.policy) + 1;
	info.file = info.text + strlen(info.text) + 1;
	info.line = entry->line;
	return info;
}

void rules_retry(struct rules *rules)
{
	for (size_t i = 0; i < RULES_IMAGES; i++)
		if (rules->images[i].generation && rules->images[i].map < 0)
			rules->images[i].generation = 0;
	for (size_t i = 0; i < RULES_KEPT; i++)
		if (rules->entries[i].generation && !rules->entries[i].texts)
			rules->entries[i].generation = 0;
}

void rules_hold(struct rules *rules)
{
	uint32_t count = rules_newest(rules);

	if (count)
		image_get(rules, rules->newest.generation);
}
