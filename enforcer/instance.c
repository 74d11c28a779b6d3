/* SPDX-License-Identifier: GPL-2.0-only */
#include "instance.h"

#include <bpf/bpf.h>
#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <linux/magic.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/file.h>
#include <sys/mount.h>
#include <sys/stat.h>
#include <unistd.h>
#include "build_id.h"
#include "mounts.h"
#include "options.h"
#include "output.h"
#include "self.h"
#include "strbuf.h"

const char *const instance_map_names[MAP_COUNT] = {
	[MAP_IMAGE] = "image",
	[MAP_SCOPES] = "scopes",
	[MAP_PROCESSES] = "processes",
	[MAP_COUNTERS] = "counters",
	[MAP_EVENTS] = "events",
	[MAP_BUDGETS] = "budgets",
	[MAP_GUARDED] = "guarded",
	[MAP_CPUS] = "cpus",
	[MAP_CONTROL] = "control",
	[MAP_META] = "meta",
	[MAP_SCRATCHES] = "scratches",
};

static const char *const folders[] = {"links", "progs", "images", "maps"};
#define FOLDER_COUNT (sizeof(folders) / sizeof(folders[0]))

const char *instance_path(const struct instance *instance, const char *folder, const char *name)
{
	static char buffers[4][4096];
	static unsigned int turn;
	char *buffer = buffers[turn++ % 4];

	snprintf(buffer, sizeof(buffers[0]), "%s/%s/%s", instance->dir, folder, name);
	return buffer;
}

static int make_folder(const char *path)
{
	if (!mkdir(path, 0700) || errno == EEXIST)
		return 0;
	int err = -errno;

	output_failure("make", path, err, NULL);
	return err;
}

int instance_make_folders(const struct instance *instance)
{
	int err = make_folder(instance->dir);

	for (size_t i = 0; !err && i < FOLDER_COUNT; i++) {
		char path[4096];

		snprintf(path, sizeof(path), "%s/%s", instance->dir, folders[i]);
		err = make_folder(path);
	}
	return err;
}

/* Opens and locks the folder; the lock goes with the descriptor, so a dead holder leaves none. */
static int lock_folder(struct instance *instance, unsigned int flags)
{
	int err;

	instance->dir_fd = open(instance->dir, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
	if (instance->dir_fd < 0) {
		err = -errno;
		if (err != -ENOENT)
			output_failure("open", instance->dir, err, NULL);
		return err;
	}
	if (flags & INSTANCE_READ)
		return 0;
	if (!flock(instance->dir_fd, LOCK_EX | LOCK_NB))
		return 0;
	output_warning("another cgward is changing '%s': waiting for it", instance->dir);
	output_hint("`fuser -v %s` or /proc/locks tells which", instance->dir);
	if (!flock(instance->dir_fd, LOCK_EX))
		return 0;
	err = -errno;
	output_failure("lock", instance->dir, err, NULL);
	return err;
}

static bool is_same_folder(const struct instance *instance)
{
	struct stat opened, named;

	return !fstat(instance->dir_fd, &opened) && !stat(instance->dir, &named) &&
	       opened.st_ino == named.st_ino && opened.st_dev == named.st_dev;
}

/* A copy of the entry of maps/meta, whatever its size, in one of ours. NULL: it is not filled in.
 */
static struct cgw_meta *copy_meta(int map)
{
	struct bpf_map_info info = {};
	__u32 length = sizeof(info), zero = 0;
	struct cgw_meta *meta;

	if (bpf_obj_get_info_by_fd(map, &info, &length))
		return NULL;
	meta = xcalloc(1, info.value_size > sizeof(*meta) ? info.value_size : sizeof(*meta));
	if (bpf_map_lookup_elem(map, &zero, meta) || meta->magic != CGW_META_MAGIC) {
		free(meta);
		return NULL; /* pinned, but never filled in: the loader died */
	}
	meta->build[sizeof(meta->build) - 1] = 0;
	meta->cgroup_root[sizeof(meta->cgroup_root) - 1] = 0;
	return meta;
}

static int read_meta(struct instance *instance, unsigned int flags)
{
	struct cgw_meta *meta = copy_meta(instance->maps[MAP_META]);

	free(instance->meta);
	instance->meta = meta;
	if (!meta)
		return -ENOENT;
	instance->foreign = meta->build_id != CGW_BUILD_ID || meta->abi_version != CGW_ABI_VERSION;
	if (meta->abi_version >= CGW_ABI_OLDEST && meta->abi_version <= CGW_ABI_VERSION)
		return 0;
	instance->newer = true;
	if (flags & INSTANCE_ANY)
		return -ENOENT;
	output_error("the instance in '%s' was made by a cgward with ABI version %u; this one, "
		     "%s, has %u",
		instance->dir, meta->abi_version, CGWARD_VERSION, CGW_ABI_VERSION);
	output_hint("use that cgward, or replace it with `cgward apply --replace` and this one");
	return -EPROTO;
}

/* The map with that name in the kernel among those that a program uses. A descriptor, or -1. */
static int find_map_of(int program, const char *name)
{
	__u32 ids[MAP_COUNT * 2] = {}, length;
	struct bpf_prog_info info = {
		.nr_map_ids = sizeof(ids) / sizeof(ids[0]), .map_ids = (uintptr_t)ids};

	length = sizeof(info);
	if (bpf_obj_get_info_by_fd(program, &info, &length))
		return -1;
	for (__u32 i = 0; i < info.nr_map_ids && i < sizeof(ids) / sizeof(ids[0]); i++) {
		int map = bpf_map_get_fd_by_id(ids[i]);
		struct bpf_map_info map_info = {};

		length = sizeof(map_info);
		if (map >= 0 && !bpf_obj_get_info_by_fd(map, &map_info, &length) &&
			!strcmp(map_info.name, name))
			return map;
		if (map >= 0)
			close(map);
	}
	return -1;
}

/* A map whose pin is gone lives on in the programs. A descriptor, or -1. */
static int find_map(const struct instance *instance, const char *name)
{
	DIR *dir = opendir(instance_path(instance, "progs", ""));
	char full[BPF_OBJ_NAME_LEN]; /* the kernel cuts it, too */
	struct dirent *entry;
	int map = -1;

	snprintf(full, sizeof(full), CGW_OBJECT_PREFIX "%s", name);
	while (dir && map < 0 && (entry = readdir(dir))) {
		int program = bpf_obj_get(instance_path(instance, "progs", entry->d_name));

		if (program < 0)
			continue;
		map = find_map_of(program, full);
		close(program);
	}
	if (dir)
		closedir(dir);
	return map;
}

/* Opens the maps. -ENOENT: not all of them are there, so the instance is not complete. */
static int open_maps(struct instance *instance, unsigned int flags)
{
	int err = 0;

	for (int i = 0; i < MAP_COUNT; i++) {
		const char *path = instance_path(instance, "maps", instance_map_names[i]);

		instance->maps[i] = bpf_obj_get(path);
		if (instance->maps[i] >= 0)
			continue;
		if (errno != ENOENT) {
			err = -errno;
			output_failure("open", path, err, NULL);
			if (!self_hint(err, instance->dir))
				output_hint("cgward needs root, or CAP_BPF and CAP_NET_ADMIN");
			return err;
		}
		instance->unpinned |= 1U << i;
	}
	/* Without meta nothing is known about the rest. */
	if (instance->unpinned >> MAP_META & 1)
		return -ENOENT;
	err = read_meta(instance, flags);
	for (int i = 0; !err && i < MAP_COUNT; i++) {
		if (!(instance->unpinned >> i & 1))
			continue;
		instance->maps[i] = find_map(instance, instance_map_names[i]);
		if (instance->maps[i] < 0)
			err = -ENOENT;
	}
	return err;
}

int instance_repin(struct instance *instance)
{
	for (int i = 0; i < MAP_COUNT; i++) {
		const char *path = instance_path(instance, "maps", instance_map_names[i]);

		if (!(instance->unpinned >> i & 1))
			continue;
		if (bpf_obj_pin(instance->maps[i], path)) {
			int err = -errno;

			output_failure("pin", path, err, NULL);
			return err;
		}
		instance->unpinned &= ~(1U << i);
	}
	return 0;
}

/* Files in DIR/<folder>. */
static unsigned int count_pins(const struct instance *instance, const char *folder)
{
	DIR *dir = opendir(instance_path(instance, folder, ""));
	struct dirent *entry;
	unsigned int count = 0;

	while (dir && (entry = readdir(dir)))
		count += entry->d_name[0] != '.';
	if (dir)
		closedir(dir);
	return count;
}

bool instance_has_links(const struct instance *instance)
{
	return count_pins(instance, "links") > 0;
}

unsigned int instance_programs_missing(const struct instance *instance)
{
	unsigned int pinned = count_pins(instance, "progs");

	return pinned < instance->meta->programs ? instance->meta->programs - pinned : 0;
}

/*
 * The default place may be made ready: an empty directory that is there for nothing else. Anything
 * else is the administrator's decision.
 */
static int mount_default(const char *bpffs, bool allowed)
{
	const char *point = "/sys/fs/bpf";

	if (!allowed || strcmp(bpffs, BPFFS_DEFAULT) || !mounts_is_empty_folder(point) ||
		mount("bpf", point, "bpf", 0, "mode=0700")) {
		output_failure_because("use", bpffs, "it is not on a BPF file system",
			"mount one: mount -t bpf bpf /sys/fs/bpf");
		return -ENODEV;
	}
	output_warning(
		"'%s' was not mounted: mounted it; an entry in /etc/fstab does so at boot", point);
	return 0;
}

int instance_open(struct instance *instance, const char *bpffs, unsigned int flags)
{
	int err = 0;

	*instance = (struct instance)INSTANCE_INIT;
	for (int i = 0; i < MAP_COUNT; i++)
		instance->maps[i] = -1;
	instance->dir = xstrdup(bpffs);
	if (!mounts_lies_on(bpffs, BPF_FS_MAGIC))
		err = mount_default(bpffs, flags & INSTANCE_MAKE);
	if (err)
		return err;
	/* The one who held the lock may have removed the folder meanwhile, or put another there. */
	do {
		if (instance->dir_fd >= 0)
			close(instance->dir_fd);
		err = flags & INSTANCE_MAKE ? make_folder(instance->dir) : 0;
		if (!err)
			err = lock_folder(instance, flags);
	} while ((!err && !is_same_folder(instance)) || (err == -ENOENT && flags & INSTANCE_MAKE));
	if (err)
		return err == -ENOENT ? 0 : err; /* no folder: no instance */
	err = instance_reopen(instance, flags);
	return err == -ENOENT ? 0 : err;
}

int instance_reopen(struct instance *instance, unsigned int flags)
{
	int err;

	for (int i = 0; i < MAP_COUNT; i++) {
		if (instance->maps[i] >= 0)
			close(instance->maps[i]);
		instance->maps[i] = -1;
	}
	instance->unpinned = 0;
	err = open_maps(instance, flags);
	instance->present = !err;
	return err;
}

void instance_close(struct instance *instance)
{
	for (int i = 0; i < MAP_COUNT; i++)
		if (instance->dir && instance->maps[i] >= 0)
			close(instance->maps[i]);
	if (instance->dir_fd >= 0)
		close(instance->dir_fd);
	free(instance->meta);
	free(instance->dir);
	*instance = (struct instance)INSTANCE_INIT;
}

static int remove_pin(const char *pin)
{
	return unlink(pin) && errno != ENOENT ? -errno : 0;
}

int instance_remove_link(const char *pin)
{
	int link = bpf_obj_get(pin);

	if (link >= 0) {
		bpf_link_detach(link); /* not for LSM; then the last user's close does it */
		close(link);
	}
	return remove_pin(pin);
}

static int remove_folder(const char *path, int (*remove)(const char *pin))
{
	DIR *dir = opendir(path);
	struct dirent *entry;
	int err = 0;

	if (!dir)
		return errno == ENOENT ? 0 : -errno;
	while ((entry = readdir(dir))) {
		char pin[4096];
		int failed;

		if (!strcmp(entry->d_name, ".") || !strcmp(entry->d_name, ".."))
			continue;
		failed = snprintf(pin, sizeof(pin), "%s/%s", path, entry->d_name) < (int)sizeof(pin)
				 ? remove(pin)
				 : -ENAMETOOLONG;
		if (failed)
			err = failed;
	}
	closedir(dir);
	if (!err && rmdir(path))
		err = -errno;
	return err;
}

int instance_clear(struct instance *instance)
{
	char path[4096];
	struct dirent *entry;
	DIR *dir;
	int err;

	/* Links first: wherever a removal is interrupted, no program runs without its maps being
	 * pinned. */
	snprintf(path, sizeof(path), "%s/%s", instance->dir, "links");
	err = remove_folder(path, instance_remove_link);
	dir = err ? NULL : opendir(instance->dir);
	while (dir && !err && (entry = readdir(dir))) {
		if (entry->d_name[0] == '.')
			continue;
		snprintf(path, sizeof(path), "%s/%s", instance->dir, entry->d_name);
		err = remove_folder(path, remove_pin);
	}
	if (dir)
		closedir(dir);
	if (err)
		output_failure("remove", path, err, NULL);
	return err;
}

int instance_remove(struct instance *instance)
{
	__u32 zero = 0;
	int err;

	if (instance->maps[MAP_IMAGE] >= 0)
		bpf_map_delete_elem(instance->maps[MAP_IMAGE], &zero);
	err = instance_clear(instance);
	if (!err && rmdir(instance->dir) && errno != ENOENT) {
		err = -errno;
		output_failure(
			"remove", instance->dir, err, "it holds files that are not cgward's");
	}
	return err;
}

/* Reads an image map page by page. */
static int read_pages(int fd, struct image *image)
{
	struct bpf_map_info info = {};
	__u32 length = sizeof(info);
	struct image read = {};
	const char *why;

	if (bpf_obj_get_info_by_fd(fd, &info, &length))
		return -errno;
	if (info.value_size != CGW_PAGE_SIZE || info.max_entries > CGW_PAGES_MAX)
		return -EINVAL;
	read.size = info.max_entries << CGW_PAGE_SHIFT;
	read.data = xcalloc(info.max_entries, CGW_PAGE_SIZE);
	for (__u32 page = 0; page < info.max_entries; page++) {
		if (bpf_map_lookup_elem(fd, &page, read.data + ((size_t)page << CGW_PAGE_SHIFT))) {
			int err = -errno;

			image_free(&read);
			return err;
		}
	}
	if (image_verify(read.data, read.size, &why)) {
		output_error("the published ruleset is damaged: %s", why);
		image_free(&read);
		return -EINVAL;
	}
	*image = read;
	return 0;
}

/* The map with this id: among the pins, for which CAP_BPF is enough, or by its id. */
static int open_image(const struct instance *instance, __u32 id)
{
	DIR *dir = opendir(instance_path(instance, "images", ""));
	struct dirent *entry;
	int found = -1;

	while (dir && found < 0 && (entry = readdir(dir))) {
		int map = bpf_obj_get(instance_path(instance, "images", entry->d_name));
		struct bpf_map_info info = {};
		__u32 length = sizeof(info);

		if (map < 0)
			continue;
		if (!bpf_obj_get_info_by_fd(map, &info, &length) && info.id == id)
			found = map;
		else
			close(map);
	}
	if (dir)
		closedir(dir);
	if (found < 0)
		found = bpf_map_get_fd_by_id(id);
	return found < 0 ? -errno : found;
}

int instance_image(const struct instance *instance, struct image *image)
{
	__u32 zero = 0, id;
	int fd, err;

	if (bpf_map_lookup_elem(instance->maps[MAP_IMAGE], &zero, &id))
		return -errno;
	fd = open_image(instance, id);
	if (fd < 0) {
		err = fd;
		output_failure("open", "the published ruleset", err, "this needs CAP_SYS_ADMIN");
		return err;
	}
	err = read_pages(fd, image);
	close(fd);
	if (err && err != -EINVAL)
		output_failure("read", "the published ruleset", err, NULL);
	return err;
}

int instance_read_image(const char *bpffs, struct image *image)
{
	__attribute__((cleanup(instance_close))) struct instance instance = INSTANCE_INIT;
	int err = instance_open(&instance, bpffs, INSTANCE_READ);

	if (err)
		return err;
	return instance.present ? instance_image(&instance, image) : -ENOENT;
}

struct cgw_counter instance_counter(const struct instance *instance, uint64_t key)
{
	struct cgw_counter counter = {};

	if (bpf_map_lookup_elem(instance->maps[MAP_COUNTERS], &key, &counter))
		return (struct cgw_counter){};
	return counter;
}
