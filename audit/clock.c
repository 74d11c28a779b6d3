// SPDX-License-Identifier: GPL-2.0-only
#include "clock.h"

#include <ctype.h>
#include <errno.h>
#include <stdbool.h>
#include <string.h>
#include <time.h>

static int64_t clock_read(clockid_t id)
{
	struct timespec now;

	clock_gettime(id, &now);
	return now.tv_sec * NSEC_PER_SEC + now.tv_nsec;
}

int64_t clock_realtime(void)
{
	return clock_read(CLOCK_REALTIME);
}

int64_t clock_boottime(void)
{
	return clock_read(CLOCK_BOOTTIME);
}

int64_t clock_offset(void)
{
	int64_t before = clock_boottime(), real = clock_realtime(), after = clock_boottime();

	return real - (before + (after - before) / 2);
}

/* Days since 1970-01-01 of a date in the Gregorian calendar (years begin in March: leap days come
 * last). */
static int64_t days_of_date(int64_t year, int month, int day)
{
	int64_t era, of_era, of_year;

	year -= month <= 2;
	era = (year >= 0 ? year : year - 399) / 400;
	of_era = year - era * 400;
	of_year = (153 * (month + (month > 2 ? -3 : 9)) + 2) / 5 + day - 1;
	return era * 146097 + of_era * 365 + of_era / 4 - of_era / 100 + of_year - 719468;
}

/* Decimal digits, ending at `end`. */
static void put_digits(char *end, uint64_t number, int digits)
{
	while (digits-- > 0) {
		*--end = '0' + number % 10;
		number /= 10;
	}
}

void clock_format(int64_t realtime, int digits, struct strbuf *out)
{
	/* gmtime costs more than all the rest of a line, and most events share their second. */
	static _Thread_local time_t shown = -1;
	static _Thread_local char text[32];
	int64_t nanoseconds = realtime % NSEC_PER_SEC;
	time_t seconds = realtime / NSEC_PER_SEC;
	char fraction[10] = ".";

	if (nanoseconds < 0) {
		nanoseconds += NSEC_PER_SEC;
		seconds--;
	}
	if (seconds != shown) {
		struct tm tm;

		gmtime_r(&seconds, &tm);
		strftime(text, sizeof(text), "%Y-%m-%dT%H:%M:%S", &tm);
		shown = seconds;
	}
	strbuf_puts(out, text);
	put_digits(fraction + 10, nanoseconds, 9);
	if (digits)
		strbuf_add(out, fraction, digits + 1);
	strbuf_puts(out, "+00:00");
}

/* Exactly `count` digits. False if there are not as many. */
static bool take_digits(const char **text, int count, int *number)
{
	*number = 0;
	for (int i = 0; i < count; i++, (*text)++) {
		if (**text < '0' || **text > '9')
			return false;
		*number = *number * 10 + (**text - '0');
	}
	return true;
}

static bool take_byte(const char **text, const char *choice)
{
	if (!**text || !strchr(choice, **text))
		return false;
	(*text)++;
	return true;
}

static bool take_date(const char **text, int64_t *days)
{
	static const int lengths[] = {31, 29, 31, 30, 31, 30, 31, 31, 30, 31, 30, 31};
	int year, month, day;
	bool leap;

	if (!take_digits(text, 4, &year) || !take_byte(text, "-") ||
		!take_digits(text, 2, &month) || !take_byte(text, "-") ||
		!take_digits(text, 2, &day))
		return false;
	leap = (year % 4 == 0 && year % 100 != 0) || year % 400 == 0;
	if (month < 1 || month > 12 || day < 1 || day > lengths[month - 1] ||
		(month == 2 && day == 29 && !leap))
		return false;
	*days = days_of_date(year, month, day);
	return true;
}

/* hh:mm:ss[.fraction] in ns. */
static bool take_clock(const char **text, int64_t *ns)
{
	int hour, minute, second, digit;

	if (!take_digits(text, 2, &hour) || !take_byte(text, ":") ||
		!take_digits(text, 2, &minute) || !take_byte(text, ":") ||
		!take_digits(text, 2, &second) || hour > 23 || minute > 59 || second > 60)
		return false;
	*ns = ((hour * 60LL + minute) * 60 + second) * NSEC_PER_SEC;
	if (!take_byte(text, "."))
		return true;
	if (!isdigit((unsigned char)**text))
		return false;
	for (int64_t weight = NSEC_PER_SEC / 10; take_digits(text, 1, &digit); weight /= 10)
		*ns += digit * weight;
	return true;
}

/* Z or +hh:mm or -hh:mm, in ns. */
static bool take_zone(const char **text, int64_t *ns)
{
	bool west = **text == '-';
	int hour, minute;

	*ns = 0;
	if (take_byte(text, "Zz"))
		return true;
	if (!take_byte(text, "+-") || !take_digits(text, 2, &hour) || !take_byte(text, ":") ||
		!take_digits(text, 2, &minute) || hour > 23 || minute > 59)
		return false;
	*ns = (hour * 60LL + minute) * 60 * NSEC_PER_SEC;
	if (west)
		*ns = -*ns;
	return true;
}

/* Times beyond 2200 do not fit into 64 bits of ns, and years before 1970 are no times of events. */
#define DAYS_MAX (230 * 365)

static int parse_rfc3339(const char *text, int64_t *time)
{
	int64_t days, clock, zone;

	if (!take_date(&text, &days) || !take_byte(&text, "Tt ") || !take_clock(&text, &clock) ||
		!take_zone(&text, &zone) || *text || days < 0 || days > DAYS_MAX)
		return -EINVAL;
	*time = days * 86400 * NSEC_PER_SEC + clock - zone;
	return 0;
}

static int parse_age(const char *text, int64_t now, int64_t *time)
{
	static const struct {
		char letter;
		int64_t seconds;
	} units[] = {{'s', 1}, {'m', 60}, {'h', 3600}, {'d', 86400}, {'w', 7 * 86400}};
	int64_t number = 0;
	int digit;

	if (!isdigit((unsigned char)*text))
		return -EINVAL;
	while (take_digits(&text, 1, &digit)) {
		number = number * 10 + digit;
		if (number > DAYS_MAX * 86400LL)
			return -EINVAL;
	}
	for (size_t i = 0; i < sizeof(units) / sizeof(units[0]); i++) {
		if (*text != units[i].letter || text[1])
			continue;
		if (number * units[i].seconds > now / NSEC_PER_SEC)
			return -EINVAL;
		*time = now - number * units[i].seconds * NSEC_PER_SEC;
		return 0;
	}
	return -EINVAL;
}

int clock_parse(const char *text, int64_t now, int64_t *time)
{
	if (!parse_age(text, now, time))
		return 0;
	return parse_rfc3339(text, time);
}
