/* SPDX-License-Identifier: GPL-2.0-only */
/* maps.bpf.c - the one definition of the maps and of what the loader sets before it loads. */
#define CGW_MAPS_DEFINE
#define CGW_TOGETHER
#include "maps.h"

struct image_map cgward_image SEC(".maps");
struct scopes_map cgward_scopes SEC(".maps");
struct processes_map cgward_processes SEC(".maps");
struct counters_map cgward_counters SEC(".maps");
struct events_map cgward_events SEC(".maps");
struct budgets_map cgward_budgets SEC(".maps");
struct guarded_map cgward_guarded SEC(".maps");
struct cpus_map cgward_cpus SEC(".maps");
struct control_map cgward_control SEC(".maps");
struct meta_map cgward_meta SEC(".maps");
struct scratch_map cgward_scratches SEC(".maps");

const volatile __u64 cgroup_root_id = 0;
const volatile __u64 rename_lock_address = 0;
const volatile __u64 mount_lock_address = 0;
const volatile __u32 setattr_has_idmap = 0;
const volatile __u32 has_rdonly_cast = 0;

__u64 ungoverned[UNGOVERNED_SLOTS];

char LICENSE[] SEC("license") = "GPL";
