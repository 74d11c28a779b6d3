// SPDX-License-Identifier: GPL-2.0-only
/* fill_counters PIN - puts entries into a pinned map of counters until no more fit. */
#include <linux/bpf.h>
#include <stdint.h>
#include <sys/syscall.h>
#include <unistd.h>
#include "abi.h"
#include "words.h"

static long bpf(int command, union bpf_attr *attr)
{
	return syscall(SYS_bpf, command, attr, sizeof(*attr));
}

int main(int argc, char **argv)
{
	union bpf_attr attr = {.pathname = (uintptr_t)(argc == 2 ? argv[1] : "")};
	struct cgw_counter counter = {};
	uint64_t key = 0;
	int map = (int)bpf(BPF_OBJ_GET, &attr);

	if (map < 0)
		fail("open", "the map");
	do {
		key++;
		attr = (union bpf_attr){.map_fd = (uint32_t)map,
			.key = (uintptr_t)&key,
			.value = (uintptr_t)&counter};
	} while (key < 2 * CGW_RULES_MAX && !bpf(BPF_MAP_UPDATE_ELEM, &attr));
	if (errno != E2BIG)
		fail("fill", "the map");
	return 0;
}
