/* SPDX-License-Identifier: GPL-2.0-only */
/* ruleset.h - what the tests of the compiler share: rulesets from texts, and questions to them. */
#ifndef CGW_TESTS_RULESET_H
#define CGW_TESTS_RULESET_H

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <string.h>
#include <cmocka.h>
#include "compile.h"
#include "operation.h"
#include "policy.h"

#define ROWS(table) (sizeof(table) / sizeof(*(table)))

/* A policy named x that governs /a and all below; rules follow. */
#define HEAD "[policy]\nname = x\ncgroup = /a\n"

static inline void print_diagnostics(const struct diagnostics *diags)
{
	for (size_t i = 0; i < diags->count; i++) {
		struct strbuf out = STRBUF_INIT;

		diagnostic_print(&diags->items[i], &out);
		print_error("%s", strbuf_text(&out));
		strbuf_free(&out);
	}
}

/* Reads policies that are good. Ends with NULL. */
static inline void ruleset_read(struct policies *policies, const char *const *texts)
{
	struct diagnostics diags = {0};

	*policies = (struct policies){0};
	for (size_t i = 0; texts[i]; i++) {
		char file[32];

		snprintf(file, sizeof(file), "%zu.ini", i);
		policies_read_text(policies, file, texts[i], strlen(texts[i]), &diags);
	}
	policies_lint(policies, &diags);
	if (diags.errors) {
		print_diagnostics(&diags);
		fail_msg("the ruleset of a test does not parse");
	}
	diagnostics_free(&diags);
}

/* Compiles and verifies policies that are good. */
static inline void ruleset_compile(struct image *image, const char *const *texts,
	const struct image *previous, const struct attachment *attachments, size_t attachment_count)
{
	struct policies policies;
	struct diagnostics diags = {0};
	const char *why;

	ruleset_read(&policies, texts);
	if (policies_compile(image, &policies, previous, attachments, attachment_count, &diags)) {
		print_diagnostics(&diags);
		fail_msg("the ruleset of a test does not compile");
	}
	if (image_verify(image->data, image->size, &why))
		fail_msg("an image does not verify: %s", why);
	policies_free(&policies);
	diagnostics_free(&diags);
}

static inline struct image ruleset_image(const char *text)
{
	const char *const texts[] = {text, NULL};
	struct image image;

	ruleset_compile(&image, texts, NULL, NULL, 0);
	return image;
}

/* The verdict on an operation, as it is written in a policy, in a cgroup. */
static inline struct cgw_decision ruleset_ask(
	const struct image *image, const char *cgroup, const char *text)
{
	struct cgw_decision decision = {0};
	struct operation operation;
	struct cgw_set set;
	char *error;

	if (operation_parse(&operation, text, &error))
		fail_msg("%s: %s", text, error);
	image_scope(image, cgroup, &set);
	assert_int_equal(image_evaluate(image, &set, &operation, &decision), 0);
	operation_free(&operation);
	return decision;
}

/* A generator whose numbers are the same on every machine. */
static inline uint32_t random_next(uint64_t *state)
{
	*state = *state * 6364136223846793005ULL + 1442695040888963407ULL;
	return *state >> 33;
}

#endif
