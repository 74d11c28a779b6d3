/* SPDX-License-Identifier: GPL-2.0-only */
/* cgward remove - detach and unpin everything. */
#include "backlog.h"
#include "command.h"
#include "instance.h"
#include "options.h"
#include "output.h"
#include "runs.h"
#include "upgrade.h"

static const struct command_line remove_line = {
	.synopsis = "remove [OPTION]...",
	.about =
		"Ends all enforcement of this instance and removes its pins. Nothing stays behind.",
	.common = COMMON_BPFFS | COMMON_QUIET | COMMON_VERBOSE,
	.notes = "Exit status: 0 done, or nothing was there; 1 a failure; 2 usage; 3 not allowed.",
};

int cmd_remove(int argc, char **argv)
{
	struct instance instance __attribute__((cleanup(instance_close))) = INSTANCE_INIT;
	struct common_options common = COMMON_OPTIONS;
	struct operands operands;
	int err, status = options_parse(&remove_line, argc, argv, &common, &operands);

	if (status != OPTIONS_GO)
		return status;
	err = instance_open(&instance, common.bpffs, 0);
	if (err)
		return output_status(err);
	runs_sweep(common.bpffs, instance.meta ? instance.meta->cgroup_root : NULL);
	if (instance.dir_fd < 0) {
		output_print("nothing is there: '%s' does not exist\n", common.bpffs);
		return STATUS_DONE;
	}
	/* What is to replace it, or was replaced, first: as long as one of them is in force, the
	 * folder that `status` looks at is there. */
	err = upgrade_remove_next(&instance);
	if (!err)
		backlog_warn(&instance);
	if (!err)
		err = instance_remove(&instance);
	if (err)
		return output_status(err);
	output_print("removed: nothing is enforced by '%s' any more\n", common.bpffs);
	return STATUS_DONE;
}
