// SPDX-License-Identifier: GPL-2.0-only
#include "runs.h"

#include <bpf/bpf.h>
#include <dirent.h>
#include <errno.h>
#include <linux/magic.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/file.h>
#include <unistd.h>
#include "attachments.h"
#include "cgroup.h"
#include "mounts.h"
#include "output.h"
#include "strbuf.h"

int runs_lock_cgroup(const char *path)
{
	int fd = cgroup_open(path);

	if (fd >= 0 && flock(fd, LOCK_EX | LOCK_NB)) {
		int err = -errno;

		close(fd);
		return err;
	}
	return fd;
}

static bool is_populated(const char *cgroup)
{
	struct strbuf path __attribute__((cleanup(strbuf_free))) = STRBUF_INIT;
	bool populated = false;
	char line[64];
	FILE *file;

	strbuf_printf(&path, "%s/cgroup.events", cgroup);
	file = fopen(path.data, "re");
	while (file && fgets(line, sizeof(line), file))
		populated |= !strcmp(line, "populated 1\n");
	if (file)
		fclose(file);
	return populated;
}

bool runs_is_busy(const struct instance *instance, const char *cgroup)
{
	__u32 tgid;

	return is_populated(cgroup) ||
	       (instance && instance->present &&
		       !bpf_map_get_next_key(instance->maps[MAP_PROCESSES], NULL, &tgid));
}

/* Calls `sweep` with the path of each directory in `parent` whose name begins with `prefix`. */
static void each(const char *parent, const char *prefix, void (*sweep)(const char *path))
{
	DIR *dir = opendir(parent);
	struct dirent *entry;

	while (dir && (entry = readdir(dir))) {
		struct strbuf path __attribute__((cleanup(strbuf_free))) = STRBUF_INIT;

		if (entry->d_type != DT_DIR || strncmp(entry->d_name, prefix, strlen(prefix)))
			continue;
		strbuf_printf(&path, "%s/%s", parent, entry->d_name);
		sweep(path.data);
	}
	if (dir)
		closedir(dir);
}

static void sweep_cgroup(const char *path)
{
	int lock = runs_lock_cgroup(path);

	if (lock < 0)
		return;
	if (!is_populated(path) && !cgroup_remove_tree(path))
		output_debug("removed '%s', which a dead `cgward run` had left", path);
	close(lock);
}

/* The cgroups that the instance's ruleset governs by attachment: those of the run. */
static bool is_in_use(const struct instance *instance)
{
	struct attachments attachments __attribute__((cleanup(attachments_free))) = {};
	struct image image __attribute__((cleanup(image_free))) = {};
	bool busy = false;
	int err = instance_image(instance, &image);

	if (err)
		return err != -ENOENT;
	attachments_read(&attachments, &image);
	for (size_t i = 0; !busy && i < attachments.count; i++) {
		struct strbuf path __attribute__((cleanup(strbuf_free))) = STRBUF_INIT;
		uint64_t id;

		strbuf_printf(
			&path, "%s%s", instance->meta->cgroup_root, attachments.items[i].path);
		busy = runs_is_busy(instance, path.data);
		/* One with a name of its own is not found by its name. */
		if (!busy && !cgroup_id_of(path.data, &id) && id == attachments.items[i].cgroup_id)
			sweep_cgroup(path.data);
	}
	return busy;
}

static void sweep_instance(const char *path)
{
	struct instance instance __attribute__((cleanup(instance_close))) = INSTANCE_INIT;

	/* One that is locked is alive: only look at it. */
	if (instance_open(&instance, path, INSTANCE_READ | INSTANCE_ANY) || instance.dir_fd < 0 ||
		instance.newer || flock(instance.dir_fd, LOCK_EX | LOCK_NB))
		return;
	if (instance.present ? is_in_use(&instance) : instance_has_links(&instance))
		return;
	if (!instance_remove(&instance))
		output_debug("removed '%s', which a dead `cgward run` had left", path);
}

void runs_sweep(const char *bpffs, const char *cgroup_root)
{
	char *parent __attribute__((cleanup(output_text_free))) = xstrdup(bpffs);
	struct strbuf prefix __attribute__((cleanup(strbuf_free))) = STRBUF_INIT;
	char *slash = strrchr(parent, '/');

	if (cgroup_root)
		each(cgroup_root, RUNS_CGROUP, sweep_cgroup);
	if (!slash || !mounts_lies_on(bpffs, BPF_FS_MAGIC))
		return;
	strbuf_printf(&prefix, "%s" RUNS_INFIX, slash + 1);
	*slash = '\0';
	each(*parent ? parent : "/", prefix.data, sweep_instance);
}
