// SPDX-License-Identifier: GPL-2.0-only
/* Automata: against the slow matcher, minimal, deterministic, split where globs multiply. */
#include "ruleset.h"

#include <errno.h>
#include <stdlib.h>
#include "automaton.h"
#include "glob.h"

#define STATES_MAX AUTOMATON_STATES_MAX

static bool has_mark(const struct automaton *automaton, uint32_t set, uint32_t mark)
{
	for (size_t i = 0; i < automaton->sets[set].count; i++)
		if (automaton->sets[set].marks[i] == mark)
			return true;
	return false;
}

/* Random bytes that are often meta characters. */
static size_t random_text(uint64_t *seed, const char *alphabet, char *text, size_t longest)
{
	size_t length = random_next(seed) % (longest + 1), count = strlen(alphabet);

	for (size_t i = 0; i < length; i++)
		text[i] = alphabet[random_next(seed) % count];
	text[length] = 0;
	return length;
}

static struct automaton_glob random_glob(uint64_t *seed, char *text, int separator, uint32_t mark)
{
	const char *why;
	size_t where, length;

	do
		length = random_text(seed, "aab/*?[]!{},\\-", text, 12);
	while (glob_check(text, length, separator, &where, &why));
	return (struct automaton_glob){.text = text, .length = length, .mark = mark};
}

static void test_differential(void **state)
{
	uint64_t seed = 1;
	size_t matched = 0;

	(void)state;
	for (int round = 0; round < 20000; round++) {
		int separator = random_next(&seed) % 3 ? '/' : GLOB_NO_SEPARATOR;
		struct automaton_options options = {.separator = separator};
		size_t count = 1 + random_next(&seed) % 4;
		struct automaton_glob globs[4];
		struct automaton automaton;
		char texts[4][16], text[16];

		for (size_t i = 0; i < count; i++)
			globs[i] = random_glob(&seed, texts[i], separator, 10 * i);
		assert_int_equal(
			automaton_compile(&automaton, globs, count, &options, STATES_MAX), 0);
		for (int probe = 0; probe < 30; probe++) {
			size_t length = random_text(&seed, "ab/*-c", text, 8);
			uint32_t set = automaton_match(&automaton, text, length);

			for (size_t i = 0; i < count; i++) {
				bool slow = glob_match_slow(
					globs[i].text, globs[i].length, separator, text, length);

				matched += slow;
				if (slow != has_mark(&automaton, set, 10 * i))
					fail_msg("%s on %s: %s", texts[i], text,
						slow ? "must match" : "must not match");
			}
		}
		automaton_free(&automaton);
	}
	assert_in_range(matched, 50000, 2000000);
}

/* Equivalent states by the definition: pairs that no text tells apart, found by iteration. */
static bool is_minimal(const struct automaton *automaton)
{
	uint32_t n = automaton->state_count, classes = automaton->class_count;
	bool *differ = calloc((size_t)n * n, sizeof(*differ)), changed = true, minimal = true;

	for (uint32_t i = 0; i < n; i++)
		for (uint32_t j = 0; j < n; j++)
			differ[i * n + j] = automaton->set_of[i] != automaton->set_of[j];
	while (changed) {
		changed = false;
		for (uint32_t i = 0; i < n; i++)
			for (uint32_t j = 0; j < n; j++)
				for (uint32_t c = 0; c < classes && !differ[i * n + j]; c++) {
					uint32_t a = automaton->next[i * classes + c];
					uint32_t b = automaton->next[j * classes + c];

					if (differ[a * n + b])
						differ[i * n + j] = changed = true;
				}
	}
	for (uint32_t i = 0; i < n; i++)
		for (uint32_t j = 0; j < i; j++)
			minimal &= differ[i * n + j];
	free(differ);
	return minimal;
}

static void test_minimal(void **state)
{
	uint64_t seed = 2;
	size_t states = 0;

	(void)state;
	for (int round = 0; round < 2000; round++) {
		struct automaton_options options = {
			.separator = '/', .reduce = round % 2 ? automaton_reduce_greatest : NULL};
		size_t count = 1 + random_next(&seed) % 4;
		struct automaton_glob globs[4];
		struct automaton automaton;
		char texts[4][16];

		for (size_t i = 0; i < count; i++)
			globs[i] = random_glob(&seed, texts[i], '/', random_next(&seed) % 3);
		assert_int_equal(
			automaton_compile(&automaton, globs, count, &options, STATES_MAX), 0);
		states += automaton.state_count;
		if (!is_minimal(&automaton))
			fail_msg("not minimal: %s", texts[0]);
		automaton_free(&automaton);
	}
	assert_in_range(states, 8000, 200000);
}

/* Known sizes: the dead state included. */
static void test_size(void **state)
{
	static const struct {
		const char *glob;
		uint32_t states, classes;
	} rows[] = {
		{"", 2, 1}, {"abc", 5, 4}, {"**", 2, 1}, {"/etc/**", 7, 5}, {"{abc,xbc}", 5, 5},
		{"{abc,abd}", 5, 5}, {"*", 2, 2},
		{"a*b", 4, 4}, /* classes: a, b, the separator, the rest */
	};
	struct automaton_options options = {.separator = '/'};

	(void)state;
	for (size_t i = 0; i < ROWS(rows); i++) {
		struct automaton_glob glob = {rows[i].glob, strlen(rows[i].glob), 1};
		struct automaton automaton;

		assert_int_equal(automaton_compile(&automaton, &glob, 1, &options, STATES_MAX), 0);
		if (automaton.state_count != rows[i].states ||
			automaton.class_count != rows[i].classes)
			fail_msg("%s: %u states, %u classes", rows[i].glob, automaton.state_count,
				automaton.class_count);
		automaton_free(&automaton);
	}
}

static void test_none(void **state)
{
	struct automaton_options options = {.separator = '/'};
	struct automaton automaton;

	(void)state;
	assert_int_equal(automaton_compile(&automaton, NULL, 0, &options, STATES_MAX), 0);
	assert_int_equal(automaton_match(&automaton, "", 0), 0);
	assert_int_equal(automaton_match(&automaton, "a", 1), 0);
	automaton_free(&automaton);
}

static void test_too_big(void **state)
{
	/* one of the last 20 bytes was an a: 2^20 states */
	static const char text[] = "**a????????????????????";
	struct automaton_glob globs[] = {{"/x", 2, 1}, {text, strlen(text), 2}};
	struct automaton_options options = {.separator = '/'};
	struct automaton automaton = {.state_count = 77};
	struct automaton *list = NULL;
	size_t count = 0, culprit = 99;

	(void)state;
	assert_int_equal(automaton_compile(&automaton, globs, 2, &options, STATES_MAX), -E2BIG);
	assert_int_equal(automaton.state_count, 77);
	assert_int_equal(automaton_split(&list, &count, globs, 2, &options, &culprit), -E2BIG);
	assert_null(list);
	assert_int_equal(count, 0);
	assert_int_equal(culprit, 1);
	/* a limit that just does */
	assert_int_equal(automaton_compile(&automaton, globs, 1, &options, 4), 0);
	automaton_free(&automaton);
	assert_int_equal(automaton_compile(&automaton, globs, 1, &options, 3), -E2BIG);
}

static void test_reduce(void **state)
{
	struct automaton_glob globs[] = {{"/a/**", 5, 1}, {"/a/b", 4, 5}, {"/**", 3, 3}};
	struct automaton_options options = {.separator = '/', .reduce = automaton_reduce_greatest};
	struct automaton automaton;
	uint32_t set;

	(void)state;
	assert_int_equal(automaton_compile(&automaton, globs, 3, &options, STATES_MAX), 0);
	assert_int_equal(automaton.set_count, 3); /* none, 3, 5 */
	set = automaton_match(&automaton, "/a/b", 4);
	assert_int_equal(automaton.sets[set].count, 1);
	assert_int_equal(automaton.sets[set].marks[0], 5);
	set = automaton_match(&automaton, "/a/c", 4);
	assert_int_equal(automaton.sets[set].marks[0], 3);
	/* where /a/ ** matches makes no difference any more */
	assert_int_equal(automaton.state_count, 7);
	automaton_free(&automaton);
}

/* All rows of one shape or of several. */
static char *make_glob(int shape, int i)
{
	struct strbuf text = STRBUF_INIT;

	switch (shape == 4 ? i % 4 : shape) {
	case 0:
		strbuf_printf(&text, "/usr/lib/x%d/share/name%d", i % 100, i);
		break;
	case 1:
		strbuf_printf(&text, "/**/name%d", i);
		break;
	case 2:
		strbuf_printf(&text, "/h%d/*/d%d/", i, i);
		break;
	default:
		strbuf_printf(&text, "/srv/d%d/**", i);
	}
	return strbuf_take(&text);
}

static void same_automata(const struct automaton *a, const struct automaton *b)
{
	size_t cells = (size_t)a->state_count * a->class_count;

	assert_int_equal(a->state_count, b->state_count);
	assert_int_equal(a->class_count, b->class_count);
	assert_memory_equal(a->next, b->next, cells * sizeof(*a->next));
	assert_memory_equal(a->set_of, b->set_of, a->state_count * sizeof(*a->set_of));
	assert_memory_equal(a->class_of, b->class_of, sizeof(a->class_of));
}

/* The greatest mark that any automaton of a list gives. */
static uint32_t list_match(
	const struct automaton *list, size_t count, const char *text, size_t length)
{
	uint32_t best = 0;

	for (size_t i = 0; i < count; i++) {
		uint32_t set = automaton_match(&list[i], text, length);

		if (set && list[i].sets[set].marks[0] > best)
			best = list[i].sets[set].marks[0];
	}
	return best;
}

/* Texts that a glob matches, and texts beside them. */
static void probe_list(const struct automaton *list, size_t list_count,
	const struct automaton_glob *globs, size_t count, uint64_t *seed)
{
	for (int probe = 0; probe < 300; probe++) {
		const struct automaton_glob *glob = &globs[random_next(seed) % count];
		uint32_t expected = 0;
		char text[64];
		size_t length = 0;

		for (size_t i = 0; i < glob->length; i++)
			if (glob->text[i] != '*' || random_next(seed) % 2)
				text[length++] = glob->text[i] == '*' ? 'q' : glob->text[i];
		if (random_next(seed) % 2)
			length--;
		for (size_t i = 0; i < count; i++)
			if (globs[i].mark > expected &&
				glob_match_slow(globs[i].text, globs[i].length, '/', text, length))
				expected = globs[i].mark;
		assert_int_equal(list_match(list, list_count, text, length), expected);
	}
}

static void test_split(void **state)
{
	static const struct {
		int shape;
		size_t count, automata_max;
		size_t states_max;
	} rows[] = {
		{0, 1000, 1, 12000},
		{1, 1000, 1, 12000},
		{2, 1000, 1, 12000},
		{4, 1000, 3, 8000},
		{4, 4000, 3, 30000},
	};
	struct automaton_options options = {.separator = '/', .reduce = automaton_reduce_greatest};
	uint64_t seed = 3;

	(void)state;
	for (size_t row = 0; row < ROWS(rows); row++) {
		size_t count = rows[row].count, list_count = 0, again_count = 0, states = 0;
		struct automaton_glob *globs = calloc(count, sizeof(*globs));
		struct automaton *list = NULL, *again = NULL;
		size_t culprit;

		for (size_t i = 0; i < count; i++) {
			char *text = make_glob(rows[row].shape, i);

			globs[i] = (struct automaton_glob){text, strlen(text), i + 1};
		}
		assert_int_equal(
			automaton_split(&list, &list_count, globs, count, &options, &culprit), 0);
		assert_int_equal(
			automaton_split(&again, &again_count, globs, count, &options, &culprit), 0);
		assert_int_equal(list_count, again_count);
		for (size_t i = 0; i < list_count; i++) {
			states += list[i].state_count;
			same_automata(&list[i], &again[i]);
		}
		if (list_count > rows[row].automata_max || states > rows[row].states_max)
			fail_msg("row %zu: %zu automata, %zu states", row, list_count, states);
		probe_list(list, list_count, globs, count, &seed);
		for (size_t i = 0; i < count; i++)
			free((char *)globs[i].text);
		free(globs);
		automaton_list_free(&list, &list_count);
		automaton_list_free(&again, &again_count);
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_differential),
		cmocka_unit_test(test_minimal),
		cmocka_unit_test(test_size),
		cmocka_unit_test(test_none),
		cmocka_unit_test(test_too_big),
		cmocka_unit_test(test_reduce),
		cmocka_unit_test(test_split),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
