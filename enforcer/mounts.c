// SPDX-License-Identifier: GPL-2.0-only
#include <dirent.h>
#include <errno.h>
#include <limits.h>
#include <mntent.h>
#include <stdio.h>
#include <string.h>
#include <sys/vfs.h>
#include "mounts.h"
#include "strbuf.h"

int mounts_find(const char *type, char **point)
{
	FILE *table = setmntent("/proc/self/mounts", "re");
	const struct mntent *entry;
	int err = -ENOENT;

	if (!table)
		return -errno;
	while ((entry = getmntent(table))) {
		if (strcmp(entry->mnt_type, type))
			continue;
		*point = xstrdup(entry->mnt_dir);
		err = 0;
		break;
	}
	endmntent(table);
	return err;
}

bool mounts_lies_on(const char *path, long magic)
{
	char ancestor[PATH_MAX];
	struct statfs info;

	if (strlen(path) >= sizeof(ancestor))
		return false;
	strcpy(ancestor, path);
	while (statfs(ancestor, &info)) {
		char *slash = strrchr(ancestor, '/');

		if (errno != ENOENT || !slash || !strcmp(ancestor, "/"))
			return false;
		slash[slash == ancestor] = '\0';
	}
	return info.f_type == magic;
}

bool mounts_is_empty_folder(const char *path)
{
	DIR *dir = opendir(path);
	struct dirent *entry;
	bool empty = dir;

	while (empty && (entry = readdir(dir)))
		empty = !strcmp(entry->d_name, ".") || !strcmp(entry->d_name, "..");
	if (dir)
		closedir(dir);
	return empty;
}
