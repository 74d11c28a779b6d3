/* SPDX-License-Identifier: GPL-2.0-only */
#include "hooks.h"

#include <bpf/bpf.h>
#include <errno.h>
#include <stdio.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>
#include "cgroup.h"
#include "coverage.h"
#include "guard.h"
#include "names.h"
#include "output.h"
#include "policy.h"

/* Not in the headers of libbpf 1.1. Linux 6.7. */
#define ATTACH_UNIX_CONNECT 49
#define ATTACH_UNIX_SENDMSG 50

#define CGROUP_HOOK(name, type)                                                                    \
	{                                                                                          \
		name, "cgward_" name, HOOK_CGROUP, type, NULL, true                                \
	}
#define TRACEPOINT(name)                                                                           \
	{                                                                                          \
		name, "cgward_" name, HOOK_TRACEPOINT, 0, NULL, false                              \
	}

const struct hook hooks[HOOK_COUNT] = {
	[CGW_HOOK_SYSCTL] = CGROUP_HOOK("sysctl", BPF_CGROUP_SYSCTL),
	[CGW_HOOK_CONNECT4] = CGROUP_HOOK("connect4", BPF_CGROUP_INET4_CONNECT),
	[CGW_HOOK_CONNECT6] = CGROUP_HOOK("connect6", BPF_CGROUP_INET6_CONNECT),
	[CGW_HOOK_SENDMSG4] = CGROUP_HOOK("sendmsg4", BPF_CGROUP_UDP4_SENDMSG),
	[CGW_HOOK_SENDMSG6] = CGROUP_HOOK("sendmsg6", BPF_CGROUP_UDP6_SENDMSG),
	[CGW_HOOK_BIND4] = CGROUP_HOOK("bind4", BPF_CGROUP_INET4_BIND),
	[CGW_HOOK_BIND6] = CGROUP_HOOK("bind6", BPF_CGROUP_INET6_BIND),
	[CGW_HOOK_SOCK_CREATE] = CGROUP_HOOK("sock_create", BPF_CGROUP_INET_SOCK_CREATE),
	[CGW_HOOK_CONNECT_UNIX] = CGROUP_HOOK("connect_unix", ATTACH_UNIX_CONNECT),
	[CGW_HOOK_SENDMSG_UNIX] = CGROUP_HOOK("sendmsg_unix", ATTACH_UNIX_SENDMSG),
	[CGW_HOOK_EGRESS] = CGROUP_HOOK("egress", BPF_CGROUP_INET_EGRESS),
	[CGW_HOOK_DEVICE] = CGROUP_HOOK("device", BPF_CGROUP_DEVICE),
	[CGW_HOOK_POST_BIND4] = CGROUP_HOOK("post_bind4", BPF_CGROUP_INET4_POST_BIND),
	[CGW_HOOK_POST_BIND6] = CGROUP_HOOK("post_bind6", BPF_CGROUP_INET6_POST_BIND),
#define LSM_HOOK(number, name, lsm, help)                                                          \
	[CGW_HOOK_##number] = {#name, "cgward_" #name, HOOK_LSM, 0, #lsm, true},
	CGW_LSM_HOOKS(LSM_HOOK)
#undef LSM_HOOK
		[HOOK_ATTACH_TASK] = TRACEPOINT("attach_task"),
	[HOOK_FORK] = TRACEPOINT("fork"),
	[HOOK_EXIT] = TRACEPOINT("exit"),
};

/* ---- what a ruleset needs ---- */

static void add(struct hook_set *set, const enum cgw_hook *list, size_t count)
{
	for (size_t i = 0; i < count; i++)
		hook_set_add(set, list[i]);
}

#define ADD(set, ...)                                                                              \
	add(set, (const enum cgw_hook[]){__VA_ARGS__},                                             \
		sizeof((const enum cgw_hook[]){__VA_ARGS__}) / sizeof(enum cgw_hook))

static bool has_unix(const struct cgw_policy *policy, enum cgw_op op)
{
	const __u32 *names = policy->unix_names[CGW_PEER_OP(op)];

	return names[CGW_UNIX_PATH] || names[CGW_UNIX_ABSTRACT];
}

static void add_network(struct hook_set *set, const struct cgw_policy *policy)
{
	int connect = CGW_PEER_OP(CGW_OP_CONNECT), bind = CGW_PEER_OP(CGW_OP_BIND);
	int listen = CGW_PEER_OP(CGW_OP_LISTEN);

	/*
	 * An IPv6 socket reaches IPv4 by mapped addresses, and a raw socket any protocol by hand,
	 * which only egress sees: all of these hooks, whatever the rules name.
	 */
	if (policy->peers[connect][0] || policy->peers[connect][1])
		ADD(set, CGW_HOOK_CONNECT4, CGW_HOOK_CONNECT6, CGW_HOOK_SENDMSG4, CGW_HOOK_SENDMSG6,
			CGW_HOOK_EGRESS, CGW_HOOK_SOCKET_CONNECT, CGW_HOOK_SOCKET_SENDMSG,
			CGW_HOOK_SCTP_BIND_CONNECT);
	if (policy->peers[bind][0] || policy->peers[bind][1])
		ADD(set, CGW_HOOK_BIND4, CGW_HOOK_BIND6, CGW_HOOK_POST_BIND4, CGW_HOOK_POST_BIND6,
			CGW_HOOK_SOCKET_BIND, CGW_HOOK_SCTP_BIND_CONNECT);
	if (policy->peers[listen][0] || policy->peers[listen][1])
		ADD(set, CGW_HOOK_SOCKET_LISTEN);
	if (policy->sockets)
		ADD(set, CGW_HOOK_SOCK_CREATE, CGW_HOOK_SOCKET_CREATE);
	if (has_unix(policy, CGW_OP_CONNECT))
		ADD(set, CGW_HOOK_CONNECT_UNIX, CGW_HOOK_SENDMSG_UNIX, CGW_HOOK_UNIX_STREAM_CONNECT,
			CGW_HOOK_UNIX_MAY_SEND);
	if (has_unix(policy, CGW_OP_BIND))
		ADD(set, CGW_HOOK_UNIX_BIND, CGW_HOOK_UNIX_MKNOD);
	if (has_unix(policy, CGW_OP_LISTEN))
		ADD(set, CGW_HOOK_UNIX_LISTEN);
}

static void add_row(struct hook_set *set, const char *section, const char *operation)
{
	const struct coverage_row *row = coverage_find(section, operation);

	*set = hook_set_or(*set, coverage_set(row->hooks));
	*set = hook_set_or(*set, coverage_set(row->more));
}

/* Each power has hooks of its own. */
static void add_powers(struct hook_set *set, const struct image *image, uint32_t offset)
{
	const struct cgw_table *table = (const struct cgw_table *)(image->data + offset);
	const uint32_t *keys = (const uint32_t *)(image->data + table->keys);
	const uint32_t *refs = (const uint32_t *)(image->data + table->values);
	uint32_t i = 0;

	for (uint32_t power = 1; power < CGW_POWER_COUNT; power++) {
		while (i + 1 < table->count && keys[i + 1] <= power)
			i++;
		if (refs[i] && CGW_REF_ACTION(refs[i]) != CGW_ACTION_ALLOW)
			add_row(set, "kernel", cgw_name_of(cgw_power_names, power));
	}
}

static void add_files(struct hook_set *set, const struct cgw_policy *policy)
{
	uint32_t ops = policy->deny_ops | policy->audit_ops;

	if (ops >> CGW_OP_FILE_READ & 1)
		add_row(set, "file", "read");
	if (ops >> CGW_OP_FILE_WRITE & 1) {
		add_row(set, "file", "write");
		/* Linux 6.2. Before, access control lists are extended attributes like others. */
		ADD(set, CGW_HOOK_INODE_SET_ACL, CGW_HOOK_INODE_REMOVE_ACL);
		ADD(set, CGW_HOOK_INODE_FILE_SETATTR); /* Linux 6.17, with the system call */
	}
	if (ops >> CGW_OP_FILE_EXEC & 1)
		add_row(set, "file", "exec");
	if (ops) /* Linux 6.8, before which file_ioctl is for both */
		ADD(set, CGW_HOOK_FILE_IOCTL_COMPAT);
}

static void add_policy(
	struct hook_set *set, const struct image *image, const struct cgw_policy *policy)
{
	if (policy->sysctl)
		ADD(set, CGW_HOOK_SYSCTL);
	add_network(set, policy);
	if (policy->powers)
		add_powers(set, image, policy->powers);
	if (policy->files[CGW_FILE_PATH] || policy->files[CGW_FILE_MEMFD])
		add_files(set, policy);
	if (policy->capabilities)
		add_row(set, "capability", "all");
	if (policy->devices)
		add_row(set, "device", "r, w, m");
}

struct hook_set hooks_guard(void)
{
#define HOOK_NUMBER(number, name, lsm, help) CGW_HOOK_##number,
	static const enum cgw_hook list[] = {CGW_GUARD_HOOKS(HOOK_NUMBER)};
#undef HOOK_NUMBER
	struct hook_set set = {0};

	add(&set, list, sizeof(list) / sizeof(list[0]));
	return set;
}

struct hook_set hooks_needed(const struct image *image)
{
	const struct cgw_image_header *header = image_header(image);
	struct hook_set set = {0};

	for (uint32_t slot = 0; slot < header->policy_count; slot++) {
		const struct cgw_policy *policy = image_policy(image, slot);

		if (!(policy->flags & CGW_POLICY_PRESENT))
			continue;
		add_policy(&set, image, policy);
		for (int i = HOOK_ATTACH_TASK; i <= HOOK_EXIT; i++)
			hook_set_add(&set, i);
		if (guard_is_wanted(image))
			set = hook_set_or(set, hooks_guard());
	}
	return set;
}

#define HOOK_NUMBER(number, name, lsm, help) CGW_HOOK_##number,
static const enum cgw_hook path_hooks[] = {
	CGW_FILE_HOOKS(HOOK_NUMBER) CGW_SOCKET_HOOKS(HOOK_NUMBER)};
#undef HOOK_NUMBER

bool hooks_read_paths(struct hook_set set)
{
	for (size_t i = 0; i < sizeof(path_hooks) / sizeof(path_hooks[0]); i++)
		if (hook_set_has(&set, path_hooks[i]))
			return true;
	return false;
}

/* ---- what there is ---- */

static struct hook_set pinned(const struct instance *instance, const char *folder)
{
	struct hook_set set = {0};

	for (int i = 1; i < HOOK_COUNT; i++) {
		const char *name = strcmp(folder, "links") ? hooks[i].program : hooks[i].name;

		if (!access(instance_path(instance, folder, name), F_OK))
			hook_set_add(&set, i);
	}
	return set;
}

struct hook_set hooks_pinned(const struct instance *instance)
{
	return pinned(instance, "links");
}

struct hook_set hooks_alive(const struct instance *instance)
{
	struct hook_set set = {0};

	for (int i = 1; i < HOOK_COUNT; i++)
		if (hook_is_alive(instance, &hooks[i]))
			hook_set_add(&set, i);
	return set;
}

struct hook_set hooks_loaded(const struct instance *instance)
{
	return pinned(instance, "progs");
}

static struct hook_set all(bool on_demand)
{
	struct hook_set set = {0};

	for (int i = 1; i < HOOK_COUNT; i++)
		if (hooks[i].on_demand == on_demand)
			hook_set_add(&set, i);
	return set;
}

struct hook_set hooks_on_demand(void)
{
	return all(true);
}

struct hook_set hooks_always(void)
{
	return all(false);
}

/* ---- attaching ---- */

static int link_create(const struct hook *hook, int program, int cgroup)
{
	int link = hook->kind == HOOK_CGROUP
			   ? bpf_link_create(program, cgroup, hook->attach_type, NULL)
			   : bpf_raw_tracepoint_open(NULL, program);

	return link < 0 ? -errno : link;
}

/* Where a link waits that is to take the place of another one. */
static const char *new_pin(const struct instance *instance, const struct hook *hook)
{
	char name[64];

	snprintf(name, sizeof(name), "%s-new", hook->name);
	return instance_path(instance, "links", name);
}

/* Pins the link in the place of whatever is pinned there. */
static int pin_link(const struct instance *instance, const struct hook *hook, int link)
{
	const char *pin = instance_path(instance, "links", hook->name);
	const char *new = new_pin(instance, hook);
	mode_t mask;
	int err = 0;

	unlink(new); /* of a dead cgward */
	mask = umask(~guard_link_mode(instance) & 0777);
	if (bpf_obj_pin(link, new))
		err = -errno;
	umask(mask);
	if (!err && rename(new, pin)) {
		err = -errno;
		unlink(new);
	}
	if (err)
		output_failure("pin", pin, err, NULL);
	return err;
}

static int hook_attach(const struct instance *instance, const struct hook *hook, int cgroup)
{
	const char *path = instance_path(instance, "progs", hook->program);
	int program = bpf_obj_get(path), link, err;

	if (program < 0) {
		err = -errno;
		output_failure("open", path, err,
			"`cgward doctor` tells whether this kernel has the hook");
		return err;
	}
	link = link_create(hook, program, cgroup);
	close(program);
	if (link < 0) {
		output_failure("attach", hook->program, link,
			"`cgward doctor` tells what this kernel offers");
		return link;
	}
	err = pin_link(instance, hook, link);
	close(link);
	return err;
}

/* The cgroup root of the instance; it must still be the one it was made for. */
static int open_root(const struct instance *instance)
{
	uint64_t id;
	int fd, err = cgroup_id_of(instance->meta->cgroup_root, &id);

	if (!err && id != instance->meta->cgroup_root_id)
		err = -ESTALE;
	if (!err) {
		fd = cgroup_open(instance->meta->cgroup_root);
		if (fd >= 0)
			return fd;
		err = fd;
	}
	output_failure("open the cgroup root", instance->meta->cgroup_root, err,
		"the instance was made for this cgroup; `cgward remove --bpffs %s` removes it",
		instance->dir);
	return err;
}

int hooks_attach(const struct instance *instance, struct hook_set set)
{
	struct hook_set done = {0};
	int root, err = 0;

	set = hook_set_minus(set, hooks_alive(instance));
	if (hook_set_is_empty(set))
		return 0;
	root = open_root(instance);
	if (root < 0)
		return root;
	for (int i = 1; !err && i < HOOK_COUNT; i++) {
		if (!hook_set_has(&set, i))
			continue;
		err = hook_attach(instance, &hooks[i], root);
		if (!err)
			hook_set_add(&done, i);
	}
	close(root);
	if (err)
		hooks_detach(instance, done);
	return err;
}

/* Most of the many hooks have no pin: that is seen without a change that could fail. */
static bool is_absent(const char *pin)
{
	return access(pin, F_OK) && errno == ENOENT;
}

static int remove_link(const char *pin)
{
	int err = is_absent(pin) ? 0 : instance_remove_link(pin);

	if (err)
		output_failure("remove", pin, err, NULL);
	return err;
}

int hooks_detach(const struct instance *instance, struct hook_set set)
{
	int err = 0;

	for (int i = 1; i < HOOK_COUNT; i++) {
		int failed = remove_link(new_pin(instance, &hooks[i]));

		if (!failed && hook_set_has(&set, i))
			failed = remove_link(instance_path(instance, "links", hooks[i].name));
		if (failed)
			err = failed;
	}
	return err;
}

static uint32_t program_id(const char *path)
{
	struct bpf_prog_info info = {};
	__u32 length = sizeof(info);
	int program = bpf_obj_get(path);

	if (program < 0)
		return 0;
	if (bpf_obj_get_info_by_fd(program, &info, &length))
		info.id = 0;
	close(program);
	return info.id;
}

bool hook_is_alive(const struct instance *instance, const struct hook *hook)
{
	const char *pin = instance_path(instance, "links", hook->name);
	int link = is_absent(pin) ? -1 : bpf_obj_get(pin);
	struct bpf_link_info info = {};
	__u32 length = sizeof(info), id;
	bool alive;

	if (link < 0)
		return false;
	alive = !bpf_obj_get_info_by_fd(link, &info, &length);
	close(link);
	if (alive && hook->kind == HOOK_CGROUP) /* a detached link has no cgroup any more */
		alive = info.cgroup.cgroup_id == instance->meta->cgroup_root_id;
	/* Another program can have been put into the link; a missing pin of ours tells nothing. */
	id = program_id(instance_path(instance, "progs", hook->program));
	return alive && (!id || id == info.prog_id);
}
