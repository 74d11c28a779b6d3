/* SPDX-License-Identifier: GPL-2.0-only */
/* cgward run - a command in a cgroup of its own, under policies, from its first instruction. */
#include <errno.h>
#include <linux/sched.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <unistd.h>
#include "attachments.h"
#include "cgroup.h"
#include "command.h"
#include "demand.h"
#include "gaps.h"
#include "hooks.h"
#include "instance.h"
#include "load.h"
#include "options.h"
#include "output.h"
#include "privileges.h"
#include "publish.h"
#include "ruleset.h"
#include "runs.h"
#include "self.h"

struct run_options {
	struct common_options common;
	struct option_list policies;
	const char *config;
	const char *cgroup;
};

static const struct option_row run_rows[] = {
	OPTION_LIST("policy", 'p', struct run_options, policies, "PATH",
		"govern the command by these policies too, whatever their cgroup globs say"),
	OPTION_CONFIG(struct run_options),
	OPTION_TEXT("cgroup", 0, struct run_options, cgroup, "NAME",
		"name of the new cgroup below the cgroup root (cgward-run-PID)"),
	OPTION_END,
};

static const struct command_line run_line = {
	.synopsis = "run [OPTION]... [--] CMD [ARG]...",
	.about = "Makes a cgroup, runs CMD in it, and removes it afterwards. The ruleset in force "
		 "governs it\n"
		 "as any other cgroup; policies given with -p are put in force for it alone, in an "
		 "instance\n"
		 "of their own (BPFFS-run-PID), which outlives cgward should it be killed.",
	.common = COMMON_BPFFS | COMMON_CGROUP_ROOT | COMMON_QUIET | COMMON_VERBOSE,
	.rows = run_rows,
	.fewest = 1,
	.most = OPERANDS_ANY,
	.stop_at_operand = true,
	.notes = "Exit status: CMD's, 128 + N if signal N ended it; 1, 2 or 3 if it was not run, "
		 "as for\n"
		 "other commands; 127 if CMD does not exist.",
};

struct run {
	struct run_options options;
	struct ruleset ruleset;
	struct cgw_settings settings;
	struct instance instance;
	struct strbuf cgroup, bpffs;
	bool cgroup_made, instance_made;
	int lock; /* on the cgroup: others see by it that this process is alive */
};

/* What can be removed is; a process that CMD left behind keeps its cgroup and its policies. */
static void clean_up(struct run *run)
{
	const struct instance *instance = run->instance_made ? &run->instance : NULL;
	bool busy = run->cgroup_made && runs_is_busy(instance, run->cgroup.data);
	int err = run->cgroup_made && !busy ? cgroup_remove_tree(run->cgroup.data) : 0;

	busy |= err == -EBUSY;
	if (busy && run->instance_made) {
		output_warning("processes of '%s' are left: they stay governed", run->cgroup.data);
		output_hint("when they have ended, any `cgward apply`, `run` or `remove` cleans "
			    "up; or cgward remove --bpffs %s; rmdir %s",
			run->bpffs.data, run->cgroup.data);
	} else if (busy) {
		output_warning("processes are left in '%s'", run->cgroup.data);
		output_hint("it can be removed when they have ended: rmdir %s", run->cgroup.data);
	} else if (err) {
		output_failure("remove", run->cgroup.data, err, NULL);
	}
	if (run->instance_made && !busy)
		instance_remove(&run->instance);
}

static void run_free(struct run *run)
{
	clean_up(run);
	if (run->lock >= 0)
		close(run->lock);
	instance_close(&run->instance);
	ruleset_free(&run->ruleset);
	option_list_free(&run->options.policies);
	strbuf_free(&run->bpffs);
	strbuf_free(&run->cgroup);
}

static int make_cgroup(struct run *run)
{
	struct run_options *options = &run->options;
	int err;

	if (options_cgroup_root(&options->common))
		return -ENOENT;
	runs_sweep(options->common.bpffs, options->common.cgroup_root);
	strbuf_printf(&run->cgroup, "%s/", options->common.cgroup_root);
	if (options->cgroup)
		strbuf_puts(&run->cgroup, options->cgroup);
	else
		strbuf_printf(&run->cgroup, RUNS_CGROUP "%d", getpid());
	/* Another cgward that sweeps may take it away before it is locked. */
	do {
		err = cgroup_make(run->cgroup.data);
		if (!err)
			run->lock = runs_lock_cgroup(run->cgroup.data);
	} while (!err && (run->lock == -ENOENT || run->lock == -EWOULDBLOCK));
	run->cgroup_made = !err;
	if (!err && run->lock < 0)
		err = run->lock;
	if (err)
		output_failure("make the cgroup", run->cgroup.data, err, NULL);
	return err;
}

/* Compiles the policies for this cgroup alone: their own globs are replaced by an attachment. */
static int compile(struct run *run)
{
	struct ruleset *ruleset = &run->ruleset;
	struct attachments attachments __attribute__((cleanup(attachments_free))) = {};
	struct offers offers;
	uint64_t id;
	int err = cgroup_id_of(run->cgroup.data, &id);

	for (size_t i = 0; !err && i < ruleset->policies.count; i++) {
		struct policy *policy = ruleset->policies.items[i];
		struct attachment attachment = {.cgroup_id = id,
			.path = run->cgroup.data + strlen(run->options.common.cgroup_root),
			.policy = policy->name};

		for (size_t s = 0; s < policy->selector_count; s++)
			free(policy->selectors[s].glob);
		policy->selector_count = 0;
		attachments_add(&attachments, &attachment);
	}
	image_free(&ruleset->image);
	if (!err)
		err = policies_compile(&ruleset->image, &ruleset->policies, NULL, attachments.items,
			attachments.count, &ruleset->diags);
	if (!err)
		image_configure(&ruleset->image, &run->settings);
	if (!err)
		err = demand_load(&run->instance, hooks_needed(&ruleset->image), &offers);
	if (!err)
		err = gaps_check(&ruleset->policies, &ruleset->image, &offers, &ruleset->diags);
	output_diagnostics(&ruleset->diags);
	return err ? -EINVAL : 0;
}

/* Puts the policies of -p in force, in an instance of their own. */
static int enforce(struct run *run)
{
	int err;

	strbuf_printf(&run->bpffs, "%s" RUNS_INFIX "%d", run->options.common.bpffs, getpid());
	err = instance_open(&run->instance, run->bpffs.data, INSTANCE_MAKE);
	run->instance_made = run->instance.dir_fd >= 0;
	if (!err)
		err = load_instance(&run->instance, run->options.common.cgroup_root, 1);
	if (!err)
		err = compile(run);
	if (!err)
		err = publish_image(&run->instance, &run->ruleset.image, NULL);
	return err;
}

static pid_t child; /* for the signal handler */

static void forward(int number)
{
	if (child > 0)
		kill(child, number);
}

/* CMD is born in the cgroup: there is no moment at which it runs elsewhere. */
static pid_t start(const char *cgroup)
{
	struct clone_args args = {.flags = CLONE_INTO_CGROUP, .exit_signal = SIGCHLD};
	int fd = cgroup_open(cgroup);
	pid_t pid;

	if (fd < 0) {
		errno = -fd;
		return -1;
	}
	args.cgroup = fd;
	pid = syscall(SYS_clone3, &args, sizeof(args));
	if (pid)
		close(fd);
	return pid;
}

static int run_command(struct run *run, char **command)
{
	int status;

	child = start(run->cgroup.data);
	if (child == 0) {
		privileges_restore();
		execvp(command[0], command);
		output_failure("run", command[0], errno, NULL);
		_exit(127);
	}
	if (child < 0) {
		status = errno;
		output_failure("start a process in", run->cgroup.data, status, NULL);
		self_hint(status, run->options.common.bpffs);
		return output_status(status);
	}
	signal(SIGINT, SIG_IGN); /* the terminal sends these to CMD as well */
	signal(SIGQUIT, SIG_IGN);
	signal(SIGTERM, forward);
	signal(SIGHUP, forward);
	while (waitpid(child, &status, 0) < 0)
		if (errno != EINTR)
			return STATUS_NOT;
	return WIFSIGNALED(status) ? 128 + WTERMSIG(status) : WEXITSTATUS(status);
}

/* The policies of -p and the configuration, for which there is no use without them. */
static int read_policies(struct run *run)
{
	const struct run_options *options = &run->options;
	struct ruleset *ruleset = &run->ruleset;
	int err;

	if (!options->policies.count)
		return options->config
			       ? options_usage(&run_line, "--config has no effect without --policy")
			       : STATUS_DONE;
	err = ruleset_read(ruleset, options->policies.items, options->policies.count);
	run->settings = config_default();
	if (!config_read(&run->settings, options->config, &ruleset->diags) && !err)
		return STATUS_DONE;
	output_diagnostics(&ruleset->diags);
	return STATUS_NOT;
}

int cmd_run(int argc, char **argv)
{
	struct run run __attribute__((cleanup(run_free))) = {
		.options = {.common = COMMON_OPTIONS},
		.instance = INSTANCE_INIT,
		.lock = -1,
	};
	struct operands operands;
	int err = 0, status = options_parse(&run_line, argc, argv, &run.options, &operands);

	if (status != OPTIONS_GO)
		return status;
	status = read_policies(&run);
	if (status != STATUS_DONE)
		return status;
	err = make_cgroup(&run);
	if (!err && run.options.policies.count) {
		err = enforce(&run);
		self_hint(err, run.options.common.bpffs);
	}
	return err ? output_status(err) : run_command(&run, operands.items);
}
