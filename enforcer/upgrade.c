// SPDX-License-Identifier: GPL-2.0-only
#include "upgrade.h"

#include <bpf/bpf.h>
#include <errno.h>
#include <fcntl.h>
#include <linux/fs.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>
#include "backlog.h"
#include "cgroup.h"
#include "guard.h"
#include "load.h"
#include "output.h"
#include "publish.h"
#include "strbuf.h"

/* Passes over the records until one finds nothing to take over any more. */
#define PASSES_MAX 64

static char *next_dir(const struct instance *instance)
{
	struct strbuf dir = STRBUF_INIT;

	strbuf_printf(&dir, "%s-next", instance->dir);
	return strbuf_take(&dir);
}

static bool is_published(const struct instance *instance)
{
	__u32 zero = 0, id;

	return instance->maps[MAP_IMAGE] >= 0 &&
	       !bpf_map_lookup_elem(instance->maps[MAP_IMAGE], &zero, &id);
}

static uint64_t epoch(const struct instance *instance)
{
	return instance->meta ? instance->meta->epoch : 0;
}

enum upgrade_plan upgrade_plan(const struct instance *instance, const char *cgroup_root)
{
	uint64_t id;

	if (!instance->present)
		return instance_has_links(instance) ? UPGRADE_REPLACE : UPGRADE_LOAD;
	if (!is_published(instance))
		return UPGRADE_LOAD;
	if (instance->foreign || instance_programs_missing(instance))
		return UPGRADE_REPLACE;
	/* The cgroup was removed, and perhaps made again. */
	if (!cgroup_id_of(cgroup_root, &id) && id != instance->meta->cgroup_root_id)
		return UPGRADE_REPLACE;
	return UPGRADE_NOTHING;
}

/* Opens DIR-next if it is there; its dir_fd tells. */
static int open_next(const struct instance *instance, struct instance *next, unsigned int flags)
{
	char *dir __attribute__((cleanup(output_text_free))) = next_dir(instance);

	return instance_open(next, dir, flags | INSTANCE_ANY);
}

bool upgrade_is_unfinished(const struct instance *instance)
{
	struct instance next __attribute__((cleanup(instance_close))) = INSTANCE_INIT;

	return !open_next(instance, &next, INSTANCE_READ) && next.dir_fd >= 0 &&
	       (next.newer || is_published(&next));
}

int upgrade_remove_next(const struct instance *instance)
{
	struct instance next __attribute__((cleanup(instance_close))) = INSTANCE_INIT;
	int err = open_next(instance, &next, 0);

	if (err || next.dir_fd < 0)
		return err;
	if (next.newer) {
		output_failure_because("remove", next.dir, "a newer cgward has made it",
			"use the `cgward remove` of that version");
		return -EPROTO;
	}
	return instance_remove(&next);
}

int upgrade_begin(const struct instance *old, struct instance *next, const char *cgroup_root)
{
	int err = open_next(old, next, INSTANCE_MAKE);

	if (!err)
		err = load_instance(next, cgroup_root, epoch(old) + 1);
	return err;
}

static bool is_within(const struct cgw_set *inner, const struct cgw_set *outer)
{
	for (int i = 0; i < CGW_SET_WORDS; i++)
		if (inner->word[i] & ~outer->word[i])
			return false;
	return true;
}

/*
 * Adds what a process keeps in the old instance to its record in the new one. 1 if that was needed,
 * 0 if not. A process without a record in the new one is governed by nothing there; it gets one.
 */
static int take_over_process(const struct instance *old, const struct instance *next, __u32 tgid)
{
	struct cgw_process was, is;

	if (bpf_map_lookup_elem(old->maps[MAP_PROCESSES], &tgid, &was))
		return 0; /* it has ended */
	if (is_within(&was.kept, &(struct cgw_set){}))
		return 0;
	if (bpf_map_lookup_elem(next->maps[MAP_PROCESSES], &tgid, &is)) {
		is = (struct cgw_process){.start = was.start};
	} else if (is.start != was.start || is_within(&was.kept, &is.kept)) {
		return 0;
	}
	for (int i = 0; i < CGW_SET_WORDS; i++)
		is.kept.word[i] |= was.kept.word[i];
	return bpf_map_update_elem(next->maps[MAP_PROCESSES], &tgid, &is, BPF_ANY) ? -errno : 1;
}

/* From now on the new programs look at what processes keep. */
static int set_kept(const struct instance *next)
{
	struct cgw_control control;
	__u32 zero = 0;

	if (bpf_map_lookup_elem(next->maps[MAP_CONTROL], &zero, &control))
		return -errno;
	control.kept = 1;
	return bpf_map_update_elem(next->maps[MAP_CONTROL], &zero, &control, BPF_ANY) ? -errno : 0;
}

/*
 * Both instances follow moves and births from the moment at which the new one has its ruleset; what
 * processes kept before must be taken over. A record that changes while it is copied loses by it in
 * the new instance, but not in the old one: hence pass after pass, until one changes nothing.
 */
static int take_over_processes(const struct instance *old, const struct instance *next)
{
	bool changed = true;

	for (int pass = 0; changed && pass < PASSES_MAX; pass++) {
		__u32 *list = NULL, tgid, *previous = NULL;
		size_t count = 0, room = 0;
		int err = 0;

		while (!bpf_map_get_next_key(old->maps[MAP_PROCESSES], previous, &tgid)) {
			previous = &tgid;
			ARRAY_GROW(list, count, room);
			list[count++] = tgid;
		}
		changed = false;
		for (size_t i = 0; !err && i < count; i++) {
			int result = take_over_process(old, next, list[i]);

			err = result < 0 ? result : 0;
			changed |= result > 0;
		}
		free(list);
		if (!err && changed)
			err = set_kept(next);
		/* `home` may have been written as it was before a move. */
		if (!err && changed)
			err = publish_refresh(next);
		if (err)
			return err;
	}
	return changed ? -EBUSY : 0;
}

static int exchange(const struct instance *instance, const struct instance *next)
{
	int err;

	if (!renameat2(AT_FDCWD, next->dir, AT_FDCWD, instance->dir, RENAME_EXCHANGE))
		return 0;
	err = -errno;
	output_failure("exchange", next->dir, err, NULL);
	return err;
}

/* Swaps the two in memory, as exchange() did on disk: each keeps the name of its place. */
static void change_places(struct instance *instance, struct instance *next)
{
	struct instance other = *instance;
	char *dir = next->dir;

	*instance = *next;
	*next = other;
	next->dir = dir;
	instance->dir = other.dir;
}

static int take_over(const struct instance *instance, const struct instance *next)
{
	int err = guard_take_over(instance, next);

	if (err)
		return err;
	err = take_over_processes(instance, next);
	if (err)
		output_failure("take over", "what processes keep", err, NULL);
	return err;
}

int upgrade_commit(struct instance *instance, struct instance *next)
{
	int err = 0;

	if (instance->present)
		err = take_over(instance, next);
	if (!err)
		err = exchange(instance, next);
	if (err) {
		output_hint("the hand-over is not finished; run `cgward apply` again");
		return err;
	}
	change_places(instance, next);
	/* Once more, for a reader that has started in between. */
	if (next->present)
		guard_take_over(next, instance);
	backlog_warn(next);
	err = instance_remove(next);
	instance_close(next);
	return err;
}

int upgrade_finish(struct instance *instance, bool replace)
{
	struct instance next __attribute__((cleanup(instance_close))) = INSTANCE_INIT;
	int err = open_next(instance, &next, 0);

	if (err || next.dir_fd < 0)
		return err;
	if (epoch(&next) <= epoch(instance) || (next.newer && replace) ||
		!(next.newer || is_published(&next)))
		return instance_remove(&next);
	if (next.newer) {
		output_error("a newer cgward has not finished taking over '%s'", instance->dir);
		output_hint("run `cgward apply` of that version, or `cgward apply --replace` of "
			    "this one");
		return -EPROTO;
	}
	output_warning("finishing the hand-over that was interrupted in '%s'", next.dir);
	return upgrade_commit(instance, &next);
}
