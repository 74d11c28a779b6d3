/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * match.h - the matcher: from an image, a set of policies and an operation to a verdict.
 *
 * Pure: no maps, no helpers, no state but its arguments. The kernel programs, `cgward explain`, the
 * tests and the fuzzers compile this very text, so that one code decides everywhere. The two
 * compilers differ in two things only: how a page of the image is fetched, and how a loop is
 * written (the verifier wants bpf_loop).
 *
 * Cost: a decision is linear in the length of the name, or logarithmic in the number of intervals,
 * for each policy that governs the task; the number of rules does not matter.
 *
 * Fail direction: an image that has been verified (policies/verify.h) has no holes. If a page is
 * missing all the same, view->broken is set and the decision is a denial with CGW_REASON_BAD_IMAGE.
 */
#ifndef CGW_MATCH_H
#define CGW_MATCH_H

#include <stddef.h>
#include "abi.h"

#include "value.h"

/* ---- the image ---- */

/* An image as the matcher sees it, with the page it last looked at. */
struct cgw_view {
#ifdef __bpf__
	void *image; /* the array map */
#else
	const __u8 *image;
	__u32 size; /* multiple of CGW_PAGE_SIZE */
#endif
	const __u8 *page;
	__u32 index; /* of page */
	__u32 broken;
};

CGW_INLINE const __u8 *cgw_page_fetch(struct cgw_view *view, __u32 index)
{
#ifdef __bpf__
	return bpf_map_lookup_elem(view->image, &index);
#else
	return index < view->size >> CGW_PAGE_SHIFT
		       ? view->image + ((size_t)index << CGW_PAGE_SHIFT)
		       : NULL;
#endif
}

/* The page that holds offset; any valid page, and view->broken, if there is none. */
CGW_INLINE const __u8 *cgw_page(struct cgw_view *view, __u32 offset)
{
	__u32 index = offset >> CGW_PAGE_SHIFT;

	if (index != view->index) {
		const __u8 *page = cgw_page_fetch(view, index);

		if (!page) {
			view->broken = 1;
			return view->page;
		}
		view->page = page;
		view->index = index;
	}
	return view->page;
}

/* Offsets are multiples of 4 in a verified image; the mask keeps any other inside the page. */
CGW_INLINE __u32 cgw_u32(struct cgw_view *view, __u32 offset)
{
	const __u8 *page = cgw_page(view, offset);

	return *(const __u32 *)(page + (offset & (CGW_PAGE_SIZE - 4)));
}

CGW_INLINE __u64 cgw_u64(struct cgw_view *view, __u32 offset)
{
	const __u8 *page = cgw_page(view, offset);

	return *(const __u64 *)(page + (offset & (CGW_PAGE_SIZE - 8)));
}

/* Begin to look at an image. 0, or -1 if it has not even a header. */
CGW_INLINE int cgw_view_open(struct cgw_view *view)
{
	view->index = 0;
	view->broken = 0;
	view->page = cgw_page_fetch(view, 0);
	return view->page ? 0 : -1;
}

#define cgw_header(view, field) cgw_u32(view, offsetof(struct cgw_image_header, field))

/* ---- automata ---- */

/*
 * A run of one automaton over bytes; lives on the stack. `classes` is the page of the automaton's
 * class table, apart from the page of the rows: in a large image the two differ.
 */
struct cgw_run {
	struct cgw_view *view;
	const __u8 *bytes; /* CGW_TEXT_MAX of them may be addressed */
	const __u8 *classes;
	__u32 class_of; /* offset of the class table */
	__u32 rows;
	__u32 state;	/* offset of the state's row from rows; 0: dead */
	__u32 position; /* of the next byte */
	__u32 length;	/* where the text ends */
};

CGW_INLINE void cgw_run_start(struct cgw_run *run, __u32 automaton)
{
	struct cgw_view *view = run->view;

	run->rows = cgw_u32(view, automaton + offsetof(struct cgw_automaton, rows));
	run->state = cgw_u32(view, automaton + offsetof(struct cgw_automaton, start));
	run->class_of = automaton + offsetof(struct cgw_automaton, class_of);
	run->classes = cgw_page(view, automaton);
}

CGW_INLINE void cgw_run_step(struct cgw_run *run, __u8 byte)
{
	__u32 class = run->classes[(run->class_of + byte) & (CGW_PAGE_SIZE - 1)];

	run->state = cgw_u32(run->view, run->rows + run->state + 4 + 4 * class);
}

CGW_INLINE __u32 cgw_run_accept(struct cgw_run *run)
{
	return cgw_u32(run->view, run->rows + run->state);
}

/* Bytes a callback handles, so that the cost of the call is shared. */
#define CGW_CHUNK 8
#define CGW_CHUNKS(length) (((length) + CGW_CHUNK - 1) / CGW_CHUNK)

static __attribute__((unused)) long cgw_run_chunk(__u32 index, void *context)
{
	struct cgw_run *run = context;

	(void)index;
	for (int i = 0; i < CGW_CHUNK; i++) {
		if (run->position >= run->length || !run->state)
			return 1;
		cgw_run_step(run, run->bytes[run->position & (CGW_TEXT_MAX - 1)]);
		run->position++;
	}
	return 0;
}

/* What one automaton accepts of bytes[from] to bytes[to - 1]; to is at most CGW_TEXT_MAX. */
CGW_INLINE __u32 cgw_run_all(struct cgw_run *run, __u32 automaton, __u32 from, __u32 to)
{
	cgw_run_start(run, automaton);
	run->position = from;
	run->length = to;
	cgw_loop(CGW_CHUNKS(to), cgw_run_chunk, run);
	return cgw_run_accept(run);
}

/* Automata of a chain whose accepts are refs: the greatest ref decides. */
struct cgw_chain {
	struct cgw_run run;
	__u32 automaton;
	__u32 from;
	__u32 to;
	__u32 ref;
};

static __attribute__((unused)) long cgw_chain_link(__u32 index, void *context)
{
	struct cgw_chain *chain = context;
	__u32 ref;

	(void)index;
	if (!chain->automaton)
		return 1;
	ref = cgw_run_all(&chain->run, chain->automaton, chain->from, chain->to);
	if (ref > chain->ref)
		chain->ref = ref;
	chain->automaton = cgw_u32(chain->run.view, chain->automaton);
	return 0;
}

/* More links than a chain can have: each holds at least one rule or policy. */
#define CGW_CHAIN_MAX CGW_RULES_MAX

static __attribute__((unused)) __u32 cgw_chain_ref(
	struct cgw_view *view, __u32 automaton, const __u8 *bytes, __u32 from, __u32 to)
{
	struct cgw_chain chain = {.run = {.view = view, .bytes = bytes},
		.automaton = automaton,
		.from = from,
		.to = to > CGW_TEXT_MAX ? CGW_TEXT_MAX : to};

	cgw_loop(CGW_CHAIN_MAX, cgw_chain_link, &chain);
	return chain.ref;
}

/* ---- tables ---- */

/* 2^20 intervals: more than CGW_RULES_MAX rules can make. */
#define CGW_SEARCH_STEPS 20

/* A binary search: the last interval that begins at or before the key. Keys of `words` words each.
 */
struct cgw_search {
	struct cgw_view *view;
	__u32 keys;
	__u32 words;
	__u32 low;  /* keys[low] <= key */
	__u32 high; /* key < keys[high] */
	__u32 key[4];
};

CGW_INLINE int cgw_search_after(struct cgw_search *search, __u32 index)
{
	__u32 offset = search->keys + index * search->words * 4;

	for (__u32 i = 0; i < 4; i++) {
		__u32 word;

		if (i >= search->words)
			break;
		word = cgw_u32(search->view, offset + 4 * i);
		if (word != search->key[i])
			return word > search->key[i];
	}
	return 0;
}

static __attribute__((unused)) long cgw_search_step(__u32 index, void *context)
{
	struct cgw_search *search = context;
	__u32 middle;

	(void)index;
	if (search->high - search->low <= 1)
		return 1;
	middle = search->low + (search->high - search->low) / 2;
	if (cgw_search_after(search, middle))
		search->high = middle;
	else
		search->low = middle;
	return 0;
}

/* The value of the interval that holds search->key. `table` is not 0; search->words and ->key are
 * set. */
CGW_INLINE __u32 cgw_table_find(struct cgw_search *search, __u32 table)
{
	struct cgw_view *view = search->view;

	search->low = 0;
	search->high = cgw_u32(view, table + offsetof(struct cgw_table, count));
	search->keys = cgw_u32(view, table + offsetof(struct cgw_table, keys));
	cgw_loop(CGW_SEARCH_STEPS, cgw_search_step, search);
	return cgw_u32(
		view, cgw_u32(view, table + offsetof(struct cgw_table, values)) + 4 * search->low);
}

CGW_INLINE __u32 cgw_table_find32(struct cgw_view *view, __u32 table, __u32 key)
{
	struct cgw_search search = {.view = view, .words = 1, .key = {key}};

	return cgw_table_find(&search, table);
}

/* ---- sets of policies ---- */

/* Walks the slots of a set. */
struct cgw_members {
	const struct cgw_set *set;
	__u32 summary; /* words not yet taken */
	__u32 word;
	__u64 bits; /* of word, not yet taken */
};

CGW_INLINE __u32 cgw_set_summary(const struct cgw_set *set)
{
	__u32 summary = 0;

	for (int i = 0; i < CGW_SET_WORDS; i++)
		if (set->word[i])
			summary |= 1U << i;
	return summary;
}

/* The next slot, or -1. */
CGW_INLINE int cgw_members_next(struct cgw_members *members)
{
	int bit;

	if (!members->bits) {
		if (!members->summary)
			return -1;
		members->word = __builtin_ctz(members->summary) & (CGW_SET_WORDS - 1);
		members->summary &= members->summary - 1;
		members->bits = members->set->word[members->word & (CGW_SET_WORDS - 1)];
		if (!members->bits)
			return -1;
	}
	bit = __builtin_ctzll(members->bits);
	members->bits &= members->bits - 1;
	return members->word * 64 + bit;
}

CGW_INLINE void cgw_set_add_image(struct cgw_view *view, struct cgw_set *set, __u32 offset)
{
	for (__u32 i = 0; i < CGW_SET_WORDS; i++)
		set->word[i] |= cgw_u64(view, offset + 8 * i);
}

/* ---- the verdict ---- */

struct cgw_decision {
	__u32 verdict; /* enum cgw_verdict */
	__u32 reason;  /* enum cgw_reason; 0 if allowed */
	__u32 policy;  /* slot */
	__u32 rule;    /* index */
	__u32 order;   /* of the policy */
	__u32 reserved;
};

#define CGW_DECISION_ALLOW                                                                         \
	{                                                                                          \
		.verdict = CGW_VERDICT_ALLOW                                                       \
	}

/* Takes up what one policy says: deny wins over audit, and of equals the first policy by name is
 * named. */
CGW_INLINE void cgw_decision_add(
	struct cgw_view *view, struct cgw_decision *decision, __u32 slot, __u32 ref, __u32 reason)
{
	__u32 policy = cgw_header(view, policies) + slot * sizeof(struct cgw_policy);
	__u32 action = CGW_REF_ACTION(ref);
	__u32 verdict = CGW_VERDICT_AUDIT;
	__u32 order;

	if (action != CGW_ACTION_DENY && action != CGW_ACTION_AUDIT)
		return;
	if (action == CGW_ACTION_DENY && !(cgw_u32(view, policy) & CGW_POLICY_AUDIT))
		verdict = CGW_VERDICT_DENY;
	order = cgw_u32(view, policy + offsetof(struct cgw_policy, order));
	if (verdict < decision->verdict ||
		(verdict == decision->verdict && order >= decision->order))
		return;
	decision->verdict = verdict;
	decision->reason = reason;
	decision->policy = slot;
	decision->rule = CGW_REF_RULE(ref);
	decision->order = order;
}

/* What all judges share: the policies to ask and what they have said so far. */
struct cgw_judge {
	struct cgw_view *view;
	struct cgw_members members;
	struct cgw_decision decision;
};

CGW_INLINE void cgw_judge_start(
	struct cgw_judge *judge, struct cgw_view *view, const struct cgw_set *set, __u32 summary)
{
	judge->view = view;
	judge->members = (struct cgw_members){.set = set, .summary = summary};
	judge->decision = (struct cgw_decision)CGW_DECISION_ALLOW;
}

/* The offset of a field of the policy in a slot. */
#define cgw_policy_field(view, slot, field)                                                        \
	(cgw_header(view, policies) + (slot) * (__u32)sizeof(struct cgw_policy) +                  \
		(__u32)offsetof(struct cgw_policy, field))

/* ---- network ---- */

/*
 * connect, bind or listen with an IP peer. An IPv4-mapped IPv6 address is to be given as IPv4. A
 * packet of a raw socket is judged as raw and as what its header says, hence two protocols (0: no
 * second one).
 */
struct cgw_peer {
	struct cgw_judge judge;
	__u32 op;
	__u32 ipv6;	  /* 0 or 1 */
	__u32 address[4]; /* host order, most significant first; IPv4 in [0] */
	__u32 port;
	__u32 proto[2];
};

CGW_INLINE __u32 cgw_peer_ref(struct cgw_view *view, struct cgw_peer *peer, __u32 table)
{
	struct cgw_search search = {.view = view, .words = peer->ipv6 ? 4 : 1};
	__u32 class, ref = 0;

	for (int i = 0; i < 4; i++)
		search.key[i] = peer->address[i];
	class = cgw_table_find(&search, table);
	for (int i = 0; class && i < 2; i++) {
		__u32 proto = peer->proto[i];
		__u32 ports = proto < CGW_PROTO_COUNT ? cgw_u32(view, class + 4 * proto) : 0;
		__u32 found = ports ? cgw_table_find32(view, ports, peer->port) : 0;

		if (found > ref)
			ref = found;
	}
	return ref;
}

static __attribute__((unused)) long cgw_peer_policy(__u32 index, void *context)
{
	struct cgw_peer *peer = context;
	struct cgw_view *view = peer->judge.view;
	int slot = cgw_members_next(&peer->judge.members);
	__u32 table;

	(void)index;
	if (slot < 0)
		return 1;
	table = cgw_u32(view,
		cgw_policy_field(view, slot, peers) + CGW_PEER_OP(peer->op) * 8 + peer->ipv6 * 4);
	if (table)
		cgw_decision_add(view, &peer->judge.decision, slot, cgw_peer_ref(view, peer, table),
			CGW_REASON_RULE);
	return 0;
}

CGW_INLINE void cgw_judge_peer(struct cgw_peer *peer)
{
	cgw_loop(CGW_POLICIES_MAX, cgw_peer_policy, peer);
}

/* socket(family, type): type without SOCK_NONBLOCK and SOCK_CLOEXEC. */
struct cgw_socket {
	struct cgw_judge judge;
	__u32 family;
	__u32 type;
};

#define CGW_SOCKET_KEY(family, type) (((__u32)(family)&0xffffff) << 8 | ((type)&0xff))

static __attribute__((unused)) long cgw_socket_policy(__u32 index, void *context)
{
	struct cgw_socket *socket = context;
	struct cgw_view *view = socket->judge.view;
	int slot = cgw_members_next(&socket->judge.members);
	__u32 table, ref;

	(void)index;
	if (slot < 0)
		return 1;
	table = cgw_u32(view, cgw_policy_field(view, slot, sockets));
	if (!table)
		return 0;
	ref = cgw_table_find32(view, table, CGW_SOCKET_KEY(socket->family, socket->type));
	cgw_decision_add(view, &socket->judge.decision, slot, ref, CGW_REASON_RULE);
	return 0;
}

CGW_INLINE void cgw_judge_socket(struct cgw_socket *socket)
{
	cgw_loop(CGW_POLICIES_MAX, cgw_socket_policy, socket);
}

/* connect, bind or listen with a unix socket's name. */
struct cgw_unix {
	struct cgw_judge judge;
	__u32 op;
	__u32 kind;	 /* CGW_UNIX_PATH or CGW_UNIX_ABSTRACT */
	__u32 ambiguous; /* a path that may name another object than its bytes say */
	__u32 length;
	const __u8
		*name; /* CGW_TEXT_MAX bytes may be addressed; abstract: without the leading NUL */
};

static __attribute__((unused)) long cgw_unix_policy(__u32 index, void *context)
{
	struct cgw_unix *unix_name = context;
	struct cgw_view *view = unix_name->judge.view;
	int slot = cgw_members_next(&unix_name->judge.members);
	__u32 op = CGW_PEER_OP(unix_name->op);
	__u32 automaton, ref;

	(void)index;
	if (slot < 0)
		return 1;
	automaton = cgw_u32(
		view, cgw_policy_field(view, slot, unix_names) + op * 8 + unix_name->kind * 4);
	if (!automaton)
		return 0;
	ref = cgw_chain_ref(view, automaton, unix_name->name, 0, unix_name->length);
	if (unix_name->ambiguous) {
		__u32 could = cgw_u32(view, cgw_policy_field(view, slot, unix_could) + op * 4);

		if (could && CGW_REF_ACTION(ref) != CGW_ACTION_DENY)
			cgw_decision_add(view, &unix_name->judge.decision, slot, could,
				CGW_REASON_PATH_AMBIGUOUS);
	} else {
		cgw_decision_add(view, &unix_name->judge.decision, slot, ref, CGW_REASON_RULE);
	}
	return 0;
}

CGW_INLINE void cgw_judge_unix(struct cgw_unix *unix_name)
{
	cgw_loop(CGW_POLICIES_MAX, cgw_unix_policy, unix_name);
}

/* ---- sysctl ---- */

struct cgw_sysctl {
	struct cgw_judge judge;
	__u32 op;
	__u32 unknown; /* enum cgw_reason if the value cannot be judged */
	const struct cgw_text *name;
	const struct cgw_value *value; /* of a write; not used if unknown */
	/* within one policy: */
	__u32 automaton;
	__u32 ref;
	__u32 could;
};

/* The value's verdict: an exception must match the bytes as written, a denial any spelling of them.
 */
CGW_INLINE __u32 cgw_value_ref(
	struct cgw_view *view, __u32 automaton, const struct cgw_value *value)
{
	__u32 ref = cgw_chain_ref(
		view, automaton, value->written.bytes, value->raw_from, value->raw_to);
	__u32 other = cgw_chain_ref(view, automaton, value->normal.bytes, 0, value->normal.length);

	if (CGW_REF_ACTION(other) != CGW_ACTION_ALLOW && other > ref)
		ref = other;
	other = cgw_chain_ref(view, automaton, value->normal.bytes, 0, value->first);
	if (CGW_REF_ACTION(other) != CGW_ACTION_ALLOW && other > ref)
		ref = other;
	return ref;
}

static __attribute__((unused)) long cgw_sysctl_link(__u32 index, void *context)
{
	struct cgw_sysctl *sysctl = context;
	struct cgw_view *view = sysctl->judge.view;
	struct cgw_run run = {.view = view, .bytes = sysctl->name->bytes};
	__u32 class, values, ref;

	(void)index;
	if (!sysctl->automaton)
		return 1;
	class = cgw_run_all(&run, sysctl->automaton, 0, sysctl->name->length);
	sysctl->automaton = cgw_u32(view, sysctl->automaton);
	if (!class)
		return 0;
	ref = cgw_u32(view, class + (sysctl->op == CGW_OP_SYSCTL_WRITE ? 4 : 0));
	if (ref > sysctl->ref)
		sysctl->ref = ref;
	values = cgw_u32(view, class + offsetof(struct cgw_sysctl_class, values));
	if (sysctl->op != CGW_OP_SYSCTL_WRITE || !values)
		return 0;
	if (sysctl->unknown) {
		ref = cgw_u32(view, class + offsetof(struct cgw_sysctl_class, could));
		if (ref > sysctl->could)
			sysctl->could = ref;
		return 0;
	}
	ref = cgw_value_ref(view, values, sysctl->value);
	if (ref > sysctl->ref)
		sysctl->ref = ref;
	return 0;
}

static __attribute__((unused)) long cgw_sysctl_policy(__u32 index, void *context)
{
	struct cgw_sysctl *sysctl = context;
	struct cgw_view *view = sysctl->judge.view;
	int slot = cgw_members_next(&sysctl->judge.members);

	(void)index;
	if (slot < 0)
		return 1;
	sysctl->automaton = cgw_u32(view, cgw_policy_field(view, slot, sysctl));
	sysctl->ref = 0;
	sysctl->could = 0;
	cgw_loop(CGW_CHAIN_MAX, cgw_sysctl_link, sysctl);
	if (sysctl->could > sysctl->ref)
		cgw_decision_add(
			view, &sysctl->judge.decision, slot, sysctl->could, sysctl->unknown);
	else
		cgw_decision_add(view, &sysctl->judge.decision, slot, sysctl->ref, CGW_REASON_RULE);
	return 0;
}

CGW_INLINE void cgw_judge_sysctl(struct cgw_sysctl *sysctl)
{
	cgw_loop(CGW_POLICIES_MAX, cgw_sysctl_policy, sysctl);
}

/* ---- scope ---- */

/*
 * The policies whose selectors match the cgroup path or that of an ancestor. The path is "" for the
 * root, else
 * "/a/b"; `length` is at most CGW_TEXT_MAX.
 */
struct cgw_scope_run {
	struct cgw_run run;
	struct cgw_set *set;
	__u32 automaton;
	__u32 length;
};

CGW_INLINE void cgw_scope_collect(struct cgw_scope_run *scope)
{
	__u32 accept = cgw_run_accept(&scope->run);

	if (accept)
		cgw_set_add_image(scope->run.view, scope->set, accept);
}

static __attribute__((unused)) long cgw_scope_chunk(__u32 index, void *context)
{
	struct cgw_scope_run *scope = context;

	(void)index;
	for (int i = 0; i < CGW_CHUNK; i++) {
		__u8 byte;

		if (scope->run.position >= scope->run.length || !scope->run.state)
			return 1;
		byte = scope->run.bytes[scope->run.position & (CGW_TEXT_MAX - 1)];
		if (byte == '/')
			cgw_scope_collect(scope); /* what came before is an ancestor */
		cgw_run_step(&scope->run, byte);
		scope->run.position++;
	}
	return 0;
}

static __attribute__((unused)) long cgw_scope_link(__u32 index, void *context)
{
	struct cgw_scope_run *scope = context;

	(void)index;
	if (!scope->automaton)
		return 1;
	cgw_run_start(&scope->run, scope->automaton);
	scope->run.position = 0;
	scope->run.length = scope->length;
	cgw_loop(CGW_CHUNKS(scope->length), cgw_scope_chunk, scope);
	cgw_scope_collect(scope);
	scope->automaton = cgw_u32(scope->run.view, scope->automaton);
	return 0;
}

/* Adds to *set; *set is in memory that the caller may address. */
CGW_INLINE void cgw_scope_path(
	struct cgw_view *view, const __u8 *path, __u32 length, struct cgw_set *set)
{
	struct cgw_scope_run scope = {.run = {.view = view, .bytes = path},
		.set = set,
		.automaton = cgw_header(view, selectors),
		.length = length};

	cgw_loop(CGW_POLICIES_MAX, cgw_scope_link, &scope);
}

/* The policies attached by hand to the cgroup with this id (not to its ancestors). Adds to *set. */
CGW_INLINE void cgw_scope_attached(struct cgw_view *view, __u64 cgroup_id, struct cgw_set *set)
{
	__u32 low = 0, high = cgw_header(view, attachment_count);
	__u32 base = cgw_header(view, attachments);

	for (int i = 0; i < CGW_SEARCH_STEPS && low < high; i++) {
		__u32 middle = low + (high - low) / 2;
		__u32 entry = base + middle * (__u32)sizeof(struct cgw_attachment);
		__u64 id = cgw_u64(view, entry);

		if (id == cgroup_id) {
			cgw_set_add_image(view, set,
				cgw_u32(view, entry + offsetof(struct cgw_attachment, set)));
			return;
		}
		if (id < cgroup_id)
			low = middle + 1;
		else
			high = middle;
	}
}

#endif
