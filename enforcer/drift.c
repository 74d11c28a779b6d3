// SPDX-License-Identifier: GPL-2.0-only
#include "drift.h"

#include <bpf/bpf.h>
#include <stdarg.h>
#include <stdlib.h>
#include <sys/file.h>
#include <unistd.h>
#include "cgroup.h"
#include "guard.h"
#include "hooks.h"
#include "publish.h"
#include "strbuf.h"
#include "upgrade.h"

static void add(struct drift *drift, const char *format, ...) __attribute__((format(printf, 2, 3)));

static void add(struct drift *drift, const char *format, ...)
{
	struct strbuf line = STRBUF_INIT;
	va_list args;

	va_start(args, format);
	strbuf_vprintf(&line, format, args);
	va_end(args);
	ARRAY_GROW(drift->lines, drift->count, drift->room);
	drift->lines[drift->count++] = strbuf_take(&line);
}

void drift_free(struct drift *drift)
{
	for (size_t i = 0; i < drift->count; i++)
		free(drift->lines[i]);
	free(drift->lines);
	*drift = (struct drift){};
}

static void find_pins(struct drift *drift, const struct instance *instance)
{
	unsigned int programs = instance_programs_missing(instance);

	for (int i = 0; i < MAP_COUNT; i++)
		if (instance->unpinned >> i & 1)
			add(drift, "the pin maps/%s is gone", instance_map_names[i]);
	if (programs)
		add(drift, "%u pins of programs are gone from progs/", programs);
}

static void find_root(struct drift *drift, const struct instance *instance)
{
	const char *root = instance->meta->cgroup_root;
	uint64_t id;

	if (cgroup_id_of(root, &id))
		add(drift, "the cgroup root '%s' is gone", root);
	else if (id != instance->meta->cgroup_root_id)
		add(drift, "the cgroup root '%s' has been removed and made again", root);
}

static void find_hooks(
	struct drift *drift, const struct instance *instance, const struct image *image)
{
	struct hook_set pinned = hooks_pinned(instance), loaded = hooks_loaded(instance);

	/* One whose program's pin is gone, but not its link, is loaded all the same. */
	drift->needed = hook_set_and(hooks_needed(image), hook_set_or(loaded, pinned));
	drift->missing = hook_set_minus(drift->needed, hooks_alive(instance));
	for (int i = 1; i < HOOK_COUNT; i++)
		if (hook_set_has(&drift->missing, i))
			add(drift,
				hook_set_has(&pinned, i)
					? "the link of hook %s has been detached or changed"
					: "the pin of the link of hook %s is gone",
				hooks[i].name);
}

/* True if no command holds the lock of the instance. */
static bool is_at_rest(const struct instance *instance)
{
	if (flock(instance->dir_fd, LOCK_SH | LOCK_NB))
		return false;
	flock(instance->dir_fd, LOCK_UN);
	return true;
}

static void find_state(
	struct drift *drift, const struct instance *instance, const struct image *image)
{
	struct counter_faults faults = publish_counter_faults(instance, image);
	struct cgw_control control = {};
	__u32 zero = 0;

	if (faults.missing)
		add(drift, "%u rules have no counter", faults.missing);
	if (faults.full)
		add(drift, "the map of counters is full of what is not cgward's");
	if (guard_is_held(instance) && is_at_rest(instance))
		add(drift, "a change was interrupted: governed processes can have no BPF link by "
			   "its id");
	bpf_map_lookup_elem(instance->maps[MAP_CONTROL], &zero, &control);
	if (control.refreshed != image_header(image)->generation)
		add(drift, "not every process that was running is on record: it could leave its "
			   "policies by changing cgroups");
}

void drift_find(struct drift *drift, const struct instance *instance, const struct image *image)
{
	*drift = (struct drift){};
	if (instance->present) {
		find_pins(drift, instance);
		find_root(drift, instance);
	} else if (instance->dir_fd >= 0 && instance_has_links(instance)) {
		add(drift, "pins of maps are gone, but links are there: what they enforce cannot "
			   "be told");
	}
	if (image) {
		find_hooks(drift, instance, image);
		find_state(drift, instance, image);
	}
	if (instance->dir_fd >= 0 && upgrade_is_unfinished(instance))
		add(drift, "a hand-over from one instance to another has not been finished: both "
			   "deny");
}
