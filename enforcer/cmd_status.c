/* SPDX-License-Identifier: GPL-2.0-only */
/* cgward status - what is in force: told from the pins alone, by a process that knows nothing else.
 */
#include <bpf/bpf.h>
#include <bpf/libbpf.h>
#include <errno.h>
#include <inttypes.h>
#include <stdlib.h>
#include <string.h>
#include "attachments.h"
#include "backlog.h"
#include "command.h"
#include "config.h"
#include "governed.h"
#include "guard.h"
#include "drift.h"
#include "hooks.h"
#include "instance.h"
#include "json.h"
#include "options.h"
#include "output.h"

static const struct command_line status_line = {
	.synopsis = "status [OPTION]...",
	.about = "Says what is in force: the ruleset, the hooks, the governed cgroups, the "
		 "verdicts of each\n"
		 "rule and events that were lost.",
	.common = COMMON_BPFFS | COMMON_JSON | COMMON_VERBOSE,
	.notes = "Exit status: 0 a ruleset is in force, whole; 1 nothing is, or something is "
		 "missing;\n"
		 "2 usage; 3 the privileges do not allow it.",
};

struct state {
	struct instance instance;
	struct image image;
	bool published;
	struct drift drift;
	struct attachments attachments;
	struct governed governed;
	struct cgw_control control;
	struct cgw_cpu events; /* all CPUs together */
	struct backlog backlog;
};

static void state_free(struct state *state)
{
	drift_free(&state->drift);
	governed_free(&state->governed);
	attachments_free(&state->attachments);
	image_free(&state->image);
	instance_close(&state->instance);
}

static void read_events(struct state *state)
{
	int cpus = libbpf_num_possible_cpus();
	struct cgw_cpu *all = xcalloc(cpus > 0 ? cpus : 1, sizeof(*all));
	__u32 zero = 0;

	if (cpus > 0 && !bpf_map_lookup_elem(state->instance.maps[MAP_CPUS], &zero, all)) {
		for (int i = 0; i < cpus; i++) {
			state->events.sequence += all[i].sequence;
			state->events.lost += all[i].lost;
			state->events.suppressed += all[i].suppressed;
			state->events.summed += all[i].summed;
		}
	}
	free(all);
}

static int read_state(struct state *state, const char *bpffs)
{
	__u32 zero = 0;
	int err = instance_open(&state->instance, bpffs, INSTANCE_READ);

	if (err)
		return err;
	if (state->instance.present) {
		err = instance_image(&state->instance, &state->image);
		if (err && err != -ENOENT)
			return err;
		state->published = !err;
	}
	drift_find(&state->drift, &state->instance, state->published ? &state->image : NULL);
	if (!state->published)
		return 0;
	attachments_read(&state->attachments, &state->image);
	governed_find(&state->governed, &state->image, state->instance.meta->cgroup_root);
	bpf_map_lookup_elem(state->instance.maps[MAP_CONTROL], &zero, &state->control);
	read_events(state);
	/* A pin that was taken away is drift; there is nothing to be said of its events then. */
	if (state->instance.maps[MAP_EVENTS] >= 0)
		backlog_read(&state->instance, &state->backlog);
	return 0;
}

/* Every operation that the ruleset denies is denied. */
static bool is_in_force(const struct state *state)
{
	return state->published && hook_set_is_empty(state->drift.missing);
}

static const char *coverage_word(const struct cgw_rule *rule)
{
	if (rule->flags & CGW_RULE_UNENFORCED)
		return "no";
	return rule->flags & CGW_RULE_PARTLY ? "partly" : "yes";
}

static void json_rules(const struct state *state, struct json *json, uint32_t slot)
{
	json_array_begin(json, "rules");
	for (uint32_t i = 0; i < image_header(&state->image)->rule_count; i++) {
		const struct cgw_rule *rule = image_rule(&state->image, i);
		struct cgw_counter counter = instance_counter(&state->instance, rule->key);

		if (rule->policy != slot)
			continue;
		json_object_begin(json, NULL);
		json_text(json, "rule", image_text(&state->image, rule->text));
		json_unsigned(json, "line", rule->line);
		json_text(json, "enforced", coverage_word(rule));
		json_unsigned(json, "denied", counter.denied);
		json_unsigned(json, "audited", counter.audited);
		json_object_end(json);
	}
	json_array_end(json);
}

static void json_policies(const struct state *state, struct json *json)
{
	json_array_begin(json, "policies");
	for (uint32_t slot = 0; slot < image_header(&state->image)->policy_count; slot++) {
		const struct cgw_policy *policy = image_policy(&state->image, slot);

		if (!(policy->flags & CGW_POLICY_PRESENT))
			continue;
		json_object_begin(json, NULL);
		json_text(json, "name", image_text(&state->image, policy->name));
		json_text(json, "file", image_text(&state->image, policy->file));
		json_text(json, "mode", policy->flags & CGW_POLICY_AUDIT ? "audit" : "enforce");
		json_text(json, "cgroups", image_text(&state->image, policy->selectors));
		json_rules(state, json, slot);
		json_object_end(json);
	}
	json_array_end(json);
}

static const char *shown_path(const struct governed_cgroup *cgroup)
{
	return cgroup->path[0] ? cgroup->path : "/";
}

static bool governs(const struct governed_cgroup *cgroup, uint32_t slot)
{
	return cgroup->set.word[slot / 64] >> (slot % 64) & 1;
}

static void print_governed(const struct state *state, const struct governed_cgroup *cgroup)
{
	char *path __attribute__((cleanup(output_text_free))) =
		output_escape(shown_path(cgroup), strlen(shown_path(cgroup)));

	output_print("governed: %s by", path);
	for (uint32_t slot = 0; slot < image_header(&state->image)->policy_count; slot++)
		if (governs(cgroup, slot))
			output_print(" %s",
				image_text(&state->image, image_policy(&state->image, slot)->name));
	output_print("\n");
}

static const char *const guard_words[] = {
	[GUARD_OFF] = "off",
	[GUARD_NONE] = "none",
	[GUARD_PARTLY] = "partly",
	[GUARD_FULL] = "yes",
};

static enum guard_state find_guard(const struct state *state)
{
	return guard_state(&state->image, hooks_alive(&state->instance));
}

static void print_guard(const struct state *state)
{
	static const char *const texts[] = {
		[GUARD_OFF] = "off: protect = off",
		[GUARD_NONE] = "NONE: this kernel lets no program of BPF LSM guard cgward; root in "
			       "a governed cgroup with CAP_BPF or CAP_SYS_ADMIN can detach it",
		[GUARD_PARTLY] = "only in part: governed processes are NOT kept from: ",
		[GUARD_FULL] =
			"governed processes are kept from cgward's maps, programs, links and "
			"pins and from cgward-audit",
	};

	struct strbuf gaps __attribute__((cleanup(strbuf_free))) = STRBUF_INIT;

	if (find_guard(state) == GUARD_PARTLY)
		guard_gaps(hooks_alive(&state->instance), &gaps);
	output_print("self-protection: %s%s\n", texts[find_guard(state)], strbuf_text(&gaps));
	if (state->control.guarded)
		output_print("attempts on cgward refused: %" PRIu64 "\n",
			(uint64_t)state->control.guarded);
}

static void json_settings(const struct state *state, struct json *json)
{
	struct cgw_settings settings = image_settings(&state->image);

	json_object_begin(json, "settings");
	json_text(json, "protect", config_value(&settings, "protect"));
	if (settings.events_per_second)
		json_unsigned(json, "events_per_second", settings.events_per_second);
	else
		json_text(json, "events_per_second", NULL);
	json_unsigned(json, "events_burst", settings.events_burst);
	json_object_end(json);
}

static void print_settings(const struct state *state)
{
	struct cgw_settings settings = image_settings(&state->image);

	output_print("settings:");
	for (int i = 0; config_keys[i]; i++)
		output_print("%s %s = %s", i ? "," : "", config_keys[i],
			config_value(&settings, config_keys[i]));
	output_print("\n");
}

/* Which hooks of the guard are not in force. */
static void json_gaps(const struct state *state, struct json *json)
{
	struct hook_set missing = {0};

	if (guard_is_wanted(&state->image))
		missing = hook_set_minus(hooks_guard(), hooks_alive(&state->instance));
	json_array_begin(json, "unprotected");
	for (int i = 1; i < HOOK_COUNT; i++)
		if (hook_set_has(&missing, i))
			json_text(json, NULL, hooks[i].name);
	json_array_end(json);
}

static void json_rest(const struct state *state, struct json *json)
{
	json_array_begin(json, "hooks");
	for (int i = 1; i < HOOK_COUNT; i++) {
		if (!hook_set_has(&state->drift.needed, i))
			continue;
		json_object_begin(json, NULL);
		json_text(json, "name", hooks[i].name);
		json_bool(json, "attached", !hook_set_has(&state->drift.missing, i));
		json_object_end(json);
	}
	json_array_end(json);
	json_array_begin(json, "attachments");
	for (size_t i = 0; i < state->attachments.count; i++) {
		json_object_begin(json, NULL);
		json_text(json, "policy", state->attachments.items[i].policy);
		json_text(json, "cgroup", state->attachments.items[i].path);
		json_unsigned(json, "cgroup_id", state->attachments.items[i].cgroup_id);
		json_object_end(json);
	}
	json_array_end(json);
	json_array_begin(json, "governed");
	for (size_t i = 0; i < state->governed.count; i++) {
		json_object_begin(json, NULL);
		json_text(json, "cgroup", shown_path(&state->governed.items[i]));
		json_array_begin(json, "policies");
		for (uint32_t slot = 0; slot < image_header(&state->image)->policy_count; slot++)
			if (governs(&state->governed.items[i], slot))
				json_text(json, NULL,
					image_text(&state->image,
						image_policy(&state->image, slot)->name));
		json_array_end(json);
		json_object_end(json);
	}
	json_array_end(json);
	json_unsigned(json, "events", state->events.sequence);
	json_unsigned(json, "events_lost", state->events.lost);
	json_unsigned(json, "events_unread", state->backlog.records);
	json_unsigned(json, "events_suppressed", state->events.suppressed);
	json_unsigned(json, "events_to_sum", state->events.suppressed - state->events.summed);
	json_unsigned(json, "uncounted", state->control.uncounted);
	json_unsigned(json, "guarded", state->control.guarded);
	json_text(json, "self_protection", guard_words[find_guard(state)]);
	json_gaps(state, json);
	json_unsigned(json, "process_failures", state->control.process_failures);
}

static void print_json(const struct state *state)
{
	struct strbuf out __attribute__((cleanup(strbuf_free))) = STRBUF_INIT;
	struct json json = {.out = &out};

	json_object_begin(&json, NULL);
	json_bool(&json, "in_force", is_in_force(state));
	json_array_begin(&json, "drift");
	for (size_t i = 0; i < state->drift.count; i++)
		json_text(&json, NULL, state->drift.lines[i]);
	json_array_end(&json);
	if (state->instance.present) {
		json_text(&json, "build", state->instance.meta->build);
		json_text(&json, "cgroup_root", state->instance.meta->cgroup_root);
	}
	if (state->published) {
		json_unsigned(&json, "generation", image_header(&state->image)->generation);
		json_settings(state, &json);
		json_policies(state, &json);
		json_rest(state, &json);
	}
	json_object_end(&json);
	strbuf_putc(&out, '\n');
	output_result(out.data, out.length);
}

static void print_policy(const struct state *state, uint32_t slot)
{
	const struct image *image = &state->image;
	const struct cgw_policy *policy = image_policy(image, slot);

	output_print("\npolicy %s (%s), mode %s, cgroups %s\n", image_text(image, policy->name),
		image_text(image, policy->file),
		policy->flags & CGW_POLICY_AUDIT ? "audit" : "enforce",
		image_text(image, policy->selectors));
	output_print("%10s %10s  %s\n", "denied", "audited", "rule");
	for (uint32_t i = 0; i < image_header(image)->rule_count; i++) {
		const struct cgw_rule *rule = image_rule(image, i);
		struct cgw_counter counter = instance_counter(&state->instance, rule->key);
		const char *text = image_text(image, rule->text);

		if (rule->policy != slot)
			continue;
		char *shown __attribute__((cleanup(output_text_free))) =
			output_escape(text, strlen(text));

		output_print("%10" PRIu64 " %10" PRIu64 "  %s%s\n", (uint64_t)counter.denied,
			(uint64_t)counter.audited, shown,
			rule->flags & CGW_RULE_UNENFORCED ? "   [NOT ENFORCED on this kernel]"
			: rule->flags & CGW_RULE_PARTLY	  ? "   [partly enforced on this kernel]"
							  : "");
	}
}

static void print_hooks(const struct state *state)
{
	output_print("hooks:");
	for (int i = 1; i < HOOK_COUNT; i++)
		if (hook_set_has(&state->drift.needed, i))
			output_print(" %s%s", hooks[i].name,
				hook_set_has(&state->drift.missing, i) ? " (MISSING)" : "");
	output_print("\n");
}

static void print_drift(const struct state *state)
{
	for (size_t i = 0; i < state->drift.count; i++)
		output_print("%sDRIFT%s: %s\n", output_colour(COLOUR_BAD), output_colour_end(),
			state->drift.lines[i]);
}

static void print_text(const struct state *state)
{
	if (!state->instance.present) {
		if (!state->drift.count)
			output_print("nothing is in force: there is no instance in '%s'\n",
				state->instance.dir);
		print_drift(state);
		return;
	}
	output_print("instance %s, made by cgward %s, cgroup root %s\n", state->instance.dir,
		state->instance.meta->build, state->instance.meta->cgroup_root);
	print_drift(state);
	if (state->instance.foreign)
		output_print("the programs are not those of this cgward: the next apply replaces "
			     "them, without a gap\n");
	if (!state->published) {
		output_print("nothing is in force: no ruleset has been published\n");
		return;
	}
	output_print("generation %u is in force%s\n", image_header(&state->image)->generation,
		hook_set_is_empty(state->drift.missing)
			? ""
			: ", BUT HOOKS ARE MISSING: not all of it is enforced");
	print_settings(state);
	print_guard(state);
	print_hooks(state);
	for (size_t i = 0; i < state->attachments.count; i++)
		output_print("attached by hand: policy %s, cgroup %s\n",
			state->attachments.items[i].policy, state->attachments.items[i].path);
	for (size_t i = 0; i < state->governed.count; i++)
		print_governed(state, &state->governed.items[i]);
	output_print("violations numbered: %" PRIu64 ", of these lost for want of room: %" PRIu64
		     "; suppressed: %" PRIu64 ", of these still to be summed up: %" PRIu64 "\n",
		(uint64_t)state->events.sequence, (uint64_t)state->events.lost,
		(uint64_t)state->events.suppressed,
		(uint64_t)(state->events.suppressed - state->events.summed));
	output_print("not read yet: %" PRIu64 " events, %" PRIu64 " bytes of %u\n",
		state->backlog.records, state->backlog.bytes, CGW_RING_SIZE);
	if (state->control.uncounted)
		output_print("verdicts without a rule to count them for: %" PRIu64 "\n",
			(uint64_t)state->control.uncounted);
	if (state->control.process_failures)
		output_print("processes killed because they could not be recorded: %" PRIu64 "\n",
			(uint64_t)state->control.process_failures);
	for (uint32_t slot = 0; slot < image_header(&state->image)->policy_count; slot++)
		if (image_policy(&state->image, slot)->flags & CGW_POLICY_PRESENT)
			print_policy(state, slot);
}

int cmd_status(int argc, char **argv)
{
	struct state state __attribute__((cleanup(state_free))) = {.instance = INSTANCE_INIT};
	struct common_options common = COMMON_OPTIONS;
	struct operands operands;
	int err, status = options_parse(&status_line, argc, argv, &common, &operands);

	if (status != OPTIONS_GO)
		return status;
	err = read_state(&state, common.bpffs);
	if (err)
		return output_status(err);
	if (common.json)
		print_json(&state);
	else
		print_text(&state);
	if (state.drift.count)
		output_hint("`cgward apply` with the same policies puts it right");
	return is_in_force(&state) && !state.drift.count ? STATUS_DONE : STATUS_NOT;
}
