// SPDX-License-Identifier: GPL-2.0-only
/*
 * verify.c - the bounds check of an image.
 *
 * Everything that the matcher or a reader could follow is followed here once: what has been found
 * good is remembered by its offset together with the use that it was found good for, so that the
 * work is linear in the size of the image however often a thing is referred to. A thing with two
 * uses is refused: the compiler makes none.
 */
#include "compile.h"

#include <errno.h>
#include <stdbool.h>
#include <stdlib.h>
#include <string.h>

#include "match.h"
#include "strbuf.h"

enum use {
	USE_NONE,
	USE_SELECTORS,
	USE_SYSCTL,
	USE_REFS, /* chain over unix names or values */
	USE_LINK, /* of a chain, not its first */
	USE_SYSCTL_CLASS,
	USE_FILES,
	USE_FILE_CLASS,
	USE_BELOW,
	USE_PORTS,
	USE_SOCKETS,
	USE_POWERS,
	USE_CAPABILITIES,
	USE_DEVICES,
	USE_DEVICE_TABLE,
	USE_PEERS4,
	USE_PEERS6,
	USE_PEER_CLASS,
	USE_SET,
};

struct verifier {
	const uint8_t *data;
	size_t size;
	const struct cgw_image_header *header;
	const struct cgw_policy *policies;
	const struct cgw_rule *rules;
	const struct cgw_set *all;
	uint32_t *seen; /* of each word: what begins there, use and slot */
	uint32_t slot;	/* whose policy is looked at */
	const char *why;
};

static bool fail(struct verifier *verifier, const char *why)
{
	if (!verifier->why)
		verifier->why = why;
	return false;
}

/* A thing of this size, not within the header, lies inside. */
static bool inside(struct verifier *verifier, uint32_t offset, uint64_t size, uint32_t align)
{
	if (offset < sizeof(struct cgw_image_header) || offset > verifier->size ||
		size > verifier->size - offset)
		return fail(verifier, "something lies outside of the image");
	if (offset % align)
		return fail(verifier, "something is not aligned");
	return true;
}

static const void *at(const struct verifier *verifier, uint32_t offset)
{
	return verifier->data + offset;
}

/* 1: already found good for this use; 0: look at it now (it is marked as good); -1: refused. */
static int visit(struct verifier *verifier, uint32_t offset, enum use use)
{
	uint32_t *seen = &verifier->seen[offset / 4], mark = use | verifier->slot << 8;

	if (*seen == mark)
		return 1;
	if (*seen) {
		fail(verifier, "something is used in two ways");
		return -1;
	}
	*seen = mark;
	return 0;
}

/* A text that ends inside: the last byte of the image is a NUL. */
static bool verify_text(struct verifier *verifier, uint32_t offset)
{
	if (offset < verifier->header->text || offset >= verifier->size)
		return fail(verifier, "a text lies outside of the texts");
	return true;
}

static bool verify_ref(struct verifier *verifier, uint32_t ref, bool could)
{
	uint32_t action = CGW_REF_ACTION(ref), rule = CGW_REF_RULE(ref);

	if (!ref)
		return true;
	if (rule >= verifier->header->rule_count)
		return fail(verifier, "a ref names a rule that does not exist");
	if (verifier->rules[rule].policy != verifier->slot ||
		verifier->rules[rule].action != action || (could && action == CGW_ACTION_ALLOW))
		return fail(verifier, "a ref is not what its rule says");
	return true;
}

/* ---- sets ---- */

static bool verify_set(struct verifier *verifier, uint32_t offset)
{
	const struct cgw_set *set;
	int visited;

	if (!inside(verifier, offset, sizeof(*set), sizeof(*set)))
		return false;
	visited = visit(verifier, offset, USE_SET);
	if (visited)
		return visited > 0;
	set = at(verifier, offset);
	for (int i = 0; i < CGW_SET_WORDS; i++)
		if (set->word[i] & ~verifier->all->word[i])
			return fail(verifier, "a set holds a policy that does not exist");
	return true;
}

/* ---- tables ---- */

/* The values of a table of the right shape, or NULL. */
static const uint32_t *verify_table(
	struct verifier *verifier, uint32_t offset, uint32_t words, uint32_t *count)
{
	const struct cgw_table *table;
	const uint32_t *keys;

	if (!inside(verifier, offset, sizeof(*table), 4))
		return NULL;
	table = at(verifier, offset);
	if (!table->count || table->count > 1U << CGW_SEARCH_STEPS || table->reserved) {
		fail(verifier, "a table has a bad header");
		return NULL;
	}
	if (!inside(verifier, table->keys, 4ULL * words * table->count, 4 * words) ||
		!inside(verifier, table->values, 4ULL * table->count, 4))
		return NULL;
	keys = at(verifier, table->keys);
	for (uint32_t i = 0; i < words; i++)
		if (keys[i])
			fail(verifier, "a table does not begin at 0");
	for (uint32_t i = 1; i < table->count; i++) {
		const uint32_t *key = keys + i * words, *before = key - words;
		uint32_t word = 0;

		while (word + 1 < words && key[word] == before[word])
			word++;
		if (key[word] <= before[word])
			fail(verifier, "the keys of a table do not ascend");
	}
	*count = table->count;
	return verifier->why ? NULL : at(verifier, table->values);
}

/* A table of refs. */
static bool verify_refs(struct verifier *verifier, uint32_t offset, enum use use)
{
	const uint32_t *values;
	uint32_t count;
	int visited;

	if (!offset)
		return true;
	if (!inside(verifier, offset, sizeof(struct cgw_table), 4))
		return false;
	visited = visit(verifier, offset, use);
	if (visited)
		return visited > 0;
	values = verify_table(verifier, offset, 1, &count);
	if (!values)
		return false;
	for (uint32_t i = 0; i < count; i++)
		if (!verify_ref(verifier, values[i], false))
			return false;
	return true;
}

static bool verify_peer_class(struct verifier *verifier, uint32_t offset)
{
	const struct cgw_peer_class *class;
	int visited;

	if (!offset)
		return true;
	if (!inside(verifier, offset, sizeof(*class), 4))
		return false;
	visited = visit(verifier, offset, USE_PEER_CLASS);
	if (visited)
		return visited > 0;
	class = at(verifier, offset);
	if (class->ports[0] || class->ports[CGW_PROTO_UNIX])
		return fail(verifier, "a protocol without ports has some");
	for (int proto = 1; proto < CGW_PROTO_UNIX; proto++)
		if (!verify_refs(verifier, class->ports[proto], USE_PORTS))
			return false;
	return true;
}

static bool verify_peers(struct verifier *verifier, uint32_t offset, bool ipv6)
{
	const uint32_t *values;
	uint32_t count;
	int visited;

	if (!offset)
		return true;
	if (!inside(verifier, offset, sizeof(struct cgw_table), 4))
		return false;
	visited = visit(verifier, offset, ipv6 ? USE_PEERS6 : USE_PEERS4);
	if (visited)
		return visited > 0;
	values = verify_table(verifier, offset, ipv6 ? 4 : 1, &count);
	if (!values)
		return false;
	for (uint32_t i = 0; i < count; i++)
		if (!verify_peer_class(verifier, values[i]))
			return false;
	return true;
}

/* ---- automata ---- */

static bool verify_chain(struct verifier *verifier, uint32_t offset, enum use use);

static bool verify_sysctl_class(struct verifier *verifier, uint32_t offset)
{
	const struct cgw_sysctl_class *class;
	int visited;

	if (!inside(verifier, offset, sizeof(*class), 4))
		return false;
	visited = visit(verifier, offset, USE_SYSCTL_CLASS);
	if (visited)
		return visited > 0;
	class = at(verifier, offset);
	return verify_ref(verifier, class->read, false) &&
	       verify_ref(verifier, class->write, false) &&
	       verify_ref(verifier, class->could, true) &&
	       verify_chain(verifier, class->values, USE_REFS);
}

static bool verify_file_class(struct verifier *verifier, uint32_t offset)
{
	const struct cgw_file_class *class;
	int visited;

	if (!inside(verifier, offset, sizeof(*class), 4))
		return false;
	visited = visit(verifier, offset, USE_FILE_CLASS);
	if (visited)
		return visited > 0;
	class = at(verifier, offset);
	for (int i = 0; i < CGW_FILE_OPS; i++)
		if (!verify_ref(verifier, class->ref[i], false))
			return false;
	return class->reserved ? fail(verifier, "a class has a bad member") : true;
}

/* What can be reached below each state: refs that deny or audit. Only for files. */
static bool verify_below(
	struct verifier *verifier, const struct cgw_automaton *automaton, enum use use)
{
	const uint32_t *refs;

	if (use != USE_FILES)
		return automaton->below ? fail(verifier, "an automaton has a bad header") : true;
	if (!inside(verifier, automaton->below,
		    (uint64_t)automaton->row_count * sizeof(struct cgw_below), 4))
		return false;
	if (visit(verifier, automaton->below, USE_BELOW))
		return fail(verifier, "two automata share what is below their states");
	refs = at(verifier, automaton->below);
	for (uint32_t i = 0; i < 2 * automaton->row_count; i++)
		if (!verify_ref(verifier, refs[i], true))
			return false;
	return true;
}

static bool verify_accept(struct verifier *verifier, uint32_t accept, enum use use)
{
	if (!accept)
		return true;
	if (use == USE_SELECTORS)
		return verify_set(verifier, accept);
	if (use == USE_SYSCTL)
		return verify_sysctl_class(verifier, accept);
	if (use == USE_FILES)
		return verify_file_class(verifier, accept);
	return verify_ref(verifier, accept, false);
}

static bool verify_header(struct verifier *verifier, const struct cgw_automaton *automaton)
{
	uint32_t row_size = 1U << (automaton->shift & 31);

	if (automaton->shift < 3 || automaton->shift > 11 || !automaton->row_count ||
		!automaton->classes || automaton->classes > 256 ||
		row_size < 4 * (1 + automaton->classes) || automaton->reserved)
		return fail(verifier, "an automaton has a bad header");
	if (!inside(verifier, automaton->rows, (uint64_t)automaton->row_count * row_size, row_size))
		return false;
	if (automaton->start % row_size || automaton->start / row_size >= automaton->row_count)
		return fail(verifier, "an automaton starts at no row");
	for (int byte = 0; byte < 256; byte++)
		if (automaton->class_of[byte] >= automaton->classes)
			return fail(verifier, "an automaton lacks a byte class");
	return true;
}

static bool verify_automaton(struct verifier *verifier, uint32_t offset, enum use use)
{
	const struct cgw_automaton *automaton = at(verifier, offset);
	uint32_t row_size;

	if (!verify_header(verifier, automaton) || !verify_below(verifier, automaton, use))
		return false;
	row_size = 1U << automaton->shift;
	for (uint32_t state = 0; state < automaton->row_count; state++) {
		const uint32_t *row = at(verifier, automaton->rows + state * row_size);

		if (!verify_accept(verifier, row[0], use))
			return false;
		for (uint32_t class = 1; class <= automaton->classes; class ++)
			if (row[class] % row_size || row[class] / row_size >= automaton->row_count)
				return fail(verifier, "a transition leads to no row");
		for (uint32_t i = 0; !state && i <= automaton->classes; i++)
			if (row[i])
				return fail(verifier, "the dead state leads somewhere");
	}
	return true;
}

static bool verify_chain(struct verifier *verifier, uint32_t offset, enum use use)
{
	uint32_t length = 0, next;

	for (; offset; offset = next) {
		int visited;

		if (!inside(verifier, offset, sizeof(struct cgw_automaton), CGW_AUTOMATON_ALIGN))
			return false;
		visited = visit(verifier, offset, length ? USE_LINK : use);
		if (visited && !length)
			return visited > 0;
		/* a link belongs to one chain, which ends because it goes forward only */
		if (visited)
			return fail(verifier, "two chains share a link");
		next = ((const struct cgw_automaton *)at(verifier, offset))->next;
		if (next && next <= offset)
			return fail(verifier, "a chain goes backward");
		if (++length > (use == USE_SELECTORS ? IMAGE_SELECTORS_MAX : IMAGE_CHAIN_MAX))
			return fail(verifier, "a chain is too long");
		if (!verify_automaton(verifier, offset, use))
			return false;
	}
	return true;
}

/* ---- policies and rules ---- */

static bool is_zero(const void *bytes, size_t size)
{
	const uint8_t *at = bytes;

	for (size_t i = 0; i < size; i++)
		if (at[i])
			return false;
	return true;
}

static bool verify_devices(struct verifier *verifier, uint32_t offset)
{
	const struct cgw_devices *devices;
	int visited;

	if (!offset || !inside(verifier, offset, sizeof(*devices), sizeof(*devices)))
		return !offset;
	visited = visit(verifier, offset, USE_DEVICES);
	if (visited)
		return visited > 0;
	devices = at(verifier, offset);
	if (devices->reserved[0] || devices->reserved[1])
		return fail(verifier, "the tables of devices have a bad end");
	for (int i = 0; i < 2 * CGW_DEVICE_OPS; i++)
		if (!verify_refs(verifier, devices->tables[i / 2][i % 2], USE_DEVICE_TABLE))
			return false;
	return true;
}

static bool verify_policy(struct verifier *verifier, const struct cgw_policy *policy)
{
	for (int op = 0; op < CGW_PEER_OPS; op++) {
		for (int i = 0; i < 2; i++)
			if (!verify_peers(verifier, policy->peers[op][i], i) ||
				!verify_chain(verifier, policy->unix_names[op][i], USE_REFS))
				return false;
		if (!verify_ref(verifier, policy->unix_could[op], true))
			return false;
	}
	return verify_chain(verifier, policy->files[CGW_FILE_PATH], USE_FILES) &&
	       verify_chain(verifier, policy->files[CGW_FILE_MEMFD], USE_FILES) &&
	       verify_chain(verifier, policy->sysctl, USE_SYSCTL) &&
	       verify_refs(verifier, policy->sockets, USE_SOCKETS) &&
	       verify_refs(verifier, policy->powers, USE_POWERS) &&
	       verify_refs(verifier, policy->capabilities, USE_CAPABILITIES) &&
	       verify_devices(verifier, policy->devices);
}

/* Which slots are in use, how the policies are called and ranked. */
static bool verify_slots(struct verifier *verifier)
{
	const struct cgw_image_header *header = verifier->header;
	struct cgw_set present = {0}, orders = {0};
	uint32_t ops = 0, deny_ops = 0, count = 0;

	for (uint32_t slot = 0; slot < header->policy_count; slot++) {
		const struct cgw_policy *policy = &verifier->policies[slot];

		if (is_zero(policy, sizeof(*policy)))
			continue;
		if ((policy->flags & ~(CGW_POLICY_AUDIT | CGW_POLICY_SEAL)) != CGW_POLICY_PRESENT ||
			!is_zero(policy->reserved, sizeof(policy->reserved)) ||
			policy->order >= header->policy_count ||
			orders.word[policy->order / 64] >> policy->order % 64 & 1)
			return fail(verifier, "a policy has bad flags or a bad rank");
		if (!verify_text(verifier, policy->name) || !verify_text(verifier, policy->file) ||
			!verify_text(verifier, policy->selectors))
			return false;
		orders.word[policy->order / 64] |= 1ULL << policy->order % 64;
		present.word[slot / 64] |= 1ULL << slot % 64;
		ops |= policy->deny_ops | policy->audit_ops;
		deny_ops |= policy->flags & CGW_POLICY_AUDIT ? 0 : policy->deny_ops;
		count++;
	}
	for (uint32_t order = 0; order < count; order++)
		if (!(orders.word[order / 64] >> order % 64 & 1))
			return fail(verifier, "the ranks of the policies have a gap");
	if (memcmp(&present, verifier->all, sizeof(present)) != 0)
		return fail(verifier, "the set of all policies is another");
	if (ops != header->ops || deny_ops != header->deny_ops || ops & 1 || ops >> CGW_OP_COUNT)
		return fail(verifier, "the operations are not those of the policies");
	return true;
}

static bool verify_rules(struct verifier *verifier)
{
	uint32_t slot = 0;

	for (uint32_t i = 0; i < verifier->header->rule_count; i++) {
		const struct cgw_rule *rule = &verifier->rules[i];

		if (rule->action < CGW_ACTION_AUDIT || rule->action > CGW_ACTION_ALLOW ||
			CGW_RULE_SECTION(rule->flags) >= SECTION_COUNT ||
			rule->flags & ~(CGW_RULE_UNENFORCED | CGW_RULE_PARTLY |
					      0xff << CGW_RULE_SECTION_SHIFT))
			return fail(verifier, "a rule has a bad action or flag");
		if (rule->policy < slot || rule->policy >= verifier->header->policy_count ||
			!verifier->policies[rule->policy].flags)
			return fail(verifier, "a rule is of no policy, or out of order");
		slot = rule->policy;
		if (!verify_text(verifier, rule->text))
			return false;
		if (rule->key != rule_key(at(verifier, verifier->policies[slot].name),
					 at(verifier, rule->text)))
			return fail(verifier, "the key of a rule is not that of its text");
	}
	return true;
}

static bool verify_attachments(struct verifier *verifier)
{
	const struct cgw_image_header *header = verifier->header;
	const struct cgw_attachment *attachments = at(verifier, header->attachments);

	if (!header->attachment_count)
		return header->attachments ? fail(verifier, "attachments that are none") : true;
	if (header->attachment_count > IMAGE_ATTACHMENTS_MAX)
		return fail(verifier, "too many attachments");
	if (!inside(verifier, header->attachments,
		    (uint64_t)header->attachment_count * sizeof(*attachments), 8))
		return false;
	for (uint32_t i = 0; i < header->attachment_count; i++) {
		if (i && attachments[i].cgroup_id <= attachments[i - 1].cgroup_id)
			return fail(verifier, "the attachments are not sorted");
		if (!verify_set(verifier, attachments[i].set) ||
			!verify_text(verifier, attachments[i].path))
			return false;
	}
	return true;
}

/* ---- settings ---- */

static bool verify_settings(struct verifier *verifier)
{
	const struct cgw_image_header *header = verifier->header;
	const struct cgw_settings *settings = at(verifier, header->settings);
	uint64_t rate;

	if (!header->settings) /* of a version that had none */
		return header->abi_version < 2 || fail(verifier, "there are no settings");
	if (!inside(verifier, header->settings, sizeof(*settings), 8))
		return false;
	rate = settings->events_per_second;
	if (settings->protect < CGW_PROTECT_OFF || settings->protect > CGW_PROTECT_GUARD ||
		rate > CGW_EVENTS_PER_SECOND_MAX || !settings->events_burst ||
		settings->events_burst > CGW_EVENTS_BURST_MAX || settings->reserved ||
		settings->event_interval != (rate ? 1000000000 / rate : 0) ||
		settings->event_window != settings->event_interval * settings->events_burst)
		return fail(verifier, "the settings are not what a configuration can say");
	return true;
}

/* ---- the frame ---- */

static bool verify_frame(struct verifier *verifier)
{
	const struct cgw_image_header *header = verifier->header;

	if (verifier->size < CGW_PAGE_SIZE || verifier->size % CGW_PAGE_SIZE ||
		verifier->size > (size_t)CGW_PAGES_MAX << CGW_PAGE_SHIFT)
		return fail(verifier, "the size is not one that an image has");
	if (header->magic != CGW_IMAGE_MAGIC)
		return fail(verifier, "this is not an image");
	if (header->abi_version < CGW_ABI_OLDEST || header->abi_version > CGW_ABI_VERSION)
		return fail(verifier, "the image is of another version");
	if (header->size != verifier->size)
		return fail(verifier, "the image has been cut, or something was added");
	if (header->checksum != image_checksum(verifier->data, verifier->size))
		return fail(verifier, "the checksum does not match");
	if (header->policy_count > CGW_POLICIES_MAX || header->rule_count > CGW_RULES_MAX)
		return fail(verifier, "too many policies or rules");
	if (!inside(verifier, header->policies,
		    (uint64_t)header->policy_count * sizeof(struct cgw_policy), 8) ||
		!inside(verifier, header->rules,
			(uint64_t)header->rule_count * sizeof(struct cgw_rule), 8) ||
		!inside(verifier, header->all, sizeof(struct cgw_set), sizeof(struct cgw_set)) ||
		!inside(verifier, header->text, 1, 1))
		return false;
	if (verifier->data[verifier->size - 1])
		return fail(verifier, "the last text does not end");
	verifier->policies = at(verifier, header->policies);
	verifier->rules = at(verifier, header->rules);
	verifier->all = at(verifier, header->all);
	return true;
}

static bool verify_all(struct verifier *verifier)
{
	if (!verify_frame(verifier))
		return false;
	verifier->seen = calloc(verifier->size / 4, sizeof(*verifier->seen));
	if (!verifier->seen)
		return fail(verifier, "out of memory");
	if (!verify_settings(verifier) || !verify_slots(verifier) || !verify_rules(verifier))
		return false;
	for (uint32_t slot = 0; slot < verifier->header->policy_count; slot++) {
		verifier->slot = slot;
		if (!verify_policy(verifier, &verifier->policies[slot]))
			return false;
	}
	verifier->slot = CGW_POLICIES_MAX; /* what belongs to no policy */
	return verify_chain(verifier, verifier->header->selectors, USE_SELECTORS) &&
	       verify_attachments(verifier);
}

int image_verify(const void *data, size_t size, const char **why)
{
	struct verifier verifier = {.data = data, .size = size, .header = data};
	bool good = (uintptr_t)data % 8 ? fail(&verifier, "the image is not aligned")
					: verify_all(&verifier);

	free(verifier.seen);
	if (good)
		return 0;
	*why = verifier.why;
	return -EINVAL;
}
