/* SPDX-License-Identifier: GPL-2.0-only */
#include "publish.h"

#include <bpf/bpf.h>
#include <dirent.h>
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>
#include "guard.h"
#include "hooks.h"
#include "output.h"

static int by_number_descending(const void *a, const void *b)
{
	const uint32_t *x = a, *y = b;

	return (*x < *y) - (*x > *y);
}

/* The generations pinned in images/, greatest first. The caller frees. */
static size_t pinned_generations(const struct instance *instance, uint32_t **list)
{
	DIR *dir = opendir(instance_path(instance, "images", ""));
	struct dirent *entry;
	size_t count = 0, room = 0;

	*list = NULL;
	while (dir && (entry = readdir(dir))) {
		char *end;
		unsigned long number = strtoul(entry->d_name, &end, 10);

		if (*end || !number || number > UINT32_MAX)
			continue;
		ARRAY_GROW(*list, count, room);
		(*list)[count++] = number;
	}
	if (dir)
		closedir(dir);
	if (count)
		qsort(*list, count, sizeof(**list), by_number_descending);
	return count;
}

static const char *image_pin(const struct instance *instance, uint32_t generation)
{
	char name[16];

	snprintf(name, sizeof(name), "%u", generation);
	return instance_path(instance, "images", name);
}

static uint64_t image_bytes(const struct instance *instance, uint32_t generation)
{
	int map = bpf_obj_get(image_pin(instance, generation));
	struct bpf_map_info info = {};
	__u32 length = sizeof(info);

	if (map < 0)
		return 0;
	if (bpf_obj_get_info_by_fd(map, &info, &length))
		info.max_entries = 0;
	close(map);
	return (uint64_t)info.max_entries * info.value_size;
}

/* Keeps the newest few, and none that is newer than the one in force: those never were. */
static void prune_images(const struct instance *instance, uint32_t in_force)
{
	uint32_t *list;
	size_t count = pinned_generations(instance, &list), kept = 0;
	uint64_t bytes = 0;

	for (size_t i = 0; i < count; i++) {
		bool old = list[i] <= in_force && ++kept > IMAGES_KEPT;

		if (list[i] < in_force)
			bytes += image_bytes(instance, list[i]);
		if (list[i] <= in_force && !old && bytes <= IMAGES_BYTES_MAX)
			continue;
		if (list[i] < in_force && !old)
			output_warning("ruleset %u is kept no longer, because it is large: events "
				       "of it that have not been read will lack their rules",
				list[i]);
		unlink(image_pin(instance, list[i]));
	}
	free(list);
}

/* Cached scopes are known by their generation: a number that was in force is never given again. */
static uint32_t next_generation(const struct instance *instance, const struct image *in_force)
{
	uint32_t *list, last = in_force ? image_header(in_force)->generation : 0;

	if (pinned_generations(instance, &list) && list[0] > last)
		last = list[0];
	free(list);
	return last + 1;
}

/* A frozen map with the image in it. A descriptor or -errno. */
static int make_map(const struct image *image)
{
	LIBBPF_OPTS(bpf_map_create_opts, opts, .map_flags = BPF_F_INNER_MAP | BPF_F_RDONLY_PROG);
	__u32 pages = image->size >> CGW_PAGE_SHIFT;
	int fd = bpf_map_create(
		BPF_MAP_TYPE_ARRAY, "cgward_image", sizeof(__u32), CGW_PAGE_SIZE, pages, &opts);
	int err = fd < 0 ? -errno : 0;

	for (__u32 page = 0; !err && page < pages; page++)
		if (bpf_map_update_elem(
			    fd, &page, image->data + ((size_t)page << CGW_PAGE_SHIFT), BPF_ANY))
			err = -errno;
	if (!err && bpf_map_freeze(fd))
		err = -errno;
	if (!err)
		return fd;
	output_failure("make", "the map of the ruleset", err, NULL);
	if (fd >= 0)
		close(fd);
	return err;
}

static int compare_keys(const void *a, const void *b)
{
	const uint64_t *x = a, *y = b;

	return (*x > *y) - (*x < *y);
}

/* Removes the counters of all rules but those of the images (either may be NULL). */
static void prune_counters(
	const struct instance *instance, const struct image *image, const struct image *other)
{
	const struct image *images[] = {image, other};
	uint64_t *keys = NULL, *gone = NULL, key, *previous = NULL;
	size_t count = 0, room = 0, gone_count = 0, gone_room = 0;

	for (int i = 0; i < 2; i++) {
		uint32_t rules = images[i] ? image_header(images[i])->rule_count : 0;

		for (uint32_t rule = 0; rule < rules; rule++) {
			ARRAY_GROW(keys, count, room);
			keys[count++] = image_rule(images[i], rule)->key;
		}
	}
	if (count)
		qsort(keys, count, sizeof(*keys), compare_keys);
	while (!bpf_map_get_next_key(instance->maps[MAP_COUNTERS], previous, &key)) {
		previous = &key;
		if (count && bsearch(&key, keys, count, sizeof(*keys), compare_keys))
			continue;
		ARRAY_GROW(gone, gone_count, gone_room);
		gone[gone_count++] = key;
	}
	for (size_t i = 0; i < gone_count; i++)
		bpf_map_delete_elem(instance->maps[MAP_COUNTERS], &gone[i]);
	free(gone);
	free(keys);
}

static int make_counter(const struct instance *instance, uint64_t key, const struct instance *from)
{
	struct cgw_counter counter = {};

	if (from && from->present)
		counter = instance_counter(from, key);
	if (!bpf_map_update_elem(instance->maps[MAP_COUNTERS], &key, &counter, BPF_NOEXIST) ||
		errno == EEXIST)
		return 0;
	return -errno;
}

/*
 * Before publishing: no program may meet a rule without a counter. Existing ones keep their value.
 * If there is no room, what belongs to no ruleset goes.
 */
static int make_counters(const struct instance *instance, const struct image *image,
	const struct image *old, const struct instance *from)
{
	bool pruned = false;

	for (uint32_t i = 0; i < image_header(image)->rule_count; i++) {
		uint64_t key = image_rule(image, i)->key;
		int err = make_counter(instance, key, from);

		if (err == -E2BIG && !pruned) {
			prune_counters(instance, image, old);
			pruned = true;
			err = make_counter(instance, key, from);
		}
		if (!err)
			continue;
		output_failure("make", "the counters", err,
			err == -E2BIG ? "the rules of the old and the new ruleset together are too "
					"many: apply fewer at a time"
				      : NULL);
		return err;
	}
	return 0;
}

static bool is_full(int map)
{
	struct bpf_map_info info = {};
	__u32 length = sizeof(info);
	uint64_t key, *previous = NULL;
	uint32_t count = 0;

	if (bpf_obj_get_info_by_fd(map, &info, &length))
		return false;
	while (count <= info.max_entries && !bpf_map_get_next_key(map, previous, &key)) {
		previous = &key;
		count++;
	}
	return count >= info.max_entries;
}

struct counter_faults publish_counter_faults(
	const struct instance *instance, const struct image *image)
{
	struct counter_faults faults = {.full = is_full(instance->maps[MAP_COUNTERS])};
	struct cgw_counter counter;

	/* With every rule there can be, a full map is as it should be. */
	if (image_header(image)->rule_count == CGW_RULES_MAX)
		faults.full = false;
	for (uint32_t i = 0; i < image_header(image)->rule_count; i++)
		if (bpf_map_lookup_elem(
			    instance->maps[MAP_COUNTERS], &image_rule(image, i)->key, &counter))
			faults.missing++;
	return faults;
}

static uint64_t process_failures(const struct instance *instance)
{
	struct cgw_control control = {};
	__u32 zero = 0;

	bpf_map_lookup_elem(instance->maps[MAP_CONTROL], &zero, &control);
	return control.process_failures;
}

/*
 * Runs the iterator over all processes: what governs a process must be on record before it can move
 * itself, and those that were there before this ruleset are not, or not with it. Its link has no
 * pin, so it is not on the guard's record: who had it could put another program there.
 */
int publish_refresh(const struct instance *instance)
{
	uint64_t failures = process_failures(instance);
	int program, link = -1, iterator = -1, err = guard_hold(instance);
	char buffer[64];

	if (err)
		return err;
	program = bpf_obj_get(instance_path(instance, "progs", "cgward_refresh"));
	if (program >= 0)
		link = bpf_link_create(program, 0, BPF_TRACE_ITER, NULL);
	if (link >= 0)
		iterator = bpf_iter_create(link);
	if (iterator < 0)
		err = -errno;
	while (!err) {
		ssize_t got = read(iterator, buffer, sizeof(buffer));

		if (got == 0)
			break;
		if (got < 0 && errno != EAGAIN && errno != EINTR)
			err = -errno;
	}
	if (!err && process_failures(instance) != failures)
		err = -ENOMEM; /* one at least has no record */
	if (iterator >= 0)
		close(iterator);
	if (link >= 0)
		close(link);
	if (program >= 0)
		close(program);
	guard_release(instance);
	return err;
}

/* The commit: one pointer. */
static int swap(const struct instance *instance, int map)
{
	__u32 zero = 0;
	int err;

	if (!bpf_map_update_elem(instance->maps[MAP_IMAGE], &zero, &map, BPF_ANY))
		return 0;
	err = -errno;
	output_failure("publish", "the ruleset", err, NULL);
	return err;
}

void publish_settle(struct instance *instance, const struct image *image)
{
	int err = publish_refresh(instance);

	if (err) {
		output_warning(
			"the ruleset is in force, but processes that are running already "
			"may leave it by moving to another cgroup: failed to record them: %s",
			strerror(-err));
		output_hint("run `cgward apply` again, or restart them");
	}
	/* Their programs stay loaded: the next ruleset may need them, and verifying takes long. */
	hooks_detach(instance, hook_set_minus(hook_set_or(hooks_always(), hooks_on_demand()),
				       hooks_needed(image)));
	/* Not of rulesets that differ from this one: of a rule that both have the value is kept. */
	if (make_counters(instance, image, image, NULL))
		output_hint("verdicts of rules without a counter are not counted by rule");
	prune_counters(instance, image, NULL);
	prune_images(instance, image_header(image)->generation);
	guard_record(instance, guard_is_wanted(image));
}

/* Nothing new stays behind. */
static void take_back(
	const struct instance *instance, const struct image *old, struct hook_set attached)
{
	hooks_detach(instance, attached);
	if (old)
		prune_counters(instance, old, NULL);
	if (old)
		guard_record(instance, guard_is_wanted(old));
	prune_images(instance, old ? image_header(old)->generation : 0);
}

/* Everything up to the swap. A descriptor of the filled map, or -errno. */
static int prepare(const struct instance *instance, const struct image *image,
	const struct image *old, const struct instance *from)
{
	int map = make_map(image), err;

	if (map < 0)
		return map;
	err = make_counters(instance, image, old, from);
	if (!err && bpf_obj_pin(map, image_pin(instance, image_header(image)->generation))) {
		err = -errno;
		output_failure(
			"pin", image_pin(instance, image_header(image)->generation), err, NULL);
	}
	if (!err)
		err = hooks_attach(
			instance, hook_set_and(hooks_needed(image), hooks_loaded(instance)));
	if (!err && guard_is_wanted(image))
		err = guard_record(instance, true);
	if (!err)
		return map;
	close(map);
	return err;
}

int publish_image(struct instance *instance, struct image *image, const struct instance *from)
{
	struct image old __attribute__((cleanup(image_free))) = {};
	int map, err = instance_image(instance, &old);
	const struct image *before = err ? NULL : &old;
	struct hook_set alive = hooks_alive(instance);
	uint32_t generation;

	if (err && err != -ENOENT)
		return err;
	generation = next_generation(instance, before);
	if (from && next_generation(from, NULL) > generation)
		generation = next_generation(from, NULL);
	if (before && guard_is_wanted(before)) {
		err = guard_hold(instance);
		if (err)
			return err;
	}
	/* What a dead cgward pinned under this number or a greater one never was in force. */
	prune_images(instance, before ? image_header(before)->generation : 0);
	image_seal(image, generation);
	map = prepare(instance, image, before, from);
	err = map < 0 ? map : swap(instance, map);
	if (map >= 0)
		close(map);
	if (err) {
		take_back(instance, before, hook_set_minus(hooks_needed(image), alive));
		return err;
	}
	publish_settle(instance, image);
	return 0;
}
