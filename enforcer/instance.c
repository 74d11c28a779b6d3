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
#include <sys/stat.h>
#include <unistd.h>
#include "mounts.h"
#include "output.h"
#include "strbuf.h"

const char *const instance_map_names[MAP_COUNT] = {
	[MAP_IMAGE] = "image",
	[MAP_SCOPES] = "scopes",
	[MAP_PROCESSES] = "processes",
	[MAP_COUNTERS] = "counters",
	[MAP_EVENTS] = "events",
	[MAP_CPUS] = "cpus",
	[MAP_CONTROL] = "control",
	[MAP_META] = "meta",
	[MAP_SCRATCHES] = "scratches",
};

/* Links first: whatever order a removal is interrupted in, no program runs without its maps being
 * pinned. */
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

static int read_meta(struct instance *instance)
{
	struct cgw_meta *meta = xcalloc(1, sizeof(*meta));
	__u32 zero = 0;

	if (bpf_map_lookup_elem(instance->maps[MAP_META], &zero, meta) ||
		meta->magic != CGW_META_MAGIC) {
		free(meta);
		return -ENOENT; /* pinned, but never filled in: the loader died */
	}
	meta->build[sizeof(meta->build) - 1] = 0;
	meta->cgroup_root[sizeof(meta->cgroup_root) - 1] = 0;
	instance->meta = meta;
	if (meta->abi_version == CGW_ABI_VERSION)
		return 0;
	output_error(
		"the instance in '%s' was made by cgward %s with ABI version %u; this one has %u",
		instance->dir, meta->build, meta->abi_version, CGW_ABI_VERSION);
	output_hint("use that cgward, or end its enforcement with its `cgward remove` first");
	return -EPROTO;
}

/* Opens the maps. -ENOENT: not all of them are there, so the instance is not complete. */
static int open_maps(struct instance *instance)
{
	for (int i = 0; i < MAP_COUNT; i++) {
		const char *path = instance_path(instance, "maps", instance_map_names[i]);

		instance->maps[i] = bpf_obj_get(path);
		if (instance->maps[i] >= 0)
			continue;
		if (errno == ENOENT)
			return -ENOENT;
		int err = -errno;

		output_failure(
			"open", path, err, "cgward needs root, or CAP_BPF and CAP_NET_ADMIN");
		return err;
	}
	return read_meta(instance);
}

int instance_open(struct instance *instance, const char *bpffs, unsigned int flags)
{
	int err;

	*instance = (struct instance)INSTANCE_INIT;
	for (int i = 0; i < MAP_COUNT; i++)
		instance->maps[i] = -1;
	instance->dir = xstrdup(bpffs);
	if (!mounts_lies_on(bpffs, BPF_FS_MAGIC)) {
		output_failure_because("use", bpffs, "it is not on a BPF file system",
			"mount one: mount -t bpf bpf /sys/fs/bpf");
		return -ENODEV;
	}
	/* The one who held the lock may have removed the folder meanwhile. */
	do {
		if (instance->dir_fd >= 0)
			close(instance->dir_fd);
		err = flags & INSTANCE_MAKE ? make_folder(instance->dir) : 0;
		if (!err)
			err = lock_folder(instance, flags);
	} while (!err && !is_same_folder(instance));
	if (err)
		return err == -ENOENT ? 0 : err; /* no folder: no instance */
	err = instance_reopen(instance);
	return err == -ENOENT ? 0 : err;
}

int instance_reopen(struct instance *instance)
{
	int err = open_maps(instance);

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

static int remove_folder(const char *path)
{
	DIR *dir = opendir(path);
	struct dirent *entry;
	int err = 0;

	if (!dir)
		return errno == ENOENT ? 0 : -errno;
	while ((entry = readdir(dir))) {
		if (!strcmp(entry->d_name, ".") || !strcmp(entry->d_name, ".."))
			continue;
		if (unlinkat(dirfd(dir), entry->d_name, 0) && errno != ENOENT)
			err = -errno;
	}
	closedir(dir);
	if (!err && rmdir(path))
		err = -errno;
	return err;
}

int instance_clear(struct instance *instance)
{
	int err = 0;

	for (size_t i = 0; !err && i < FOLDER_COUNT; i++) {
		char path[4096];

		snprintf(path, sizeof(path), "%s/%s", instance->dir, folders[i]);
		err = remove_folder(path);
		if (err)
			output_failure("remove", path, err, NULL);
	}
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

int instance_image(const struct instance *instance, struct image *image)
{
	__u32 zero = 0, id;
	int fd, err;

	if (bpf_map_lookup_elem(instance->maps[MAP_IMAGE], &zero, &id))
		return -errno;
	fd = bpf_map_get_fd_by_id(id);
	if (fd < 0) {
		err = -errno;
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
