// SPDX-License-Identifier: GPL-2.0-only
#include "guarded.h"

#include <bpf/bpf.h>
#include <errno.h>
#include <stdbool.h>
#include <stdio.h>
#include <string.h>
#include "abi.h"

#define PROCESSES_MAX 2
#define LINK_NAME "link sums"

static struct {
	pid_t pid;
	uint64_t start; /* ticks, as in /proc/PID/stat */
} processes[PROCESSES_MAX];
static size_t process_count;
static uint32_t link_id; /* 0: none */

/* Field 22 of /proc/PID/stat: when the process has started. 0: it cannot be read. */
static uint64_t start_of(pid_t pid)
{
	char path[64], line[1024] = "", *at;
	unsigned long long start = 0;
	FILE *file;

	snprintf(path, sizeof(path), "/proc/%d/stat", pid);
	file = fopen(path, "re");
	if (!file)
		return 0;
	if (!fgets(line, sizeof(line), file))
		line[0] = 0;
	fclose(file);
	at = strrchr(line, ')'); /* the name may hold blanks */
	for (int field = 2; at && field < 22; field++)
		at = strchr(at + 1, ' ');
	if (at)
		sscanf(at, "%llu", &start);
	return start;
}

void guarded_remember(pid_t pid)
{
	if (process_count == PROCESSES_MAX)
		return;
	processes[process_count].pid = pid;
	processes[process_count++].start = start_of(pid);
}

/* With a start other than 0 it is a reader's. */
static int put(int map, enum cgw_guarded kind, uint64_t number, uint64_t start, const char *name)
{
	struct cgw_guard_key key = {.kind = kind, .number = number};
	struct cgw_guard guard = {.start = start};

	snprintf(guard.name, sizeof(guard.name), "%s", name);
	return bpf_map_update_elem(map, &key, &guard, BPF_ANY) ? -errno : 0;
}

static bool is_own(const struct cgw_guard_key *key)
{
	if (key->kind == CGW_GUARDED_LINK)
		return key->number == link_id;
	for (size_t i = 0; i < process_count; i++)
		if (key->kind == CGW_GUARDED_TASK && key->number == (uint64_t)processes[i].pid)
			return true;
	return false;
}

/* Of readers before this one; there is one at a time. */
static void forget_others(int map)
{
	struct cgw_guard_key key, *previous = NULL;
	struct cgw_guard guard;

	while (!bpf_map_get_next_key(map, previous, &key)) {
		previous = &key;
		if (bpf_map_lookup_elem(map, &key, &guard) || !guard.start || is_own(&key))
			continue;
		bpf_map_delete_elem(map, &key);
		previous = NULL;
	}
}

int guarded_hold(int map)
{
	return put(map, CGW_GUARDED_CHANGING, CGW_CHANGING_READER, 1,
		"what is not on record yet: cgward-audit is at work");
}

int guarded_link(int map, int link)
{
	const struct cgw_guard_key hold = {
		.kind = CGW_GUARDED_CHANGING, .number = CGW_CHANGING_READER};
	struct bpf_link_info info = {0};
	uint32_t size = sizeof(info);
	int result = 0;

	if (link >= 0) {
		result = bpf_obj_get_info_by_fd(link, &info, &size) ? -errno : 0;
		link_id = info.id;
		if (!result)
			result = put(map, CGW_GUARDED_LINK, link_id, 1, LINK_NAME);
	}
	bpf_map_delete_elem(map, &hold);
	return result;
}

int guarded_register(int map, int reader)
{
	struct bpf_map_info info = {0};
	uint32_t size = sizeof(info);
	int result = bpf_obj_get_info_by_fd(reader, &info, &size) ? -errno : 0;

	if (!result)
		result = put(map, CGW_GUARDED_MAP, info.id, 0, "map reader");
	if (!result && link_id)
		result = put(map, CGW_GUARDED_LINK, link_id, 1, LINK_NAME);
	for (size_t i = 0; !result && i < process_count; i++)
		result = put(map, CGW_GUARDED_TASK, processes[i].pid, processes[i].start,
			"cgward-audit");
	/* Last: what is ours is on record all the time. */
	forget_others(map);
	return result;
}
