/* SPDX-License-Identifier: GPL-2.0-only */
/* clock.h - the kernel's event times as wall-clock times, and times as text. */
#ifndef CGW_CLOCK_H
#define CGW_CLOCK_H

#include <stdint.h>
#include "strbuf.h"

#define NSEC_PER_SEC 1000000000LL

/* Both in ns. */
int64_t clock_realtime(void);
int64_t clock_boottime(void);

/*
 * CLOCK_REALTIME minus CLOCK_BOOTTIME, ns. It changes whenever the clock is set or slewed, so read
 * it again from time to time.
 */
int64_t clock_offset(void);

/* Adds "2026-11-21T03:14:15.926535897+00:00" with `digits` (0 to 9) digits of the second's
 * fraction; the rest is cut off. UTC. */
void clock_format(int64_t realtime, int digits, struct strbuf *out);

/*
 * A time in RFC 3339, or an age such as 90s, 10m, 2h, 7d, 1w before `now`. 0 and *time
 * (CLOCK_REALTIME, ns), or -EINVAL.
 */
int clock_parse(const char *text, int64_t now, int64_t *time);

#endif
