// SPDX-License-Identifier: GPL-2.0-only
/* cgward doctor - what this kernel offers, found out by trying, and what is missing. */
#include <errno.h>
#include <fcntl.h>
#include <linux/magic.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/utsname.h>
#include <unistd.h>
#include <bpf/libbpf.h>
#include "command.h"
#include "coverage.h"
#include "json.h"
#include "mounts.h"
#include "names.h"
#include "options.h"
#include "output.h"
#include "probe.h"

#define LSM_LIST "/sys/kernel/security/lsm"

struct doctor_options {
	struct common_options common;
};

static const struct command_line doctor_line = {
	.synopsis = "doctor [OPTION]...",
	.about = "Finds out by trying what this kernel offers, hook by hook, which operations\n"
		 "that makes enforceable, and how to get what is missing. Changes nothing:\n"
		 "programs that allow everything are attached to an empty scratch cgroup and\n"
		 "removed again.",
	.common = COMMON_ALL,
	.most = 0,
	.notes = "Exit status: 0 sysctl and network rules have all that they need, 2 usage,\n"
		 "3 they have not, or it could not be tried.",
};

/* Everything that was found out, before anything is printed. */
struct diagnosis {
	struct utsname kernel;
	bool privileged;
	const char *cgroup_root; /* NULL: there is no cgroup v2 */
	bool cgroup2;		 /* cgroup_root lies on it */
	bool hybrid;		 /* cgroup v1 is mounted, too */
	const char *bpffs;
	bool bpffs_mounted; /* bpffs lies on one */
	char *lsm;	    /* active security modules; NULL: not known */
	bool scratch;
	int scratch_error;
	struct probe_result hooks[CGW_HOOK_COUNT];
	struct probe_result features[PROBE_FEATURE_COUNT];
	bool ok;
};

static void diagnosis_free(struct diagnosis *diagnosis)
{
	free(diagnosis->lsm);
}

static int libbpf_debug(enum libbpf_print_level level, const char *format, va_list args)
{
	char text[512];

	(void)level;
	vsnprintf(text, sizeof(text), format, args);
	text[strcspn(text, "\n")] = '\0';
	output_debug("libbpf: %s", text);
	return 0;
}

/* The list of active security modules, or NULL. */
static char *read_lsm_list(void)
{
	char text[512];
	int fd = open(LSM_LIST, O_RDONLY | O_CLOEXEC);
	ssize_t length;

	if (fd < 0)
		return NULL;
	length = read(fd, text, sizeof(text) - 1);
	close(fd);
	if (length <= 0)
		return NULL;
	text[length] = '\0';
	text[strcspn(text, "\n")] = '\0';
	return strdup(text);
}

static void diagnose(struct diagnosis *diagnosis, const struct doctor_options *options)
{
	struct probe probe __attribute__((cleanup(probe_close)));
	char *point __attribute__((cleanup(output_text_free))) = NULL;

	uname(&diagnosis->kernel);
	diagnosis->cgroup_root = options->common.cgroup_root;
	diagnosis->cgroup2 = diagnosis->cgroup_root &&
			     mounts_lies_on(diagnosis->cgroup_root, CGROUP2_SUPER_MAGIC);
	diagnosis->hybrid = !mounts_find("cgroup", &point);
	diagnosis->bpffs = options->common.bpffs;
	diagnosis->bpffs_mounted = mounts_lies_on(diagnosis->bpffs, BPF_FS_MAGIC);
	diagnosis->lsm = read_lsm_list();
	probe_open(&probe, diagnosis->cgroup2 ? diagnosis->cgroup_root : NULL);
	diagnosis->privileged = probe.privileged;
	diagnosis->scratch = probe.scratch != NULL;
	diagnosis->scratch_error = probe.scratch_error;
	diagnosis->ok = diagnosis->cgroup2 && diagnosis->bpffs_mounted;
	for (int feature = 1; feature < PROBE_FEATURE_COUNT; feature++) {
		diagnosis->features[feature] = probe_feature(&probe, feature);
		if (probe_feature_is_needed(feature))
			diagnosis->ok &= diagnosis->features[feature].state == PROBE_YES;
	}
	for (int hook = 1; hook < CGW_HOOK_COUNT; hook++) {
		bool lsm = probe_hook_is_lsm(hook);

		/* Without BPF LSM none of its hooks is of use, whatever can be loaded. */
		diagnosis->hooks[hook] = lsm && diagnosis->features[PROBE_LSM].state != PROBE_YES
						 ? diagnosis->features[PROBE_LSM]
						 : probe_hook(&probe, hook);
		if (probe_hook_is_needed(hook))
			diagnosis->ok &= diagnosis->hooks[hook].state == PROBE_YES;
	}
}

/* ---- JSON ---- */

static const char *state_name(enum probe_state state)
{
	return state == PROBE_YES ? "yes" : state == PROBE_NO ? "no" : "untried";
}

static void result_json(struct json *json, const char *name, const char *use,
	const struct probe_result *result, bool needed, const char *remedy)
{
	json_object_begin(json, NULL);
	json_text(json, "name", name);
	json_text(json, "use", use);
	json_text(json, "state", state_name(result->state));
	json_bool(json, "needed", needed);
	if (result->state != PROBE_YES) {
		json_text(json, "step", result->step);
		json_text(json, "error", result->error ? strerrorname_np(result->error) : NULL);
		json_text(json, "why", result->why);
		json_text(json, "remedy", result->state == PROBE_NO ? remedy : NULL);
	}
	json_object_end(json);
}

static const char *const coverage_names[] = {[COVERAGE_FULL] = "yes",
	[COVERAGE_PARTIAL] = "partly",
	[COVERAGE_NONE] = "no",
	[COVERAGE_UNTRIED] = "untried"};

static void hook_json(const char *name, void *context)
{
	json_text(context, NULL, name);
}

static void coverage_json(struct json *json, const struct diagnosis *diagnosis)
{
	json_array_begin(json, "coverage");
	for (const struct coverage_row *row = coverage_rows; row->section; row++) {
		struct strbuf missing __attribute__((cleanup(strbuf_free))) = STRBUF_INIT;

		coverage_missing(row, diagnosis->hooks, diagnosis->features, &missing);
		json_object_begin(json, NULL);
		json_text(json, "section", row->section);
		json_text(json, "operation", row->operation);
		json_text(json, "enforceable",
			coverage_names[coverage_of(row, diagnosis->hooks, diagnosis->features)]);
		json_array_begin(json, "hooks");
		coverage_hooks(row, hook_json, json);
		json_array_end(json);
		json_text(json, "missing", missing.data);
		json_object_end(json);
	}
	json_array_end(json);
}

static void print_json(const struct diagnosis *diagnosis)
{
	struct strbuf out __attribute__((cleanup(strbuf_free))) = STRBUF_INIT;
	struct json json = {.out = &out};

	json_object_begin(&json, NULL);
	json_bool(&json, "ok", diagnosis->ok);
	json_text(&json, "kernel", diagnosis->kernel.release);
	json_bool(&json, "privileged", diagnosis->privileged);
	json_object_begin(&json, "cgroup");
	json_text(&json, "root", diagnosis->cgroup_root);
	json_bool(&json, "v2", diagnosis->cgroup2);
	json_bool(&json, "hybrid", diagnosis->hybrid);
	json_object_end(&json);
	json_object_begin(&json, "bpffs");
	json_text(&json, "path", diagnosis->bpffs);
	json_bool(&json, "mounted", diagnosis->bpffs_mounted);
	json_object_end(&json);
	json_text(&json, "lsm", diagnosis->lsm);
	json_array_begin(&json, "hooks");
	for (const struct cgw_name *row = cgw_hook_names; row->name; row++)
		result_json(&json, row->name, row->help, &diagnosis->hooks[row->value],
			probe_hook_is_needed(row->value), probe_hook_remedy(row->value));
	json_array_end(&json);
	json_array_begin(&json, "features");
	for (int feature = 1; feature < PROBE_FEATURE_COUNT; feature++)
		result_json(&json, probe_feature_name(feature), probe_feature_use(feature),
			&diagnosis->features[feature], probe_feature_is_needed(feature),
			probe_feature_remedy(feature));
	json_array_end(&json);
	coverage_json(&json, diagnosis);
	json_object_end(&json);
	strbuf_putc(&out, '\n');
	output_result(out.data, out.length);
}

/* ---- text ---- */

static void print_state(enum probe_state state, bool needed)
{
	enum output_colour colour = state == PROBE_YES		  ? COLOUR_GOOD
				    : state == PROBE_NO && needed ? COLOUR_BAD
								  : COLOUR_WARNING;

	output_print("%s%-8s%s", output_colour(colour), state_name(state), output_colour_end());
}

static void print_result(const char *name, const struct probe_result *result, bool needed,
	const char *use, const char *remedy)
{
	output_print("  %-27s ", name);
	print_state(result->state, needed);
	if (result->state == PROBE_YES) {
		output_print("%s\n", use);
		return;
	}
	output_print("%s%s", needed ? "" : "(optional) ", result->step ? result->step : "");
	if (result->error)
		output_print(": %s (%s)", strerror(result->error), strerrorname_np(result->error));
	if (result->why)
		output_print(": %s", result->why);
	output_print("\n");
	if (result->state == PROBE_NO)
		output_print("  %-27s %-8sto have %s: %s\n", "", "", use, remedy);
}

static void print_surroundings(const struct diagnosis *diagnosis)
{
	output_print(
		"  %-12s %s %s\n", "kernel", diagnosis->kernel.release, diagnosis->kernel.machine);
	output_print("  %-12s %s\n", "caller",
		diagnosis->privileged
			? "may load programs"
			: "may not load programs: what needs that is untried; run it as root");
	if (!diagnosis->cgroup_root)
		output_print("  %-12s not mounted: 'mount -t cgroup2 none /sys/fs/cgroup'\n",
			"cgroup v2");
	else
		output_print("  %-12s %s%s%s\n", "cgroup v2", diagnosis->cgroup_root,
			diagnosis->cgroup2 ? "" : ": not on a cgroup v2 file system",
			diagnosis->hybrid ? " (hybrid: cgroup v1 is mounted, too; only the v2 "
					    "cgroup of a task counts)"
					  : "");
	if (diagnosis->privileged && diagnosis->cgroup2 && !diagnosis->scratch)
		output_print("  %-12s a cgroup could not be made there: %s\n", "",
			strerror(diagnosis->scratch_error));
	output_print("  %-12s %s%s\n", "bpffs", diagnosis->bpffs,
		diagnosis->bpffs_mounted
			? ""
			: ": no bpf file system there: 'mount -t bpf bpf /sys/fs/bpf'");
	output_print("  %-12s %s\n", "modules",
		diagnosis->lsm ? diagnosis->lsm
			       : "not known: " LSM_LIST " cannot be read ('mount -t securityfs "
				 "securityfs /sys/kernel/security')");
}

static void add_hook(const char *name, void *context)
{
	struct strbuf *out = context;

	strbuf_printf(out, "%s%s", out->length ? ", " : "", name);
}

static void print_coverage(const struct diagnosis *diagnosis)
{
	static const enum output_colour colours[] = {[COVERAGE_FULL] = COLOUR_GOOD,
		[COVERAGE_PARTIAL] = COLOUR_WARNING,
		[COVERAGE_NONE] = COLOUR_BAD,
		[COVERAGE_UNTRIED] = COLOUR_WARNING};

	for (const struct coverage_row *row = coverage_rows; row->section; row++) {
		struct strbuf hooks __attribute__((cleanup(strbuf_free))) = STRBUF_INIT;
		struct strbuf missing __attribute__((cleanup(strbuf_free))) = STRBUF_INIT;
		enum coverage coverage = coverage_of(row, diagnosis->hooks, diagnosis->features);

		coverage_hooks(row, add_hook, &hooks);
		coverage_missing(row, diagnosis->hooks, diagnosis->features, &missing);
		output_print("  %-10s %-26s %s%-8s%sby %s\n", row->section, row->operation,
			output_colour(colours[coverage]), coverage_names[coverage],
			output_colour_end(), strbuf_text(&hooks));
		if (missing.length)
			output_print("  %-10s %-26s %-8s%s\n", "", "", "", missing.data);
	}
}

/* LSM hooks are many: without BPF LSM its own row says all. */
static bool is_told(const struct diagnosis *diagnosis, enum cgw_hook hook)
{
	return !probe_hook_is_lsm(hook) || diagnosis->features[PROBE_LSM].state == PROBE_YES;
}

static void print_text(const struct diagnosis *diagnosis)
{
	print_surroundings(diagnosis);
	output_print("\n%sHooks%s\n", output_colour(COLOUR_STRONG), output_colour_end());
	for (const struct cgw_name *row = cgw_hook_names; row->name; row++)
		if (is_told(diagnosis, row->value))
			print_result(row->name, &diagnosis->hooks[row->value],
				probe_hook_is_needed(row->value), row->help,
				probe_hook_remedy(row->value));
	output_print("\n%sFeatures%s\n", output_colour(COLOUR_STRONG), output_colour_end());
	for (int feature = 1; feature < PROBE_FEATURE_COUNT; feature++)
		print_result(probe_feature_name(feature), &diagnosis->features[feature],
			probe_feature_is_needed(feature), probe_feature_use(feature),
			probe_feature_remedy(feature));
	output_print(
		"\n%sWhat can be enforced%s\n", output_colour(COLOUR_STRONG), output_colour_end());
	print_coverage(diagnosis);
	output_print("\n%s%s%s\n", output_colour(diagnosis->ok ? COLOUR_GOOD : COLOUR_BAD),
		diagnosis->ok ? "All that sysctl and network rules need is there."
			      : "Something that sysctl and network rules need is missing or could "
				"not be tried: see above.",
		output_colour_end());
}

int cmd_doctor(int argc, char **argv)
{
	struct doctor_options options = {.common = COMMON_OPTIONS};
	struct diagnosis diagnosis __attribute__((cleanup(diagnosis_free))) = {0};
	char *point __attribute__((cleanup(output_text_free))) = NULL;
	struct operands operands;
	int status = options_parse(&doctor_line, argc, argv, &options, &operands);

	if (status != OPTIONS_GO)
		return status;
	libbpf_set_print(libbpf_debug);
	/* Unlike for other commands, a machine without cgroup v2 is a finding, not a failure. */
	if (!options.common.cgroup_root && !mounts_find("cgroup2", &point))
		options.common.cgroup_root = point;
	diagnose(&diagnosis, &options);
	if (options.common.json)
		print_json(&diagnosis);
	else
		print_text(&diagnosis);
	return diagnosis.ok ? STATUS_DONE : STATUS_UNABLE;
}
