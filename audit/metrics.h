/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * metrics.h - the kernel's counters and the reader's own as a file for node_exporter's textfile
 * collector, in the text format of Prometheus.
 */
#ifndef CGW_METRICS_H
#define CGW_METRICS_H

#include "outputs.h"
#include "rules.h"
#include "source.h"

struct metrics {
	const char *file; /* NULL: none is wanted */
	char *temporary;  /* beside it, and renamed to it */
	int counters_map;
	uint64_t violations; /* read since the start */
	uint64_t suppressed; /* violations that sums read since the start stand for */
	int64_t next;	     /* when it is due again, CLOCK_BOOTTIME */
	int error;	     /* of the last attempt: it is reported once */
};

/* 0 or -errno. `file` (NULL: no file) must stay valid. */
int metrics_open(struct metrics *metrics, const char *file, const struct broker *broker);

/* Another instance has come. 0 or -errno. */
int metrics_reopen(struct metrics *metrics, const struct broker *broker);
void metrics_close(struct metrics *metrics);

/*
 * Writes the file, whole or not at all; the counters of the source have been read just now. Rules
 * that never fired are left out, those of rulesets that are not in force as well. 0 or -errno.
 */
int metrics_write(const struct metrics *metrics, const struct source *source, struct rules *rules,
	const struct outputs *outputs);

/* The same to a descriptor. 0 or -errno. */
int metrics_print(const struct metrics *metrics, int fd, const struct source *source,
	struct rules *rules, const struct outputs *outputs);

/* Adds a label's value, quoted: bytes that are not printable ASCII stand as \xHH. */
void metrics_label(struct strbuf *out, const char *name, const char *value);

#endif
