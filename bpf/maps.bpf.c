/* SPDX-License-Identifier: GPL-2.0-only */
/* maps.bpf.c - the one definition of the maps and of what the loader sets before it loads. */
#define CGW_MAPS_DEFINE
#define CGW_TOGETHER
#include "maps.h"

struct image_map image SEC(".maps");
struct scopes_map scopes SEC(".maps");
struct processes_map processes SEC(".maps");
struct counters_map counters SEC(".maps");
struct events_map events SEC(".maps");
struct budgets_map budgets SEC(".maps");
struct guarded_map guarded SEC(".maps");
struct cpus_map cpus SEC(".maps");
struct control_map control SEC(".maps");
struct meta_map meta SEC(".maps");
struct scratch_map scratches SEC(".maps");

const volatile __u64 cgroup_root_id = 0;
const volatile __u64 rename_lock_address = 0;
const volatile __u64 mount_lock_address = 0;
const volatile __u32 setattr_has_idmap = 0;
const volatile __u32 has_rdonly_cast = 0;

__u64 ungoverned[UNGOVERNED_SLOTS];

char LICENSE[] SEC("license") = "GPL";
