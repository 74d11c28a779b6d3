// SPDX-License-Identifier: GPL-2.0-only
#include <errno.h>
#include <fcntl.h>
#include <linux/bpf.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/capability.h>
#include <sys/stat.h>
#include <unistd.h>
#include <bpf/bpf.h>
#include <bpf/btf.h>
#include <bpf/libbpf.h>
#include "probe.h"
#include "strbuf.h"

/* Attach types of Linux 6.7, which older headers lack. */
#define ATTACH_UNIX_CONNECT 49
#define ATTACH_UNIX_SENDMSG 50

#define REMEDY_CGROUP_BPF "build the kernel with CONFIG_BPF_SYSCALL=y and CONFIG_CGROUP_BPF=y"
#define REMEDY_TRACING                                                                             \
	"build the kernel with CONFIG_DEBUG_INFO_BTF=y and CONFIG_BPF_EVENTS=y; kernel lockdown "  \
	"must not be in confidentiality mode"
#define REMEDY_LSM                                                                                 \
	"build the kernel with CONFIG_BPF_LSM=y and CONFIG_DEBUG_INFO_BTF=y, and add bpf to "      \
	"lsm=...,bpf on the kernel command line"
#define REMEDY_LSM_HOOK "boot a newer kernel, or one with the part that has the hook"
#define REMEDY_NEWER "boot a newer kernel: cgward supports Linux 6.1 and later"

static const struct hook_row {
	enum bpf_prog_type type;
	int attach_type;
	bool optional;
	const char *remedy;
	const char *attach_point; /* of an LSM program: in the kernel's BTF */
} hooks[CGW_HOOK_COUNT] = {[CGW_HOOK_SYSCTL] = {BPF_PROG_TYPE_CGROUP_SYSCTL, BPF_CGROUP_SYSCTL,
				   false, REMEDY_CGROUP_BPF " and CONFIG_SYSCTL=y", NULL},
	[CGW_HOOK_CONNECT4] = {BPF_PROG_TYPE_CGROUP_SOCK_ADDR, BPF_CGROUP_INET4_CONNECT, false,
		REMEDY_CGROUP_BPF, NULL},
	[CGW_HOOK_CONNECT6] = {BPF_PROG_TYPE_CGROUP_SOCK_ADDR, BPF_CGROUP_INET6_CONNECT, false,
		REMEDY_CGROUP_BPF, NULL},
	[CGW_HOOK_SENDMSG4] = {BPF_PROG_TYPE_CGROUP_SOCK_ADDR, BPF_CGROUP_UDP4_SENDMSG, false,
		REMEDY_CGROUP_BPF, NULL},
	[CGW_HOOK_SENDMSG6] = {BPF_PROG_TYPE_CGROUP_SOCK_ADDR, BPF_CGROUP_UDP6_SENDMSG, false,
		REMEDY_CGROUP_BPF, NULL},
	[CGW_HOOK_BIND4] = {BPF_PROG_TYPE_CGROUP_SOCK_ADDR, BPF_CGROUP_INET4_BIND, false,
		REMEDY_CGROUP_BPF, NULL},
	[CGW_HOOK_BIND6] = {BPF_PROG_TYPE_CGROUP_SOCK_ADDR, BPF_CGROUP_INET6_BIND, false,
		REMEDY_CGROUP_BPF, NULL},
	[CGW_HOOK_SOCK_CREATE] = {BPF_PROG_TYPE_CGROUP_SOCK, BPF_CGROUP_INET_SOCK_CREATE, false,
		REMEDY_CGROUP_BPF, NULL},
	[CGW_HOOK_CONNECT_UNIX] = {BPF_PROG_TYPE_CGROUP_SOCK_ADDR, ATTACH_UNIX_CONNECT, true,
		"boot Linux 6.7 or later", NULL},
	[CGW_HOOK_SENDMSG_UNIX] = {BPF_PROG_TYPE_CGROUP_SOCK_ADDR, ATTACH_UNIX_SENDMSG, true,
		"boot Linux 6.7 or later", NULL},
	[CGW_HOOK_EGRESS] = {BPF_PROG_TYPE_CGROUP_SKB, BPF_CGROUP_INET_EGRESS, false,
		REMEDY_CGROUP_BPF, NULL},
	[CGW_HOOK_POST_BIND4] = {BPF_PROG_TYPE_CGROUP_SOCK, BPF_CGROUP_INET4_POST_BIND, false,
		REMEDY_CGROUP_BPF, NULL},
	[CGW_HOOK_POST_BIND6] = {BPF_PROG_TYPE_CGROUP_SOCK, BPF_CGROUP_INET6_POST_BIND, false,
		REMEDY_CGROUP_BPF, NULL},
	[CGW_HOOK_DEVICE] = {BPF_PROG_TYPE_CGROUP_DEVICE, BPF_CGROUP_DEVICE, true,
		REMEDY_CGROUP_BPF, NULL},
#define LSM_HOOK(number, name, lsm, help)                                                          \
	[CGW_HOOK_##number] = {                                                                    \
		BPF_PROG_TYPE_LSM, BPF_LSM_MAC, true, REMEDY_LSM_HOOK, "bpf_lsm_" #lsm},
	CGW_LSM_HOOKS(LSM_HOOK)
#undef LSM_HOOK
};

static struct probe_result yes(void)
{
	return (struct probe_result){.state = PROBE_YES};
}

static struct probe_result no(const char *step, int error, const char *why)
{
	return (struct probe_result){
		.state = PROBE_NO, .step = step, .error = error < 0 ? -error : error, .why = why};
}

static struct probe_result untried(const char *step, int error, const char *why)
{
	struct probe_result result = no(step, error, why);

	result.state = PROBE_UNTRIED;
	return result;
}

/* A program or a map was refused: EPERM from a kernel that owes us nothing is no answer. */
static struct probe_result refused(const struct probe *probe, const char *step, int error)
{
	if (error < 0)
		error = -error;
	if (error != EPERM)
		return no(step, error, NULL);
	if (probe->privileged)
		return no(step, error,
			"refused by this kernel although the caller has all that "
			"it takes");
	return untried(step, error, "needs root");
}

static void close_fd(int *fd)
{
	if (*fd >= 0)
		close(*fd);
	*fd = -1;
}
#define CLOSED __attribute__((cleanup(close_fd)))

/* ---- programs ---- */

/* return VALUE; */
static int load_return(enum bpf_prog_type type, int attach_type, int value, int btf_id)
{
	const struct bpf_insn code[] = {
		{.code = BPF_ALU64 | BPF_MOV | BPF_K, .dst_reg = BPF_REG_0, .imm = value},
		{.code = BPF_JMP | BPF_EXIT},
	};
	LIBBPF_OPTS(bpf_prog_load_opts, options,
		.expected_attach_type = (enum bpf_attach_type)attach_type, .attach_btf_id = btf_id);

	return bpf_prog_load(
		type, "cgward_probe", "GPL", code, sizeof(code) / sizeof(code[0]), &options);
}

/* Cgroup programs allow with 1. */
static struct probe_result try_cgroup(
	const struct probe *probe, enum bpf_prog_type type, int attach_type)
{
	int program CLOSED = load_return(type, attach_type, 1, 0);
	int link CLOSED = -1;

	if (program == -EINVAL)
		return no("load", program, "this kernel does not know the hook");
	if (program < 0)
		return refused(probe, "load", program);
	if (probe->scratch_fd < 0)
		return untried("attach", probe->scratch_error,
			"it could be loaded, but no scratch cgroup could be made to attach it to");
	link = bpf_link_create(program, probe->scratch_fd, (enum bpf_attach_type)attach_type, NULL);
	if (link < 0 && errno == EPERM)
		return no("attach", EPERM,
			"a program attached to a cgroup above forbids more of its kind (see "
			"'bpftool cgroup tree')");
	return link < 0 ? no("attach", errno, NULL) : yes();
}

/* The type in the kernel's BTF to which a tracing program is attached. */
static int find_btf(
	const struct probe *probe, const char *name, unsigned int kind, struct probe_result *result)
{
	int id;

	if (!probe->btf) {
		*result = no("load", probe->btf_error, "the kernel's own BTF cannot be read");
		return -1;
	}
	id = btf__find_by_name_kind(probe->btf, name, kind);
	if (id < 0)
		*result = no("load", -id, "the kernel has no such attach point");
	return id;
}

static struct probe_result try_tracepoint(const struct probe *probe, const char *name)
{
	struct probe_result result = {0};
	int id = find_btf(probe, name, BTF_KIND_TYPEDEF, &result);
	int program CLOSED = -1;
	int link CLOSED = -1;

	if (id < 0)
		return result;
	program = load_return(BPF_PROG_TYPE_TRACING, BPF_TRACE_RAW_TP, 0, id);
	if (program < 0)
		return refused(probe, "load", program);
	link = bpf_raw_tracepoint_open(NULL, program);
	return link < 0 ? refused(probe, "attach", errno) : yes();
}

static struct probe_result try_task_iterator(const struct probe *probe)
{
	struct probe_result result = {0};
	int id = find_btf(probe, "bpf_iter_task", BTF_KIND_FUNC, &result);
	int program CLOSED = -1;
	int link CLOSED = -1;
	int iterator CLOSED = -1;
	char byte;

	if (id < 0)
		return result;
	program = load_return(BPF_PROG_TYPE_TRACING, BPF_TRACE_ITER, 0, id);
	if (program < 0)
		return refused(probe, "load", program);
	link = bpf_link_create(program, 0, BPF_TRACE_ITER, NULL);
	if (link < 0)
		return refused(probe, "attach", errno);
	iterator = bpf_iter_create(link);
	if (iterator < 0 || read(iterator, &byte, 1) < 0)
		return refused(probe, "call", errno);
	return yes();
}

/* A program that notes that it was called: the kernel loads and attaches LSM programs even where
 * bpf is not among the active security modules, and then never calls them. */
static int load_lsm(int id, int map)
{
	const struct bpf_insn code[] = {
		{.code = BPF_LD | BPF_DW | BPF_IMM,
			.dst_reg = BPF_REG_1,
			.src_reg = BPF_PSEUDO_MAP_VALUE,
			.imm = map},
		{0},
		{.code = BPF_ST | BPF_MEM | BPF_W, .dst_reg = BPF_REG_1, .imm = 1},
		{.code = BPF_ALU64 | BPF_MOV | BPF_K, .dst_reg = BPF_REG_0},
		{.code = BPF_JMP | BPF_EXIT},
	};
	LIBBPF_OPTS(bpf_prog_load_opts, options, .expected_attach_type = BPF_LSM_MAC,
		.attach_btf_id = id);

	return bpf_prog_load(BPF_PROG_TYPE_LSM, "cgward_probe", "GPL", code,
		sizeof(code) / sizeof(code[0]), &options);
}

static struct probe_result try_lsm(const struct probe *probe)
{
	struct probe_result result = {0};
	int id = find_btf(probe, "bpf_lsm_file_open", BTF_KIND_FUNC, &result);
	int map CLOSED = -1;
	int program CLOSED = -1;
	int link CLOSED = -1;
	int file CLOSED = -1;
	__u32 key = 0, called = 0;

	if (id < 0)
		return result;
	map = bpf_map_create(BPF_MAP_TYPE_ARRAY, "cgward_probe", 4, 4, 1, NULL);
	if (map < 0)
		return refused(probe, "create", map);
	program = load_lsm(id, map);
	if (program < 0)
		return refused(probe, "load", program);
	link = bpf_raw_tracepoint_open(NULL, program);
	if (link < 0)
		return refused(probe, "attach", errno);
	file = open("/proc/self/stat", O_RDONLY | O_CLOEXEC);
	if (file < 0 || bpf_map_lookup_elem(map, &key, &called))
		return no("call", errno, NULL);
	return called ? yes()
		      : no("call", 0,
				"attached, but never called: bpf is not an active security "
				"module");
}

/* ---- maps and helpers ---- */

static struct probe_result try_map(
	const struct probe *probe, enum bpf_map_type type, __u32 flags, __u32 key, __u32 value)
{
	LIBBPF_OPTS(bpf_map_create_opts, options, .map_flags = flags);
	/* A ring buffer's size is a number of pages; to the others it is a few entries. */
	__u32 entries = type == BPF_MAP_TYPE_RINGBUF ? getpagesize() : 16;
	int map CLOSED = bpf_map_create(type, "cgward_probe", key, value, entries, &options);

	return map < 0 ? refused(probe, "create", map) : yes();
}

static int make_inner(__u32 entries)
{
	LIBBPF_OPTS(bpf_map_create_opts, options, .map_flags = BPF_F_INNER_MAP | BPF_F_RDONLY_PROG);

	return bpf_map_create(
		BPF_MAP_TYPE_ARRAY, "cgward_probe", 4, CGW_PAGE_SIZE, entries, &options);
}

/* What publishing an image does: a frozen inner map of another size takes the template's place. */
static struct probe_result try_inner_map(const struct probe *probe)
{
	LIBBPF_OPTS(bpf_map_create_opts, options);
	int template CLOSED = make_inner(1);
	int image CLOSED = make_inner(2);
	int outer CLOSED = -1;
	__u32 key = 0;

	if (template <0 || image < 0)
		return refused(probe, "create", template <0 ? template : image);
	options.inner_map_fd = template;
	outer = bpf_map_create(BPF_MAP_TYPE_ARRAY_OF_MAPS, "cgward_probe", 4, 4, 1, &options);
	if (outer < 0)
		return refused(probe, "create", outer);
	if (bpf_map_freeze(image) || bpf_map_update_elem(outer, &key, &image, BPF_ANY))
		return no("update", errno, NULL);
	return yes();
}

/*
 * Calls the helper with registers that were never set. A kernel that knows it complains about
 * these, any other about the helper: libbpf's own probe takes EPERM for a "yes".
 */
static struct probe_result try_helper(const struct probe *probe, enum bpf_func_id helper)
{
	const struct bpf_insn code[] = {
		{.code = BPF_JMP | BPF_CALL, .imm = helper},
		{.code = BPF_JMP | BPF_EXIT},
	};
	char log[4096] = "";
	LIBBPF_OPTS(bpf_prog_load_opts, options, .expected_attach_type = BPF_CGROUP_SYSCTL,
		.log_level = 1, .log_buf = log, .log_size = sizeof(log));
	int program CLOSED = bpf_prog_load(BPF_PROG_TYPE_CGROUP_SYSCTL, "cgward_probe", "GPL", code,
		sizeof(code) / sizeof(code[0]), &options);

	if (program >= 0)
		return yes();
	if (program == -EPERM)
		return refused(probe, "load", program);
	if (strstr(log, "unknown func") || strstr(log, "invalid func"))
		return no("load", -program, "the kernel has no such helper");
	return log[0] ? yes() : no("load", -program, NULL);
}

/* ---- features ---- */

static const struct feature_row {
	const char *name;
	const char *use;
	bool optional;
	const char *remedy;
} features[PROBE_FEATURE_COUNT] = {
	[PROBE_ATTACH_TASK] = {"tp_btf/cgroup_attach_task",
		"policies that stick to a task that is moved away", false, REMEDY_TRACING},
	[PROBE_FORK] = {"tp_btf/sched_process_fork", "the same for tasks that are cloned away",
		false, REMEDY_TRACING},
	[PROBE_EXIT] = {"tp_btf/sched_process_exit", "forgetting tasks that are gone", false,
		REMEDY_TRACING},
	[PROBE_TASK_ITERATOR] = {"task iterator", "tasks that are older than the policy", false,
		REMEDY_TRACING},
	[PROBE_RINGBUF] = {"ring buffer", "events", false, REMEDY_NEWER},
	[PROBE_HASH] = {"hash without preallocation", "counters and processes", false,
		REMEDY_NEWER},
	[PROBE_LRU_HASH] = {"LRU hash", "the cache of governed cgroups", false, REMEDY_NEWER},
	[PROBE_INNER_MAP] = {"array of maps", "swapping the whole ruleset at once", false,
		REMEDY_NEWER},
	[PROBE_LOOP] = {"bpf_loop", "the matcher", false, REMEDY_NEWER},
	[PROBE_LSM] = {"BPF LSM",
		"[file], [kernel] and [capability] rules, listen, socket families other than "
		"inet and inet6",
		true, REMEDY_LSM},
};

static struct probe_result try_lsm_hook(const struct probe *probe, const char *attach_point)
{
	struct probe_result result = {0};
	int id = find_btf(probe, attach_point, BTF_KIND_FUNC, &result);
	int program CLOSED = -1;

	if (id < 0)
		return result;
	program = load_return(BPF_PROG_TYPE_LSM, BPF_LSM_MAC, 0, id);
	return program < 0 ? refused(probe, "load", program) : yes();
}

struct probe_result probe_hook(const struct probe *probe, enum cgw_hook hook)
{
	if (probe_hook_is_lsm(hook))
		return try_lsm_hook(probe, hooks[hook].attach_point);
	return try_cgroup(probe, hooks[hook].type, hooks[hook].attach_type);
}

struct probe_result probe_feature(const struct probe *probe, enum probe_feature feature)
{
	switch (feature) {
	case PROBE_ATTACH_TASK:
		return try_tracepoint(probe, "btf_trace_cgroup_attach_task");
	case PROBE_FORK:
		return try_tracepoint(probe, "btf_trace_sched_process_fork");
	case PROBE_EXIT:
		return try_tracepoint(probe, "btf_trace_sched_process_exit");
	case PROBE_TASK_ITERATOR:
		return try_task_iterator(probe);
	case PROBE_RINGBUF:
		return try_map(probe, BPF_MAP_TYPE_RINGBUF, 0, 0, 0);
	case PROBE_HASH:
		return try_map(probe, BPF_MAP_TYPE_HASH, BPF_F_NO_PREALLOC, 8, 16);
	case PROBE_LRU_HASH:
		return try_map(probe, BPF_MAP_TYPE_LRU_HASH, 0, 8, sizeof(struct cgw_scope));
	case PROBE_INNER_MAP:
		return try_inner_map(probe);
	case PROBE_LOOP:
		return try_helper(probe, BPF_FUNC_loop);
	case PROBE_LSM:
		return try_lsm(probe);
	case PROBE_FEATURE_COUNT:
		break;
	}
	return untried(NULL, EINVAL, "no such feature");
}

bool probe_hook_is_lsm(enum cgw_hook hook)
{
	return hooks[hook].type == BPF_PROG_TYPE_LSM;
}

const char *probe_feature_name(enum probe_feature feature)
{
	return features[feature].name;
}

const char *probe_feature_use(enum probe_feature feature)
{
	return features[feature].use;
}

bool probe_hook_is_needed(enum cgw_hook hook)
{
	return !hooks[hook].optional;
}

bool probe_feature_is_needed(enum probe_feature feature)
{
	return !features[feature].optional;
}

const char *probe_hook_remedy(enum cgw_hook hook)
{
	return hooks[hook].remedy;
}

const char *probe_feature_remedy(enum probe_feature feature)
{
	return features[feature].remedy;
}

/* ---- the surroundings ---- */

static bool has(cap_t caps, cap_value_t cap)
{
	cap_flag_value_t value = CAP_CLEAR;

	return !cap_get_flag(caps, cap, CAP_EFFECTIVE, &value) && value == CAP_SET;
}

/* Capabilities count only in the initial user namespace, whose map is the identity. */
static bool is_initial_userns(void)
{
	FILE *map = fopen("/proc/self/uid_map", "re");
	unsigned int inside = 1, outside = 1, length = 0;
	int fields;

	if (!map)
		return true;
	fields = fscanf(map, "%u %u %u", &inside, &outside, &length);
	fclose(map);
	return fields == 3 && !inside && !outside && length == 4294967295U;
}

static bool is_privileged(void)
{
	cap_t caps = cap_get_proc();
	bool result;

	if (!caps)
		return false;
	result = has(caps, CAP_SYS_ADMIN) ||
		 (has(caps, CAP_BPF) && has(caps, CAP_NET_ADMIN) && has(caps, CAP_PERFMON));
	cap_free(caps);
	return result && is_initial_userns();
}

static void make_scratch(struct probe *probe, const char *cgroup_root)
{
	struct strbuf path = STRBUF_INIT;

	strbuf_printf(&path, "%s/cgward-doctor-%d", cgroup_root, getpid());
	probe->scratch = strbuf_take(&path);
	if (!mkdir(probe->scratch, 0755)) {
		probe->scratch_fd = open(probe->scratch, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
		if (probe->scratch_fd >= 0)
			return;
		probe->scratch_error = errno;
		rmdir(probe->scratch);
	} else {
		probe->scratch_error = errno;
	}
	free(probe->scratch);
	probe->scratch = NULL;
}

void probe_open(struct probe *probe, const char *cgroup_root)
{
	*probe = (struct probe){.scratch_fd = -1, .privileged = is_privileged()};
	probe->btf = btf__load_vmlinux_btf();
	if (!probe->btf)
		probe->btf_error = errno;
	/* Somebody who may not load programs would only leave traces. */
	if (cgroup_root && probe->privileged)
		make_scratch(probe, cgroup_root);
	else
		probe->scratch_error = cgroup_root ? EPERM : ENOENT;
}

void probe_close(struct probe *probe)
{
	btf__free(probe->btf);
	close_fd(&probe->scratch_fd);
	if (probe->scratch)
		rmdir(probe->scratch);
	free(probe->scratch);
	*probe = (struct probe){.scratch_fd = -1};
}
