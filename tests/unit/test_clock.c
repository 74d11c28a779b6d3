// SPDX-License-Identifier: GPL-2.0-only
/* clock_parse() and clock_format(). */
#include <errno.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>
#include "clock.h"

#define SECOND NSEC_PER_SEC
#define NOW (1795230855LL * SECOND) /* 2026-11-21T03:14:15Z */

static const struct {
	const char *text;
	int64_t time; /* -1: refused */
} rows[] = {
	{"2026-11-21T03:14:15Z", NOW},
	{"2026-11-21t03:14:15z", NOW},
	{"2026-11-21 03:14:15Z", NOW},
	{"2026-11-21T03:14:15+00:00", NOW},
	{"2026-11-21T05:44:15+02:30", NOW},
	{"2026-11-20T22:14:15-05:00", NOW},
	{"2026-11-21T03:14:15.5Z", NOW + SECOND / 2},
	{"2026-11-21T03:14:15.926535897Z", NOW + 926535897},
	{"2026-11-21T03:14:15.9265358979Z", NOW + 926535897},
	{"1970-01-01T00:00:00Z", 0},
	{"2024-02-29T00:00:00Z", 1709164800LL * SECOND},
	{"2000-03-01T00:00:00Z", 951868800LL * SECOND},
	{"2016-12-31T23:59:60Z", 1483228800LL * SECOND}, /* a leap second */
	{"0s", NOW},
	{"90s", NOW - 90 * SECOND},
	{"10m", NOW - 600 * SECOND},
	{"2h", NOW - 7200 * SECOND},
	{"7d", NOW - 7 * 86400 * SECOND},
	{"1w", NOW - 7 * 86400 * SECOND},
	{"", -1},
	{"10", -1},
	{"m", -1},
	{"10 m", -1},
	{"-10m", -1},
	{"10min", -1},
	{"1h30m", -1},
	{"99999999999999999999s", -1},
	{"9999w", -1}, /* before 1970 */
	{"now", -1},
	{"2026-11-21", -1},
	{"2026-11-21T03:14:15", -1},
	{"2026-11-21T03:14Z", -1},
	{"2026-11-21T03:14:15.Z", -1},
	{"2026-11-21T03:14:15,5Z", -1},
	{"2026-11-21T24:00:00Z", -1},
	{"2026-11-21T03:60:15Z", -1},
	{"2026-11-21T03:14:61Z", -1},
	{"2026-11-21T03:14:15+24:00", -1},
	{"2026-11-21T03:14:15+0000", -1},
	{"2026-11-21T03:14:15Zx", -1},
	{"2026-13-01T00:00:00Z", -1},
	{"2026-00-01T00:00:00Z", -1},
	{"2026-04-31T00:00:00Z", -1},
	{"2026-02-29T00:00:00Z", -1},
	{"2100-02-29T00:00:00Z", -1},
	{"2026-11-00T00:00:00Z", -1},
	{"1969-12-31T23:59:59Z", -1},
	{"9999-01-01T00:00:00Z", -1},
	{"26-11-21T03:14:15Z", -1},
	{" 2026-11-21T03:14:15Z", -1},
};

static void test_parse(void **state)
{
	(void)state;
	for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
		int64_t time = -1;
		int result = clock_parse(rows[i].text, NOW, &time);

		if (result != (rows[i].time < 0 ? -EINVAL : 0) || time != rows[i].time)
			fail_msg("\"%s\": %d, %lld", rows[i].text, result, (long long)time);
	}
}

static void check_format(int64_t time, int digits, const char *wanted)
{
	struct strbuf text __attribute__((cleanup(strbuf_free))) = STRBUF_INIT;

	clock_format(time, digits, &text);
	assert_string_equal(strbuf_text(&text), wanted);
}

static void test_format(void **state)
{
	(void)state;
	check_format(NOW + 926535897, 9, "2026-11-21T03:14:15.926535897+00:00");
	check_format(NOW + 926535897, 6, "2026-11-21T03:14:15.926535+00:00");
	check_format(NOW + 1, 9, "2026-11-21T03:14:15.000000001+00:00");
	check_format(NOW + SECOND, 0, "2026-11-21T03:14:16+00:00");
	check_format(0, 3, "1970-01-01T00:00:00.000+00:00");
	check_format(-1, 9, "1969-12-31T23:59:59.999999999+00:00");
	check_format(INT64_MAX, 0, "2262-04-11T23:47:16+00:00");
	check_format(INT64_MIN, 0, "1677-09-21T00:12:43+00:00");
}

/* What is printed can be parsed. */
static void test_round_trip(void **state)
{
	(void)state;
	for (int64_t time = 0; time < 7000000000LL * SECOND; time += 86399123456789LL) {
		struct strbuf text __attribute__((cleanup(strbuf_free))) = STRBUF_INIT;
		int64_t again;

		clock_format(time, 9, &text);
		assert_int_equal(clock_parse(text.data, NOW, &again), 0);
		assert_true(time == again);
	}
}

static void test_offset(void **state)
{
	int64_t before = clock_boottime();
	int64_t real = clock_realtime() - clock_offset();

	(void)state;
	assert_true(real >= before - SECOND && real <= clock_boottime() + SECOND);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_parse),
		cmocka_unit_test(test_format),
		cmocka_unit_test(test_round_trip),
		cmocka_unit_test(test_offset),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
