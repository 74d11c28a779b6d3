// SPDX-License-Identifier: GPL-2.0-only
/* cgward explain - the verdict on one operation in one cgroup, and what gave it. */
#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include "cases.h"
#include "command.h"
#include "exception.h"
#include "instance.h"
#include "names.h"
#include "options.h"
#include "output.h"
#include "ruleset.h"

struct explain_options {
	struct common_options common;
	const char *cgroup;
	bool live;
};

static const struct option_row explain_rows[] = {
	OPTION_TEXT("cgroup", 'c', struct explain_options, cgroup, "CG",
		"cgroup of the task, from the top of cgroup v2: /a/b"),
	OPTION_FLAG("live", 'l', struct explain_options, live,
		"ask the ruleset in force, not policy files (root)"),
	OPTION_END,
};

static const struct command_line explain_line = {
	.synopsis = "explain [OPTION]... PATH... --cgroup CG -- OPERATION...",
	.about = "Prints the verdict on an operation, and the policy, line and rule that gave it.",
	.common = COMMON_BPFFS | COMMON_JSON | COMMON_QUIET | COMMON_VERBOSE,
	.rows = explain_rows,
	.most = OPERANDS_ANY,
	.rest = true,
	.notes = "Operations:\n"
		 "  connect tcp 10.0.0.1:22            sysctl read kernel.osrelease\n"
		 "  connect unix /run/docker.sock      sysctl write kernel.core_pattern=|/x\n"
		 "  bind tcp 0.0.0.0:80                socket inet/raw\n"
		 "Exit status: 0 allowed or only audited, 1 denied, 2 usage,\n"
		 "3 no access to the ruleset.",
};

/* What is explained, from wherever. */
struct question {
	const struct explain_options *options;
	char *text; /* the operation as given */
	const char *cgroup;
	struct operation operation;
	struct ruleset ruleset; /* --live: only the image */
	struct finding finding;
	const struct policy *exempt; /* the policy with the exception */
	const struct policy_rule *exception;
};

static void question_free(struct question *question)
{
	free(question->text);
	operation_free(&question->operation);
	ruleset_free(&question->ruleset);
}

static int parse_question(struct question *question, const struct operands *operands)
{
	const struct explain_options *options = question->options;
	struct strbuf text = STRBUF_INIT;
	const char *fault;
	char *message = NULL;

	for (size_t i = 0; i < operands->rest_count; i++)
		strbuf_printf(&text, "%s%s", i ? " " : "", operands->rest[i]);
	question->text = strbuf_take(&text);
	if (options->live ? operands->count : !operands->count)
		return options_usage(&explain_line, options->live ? "expected no PATH with --live"
								  : "expected a PATH, or --live");
	if (!options->cgroup)
		return options_usage(&explain_line, "expected --cgroup CG");
	fault = cgroup_path_fault(options->cgroup);
	if (fault)
		return options_usage(&explain_line, "--cgroup %s: %s",
			quote(options->cgroup, strlen(options->cgroup)), fault);
	question->cgroup = options->cgroup[1] ? options->cgroup : "";
	if (!*question->text)
		return options_usage(&explain_line, "expected -- and an operation");
	if (operation_parse(&question->operation, question->text, &message)) {
		options_usage(&explain_line, "%s", message);
		free(message);
		return STATUS_USAGE;
	}
	return OPTIONS_GO;
}

static int read_live(struct question *question)
{
	const char *bpffs = question->options->common.bpffs;
	int err = instance_read_image(bpffs, &question->ruleset.image);

	if (!err)
		return OPTIONS_GO;
	if (err == -ENOENT) /* any other failure has been printed */
		output_failure_because("read", bpffs, "no policy is in force there",
			"'cgward apply PATH...' first, or name the instance with --bpffs DIR");
	return output_status(err);
}

static int read_policies(struct question *question, const struct operands *operands)
{
	int err = ruleset_read(&question->ruleset, operands->items, operands->count);

	output_diagnostics(&question->ruleset.diags);
	if (!err)
		return OPTIONS_GO;
	output_error("the policies have errors: nothing can be explained");
	return STATUS_NOT;
}

static bool is_member(const struct cgw_set *set, uint32_t slot)
{
	return set->word[slot / 64] >> (slot % 64) & 1;
}

/* Names the exception, if one is the reason that the operation passes. */
static void find_exception(struct question *question)
{
	const struct image *image = &question->ruleset.image;

	for (uint32_t slot = 0; slot < image_header(image)->policy_count; slot++) {
		const char *name = image_text(image, image_policy(image, slot)->name);

		if (!is_member(&question->finding.set, slot))
			continue;
		for (size_t i = 0; i < question->ruleset.policies.count; i++) {
			const struct policy *policy = question->ruleset.policies.items[i];

			if (strcmp(policy->name, name))
				continue;
			question->exempt = policy;
			question->exception = exception_find(policy, &question->operation);
			if (question->exception)
				return;
		}
	}
}

static void print_json(const struct question *question)
{
	const struct image *image = &question->ruleset.image;
	struct strbuf out __attribute__((cleanup(strbuf_free))) = STRBUF_INIT;
	struct json json = {.out = &out};

	json_object_begin(&json, NULL);
	json_text(&json, "operation", question->text);
	json_text(&json, "cgroup", question->options->cgroup);
	finding_json(&question->finding, &json);
	if (question->exception) {
		json_object_begin(&json, "exception");
		json_text(&json, "policy", question->exempt->name);
		json_text(&json, "file", question->exempt->file);
		json_unsigned(&json, "line", question->exception->line);
		json_text(&json, "rule", question->exception->text);
		json_object_end(&json);
	}
	json_array_begin(&json, "governed_by");
	for (uint32_t slot = 0; slot < image_header(image)->policy_count; slot++)
		if (is_member(&question->finding.set, slot))
			json_text(&json, NULL, image_text(image, image_policy(image, slot)->name));
	json_array_end(&json);
	if (question->options->live)
		json_unsigned(&json, "generation", image_header(image)->generation);
	json_object_end(&json);
	strbuf_putc(&out, '\n');
	output_result(out.data, out.length);
}

static void print_line(const char *label, const char *text)
{
	char *shown __attribute__((cleanup(output_text_free))) = output_escape(text, strlen(text));

	output_print("  %-9s %s\n", label, shown);
}

static void print_source(const char *file, uint32_t line)
{
	char *shown __attribute__((cleanup(output_text_free))) = output_escape(file, strlen(file));

	output_print("  %-9s %s:%u\n", "source", shown, line);
}

static void print_governed(const struct question *question)
{
	const struct image *image = &question->ruleset.image;
	struct strbuf names __attribute__((cleanup(strbuf_free))) = STRBUF_INIT;

	for (uint32_t slot = 0; slot < image_header(image)->policy_count; slot++)
		if (is_member(&question->finding.set, slot))
			strbuf_printf(&names, "%s%s", names.length ? ", " : "",
				image_text(image, image_policy(image, slot)->name));
	print_line("governed", names.length ? names.data : "by no policy");
}

static void print_text(const struct question *question)
{
	static const enum output_colour colours[] = {[CGW_VERDICT_ALLOW] = COLOUR_GOOD,
		[CGW_VERDICT_AUDIT] = COLOUR_WARNING,
		[CGW_VERDICT_DENY] = COLOUR_BAD};
	const struct finding *finding = &question->finding;
	uint32_t verdict = finding->decision.verdict;

	output_print("%s%s%s\n", output_colour(colours[verdict]),
		cgw_name_of(cgw_verdict_names, verdict), output_colour_end());
	print_line("operation", question->text);
	print_line("cgroup", question->options->cgroup);
	if (finding->policy) {
		print_line("policy", finding->policy);
		print_source(finding->file, finding->line);
		print_line("rule", finding->rule);
		print_line("reason", cgw_name_of(cgw_reason_names, finding->decision.reason));
	}
	if (question->exception) {
		print_line("policy", question->exempt->name);
		print_source(question->exempt->file, question->exception->line);
		print_line("exception", question->exception->text);
	}
	print_governed(question);
}

int cmd_explain(int argc, char **argv)
{
	struct explain_options options = {.common = COMMON_OPTIONS};
	struct question question __attribute__((cleanup(question_free))) = {.options = &options};
	struct operands operands;
	int status = options_parse(&explain_line, argc, argv, &options, &operands);
	int err;

	if (status == OPTIONS_GO)
		status = parse_question(&question, &operands);
	if (status == OPTIONS_GO)
		status = options.live ? read_live(&question) : read_policies(&question, &operands);
	if (status != OPTIONS_GO)
		return status;
	err = finding_make(
		&question.finding, &question.ruleset.image, question.cgroup, &question.operation);
	if (!err && question.finding.decision.verdict == CGW_VERDICT_ALLOW)
		find_exception(&question);
	if (err) {
		output_failure("judge", question.text, err, "'cgward apply PATH...' again");
		return output_status(err);
	}
	if (options.common.json)
		print_json(&question);
	else
		print_text(&question);
	return question.finding.decision.verdict == CGW_VERDICT_DENY ? STATUS_NOT : STATUS_DONE;
}
