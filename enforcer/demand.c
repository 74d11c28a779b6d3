/* SPDX-License-Identifier: GPL-2.0-only */
#include "demand.h"

#include <bpf/bpf.h>
#include <bpf/btf.h>
#include <errno.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>
#include "load.h"
#include "output.h"
#include "privileges.h"

/* ---- what the kernel has ---- */

static bool has_attach_point(const struct probe *probe, int hook)
{
	char name[64];

	if (hooks[hook].kind != HOOK_LSM)
		return probe_hook(probe, hook).state != PROBE_NO;
	snprintf(name, sizeof(name), "bpf_lsm_%s", hooks[hook].lsm);
	return probe->btf && btf__find_by_name_kind(probe->btf, name, BTF_KIND_FUNC) > 0;
}

static bool has_lsm_hooks(struct hook_set set)
{
	for (int i = 1; i < HOOK_COUNT; i++)
		if (hook_set_has(&set, i) && hooks[i].kind == HOOK_LSM)
			return true;
	return false;
}

static void set_state(struct offers *offers, int hook, enum offer_state state, int error)
{
	offers->states[hook].state = state;
	offers->states[hook].error = error;
	if (state == OFFER_YES)
		hook_set_add(&offers->loaded, hook);
}

/* Leaves in *missing what is worth loading. */
static void look(struct hook_set *missing, struct offers *offers)
{
	struct probe probe __attribute__((cleanup(probe_close)));
	struct hook_set found = {0};

	probe_open(&probe, NULL);
	offers->lsm.state = PROBE_YES;
	if (has_lsm_hooks(*missing))
		offers->lsm = probe_feature(&probe, PROBE_LSM);
	for (int i = 1; i < HOOK_COUNT; i++) {
		if (!hook_set_has(missing, i))
			continue;
		if (hooks[i].kind == HOOK_LSM && offers->lsm.state != PROBE_YES)
			set_state(offers, i, OFFER_NO_LSM, 0);
		else if (!has_attach_point(&probe, i))
			set_state(offers, i, OFFER_NO_HOOK, 0);
		else
			hook_set_add(&found, i);
	}
	*missing = found;
}

/* ---- loading ---- */

/* What the verifier and the attach point's check say; anything else is no verdict on the program.
 */
static bool is_refusal(int err)
{
	return err == -EINVAL || err == -EACCES || err == -E2BIG || err == -524 /* ENOTSUPP */ ||
	       err == -EOPNOTSUPP || err == -ESRCH || err == -ENOENT;
}

static int load_each(struct instance *instance, struct hook_set missing, struct offers *offers)
{
	for (int i = 1; i < HOOK_COUNT; i++) {
		struct hook_set one = {0};
		int err;

		if (!hook_set_has(&missing, i))
			continue;
		hook_set_add(&one, i);
		err = load_programs_of(instance, one);
		if (err && !is_refusal(err))
			return err;
		set_state(offers, i, err ? OFFER_REFUSED : OFFER_YES, -err);
	}
	return 0;
}

/* All at once, and only if one is refused one by one: each time costs a reading of the kernel's
 * BTF. */
static int load_missing(struct instance *instance, struct hook_set missing, struct offers *offers)
{
	int err = load_programs_of(instance, missing);

	/* The verifier has other words for it, such as EINVAL. */
	if (err && privileges_are_missing())
		err = -EPERM;
	else if (err && is_refusal(err))
		err = load_each(instance, missing, offers);
	else
		for (int i = 1; !err && i < HOOK_COUNT; i++)
			if (hook_set_has(&missing, i))
				set_state(offers, i, OFFER_YES, 0);
	if (err)
		output_failure("load", "the programs", err,
			"cgward needs root, or CAP_BPF, CAP_PERFMON and CAP_NET_ADMIN; --verbose "
			"tells what the kernel said");
	return err;
}

static void start(const struct instance *instance, struct offers *offers)
{
	*offers = (struct offers){.loaded = instance ? hooks_loaded(instance) : hooks_always()};
	for (int i = 1; i < HOOK_COUNT; i++)
		if (hook_set_has(&offers->loaded, i))
			offers->states[i].state = OFFER_YES;
}

static struct hook_set missing_of(struct hook_set needed, const struct offers *offers)
{
	return hook_set_minus(hook_set_and(needed, hooks_on_demand()), offers->loaded);
}

/* Programs that are pinned and not counted are no harm; one that is counted and not pinned was
 * taken away. */
static int count_programs(struct instance *instance, struct hook_set loaded, struct hook_set before)
{
	struct hook_set more = hook_set_minus(loaded, before);
	__u32 zero = 0, count = instance->meta->programs;

	for (int i = 1; i < HOOK_COUNT; i++) {
		struct hook_set gone = hook_set_minus(before, loaded);

		count += hook_set_has(&more, i);
		count -= hook_set_has(&gone, i);
	}
	instance->meta->programs = count;
	if (!bpf_map_update_elem(instance->maps[MAP_META], &zero, instance->meta, BPF_ANY))
		return 0;
	int err = -errno;

	output_failure("write", instance_path(instance, "maps", "meta"), err, NULL);
	return err;
}

int demand_load(struct instance *instance, struct hook_set needed, struct offers *offers)
{
	struct hook_set missing, before;
	int err;

	start(instance, offers);
	before = offers->loaded;
	missing = missing_of(needed, offers);
	if (hook_set_is_empty(missing))
		return 0;
	look(&missing, offers);
	if (hook_set_is_empty(missing))
		return 0;
	err = load_missing(instance, missing, offers);
	if (!err)
		err = count_programs(instance, offers->loaded, before);
	return err;
}

void demand_ask(const struct instance *instance, struct hook_set needed, struct offers *offers)
{
	struct hook_set missing;

	start(instance, offers);
	missing = missing_of(needed, offers);
	if (hook_set_is_empty(missing))
		return;
	look(&missing, offers);
	for (int i = 1; i < HOOK_COUNT; i++)
		if (hook_set_has(&missing, i))
			set_state(offers, i, OFFER_YES, 0);
}

void demand_unload(struct instance *instance, struct hook_set keep)
{
	struct hook_set before = hooks_loaded(instance);
	struct hook_set gone = hook_set_minus(hook_set_and(before, hooks_on_demand()), keep);

	if (hook_set_is_empty(gone) ||
		count_programs(instance, hook_set_minus(before, gone), before))
		return;
	for (int i = 1; i < HOOK_COUNT; i++)
		if (hook_set_has(&gone, i))
			unlink(instance_path(instance, "progs", hooks[i].program));
}
