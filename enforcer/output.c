// SPDX-License-Identifier: GPL-2.0-only
#include <errno.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>
#include "output.h"
#include "strbuf.h"

static bool is_quiet;
static bool is_verbose;

static const char *const sequences[COLOUR_COUNT] = {
	[COLOUR_NONE] = "",
	[COLOUR_GOOD] = "\033[32m",
	[COLOUR_WARNING] = "\033[33m",
	[COLOUR_BAD] = "\033[31m",
	[COLOUR_STRONG] = "\033[1m",
};

void output_setup(bool quiet, bool verbose)
{
	is_quiet = quiet;
	is_verbose = verbose;
}

int output_status(int error)
{
	switch (error < 0 ? -error : error) {
	case EPERM:
	case EACCES:
	case ENOSYS:
	case EOPNOTSUPP:
		return STATUS_UNABLE;
	default:
		return STATUS_NOT;
	}
}

static bool wants_colour(int fd)
{
	const char *no_color = getenv("NO_COLOR");
	const char *term = getenv("TERM");

	/* no-color.org: set and not empty. */
	if (no_color && *no_color)
		return false;
	return isatty(fd) && (!term || strcmp(term, "dumb"));
}

const char *output_colour(enum output_colour colour)
{
	return wants_colour(STDOUT_FILENO) ? sequences[colour] : "";
}

const char *output_colour_end(void)
{
	return wants_colour(STDOUT_FILENO) ? "\033[0m" : "";
}

void output_print(const char *format, ...)
{
	va_list args;

	if (is_quiet)
		return;
	va_start(args, format);
	vprintf(format, args);
	va_end(args);
}

void output_result(const char *text, size_t length)
{
	fwrite(text, 1, length, stdout);
}

int output_finish(int status)
{
	/* A full disk or a closed pipe must not look like a done command. */
	if (!fflush(stdout) && !ferror(stdout))
		return status;
	output_failure("write", "standard output", errno, NULL);
	return status == STATUS_DONE ? STATUS_NOT : status;
}

char *output_escape(const char *text, size_t length)
{
	struct strbuf out = STRBUF_INIT;

	for (size_t i = 0; i < length; i++) {
		unsigned char byte = text[i];

		if (byte == '\\')
			strbuf_puts(&out, "\\\\");
		else if (byte < 0x20 || byte > 0x7e)
			strbuf_printf(&out, "\\x%02x", byte);
		else
			strbuf_putc(&out, byte);
	}
	return strbuf_take(&out);
}

void output_text_free(char **text)
{
	free(*text);
	*text = NULL;
}

/* One line on standard error. It is written at once: what was printed before it stands before it.
 */
static void line(enum output_colour colour, const char *label, const char *format, va_list args)
{
	bool coloured = wants_colour(STDERR_FILENO) && colour != COLOUR_NONE;

	fflush(stdout);
	fprintf(stderr, "cgward: %s%s%s", coloured ? sequences[colour] : "", label,
		coloured ? "\033[0m" : "");
	vfprintf(stderr, format, args);
	fputc('\n', stderr);
}

static void hint(const char *format, va_list args)
{
	fputs("        ", stderr);
	vfprintf(stderr, format, args);
	fputc('\n', stderr);
}

void output_error(const char *format, ...)
{
	va_list args;

	va_start(args, format);
	line(COLOUR_BAD, "error: ", format, args);
	va_end(args);
}

void output_warning(const char *format, ...)
{
	va_list args;

	va_start(args, format);
	line(COLOUR_WARNING, "warning: ", format, args);
	va_end(args);
}

void output_hint(const char *format, ...)
{
	va_list args;

	va_start(args, format);
	hint(format, args);
	va_end(args);
}

void output_debug(const char *format, ...)
{
	va_list args;

	if (!is_verbose)
		return;
	va_start(args, format);
	line(COLOUR_NONE, "debug: ", format, args);
	va_end(args);
}

static void failure(
	const char *verb, const char *object, const char *reason, const char *next, va_list args)
{
	char *shown __attribute__((cleanup(output_text_free))) =
		output_escape(object, strlen(object));

	output_error("failed to %s '%s': %s", verb, shown, reason);
	if (next)
		hint(next, args);
}

void output_failure(const char *verb, const char *object, int error, const char *next, ...)
{
	va_list args;

	va_start(args, next);
	failure(verb, object, strerror(error < 0 ? -error : error), next, args);
	va_end(args);
}

void output_failure_because(
	const char *verb, const char *object, const char *reason, const char *next, ...)
{
	va_list args;

	va_start(args, next);
	failure(verb, object, reason, next, args);
	va_end(args);
}

void output_diagnostics(const struct diagnostics *diags)
{
	struct strbuf text __attribute__((cleanup(strbuf_free))) = STRBUF_INIT;

	for (size_t i = 0; i < diags->count; i++)
		if (!is_quiet || diags->items[i].severity == SEVERITY_ERROR)
			diagnostic_print(&diags->items[i], &text);
	fflush(stdout);
	if (text.length)
		fwrite(text.data, 1, text.length, stderr);
}
