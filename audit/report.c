// SPDX-License-Identifier: GPL-2.0-only
#include "report.h"

#include <errno.h>
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include "clock.h"
#include "tally.h"

#define ROWS_SHOWN 20
/* Of the plots, in the units of their viewBox. */
#define COLUMN_WIDTH 8
#define PLOT_HEIGHT 160
#define SPARK_HEIGHT 24

/* The names are classes of the style sheet as well. */
static const char *const series[TALLY_SERIES] = {
	[TALLY_DENIED] = "denied",
	[TALLY_AUDITED] = "audited",
	[TALLY_LOST] = "lost",
};

static const char *const kinds[TALLY_KINDS] = {
	[TALLY_POLICY] = "By policy",
	[TALLY_RULE] = "By rule",
	[TALLY_KIND] = "By kind",
	[TALLY_CONTAINER] = "By container",
	[TALLY_CGROUP] = "By cgroup",
};

/* The page can load nothing and run nothing, whatever the log holds. */
static const char head[] =
	"<!DOCTYPE html>\n<html lang=\"en\"><head><meta charset=\"utf-8\">\n"
	"<meta http-equiv=\"Content-Security-Policy\" content=\"default-src 'none'; "
	"style-src 'unsafe-inline'\">\n"
	"<meta name=\"viewport\" content=\"width=device-width\">\n"
	"<title>cgward: violations</title>\n<style>\n"
	":root { color-scheme: light dark; --text: #202124; --page: #fff; --line: #dadce0; "
	"--plot: #f8f9fa; --dim: #5f6368; --denied: #b3261e; --audited: #a36a00; --lost: #5f6368; "
	"--spark: #3c5a99; }\n"
	"@media (prefers-color-scheme: dark) { :root { --text: #e8eaed; --page: #17181a; "
	"--line: #3c4043; --plot: #202124; --dim: #9aa0a6; --denied: #f2857d; --audited: #e3b04b; "
	"--lost: #9aa0a6; --spark: #8ab4f8; } }\n"
	"body { font: 14px/1.4 system-ui, sans-serif; margin: 2em auto; max-width: 70em; "
	"padding: 0 1em; color: var(--text); background: var(--page); }\n"
	"h1 { font-size: 1.5em; } h2 { font-size: 1.15em; margin-top: 2em; }\n"
	"table { border-collapse: collapse; width: 100%; }\n"
	"th, td { text-align: left; padding: .25em .75em .25em 0; border-bottom: 1px solid "
	"var(--line); vertical-align: middle; }\n"
	"th { color: var(--dim); font-weight: normal; }\n"
	"td.number, th.number { text-align: right; font-variant-numeric: tabular-nums; }\n"
	"td.name { font-family: monospace; overflow-wrap: anywhere; }\n"
	"td.plot { width: 16em; } svg { display: block; width: 100%; }\n"
	"svg.plot { height: 12em; background: var(--plot); } svg.spark { height: 1.7em; }\n"
	"svg.strip { height: 2.5em; background: var(--plot); margin-top: .3em; }\n"
	".key { display: inline-block; width: .8em; height: .8em; margin-right: .3em; }\n"
	".legend span + span + .key { margin-left: 1em; }\n"
	".denied { fill: var(--denied); background: var(--denied); }\n"
	".audited { fill: var(--audited); background: var(--audited); }\n"
	".lost { fill: var(--lost); background: var(--lost); } .all { fill: var(--spark); }\n"
	".axis { display: flex; justify-content: space-between; color: var(--dim); }\n"
	"</style></head><body>\n<h1>cgward: violations</h1>\n";

/* As in text: bytes that are not printable ASCII stand as \xHH. */
static void put_escaped(struct strbuf *out, const char *text)
{
	for (; *text; text++) {
		unsigned char byte = *text;

		if (strchr("&<>\"'", byte))
			strbuf_printf(out, "&#%d;", byte);
		else if (byte < 0x20 || byte > 0x7e)
			strbuf_printf(out, "\\x%02x", byte);
		else
			strbuf_putc(out, byte);
	}
}

static void put_time(struct strbuf *out, int64_t time)
{
	clock_format(time, 0, out);
}

static void put_bar(struct strbuf *out, size_t column, double y, double height, const char *class)
{
	strbuf_printf(out, "<rect class=\"%s\" x=\"%zu\" y=\"%.2f\" width=\"%d\" height=\"%.2f\"/>",
		class, column * COLUMN_WIDTH, y, COLUMN_WIDTH - 1, height);
}

static int64_t columns_used(const struct tally *tally)
{
	return (tally->last - tally->start) / tally->width + 1;
}

/* As wide as the time from the first event to the last. */
static void put_svg(struct strbuf *out, const struct tally *tally, const char *class, int height,
	const char *label)
{
	strbuf_printf(out,
		"<svg class=\"%s\" viewBox=\"0 0 %d %d\" preserveAspectRatio=\"none\" role=\"img\" "
		"aria-label=\"%s\">",
		class, (int)columns_used(tally) * COLUMN_WIDTH, height, label);
}

/* What was denied and audited; what was lost has another scale, and stands below. */
static uint64_t column_total(const struct tally *tally, size_t column)
{
	return tally->series[TALLY_DENIED][column] + tally->series[TALLY_AUDITED][column];
}

static uint64_t greatest(const uint64_t *columns)
{
	uint64_t highest = 1;

	for (size_t i = 0; i < TALLY_COLUMNS; i++)
		highest = columns[i] > highest ? columns[i] : highest;
	return highest;
}

/* One series alone. */
static void put_bars(struct strbuf *out, const uint64_t *columns, int height, const char *class)
{
	uint64_t highest = greatest(columns);

	for (size_t i = 0; i < TALLY_COLUMNS; i++) {
		double bar = (double)columns[i] * height / highest;

		if (columns[i])
			put_bar(out, i, height - bar, bar, class);
	}
}

static void put_axis(struct strbuf *out, const struct tally *tally, uint64_t highest)
{
	strbuf_puts(out, "<div class=\"axis\"><span>");
	put_time(out, tally->start);
	strbuf_printf(out,
		"</span><span>a bar: %" PRId64 " s, the highest: %" PRIu64 " violations</span>",
		(int64_t)(tally->width / NSEC_PER_SEC), highest);
	strbuf_puts(out, "<span>");
	put_time(out, tally->start + columns_used(tally) * tally->width);
	strbuf_puts(out, "</span></div>\n");
}

static void put_plot(struct strbuf *out, const struct tally *tally)
{
	uint64_t highest = 1;

	for (size_t i = 0; i < TALLY_COLUMNS; i++)
		if (column_total(tally, i) > highest)
			highest = column_total(tally, i);
	put_svg(out, tally, "plot", PLOT_HEIGHT, "violations over time");
	for (size_t i = 0; i < TALLY_COLUMNS; i++) {
		double y = PLOT_HEIGHT;

		for (size_t j = 0; j < TALLY_LOST; j++) {
			double height = (double)tally->series[j][i] * PLOT_HEIGHT / highest;

			if (!tally->series[j][i])
				continue;
			y -= height;
			put_bar(out, i, y, height, series[j]);
		}
	}
	strbuf_puts(out, "</svg>\n");
	put_axis(out, tally, highest);
	if (!tally->totals[TALLY_LOST])
		return;
	put_svg(out, tally, "strip", SPARK_HEIGHT, "lost over time");
	put_bars(out, tally->series[TALLY_LOST], SPARK_HEIGHT, series[TALLY_LOST]);
	strbuf_printf(out,
		"</svg>\n<div class=\"axis\"><span>lost, when it was noticed; the highest: %" PRIu64
		"</span></div>\n",
		greatest(tally->series[TALLY_LOST]));
}

static void put_spark(
	struct strbuf *out, const struct tally *tally, const struct tally_entry *entry)
{
	put_svg(out, tally, "spark", SPARK_HEIGHT, "over time");
	put_bars(out, entry->columns, SPARK_HEIGHT, "all");
	strbuf_puts(out, "</svg>");
}

static void put_kind(struct strbuf *out, const struct tally *tally, enum tally_kind kind)
{
	size_t count = tally->counts[kind];

	strbuf_printf(out, "<h2>%s</h2>\n", kinds[kind]);
	if (!count) {
		strbuf_puts(out, "<p>None.</p>\n");
		return;
	}
	strbuf_puts(out, "<table><tr><th>name</th><th class=\"number\">violations</th>"
			 "<th>over time</th></tr>\n");
	for (size_t i = 0; i < count && i < ROWS_SHOWN; i++) {
		const struct tally_entry *entry = &tally->entries[kind][i];

		strbuf_puts(out, "<tr><td class=\"name\">");
		put_escaped(out, entry->name ? entry->name : "(others)");
		strbuf_printf(out, "</td><td class=\"number\">%" PRIu64 "</td><td class=\"plot\">",
			entry->total);
		put_spark(out, tally, entry);
		strbuf_puts(out, "</td></tr>\n");
	}
	strbuf_puts(out, "</table>\n");
	if (count > ROWS_SHOWN)
		strbuf_printf(out, "<p>and %zu more</p>\n", count - ROWS_SHOWN);
}

static void put_page(struct strbuf *out, const struct tally *tally, const char *name)
{
	strbuf_puts(out, head);
	strbuf_puts(out, "<p>");
	put_escaped(out, name);
	if (tally->width) {
		strbuf_puts(out, ", from ");
		put_time(out, tally->first);
		strbuf_puts(out, " to ");
		put_time(out, tally->last);
	}
	strbuf_puts(out, "</p>\n<p class=\"legend\">");
	for (size_t i = 0; i < TALLY_SERIES; i++)
		strbuf_printf(out, "<span class=\"key %s\"></span><span>%s: %" PRIu64 "</span>",
			series[i], series[i], tally->totals[i]);
	strbuf_puts(out, "</p>\n");
	if (tally->bad_lines)
		strbuf_printf(out,
			"<p>%" PRIu64
			" lines are not of the log's format; they are left out.</p>\n",
			tally->bad_lines);
	if (tally->width)
		put_plot(out, tally);
	for (int kind = 0; kind < TALLY_KINDS; kind++)
		put_kind(out, tally, kind);
	strbuf_puts(out, "</body></html>\n");
}

static int read_log(struct tally *tally, FILE *file)
{
	char *line = NULL;
	size_t room = 0;
	ssize_t length;

	while ((length = getline(&line, &room, file)) > 0)
		tally_line(tally, line, length);
	free(line);
	return ferror(file) ? -errno : 0;
}

static enum status report(const char *name)
{
	struct strbuf page __attribute__((cleanup(strbuf_free))) = STRBUF_INIT;
	FILE *file = strcmp(name, "-") ? fopen(name, "re") : stdin;
	struct tally tally = {0};
	int result;

	if (!file) {
		message("failed to open '%s': %s", name, strerror(errno));
		return STATUS_NOT;
	}
	result = read_log(&tally, file);
	if (file != stdin)
		fclose(file);
	if (result) {
		message("failed to read '%s': %s", name, strerror(-result));
		tally_free(&tally);
		return STATUS_NOT;
	}
	tally_sort(&tally);
	put_page(&page, &tally, name);
	tally_free(&tally);
	if (fwrite(page.data, 1, page.length, stdout) != page.length || fflush(stdout)) {
		message("failed to write to standard output: %s", strerror(errno));
		return STATUS_NOT;
	}
	return STATUS_DONE;
}

enum status report_run(int argc, char **argv)
{
	if (argc == 2 && (argv[1][0] != '-' || !argv[1][1]))
		return report(argv[1]);
	if (argc == 2 && (!strcmp(argv[1], "--help") || !strcmp(argv[1], "-h"))) {
		puts("Usage: cgward-audit report FILE >PAGE\n\n"
		     "Writes a page of HTML about a log that was written with --format json\n"
		     "(-: standard input).");
		return fflush(stdout) ? STATUS_NOT : STATUS_DONE;
	}
	message("report: expected one FILE, or - for standard input\n"
		"  cgward-audit report FILE.jsonl >page.html");
	return STATUS_USAGE;
}
