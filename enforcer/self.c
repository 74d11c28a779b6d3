/* SPDX-License-Identifier: GPL-2.0-only */
#include "self.h"

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
#include "guard.h"
#include "hooks.h"
#include "mounts.h"
#include "operation.h"
#include "output.h"
#include "privileges.h"
#include "strbuf.h"

/* The path of this process's cgroup as its namespace shows it. The caller frees; NULL: not told. */
static char *own_path(void)
{
	FILE *file = fopen("/proc/self/cgroup", "re");
	char *line = NULL, *path = NULL;
	size_t room = 0;

	while (file && !path && getline(&line, &room, file) > 0) {
		line[strcspn(line, "\n")] = '\0';
		if (!strncmp(line, "0::/", 4))
			path = xstrdup(line + 3);
	}
	free(line);
	if (file)
		fclose(file);
	return path;
}

/* False if the cgroup is certainly not this process's: its path is one of another namespace. */
static bool holds_us(const char *directory)
{
	struct strbuf path __attribute__((cleanup(strbuf_free))) = STRBUF_INIT;
	FILE *file;
	long pid;
	bool found = false;
	int got;

	strbuf_printf(&path, "%s/cgroup.procs", directory);
	file = fopen(path.data, "re");
	if (!file)
		return false;
	while (!found && (got = fscanf(file, "%ld", &pid)) == 1)
		found = pid == getpid();
	found |= ferror(file); /* a threaded cgroup does not tell */
	fclose(file);
	return found;
}

/* The directory of this process's cgroup, or NULL. The caller frees. */
static char *own_directory(void)
{
	char *path __attribute__((cleanup(output_text_free))) = own_path();
	char *point __attribute__((cleanup(output_text_free))) = NULL;
	struct strbuf directory __attribute__((cleanup(strbuf_free))) = STRBUF_INIT;

	if (!path || mounts_find("cgroup2", &point))
		return NULL;
	strbuf_printf(&directory, "%s%s", point, path);
	return holds_us(directory.data) ? realpath(directory.data, NULL) : NULL;
}

/* The directory is the root, of which the first `length` bytes are the path, or below it. */
static bool is_governed(const struct image *image, char *directory, size_t length)
{
	char *end = directory + length;

	for (;;) {
		char *slash = strchr(*end ? end + 1 : end, '/');
		struct cgw_set set = {};
		uint64_t id = 0;

		if (slash)
			*slash = '\0';
		cgroup_id_of(directory, &id);
		image_scope_of(image, directory + length, id, &set);
		if (slash)
			*slash = '/';
		if (cgw_set_summary(&set))
			return true;
		if (!*end)
			return false;
		end = slash ? slash : end + strlen(end);
	}
}

bool self_is_locked_out(const struct image *image, const char *cgroup_root, struct hook_set loaded)
{
	char *directory __attribute__((cleanup(output_text_free))) = NULL;
	char *root __attribute__((cleanup(output_text_free))) = realpath(cgroup_root, NULL);
	size_t length = root ? strlen(root) : 0;

	if (!root || !guard_is_wanted(image) ||
		hook_set_is_empty(hook_set_and(hooks_guard(), loaded)))
		return false;
	directory = own_directory();
	if (!directory || strncmp(directory, root, length) ||
		(directory[length] && directory[length] != '/') ||
		!is_governed(image, directory, length))
		return false;
	output_error("the ruleset would govern this very process, in cgroup '%s': with protect = "
		     "guard it could neither finish nor be undone from here",
		directory[length] ? directory + length : "/");
	output_hint("use cgward from a cgroup that no policy governs, leave this one out of the "
		    "policies' cgroup globs, or set `protect = off` in cgward.conf");
	return true;
}

/* With a guard the pins of links have no permissions. */
static bool has_guard(const char *bpffs)
{
	struct strbuf path __attribute__((cleanup(strbuf_free))) = STRBUF_INIT;
	struct dirent *entry;
	bool found = false;
	DIR *dir;

	strbuf_printf(&path, "%s/links", bpffs);
	dir = opendir(path.data);
	while (dir && !found && (entry = readdir(dir))) {
		struct stat status;

		found = entry->d_name[0] != '.' &&
			!fstatat(dirfd(dir), entry->d_name, &status, AT_SYMLINK_NOFOLLOW) &&
			!(status.st_mode & 0777);
	}
	if (dir)
		closedir(dir);
	return found;
}

static bool can_use_bpf(void)
{
	int map = bpf_map_create(BPF_MAP_TYPE_ARRAY, "try", 4, 4, 1, NULL);

	if (map >= 0)
		close(map);
	return map >= 0;
}

bool self_hint(int error, const char *bpffs)
{
	char *path __attribute__((cleanup(output_text_free))) = NULL;

	error = error < 0 ? -error : error;
	if ((error != EPERM && error != EACCES) || privileges_are_missing() || !has_guard(bpffs))
		return false;
	if (!can_use_bpf()) {
		output_hint("bpf(2) is refused to this process altogether: by a policy that denies "
			    "the power bpf, a seccomp filter or another security module");
		return true;
	}
	path = own_path();
	output_hint("this process is governed, in cgroup '%s', and protect = guard keeps governed "
		    "processes from cgward: use it from a cgroup that no policy governs",
		path ? path : "?");
	return true;
}
