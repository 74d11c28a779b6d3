// SPDX-License-Identifier: GPL-2.0-only
/*
 * fuzz_log.c - any bytes as lines of a JSON log, read by what reads logs: `report`, `top` and
 * `suggest`. Each line is counted once, or is a bad one; what a violation was about can be printed.
 */
#undef NDEBUG /* the checks are the point, in a release build too */
#include <assert.h>
#include <stdlib.h>
#include <string.h>
#include "observed.h"
#include "tally.h"
#include "top.h"

static void check_observed(const struct observations *observations)
{
	for (size_t i = 0; i < observations->count; i++) {
		struct strbuf out __attribute__((cleanup(strbuf_free))) = STRBUF_INIT;

		assert(observations->items[i].count > 0);
		subject_print(&observations->items[i].subject, &out);
		for (size_t at = 0; at < out.length; at++)
			assert(out.data[at] >= 0x20 && out.data[at] <= 0x7e);
	}
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	struct observations observations = {.denials = true};
	struct tally tally = {0};
	struct top top = {0};

	while (size) {
		const uint8_t *end = memchr(data, '\n', size);
		size_t length = end ? (size_t)(end - data) + 1 : size;
		char *line =
			malloc(length); /* as large as it is, so that every step beyond is seen */

		memcpy(line, data, length);
		observed_line(&observations, line, length);
		tally_line(&tally, line, length);
		top_line(&top, line, length);
		free(line);
		data += length;
		size -= length;
	}
	assert(observations.bad_lines >= tally.bad_lines); /* it wants more of a line */
	check_observed(&observations);
	tally_sort(&tally);
	tally_free(&tally);
	top_free(&top);
	observed_free(&observations);
	return 0;
}
