// SPDX-License-Identifier: GPL-2.0-only
#include "diagnostics.h"

#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

/* Long enough for the line that counts what is not shown; it is rewritten in place. */
#define REST_ROOM 96

static void diagnostics_append(struct diagnostics *diags, enum severity severity, const char *file,
	uint32_t line, uint32_t column, char *message)
{
	ARRAY_GROW(diags->items, diags->count, diags->room);
	diags->items[diags->count++] = (struct diagnostic){.severity = severity,
		.file = xstrdup(file),
		.line = line,
		.column = column,
		.message = message};
}

/* Sorted, and the last one remembered: a thousand files with a thousand errors each stay cheap. */
static struct diagnostics_file *diagnostics_file(struct diagnostics *diags, const char *name)
{
	size_t low = 0, high = diags->file_count;

	if (diags->file_last < high && !strcmp(diags->files[diags->file_last].name, name))
		return &diags->files[diags->file_last];
	while (low < high) {
		size_t middle = low + (high - low) / 2;

		if (strcmp(diags->files[middle].name, name) < 0)
			low = middle + 1;
		else
			high = middle;
	}
	diags->file_last = low;
	if (low < diags->file_count && !strcmp(diags->files[low].name, name))
		return &diags->files[low];
	ARRAY_GROW(diags->files, diags->file_count, diags->file_room);
	memmove(&diags->files[low + 1], &diags->files[low],
		(diags->file_count - low) * sizeof(*diags->files));
	diags->file_count++;
	diags->files[low] = (struct diagnostics_file){.name = xstrdup(name)};
	return &diags->files[low];
}

/* Counts one more that is not kept. */
static void diagnostics_rest(
	struct diagnostics *diags, struct diagnostics_file *file, enum severity severity)
{
	size_t beyond = file->count[severity] - DIAGNOSTICS_MAX_PER_FILE;

	if (beyond == 1) {
		file->rest[severity] = diags->count;
		diagnostics_append(diags, severity, file->name, 0, 0, xcalloc(REST_ROOM, 1));
	}
	snprintf(diags->items[file->rest[severity]].message, REST_ROOM,
		"%zu more %s%s not shown: correct the first ones and check again", beyond,
		severity == SEVERITY_ERROR ? "error" : "warning", beyond == 1 ? " is" : "s are");
}

void diagnostics_add(struct diagnostics *diags, enum severity severity, const char *file,
	uint32_t line, uint32_t column, const char *format, ...)
{
	struct diagnostics_file *counts = diagnostics_file(diags, file);
	struct strbuf message = STRBUF_INIT;
	va_list args;

	if (severity == SEVERITY_ERROR)
		diags->errors++;
	else
		diags->warnings++;
	if (++counts->count[severity] > DIAGNOSTICS_MAX_PER_FILE) {
		diagnostics_rest(diags, counts, severity);
		return;
	}
	va_start(args, format);
	strbuf_vprintf(&message, format, args);
	va_end(args);
	diagnostics_append(diags, severity, file, line, column, strbuf_take(&message));
}

void diagnostics_free(struct diagnostics *diags)
{
	for (size_t i = 0; i < diags->count; i++) {
		free(diags->items[i].file);
		free(diags->items[i].message);
	}
	for (size_t i = 0; i < diags->file_count; i++)
		free(diags->files[i].name);
	free(diags->items);
	free(diags->files);
	*diags = (struct diagnostics){0};
}

/* File names come from the command line and from directories: they may hold anything. */
static void add_printable(struct strbuf *out, const char *text)
{
	for (; *text; text++) {
		unsigned char byte = *text;

		if (byte < 0x20 || byte >= 0x7f)
			strbuf_printf(out, "\\x%02x", byte);
		else
			strbuf_putc(out, *text);
	}
}

void diagnostic_print(const struct diagnostic *diag, struct strbuf *out)
{
	add_printable(out, diag->file);
	if (diag->line)
		strbuf_printf(out, ":%u", diag->line);
	if (diag->line && diag->column)
		strbuf_printf(out, ":%u", diag->column);
	strbuf_printf(out, ": %s: %s\n", diag->severity == SEVERITY_ERROR ? "error" : "warning",
		diag->message);
}

#define QUOTE_SHOWN 60

const char *quote(const char *text, size_t length)
{
	/* Each byte may become \xHH; two quotes, three dots and the NUL. */
	static char buffers[8][4 * QUOTE_SHOWN + 6];
	static unsigned int turn;
	char *start = buffers[turn++ % 8], *to = start;
	size_t shown = length > QUOTE_SHOWN ? QUOTE_SHOWN : length;

	*to++ = '"';
	for (size_t i = 0; i < shown; i++) {
		unsigned char byte = text[i];

		if (byte < 0x20 || byte >= 0x7f)
			to += sprintf(to, "\\x%02x", byte);
		else
			*to++ = text[i];
	}
	*to++ = '"';
	if (shown < length)
		to = stpcpy(to, "...");
	*to = 0;
	return start;
}
