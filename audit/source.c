// SPDX-License-Identifier: GPL-2.0-only
#include "source.h"

#include <bpf/bpf.h>
#include <bpf/libbpf.h>
#include <errno.h>
#include <fcntl.h>
#include <stdlib.h>
#include <string.h>
#include <sys/file.h>
#include <sys/stat.h>
#include <unistd.h>
#include "strbuf.h"

static const char no_instance[] = "'cgward apply' makes one; --bpffs DIR names another";
static const char no_right[] =
	"run as root, or with the capabilities CAP_BPF and CAP_DAC_OVERRIDE, and from a cgroup "
	"that no policy governs: protect = guard keeps governed processes from cgward";

static void close_fd(int *fd)
{
	if (*fd >= 0)
		close(*fd);
}

static void free_text(char **text)
{
	free(*text);
}

static char *join(const char *directory, const char *name)
{
	struct strbuf path = STRBUF_INIT;

	strbuf_printf(&path, "%s/%s", directory, name);
	return strbuf_take(&path);
}

/* Says that `verb`ing the object failed with -error, and what to do; returns error. */
static int fail(char **message, const char *verb, const char *object, int error)
{
	struct strbuf text = STRBUF_INIT;
	const char *next = error == -ENOENT			 ? no_instance
			   : error == -EACCES || error == -EPERM ? no_right
								 : NULL;

	strbuf_printf(&text, "failed to %s '%s': %s", verb, object, strerror(-error));
	if (next)
		strbuf_printf(&text, "\n  %s", next);
	*message = strbuf_take(&text);
	return error;
}

static int fail_locked(char **message, int lock, const char *maps)
{
	struct strbuf text = STRBUF_INIT;
	struct stat status = {0};

	fstat(lock, &status);
	strbuf_printf(&text,
		"failed to lock '%s': another cgward-audit reads these events\n"
		"  only one can; 'fuser -v %s' names it, or the line with ':%lu ' in /proc/locks",
		maps, maps, (unsigned long)status.st_ino);
	*message = strbuf_take(&text);
	return -EWOULDBLOCK;
}

static int lock_open(struct source *source, const struct broker *broker, char **error)
{
	const char *maps = source->maps;
	struct stat status;

	source->lock = broker_open(broker, BROKER_MAPS, 0);
	if (source->lock < 0)
		return fail(error, "open", maps, source->lock);
	if (fstat(source->lock, &status))
		return fail(error, "examine", maps, -errno);
	source->device = status.st_dev;
	source->inode = status.st_ino;
	if (!flock(source->lock, LOCK_EX | LOCK_NB))
		return 0;
	if (errno == EWOULDBLOCK)
		return fail_locked(error, source->lock, maps);
	return fail(error, "lock", maps, -errno);
}

/* Opens a pinned map that must have this type and value size (0: any). */
static int map_open(const struct broker *broker, enum broker_pin pin, enum bpf_map_type type,
	uint32_t value_size, int *result, char **error)
{
	char *path __attribute__((cleanup(free_text))) = join(broker->dir, broker_pin_name(pin));
	int map __attribute__((cleanup(close_fd))) = broker_open(broker, pin, 0);
	struct bpf_map_info info = {0};
	uint32_t size = sizeof(info);

	if (map < 0)
		return fail(error, "open", path, map);
	if (bpf_obj_get_info_by_fd(map, &info, &size))
		return fail(error, "examine", path, -errno);
	if (info.type != type || (value_size && info.value_size != value_size))
		return fail(error, "use", path, -EPROTO);
	*result = map;
	map = -1;
	return 0;
}

/* The instance must be complete and speak our version of the ABI. */
static int meta_check(const struct broker *broker, char **error)
{
	char *path __attribute__((cleanup(free_text))) =
		join(broker->dir, broker_pin_name(BROKER_META));
	int map __attribute__((cleanup(close_fd))) = -1;
	struct strbuf text = STRBUF_INIT;
	struct cgw_meta meta;
	uint32_t zero = 0;
	int result = map_open(broker, BROKER_META, BPF_MAP_TYPE_ARRAY, sizeof(meta), &map, error);

	if (result)
		return result;
	if (bpf_map_lookup_elem(map, &zero, &meta))
		return fail(error, "read", path, -errno);
	if (meta.magic == CGW_META_MAGIC && meta.abi_version == CGW_ABI_VERSION)
		return 0;
	if (meta.magic != CGW_META_MAGIC)
		strbuf_printf(&text,
			"failed to use '%s': the instance is not complete\n"
			"  a loader died while it made it; 'cgward apply' mends that",
			path);
	else
		strbuf_printf(&text,
			"failed to use '%s': the programs speak version %u of the event format, "
			"this cgward-audit version %u\n"
			"  use the cgward-audit that came with cgward %.*s, or apply with this "
			"version",
			path, meta.abi_version, CGW_ABI_VERSION, (int)sizeof(meta.build),
			meta.build);
	*error = strbuf_take(&text);
	return meta.magic == CGW_META_MAGIC ? -EPROTONOSUPPORT : -EPROTO;
}

static int events_open(struct source *source, const struct broker *broker, char **error)
{
	const char *name = broker_pin_name(BROKER_EVENTS);
	struct bpf_map_info info = {0};
	uint32_t size = sizeof(info);
	int result =
		map_open(broker, BROKER_EVENTS, BPF_MAP_TYPE_RINGBUF, 0, &source->ring_map, error);

	if (result)
		return result;
	if (bpf_obj_get_info_by_fd(source->ring_map, &info, &size))
		return fail(error, "examine", name, -errno);
	result = ring_open(&source->ring, source->ring_map, info.max_entries);
	return result ? fail(error, "map", name, result) : 0;
}

static int sums_open(struct source *source, const struct broker *broker, char **error)
{
	source->sums = broker_open(broker, BROKER_SUMS, 0);
	return source->sums < 0 ? fail(error, "attach", broker_pin_name(BROKER_SUMS), source->sums)
				: 0;
}

int source_guard(const struct broker *broker)
{
	int map = broker_open(broker, BROKER_GUARDED, 0);

	if (map < 0)
		return map;
	close(map);
	return 0;
}

int source_sums(const struct source *source)
{
	int iterator __attribute__((cleanup(close_fd))) = bpf_iter_create(source->sums);
	char nothing[64];
	ssize_t got;

	if (iterator < 0)
		return iterator;
	do
		got = read(iterator, nothing, sizeof(nothing));
	while (got > 0 || (got < 0 && (errno == EAGAIN || errno == EINTR)));
	return got < 0 ? -errno : 0;
}

/* The lock is held: nobody else changes the state. */
static int reader_open(struct source *source, const struct broker *broker, char **error)
{
	int map = broker_open(broker, BROKER_READER, 0);
	int result = state_open(&source->state, map, source->maps, source->cpu_count);

	if (map >= 0)
		close(map);
	if (result)
		return fail(error, "open", broker_pin_name(BROKER_READER), result);
	/* Killed between the two steps of giving records back. */
	ring_skip_to(&source->ring, state_now(&source->state)->position);
	return 0;
}

static int counters_open(struct source *source, const struct broker *broker, char **error)
{
	const char *path = broker_pin_name(BROKER_CPUS);
	int count = libbpf_num_possible_cpus();
	int result = map_open(broker, BROKER_CPUS, BPF_MAP_TYPE_PERCPU_ARRAY,
		sizeof(struct cgw_cpu), &source->cpus_map, error);

	if (result)
		return result;
	if (count < 1)
		return fail(error, "count the CPUs for", path, count);
	source->cpu_count = count;
	source->counters = xcalloc(count, sizeof(*source->counters));
	result = source_counters(source);
	return result ? fail(error, "read", path, result) : 0;
}

int source_open(struct source *source, const struct broker *broker, char **error)
{
	int result;

	*source = (struct source){.lock = -1, .cpus_map = -1, .ring_map = -1, .sums = -1};
	source->maps = join(broker->dir, broker_pin_name(BROKER_MAPS));
	result = lock_open(source, broker, error);
	if (!result)
		result = meta_check(broker, error);
	if (!result)
		result = counters_open(source, broker, error);
	if (!result)
		result = events_open(source, broker, error);
	if (!result)
		result = sums_open(source, broker, error);
	if (!result)
		result = reader_open(source, broker, error);
	if (result)
		source_close(source);
	return result;
}

void source_close(struct source *source)
{
	if (!source->maps)
		return;
	ring_close(&source->ring);
	state_close(&source->state);
	close_fd(&source->ring_map);
	close_fd(&source->sums);
	close_fd(&source->cpus_map);
	close_fd(&source->lock);
	free(source->counters);
	free(source->maps);
	*source = (struct source){.lock = -1, .cpus_map = -1, .ring_map = -1, .sums = -1};
}

int source_counters(struct source *source)
{
	uint32_t zero = 0;

	return bpf_map_lookup_elem(source->cpus_map, &zero, source->counters) ? -errno : 0;
}

int source_fd(const struct source *source)
{
	return source->ring_map;
}

bool source_is_current(const struct source *source)
{
	struct stat here, there;

	if (fstat(source->lock, &here) || !here.st_nlink)
		return false;
	if (!stat(source->maps, &there))
		return there.st_dev == source->device && there.st_ino == source->inode;
	return errno == EACCES; /* an unprivileged user may not look, but has it open */
}
