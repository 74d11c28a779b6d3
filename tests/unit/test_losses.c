// SPDX-License-Identifier: GPL-2.0-only
/* losses.h: what is lost is reported once, whichever of counter and hole shows first. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>
#include <cmocka.h>
#include "losses.h"

#define CPUS 2

static struct cgw_cpu counters[CPUS];
static struct losses losses;
static int64_t now;

/* What has been reported. */
static uint64_t reported[LOSS_COUNT], reports;
static struct loss last;

static void on_loss(void *context, const struct loss *loss)
{
	assert_ptr_equal(context, &losses);
	assert_true(loss->count > 0);
	assert_true(loss->since <= loss->until);
	reported[loss->reason] += loss->count;
	reports++;
	last = *loss;
}

static void start(void)
{
	memset(reported, 0, sizeof(reported));
	reports = 0;
	now = 1000;
	losses_start(&losses, counters, CPUS, now, on_loss, &losses);
}

static void update(bool drained)
{
	now += 1000;
	losses_update(&losses, counters, now, drained, false);
}

static int setup(void **state)
{
	(void)state;
	memset(counters, 0, sizeof(counters));
	return 0;
}

static int teardown(void **state)
{
	(void)state;
	losses_free(&losses);
	return 0;
}

static void seen(uint32_t cpu, uint64_t first, uint64_t to)
{
	for (uint64_t i = first; i <= to; i++)
		assert_true(losses_seen(&losses, cpu, i, 1));
}

static void expect(uint64_t no_room, uint64_t gap, uint64_t undecodable)
{
	assert_int_equal(reported[LOSS_NO_ROOM], no_room);
	assert_int_equal(reported[LOSS_GAP], gap);
	assert_int_equal(reported[LOSS_UNDECODABLE], undecodable);
}

static void test_nothing_lost(void **state)
{
	(void)state;
	counters[0].sequence = 40; /* 31 to 40 still wait, 1 to 30 were read by an earlier reader */
	start();
	seen(0, 31, 40);
	update(true);
	counters[0].sequence = 45;
	seen(0, 41, 45);
	seen(1, 1, 5);
	counters[1].sequence = 5;
	update(true);
	update(true);
	expect(0, 0, 0);
	assert_false(losses_seen(&losses, CPUS, 1, 1));
}

static void test_before_start(void **state)
{
	(void)state;
	counters[0] = (struct cgw_cpu){.sequence = 100, .lost = 30};
	counters[1] = (struct cgw_cpu){.sequence = 9, .lost = 4};
	start();
	expect(34, 0, 0);
	assert_int_equal(reports, 1);
	assert_int_equal(last.cpu, -1);
	assert_int_equal(last.since, 0);
	assert_int_equal(last.until, 1000);
	/* Their holes may be in what waits. */
	seen(0, 51, 60);
	seen(0, 81, 100);
	update(true);
	update(true);
	expect(34, 0, 0);
	/* They explain nothing that comes later. */
	seen(0, 104, 110);
	counters[0].sequence = 110;
	update(true);
	expect(34, 0, 0);
	update(true);
	expect(34, 3, 0);
	assert_int_equal(last.cpu, 0);
}

static void test_counter_first(void **state)
{
	(void)state;
	start();
	seen(0, 1, 10);
	counters[0] = (struct cgw_cpu){.sequence = 15, .lost = 5};
	update(true);
	expect(5, 0, 0);
	assert_int_equal(last.cpu, 0);
	assert_int_equal(last.since, 1000);
	assert_int_equal(last.until, 2000);
	update(true);
	seen(0, 16, 20);
	counters[0].sequence = 20;
	update(true);
	update(true);
	expect(5, 0, 0);
}

static void test_hole_first(void **state)
{
	(void)state;
	start();
	seen(0, 1, 10);
	seen(0, 16, 20);
	counters[0] = (struct cgw_cpu){.sequence = 20, .lost = 3}; /* two are not counted yet */
	update(true);
	expect(3, 0, 0);
	counters[0].lost = 5;
	update(true);
	update(true);
	expect(5, 0, 0);
}

/* The counters of one CPU are not read at one instant. */
static void test_torn_counters(void **state)
{
	(void)state;
	start();
	seen(0, 1, 10);
	counters[0] = (struct cgw_cpu){.sequence = 10, .lost = 1};
	update(true);
	seen(0, 12, 12);
	counters[0].sequence = 12;
	update(true);
	update(true);
	expect(1, 0, 0);
}

static void test_foreign_reader(void **state)
{
	(void)state;
	start();
	seen(0, 1, 10);
	seen(0, 13, 20);
	counters[0].sequence = 20;
	update(true);
	expect(0, 0, 0);
	update(true);
	expect(0, 2, 0);
	assert_int_equal(last.since, 1000);
	update(true);
	expect(0, 2, 0);
}

static void test_foreign_reader_of_first(void **state)
{
	(void)state;
	counters[0].sequence = 10;
	start();
	update(true); /* nothing was there */
	seen(0, 14, 20);
	counters[0].sequence = 20;
	update(true);
	update(true);
	expect(0, 3, 0);
}

static void test_late(void **state)
{
	(void)state;
	start();
	seen(0, 1, 10);
	seen(0, 12, 12);
	update(true);
	seen(0, 11, 11);
	update(true);
	update(true);
	expect(0, 0, 0);
	/* It comes after a loss has been taken for its hole. */
	seen(0, 14, 14);
	counters[0] = (struct cgw_cpu){.sequence = 15, .lost = 1}; /* 15 */
	update(true);
	seen(0, 13, 13);
	seen(0, 16, 16);
	counters[0].sequence = 16;
	update(true);
	update(true);
	expect(1, 0, 0);
}

static void test_final(void **state)
{
	(void)state;
	start();
	seen(0, 1, 10);
	seen(0, 12, 12);
	counters[0].sequence = 12;
	losses_update(&losses, counters, 2000, true, true);
	expect(0, 1, 0);
}

/* A record that cannot be decoded leaves a hole, too. */
static void test_undecodable(void **state)
{
	(void)state;
	start();
	seen(0, 1, 10);
	losses_undecodable(&losses);
	losses_undecodable(&losses);
	seen(0, 12, 12);
	seen(1, 1, 3);
	seen(1, 6, 6);
	update(true);
	expect(0, 0, 2);
	assert_int_equal(last.cpu, -1);
	update(true);
	update(true);
	expect(0, 1, 2);
}

/*
 * A kernel that loses events, delays others, and is read by somebody else now and then: in the end
 * every number was seen or has been reported, exactly once.
 */
static void test_simulation(void **state)
{
	(void)state;
	for (unsigned int seed = 0; seed < 300; seed++) {
		uint64_t shown = 0, lost = 0, foreign = 0, late = 0;

		srand(seed);
		memset(counters, 0, sizeof(counters));
		start();
		for (int step = 0; step < 2000; step++) {
			struct cgw_cpu *cpu = &counters[rand() % CPUS];
			uint32_t index = cpu - counters;
			int what = rand() % 20;

			cpu->sequence++;
			if (what == 0) {
				cpu->lost++;
				lost++;
			} else if (what == 1 && seed % 2) {
				foreign++;
			} else if (what == 2 && !late && !index) {
				late = cpu->sequence;
			} else {
				seen(index, cpu->sequence, cpu->sequence);
				shown++;
			}
			if (late && rand() % 5 == 0) {
				seen(0, late, late);
				shown++;
				late = 0;
			}
			if (rand() % 50 == 0 && !late)
				update(true);
		}
		if (late)
			seen(0, late, late);
		shown += !!late;
		for (int i = 0; i < CPUS; i++) {
			counters[i].sequence++;
			shown++;
			seen(i, counters[i].sequence, counters[i].sequence);
		}
		losses_update(&losses, counters, now + 1, true, true);
		assert_int_equal(reported[LOSS_NO_ROOM], lost);
		assert_int_equal(reported[LOSS_GAP], foreign);
		assert_int_equal(
			shown + lost + foreign, counters[0].sequence + counters[1].sequence);
		losses_free(&losses);
	}
}

#define TEST(name) cmocka_unit_test_setup_teardown(name, setup, teardown)

int main(void)
{
	const struct CMUnitTest tests[] = {
		TEST(test_nothing_lost),
		TEST(test_before_start),
		TEST(test_counter_first),
		TEST(test_hole_first),
		TEST(test_torn_counters),
		TEST(test_foreign_reader),
		TEST(test_foreign_reader_of_first),
		TEST(test_late),
		TEST(test_final),
		TEST(test_undecodable),
		TEST(test_simulation),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
