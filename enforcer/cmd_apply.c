/* SPDX-License-Identifier: GPL-2.0-only */
/* cgward apply - make exactly these policies the ruleset, atomically. */
#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include "attachments.h"
#include "changes.h"
#include "command.h"
#include "gaps.h"
#include "hooks.h"
#include "instance.h"
#include "load.h"
#include "options.h"
#include "output.h"
#include "publish.h"
#include "ruleset.h"

struct apply_options {
	struct common_options common;
	bool dry_run;
};

static const struct option_row apply_rows[] = {
	OPTION_FLAG("dry-run", 'n', struct apply_options, dry_run,
		"say what would change, and change nothing"),
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
	bool made; /* the instance is new: it goes again if anything fails */
	struct ruleset ruleset;
	struct image old;
	struct attachments attachments;
	struct changes changes;
	bool unchanged;
};

static void apply_free(struct apply *apply)
{
	changes_free(&apply->changes);
	attachments_free(&apply->attachments);
	image_free(&apply->old);
	ruleset_free(&apply->ruleset);
	instance_close(&apply->instance);
}

/* Compiles again, with the slots and attachments of the ruleset in force. */
static int compile(struct apply *apply)
{
	struct ruleset *ruleset = &apply->ruleset;
	const struct image *old = apply->old.data ? &apply->old : NULL;

	if (old) {
		attachments_read(&apply->attachments, old);
		attachments_keep_known(&apply->attachments, &ruleset->policies);
	}
	image_free(&ruleset->image);
	return policies_compile(&ruleset->image, &ruleset->policies, old, apply->attachments.items,
		apply->attachments.count, &ruleset->diags);
}

/* The hooks that rules are checked against: what is loaded, or what a load would give. */
static uint32_t offered_hooks(const struct apply *apply)
{
	return apply->instance.present ? hooks_loaded(&apply->instance) : ~0U;
}

/* Opens the instance and reads what is in force; makes one if there is none and this is no dry run.
 */
static int prepare(struct apply *apply)
{
	const struct common_options *common = &apply->options.common;
	int err = instance_open(&apply->instance, common->bpffs,
		apply->options.dry_run ? INSTANCE_READ : INSTANCE_MAKE);

	if (!err && !apply->instance.present && !apply->options.dry_run) {
		err = load_instance(&apply->instance, common->cgroup_root);
		apply->made = !err;
	}
	if (!err && apply->instance.present) {
		err = instance_image(&apply->instance, &apply->old);
		if (err == -ENOENT)
			err = 0;
	}
	return err;
}

/* True if nothing is to be done: the same ruleset, and every hook it needs is there. */
static bool is_in_force(const struct apply *apply)
{
	const struct image *new = &apply->ruleset.image;
	uint32_t needed = hooks_needed(new);

	if (!apply->old.data || image_header(&apply->old)->checksum != image_header(new)->checksum)
		return false;
	for (int i = 0; hooks[i].name; i++)
		if (needed >> i & 1 && !hook_is_alive(&apply->instance, &hooks[i]))
			return false;
	return true;
}

static void report(const struct apply *apply)
{
	const struct image *image = &apply->ruleset.image;
	uint32_t generation = image_header(apply->unchanged ? &apply->old : image)->generation;

	if (apply->options.common.json) {
		struct strbuf out __attribute__((cleanup(strbuf_free))) = STRBUF_INIT;
		struct json json = {.out = &out};

		json_object(&json, NULL);
		json_bool(&json, "ok", true);
		json_bool(&json, "dry_run", apply->options.dry_run);
		json_bool(&json, "changed", !apply->unchanged);
		json_unsigned(&json, "generation", generation);
		json_unsigned(&json, "policies", apply->ruleset.policies.count);
		json_unsigned(&json, "rules", ruleset_rules(&apply->ruleset.policies));
		changes_json(&apply->changes, &json);
		diagnostics_json(&apply->ruleset.diags, &json);
		json_object_end(&json);
		strbuf_putc(&out, '\n');
		output_result(out.data, out.length);
		return;
	}
	changes_print(&apply->changes);
	if (apply->unchanged)
		output_print("nothing changed: generation %u is in force\n", generation);
	else if (apply->options.dry_run)
		output_print("dry run: nothing was changed\n");
	else
		output_print("in force: generation %u, %zu policies, %zu rules\n", generation,
			apply->ruleset.policies.count, ruleset_rules(&apply->ruleset.policies));
}

/* Everything that can go wrong before the first change goes wrong here. */
static int judge(struct apply *apply)
{
	struct ruleset *ruleset = &apply->ruleset;
	int err = compile(apply);

	if (!err)
		err = gaps_check(
			&ruleset->policies, &ruleset->image, offered_hooks(apply), &ruleset->diags);
	output_diagnostics(&ruleset->diags);
	if (err)
		return STATUS_NOT;
	changes_find(&apply->changes, &apply->old, &ruleset->image);
	apply->unchanged = is_in_force(apply);
	return STATUS_DONE;
}

static int apply_run(struct apply *apply, const struct operands *operands)
{
	int status, err = ruleset_read(&apply->ruleset, operands->items, operands->count);

	if (err) {
		output_diagnostics(&apply->ruleset.diags);
		return STATUS_NOT;
	}
	if (options_cgroup_root(&apply->options.common))
		return STATUS_UNABLE;
	err = prepare(apply);
	if (err)
		return output_status(err);
	status = judge(apply);
	if (status == STATUS_DONE && !apply->options.dry_run && !apply->unchanged) {
		err = publish_image(&apply->instance, &apply->ruleset.image);
		if (err)
			status = output_status(err);
	}
	if (status == STATUS_DONE)
		report(apply);
	else if (apply->made)
		instance_remove(&apply->instance);
	return status;
}

int cmd_apply(int argc, char **argv)
{
	struct apply apply __attribute__((cleanup(apply_free))) = {
		.options = {.common = COMMON_OPTIONS},
		.instance = INSTANCE_INIT,
	};
	struct operands operands;
	int status = options_parse(&apply_line, argc, argv, &apply.options, &operands);

	return status == OPTIONS_GO ? apply_run(&apply, &operands) : status;
}
