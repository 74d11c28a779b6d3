/* SPDX-License-Identifier: GPL-2.0-only */
#include "load.h"

#include <bpf/bpf.h>
#include <bpf/btf.h>
#include <bpf/libbpf.h>
#include <errno.h>
#include <limits.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>
#include "build_id.h"
#include "cgroup.h"
#include "cgward.skel.h"
#include "hooks.h"
#include "ksyms.h"
#include "output.h"
#include "privileges.h"
#include "strbuf.h"

/* The same as in bpf/maps.h, which only the BPF compiler can read. */
#define SCRATCH_SLOTS_PER_CPU 4
#define SCRATCH_SLOTS_SHARED 128
/* Processes that can be on record if the kernel's limits cannot be read; and never more: 16 bytes
 * each. */
#define PROCESSES_DEFAULT 65536
#define PROCESSES_MAX (1U << 20)

static int print_libbpf(enum libbpf_print_level level, const char *format, va_list args)
{
	struct strbuf text __attribute__((cleanup(strbuf_free))) = STRBUF_INIT;
	char *rest = NULL;

	(void)level;
	strbuf_vprintf(&text, format, args);
	/* The verifier's words are many lines. */
	for (char *line = strtok_r(text.data, "\n", &rest); line;
		line = strtok_r(NULL, "\n", &rest))
		output_debug("%s", line);
	return 0;
}

static unsigned long read_limit(const char *path)
{
	FILE *file = fopen(path, "re");
	unsigned long limit = 0;

	if (file) {
		if (fscanf(file, "%lu", &limit) != 1)
			limit = 0;
		fclose(file);
	}
	return limit;
}

/* As many as there can be processes: a record that finds no room costs the process its life. */
static unsigned int process_limit(void)
{
	unsigned long threads = read_limit("/proc/sys/kernel/threads-max");
	unsigned long pids = read_limit("/proc/sys/kernel/pid_max");
	unsigned long limit = threads && (!pids || threads < pids) ? threads : pids;

	if (!limit)
		limit = PROCESSES_DEFAULT;
	return limit < PROCESSES_MAX ? limit : PROCESSES_MAX;
}

static int configure(struct cgward_bpf *bpf, uint64_t root_id)
{
	int cpus = libbpf_num_possible_cpus(), err;

	if (cpus < 0)
		return cpus;
	bpf->rodata->cgroup_root_id = root_id;
	err = bpf_map__set_max_entries(
		bpf->maps.cgward_scratches, SCRATCH_SLOTS_SHARED + cpus * SCRATCH_SLOTS_PER_CPU);
	if (!err)
		err = bpf_map__set_max_entries(bpf->maps.cgward_processes, process_limit());
	for (int i = 1; !err && i < HOOK_COUNT; i++)
		if (hooks[i].on_demand)
			err = bpf_program__set_autoload(
				bpf_object__find_program_by_name(bpf->obj, hooks[i].program),
				false);
	return err;
}

/* The maps, and the programs that every ruleset needs. */
static int load_programs(struct cgward_bpf **loaded, uint64_t root_id)
{
	struct cgward_bpf *bpf;
	int err;

	libbpf_set_print(print_libbpf);
	bpf = cgward_bpf__open();
	if (!bpf)
		return -errno;
	err = configure(bpf, root_id);
	if (!err)
		err = cgward_bpf__load(bpf);
	if (err)
		cgward_bpf__destroy(bpf);
	else
		*loaded = bpf;
	return err;
}

static struct bpf_map *find_map(struct cgward_bpf *bpf, int map)
{
	char name[64];

	snprintf(name, sizeof(name), CGW_OBJECT_PREFIX "%s", instance_map_names[map]);
	return bpf_object__find_map_by_name(bpf->obj, name);
}

static int pin_program(const struct instance *instance, const struct bpf_program *program)
{
	const char *path = instance_path(instance, "progs", bpf_program__name(program));
	int err;

	if (!bpf_obj_pin(bpf_program__fd(program), path))
		return 0;
	err = -errno;
	output_failure("pin", path, err, NULL);
	return err;
}

/* Not among the maps of the programs: without it a reader begins anew, nothing else. */
static int pin_reader(const struct instance *instance)
{
	LIBBPF_OPTS(bpf_map_create_opts, options, .map_flags = BPF_F_MMAPABLE);
	const char *path = instance_path(instance, "maps", "reader");
	int map = bpf_map_create(BPF_MAP_TYPE_ARRAY, "cgward_reader", sizeof(__u32),
		CGW_READER_SIZE(libbpf_num_possible_cpus()), 1, &options);
	int err = map < 0 ? map : 0;

	if (!err && bpf_obj_pin(map, path))
		err = -errno;
	if (map >= 0)
		close(map);
	if (err)
		output_failure("pin", path, err, NULL);
	return err;
}

static int pin_all(const struct instance *instance, struct cgward_bpf *bpf, uint32_t *programs)
{
	struct bpf_program *program;
	uint32_t count = 0;

	for (int i = 0; i < MAP_COUNT; i++) {
		struct bpf_map *map = find_map(bpf, i);
		const char *path = instance_path(instance, "maps", instance_map_names[i]);
		int err = map ? bpf_obj_pin(bpf_map__fd(map), path) : -ENOENT;

		if (err) {
			err = map ? -errno : err;
			output_failure("pin", path, err, NULL);
			return err;
		}
	}
	bpf_object__for_each_program(program, bpf->obj)
	{
		int err;

		if (bpf_program__fd(program) < 0)
			continue;
		err = pin_program(instance, program);
		if (err)
			return err;
		count++;
	}
	*programs = count;
	return pin_reader(instance);
}

/* Written last: from here on the instance exists. `known` holds what differs between instances. */
static int write_meta(const struct instance *instance, struct cgward_bpf *bpf,
	const char *cgroup_root, const struct cgw_meta *known)
{
	struct cgw_meta *meta = xcalloc(1, sizeof(*meta));
	char resolved[PATH_MAX];
	__u32 zero = 0;
	int err = 0;

	*meta = *known;
	meta->magic = CGW_META_MAGIC;
	meta->abi_version = CGW_ABI_VERSION;
	meta->build_id = CGW_BUILD_ID;
	snprintf(meta->build, sizeof(meta->build), "%s", CGWARD_VERSION);
	snprintf(meta->cgroup_root, sizeof(meta->cgroup_root), "%s",
		realpath(cgroup_root, resolved) ? resolved : cgroup_root);
	if (bpf_map_update_elem(bpf_map__fd(bpf->maps.cgward_meta), &zero, meta, BPF_ANY)) {
		err = -errno;
		output_failure("write", instance_path(instance, "maps", "meta"), err, NULL);
	}
	free(meta);
	return err;
}

int load_instance(struct instance *instance, const char *cgroup_root, uint64_t epoch)
{
	struct cgw_meta known = {.epoch = epoch};
	struct cgward_bpf *bpf = NULL;
	uint64_t id;
	int err = cgroup_id_of(cgroup_root, &id);

	if (err) {
		output_failure("use the cgroup root", cgroup_root, err,
			"it must be a directory of cgroup v2");
		return err;
	}
	err = instance_clear(instance);
	if (!err)
		err = instance_make_folders(instance);
	if (err) {
		instance_clear(instance);
		return err;
	}
	err = load_programs(&bpf, id);
	/* The verifier has other words for it, such as EINVAL. */
	if (err && privileges_are_missing())
		err = -EPERM;
	if (err) {
		output_failure("load", "the programs", err,
			"cgward needs root, or CAP_BPF, CAP_PERFMON and CAP_NET_ADMIN; `cgward "
			"doctor` tells what "
			"this kernel lacks, --verbose what it said");
		instance_clear(instance);
		return err;
	}
	known.cgroup_root_id = id;
	err = pin_all(instance, bpf, &known.programs);
	if (!err)
		err = write_meta(instance, bpf, cgroup_root, &known);
	cgward_bpf__destroy(bpf);
	if (!err)
		err = instance_reopen(instance, 0);
	if (err)
		instance_clear(instance);
	return err;
}

/* Of a function of the kernel; 0: there is none. */
static int count_arguments(const char *function)
{
	struct btf *btf = btf__load_vmlinux_btf();
	const struct btf_type *type;
	int id, count = 0;

	if (!btf)
		return 0;
	id = btf__find_by_name_kind(btf, function, BTF_KIND_FUNC);
	if (id > 0) {
		type = btf__type_by_id(btf, btf__type_by_id(btf, id)->type);
		count = type ? btf_vlen(type) : 0;
	}
	btf__free(btf);
	return count;
}

/* Everything that the object has but these programs is there: the instance's maps are taken. */
static int configure_more(
	const struct instance *instance, struct cgward_bpf *bpf, struct hook_set set)
{
	struct ksym locks[] = {{"rename_lock", 0}, {"mount_lock", 0}, {NULL, 0}};
	struct bpf_program *program;
	int err = 0;

	bpf->rodata->cgroup_root_id = instance->meta->cgroup_root_id;
	bpf->rodata->has_rdonly_cast = count_arguments("bpf_rdonly_cast") > 0;
	if (hooks_read_paths(set))
		err = ksyms_find(locks);
	if (hook_set_has(&set, CGW_HOOK_INODE_SETATTR))
		bpf->rodata->setattr_has_idmap = count_arguments("bpf_lsm_inode_setattr") > 2;
	bpf->rodata->rename_lock_address = locks[0].address;
	bpf->rodata->mount_lock_address = locks[1].address;
	for (int i = 0; !err && i < MAP_COUNT; i++) {
		struct bpf_map *map = find_map(bpf, i);

		err = map ? bpf_map__reuse_fd(map, instance->maps[i]) : -ENOENT;
	}
	bpf_object__for_each_program(program, bpf->obj)
	{
		if (!err)
			err = bpf_program__set_autoload(program, false);
	}
	for (int i = 1; !err && i < HOOK_COUNT; i++) {
		if (!hook_set_has(&set, i))
			continue;
		program = bpf_object__find_program_by_name(bpf->obj, hooks[i].program);
		err = bpf_program__set_autoload(program, true);
		/* libbpf knows not all of these by the section's name. */
		if (!err && hooks[i].kind == HOOK_CGROUP)
			err = bpf_program__set_expected_attach_type(program, hooks[i].attach_type);
	}
	return err;
}

int load_programs_of(const struct instance *instance, struct hook_set set)
{
	struct cgward_bpf *bpf;
	int err;

	libbpf_set_print(print_libbpf);
	bpf = cgward_bpf__open();
	if (!bpf)
		return -errno;
	err = configure_more(instance, bpf, set);
	if (!err)
		err = cgward_bpf__load(bpf);
	for (int i = 1; !err && i < HOOK_COUNT; i++)
		if (hook_set_has(&set, i))
			err = pin_program(instance,
				bpf_object__find_program_by_name(bpf->obj, hooks[i].program));
	cgward_bpf__destroy(bpf);
	return err;
}
