/* SPDX-License-Identifier: GPL-2.0-only */
#include "changes.h"

#include <stdlib.h>
#include <string.h>
#include "attachments.h"
#include "config.h"
#include "output.h"
#include "strbuf.h"

/* One line of a ruleset in comparable form. */
struct item {
	const char *policy;
	const char *what; /* NULL: the policy itself */
	bool property;	  /* mode or selectors: a difference is a change of the policy, not of its
			     rules */
};

static int compare(const void *a, const void *b)
{
	const struct item *x = a, *y = b;
	int order = strcmp(x->policy, y->policy);

	if (order)
		return order;
	if (!x->what || !y->what)
		return (x->what != NULL) - (y->what != NULL);
	order = y->property - x->property;
	return order ? order : strcmp(x->what, y->what);
}

static void add(struct item **items, size_t *count, size_t *room, struct item item)
{
	ARRAY_GROW(*items, *count, *room);
	(*items)[(*count)++] = item;
}

/* The lines of an image, sorted. The caller frees. */
static struct item *list(const struct image *image, size_t *count)
{
	struct item *items = NULL;
	size_t room = 0;

	*count = 0;
	if (!image->data)
		return NULL;
	for (uint32_t slot = 0; slot < image_header(image)->policy_count; slot++) {
		const struct cgw_policy *policy = image_policy(image, slot);
		const char *name = image_text(image, policy->name);

		if (!(policy->flags & CGW_POLICY_PRESENT))
			continue;
		add(&items, count, &room, (struct item){name, NULL, false});
		add(&items, count, &room,
			(struct item){name,
				policy->flags & CGW_POLICY_AUDIT ? "mode = audit"
								 : "mode = enforce",
				true});
		add(&items, count, &room,
			(struct item){name, image_text(image, policy->selectors), true});
	}
	for (uint32_t i = 0; i < image_header(image)->rule_count; i++) {
		const struct cgw_rule *rule = image_rule(image, i);
		const char *policy = image_text(image, image_policy(image, rule->policy)->name);

		add(&items, count, &room,
			(struct item){policy, image_text(image, rule->text), false});
	}
	if (*count)
		qsort(items, *count, sizeof(*items), compare);
	return items;
}

static void record(struct changes *changes, enum change_kind kind, const struct item *item)
{
	/* Of a policy that comes or goes as a whole its rules are not told one by one. */
	const struct change *last = changes->count ? &changes->items[changes->count - 1] : NULL;

	if (last && !last->what && last->kind == kind && !strcmp(last->policy, item->policy))
		return;
	if (item->property && kind == CHANGE_REMOVED)
		return; /* its new value is told */
	ARRAY_GROW(changes->items, changes->count, changes->room);
	changes->items[changes->count++] =
		(struct change){item->property ? CHANGE_ALTERED : kind, item->policy, item->what};
}

/* With a text of its own, which it takes over. */
static void record_text(
	struct changes *changes, enum change_kind kind, const char *policy, struct strbuf *text)
{
	ARRAY_GROW(changes->texts, changes->text_count, changes->text_room);
	changes->texts[changes->text_count++] = strbuf_take(text);
	ARRAY_GROW(changes->items, changes->count, changes->room);
	changes->items[changes->count++] =
		(struct change){kind, policy, changes->texts[changes->text_count - 1]};
}

static void find_settings(struct changes *changes, struct cgw_settings old, struct cgw_settings new)
{
	for (int i = 0; config_keys[i]; i++) {
		const char *value = config_value(&new, config_keys[i]);
		struct strbuf text = STRBUF_INIT;

		if (!strcmp(value, config_value(&old, config_keys[i])))
			continue;
		strbuf_printf(&text, "%s = %s", config_keys[i], value);
		record_text(changes, CHANGE_ALTERED, NULL, &text);
	}
}

/* Those of policies that stay: with a policy go its attachments. */
static void find_attachments(
	struct changes *changes, const struct image *old, const struct image *new)
{
	struct attachments olds __attribute__((cleanup(attachments_free))) = {};
	struct attachments news __attribute__((cleanup(attachments_free))) = {};

	attachments_read(&olds, old);
	attachments_read(&news, new);
	for (size_t i = 0; i < olds.count; i++) {
		const struct attachment *item = &olds.items[i];
		struct strbuf text = STRBUF_INIT;

		if (image_slot(new, item->policy) < 0 ||
			attachments_drop(&news, item->cgroup_id, item->policy))
			continue;
		strbuf_printf(&text, "attached cgroup %s", item->path);
		record_text(changes, CHANGE_REMOVED, item->policy, &text);
	}
}

void changes_find(struct changes *changes, const struct image *old, const struct image *new)
{
	size_t old_count, new_count, o = 0, n = 0;
	struct item *olds = list(old, &old_count), *news = list(new, &new_count);

	*changes = (struct changes){};
	while (o < old_count || n < new_count) {
		int order = o == old_count ? 1 : n == new_count ? -1 : compare(&olds[o], &news[n]);

		if (order < 0)
			record(changes, CHANGE_REMOVED, &olds[o]);
		else if (order > 0)
			record(changes, CHANGE_ADDED, &news[n]);
		o += order <= 0;
		n += order >= 0;
	}
	free(olds);
	free(news);
	if (!old->data)
		return;
	find_attachments(changes, old, new);
	find_settings(changes, image_settings(old), image_settings(new));
}

void changes_free(struct changes *changes)
{
	for (size_t i = 0; i < changes->text_count; i++)
		free(changes->texts[i]);
	free(changes->texts);
	free(changes->items);
	*changes = (struct changes){};
}

static const char *const signs[] = {
	[CHANGE_ADDED] = "+", [CHANGE_REMOVED] = "-", [CHANGE_ALTERED] = "~"};
static const char *const words[] = {
	[CHANGE_ADDED] = "added", [CHANGE_REMOVED] = "removed", [CHANGE_ALTERED] = "altered"};

void changes_print(const struct changes *changes)
{
	for (size_t i = 0; i < changes->count; i++) {
		const struct change *change = &changes->items[i];

		if (!change->what) {
			output_print("%s policy %s\n", signs[change->kind], change->policy);
			continue;
		}
		char *what __attribute__((cleanup(output_text_free))) =
			output_escape(change->what, strlen(change->what));

		output_print("%s %s: %s\n", signs[change->kind],
			change->policy ? change->policy : "[cgward]", what);
	}
}

void changes_json(const struct changes *changes, struct json *json)
{
	json_array_begin(json, "changes");
	for (size_t i = 0; i < changes->count; i++) {
		json_object_begin(json, NULL);
		json_text(json, "change", words[changes->items[i].kind]);
		json_text(json, "policy", changes->items[i].policy);
		json_text(json, "what", changes->items[i].what);
		json_object_end(json);
	}
	json_array_end(json);
}
