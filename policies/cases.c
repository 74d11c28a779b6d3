// SPDX-License-Identifier: GPL-2.0-only
#include "cases.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include "names.h"
#include "policy.h"
#include "strbuf.h"

#define FIELDS_MAX 4

/* A piece of the line. */
struct field {
	const char *text;
	size_t length;
};

struct reader {
	struct cases *cases;
	struct diagnostics *diags;
	const char *start; /* of the line */
	uint32_t line;
	bool group_open; /* no row since the last policy line */
};

#define FAULT(reader, at, ...)                                                                     \
	diagnostics_add((reader)->diags, SEVERITY_ERROR, (reader)->cases->file, (reader)->line,    \
		(uint32_t)((at) - (reader)->start) + 1, __VA_ARGS__)

void cases_free(struct cases *cases)
{
	for (size_t i = 0; i < cases->group_count; i++) {
		for (size_t j = 0; j < cases->groups[i].count; j++)
			free(cases->groups[i].paths[j]);
		free(cases->groups[i].paths);
	}
	for (size_t i = 0; i < cases->row_count; i++) {
		free(cases->rows[i].cgroup);
		free(cases->rows[i].operation);
		free(cases->rows[i].rule);
		operation_free(&cases->rows[i].parsed);
	}
	free(cases->groups);
	free(cases->rows);
	free(cases->file);
	*cases = (struct cases){0};
}

static bool is_blank(char byte)
{
	return byte == ' ' || byte == '\t';
}

static struct field trimmed(const char *text, size_t length)
{
	while (length && is_blank(text[0])) {
		text++;
		length--;
	}
	while (length && is_blank(text[length - 1]))
		length--;
	return (struct field){text, length};
}

const char *cgroup_path_fault(const char *path)
{
	if (path[0] != '/')
		return "it must begin with '/', at the top of the cgroup v2 hierarchy";
	if (!path[1])
		return NULL;
	if (strlen(path) >= CGW_TEXT_MAX)
		return "it is longer than 4095 bytes";
	for (const char *slash = path; slash; slash = strchr(slash + 1, '/')) {
		size_t length = strcspn(slash + 1, "/");

		if (!length)
			return "it holds an empty component";
		if (slash[1] == '.' && (length == 1 || (length == 2 && slash[2] == '.')))
			return "it holds a component '.' or '..'";
	}
	return NULL;
}

static void read_policy(struct reader *reader, struct field path)
{
	struct cases *cases = reader->cases;
	const char *slash = strrchr(cases->file, '/');
	struct strbuf text = STRBUF_INIT;
	struct case_group *group;

	if (!reader->group_open) {
		ARRAY_GROW(cases->groups, cases->group_count, cases->group_room);
		cases->groups[cases->group_count++] = (struct case_group){.line = reader->line};
		reader->group_open = true;
	}
	group = &cases->groups[cases->group_count - 1];
	if (slash && path.text[0] != '/')
		strbuf_add(&text, cases->file, slash + 1 - cases->file);
	strbuf_add(&text, path.text, path.length);
	ARRAY_GROW(group->paths, group->count, group->room);
	group->paths[group->count++] = strbuf_take(&text);
}

/* Splits at each "|" that has a blank on both sides (the end of the line counts as one). Returns
 * the number of fields, which may be one more than are kept. */
static size_t split(struct field line, struct field *fields)
{
	size_t count = 0, from = 0;

	for (size_t i = 0; i <= line.length; i++) {
		bool last = i == line.length;

		if (!last && !(line.text[i] == '|' && (!i || is_blank(line.text[i - 1])) &&
				     (i + 1 == line.length || is_blank(line.text[i + 1]))))
			continue;
		if (count == FIELDS_MAX)
			return count + 1;
		fields[count++] = trimmed(line.text + from, i - from);
		from = i + 1;
	}
	return count;
}

/* What a row says, checked; the row's texts are owned by it from here on. */
static int fill_row(struct reader *reader, struct case_row *row, const struct field *fields)
{
	uint32_t verdict = cgw_name_value(cgw_verdict_names, fields[2].text, fields[2].length);
	const char *fault = cgroup_path_fault(row->cgroup);
	char *message = NULL;
	int result = 0;

	if (fault) {
		FAULT(reader, fields[0].text, "cgroup %s: %s",
			quote(fields[0].text, fields[0].length), fault);
		result = -1;
	}
	if (operation_parse(&row->parsed, row->operation, &message)) {
		FAULT(reader, fields[1].text, "%s", message);
		free(message);
		result = -1;
	}
	if (!verdict) {
		FAULT(reader, fields[2].text, "expected a verdict (allow, audit or deny), got %s",
			quote(fields[2].text, fields[2].length));
		result = -1;
	}
	if (!strcmp(row->cgroup, "/"))
		row->cgroup[0] = '\0';
	row->verdict = verdict;
	return result;
}

static void read_row(struct reader *reader, struct field line)
{
	struct cases *cases = reader->cases;
	struct field fields[FIELDS_MAX] = {0};
	size_t count = split(line, fields);
	struct case_row *row;

	if (count < 3 || count > FIELDS_MAX) {
		FAULT(reader, line.text,
			"expected \"policy PATH\" or \"CGROUP | OPERATION | VERDICT [| RULE]\" "
			"with a "
			"blank on both sides of each '|', got %s",
			quote(line.text, line.length));
		return;
	}
	for (size_t i = 0; i < count; i++) {
		if (fields[i].length)
			continue;
		FAULT(reader, fields[i].text, "field %zu is empty", i + 1);
		return;
	}
	if (!cases->group_count) {
		FAULT(reader, line.text, "expected a line \"policy PATH\" before the first row");
		return;
	}
	reader->group_open = false;
	ARRAY_GROW(cases->rows, cases->row_count, cases->row_room);
	row = &cases->rows[cases->row_count++];
	*row = (struct case_row){.cgroup = xstrndup(fields[0].text, fields[0].length),
		.operation = xstrndup(fields[1].text, fields[1].length),
		.rule = count > 3 ? xstrndup(fields[3].text, fields[3].length) : NULL,
		.line = reader->line,
		.group = cases->group_count - 1};
	if (fill_row(reader, row, fields)) {
		free(row->cgroup);
		free(row->operation);
		free(row->rule);
		operation_free(&row->parsed);
		cases->row_count--;
	}
}

static void read_line(struct reader *reader, size_t length)
{
	static const char policy[] = "policy";
	struct field line;

	if (length > POLICY_LINE_MAX) {
		FAULT(reader, reader->start, "the line has %zu bytes, more than %d", length,
			POLICY_LINE_MAX);
		return;
	}
	if (memchr(reader->start, 0, length)) {
		FAULT(reader, (const char *)memchr(reader->start, 0, length),
			"a NUL byte: expected text");
		return;
	}
	line = trimmed(reader->start, length);
	if (!line.length || line.text[0] == '#')
		return;
	if (line.length > strlen(policy) && !memcmp(line.text, policy, strlen(policy)) &&
		is_blank(line.text[strlen(policy)]))
		read_policy(
			reader, trimmed(line.text + strlen(policy), line.length - strlen(policy)));
	else
		read_row(reader, line);
}

int cases_read_text(struct cases *cases, const char *file, const char *text, size_t length,
	struct diagnostics *diags)
{
	struct reader reader = {.cases = cases, .diags = diags};
	size_t errors = diags->errors;

	*cases = (struct cases){.file = xstrdup(file)};
	for (size_t from = 0; from < length;) {
		const char *end = memchr(text + from, '\n', length - from);
		size_t size = end ? (size_t)(end - text) - from : length - from;

		reader.start = text + from;
		reader.line++;
		from += size + 1;
		if (size && reader.start[size - 1] == '\r')
			size--;
		read_line(&reader, size);
	}
	if (diags->errors == errors && !cases->row_count)
		diagnostics_add(diags, SEVERITY_ERROR, file, 0, 0,
			"expected at least one row \"CGROUP | OPERATION | VERDICT\", found none");
	return diags->errors == errors ? 0 : -1;
}

int cases_read(struct cases *cases, const char *file, struct diagnostics *diags)
{
	struct strbuf text __attribute__((cleanup(strbuf_free))) = STRBUF_INIT;
	FILE *stream = strcmp(file, "-") ? fopen(file, "re") : stdin;
	char chunk[65536];
	size_t count;
	int err = 0;

	*cases = (struct cases){0};
	if (!stream) {
		diagnostics_add(
			diags, SEVERITY_ERROR, file, 0, 0, "cannot be opened: %s", strerror(errno));
		return -1;
	}
	while (text.length <= CASES_FILE_MAX && (count = fread(chunk, 1, sizeof(chunk), stream)))
		strbuf_add(&text, chunk, count);
	if (ferror(stream))
		err = errno;
	if (stream != stdin)
		fclose(stream);
	if (err || text.length > CASES_FILE_MAX) {
		diagnostics_add(diags, SEVERITY_ERROR, file, 0, 0, "cannot be read: %s",
			err ? strerror(err) : "it is larger than 64 MiB");
		return -1;
	}
	return cases_read_text(cases, file, strbuf_text(&text), text.length, diags);
}

bool case_rule_is(const struct case_row *row, const char *text, const char *file, uint32_t line)
{
	struct strbuf place __attribute__((cleanup(strbuf_free))) = STRBUF_INIT;
	const char *end;

	if (!row->rule || !strcmp(row->rule, text))
		return true;
	strbuf_printf(&place, "%s:%u", file, line);
	if (strlen(row->rule) > place.length)
		return false;
	end = place.data + place.length - strlen(row->rule);
	return !strcmp(end, row->rule) && (end == place.data || end[-1] == '/');
}
