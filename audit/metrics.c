// SPDX-License-Identifier: GPL-2.0-only
#include "metrics.h"

#include <bpf/bpf.h>
#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

/* Text is written once there is so much of it: 100,000 rules make 20 MB. */
#define CHUNK (64 * 1024)

/* The file while it is written. */
struct writer {
	struct strbuf text;
	int fd;
	int error;
};

static void writer_flush(struct writer *writer)
{
	size_t done = 0;

	while (!writer->error && done < writer->text.length) {
		ssize_t written =
			write(writer->fd, writer->text.data + done, writer->text.length - done);

		if (written < 0 && errno != EINTR)
			writer->error = -errno;
		if (written > 0)
			done += written;
	}
	writer->text.length = 0;
}

int metrics_reopen(struct metrics *metrics, const struct broker *broker)
{
	int map = broker_open(broker, BROKER_COUNTERS, 0);

	if (metrics->counters_map >= 0)
		close(metrics->counters_map);
	metrics->counters_map = map < 0 ? -1 : map;
	return map < 0 ? map : 0;
}

int metrics_open(struct metrics *metrics, const char *file, const struct broker *broker)
{
	struct strbuf temporary = STRBUF_INIT;
	int result;

	*metrics = (struct metrics){.counters_map = -1};
	result = metrics_reopen(metrics, broker);
	if (result || !file)
		return result;
	strbuf_printf(&temporary, "%s.tmp", file);
	metrics->file = file;
	metrics->temporary = strbuf_take(&temporary);
	return 0;
}

void metrics_close(struct metrics *metrics)
{
	if (metrics->counters_map > 0)
		close(metrics->counters_map);
	free(metrics->temporary);
	*metrics = (struct metrics){.counters_map = -1};
}

void metrics_label(struct strbuf *out, const char *name, const char *value)
{
	strbuf_printf(out, "%s=\"", name);
	for (; *value; value++) {
		unsigned char byte = *value;

		if (byte == '"')
			strbuf_puts(out, "\\\"");
		else if (byte == '\\')
			strbuf_puts(out, "\\\\\\\\"); /* as \\ in all that escapes bytes */
		else if (byte < 0x20 || byte > 0x7e)
			strbuf_printf(out, "\\\\x%02x", byte);
		else
			strbuf_putc(out, byte);
	}
	strbuf_putc(out, '"');
}

static void head(struct strbuf *out, const char *name, const char *type, const char *help)
{
	strbuf_printf(out, "# HELP %s %s\n# TYPE %s %s\n", name, help, name, type);
}

static void put_rule(struct strbuf *out, const struct rule_info *rule, uint64_t key,
	const char *verdict, uint64_t count)
{
	struct strbuf source __attribute__((cleanup(strbuf_free))) = STRBUF_INIT;

	if (!count)
		return;
	strbuf_printf(&source, "%s:%u", rule->file, rule->line);
	strbuf_puts(out, "cgward_violations_total{");
	metrics_label(out, "policy", rule->policy);
	metrics_label(out, ",rule", rule->text);
	metrics_label(out, ",source", source.data);
	strbuf_printf(out, ",rule_key=\"%016llx\",verdict=\"%s\"} %llu\n", (unsigned long long)key,
		verdict, (unsigned long long)count);
}

static void put_rules(struct writer *writer, const struct metrics *metrics, struct rules *rules)
{
	uint32_t count = rules_newest(rules);
	struct rule_info rule;
	uint64_t key;

	head(&writer->text, "cgward_violations_total", "counter",
		"Operations that a rule denied or audited.");
	for (uint32_t i = 0; i < count && !writer->error; i++) {
		struct cgw_counter counter;

		if (!rules_newest_key(rules, i, &key) ||
			bpf_map_lookup_elem(metrics->counters_map, &key, &counter) ||
			(!counter.denied && !counter.audited))
			continue;
		rule = rules_newest_rule(rules, i, key);
		if (!rule.policy)
			continue;
		put_rule(&writer->text, &rule, key, "deny", counter.denied);
		put_rule(&writer->text, &rule, key, "audit", counter.audited);
		if (writer->text.length > CHUNK)
			writer_flush(writer);
	}
}

static void put_cpus(struct strbuf *out, const struct source *source)
{
	head(out, "cgward_events_total", "counter",
		"Violations that the kernel numbered: sent, sent as sums, or lost.");
	for (unsigned int i = 0; i < source->cpu_count; i++)
		strbuf_printf(out, "cgward_events_total{cpu=\"%u\"} %llu\n", i,
			(unsigned long long)source->counters[i].sequence);
	head(out, "cgward_events_suppressed_total", "counter",
		"Violations that were summed up because they were beyond their budgets.");
	for (unsigned int i = 0; i < source->cpu_count; i++)
		strbuf_printf(out, "cgward_events_suppressed_total{cpu=\"%u\"} %llu\n", i,
			(unsigned long long)source->counters[i].suppressed);
	head(out, "cgward_events_lost_total", "counter",
		"Events for which the ring buffer had no room.");
	for (unsigned int i = 0; i < source->cpu_count; i++)
		strbuf_printf(out, "cgward_events_lost_total{cpu=\"%u\"} %llu\n", i,
			(unsigned long long)source->counters[i].lost);
}

static void put_reader(
	struct strbuf *out, const struct metrics *metrics, const struct outputs *outputs)
{
	head(out, "cgward_audit_violations_total", "counter",
		"Violations that this reader has read.");
	strbuf_printf(out, "cgward_audit_violations_total %llu\n",
		(unsigned long long)metrics->violations);
	head(out, "cgward_audit_suppressed_total", "counter",
		"Violations beyond their budgets that this reader has read as sums.");
	strbuf_printf(out, "cgward_audit_suppressed_total %llu\n",
		(unsigned long long)metrics->suppressed);
	head(out, "cgward_audit_lines_total", "counter", "Lines that an output has taken.");
	for (size_t i = 0; i < outputs->count; i++) {
		strbuf_puts(out, "cgward_audit_lines_total{");
		metrics_label(out, "output", outputs->sinks[i].target.name);
		strbuf_printf(out, "} %llu\n", (unsigned long long)outputs->sinks[i].taken);
	}
	head(out, "cgward_audit_output_lost_total", "counter",
		"Violations that an output did not take in time.");
	for (size_t i = 0; i < outputs->count; i++) {
		strbuf_puts(out, "cgward_audit_output_lost_total{");
		metrics_label(out, "output", outputs->sinks[i].target.name);
		strbuf_printf(out, "} %llu\n", (unsigned long long)outputs->sinks[i].lost_total);
	}
}

static void put_all(struct writer *writer, const struct metrics *metrics,
	const struct source *source, struct rules *rules, const struct outputs *outputs)
{
	struct strbuf *out = &writer->text;

	head(out, "cgward_audit_build_info", "gauge", "Always 1.");
	strbuf_puts(out, "cgward_audit_build_info{version=\"" CGWARD_VERSION "\"} 1\n");
	put_cpus(out, source);
	put_reader(out, metrics, outputs);
	put_rules(writer, metrics, rules);
	writer_flush(writer);
}

int metrics_print(const struct metrics *metrics, int fd, const struct source *source,
	struct rules *rules, const struct outputs *outputs)
{
	struct writer writer = {.fd = fd};

	put_all(&writer, metrics, source, rules, outputs);
	strbuf_free(&writer.text);
	return writer.error;
}

int metrics_write(const struct metrics *metrics, const struct source *source, struct rules *rules,
	const struct outputs *outputs)
{
	int fd = open(
		metrics->temporary, O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC | O_NOFOLLOW, 0644);
	int error;

	if (fd < 0)
		return -errno;
	error = metrics_print(metrics, fd, source, rules, outputs);
	if (close(fd) && !error)
		error = -errno;
	if (!error && rename(metrics->temporary, metrics->file))
		error = -errno;
	if (error)
		unlink(metrics->temporary);
	return error;
}
