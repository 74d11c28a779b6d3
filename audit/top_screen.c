// SPDX-License-Identifier: GPL-2.0-only
/* top_screen.c - `cgward-audit top`: where the counts come from, and the terminal. */
#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/ioctl.h>
#include <sys/signalfd.h>
#include <sys/stat.h>
#include <termios.h>
#include <unistd.h>
#include "clock.h"
#include "scan.h"
#include "top.h"
#include "top_live.h"

/* The alternate screen, without a cursor; and back. */
#define SCREEN_BEGIN "\033[?1049h\033[?25l"
#define SCREEN_END "\033[?25h\033[?1049l"
#define SCREEN_HOME "\033[H"
#define LINE_END "\033[K"
#define SCREEN_REST "\033[J"

#define LINE_MAX_KEPT (1024 * 1024) /* of a line that does not end */
#define PERIOD NSEC_PER_SEC	    /* between two tables */
#define LOOK_MS 50		    /* between two looks at the ring buffer, which wraps */

/* Where counts come from. */
struct feed {
	int (*look)(void *context, struct top *top);	/* takes what is there; 0 or -errno */
	void (*settle)(void *context, struct top *top); /* before a table; or NULL */
	void *context;
	int input;   /* keys; -1: none */
	int signals; /* signalfd */
	bool quick;  /* look more often than a table is drawn */
};

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

/* A feed's look(): what is left in a file that was renamed, then the one of that name. */
static int look_at_file(void *context, struct top *top)
{
	struct follower *follower = context;
	int result = feed(follower, top);

	reopen(follower);
	return result ? result : feed(follower, top);
}

/* ---- the terminal ---- */

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

/* Keys come one by one, and are not shown. False: it is no terminal. */
static bool keys_begin(int input, struct termios *before)
{
	struct termios raw;

	if (input < 0 || tcgetattr(input, before))
		return false;
	raw = *before;
	raw.c_lflag &= ~(ICANON | ECHO);
	raw.c_cc[VMIN] = 0;
	raw.c_cc[VTIME] = 0;
	return !tcsetattr(input, TCSANOW, &raw);
}

static bool wants_end(int input)
{
	char key = 0;
	ssize_t got = read(input, &key, 1);

	return !got || (got > 0 && (key == 'q' || key == 'Q'));
}

static int open_signals(void)
{
	sigset_t signals;

	sigemptyset(&signals);
	sigaddset(&signals, SIGINT);
	sigaddset(&signals, SIGTERM);
	sigaddset(&signals, SIGHUP);
	sigaddset(&signals, SIGWINCH);
	sigprocmask(SIG_BLOCK, &signals, NULL);
	return signalfd(-1, &signals, SFD_CLOEXEC | SFD_NONBLOCK);
}

/* Sleeps; true if it is time to end. *resized: the terminal has another size. */
static bool rest(const struct feed *feed, int milliseconds, bool *resized)
{
	struct pollfd poll_fds[] = {
		{.fd = feed->signals, .events = POLLIN},
		{.fd = feed->input, .events = POLLIN},
	};
	struct signalfd_siginfo info;

	poll(poll_fds, 2, milliseconds);
	while (read(feed->signals, &info, sizeof(info)) == sizeof(info)) {
		if (info.ssi_signo != SIGWINCH)
			return true;
		*resized = true;
	}
	return poll_fds[1].revents && wants_end(feed->input);
}

/* Looks until it is time for the next table. 1: time to end; 0, or -errno of a look. */
static int until_next(const struct feed *feed, struct top *top, int64_t next)
{
	bool resized = false;
	int result = 0;

	while (!result && !resized) {
		int64_t left = (next - clock_boottime()) / (NSEC_PER_SEC / 1000);

		if (left <= 0)
			break;
		if (feed->quick && left > LOOK_MS)
			left = LOOK_MS;
		if (rest(feed, left, &resized))
			return 1;
		if (feed->quick)
			result = feed->look(feed->context, top);
	}
	return result || feed->quick ? result : feed->look(feed->context, top);
}

static int draw_tables(const struct feed *feed, struct top *top)
{
	int64_t before = clock_boottime(), now;
	int result;

	do {
		now = clock_boottime();
		if (feed->settle)
			feed->settle(feed->context, top);
		redraw(top, (double)(now - before + 1) / NSEC_PER_SEC);
		before = now;
		result = until_next(feed, top, now + PERIOD);
	} while (!result);
	return result < 0 ? result : 0;
}

static int show_live(const struct feed *feed, struct top *top)
{
	struct strbuf text = STRBUF_INIT;
	struct termios before;
	bool keys;
	int result;

	keys = keys_begin(feed->input, &before);
	result = feed->look(feed->context, top);
	if (feed->settle)
		feed->settle(feed->context, top);
	forget_rates(top);
	strbuf_puts(&text, SCREEN_BEGIN);
	print(&text);
	if (!result)
		result = draw_tables(feed, top);
	text.length = 0;
	strbuf_puts(&text, SCREEN_END);
	print(&text);
	if (keys)
		tcsetattr(feed->input, TCSANOW, &before);
	strbuf_free(&text);
	return result;
}

static int show_once(const struct feed *feed, struct top *top)
{
	struct strbuf table __attribute__((cleanup(strbuf_free))) = STRBUF_INIT;
	int result = feed->look(feed->context, top);

	if (feed->settle)
		feed->settle(feed->context, top);
	forget_rates(top);
	top_draw(top, 1, TOP_ENTRIES_MAX + 2, 160, &table);
	print(&table);
	return result;
}

static int show(struct feed *feed)
{
	struct top top = {0};
	int result;

	if (feed->signals < 0)
		return -ENOMEM;
	if (feed->input >= 0 && !isatty(feed->input))
		feed->input = -1;
	result = isatty(STDOUT_FILENO) ? show_live(feed, &top) : show_once(feed, &top);

	close(feed->signals);
	top_free(&top);
	return result;
}

/* ---- the command ---- */

static enum status show_file(const char *name)
{
	struct follower follower = {.name = name, .fd = STDIN_FILENO, .part = STRBUF_INIT};
	struct feed feed = {.look = look_at_file, .context = &follower, .input = -1};
	int result;

	feed.signals = open_signals();
	if (strcmp(name, "-")) {
		follower.fd = open(name, O_RDONLY | O_CLOEXEC);
		feed.input = STDIN_FILENO;
	} else if (isatty(STDOUT_FILENO)) { /* a pipe that waits must not stop the clock */
		fcntl(STDIN_FILENO, F_SETFL, fcntl(STDIN_FILENO, F_GETFL) | O_NONBLOCK);
	}
	if (follower.fd < 0) {
		message("failed to open '%s': %s", name, strerror(errno));
		return STATUS_NOT;
	}
	result = show(&feed);
	if (result)
		message("failed to read '%s': %s", name, strerror(-result));
	if (follower.fd != STDIN_FILENO)
		close(follower.fd);
	strbuf_free(&follower.part);
	return result ? STATUS_NOT : STATUS_DONE;
}

static enum status show_instance(const char *bpffs)
{
	struct top_live live;
	struct feed feed = {
		.look = top_live_look,
		.settle = top_live_settle,
		.context = &live,
		.input = STDIN_FILENO,
		.quick = true,
	};
	enum status status;
	int result;

	feed.signals = open_signals(); /* no more once the filter is set */
	status = top_live_open(&live, bpffs);
	if (status != STATUS_DONE)
		return status;
	result = show(&feed);
	top_live_close(&live);
	if (result == -ESTALE)
		message("the instance at '%s' has been removed or made anew", bpffs);
	else if (result)
		message("failed to read the counters at '%s': %s", bpffs, strerror(-result));
	return result ? STATUS_NOT : STATUS_DONE;
}

struct options {
	const char *bpffs;
	bool help;
};

static const struct scan_row rows[] = {
	{"bpffs", 0, SCAN_TEXT, offsetof(struct options, bpffs), "DIR",
		"where the instance is pinned (" ARGUMENT_BPFFS ")", NULL},
	{"help", 'h', SCAN_FLAG, offsetof(struct options, help), NULL, "print this text", NULL},
	SCAN_END,
};

static const char usage[] =
	"Usage: cgward-audit top [OPTION]... [FILE]\n\n"
	"Who violates what: a table that is drawn anew each second, those with the most\n"
	"violations first. Without FILE: the live instance, which takes no event from its reader;\n"
	"counts of all cgroups are exact, those of single cgroups begin with the command and hold\n"
	"what was logged. With FILE (-: standard input): a log that was written with --format\n"
	"json, and grows. q ends it. Not on a terminal: one table.\n\n";

static enum status fail_usage(const char *text)
{
	message("top: %s\n  try 'cgward-audit top --help'", text);
	return STATUS_USAGE;
}

enum status top_run(int argc, char **argv)
{
	struct strbuf text __attribute__((cleanup(strbuf_free))) = STRBUF_INIT;
	struct options options = {.bpffs = NULL};
	struct scan_list operands = {.count = 0};
	enum status status;
	char *error = NULL;

	if (scan_options(rows, &options, &operands, argc, argv, &error)) {
		status = fail_usage(error);
		free(error);
		return status;
	}
	if (options.help) {
		strbuf_puts(&text, usage);
		scan_help(rows, &text);
		print(&text);
		return STATUS_DONE;
	}
	if (operands.count > 1 || (operands.count && options.bpffs))
		return fail_usage("expected one FILE, or - for standard input, or --bpffs DIR");
	if (operands.count)
		return show_file(operands.items[0]);
	return show_instance(options.bpffs ? options.bpffs : ARGUMENT_BPFFS);
}
