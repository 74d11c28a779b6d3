/* SPDX-License-Identifier: GPL-2.0-only */
#include "holders.h"

#include <bpf/bpf.h>
#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>
#include "cgroup.h"
#include "operation.h"
#include "strbuf.h"

struct walk {
	struct holders *holders;
	const struct image *image;
	struct strbuf directory; /* of the cgroup that is looked at */
	size_t root_length;
	int error; /* of the first process that could not be looked into */
};

static void list_add(
	struct holder_list *list, uint64_t key, const char *path, const struct cgw_set *set)
{
	ARRAY_GROW(list->items, list->count, list->room);
	list->items[list->count++] = (struct holder){key, xstrdup(path), *set};
}

/* ---- processes ---- */

static void add_namespace(struct holders *holders, const char *path)
{
	struct stat status;
	int fd;

	if (stat(path, &status))
		return; /* the process has gone */
	for (size_t i = 0; i < holders->namespace_count; i++)
		if (holders->namespaces[i] == status.st_ino)
			return;
	fd = open(path, O_RDONLY | O_CLOEXEC);
	if (fd < 0)
		return;
	ARRAY_GROW(holders->namespaces, holders->namespace_count, holders->namespace_room);
	ARRAY_GROW(holders->namespace_fds, holders->namespace_count, holders->fd_room);
	holders->namespaces[holders->namespace_count] = status.st_ino;
	holders->namespace_fds[holders->namespace_count++] = fd;
}

static void add_process(
	struct walk *walk, unsigned long pid, const char *cgroup, const struct cgw_set *set)
{
	struct dirent *entry;
	char path[64], target[64];
	DIR *dir;

	snprintf(path, sizeof(path), "/proc/%lu/ns/net", pid);
	add_namespace(walk->holders, path);
	snprintf(path, sizeof(path), "/proc/%lu/fd", pid);
	dir = opendir(path);
	if (!dir) {
		if (errno != ENOENT && errno != ESRCH && !walk->error)
			walk->error = -errno;
		return;
	}
	while ((entry = readdir(dir))) {
		ssize_t length = readlinkat(dirfd(dir), entry->d_name, target, sizeof(target) - 1);
		unsigned long inode;

		if (length <= 0)
			continue;
		target[length] = 0;
		if (sscanf(target, "socket:[%lu]", &inode) == 1)
			list_add(&walk->holders->sockets, inode, cgroup, set);
	}
	closedir(dir);
}

static void add_processes(struct walk *walk, const char *cgroup, const struct cgw_set *set)
{
	struct strbuf path __attribute__((cleanup(strbuf_free))) = STRBUF_INIT;
	unsigned long pid;
	FILE *file;

	/* cgroup.procs cannot be read in threaded cgroups; nobody else lists their threads. */
	for (int i = 0; i < 2; i++) {
		path.length = 0;
		strbuf_printf(&path, "%s/%s", strbuf_text(&walk->directory),
			i ? "cgroup.threads" : "cgroup.procs");
		file = fopen(strbuf_text(&path), "re");
		if (!file)
			return;
		errno = 0;
		while (fscanf(file, "%lu", &pid) == 1)
			add_process(walk, pid, cgroup, set);
		i += errno != EOPNOTSUPP;
		fclose(file);
	}
}

/* Processes that have left a governed cgroup on their own. */
static void add_kept(struct walk *walk, const struct instance *instance)
{
	const struct cgw_set *all =
		(const struct cgw_set *)(walk->image->data + image_header(walk->image)->all);
	struct cgw_process process;
	uint32_t key, *at = NULL;
	int map = instance->maps[MAP_PROCESSES];

	while (!bpf_map_get_next_key(map, at, &key)) {
		at = &key;
		if (bpf_map_lookup_elem(map, &key, &process))
			continue;
		cgw_set_mask(&process.kept, all);
		if (cgw_set_summary(&process.kept))
			add_process(walk, key, "(kept)", &process.kept);
	}
}

/* ---- cgroups ---- */

static int descend(struct walk *walk, const struct cgw_set *parent)
{
	size_t length = walk->directory.length;
	const char *directory = strbuf_text(&walk->directory);
	struct cgw_set set = {0};
	struct dirent *entry;
	DIR *dir = opendir(directory);
	uint64_t id;

	if (!dir)
		return -errno;
	if (!cgroup_id_of(directory, &id)) {
		const char *path = directory + walk->root_length;

		image_scope_of(walk->image, path, id, &set);
		cgw_set_add(&set, parent);
		if (cgw_set_summary(&set)) {
			list_add(&walk->holders->cgroups, id, path, &set);
			add_processes(walk, path, &set);
		}
	}
	while ((entry = readdir(dir))) {
		if (entry->d_type != DT_DIR || !strcmp(entry->d_name, ".") ||
			!strcmp(entry->d_name, ".."))
			continue;
		strbuf_printf(&walk->directory, "/%s", entry->d_name);
		descend(walk, &set); /* one that has gone meanwhile is no cgroup any more */
		walk->directory.length = length;
		walk->directory.data[length] = 0;
	}
	closedir(dir);
	return 0;
}

static int by_key(const void *a, const void *b)
{
	const struct holder *x = a, *y = b;

	return (x->key > y->key) - (x->key < y->key);
}

/* Sorts, and makes one of the elements that have the same key. */
static void list_finish(struct holder_list *list)
{
	size_t count = 0;

	if (list->count)
		qsort(list->items, list->count, sizeof(*list->items), by_key);
	for (size_t i = 0; i < list->count; i++) {
		if (count && list->items[count - 1].key == list->items[i].key) {
			cgw_set_add(&list->items[count - 1].set, &list->items[i].set);
			free(list->items[i].path);
		} else {
			list->items[count++] = list->items[i];
		}
	}
	list->count = count;
}

const struct holder *holders_look(const struct holder_list *list, uint64_t key)
{
	struct holder wanted = {.key = key};

	return list->count ? bsearch(&wanted, list->items, list->count, sizeof(wanted), by_key)
			   : NULL;
}

int holders_find(struct holders *holders, const struct image *image, const char *root,
	const struct instance *instance)
{
	struct walk walk = {.holders = holders, .image = image, .root_length = strlen(root)};
	struct cgw_set none = {0};
	int err;

	*holders = (struct holders){0};
	strbuf_puts(&walk.directory, root);
	err = descend(&walk, &none);
	if (!err && instance)
		add_kept(&walk, instance);
	strbuf_free(&walk.directory);
	list_finish(&holders->cgroups);
	list_finish(&holders->sockets);
	return err ? err : walk.error;
}

static void list_free(struct holder_list *list)
{
	for (size_t i = 0; i < list->count; i++)
		free(list->items[i].path);
	free(list->items);
}

void holders_free(struct holders *holders)
{
	for (size_t i = 0; i < holders->namespace_count; i++)
		close(holders->namespace_fds[i]);
	free(holders->namespaces);
	free(holders->namespace_fds);
	list_free(&holders->cgroups);
	list_free(&holders->sockets);
	*holders = (struct holders){0};
}
