/* SPDX-License-Identifier: GPL-2.0-only */
#include "cgroup.h"

#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <linux/magic.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/vfs.h>
#include <unistd.h>
#include "strbuf.h"

int cgroup_open(const char *path)
{
	struct statfs fs;
	int fd = open(path, O_RDONLY | O_DIRECTORY | O_CLOEXEC);

	if (fd < 0)
		return -errno;
	if (fstatfs(fd, &fs) || fs.f_type != CGROUP2_SUPER_MAGIC) {
		close(fd);
		return -EXDEV;
	}
	return fd;
}

int cgroup_id_of(const char *path, uint64_t *id)
{
	/* The file handle of a cgroup is its id; struct file_handle ends in an array of bytes. */
	union {
		struct file_handle handle;
		char bytes[sizeof(struct file_handle) + sizeof(uint64_t)];
	} handle = {.handle.handle_bytes = sizeof(uint64_t)};
	int mount_id, fd = cgroup_open(path);

	if (fd < 0)
		return fd;
	close(fd);
	if (name_to_handle_at(AT_FDCWD, path, &handle.handle, &mount_id, 0))
		return -errno;
	memcpy(id, handle.handle.f_handle, sizeof(*id));
	return 0;
}

int cgroup_make(const char *path)
{
	return mkdir(path, 0755) ? -errno : 0;
}

int cgroup_remove_tree(const char *path)
{
	DIR *dir = opendir(path);
	struct dirent *entry;
	int err = 0;

	if (!dir)
		return -errno;
	while (!err && (entry = readdir(dir))) {
		struct strbuf child = STRBUF_INIT;

		if (entry->d_type != DT_DIR || !strcmp(entry->d_name, ".") ||
			!strcmp(entry->d_name, ".."))
			continue;
		strbuf_printf(&child, "%s/%s", path, entry->d_name);
		err = cgroup_remove_tree(child.data);
		strbuf_free(&child);
	}
	closedir(dir);
	if (!err && rmdir(path))
		err = -errno;
	return err;
}
