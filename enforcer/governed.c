/* SPDX-License-Identifier: GPL-2.0-only */
#include "governed.h"

#include <dirent.h>
#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include "cgroup.h"
#include "operation.h"
#include "strbuf.h"

struct walk {
	struct governed *governed;
	const struct image *image;
	struct strbuf directory; /* of the cgroup that is looked at */
	size_t root_length;
};

/* The id decides what is attached by hand: a cgroup made again under the same name is another one.
 */
static void visit(struct walk *walk, const struct cgw_set *parent, struct cgw_set *set)
{
	struct governed *governed = walk->governed;
	const char *path = strbuf_text(&walk->directory) + walk->root_length;
	uint64_t id = 0;

	cgroup_id_of(strbuf_text(&walk->directory), &id);
	image_scope_of(walk->image, path, id, set);
	cgw_set_add(set, parent);
	if (!cgw_set_summary(set) || !memcmp(set, parent, sizeof(*set)))
		return;
	ARRAY_GROW(governed->items, governed->count, governed->room);
	governed->items[governed->count++] = (struct governed_cgroup){xstrdup(path), *set};
}

/* The directory in walk->directory, and all below it. */
static int descend(struct walk *walk, const struct cgw_set *parent)
{
	size_t length = walk->directory.length;
	DIR *dir = opendir(strbuf_text(&walk->directory));
	struct dirent *entry;
	struct cgw_set set;

	if (!dir)
		return -errno;
	visit(walk, parent, &set);
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

static int by_path(const void *a, const void *b)
{
	const struct governed_cgroup *x = a, *y = b;

	return strcmp(x->path, y->path);
}

int governed_find(struct governed *governed, const struct image *image, const char *root)
{
	struct walk walk = {.governed = governed, .image = image, .root_length = strlen(root)};
	struct cgw_set none = {};
	int err;

	*governed = (struct governed){};
	strbuf_puts(&walk.directory, root);
	err = descend(&walk, &none);
	strbuf_free(&walk.directory);
	if (governed->count)
		qsort(governed->items, governed->count, sizeof(*governed->items), by_path);
	return err;
}

void governed_free(struct governed *governed)
{
	for (size_t i = 0; i < governed->count; i++)
		free(governed->items[i].path);
	free(governed->items);
	*governed = (struct governed){};
}
