// SPDX-License-Identifier: GPL-2.0-only
#include "cmd_suggest.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>
#include "clock.h"
#include "json.h"
#include "names.h"
#include "suggest.h"

#define MERGE_DEFAULT 4

struct options {
	struct scan_list policies;
	const char *bpffs;
	bool denials;
	bool exact;
	uint64_t merge;
	bool json;
	bool help;
};

static const struct scan_row rows[] = {
#define FIELD(name) offsetof(struct options, name)
	{"policy", 'p', SCAN_LIST, FIELD(policies), "PATH",
		"file or directory of the policies in force, instead of the live ones", NULL},
	{"bpffs", 0, SCAN_TEXT, FIELD(bpffs), "DIR",
		"where the instance is pinned (" ARGUMENT_BPFFS ")", NULL},
	{"denials", 0, SCAN_FLAG, FIELD(denials), NULL,
		"take what was denied, too, not only what was audited", NULL},
	{"merge", 0, SCAN_NUMBER, FIELD(merge), "N",
		"make one line of N or more that differ in one place (4)", NULL},
	{"exact", 0, SCAN_FLAG, FIELD(exact), NULL, "allow what was recorded and nothing else",
		NULL},
	{"json", 0, SCAN_FLAG, FIELD(json), NULL, "an object for each line instead", NULL},
	{"help", 'h', SCAN_FLAG, FIELD(help), NULL, "print this text", NULL},
	SCAN_END,
#undef FIELD
};

static const char usage[] =
	"Usage: cgward-audit suggest [OPTION]... FILE\n\n"
	"Prints exceptions (allow lines) for the audited operations in FILE, a log that was\n"
	"written with --format json (-: standard input), as a difference to the policies in\n"
	"force that patch(1) takes. For a person to look at: nothing is applied.\n\n";

static int read_log(struct observations *observations, const char *name)
{
	FILE *file = strcmp(name, "-") ? fopen(name, "re") : stdin;
	char *line = NULL;
	size_t room = 0;
	ssize_t length;
	int result = 0;

	if (!file) {
		message("failed to open '%s': %s", name, strerror(errno));
		return -1;
	}
	while ((length = getline(&line, &room, file)) > 0)
		observed_line(observations, line, length);
	if (ferror(file)) {
		message("failed to read '%s': %s", name, strerror(errno));
		result = -1;
	}
	free(line);
	if (file != stdin)
		fclose(file);
	return result;
}

static void put_count(struct strbuf *out, uint64_t count, const char *what)
{
	if (count)
		strbuf_printf(out, "# left out: %llu %s\n", (unsigned long long)count, what);
}

static void put_head(struct strbuf *out, const struct observations *observations,
	const struct suggestions *suggestions, const char *name, uint64_t merge)
{
	strbuf_printf(out,
		"# %zu exception%s for violations in %s. Each wins over every deny and audit\n"
		"# line of its section: look at each before you apply it.\n",
		suggestions->count, suggestions->count == 1 ? "" : "s", quote(name, strlen(name)));
	if (merge)
		strbuf_printf(out,
			"# %llu or more that differ in one place are one line (--merge, "
			"--exact).\n",
			(unsigned long long)merge);
	put_count(out, suggestions->allowed, "violations: allowed by now");
	put_count(out, observations->denied, "denials: --denials takes them, too");
	for (size_t i = 0; i < observations->left_count; i++)
		strbuf_printf(out, "# left out: %llu violations: %s\n",
			(unsigned long long)observations->left[i].count, observations->left[i].why);
	put_count(out, observations->bad_lines, "lines that are not of the log's format");
	put_count(out, observations->lost, "violations that did not reach the log");
}

static void put_json(
	struct strbuf *out, const struct suggestions *suggestions, const struct inforce *inforce)
{
	for (size_t i = 0; i < suggestions->count; i++) {
		const struct suggestion *item = &suggestions->items[i];
		const char *policy = image_text(
			&inforce->image, image_policy(&inforce->image, item->slot)->name);
		const struct inforce_text *text = inforce_text(inforce, policy);
		struct strbuf first __attribute__((cleanup(strbuf_free))) = STRBUF_INIT;
		struct strbuf last __attribute__((cleanup(strbuf_free))) = STRBUF_INIT;
		struct json json = {.out = out};

		clock_format(item->draft.first, 9, &first);
		clock_format(item->draft.last, 9, &last);
		json_object_begin(&json, NULL);
		json_text(&json, "type", "suggestion");
		json_text(&json, "policy", policy);
		json_bytes(&json, "file", text->file, strlen(text->file));
		json_unsigned(&json, "after_line", item->after);
		json_text(&json, "section",
			cgw_name_of(cgw_section_names, item->draft.subject.section));
		json_text(&json, "allow", item->rule);
		json_unsigned(&json, "violations", item->draft.count);
		json_unsigned(&json, "subjects", item->draft.merged);
		json_text(&json, "wider", item->draft.wider);
		json_text(&json, "first", first.data);
		json_text(&json, "last", last.data);
		json_object_end(&json);
		strbuf_putc(out, '\n');
	}
}

static void put_json_left(struct strbuf *out, const char *why, uint64_t count)
{
	struct json json = {.out = out};

	if (!count)
		return;
	json_object_begin(&json, NULL);
	json_text(&json, "type", "left-out");
	json_text(&json, "reason", why);
	json_unsigned(&json, "count", count);
	json_object_end(&json);
	strbuf_putc(out, '\n');
}

static void put_json_rest(struct strbuf *out, const struct observations *observations,
	const struct suggestions *suggestions)
{
	put_json_left(out, "allowed by now", suggestions->allowed);
	put_json_left(out, "denied", observations->denied);
	for (size_t i = 0; i < observations->left_count; i++)
		put_json_left(out, observations->left[i].why, observations->left[i].count);
	put_json_left(out, "not of the log's format", observations->bad_lines);
	put_json_left(out, "did not reach the log", observations->lost);
}

static enum status print(const struct options *options, const struct observations *observations,
	const struct suggestions *suggestions, const struct inforce *inforce, const char *name)
{
	struct strbuf out __attribute__((cleanup(strbuf_free))) = STRBUF_INIT;

	if (options->json) {
		put_json(&out, suggestions, inforce);
		put_json_rest(&out, observations, suggestions);
	} else {
		put_head(
			&out, observations, suggestions, name, options->exact ? 0 : options->merge);
		suggestions_diff(suggestions, inforce, &out);
	}
	if ((!out.length || fwrite(out.data, 1, out.length, stdout) == out.length) &&
		!fflush(stdout))
		return STATUS_DONE;
	message("failed to write to standard output: %s", strerror(errno));
	return STATUS_NOT;
}

static enum status make(
	const struct options *options, struct observations *observations, const char *name)
{
	struct strbuf problem __attribute__((cleanup(strbuf_free))) = STRBUF_INIT;
	struct suggestions suggestions = {0};
	struct inforce inforce = {0};
	enum status status = STATUS_NOT;
	int result = options->policies.count ? inforce_read(&inforce, &options->policies)
					     : inforce_live(&inforce, options->bpffs);

	if (result == -EPERM || result == -EACCES)
		status = STATUS_UNABLE;
	if (!result) {
		suggest(&suggestions, observations, &inforce, options->exact ? 0 : options->merge);
		result = suggestions_verify(&suggestions, observations, &inforce, &problem);
		if (result)
			message("the suggestions would not do what they should: %s",
				strbuf_text(&problem));
	}
	if (!result)
		status = print(options, observations, &suggestions, &inforce, name);
	suggestions_free(&suggestions);
	inforce_free(&inforce);
	return status;
}

static enum status print_help(void)
{
	struct strbuf text __attribute__((cleanup(strbuf_free))) = STRBUF_INIT;

	strbuf_puts(&text, usage);
	scan_help(rows, &text);
	fputs(text.data, stdout);
	return fflush(stdout) ? STATUS_NOT : STATUS_DONE;
}

static enum status fail_usage(const char *text)
{
	message("suggest: %s\n  try 'cgward-audit suggest --help'", text);
	return STATUS_USAGE;
}

enum status suggest_run(int argc, char **argv)
{
	struct options options = {.bpffs = ARGUMENT_BPFFS, .merge = MERGE_DEFAULT};
	struct observations observations = {0};
	struct scan_list operands = {.count = 0};
	enum status status = STATUS_NOT;
	char *error = NULL;

	if (scan_options(rows, &options, &operands, argc, argv, &error)) {
		status = fail_usage(error);
		free(error);
		return status;
	}
	if (options.help)
		return print_help();
	if (operands.count != 1)
		return fail_usage("expected one FILE, or - for standard input");
	if (options.merge < 2)
		return fail_usage("--merge: bad value \"1\", expected a number from 2; --exact "
				  "merges nothing");
	observations.denials = options.denials;
	if (!read_log(&observations, operands.items[0]))
		status = make(&options, &observations, operands.items[0]);
	observed_free(&observations);
	return status;
}
