// SPDX-License-Identifier: GPL-2.0-only
#include "top.h"

#include <errno.h>
#include <fcntl.h>
#include <inttypes.h>
#include <poll.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/ioctl.h>
#include <sys/signalfd.h>
#include <sys/stat.h>
#include <unistd.h>
#include "clock.h"
#include "jsonl.h"

/* The alternate screen, without a cursor; and back. */
#define SCREEN_BEGIN "\033[?1049h\033[?25l"
#define SCREEN_END "\033[?25h\033[?1049l"
#define SCREEN_HOME "\033[H"
#define LINE_END "\033[K"
#define SCREEN_REST "\033[J"

#define LINE_MAX_KEPT (1024 * 1024) /* of a line that does not end */

void top_free(struct top *top)
{
	for (size_t i = 0; i < top->count; i++) {
		free(top->entries[i].cgroup);
		free(top->entries[i].policy);
		free(top->entries[i].rule);
	}
	free(top->entries);
	*top = (struct top){0};
}

struct line {
	const char *type, *cgroup, *policy, *rule;
	uint64_t count;
};

static void visit(void *context, const struct jsonl_member *member)
{
	struct line *line = context;

	if (*member->parent)
		return;
	if (member->type == JSONL_NUMBER && !strcmp(member->name, "count"))
		line->count = member->number;
	if (member->type != JSONL_TEXT)
		return;
	if (!strcmp(member->name, "type"))
		line->type = member->text;
	else if (!strcmp(member->name, "cgroup"))
		line->cgroup = member->text;
	else if (!strcmp(member->name, "policy"))
		line->policy = member->text;
	else if (!strcmp(member->name, "rule"))
		line->rule = member->text;
}

static struct top_entry *entry_of(struct top *top, const struct line *line)
{
	struct top_entry *entry;

	for (size_t i = 0; i < top->count; i++) {
		entry = &top->entries[i];
		if (!strcmp(entry->cgroup, line->cgroup) && !strcmp(entry->rule, line->rule) &&
			!strcmp(entry->policy, line->policy))
			return entry;
	}
	if (top->count == TOP_ENTRIES_MAX)
		return NULL;
	ARRAY_GROW(top->entries, top->count, top->room);
	entry = &top->entries[top->count++];
	*entry = (struct top_entry){
		.cgroup = xstrdup(line->cgroup),
		.policy = xstrdup(line->policy),
		.rule = xstrdup(line->rule),
	};
	return entry;
}

void top_line(struct top *top, char *text, size_t length)
{
	struct line line = {.cgroup = "?", .policy = "?", .rule = "?"};
	struct top_entry *entry;

	if (jsonl_parse(text, length, visit, &line) || !line.type) {
		top->bad_lines++;
		return;
	}
	if (!strcmp(line.type, "violation")) {
		line.count = 1;
	} else if (strcmp(line.type, "suppressed")) {
		top->lost += line.count;
		return;
	}
	top->total += line.count;
	entry = entry_of(top, &line);
	if (entry)
		entry->total += line.count;
	else
		top->unlisted += line.count;
}

static int compare(const void *a, const void *b)
{
	const struct top_entry *left = a, *right = b;
	uint64_t left_new = left->total - left->shown, right_new = right->total - right->shown;

	if (left_new != right_new)
		return left_new < right_new ? 1 : -1;
	if (left->total != right->total)
		return left->total < right->total ? 1 : -1;
	return strcmp(left->rule, right->rule);
}

/* Exactly `width` characters; what does not fit ends in a tilde. */
static void put_cell(struct strbuf *out, const char *text, size_t width)
{
	size_t start = out->length;

	for (; *text && out->length - start <= width; text++) {
		unsigned char byte = *text;

		if (byte < 0x20 || byte > 0x7e)
			strbuf_printf(out, "\\x%02x", byte);
		else
			strbuf_putc(out, byte);
	}
	if (out->length - start > width) {
		out->length = start + width;
		out->data[out->length - 1] = '~';
	}
	while (out->length - start < width)
		strbuf_putc(out, ' ');
}

static void put_line(struct strbuf *out, struct strbuf *line, int columns)
{
	strbuf_add(
		out, line->data, line->length < (size_t)columns ? line->length : (size_t)columns);
	strbuf_putc(out, '\n');
	line->length = 0;
}

static void put_row(struct strbuf *line, const char *rate, const char *total, const char *cgroup,
	const char *policy, const char *rule, int columns)
{
	/* Numbers take 22; names a third, a fifth, and the rest. */
	int names = columns > 60 ? columns - 24 : 36;

	strbuf_printf(line, "%10s %11s ", rate, total);
	put_cell(line, cgroup, names / 3);
	strbuf_putc(line, ' ');
	put_cell(line, policy, names / 5);
	strbuf_putc(line, ' ');
	put_cell(line, rule, names - names / 3 - names / 5);
}

void top_draw(struct top *top, double seconds, int rows, int columns, struct strbuf *out)
{
	struct strbuf line __attribute__((cleanup(strbuf_free))) = STRBUF_INIT;
	char rate[32], total[32];

	strbuf_printf(&line, "%" PRIu64 " violations, %.1f/s, %" PRIu64 " lost", top->total,
		(double)(top->total - top->shown) / seconds, top->lost);
	if (top->unlisted || top->bad_lines)
		strbuf_printf(&line, ", %" PRIu64 " not listed, %" PRIu64 " lines not understood",
			top->unlisted, top->bad_lines);
	put_line(out, &line, columns);
	put_row(&line, "RATE/S", "TOTAL", "CGROUP", "POLICY", "RULE", columns);
	put_line(out, &line, columns);
	if (top->count)
		qsort(top->entries, top->count, sizeof(*top->entries), compare);
	for (size_t i = 0; i < top->count; i++) {
		struct top_entry *entry = &top->entries[i];

		if (i + 2 < (size_t)rows) {
			snprintf(rate, sizeof(rate), "%.1f",
				(double)(entry->total - entry->shown) / seconds);
			snprintf(total, sizeof(total), "%" PRIu64, entry->total);
			put_row(&line, rate, total, entry->cgroup, entry->policy, entry->rule,
				columns);
			put_line(out, &line, columns);
		}
		entry->shown = entry->total;
	}
	top->shown = top->total;
}

/* ---- a file that grows ---- */

struct follower {
	const char *name;
	int fd;
	struct strbuf part; /* of a line that has not ended */
};

/* Feeds all that is there. 0 or -errno. */
static int feed(struct follower *follower, struct top *top)
{
	static char block[64 * 1024];
	ssize_t got;

	while ((got = read(follower->fd, block, sizeof(block))) > 0) {
		const char *at = block, *end = block + got, *newline;

		while ((newline = memchr(at, '\n', end - at))) {
			strbuf_add(&follower->part, at, newline + 1 - at);
			top_line(top, follower->part.data, follower->part.length);
			follower->part.length = 0;
			at = newline + 1;
		}
		strbuf_add(&follower->part, at, end - at);
		if (follower->part.length > LINE_MAX_KEPT)
			follower->part.length = 0;
	}
	return got < 0 && errno != EAGAIN ? -errno : 0;
}

/* Renamed (rotation), or begun anew: goes on with the file of that name. */
static void reopen(struct follower *follower)
{
	struct stat here, there;
	int fd;

	if (!strcmp(follower->name, "-") || fstat(follower->fd, &here) ||
		stat(follower->name, &there))
		return;
	if (here.st_dev == there.st_dev && here.st_ino == there.st_ino) {
		if (lseek(follower->fd, 0, SEEK_CUR) > there.st_size)
			lseek(follower->fd, 0, SEEK_SET);
		return;
	}
	fd = open(follower->name, O_RDONLY | O_CLOEXEC);
	if (fd < 0)
		return;
	close(follower->fd);
	follower->fd = fd;
	follower->part.length = 0;
}

static void print(const struct strbuf *text)
{
	size_t done = 0;

	while (done < text->length) {
		ssize_t written = write(STDOUT_FILENO, text->data + done, text->length - done);

		if (written < 0 && errno != EINTR)
			return;
		done += written > 0 ? written : 0;
	}
}

/* In place: each line over the old one. */
static void redraw(struct top *top, double seconds)
{
	struct strbuf table __attribute__((cleanup(strbuf_free))) = STRBUF_INIT;
	struct strbuf screen __attribute__((cleanup(strbuf_free))) = STRBUF_INIT;
	struct winsize size = {0};

	if (ioctl(STDOUT_FILENO, TIOCGWINSZ, &size) || !size.ws_row || !size.ws_col)
		size = (struct winsize){.ws_row = 24, .ws_col = 80};
	top_draw(top, seconds, size.ws_row - 1, size.ws_col, &table);
	strbuf_puts(&screen, SCREEN_HOME);
	for (const char *at = table.data, *end; (end = strchr(at, '\n')); at = end + 1) {
		strbuf_add(&screen, at, end - at);
		strbuf_puts(&screen, LINE_END "\r\n");
	}
	strbuf_puts(&screen, SCREEN_REST);
	print(&screen);
}

/* What is there now is no rate. */
static void forget_rates(struct top *top)
{
	top->shown = top->total;
	for (size_t i = 0; i < top->count; i++)
		top->entries[i].shown = top->entries[i].total;
}

static int show_live(struct follower *follower, struct top *top)
{
	struct strbuf text = STRBUF_INIT;
	int64_t before = clock_boottime(), now;
	struct pollfd poll_fd = {.events = POLLIN};
	sigset_t signals;
	int result;

	sigemptyset(&signals);
	sigaddset(&signals, SIGINT);
	sigaddset(&signals, SIGTERM);
	sigaddset(&signals, SIGHUP);
	sigprocmask(SIG_BLOCK, &signals, NULL);
	poll_fd.fd = signalfd(-1, &signals, SFD_CLOEXEC);
	if (poll_fd.fd < 0)
		return -errno;
	if (!strcmp(follower->name, "-")) /* a pipe that waits must not stop the clock */
		fcntl(follower->fd, F_SETFL, fcntl(follower->fd, F_GETFL) | O_NONBLOCK);
	result = feed(follower, top);
	forget_rates(top);
	strbuf_puts(&text, SCREEN_BEGIN);
	print(&text);
	do {
		now = clock_boottime();
		redraw(top, (double)(now - before + 1) / NSEC_PER_SEC);
		before = now;
		if (poll(&poll_fd, 1, 1000) > 0)
			break;
		result = feed(follower, top); /* what is left in a file that was renamed */
		reopen(follower);
		if (!result)
			result = feed(follower, top);
	} while (!result);
	text.length = 0;
	strbuf_puts(&text, SCREEN_END);
	print(&text);
	strbuf_free(&text);
	close(poll_fd.fd);
	return result;
}

static int show_once(struct follower *follower, struct top *top)
{
	struct strbuf table __attribute__((cleanup(strbuf_free))) = STRBUF_INIT;
	int result = feed(follower, top);

	forget_rates(top);
	top_draw(top, 1, TOP_ENTRIES_MAX + 2, 160, &table);
	print(&table);
	return result;
}

static enum status show(const char *name)
{
	struct follower follower = {.name = name, .fd = STDIN_FILENO, .part = STRBUF_INIT};
	struct top top = {0};
	int result;

	if (strcmp(name, "-"))
		follower.fd = open(name, O_RDONLY | O_CLOEXEC);
	if (follower.fd < 0) {
		message("failed to open '%s': %s", name, strerror(errno));
		return STATUS_NOT;
	}
	result = isatty(STDOUT_FILENO) ? show_live(&follower, &top) : show_once(&follower, &top);
	if (result)
		message("failed to read '%s': %s", name, strerror(-result));
	if (follower.fd != STDIN_FILENO)
		close(follower.fd);
	strbuf_free(&follower.part);
	top_free(&top);
	return result ? STATUS_NOT : STATUS_DONE;
}

enum status top_run(int argc, char **argv)
{
	if (argc == 2 && (argv[1][0] != '-' || !argv[1][1]))
		return show(argv[1]);
	message("top: expected one FILE, or - for standard input\n  cgward-audit top FILE.jsonl");
	return STATUS_USAGE;
}
