/* SPDX-License-Identifier: GPL-2.0-only */
#include "publish.h"

#include <bpf/bpf.h>
#include <dirent.h>
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>
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

static void prune_images(const struct instance *instance)
{
	uint32_t *list;
	size_t count = pinned_generations(instance, &list);

	for (size_t i = IMAGES_KEPT; i < count; i++)
		unlink(image_pin(instance, list[i]));
	free(list);
}

static uint32_t next_generation(const struct instance *instance)
{
	uint32_t *list, next = 1;

	if (pinned_generations(instance, &list))
		next = list[0] + 1;
	free(list);
	return next;
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

/* Before publishing: no program may meet a rule without a counter. Existing ones keep their value.
 */
static int make_counters(const struct instance *instance, const struct image *image)
{
	struct cgw_counter zero = {};

	for (uint32_t i = 0; i < image_header(image)->rule_count; i++) {
		if (!bpf_map_update_elem(instance->maps[MAP_COUNTERS], &image_rule(image, i)->key,
			    &zero, BPF_NOEXIST) ||
			errno == EEXIST)
			continue;
		int err = -errno;

		output_failure("make", "the counters", err, NULL);
		return err;
	}
	return 0;
}

static int compare_keys(const void *a, const void *b)
{
	const uint64_t *x = a, *y = b;

	return (*x > *y) - (*x < *y);
}

/* After publishing: counters of rules that are gone. */
static void prune_counters(const struct instance *instance, const struct image *image)
{
	uint32_t count = image_header(image)->rule_count;
	uint64_t *keys = xcalloc(count + 1, sizeof(*keys)), *gone = NULL, key, *previous = NULL;
	size_t gone_count = 0, room = 0;

	for (uint32_t i = 0; i < count; i++)
		keys[i] = image_rule(image, i)->key;
	qsort(keys, count, sizeof(*keys), compare_keys);
	while (!bpf_map_get_next_key(instance->maps[MAP_COUNTERS], previous, &key)) {
		previous = &key;
		if (bsearch(&key, keys, count, sizeof(*keys), compare_keys))
			continue;
		ARRAY_GROW(gone, gone_count, room);
		gone[gone_count++] = key;
	}
	for (size_t i = 0; i < gone_count; i++)
		bpf_map_delete_elem(instance->maps[MAP_COUNTERS], &gone[i]);
	free(gone);
	free(keys);
}

/*
 * Runs the iterator over all processes: what governs a process must be on record before it can move
 * itself, and those that were there before this ruleset are not, or not with it.
 */
static int refresh_processes(const struct instance *instance)
{
	int program = bpf_obj_get(instance_path(instance, "progs", "cgward_refresh"));
	int link = program < 0 ? -1 : bpf_link_create(program, 0, BPF_TRACE_ITER, NULL);
	int iterator = link < 0 ? -1 : bpf_iter_create(link);
	int err = iterator < 0 ? -errno : 0;
	char buffer[64];

	while (!err) {
		ssize_t got = read(iterator, buffer, sizeof(buffer));

		if (got == 0)
			break;
		if (got < 0 && errno != EAGAIN && errno != EINTR)
			err = -errno;
	}
	if (iterator >= 0)
		close(iterator);
	if (link >= 0)
		close(link);
	if (program >= 0)
		close(program);
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

int publish_image(struct instance *instance, struct image *image)
{
	uint32_t needed = hooks_needed(image), before = hooks_attached(instance);
	uint32_t generation = next_generation(instance);
	const char *pin;
	int map, err;

	image_seal(image, generation);
	map = make_map(image);
	if (map < 0)
		return map;
	pin = image_pin(instance, generation);
	err = make_counters(instance, image);
	if (!err && bpf_obj_pin(map, pin)) {
		err = -errno;
		output_failure("pin", pin, err, NULL);
	}
	if (!err)
		err = hooks_attach(instance, needed & hooks_loaded(instance));
	if (!err) {
		err = swap(instance, map);
		if (err)
			hooks_detach(instance, needed & ~before);
	}
	close(map);
	if (err) {
		unlink(image_pin(instance, generation));
		return err;
	}
	err = refresh_processes(instance);
	if (err) {
		output_warning("the ruleset is in force, but processes that are running already "
			       "may leave it by "
			       "moving to another cgroup: failed to record them: %s",
			strerror(-err));
		output_hint("run `cgward apply` again, or restart them");
	}
	hooks_detach(instance, before & ~needed);
	prune_counters(instance, image);
	prune_images(instance);
	return 0;
}
