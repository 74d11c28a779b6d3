/* SPDX-License-Identifier: GPL-2.0-only */
#include "hooks.h"

#include <bpf/bpf.h>
#include <errno.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>
#include "cgroup.h"
#include "output.h"

/* Not in the headers of libbpf 1.1. Linux 6.7. */
#define ATTACH_UNIX_CONNECT 49
#define ATTACH_UNIX_SENDMSG 50

const struct hook hooks[] = {
	{CGW_HOOK_SYSCTL, "sysctl", "cgward_sysctl", BPF_CGROUP_SYSCTL},
	{CGW_HOOK_CONNECT4, "connect4", "cgward_connect4", BPF_CGROUP_INET4_CONNECT},
	{CGW_HOOK_CONNECT6, "connect6", "cgward_connect6", BPF_CGROUP_INET6_CONNECT},
	{CGW_HOOK_SENDMSG4, "sendmsg4", "cgward_sendmsg4", BPF_CGROUP_UDP4_SENDMSG},
	{CGW_HOOK_SENDMSG6, "sendmsg6", "cgward_sendmsg6", BPF_CGROUP_UDP6_SENDMSG},
	{CGW_HOOK_BIND4, "bind4", "cgward_bind4", BPF_CGROUP_INET4_BIND},
	{CGW_HOOK_BIND6, "bind6", "cgward_bind6", BPF_CGROUP_INET6_BIND},
	{CGW_HOOK_SOCK_CREATE, "sock_create", "cgward_sock_create", BPF_CGROUP_INET_SOCK_CREATE},
	{CGW_HOOK_CONNECT_UNIX, "connect_unix", "cgward_connect_unix", ATTACH_UNIX_CONNECT},
	{CGW_HOOK_SENDMSG_UNIX, "sendmsg_unix", "cgward_sendmsg_unix", ATTACH_UNIX_SENDMSG},
	{CGW_HOOK_EGRESS, "egress", "cgward_egress", BPF_CGROUP_INET_EGRESS},
	{0, "attach_task", "cgward_attach_task", 0},
	{0, "fork", "cgward_fork", 0},
	{0, "exit", "cgward_exit", 0},
	{0, NULL, NULL, 0},
};

static uint32_t hook_bit(enum cgw_hook hook)
{
	for (int i = 0; hooks[i].name; i++)
		if (hooks[i].hook == hook)
			return 1U << i;
	return 0;
}

static uint32_t policy_hooks(const struct cgw_policy *policy)
{
	int connect = CGW_PEER_OP(CGW_OP_CONNECT), bind = CGW_PEER_OP(CGW_OP_BIND);
	uint32_t set = 0;

	if (policy->sysctl)
		set |= hook_bit(CGW_HOOK_SYSCTL);
	/*
	 * An IPv6 socket reaches IPv4 by mapped addresses, and a raw socket any protocol by hand,
	 * which only egress sees: all of these hooks, whatever the rules name.
	 */
	if (policy->peers[connect][0] || policy->peers[connect][1])
		set |= hook_bit(CGW_HOOK_CONNECT4) | hook_bit(CGW_HOOK_CONNECT6) |
		       hook_bit(CGW_HOOK_SENDMSG4) | hook_bit(CGW_HOOK_SENDMSG6) |
		       hook_bit(CGW_HOOK_EGRESS);
	if (policy->peers[bind][0] || policy->peers[bind][1])
		set |= hook_bit(CGW_HOOK_BIND4) | hook_bit(CGW_HOOK_BIND6);
	if (policy->sockets)
		set |= hook_bit(CGW_HOOK_SOCK_CREATE);
	if (policy->unix_names[connect][CGW_UNIX_PATH] ||
		policy->unix_names[connect][CGW_UNIX_ABSTRACT])
		set |= hook_bit(CGW_HOOK_CONNECT_UNIX) | hook_bit(CGW_HOOK_SENDMSG_UNIX);
	return set;
}

uint32_t hooks_needed(const struct image *image)
{
	const struct cgw_image_header *header = image_header(image);
	uint32_t set = 0;

	for (uint32_t slot = 0; slot < header->policy_count; slot++) {
		const struct cgw_policy *policy = image_policy(image, slot);

		if (!(policy->flags & CGW_POLICY_PRESENT))
			continue;
		set |= policy_hooks(policy);
		for (int i = 0; hooks[i].name; i++)
			if (!hooks[i].hook)
				set |= 1U << i;
	}
	return set;
}

static uint32_t pinned(const struct instance *instance, const char *folder)
{
	uint32_t set = 0;

	for (int i = 0; hooks[i].name; i++) {
		const char *name = strcmp(folder, "links") ? hooks[i].program : hooks[i].name;

		if (!access(instance_path(instance, folder, name), F_OK))
			set |= 1U << i;
	}
	return set;
}

uint32_t hooks_pinned(const struct instance *instance)
{
	return pinned(instance, "links");
}

uint32_t hooks_alive(const struct instance *instance)
{
	uint32_t set = 0;

	for (int i = 0; hooks[i].name; i++)
		if (hook_is_alive(instance, &hooks[i]))
			set |= 1U << i;
	return set;
}

uint32_t hooks_loaded(const struct instance *instance)
{
	return pinned(instance, "progs");
}

static int link_create(const struct hook *hook, int program, int cgroup)
{
	int link = hook->hook ? bpf_link_create(program, cgroup, hook->attach_type, NULL)
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
	int err = 0;

	unlink(new); /* of a dead cgward */
	if (bpf_obj_pin(link, new))
		err = -errno;
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

int hooks_attach(const struct instance *instance, uint32_t set)
{
	uint32_t done = 0;
	int root, err = 0;

	set &= ~hooks_alive(instance);
	if (!set)
		return 0;
	root = open_root(instance);
	if (root < 0)
		return root;
	for (int i = 0; !err && hooks[i].name; i++) {
		if (!(set & 1U << i))
			continue;
		err = hook_attach(instance, &hooks[i], root);
		if (!err)
			done |= 1U << i;
	}
	close(root);
	if (err)
		hooks_detach(instance, done);
	return err;
}

static int remove_pin(const char *pin)
{
	if (!unlink(pin) || errno == ENOENT)
		return 0;
	int err = -errno;

	output_failure("remove", pin, err, NULL);
	return err;
}

int hooks_detach(const struct instance *instance, uint32_t set)
{
	int err = 0;

	for (int i = 0; hooks[i].name; i++) {
		int failed = remove_pin(new_pin(instance, &hooks[i]));

		if (!failed && set & 1U << i)
			failed = remove_pin(instance_path(instance, "links", hooks[i].name));
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
	int link = bpf_obj_get(instance_path(instance, "links", hook->name));
	struct bpf_link_info info = {};
	__u32 length = sizeof(info), id;
	bool alive;

	if (link < 0)
		return false;
	alive = !bpf_obj_get_info_by_fd(link, &info, &length);
	close(link);
	if (alive && hook->hook) /* a detached link has no cgroup any more */
		alive = info.cgroup.cgroup_id == instance->meta->cgroup_root_id;
	/* Another program can have been put into the link; a missing pin of ours tells nothing. */
	id = program_id(instance_path(instance, "progs", hook->program));
	return alive && (!id || id == info.prog_id);
}
