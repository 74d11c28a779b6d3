// SPDX-License-Identifier: GPL-2.0-only
/* cgward check - what is wrong with these policies, and what do they compile to. */
#include <string.h>
#include "command.h"
#include "json.h"
#include "options.h"
#include "output.h"
#include "ruleset.h"

struct check_options {
	struct common_options common;
	const char *config;
	bool print;
};

static const struct option_row check_rows[] = {
	OPTION_TEXT("config", 0, struct check_options, config, "FILE",
		"check this host configuration, too; then PATH may be left out"),
	OPTION_FLAG("print", 'p', struct check_options, print,
		"print the canonical text instead of the summary"),
	OPTION_END,
};

static const struct command_line check_line = {
	.synopsis = "check [OPTION]... [PATH]...",
	.about = "Reads, lints, compiles and verifies policies, and reports all that is wrong.\n"
		 "PATH is a file, a directory of *.ini files, or - for standard input.",
	.common = COMMON_JSON | COMMON_QUIET | COMMON_VERBOSE,
	.rows = check_rows,
	.fewest = 0,
	.most = OPERANDS_ANY,
	.notes = "Exit status: 0 no errors, 1 errors in the policies, 2 usage.",
};

static void print_json(const struct ruleset *ruleset, bool ok)
{
	struct strbuf out __attribute__((cleanup(strbuf_free))) = STRBUF_INIT;
	struct json json = {.out = &out};

	json_object_begin(&json, NULL);
	json_bool(&json, "ok", ok);
	json_unsigned(&json, "policies", ruleset->policies.count);
	json_unsigned(&json, "rules", ruleset_rules(&ruleset->policies));
	json_unsigned(&json, "image_bytes", ruleset->image.size);
	json_unsigned(&json, "states", ruleset->image.data ? image_states(&ruleset->image) : 0);
	json_unsigned(&json, "errors", ruleset->diags.errors);
	json_unsigned(&json, "warnings", ruleset->diags.warnings);
	diagnostics_json(&ruleset->diags, &json);
	json_object_end(&json);
	strbuf_putc(&out, '\n');
	output_result(out.data, out.length);
}

static void print_canonical(const struct policies *policies)
{
	struct strbuf out __attribute__((cleanup(strbuf_free))) = STRBUF_INIT;

	for (size_t i = 0; i < policies->count; i++) {
		/* A file holds one policy: say where each begins. */
		if (policies->count > 1) {
			char *file __attribute__((cleanup(output_text_free))) = output_escape(
				policies->items[i]->file, strlen(policies->items[i]->file));

			strbuf_printf(&out, "%s# %s\n", i ? "\n" : "", file);
		}
		policy_print(policies->items[i], &out);
	}
	output_result(strbuf_text(&out), out.length);
}

static void print_config(const struct cgw_settings *settings)
{
	output_print("ok:");
	for (int i = 0; config_keys[i]; i++)
		output_print("%s %s = %s", i ? "," : "", config_keys[i],
			config_value(settings, config_keys[i]));
	output_print("\n");
}

static void print_summary(const struct ruleset *ruleset)
{
	size_t policies = ruleset->policies.count;
	size_t rules = ruleset_rules(&ruleset->policies);

	output_print("ok: %zu %s, %zu %s, image of %u KiB, %llu states", policies,
		policies == 1 ? "policy" : "policies", rules, rules == 1 ? "rule" : "rules",
		ruleset->image.size / 1024, (unsigned long long)image_states(&ruleset->image));
	if (ruleset->diags.warnings)
		output_print(", %zu %s", ruleset->diags.warnings,
			ruleset->diags.warnings == 1 ? "warning" : "warnings");
	output_print("\n");
}

int cmd_check(int argc, char **argv)
{
	struct check_options options = {.common = COMMON_OPTIONS};
	struct ruleset ruleset __attribute__((cleanup(ruleset_free))) = {0};
	struct cgw_settings settings = config_default();
	struct operands operands;
	int status = options_parse(&check_line, argc, argv, &options, &operands);
	bool ok;

	if (status != OPTIONS_GO)
		return status;
	if (options.print && options.common.json)
		return options_usage(&check_line, "--print and --json exclude each other");
	if (!operands.count && !options.config)
		return options_usage(
			&check_line, "expected an operand: cgward %s", check_line.synopsis);
	ok = !operands.count || !ruleset_read(&ruleset, operands.items, operands.count);
	if (options.config)
		ok &= !config_read(&settings, options.config, &ruleset.diags);
	if (options.common.json) {
		print_json(&ruleset, ok);
		return ok ? STATUS_DONE : STATUS_NOT;
	}
	output_diagnostics(&ruleset.diags);
	if (!ok) {
		output_error("%zu %s", ruleset.diags.errors,
			ruleset.diags.errors == 1 ? "error" : "errors");
		return STATUS_NOT;
	}
	if (options.print)
		print_canonical(&ruleset.policies);
	else if (operands.count)
		print_summary(&ruleset);
	if (options.config && !options.print)
		print_config(&settings);
	return STATUS_DONE;
}
