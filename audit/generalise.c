// SPDX-License-Identifier: GPL-2.0-only
#include "generalise.h"

#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>

#define COMPONENTS_MAX 64
#define NUMBERS_MAX 8 /* of a sysctl's name that are looked at */
#define DIGITS_MAX 9
#define RANGES_MAX 64 /* of ports in one line */

/* One way to make few of many. */
struct pass {
	/* Drafts with the same key can become one. False: this one takes no part. */
	bool (*key)(const struct draft *draft, int place, struct strbuf *key);
	/* What they become; the first of them comes as a copy. False: nothing. */
	bool (*widen)(struct subject *wide, struct draft *run, size_t count, int place);
	const char *wider;
	int places;
	bool exact;  /* matches what they did, and nothing else */
	size_t most; /* that become one */
};

void drafts_free(struct drafts *drafts)
{
	for (size_t i = 0; i < drafts->count; i++)
		subject_free(&drafts->items[i].subject);
	free(drafts->items);
	*drafts = (struct drafts){0};
}

/* ---- keys ---- */

static void put_rest(const struct subject *subject, struct strbuf *key)
{
	strbuf_printf(key, "%u %s%s", subject->ops, subject->before, subject->value ? "=" : "");
	strbuf_puts(key, subject->value ? subject->value : "");
	strbuf_putc(key, '\n');
}

static bool value_key(const struct draft *draft, int place, struct strbuf *key)
{
	(void)place;
	if (!draft->subject.value)
		return false;
	strbuf_printf(key, "%u %s", draft->subject.ops, draft->subject.name);
	return true;
}

/* The bounds of component `place`, the first one being 0. */
static bool find_component(const char *name, int place, const char **start, size_t *length)
{
	const char *at = name + (*name == '/');

	for (; place > 0; place--) {
		at = strchr(at, '/');
		if (!at)
			return false;
		at++;
	}
	*start = at;
	*length = strcspn(at, "/");
	return *length > 0;
}

/* Never the first component: what is below /etc is one thing, what is below / is not. */
static bool component_key(const struct draft *draft, int place, struct strbuf *key)
{
	const struct subject *subject = &draft->subject;
	const char *start;
	size_t length;

	place = COMPONENTS_MAX - place;
	if (subject->form != SUBJECT_NAME || subject->section == SECTION_SYSCTL ||
		*subject->name != '/' || !find_component(subject->name, place, &start, &length))
		return false;
	put_rest(subject, key);
	strbuf_add(key, subject->name, start - subject->name);
	strbuf_putc(key, SUBJECT_ANY);
	strbuf_puts(key, start + length);
	return true;
}

/* The bounds of number `place` of a name; what was made a range already does not count. */
static bool find_number(const char *name, int place, const char **start, size_t *length)
{
	for (const char *at = name; *at; at += *length) {
		if (*at == SUBJECT_RANGE) {
			*length = strchr(at + 1, SUBJECT_RANGE) + 1 - at;
			continue;
		}
		*start = at;
		*length = strspn(at, "0123456789");
		if (*length && !place--)
			return *length <= DIGITS_MAX && (*at != '0' || *length == 1);
		*length += !*length;
	}
	return false;
}

static bool number_key(const struct draft *draft, int place, struct strbuf *key)
{
	const struct subject *subject = &draft->subject;
	const char *start;
	size_t length;

	if (subject->section != SECTION_SYSCTL ||
		!find_number(subject->name, NUMBERS_MAX - 1 - place, &start, &length))
		return false;
	put_rest(subject, key);
	strbuf_add(key, subject->name, start - subject->name);
	strbuf_putc(key, SUBJECT_RANGE);
	strbuf_puts(key, start + length);
	return true;
}

static void put_ports(const struct subject *subject, struct strbuf *key)
{
	for (size_t i = 0; i < subject->port_count; i++)
		strbuf_printf(key, " %u-%u", subject->ports[i].first, subject->ports[i].last);
}

static bool address_key(const struct draft *draft, int place, struct strbuf *key)
{
	const struct subject *subject = &draft->subject;

	(void)place;
	if (subject->form != SUBJECT_PEER)
		return false;
	strbuf_printf(key, "%u %u %u ", subject->ops, subject->proto, subject->family);
	if (subject->family == AF_INET)
		strbuf_printf(key, "%06x", subject->address[0] >> 8);
	else
		strbuf_printf(key, "%08x%08x", subject->address[0], subject->address[1]);
	put_ports(subject, key);
	return true;
}

static bool port_key(const struct draft *draft, int place, struct strbuf *key)
{
	const struct subject *subject = &draft->subject;

	(void)place;
	if (subject->form != SUBJECT_PEER || !subject->port_count)
		return false;
	strbuf_printf(key, "%u %u %u /%u", subject->ops, subject->proto, subject->family,
		subject->prefix);
	for (int i = 0; i < 4; i++)
		strbuf_printf(key, " %08x", subject->address[i]);
	return true;
}

/* [sysctl], [file] and [device] have lists of operations. */
static bool op_key(const struct draft *draft, int place, struct strbuf *key)
{
	struct subject other = draft->subject;

	(void)place;
	if ((other.section != SECTION_SYSCTL && other.section != SECTION_FILE &&
		    other.section != SECTION_DEVICE) ||
		other.value)
		return false;
	strbuf_puts(key, other.name);
	return true;
}

/* ---- widening ---- */

static bool any_value(struct subject *wide, struct draft *run, size_t count, int place)
{
	(void)run;
	(void)count;
	(void)place;
	free(wide->value);
	wide->value = NULL;
	return true;
}

static void replace(struct subject *wide, const char *start, size_t length, const char *by)
{
	struct strbuf name = STRBUF_INIT;

	strbuf_add(&name, wide->name, start - wide->name);
	strbuf_puts(&name, by);
	strbuf_puts(&name, start + length);
	free(wide->name);
	wide->name = strbuf_take(&name);
}

static bool any_component(struct subject *wide, struct draft *run, size_t count, int place)
{
	static const char any[] = {SUBJECT_ANY, 0};
	const char *start;
	size_t length;

	(void)run;
	(void)count;
	if (!find_component(wide->name, COMPONENTS_MAX - place, &start, &length))
		return false;
	replace(wide, start, length, any);
	return true;
}

static bool number_range(struct subject *wide, struct draft *run, size_t count, int place)
{
	unsigned long least = ~0UL, greatest = 0;
	struct strbuf range __attribute__((cleanup(strbuf_free))) = STRBUF_INIT;
	const char *start;
	size_t length;

	for (size_t i = 0; i < count; i++) {
		unsigned long number;

		if (!find_number(run[i].subject.name, NUMBERS_MAX - 1 - place, &start, &length))
			return false;
		number = strtoul(start, NULL, 10);
		least = number < least ? number : least;
		greatest = number > greatest ? number : greatest;
	}
	strbuf_printf(&range, "%c%lu%c%lu%c", SUBJECT_RANGE, least, SUBJECT_BETWEEN, greatest,
		SUBJECT_RANGE);
	if (!find_number(wide->name, NUMBERS_MAX - 1 - place, &start, &length))
		return false;
	replace(wide, start, length, range.data);
	return true;
}

/* The longest prefix of all. */
static bool common_prefix(struct subject *wide, struct draft *run, size_t count, int place)
{
	(void)place;
	for (size_t i = 1; i < count; i++) {
		const uint32_t *address = run[i].subject.address;
		uint32_t bit = 0;

		while (bit < wide->prefix &&
			!((wide->address[bit / 32] ^ address[bit / 32]) >> (31 - bit % 32) & 1))
			bit++;
		wide->prefix = bit;
	}
	for (uint32_t bit = wide->prefix; bit < 128; bit++)
		wide->address[bit / 32] &= ~(1U << (31 - bit % 32));
	return true;
}

static int by_first(const void *a, const void *b)
{
	const struct port_range *left = a, *right = b;

	return (left->first > right->first) - (left->first < right->first);
}

/* Puts neighbours together of whose ports at least one in `share` was seen. */
static size_t join_ports(struct port_range *ports, size_t count, uint32_t share)
{
	size_t kept = 0;
	uint32_t seen = 0;

	for (size_t i = 0; i < count; i++) {
		uint32_t more = ports[i].last - ports[i].first + 1;

		if (i && (seen + more) * share >= ports[i].last - ports[kept].first + 1U) {
			ports[kept].last = ports[i].last;
			seen += more;
			continue;
		}
		kept += i > 0;
		ports[kept] = ports[i];
		seen = more;
	}
	return kept + 1;
}

static void take_ports(struct subject *wide, struct draft *run, size_t count)
{
	struct port_range *ports = NULL;
	size_t total = 0, room = 0;

	for (size_t i = 0; i < count; i++)
		for (size_t j = 0; j < run[i].subject.port_count; j++) {
			ARRAY_GROW(ports, total, room);
			ports[total++] = run[i].subject.ports[j];
		}
	qsort(ports, total, sizeof(*ports), by_first);
	free(wide->ports);
	wide->ports = ports;
	wide->port_count = total;
}

static bool port_list(struct subject *wide, struct draft *run, size_t count, int place)
{
	(void)place;
	take_ports(wide, run, count);
	wide->port_count = join_ports(wide->ports, wide->port_count, 1);
	return true;
}

static bool port_ranges(struct subject *wide, struct draft *run, size_t count, int place)
{
	(void)place;
	take_ports(wide, run, count);
	wide->port_count = join_ports(wide->ports, wide->port_count, 2);
	return wide->port_count <= RANGES_MAX;
}

static bool op_list(struct subject *wide, struct draft *run, size_t count, int place)
{
	(void)place;
	for (size_t i = 0; i < count; i++)
		wide->ops |= run[i].subject.ops;
	return true;
}

static const struct pass passes[] = {
	{value_key, any_value, "any value", 1, false, SIZE_MAX},
	{number_key, number_range, "all numbers between", NUMBERS_MAX, false, SIZE_MAX},
	{component_key, any_component, "any name in that place", COMPONENTS_MAX, false, SIZE_MAX},
	{address_key, common_prefix, "all addresses of the prefix", 1, false, SIZE_MAX},
	{port_key, port_ranges, "ports between, too", 1, false, SIZE_MAX},
	{port_key, port_list, NULL, 1, true, RANGES_MAX},
	{op_key, op_list, NULL, 1, true, SIZE_MAX},
};

/* ---- groups ---- */

/* True if it meets no rule that some of the run does not meet. */
static bool may_widen(const struct policy *policy, const struct subject *wide,
	const struct draft *run, size_t count)
{
	for (size_t i = 0; i < policy->rule_count; i++) {
		const struct policy_rule *rule = &policy->rules[i];

		if (rule->action == CGW_ACTION_ALLOW || !subject_meets(wide, rule))
			continue;
		for (size_t j = 0; j < count; j++)
			if (!subject_meets(&run[j].subject, rule))
				return false;
	}
	return true;
}

/* Drafts of a run become the first one of them; the others become all zero. */
static void merge(struct draft *run, size_t count, struct subject *wide, const char *wider)
{
	struct draft *first = &run[0];

	subject_free(&first->subject);
	first->subject = *wide;
	first->wider = wider ? wider : first->wider;
	for (size_t i = 1; i < count; i++) {
		struct draft *other = &run[i];

		first->merged += other->merged;
		first->count += other->count;
		first->wider = first->wider ? first->wider : other->wider;
		if (other->first < first->first) {
			first->first = other->first;
			first->cgroup = other->cgroup;
			first->comm = other->comm;
		}
		first->last = other->last > first->last ? other->last : first->last;
		subject_free(&other->subject);
		*other = (struct draft){0};
	}
}

static void try_run(const struct pass *pass, int place, const struct policy *policy,
	struct draft *run, size_t count)
{
	struct subject wide;

	subject_copy(&wide, &run[0].subject);
	if (pass->widen(&wide, run, count, place) &&
		(pass->exact || may_widen(policy, &wide, run, count)))
		merge(run, count, &wide, pass->wider);
	else
		subject_free(&wide);
}

struct keyed {
	char *key; /* NULL: takes no part */
	struct draft draft;
};

static int by_key(const void *a, const void *b)
{
	const struct keyed *left = a, *right = b;

	if (!left->key || !right->key)
		return !left->key - !right->key;
	return strcmp(left->key, right->key);
}

static struct keyed *sort_by_key(const struct drafts *drafts, const struct pass *pass, int place)
{
	struct keyed *keyed = xcalloc(drafts->count + 1, sizeof(*keyed));

	for (size_t i = 0; i < drafts->count; i++) {
		struct strbuf key = STRBUF_INIT;

		keyed[i].draft = drafts->items[i];
		if (pass->key(&drafts->items[i], place, &key))
			keyed[i].key = strbuf_take(&key);
		strbuf_free(&key);
	}
	qsort(keyed, drafts->count, sizeof(*keyed), by_key);
	return keyed;
}

static void run_pass(struct drafts *drafts, const struct pass *pass, int place,
	const struct policy *policy, size_t least)
{
	struct keyed *keyed = sort_by_key(drafts, pass, place);
	size_t count = drafts->count, kept = 0, length;

	for (size_t i = 0; i < count; i++)
		drafts->items[i] = keyed[i].draft;
	for (size_t i = 0; i < count && keyed[i].key; i += length) {
		for (length = 1;
			length < pass->most && i + length < count && keyed[i + length].key &&
			!strcmp(keyed[i].key, keyed[i + length].key);
			length++)
			;
		if (length >= (pass->exact ? 2 : least))
			try_run(pass, place, policy, &drafts->items[i], length);
	}
	for (size_t i = 0; i < count; i++) {
		free(keyed[i].key);
		if (drafts->items[i].merged)
			drafts->items[kept++] = drafts->items[i];
	}
	drafts->count = kept;
	free(keyed);
}

void generalise(struct drafts *drafts, const struct policy *policy, size_t least)
{
	for (size_t i = 0; i < sizeof(passes) / sizeof(passes[0]); i++)
		for (int place = 0; place < passes[i].places && drafts->count > 1; place++)
			if (least || passes[i].exact)
				run_pass(drafts, &passes[i], place, policy, least);
}
