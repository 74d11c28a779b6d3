/* SPDX-License-Identifier: GPL-2.0-only */
/* cgward attach, cgward detach - govern one more cgroup by hand. */
#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include "attachments.h"
#include "cgroup.h"
#include "command.h"
#include "hooks.h"
#include "instance.h"
#include "options.h"
#include "output.h"
#include "publish.h"
#include "self.h"
#include "upgrade.h"

static const struct command_line attach_line = {
	.synopsis = "attach [OPTION]... POLICY CGROUP",
	.about = "Governs the cgroup, and all below it, by a policy of the ruleset, whatever the "
		 "policy's\n"
		 "cgroup globs say. For OCI hooks and ExecStartPre. CGROUP is a path from the "
		 "cgroup root,\n"
		 "or a directory of the cgroup file system. It lasts until `detach`, over `apply`, "
		 "and as\n"
		 "long as the cgroup: one made again under the same name is another one.",
	.common = COMMON_BPFFS | COMMON_QUIET | COMMON_VERBOSE,
	.fewest = 2,
	.most = 2,
	.notes = "Exit status: 0 done, or it was so already; 1 a failure; 2 usage; 3 not allowed.",
};

static const struct command_line detach_line = {
	.synopsis = "detach [OPTION]... POLICY CGROUP",
	.about = "Takes back what `attach` did.",
	.common = COMMON_BPFFS | COMMON_QUIET | COMMON_VERBOSE,
	.fewest = 2,
	.most = 2,
	.notes =
		"Exit status: 0 done; 1 it was not attached, or a failure; 2 usage; 3 not allowed.",
};

struct attaching {
	struct instance instance;
	struct image old, new;
	struct attachments attachments;
	struct strbuf directory; /* of the cgroup */
};

static void attaching_free(struct attaching *attaching)
{
	strbuf_free(&attaching->directory);
	attachments_free(&attaching->attachments);
	image_free(&attaching->new);
	image_free(&attaching->old);
	instance_close(&attaching->instance);
}

static int open_ruleset(struct attaching *attaching, const char *bpffs)
{
	int err = instance_open(&attaching->instance, bpffs, 0);

	if (!err && attaching->instance.dir_fd >= 0)
		err = upgrade_finish(&attaching->instance, false);
	if (!err && attaching->instance.present &&
		attaching->instance.meta->abi_version != CGW_ABI_VERSION) {
		output_failure_because(
			"change", bpffs, "an older cgward has made it", "run `cgward apply` first");
		return -EPROTO;
	}
	if (!err)
		err = attaching->instance.present
			      ? instance_image(&attaching->instance, &attaching->old)
			      : -ENOENT;
	if (err == -ENOENT)
		output_failure_because(
			"use", bpffs, "no ruleset is in force there", "run `cgward apply` first");
	return err;
}

static bool has_policy(const struct image *image, const char *name)
{
	for (uint32_t slot = 0; slot < image_header(image)->policy_count; slot++) {
		const struct cgw_policy *policy = image_policy(image, slot);

		if (policy->flags & CGW_POLICY_PRESENT &&
			!strcmp(image_text(image, policy->name), name))
			return true;
	}
	output_error("policy '%s' is not in the ruleset", name);
	output_hint("`cgward status` lists the policies");
	return false;
}

/* The path of the cgroup from the root: as the kernel has it, by which it is found again later. */
static int resolve(struct attaching *attaching, const char *root, struct attachment *attachment)
{
	char *real __attribute__((cleanup(output_text_free))) =
		realpath(attaching->directory.data, NULL);
	size_t length = strlen(root);

	if (!real)
		return -errno;
	if (strncmp(real, root, length) || (real[length] && real[length] != '/'))
		return -EXDEV;
	attaching->directory.length = 0;
	strbuf_puts(&attaching->directory, real);
	attachment->path = real[length] ? attaching->directory.data + length : "/";
	return cgroup_id_of(attaching->directory.data, &attachment->cgroup_id);
}

/* The cgroup as an attachment: a directory, or a path from the instance's cgroup root. */
static int find_cgroup(
	struct attaching *attaching, const char *cgroup, struct attachment *attachment)
{
	const char *root = attaching->instance.meta->cgroup_root;
	size_t root_length = strlen(root);
	int err;

	if (strncmp(cgroup, root, root_length) ||
		(cgroup[root_length] && cgroup[root_length] != '/'))
		strbuf_printf(&attaching->directory, "%s/", root);
	strbuf_puts(&attaching->directory, cgroup);
	err = resolve(attaching, root, attachment);
	if (err)
		output_failure("use the cgroup", attaching->directory.data, err,
			"name an existing cgroup below '%s'", root);
	return err;
}

static int publish(struct attaching *attaching)
{
	int err = image_attach(&attaching->new, &attaching->old, attaching->attachments.items,
		attaching->attachments.count);

	if (err) {
		output_failure("compile", "the attachments", err, NULL);
		return err;
	}
	if (self_is_locked_out(&attaching->new, attaching->instance.meta->cgroup_root,
		    hooks_loaded(&attaching->instance)))
		return -EINVAL;
	return publish_image(&attaching->instance, &attaching->new, NULL);
}

static int change(const struct command_line *line, int argc, char **argv, bool attach)
{
	struct attaching attaching
		__attribute__((cleanup(attaching_free))) = {.instance = INSTANCE_INIT};
	struct common_options common = COMMON_OPTIONS;
	struct attachment attachment = {};
	struct operands operands;
	int err, status = options_parse(line, argc, argv, &common, &operands);

	if (status != OPTIONS_GO)
		return status;
	attachment.policy = operands.items[0];
	err = open_ruleset(&attaching, common.bpffs);
	if (err)
		return output_status(err);
	if (!has_policy(&attaching.old, attachment.policy))
		return STATUS_NOT;
	if (find_cgroup(&attaching, operands.items[1], &attachment))
		return STATUS_NOT;
	attachments_read(&attaching.attachments, &attaching.old);
	attachments_keep_living(&attaching.attachments, attaching.instance.meta->cgroup_root,
		attaching.instance.meta->cgroup_root_id);
	if (attach && !attachments_add(&attaching.attachments, &attachment)) {
		publish_settle(&attaching.instance, &attaching.old);
		output_print("it was attached already\n");
		return STATUS_DONE;
	}
	if (!attach && !attachments_drop(
			       &attaching.attachments, attachment.cgroup_id, attachment.policy)) {
		output_error("cgroup '%s' is not attached to policy '%s'", attachment.path,
			attachment.policy);
		return STATUS_NOT;
	}
	err = publish(&attaching);
	if (err)
		return output_status(err);
	output_print("%s: policy %s, cgroup %s\n", attach ? "attached" : "detached",
		attachment.policy, attachment.path);
	return STATUS_DONE;
}

int cmd_attach(int argc, char **argv)
{
	return change(&attach_line, argc, argv, true);
}

int cmd_detach(int argc, char **argv)
{
	return change(&detach_line, argc, argv, false);
}
