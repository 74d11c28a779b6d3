// SPDX-License-Identifier: GPL-2.0-only
#include "inforce.h"

#include <bpf/bpf.h>
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>
#include "broker.h"
#include "names.h"
#include "session.h"

static void print(const struct diagnostics *diags)
{
	struct strbuf text __attribute__((cleanup(strbuf_free))) = STRBUF_INIT;

	for (size_t i = 0; i < diags->count; i++)
		if (diags->items[i].severity == SEVERITY_ERROR)
			diagnostic_print(&diags->items[i], &text);
	fputs(strbuf_text(&text), stderr);
}

static void free_text(char **text)
{
	free(*text);
}

/* A whole regular file; NULL with errno. */
static char *read_file(const char *name, size_t *length)
{
	struct strbuf text = STRBUF_INIT;
	struct stat status;
	FILE *file = fopen(name, "re");
	char block[4096];
	size_t got;

	if (!file)
		return NULL;
	if (fstat(fileno(file), &status) || !S_ISREG(status.st_mode)) {
		fclose(file);
		errno = EINVAL;
		return NULL;
	}
	while ((got = fread(block, 1, sizeof(block), file)) && text.length <= POLICY_FILE_MAX)
		strbuf_add(&text, block, got);
	fclose(file);
	*length = text.length;
	return strbuf_take(&text);
}

static struct inforce_text *add_text(struct inforce *inforce, const char *policy, const char *file)
{
	struct inforce_text *text;

	ARRAY_GROW(inforce->texts, inforce->text_count, inforce->text_room);
	text = &inforce->texts[inforce->text_count++];
	*text = (struct inforce_text){.policy = xstrdup(policy), .file = xstrdup(file)};
	return text;
}

void inforce_free(struct inforce *inforce)
{
	for (size_t i = 0; i < inforce->text_count; i++) {
		free(inforce->texts[i].policy);
		free(inforce->texts[i].file);
		free(inforce->texts[i].text);
	}
	free(inforce->texts);
	policies_free(&inforce->policies);
	image_free(&inforce->image);
	*inforce = (struct inforce){0};
}

const struct inforce_text *inforce_text(const struct inforce *inforce, const char *policy)
{
	for (size_t i = 0; i < inforce->text_count; i++)
		if (!strcmp(inforce->texts[i].policy, policy))
			return &inforce->texts[i];
	return NULL;
}

/* ---- files ---- */

int inforce_read(struct inforce *inforce, const struct scan_list *paths)
{
	struct diagnostics diags = {0};
	char **list = xcalloc(paths->count, sizeof(*list));
	int result;

	for (size_t i = 0; i < paths->count; i++)
		list[i] = (char *)paths->items[i];
	result = policies_read(&inforce->policies, list, paths->count, &diags);
	if (!result)
		result = policies_compile(
			&inforce->image, &inforce->policies, NULL, NULL, 0, &diags);
	print(&diags);
	diagnostics_free(&diags);
	free(list);
	for (size_t i = 0; !result && i < inforce->policies.count; i++) {
		const struct policy *policy = inforce->policies.items[i];
		struct inforce_text *text = add_text(inforce, policy->name, policy->file);

		text->is_file = true;
		text->text = read_file(policy->file, &text->length);
		if (text->text)
			continue;
		result = -errno;
		message("failed to read '%s': %s", policy->file, strerror(-result));
	}
	return result == -1 ? -EINVAL : result;
}

/* ---- what is in force ---- */

/* Reads the newest image. 0 or -errno. */
static int image_load(struct image *image, const char *bpffs)
{
	struct broker broker = {.dir = bpffs, .socket = -1};
	struct bpf_map_info info = {0};
	uint32_t size = sizeof(info);
	int map, result = 0;

	map = broker_open_image(&broker, 0);
	if (map < 0)
		return map;
	if (bpf_obj_get_info_by_fd(map, &info, &size) || info.type != BPF_MAP_TYPE_ARRAY ||
		info.value_size != CGW_PAGE_SIZE || info.max_entries > CGW_PAGES_MAX) {
		close(map);
		return -EPROTO;
	}
	image->size = info.max_entries * CGW_PAGE_SIZE;
	image->data = xcalloc(info.max_entries, CGW_PAGE_SIZE);
	for (uint32_t page = 0; !result && page < info.max_entries; page++)
		if (bpf_map_lookup_elem(map, &page, image->data + page * CGW_PAGE_SIZE))
			result = -errno;
	close(map);
	return result;
}

/* The text of a policy as its image tells it; NULL if a rule does not tell its section. */
static char *text_of(const struct image *image, uint32_t slot, size_t *length)
{
	const struct cgw_policy *policy = image_policy(image, slot);
	struct strbuf text = STRBUF_INIT;
	uint32_t section = 0;

	strbuf_printf(&text, "[policy]\nname = %s\ncgroup = %s\nmode = %s\n",
		image_text(image, policy->name), image_text(image, policy->selectors),
		policy->flags & CGW_POLICY_AUDIT ? "audit" : "enforce");
	for (uint32_t i = 0; i < image_header(image)->rule_count; i++) {
		const struct cgw_rule *rule = image_rule(image, i);
		const char *words = image_text(image, rule->text);
		size_t action = strcspn(words, " ");

		if (rule->policy != slot)
			continue;
		if (!CGW_RULE_SECTION(rule->flags)) {
			strbuf_free(&text);
			return NULL;
		}
		if (CGW_RULE_SECTION(rule->flags) != section)
			strbuf_printf(&text, "\n[%s]\n",
				cgw_name_of(cgw_section_names, CGW_RULE_SECTION(rule->flags)));
		section = CGW_RULE_SECTION(rule->flags);
		strbuf_printf(&text, "%.*s = %s\n", (int)action, words, words + action + 1);
	}
	*length = text.length;
	return strbuf_take(&text);
}

/* Adds the policy that a text makes. 0 or -1 with diags. */
static int parse(struct policies *policies, const char *file, const char *text, size_t length,
	struct diagnostics *diags)
{
	return policies_read_text(policies, file, text, length, diags);
}

/* True if a text says what the image does: the same name, mode, cgroups and rules. */
static bool is_in_force(const struct image *image, uint32_t slot, const char *text, size_t length)
{
	char *wanted __attribute__((cleanup(free_text)));
	struct policies policies = {0}, other = {0};
	struct strbuf one = STRBUF_INIT, two = STRBUF_INIT;
	struct diagnostics diags = {0};
	size_t wanted_length;
	bool same = false;

	wanted = text_of(image, slot, &wanted_length);
	if (wanted && !parse(&policies, "file", text, length, &diags) &&
		!parse(&other, "image", wanted, wanted_length, &diags)) {
		policies.items[0]->warn_missing = false;
		policies.items[0]->seal = other.items[0]->seal;
		policy_print(policies.items[0], &one);
		policy_print(other.items[0], &two);
		same = !strcmp(one.data, two.data);
	}
	strbuf_free(&one);
	strbuf_free(&two);
	policies_free(&policies);
	policies_free(&other);
	diagnostics_free(&diags);
	return same;
}

static int live_text(struct inforce *inforce, uint32_t slot)
{
	const struct image *image = &inforce->image;
	const struct cgw_policy *policy = image_policy(image, slot);
	const char *name = image_text(image, policy->name), *file = image_text(image, policy->file);
	struct inforce_text *text = add_text(inforce, name, file);
	char *made;

	text->text = read_file(file, &text->length);
	text->is_file = text->text && is_in_force(image, slot, text->text, text->length);
	if (text->is_file)
		return 0;
	made = text_of(image, slot, &text->length);
	free(text->text);
	text->text = made;
	if (made) {
		message("warning: '%s' does not say what is in force as policy '%s': the "
			"difference is to what is in force",
			file, name);
		return 0;
	}
	message("the ruleset in force was applied by an older cgward, and its policy '%s' cannot "
		"be told from it\n  give its file with --policy, or apply it again",
		name);
	return -EPROTO;
}

/* The policies of the texts, so that those who ask find rules in them. */
static int live_parse(struct inforce *inforce)
{
	struct diagnostics diags = {0};
	int result = 0;

	for (size_t i = 0; !result && i < inforce->text_count; i++)
		result = parse(&inforce->policies, inforce->texts[i].file, inforce->texts[i].text,
			inforce->texts[i].length, &diags);
	policies_lint(&inforce->policies, &diags);
	if (diags.errors)
		result = -EPROTO;
	print(&diags);
	diagnostics_free(&diags);
	return result;
}

int inforce_live(struct inforce *inforce, const char *bpffs)
{
	const char *why;
	int result = image_load(&inforce->image, bpffs);

	if (!result && image_verify(inforce->image.data, inforce->image.size, &why))
		result = -EPROTO;
	if (result) {
		message("failed to read the ruleset in force at '%s': %s\n  --policy PATH names "
			"policies instead; --bpffs DIR another instance",
			bpffs, strerror(-result));
		return result;
	}
	for (uint32_t slot = 0; !result && slot < image_header(&inforce->image)->policy_count;
		slot++)
		if (image_policy(&inforce->image, slot)->flags & CGW_POLICY_PRESENT)
			result = live_text(inforce, slot);
	return result ? result : live_parse(inforce);
}

int inforce_compile(struct image *image, const struct inforce *inforce, char *const *texts,
	struct diagnostics *diags)
{
	struct policies policies = {0};
	int result = 0;

	for (size_t i = 0; !result && i < inforce->text_count; i++)
		result =
			parse(&policies, inforce->texts[i].file, texts[i], strlen(texts[i]), diags);
	if (!result) {
		policies_lint(&policies, diags);
		result = diags->errors ? -1
				       : policies_compile(
						 image, &policies, &inforce->image, NULL, 0, diags);
	}
	policies_free(&policies);
	return result;
}
