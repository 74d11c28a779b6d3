// SPDX-License-Identifier: GPL-2.0-only
#include "guard.h"

#include <bpf/bpf.h>
#include <dirent.h>
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/sysmacros.h>
#include <unistd.h>
#include "config.h"
#include "hooks.h"
#include "names.h"
#include "output.h"
#include "strbuf.h"

#define MODE_GUARDED 0
#define MODE_USUAL 0600
/* How the help of its hooks begins. */
#define GUARD_HELP "self-protection: "

bool guard_is_wanted(const struct image *image)
{
	return image_settings(image).protect == CGW_PROTECT_GUARD;
}

/* ---- the record ---- */

struct entry {
	struct cgw_guard_key key;
	struct cgw_guard guard;
};

/* Far more than the object has. */
#define MAPS_PER_PROGRAM_MAX 64

struct record {
	struct entry *items;
	size_t count, room;
};

static void record_free(struct record *record)
{
	free(record->items);
}

static void add(struct record *record, enum cgw_guarded kind, uint32_t device, uint64_t number,
	const char *what, const char *name)
{
	struct entry entry = {.key = {kind, device, number}};

	snprintf(entry.guard.name, sizeof(entry.guard.name), "%s%s", what, name);
	ARRAY_GROW(record->items, record->count, record->room);
	record->items[record->count++] = entry;
}

/* The id of an object. 0 or -errno. */
static int id_of(int fd, enum cgw_guarded kind, uint32_t *id)
{
	union {
		struct bpf_map_info map;
		struct bpf_prog_info program;
		struct bpf_link_info link;
	} info = {};
	__u32 length = kind == CGW_GUARDED_MAP	     ? sizeof(info.map)
		       : kind == CGW_GUARDED_PROGRAM ? sizeof(info.program)
						     : sizeof(info.link);

	if (bpf_obj_get_info_by_fd(fd, &info, &length))
		return -errno;
	*id = kind == CGW_GUARDED_MAP	    ? info.map.id
	      : kind == CGW_GUARDED_PROGRAM ? info.program.id
					    : info.link.id;
	return 0;
}

static bool has_key(const struct record *record, const struct cgw_guard_key *key)
{
	for (size_t i = 0; i < record->count; i++)
		if (!memcmp(&record->items[i].key, key, sizeof(*key)))
			return true;
	return false;
}

/* Maps that have no pin: what the program's variables stand in decides as well. */
static int add_maps_of(struct record *record, int program, const char *name)
{
	__u32 ids[MAPS_PER_PROGRAM_MAX] = {}, length = sizeof(struct bpf_prog_info);
	struct bpf_prog_info info = {.nr_map_ids = MAPS_PER_PROGRAM_MAX, .map_ids = (uintptr_t)ids};

	if (bpf_obj_get_info_by_fd(program, &info, &length))
		return -errno;
	for (__u32 i = 0; i < info.nr_map_ids && i < MAPS_PER_PROGRAM_MAX; i++) {
		struct cgw_guard_key key = {.kind = CGW_GUARDED_MAP, .number = ids[i]};

		if (!has_key(record, &key))
			add(record, CGW_GUARDED_MAP, 0, ids[i], "map of ", name);
	}
	return 0;
}

static int add_pin(struct record *record, const char *path, enum cgw_guarded kind, const char *what,
	const char *name)
{
	int fd = bpf_obj_get(path), err;
	uint32_t id = 0;

	if (fd < 0 && errno == ENOENT)
		return 0;
	err = fd < 0 ? -errno : id_of(fd, kind, &id);
	if (!err && kind == CGW_GUARDED_PROGRAM)
		err = add_maps_of(record, fd, name);
	if (!err)
		add(record, kind, 0, id, what, name);
	else
		output_failure("guard", path, err, "what cannot be put on record is not guarded");
	if (fd >= 0)
		close(fd);
	return err;
}

static int add_pins(struct record *record, const struct instance *instance, const char *folder,
	enum cgw_guarded kind, const char *what)
{
	DIR *dir = opendir(instance_path(instance, folder, ""));
	struct dirent *entry;
	int err = 0;

	if (!dir)
		return errno == ENOENT ? 0 : -errno;
	while (!err && (entry = readdir(dir)))
		if (entry->d_name[0] != '.')
			err = add_pin(record, instance_path(instance, folder, entry->d_name), kind,
				what, entry->d_name);
	closedir(dir);
	return err;
}

/* As the kernel numbers devices; to programs st_dev comes in another form. */
static uint32_t kernel_device(dev_t device)
{
	return major(device) << 20 | minor(device);
}

static int add_directory(struct record *record, enum cgw_guarded kind, const char *path,
	const char *name, dev_t *device)
{
	struct stat status;

	if (stat(path, &status))
		return -errno;
	if (kind == CGW_GUARDED_ABOVE && status.st_dev != *device)
		kind = CGW_GUARDED_OUTER;
	add(record, kind, kernel_device(status.st_dev), status.st_ino, "", name);
	*device = status.st_dev;
	return 0;
}

/* The folders of the pins, and all directories above them. */
static int add_directories(struct record *record, const struct instance *instance)
{
	static const char *const folders[] = {"maps", "progs", "links", "images"};
	char *path __attribute__((cleanup(output_text_free))) = realpath(instance->dir, NULL);
	dev_t device = 0, bpffs;
	char *slash;
	int err = path ? add_directory(record, CGW_GUARDED_FOLDER, path, "pins", &device) : -errno;

	for (size_t i = 0; !err && i < sizeof(folders) / sizeof(folders[0]); i++)
		err = add_directory(record, CGW_GUARDED_FOLDER,
			instance_path(instance, folders[i], ""), folders[i], &device);
	bpffs = device;
	for (bool above = true; !err && (slash = strrchr(path, '/')); above = false) {
		char name[CGW_GUARD_NAME];

		/* A longer one is not known by its beginning: then nothing beside it is guarded. */
		snprintf(name, sizeof(name), "%s",
			above && strlen(slash + 1) < sizeof(name) ? slash + 1 : "");
		*slash = '\0';
		device = bpffs;
		err = add_directory(record, CGW_GUARDED_ABOVE, *path ? path : "/", name, &device);
	}
	return err;
}

static int add_namespace(struct record *record)
{
	struct stat status;

	if (stat("/proc/self/ns/mnt", &status))
		return -errno;
	add(record, CGW_GUARDED_NAMESPACE, 0, status.st_ino, "", "mounts");
	return 0;
}

static bool is_object(const struct cgw_guard_key *key)
{
	return key->kind == CGW_GUARDED_MAP || key->kind == CGW_GUARDED_PROGRAM ||
	       key->kind == CGW_GUARDED_LINK;
}

/*
 * One without a pin is there until its last user has gone: a reader, or what the kernel frees by
 * RCU. Who may not ask for it (CAP_SYS_ADMIN) takes it for gone.
 */
static bool is_there(const struct cgw_guard_key *key)
{
	int fd = key->kind == CGW_GUARDED_MAP	    ? bpf_map_get_fd_by_id(key->number)
		 : key->kind == CGW_GUARDED_PROGRAM ? bpf_prog_get_fd_by_id(key->number)
						    : bpf_link_get_fd_by_id(key->number);

	if (fd >= 0)
		close(fd);
	return fd >= 0;
}

static bool is_of_reader(int map, const struct cgw_guard_key *key)
{
	struct cgw_guard guard;

	return !bpf_map_lookup_elem(map, key, &guard) && guard.start;
}

/* What cgward-audit has put there stays; an object does as long as it is there. */
static void remove_others(int map, const struct record *record)
{
	struct record gone __attribute__((cleanup(record_free))) = {};
	struct cgw_guard_key key, *previous = NULL;

	while (!bpf_map_get_next_key(map, previous, &key)) {
		previous = &key;
		if (has_key(record, &key) || is_of_reader(map, &key) ||
			(record->count && is_object(&key) && is_there(&key)))
			continue;
		add(&gone, key.kind, key.device, key.number, "", "");
	}
	for (size_t i = 0; i < gone.count; i++)
		bpf_map_delete_elem(map, &gone.items[i].key);
}

static int record_write(const struct record *record, int map)
{
	for (size_t i = 0; i < record->count; i++)
		if (bpf_map_update_elem(
			    map, &record->items[i].key, &record->items[i].guard, BPF_ANY))
			return -errno;
	return 0;
}

/* One that cannot be put on record is an error: it would be there for everybody. */
static int add_objects(struct record *record, const struct instance *instance)
{
	int err = add_pins(record, instance, "maps", CGW_GUARDED_MAP, "map ");

	if (!err)
		err = add_pins(record, instance, "images", CGW_GUARDED_MAP, "ruleset ");
	if (!err)
		err = add_pins(record, instance, "progs", CGW_GUARDED_PROGRAM, "program ");
	if (!err)
		err = add_pins(record, instance, "links", CGW_GUARDED_LINK, "link ");
	return err;
}

/* ---- pins of links ---- */

unsigned int guard_link_mode(const struct instance *instance)
{
	const char *program = hooks[CGW_HOOK_GUARD_CAPABLE].program;

	return access(instance_path(instance, "progs", program), F_OK) ? MODE_USUAL : MODE_GUARDED;
}

static void set_modes(const struct instance *instance, mode_t mode)
{
	DIR *dir = opendir(instance_path(instance, "links", ""));
	struct dirent *entry;

	while (dir && (entry = readdir(dir)))
		if (entry->d_name[0] != '.' &&
			chmod(instance_path(instance, "links", entry->d_name), mode))
			output_failure("change the mode of",
				instance_path(instance, "links", entry->d_name), errno, NULL);
	if (dir)
		closedir(dir);
}

/* ---- */

static int fail(const char *verb, int err)
{
	output_failure(verb, "the record of what is guarded", err, NULL);
	return err;
}

static const struct cgw_guard_key hold_key = {
	.kind = CGW_GUARDED_CHANGING, .number = CGW_CHANGING_INSTANCE};

int guard_hold(const struct instance *instance)
{
	static const struct cgw_guard guard = {
		.name = "what is not on record yet: cgward is at work"};

	if (!bpf_map_update_elem(instance->maps[MAP_GUARDED], &hold_key, &guard, BPF_ANY))
		return 0;
	return fail("write", -errno);
}

void guard_release(const struct instance *instance)
{
	bpf_map_delete_elem(instance->maps[MAP_GUARDED], &hold_key);
}

bool guard_is_held(const struct instance *instance)
{
	struct cgw_guard guard;

	return !bpf_map_lookup_elem(instance->maps[MAP_GUARDED], &hold_key, &guard);
}

int guard_record(const struct instance *instance, bool wanted)
{
	struct record record __attribute__((cleanup(record_free))) = {};
	int map = instance->maps[MAP_GUARDED], err = 0;

	if (wanted) {
		err = add_objects(&record, instance);
		if (!err)
			err = add_directories(&record, instance);
		if (!err)
			err = add_namespace(&record);
		if (err)
			return fail("make", err);
		set_modes(instance, guard_link_mode(instance));
	}
	err = record_write(&record, map);
	if (err)
		return fail("write", err);
	remove_others(map, &record);
	if (!wanted)
		set_modes(instance, MODE_USUAL);
	return 0;
}

/* Of a record: the reader's processes, and objects, which may be there without a pin. */
static void add_recorded(struct record *record, int map)
{
	struct cgw_guard_key key, *previous = NULL;

	while (!bpf_map_get_next_key(map, previous, &key)) {
		struct entry entry = {.key = key};

		previous = &key;
		if ((key.kind != CGW_GUARDED_TASK && !is_object(&key)) || has_key(record, &key) ||
			bpf_map_lookup_elem(map, &key, &entry.guard))
			continue;
		if (is_object(&key))
			entry.guard.start = 0; /* the reader has others there */
		ARRAY_GROW(record->items, record->count, record->room);
		record->items[record->count++] = entry;
	}
}

int guard_take_over(const struct instance *from, const struct instance *to)
{
	struct record record __attribute__((cleanup(record_free))) = {};
	int err = add_objects(&record, from);

	if (err)
		return fail("make", err);
	add_recorded(&record, from->maps[MAP_GUARDED]);
	err = record_write(&record, to->maps[MAP_GUARDED]);
	return err ? fail("write", err) : 0;
}

void guard_gaps(struct hook_set there, struct strbuf *out)
{
	struct hook_set missing = hook_set_minus(hooks_guard(), there);

	for (const struct cgw_name *row = cgw_hook_names; row->name; row++) {
		const char *what = row->help;

		if (!hook_set_has(&missing, row->value))
			continue;
		if (!strncmp(what, GUARD_HELP, strlen(GUARD_HELP)))
			what += strlen(GUARD_HELP);
		strbuf_printf(out, "%s%s (%s)", out->length ? ", " : "", what, row->name);
	}
}

enum guard_state guard_state(const struct image *image, struct hook_set alive)
{
	struct hook_set wanted = hooks_guard();

	if (!guard_is_wanted(image))
		return GUARD_OFF;
	if (hook_set_is_empty(hook_set_and(wanted, alive)))
		return GUARD_NONE;
	return hook_set_is_empty(hook_set_minus(wanted, alive)) ? GUARD_FULL : GUARD_PARTLY;
}
