// SPDX-License-Identifier: GPL-2.0-only
/* cgward test - tables of operations and expected verdicts, for CI. */
#include <string.h>
#include "cases.h"
#include "command.h"
#include "names.h"
#include "options.h"
#include "output.h"
#include "ruleset.h"

struct test_options {
	struct common_options common;
};

static const struct command_line test_line = {
	.synopsis = "test [OPTION]... FILE...",
	.about = "Checks tables of operations against policies, and prints the rows that fail.",
	.common = COMMON_JSON | COMMON_QUIET | COMMON_VERBOSE,
	.fewest = 1,
	.most = OPERANDS_ANY,
	.notes =
		"A table holds, one a line:\n"
		"  # a comment\n"
		"  policy PATH                 policies of the rows below; relative to the table\n"
		"  CGROUP | OPERATION | VERDICT [| RULE]\n"
		"VERDICT is allow, audit or deny. RULE is the rule's canonical text or FILE:LINE.\n"
		"Example:\n"
		"  /web | connect tcp 10.0.0.1:22 | deny | web.ini:8\n"
		"Exit status: 0 as expected, 1 a row failed or a file has errors, 2 usage.",
};

struct run {
	const struct test_options *options;
	struct strbuf out;
	struct json json;
	size_t passed, failed;
	struct diagnostics diags; /* of all tables and policies */
};

static void run_free(struct run *run)
{
	strbuf_free(&run->out);
	diagnostics_free(&run->diags);
}

static bool as_expected(const struct case_row *row, const struct finding *finding)
{
	if (finding->decision.verdict != row->verdict)
		return false;
	return finding->policy ? case_rule_is(row, finding->rule, finding->file, finding->line)
			       : !row->rule;
}

static void report_json(struct run *run, const struct cases *cases, const struct case_row *row,
	const struct finding *finding, bool ok)
{
	json_object_begin(&run->json, NULL);
	json_bool(&run->json, "ok", ok);
	json_text(&run->json, "file", cases->file);
	json_unsigned(&run->json, "line", row->line);
	json_text(&run->json, "cgroup", *row->cgroup ? row->cgroup : "/");
	json_text(&run->json, "operation", row->operation);
	json_text(&run->json, "expected", cgw_name_of(cgw_verdict_names, row->verdict));
	json_text(&run->json, "expected_rule", row->rule);
	finding_json(finding, &run->json);
	json_object_end(&run->json);
}

static void report_failed(
	const struct cases *cases, const struct case_row *row, const struct finding *finding)
{
	struct strbuf text __attribute__((cleanup(strbuf_free))) = STRBUF_INIT;
	char *shown __attribute__((cleanup(output_text_free))) = NULL;

	strbuf_printf(&text, "%s:%u: %s | %s: expected %s", cases->file, row->line,
		*row->cgroup ? row->cgroup : "/", row->operation,
		cgw_name_of(cgw_verdict_names, row->verdict));
	if (row->rule)
		strbuf_printf(&text, " by %s", row->rule);
	strbuf_printf(&text, ", got %s", cgw_name_of(cgw_verdict_names, finding->decision.verdict));
	if (finding->policy)
		strbuf_printf(&text, " by %s:%u: %s", finding->file, finding->line, finding->rule);
	shown = output_escape(text.data, text.length);
	output_result(shown, strlen(shown));
	output_result("\n", 1);
}

static void run_row(struct run *run, const struct cases *cases, const struct case_row *row,
	const struct image *image)
{
	struct finding finding = {0};
	bool ok = !finding_make(&finding, image, row->cgroup, &row->parsed) &&
		  as_expected(row, &finding);

	if (ok)
		run->passed++;
	else
		run->failed++;
	if (run->options->common.json)
		report_json(run, cases, row, &finding, ok);
	else if (!ok)
		report_failed(cases, row, &finding);
}

/* Keeps the messages of one ruleset or table for the end, or prints them now. */
static void take_diagnostics(struct run *run, const struct diagnostics *diags)
{
	for (size_t i = 0; i < diags->count && run->options->common.json; i++)
		diagnostics_add(&run->diags, diags->items[i].severity, diags->items[i].file,
			diags->items[i].line, diags->items[i].column, "%s",
			diags->items[i].message);
	if (!run->options->common.json) {
		output_diagnostics(diags);
		run->diags.errors += diags->errors;
	}
}

static void run_group(struct run *run, const struct cases *cases, size_t group, size_t *row)
{
	struct ruleset ruleset __attribute__((cleanup(ruleset_free))) = {0};
	const struct case_group *policies = &cases->groups[group];
	bool ok = !ruleset_read(&ruleset, policies->paths, policies->count);

	take_diagnostics(run, &ruleset.diags);
	for (; *row < cases->row_count && cases->rows[*row].group == group; ++*row) {
		if (ok)
			run_row(run, cases, &cases->rows[*row], &ruleset.image);
		else
			run->failed++; /* the policies' errors say why */
	}
}

static void run_file(struct run *run, const char *file)
{
	struct cases cases __attribute__((cleanup(cases_free))) = {0};
	struct diagnostics diags __attribute__((cleanup(diagnostics_free))) = {0};
	int err = cases_read(&cases, file, &diags);
	size_t row = 0;

	take_diagnostics(run, &diags);
	for (size_t group = 0; !err && group < cases.group_count; group++)
		run_group(run, &cases, group, &row);
}

int cmd_test(int argc, char **argv)
{
	struct test_options options = {.common = COMMON_OPTIONS};
	struct run run __attribute__((cleanup(run_free))) = {.options = &options};
	struct operands operands;
	int status = options_parse(&test_line, argc, argv, &options, &operands);
	bool ok;

	if (status != OPTIONS_GO)
		return status;
	run.json.out = &run.out;
	json_object_begin(&run.json, NULL);
	json_array_begin(&run.json, "rows");
	for (size_t i = 0; i < operands.count; i++)
		run_file(&run, operands.items[i]);
	json_array_end(&run.json);
	ok = !run.failed && !run.diags.errors;
	json_bool(&run.json, "ok", ok);
	json_unsigned(&run.json, "passed", run.passed);
	json_unsigned(&run.json, "failed", run.failed);
	diagnostics_json(&run.diags, &run.json);
	json_object_end(&run.json);
	strbuf_putc(&run.out, '\n');
	if (options.common.json)
		output_result(run.out.data, run.out.length);
	else
		output_print("%zu passed, %zu failed\n", run.passed, run.failed);
	return ok ? STATUS_DONE : STATUS_NOT;
}
