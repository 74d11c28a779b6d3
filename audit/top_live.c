// SPDX-License-Identifier: GPL-2.0-only
#include "top_live.h"

#include <bpf/bpf.h>
#include <bpf/libbpf.h>
#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>
#include "confine.h"

#define RECORD_MAX (sizeof(struct cgw_event) + CGW_EVENT_TAIL_MAX)
#define ANY_CGROUP "*"

static char *join(const char *directory, const char *name)
{
	struct strbuf path = STRBUF_INIT;

	strbuf_printf(&path, "%s/%s", directory, name);
	return strbuf_take(&path);
}

/* A map that must have this type, and values of this size unless that is 0. */
static int open_map(const char *bpffs, const char *name, enum bpf_map_type type,
	uint32_t value_size, struct bpf_map_info *info)
{
	char *path = join(bpffs, name);
	uint32_t size = sizeof(*info);
	int map = bpf_obj_get(path), result = map < 0 ? -errno : map;

	free(path);
	memset(info, 0, sizeof(*info));
	if (map < 0)
		return result;
	if (bpf_obj_get_info_by_fd(map, info, &size))
		result = -errno;
	else if (info->type != type || (value_size && info->value_size != value_size))
		result = -EPROTO;
	if (result < 0)
		close(map);
	return result;
}

static int open_ring(struct top_live *live, const char *bpffs)
{
	struct bpf_map_info info;
	struct stat status;
	int map = open_map(bpffs, "maps/events", BPF_MAP_TYPE_RINGBUF, 0, &info);
	int result;

	if (map < 0)
		return map;
	result = stat(live->events_path, &status) ? -errno
						  : ring_watch(&live->ring, map, info.max_entries);
	live->device = status.st_dev;
	live->inode = status.st_ino;
	close(map);
	return result;
}

static int open_counters(struct top_live *live, const char *bpffs)
{
	struct bpf_map_info info;
	int count = libbpf_num_possible_cpus();

	live->counters_map = open_map(
		bpffs, "maps/counters", BPF_MAP_TYPE_HASH, sizeof(struct cgw_counter), &info);
	if (live->counters_map < 0)
		return live->counters_map;
	live->cpus_map = open_map(
		bpffs, "maps/cpus", BPF_MAP_TYPE_PERCPU_ARRAY, sizeof(struct cgw_cpu), &info);
	if (live->cpus_map < 0)
		return live->cpus_map;
	if (count < 1)
		return -EIO;
	live->cpu_count = count;
	live->cpus = xcalloc(count, sizeof(*live->cpus));
	return 0;
}

static int open_all(struct top_live *live, const char *bpffs)
{
	int result;

	libbpf_set_print(NULL);
	result = open_counters(live, bpffs);
	return result ? result : open_ring(live, bpffs);
}

static enum status fail(const char *verb, const char *object, int error)
{
	bool right = error == -EPERM || error == -EACCES;

	message("failed to %s '%s': %s%s", verb, object, strerror(-error),
		right		   ? "\n  run as root, or give a log: cgward-audit top FILE"
		: error == -ENOENT ? "\n  'cgward apply' makes an instance; --bpffs DIR names "
				     "another"
		: error == -EPROTO ? "\n  it was made by another version of cgward"
				   : "");
	return right ? STATUS_UNABLE : STATUS_NOT;
}

enum status top_live_open(struct top_live *live, const char *bpffs)
{
	const char *what;
	int result;

	*live = (struct top_live){.broker = {.socket = -1}, .counters_map = -1, .cpus_map = -1};
	live->events_path = join(bpffs, "maps/events");
	live->broker.dir = bpffs;
	live->record = xcalloc(1, RECORD_MAX);
	rules_init(&live->rules, broker_open_image, &live->broker);
	result = open_all(live, bpffs);
	if (result) {
		top_live_close(live);
		return fail("open the instance at", bpffs, result);
	}
	result = confine_drop(&what);
	if (!result) {
		what = "set the seccomp filter";
		result = confine_filter(CONFINE_READER);
	}
	if (!result)
		return STATUS_DONE;
	top_live_close(live);
	return fail(what, "top", result);
}

void top_live_close(struct top_live *live)
{
	ring_close(&live->ring);
	rules_free(&live->rules);
	if (live->counters_map >= 0)
		close(live->counters_map);
	if (live->cpus_map >= 0)
		close(live->cpus_map);
	free(live->cpus);
	free(live->record);
	free(live->events_path);
}

static void count(struct top_live *live, struct top *top, const struct event *event)
{
	const struct cgw_event *head = event->head;
	uint64_t events = head->flags & CGW_EVENT_SUPPRESSED ? head->suppressed.count : 1;
	struct rule_info rule =
		rules_find(&live->rules, head->generation, head->rule, head->rule_key);
	char *cgroup = xstrndup((const char *)event->cgroup.data, event->cgroup.length);
	struct top_entry *entry = top_entry(top, *cgroup ? cgroup : "/",
		rule.policy ? rule.policy : "?", rule.text ? rule.text : "?");

	if (entry)
		entry->total += events;
	else
		top->unlisted += events;
	free(cgroup);
}

int top_live_look(void *context, struct top *top)
{
	struct top_live *live = context;
	struct event event;
	struct stat status;
	size_t size;

	while (ring_look(&live->ring, live->record, RECORD_MAX, &size))
		if (!event_decode(&event, live->record, size))
			count(live, top, &event);
	if (stat(live->events_path, &status) || status.st_dev != live->device ||
		status.st_ino != live->inode)
		return -ESTALE;
	return 0;
}

/* Seen in the events of single cgroups. */
static uint64_t seen(const struct top *top, const struct rule_info *rule)
{
	uint64_t sum = 0;

	for (size_t i = 0; i < top->count; i++) {
		const struct top_entry *entry = &top->entries[i];

		if (strcmp(entry->cgroup, ANY_CGROUP) && !strcmp(entry->rule, rule->text) &&
			!strcmp(entry->policy, rule->policy))
			sum += entry->total;
	}
	return sum;
}

static void count_rule(struct top_live *live, struct top *top, uint32_t index)
{
	struct cgw_counter counter;
	struct top_entry *entry;
	struct rule_info rule;
	uint64_t total, known, key;

	if (!rules_newest_key(&live->rules, index, &key) ||
		bpf_map_lookup_elem(live->counters_map, &key, &counter))
		return;
	total = counter.denied + counter.audited;
	if (!total)
		return;
	top->total += total;
	rule = rules_newest_rule(&live->rules, index, key);
	if (!rule.policy)
		return;
	known = seen(top, &rule);
	entry = top_entry(top, ANY_CGROUP, rule.policy, rule.text);
	if (entry)
		entry->total = total > known ? total - known : 0;
}

void top_live_settle(void *context, struct top *top)
{
	struct top_live *live = context;
	uint32_t count, zero = 0;

	rules_retry(&live->rules);
	count = rules_newest(&live->rules);
	top->total = 0;
	for (uint32_t i = 0; i < count; i++)
		count_rule(live, top, i);
	if (bpf_map_lookup_elem(live->cpus_map, &zero, live->cpus))
		return;
	top->lost = 0;
	for (unsigned int i = 0; i < live->cpu_count; i++)
		top->lost += live->cpus[i].lost;
}
