// SPDX-License-Identifier: GPL-2.0-only
/* [file]: what the policies say of a path, and which second names of an object are refused. */
#include "ruleset.h"

#include <stdlib.h>
#include <time.h>

#include "glob.h"
#include "match_file.h"

/* ---- paths ---- */

static const struct question {
	const char *rules; /* behind HEAD; NULL: those of the row before */
	const char *operation;
	enum cgw_verdict verdict;
	uint32_t line; /* of the rule; 0: allowed */
} questions[] = {
	{"[file]\ndeny = read,write /etc/shadow\ndeny = write /usr/** /etc/**\n"
	 "allow = write /etc/resolv.conf\ndeny = exec /tmp/** memfd:*\naudit = read "
	 "/var/log/*.log\n",
		"read /etc/shadow", CGW_VERDICT_DENY, 5},
	{NULL, "write /etc/shadow", CGW_VERDICT_DENY, 5},
	{NULL, "exec /etc/shadow", CGW_VERDICT_ALLOW, 0},
	{NULL, "read /etc/passwd", CGW_VERDICT_ALLOW, 0},
	{NULL, "write /etc/passwd", CGW_VERDICT_DENY, 6},
	{NULL, "write /etc", CGW_VERDICT_DENY, 6},
	{NULL, "write /etcetera", CGW_VERDICT_ALLOW, 0},
	{NULL, "write /etc/resolv.conf", CGW_VERDICT_ALLOW, 0},
	{NULL, "write /etc/resolv.conf.d", CGW_VERDICT_DENY, 6},
	{NULL, "write /usr/a/b/c/d/e", CGW_VERDICT_DENY, 6},
	{NULL, "exec /tmp/x/y", CGW_VERDICT_DENY, 8},
	{NULL, "exec memfd:anything", CGW_VERDICT_DENY, 8},
	{NULL, "exec /memfd:anything", CGW_VERDICT_ALLOW, 0},
	{NULL, "write memfd:anything", CGW_VERDICT_ALLOW, 0},
	{NULL, "read /var/log/a.log", CGW_VERDICT_AUDIT, 9},
	{NULL, "read /var/log/a/b.log", CGW_VERDICT_ALLOW, 0},
	{"[file]\ndeny = all /**\nallow = exec,read /bin/sh\n", "read /", CGW_VERDICT_DENY, 5},
	{NULL, "read /bin/sh", CGW_VERDICT_ALLOW, 0},
	{NULL, "exec /bin/sh", CGW_VERDICT_ALLOW, 0},
	{NULL, "write /bin/sh", CGW_VERDICT_DENY, 5},
	{NULL, "exec memfd:x", CGW_VERDICT_ALLOW, 0},
	{"[file]\ndeny = read /**/.ssh/id_*\naudit = read /home/*/.ssh/**\n",
		"read /home/a/.ssh/id_rsa", CGW_VERDICT_DENY, 5},
	{NULL, "read /.ssh/id_x", CGW_VERDICT_DENY, 5},
	{NULL, "read /home/a/.ssh/config", CGW_VERDICT_AUDIT, 6},
	{NULL, "read /home/a/.ssh/id_/x", CGW_VERDICT_AUDIT, 6},
};

static struct image compile(const char *rules)
{
	struct strbuf text = STRBUF_INIT;
	struct image image;

	strbuf_printf(&text, "%s%s", HEAD, rules);
	image = ruleset_image(text.data);
	strbuf_free(&text);
	return image;
}

static void test_questions(void **state)
{
	struct cgw_set set = {.word = {1}};
	struct image image = {0};

	(void)state;
	for (size_t i = 0; i < ROWS(questions); i++) {
		const struct question *row = &questions[i];
		struct operation operation;
		struct cgw_decision decision;
		char *error;

		if (row->rules) {
			image_free(&image);
			image = compile(row->rules);
		}
		assert_int_equal(operation_parse(&operation, row->operation, &error), 0);
		assert_int_equal(image_evaluate(&image, &set, &operation, &decision), 0);
		if (decision.verdict != row->verdict)
			fail_msg("%s: verdict %u", row->operation, decision.verdict);
		if (row->line)
			assert_int_equal(image_rule(&image, decision.rule)->line, row->line);
		if (row->verdict != CGW_VERDICT_ALLOW)
			assert_int_equal(decision.op, operation.op);
		operation_free(&operation);
	}
	image_free(&image);
}

/* ---- seal ---- */

struct request {
	struct cgw_view view;
	struct cgw_work work;
	struct cgw_value value;
	struct cgw_file_work files;
};

static void request_open(struct request *request, const struct image *image, struct cgw_file *file)
{
	request->view.image = image->data;
	request->view.size = image->size;
	request->work.set.word[0] = ~0ULL >> (64 - image_header(image)->policy_count);
	request->work.words = 1;
	cgw_view_open(&request->view);
	*file = (struct cgw_file){.judge = {&request->view, &request->work},
		.work = &request->files,
		.bytes = request->value.written};
}

/*
 * An object with the first name is to get the second one, too; or, with NULL and "", see enum
 * cgw_second. The first name stands in the buffer `first`; each anywhere in its buffer.
 */
static struct cgw_decision seal(
	const struct image *image, const char *is, const char *becomes, bool directory, int first)
{
	struct request *request = xcalloc(1, sizeof(*request));
	size_t length = becomes ? strlen(becomes) : 0;
	struct cgw_file_work *work = &request->files;
	struct cgw_decision decision;
	struct cgw_file file;

	request_open(request, image, &file);
	work->directory = directory;
	work->first = first;
	work->second = !becomes	  ? CGW_SECOND_UNKNOWN
		       : *becomes ? CGW_SECOND_NAME
				  : CGW_SECOND_COVERED;
	work->name[first] = (struct cgw_file_name){CGW_TEXT_MAX - strlen(is), CGW_TEXT_MAX};
	work->name[!first] = (struct cgw_file_name){7, 7 + length};
	memcpy((first ? request->value.normal : request->value.written) + work->name[first].from,
		is, strlen(is));
	if (length)
		memcpy((first ? request->value.written : request->value.normal) + 7, becomes,
			length);
	cgw_judge_seal(&file);
	assert_int_equal(request->view.broken, 0);
	decision = request->work.decision;
	free(request);
	return decision;
}

static const struct sealed {
	const char *rules;
	const char *is, *becomes;
	bool directory;
	enum cgw_verdict verdict;
	uint32_t line;
} sealed[] = {
	{"[file]\ndeny = read /etc/shadow\naudit = write /srv/**\ndeny = read /home/*/.ssh/**\n"
	 "deny = exec /tmp/**\n",
		"/etc/shadow", "/tmp/x", false, CGW_VERDICT_DENY, 5},
	{NULL, "/etc/passwd", "/tmp/x", false, CGW_VERDICT_ALLOW, 0},
	{NULL, "/etc/passwd", "/etc/shadow", false, CGW_VERDICT_ALLOW, 0},
	{NULL, "/etc", "/e", true, CGW_VERDICT_DENY, 5},
	{NULL, "/etc", "/e", false, CGW_VERDICT_ALLOW, 0},
	{NULL, "/", "/mnt", true, CGW_VERDICT_DENY, 5},
	{NULL, "/etc/ssl", "/mnt", true, CGW_VERDICT_ALLOW, 0},
	{NULL, "/srv/a", "/srv/b", false, CGW_VERDICT_ALLOW, 0},
	{NULL, "/srv/a", "/srv/b", true, CGW_VERDICT_ALLOW, 0},
	{NULL, "/srv/a", "/a", false, CGW_VERDICT_AUDIT, 6},
	{NULL, "/srv/a", "/a", true, CGW_VERDICT_AUDIT, 6},
	{NULL, "/srv/a", "/tmp/a", false, CGW_VERDICT_AUDIT, 6},
	{NULL, "/home/bob", "/home/bob2", true, CGW_VERDICT_ALLOW, 0},
	{NULL, "/home/bob", "/bob", true, CGW_VERDICT_DENY, 7},
	{NULL, "/home/bob/.ssh", "/home/bob/x", true, CGW_VERDICT_DENY, 7},
	{NULL, "/home/bob/.ssh/id", "/home/bob/id", false, CGW_VERDICT_DENY, 7},
	{NULL, "/tmp/x", "/usr/bin/x", false, CGW_VERDICT_DENY, 8},
	{NULL, "/tmp/x", "/tmp/y", false, CGW_VERDICT_ALLOW, 0},
	/* exceptions: into one; out of one; within one */
	{"[file]\ndeny = read /data/**\nallow = read /data/public/**\n", "/data/x",
		"/data/public/x", false, CGW_VERDICT_DENY, 5},
	{NULL, "/data/x", "/data/public/x", true, CGW_VERDICT_DENY, 5},
	{NULL, "/data/public/x", "/data/x", true, CGW_VERDICT_ALLOW, 0},
	{NULL, "/data/public/x", "/x", true, CGW_VERDICT_ALLOW, 0},
	{NULL, "/data", "/x", true, CGW_VERDICT_DENY, 5},
	/* wherever it is: no name frees it, but for one that no longer is it */
	{"[file]\ndeny = read /**/*.key\n", "/a", "/b", true, CGW_VERDICT_ALLOW, 0},
	{NULL, "/a/x.key", "/b/y.key", false, CGW_VERDICT_ALLOW, 0},
	{NULL, "/a/x.key", "/a/x", false, CGW_VERDICT_DENY, 5},
	/* a name that is not known; a mount on top */
	{"[file]\ndeny = read /etc/shadow\ndeny = write /usr/**\n", "/etc", NULL, true,
		CGW_VERDICT_DENY, 5},
	{NULL, "/etc/shadow", NULL, false, CGW_VERDICT_DENY, 5},
	{NULL, "/srv", NULL, true, CGW_VERDICT_ALLOW, 0},
	{NULL, "/", NULL, true, CGW_VERDICT_DENY, 5},
	{NULL, "/etc", "", true, CGW_VERDICT_ALLOW, 0},
	{NULL, "/", "", true, CGW_VERDICT_DENY, 6},
	{NULL, "/usr/x", "", true, CGW_VERDICT_DENY, 6},
	{"[file]\nseal = no\ndeny = read /etc/shadow\n", "/etc/shadow", "/x", false,
		CGW_VERDICT_ALLOW, 0},
	{NULL, "/etc", "/x", true, CGW_VERDICT_ALLOW, 0},
};

static void test_sealed(void **state)
{
	struct image image = {0};

	(void)state;
	for (size_t i = 0; i < ROWS(sealed); i++) {
		const struct sealed *row = &sealed[i];
		struct cgw_decision decision;

		if (row->rules) {
			image_free(&image);
			image = compile(row->rules);
		}
		for (int first = 0; first < 2; first++) {
			decision = seal(&image, row->is, row->becomes, row->directory, first);
			if (decision.verdict != row->verdict)
				fail_msg("%s -> %s: verdict %u", row->is,
					row->becomes ? row->becomes : "?", decision.verdict);
			if (!row->line)
				continue;
			assert_int_equal(image_rule(&image, decision.rule)->line, row->line);
			assert_int_equal(decision.reason, CGW_REASON_SEALED);
			assert_int_equal(decision.op, CGW_OP_FILE_WRITE);
		}
	}
	image_free(&image);
}

/* The same question about a name in either buffer, for several operations at once. */
static void test_buffers(void **state)
{
	struct image image = compile("[file]\ndeny = write /a\naudit = read /a\n");

	(void)state;
	for (int which = 0; which < 2; which++) {
		struct request *request = xcalloc(1, sizeof(*request));
		struct cgw_file file;

		request_open(request, &image, &file);
		request->files.first = which;
		request->files.ops = 1U << CGW_OP_FILE_READ | 1U << CGW_OP_FILE_WRITE;
		request->files.name[which] = (struct cgw_file_name){100, 102};
		memcpy((which ? request->value.normal : request->value.written) + 100, "/a", 2);
		cgw_judge_file(&file);
		assert_int_equal(request->work.decision.verdict, CGW_VERDICT_DENY);
		assert_int_equal(request->work.decision.op, CGW_OP_FILE_WRITE);
		request->files.ops = 1U << CGW_OP_FILE_READ;
		cgw_judge_file(&file);
		assert_int_equal(request->work.decision.verdict, CGW_VERDICT_AUDIT);
		request->files.ops = 1U << CGW_OP_FILE_EXEC;
		cgw_judge_file(&file);
		assert_int_equal(request->work.decision.verdict, CGW_VERDICT_ALLOW);
		free(request);
	}
	image_free(&image);
}

/* ---- many rules, some of whose shapes multiply each other ---- */

#define MANY 10000

static void many_rule(struct strbuf *text, int i)
{
	const char *action = i % 10 == 9 ? "allow" : "deny";

	if (i % 10 == 3)
		strbuf_printf(text, "%s = read,write /**/name%d.key\n", action, i);
	else if (i % 10 == 6)
		strbuf_printf(text, "%s = write /home/*/d%d/file%d\n", action, i % 97, i);
	else if (i % 10 == 7)
		strbuf_printf(text, "%s = all /srv/app%d/**\n", action, i);
	else
		strbuf_printf(text, "%s = read,write /opt/vendor%d/share/item-%d.conf\n", action,
			i % 50, i);
}

static double seconds_of(const struct timespec *from)
{
	struct timespec now;

	clock_gettime(CLOCK_MONOTONIC, &now);
	return now.tv_sec - from->tv_sec + (now.tv_nsec - from->tv_nsec) / 1e9;
}

/* The rule must be the one that answers about what it names; wildcards are left out. */
static void ask_many(const struct image *image, int i)
{
	struct strbuf line = STRBUF_INIT, question = STRBUF_INIT;
	struct cgw_decision decision;

	many_rule(&line, i);
	strbuf_printf(&question, "write %.*s", (int)strcspn(strchr(line.data, '/'), "\n"),
		strchr(line.data, '/'));
	if (!strchr(question.data, '*')) {
		decision = ruleset_ask(image, "/a", question.data);
		assert_int_equal(
			decision.verdict, i % 10 == 9 ? CGW_VERDICT_ALLOW : CGW_VERDICT_DENY);
		if (decision.verdict == CGW_VERDICT_DENY)
			assert_int_equal(image_rule(image, decision.rule)->line, 5 + i);
	}
	strbuf_free(&line);
	strbuf_free(&question);
}

static void test_many(void **state)
{
	struct strbuf text = STRBUF_INIT;
	struct timespec start;
	struct image image;
	int links = 0;

	(void)state;
	strbuf_puts(&text, "[file]\n");
	for (int i = 0; i < MANY; i++)
		many_rule(&text, i);
	clock_gettime(CLOCK_MONOTONIC, &start);
	image = compile(text.data);
	for (uint32_t at = image_policy(&image, 0)->files[0]; at;
		at = ((const struct cgw_automaton *)(image.data + at))->next)
		links++;
	print_message("%d mixed rules: %.2f s, %u KiB, %d automata\n", MANY, seconds_of(&start),
		image.size >> 10, links);
	assert_true(image.size < 48U << 20);
	for (int i = 0; i < MANY; i += 7)
		ask_many(&image, i);
	image_free(&image);
	strbuf_free(&text);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_questions),
		cmocka_unit_test(test_sealed),
		cmocka_unit_test(test_buffers),
		cmocka_unit_test(test_many),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
