/* SPDX-License-Identifier: GPL-2.0-only */
/* cgward apply - make exactly these policies the ruleset, atomically. */
#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>
#include "attachments.h"
#include "cgroup.h"
#include "changes.h"
#include "command.h"
#include "cut.h"
#include "demand.h"
#include "gaps.h"
#include "guard.h"
#include "hooks.h"
#include "instance.h"
#include "load.h"
#include "options.h"
#include "output.h"
#include "publish.h"
#include "ruleset.h"
#include "runs.h"
#include "self.h"
#include "upgrade.h"

struct apply_options {
	struct common_options common;
	const char *config;
	bool dry_run;
	bool replace;
	bool cut;
};

static const struct option_row apply_rows[] = {
	OPTION_CONFIG(struct apply_options),
	OPTION_FLAG("dry-run", 'n', struct apply_options, dry_run,
		"say what would change, and change nothing"),
	OPTION_FLAG("replace", 0, struct apply_options, replace,
		"take the place of an instance that a newer cgward has made, too"),
	OPTION_FLAG("cut", 0, struct apply_options, cut,
		"close connections of governed processes which the rules deny"),
	OPTION_END,
};

static const struct command_line apply_line = {
	.synopsis = "apply [OPTION]... PATH...",
	.about = "Makes exactly the policies in PATH the ruleset, all at once, and says what "
		 "changed.\n"
		 "If anything fails, the ruleset before stays in force.",
	.common = COMMON_ALL,
	.rows = apply_rows,
	.fewest = 1,
	.most = OPERANDS_ANY,
	.notes = "Exit status: 0 done, 1 errors in the policies or a failure, 2 usage, 3 the "
		 "kernel or\n"
		 "the privileges do not allow it.",
};

struct apply {
	struct apply_options options;
	struct instance instance;
	struct instance next; /* that is to replace it, if need be */
	enum upgrade_plan plan;
	bool made;	/* the instance is new: it goes again if anything fails */
	bool published; /* in `next`: it must stay */
	bool held;	/* guard_hold() */
	struct ruleset ruleset;
	struct cgw_settings settings;
	struct image old;
	struct hook_set loaded; /* before this command */
	struct attachments attachments;
	struct changes changes;
	struct offers offers;
	bool unchanged;
	struct cuts cuts;
};

static void apply_free(struct apply *apply)
{
	cuts_free(&apply->cuts);
	changes_free(&apply->changes);
	attachments_free(&apply->attachments);
	image_free(&apply->old);
	ruleset_free(&apply->ruleset);
	instance_close(&apply->next);
	instance_close(&apply->instance);
}

/* Compiles again, with the slots and attachments of the ruleset in force. */
static int compile(struct apply *apply)
{
	struct ruleset *ruleset = &apply->ruleset;
	const struct image *old = apply->old.data ? &apply->old : NULL;

	if (old) {
		attachments_read(&apply->attachments, old);
		attachments_keep_living(&apply->attachments, apply->options.common.cgroup_root,
			apply->instance.meta->cgroup_root_id);
		attachments_keep_known(&apply->attachments, &ruleset->policies);
	}
	image_free(&ruleset->image);
	if (policies_compile(&ruleset->image, &ruleset->policies, old, apply->attachments.items,
		    apply->attachments.count, &ruleset->diags))
		return -1;
	image_configure(&ruleset->image, &apply->settings);
	return 0;
}

/* The instance that is to enforce the ruleset. */
static struct instance *target(struct apply *apply)
{
	return apply->plan == UPGRADE_REPLACE ? &apply->next : &apply->instance;
}

/* What rules are checked against: what is loaded then, or what a load would give. */
static int offer_hooks(struct apply *apply)
{
	struct instance *instance = target(apply);
	struct hook_set needed = hooks_needed(&apply->ruleset.image);

	if (!apply->options.dry_run)
		return demand_load(instance, needed, &apply->offers);
	demand_ask(instance->present && apply->plan == UPGRADE_NOTHING ? instance : NULL, needed,
		&apply->offers);
	return 0;
}

/* The root in common->cgroup_root: the one given, else the instance's, else the default. */
static int find_root(struct apply *apply)
{
	struct common_options *common = &apply->options.common;
	const struct cgw_meta *meta = apply->instance.present ? apply->instance.meta : NULL;
	uint64_t given, own;

	if (!meta)
		return options_cgroup_root(common);
	if (!common->cgroup_root)
		common->cgroup_root = meta->cgroup_root;
	if (cgroup_id_of(common->cgroup_root, &given)) {
		output_failure_because("use the cgroup root", common->cgroup_root,
			"there is no such cgroup",
			"name the cgroup root with --cgroup-root DIR, or make it again");
		return -ENOENT;
	}
	if (given == meta->cgroup_root_id || cgroup_id_of(meta->cgroup_root, &own) ||
		own != meta->cgroup_root_id)
		return 0;
	output_error("the instance in '%s' governs '%s', not '%s'", apply->instance.dir,
		meta->cgroup_root, common->cgroup_root);
	output_hint("use another --bpffs DIR for it, or `cgward remove` first");
	return -EEXIST;
}

/* Makes the instance that is to enforce the ruleset where there is none, or none that can. */
static int make_target(struct apply *apply)
{
	const char *root = apply->options.common.cgroup_root;
	uint64_t last = apply->instance.meta ? apply->instance.meta->epoch : 0;
	int err;

	switch (apply->plan) {
	case UPGRADE_LOAD:
		err = load_instance(&apply->instance, root, last + 1);
		apply->made = !err;
		return err;
	case UPGRADE_REPLACE:
		return upgrade_begin(&apply->instance, &apply->next, root);
	case UPGRADE_NOTHING:
		return instance_repin(&apply->instance);
	}
	return -EINVAL;
}

/* Until publish_image() or take_back(): all that is made from here on is kept from governed
 * processes. */
static int hold_guard(struct apply *apply)
{
	int err = 0;

	if (apply->old.data && guard_is_wanted(&apply->old)) {
		err = guard_hold(&apply->instance);
		apply->held = !err;
	}
	return err;
}

/* Opens the instance, reads what is in force, and makes ready what is to enforce the ruleset. */
static int prepare(struct apply *apply)
{
	const struct common_options *common = &apply->options.common;
	unsigned int flags = apply->options.dry_run ? INSTANCE_READ : INSTANCE_MAKE;
	int err;

	if (apply->options.replace)
		flags |= INSTANCE_ANY;
	err = instance_open(&apply->instance, common->bpffs, flags);
	if (!err && !apply->options.dry_run)
		err = upgrade_finish(&apply->instance, apply->options.replace);
	if (!err)
		err = find_root(apply);
	if (err)
		return err;
	if (!apply->options.dry_run)
		runs_sweep(common->bpffs, common->cgroup_root);
	apply->plan = upgrade_plan(&apply->instance, apply->options.common.cgroup_root);
	if (apply->instance.present) {
		apply->loaded = hooks_loaded(&apply->instance);
		err = instance_image(&apply->instance, &apply->old);
		if (err && err != -ENOENT)
			return err;
	}
	if (apply->options.dry_run)
		return 0;
	err = hold_guard(apply);
	return err ? err : make_target(apply);
}

/* True if nothing is to be done: the same ruleset, and every hook it needs is there. */
static bool is_in_force(const struct apply *apply)
{
	const struct image *new = &apply->ruleset.image;
	struct hook_set needed = hook_set_and(hooks_needed(new), apply->offers.loaded);

	return apply->plan == UPGRADE_NOTHING && apply->old.data &&
	       image_header(&apply->old)->checksum == image_header(new)->checksum &&
	       hook_set_is_empty(hook_set_minus(needed, hooks_alive(&apply->instance)));
}

static void report(const struct apply *apply, bool ok)
{
	const struct image *image = &apply->ruleset.image;
	uint32_t generation = image_header(apply->unchanged ? &apply->old : image)->generation;

	if (apply->options.common.json) {
		struct strbuf out __attribute__((cleanup(strbuf_free))) = STRBUF_INIT;
		struct json json = {.out = &out};

		json_object_begin(&json, NULL);
		json_bool(&json, "ok", ok);
		json_bool(&json, "dry_run", apply->options.dry_run);
		json_bool(&json, "changed", !apply->unchanged);
		json_unsigned(&json, "generation", generation);
		json_unsigned(&json, "policies", apply->ruleset.policies.count);
		json_unsigned(&json, "rules", ruleset_rules(&apply->ruleset.policies));
		changes_json(&apply->changes, &json);
		if (apply->options.cut)
			cuts_json(&apply->cuts, &json);
		diagnostics_json(&apply->ruleset.diags, &json);
		json_object_end(&json);
		strbuf_putc(&out, '\n');
		output_result(out.data, out.length);
		return;
	}
	changes_print(&apply->changes);
	if (apply->options.cut)
		cuts_print(&apply->cuts);
	if (apply->unchanged)
		output_print("nothing changed: generation %u is in force\n", generation);
	else if (apply->options.dry_run)
		output_print("dry run: nothing was changed\n");
	else
		output_print("in force: generation %u, %zu policies, %zu rules\n", generation,
			apply->ruleset.policies.count, ruleset_rules(&apply->ruleset.policies));
}

/* As status does; the ruleset is in force all the same. */
static void warn_of_guard(const struct apply *apply)
{
	struct strbuf gaps __attribute__((cleanup(strbuf_free))) = STRBUF_INIT;

	switch (guard_state(&apply->ruleset.image, apply->offers.loaded)) {
	case GUARD_NONE:
		output_warning("no self-protection: this kernel lets no program of BPF LSM guard "
			       "cgward");
		break;
	case GUARD_PARTLY:
		guard_gaps(apply->offers.loaded, &gaps);
		output_warning("self-protection only in part: this kernel does not let cgward keep "
			       "governed processes from: %s",
			gaps.data);
		break;
	default:
		return;
	}
	output_hint("take CAP_BPF and CAP_SYS_ADMIN from what is governed; `cgward doctor` tells "
		    "how to get what is missing; `protect = off` in cgward.conf silences this");
}

/* Everything that can go wrong before the first change goes wrong here. */
static int judge(struct apply *apply)
{
	struct ruleset *ruleset = &apply->ruleset;
	int err = compile(apply), failed = 0;

	if (!err)
		failed = offer_hooks(apply);
	if (!err && !failed)
		err = gaps_check(
			&ruleset->policies, &ruleset->image, &apply->offers, &ruleset->diags);
	output_diagnostics(&ruleset->diags);
	if (err || failed)
		return err ? STATUS_NOT : output_status(failed);
	if (self_is_locked_out(
		    &ruleset->image, apply->options.common.cgroup_root, apply->offers.loaded))
		return STATUS_NOT;
	warn_of_guard(apply);
	image_seal(&ruleset->image, 0); /* rules may have been marked by gaps_check() */
	changes_find(&apply->changes, &apply->old, &ruleset->image);
	apply->unchanged = is_in_force(apply);
	return STATUS_DONE;
}

static int publish(struct apply *apply)
{
	const struct instance *from = apply->plan == UPGRADE_REPLACE ? &apply->instance : NULL;
	int err = publish_image(target(apply), &apply->ruleset.image, from);

	if (!err && from) {
		apply->published = true;
		err = upgrade_commit(&apply->instance, &apply->next);
	}
	return err;
}

/* Nothing new stays behind. */
static void take_back(struct apply *apply)
{
	if (apply->next.dir_fd >= 0 && !apply->published)
		instance_remove(&apply->next);
	if (apply->made)
		instance_remove(&apply->instance);
	else if (apply->plan == UPGRADE_NOTHING && apply->instance.present &&
		 !apply->options.dry_run && apply->old.data)
		demand_unload(&apply->instance, apply->loaded);
	else if (apply->instance.dir_fd >= 0 && !apply->instance.present && !apply->options.dry_run)
		rmdir(apply->instance.dir); /* unless there is something in it */
	if (apply->held && !apply->published)
		guard_record(&apply->instance, true);
}

/* After the ruleset is in force: what is connected from then on has been judged by it. */
static int cut(struct apply *apply)
{
	const struct instance *from = apply->instance.present ? &apply->instance : NULL;
	int err = 0;

	if (apply->plan == UPGRADE_REPLACE && !apply->options.dry_run)
		from = &apply->next;
	if (!apply->options.cut)
		return STATUS_DONE;
	err = cut_connections(&apply->cuts, &apply->ruleset.image,
		apply->options.common.cgroup_root, from, apply->options.dry_run);
	for (size_t i = 0; !err && i < apply->cuts.count; i++)
		err = apply->cuts.items[i].error;
	return err ? output_status(err) : STATUS_DONE;
}

static int change(struct apply *apply)
{
	int status, err = prepare(apply);

	if (err)
		return output_status(err);
	status = judge(apply);
	if (status != STATUS_DONE || apply->options.dry_run)
		return status;
	if (apply->unchanged)
		publish_settle(&apply->instance, &apply->old);
	else
		err = publish(apply);
	return err ? output_status(err) : STATUS_DONE;
}

static int apply_run(struct apply *apply, const struct operands *operands)
{
	struct ruleset *ruleset = &apply->ruleset;
	int status, err = ruleset_read(ruleset, operands->items, operands->count);

	apply->settings = config_default();
	if (config_read(&apply->settings, apply->options.config, &ruleset->diags) || err) {
		output_diagnostics(&ruleset->diags);
		return STATUS_NOT;
	}
	status = change(apply);
	if (status != STATUS_DONE) {
		take_back(apply);
		return status;
	}
	status = cut(apply);
	report(apply, status == STATUS_DONE);
	return status;
}

int cmd_apply(int argc, char **argv)
{
	struct apply apply __attribute__((cleanup(apply_free))) = {
		.options = {.common = COMMON_OPTIONS},
		.instance = INSTANCE_INIT,
		.next = INSTANCE_INIT,
	};
	struct operands operands;
	int status = options_parse(&apply_line, argc, argv, &apply.options, &operands);

	return status == OPTIONS_GO ? apply_run(&apply, &operands) : status;
}
