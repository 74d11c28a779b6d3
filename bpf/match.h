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
	__u32 zero; /* see cgw_view_open() */
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
			view->broken++;
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

/*
 * Begin to look at an image. 0, or -1 if it has not even a header. index, broken and zero are 0 in
 * a way that the verifier does not know: it would follow each path once for 0 and once for "any".
 * What starts at 0 and changes within a loop is set to view->zero, for the same reason.
 */
CGW_INLINE int cgw_view_open(struct cgw_view *view)
{
	view->page = cgw_page_fetch(view, 0);
	if (!view->page)
		return -1;
	view->zero = ((const struct cgw_image_header *)view->page)->magic ^ CGW_IMAGE_MAGIC;
	view->index = view->zero;
	view->broken = view->zero;
	return 0;
}

#define cgw_header(view, field) cgw_u32(view, offsetof(struct cgw_image_header, field))

/* ---- automata ---- */

/*
 * Where a run of automata stands. The caller gives the memory: in the kernel it is a map's, because
 * the verifier follows each content of a stack slot, but not of a map. One cursor serves one run
 * after the other.
 */
struct cgw_cursor {
	__u32 class_of; /* offset of the automaton's class table */
	__u32 rows;	/* offset of its rows */
	__u32 state;	/* offset of the state's row from rows; 0: dead */
	__u32 base;	/* where the text begins in run->bytes: 0 or CGW_TEXT_MAX */
	__u32 position; /* of the next byte */
	__u32 length;	/* where the text ends */
	/* of a chain of automata: */
	__u32 first;	 /* offset of the first one */
	__u32 automaton; /* that runs */
	__u32 from;	 /* where the text begins */
	__u32 ref;	 /* greatest so far */
	/* of a value in its spellings: */
	__u32 spelling;	 /* 0: the text as it is; 1: value->normal; 2: its first field */
	__u32 spellings; /* the last one to try */
	__u32 normal_length;
	__u32 first_length;
};

/*
 * A run: the pointers that go with a cursor; lives on the stack. `classes` is the page of the
 * automaton's class table, apart from the page of the rows: in a large image the two differ.
 */
struct cgw_run {
	struct cgw_view *view;
	struct cgw_cursor *at;
	const __u8 *bytes; /* in the kernel 2 * CGW_TEXT_MAX of them may be addressed */
	const __u8 *classes;
};

/* Starts the automaton at bytes[from]. */
CGW_INLINE void cgw_run_start(struct cgw_run *run, __u32 automaton, __u32 from)
{
	struct cgw_view *view = run->view;
	struct cgw_cursor *at = run->at;

	at->rows = cgw_u32(view, automaton + (__u32)offsetof(struct cgw_automaton, rows));
	at->state = cgw_u32(view, automaton + (__u32)offsetof(struct cgw_automaton, start));
	at->class_of = automaton + (__u32)offsetof(struct cgw_automaton, class_of);
	at->position = from;
	run->classes = cgw_page(view, automaton);
}

CGW_INLINE void cgw_run_step(struct cgw_run *run, __u8 byte)
{
	struct cgw_cursor *at = run->at;
	__u32 class = run->classes[(at->class_of + byte) & (CGW_PAGE_SIZE - 1)];

	at->state = cgw_u32(run->view, at->rows + at->state + 4 + 4 * class);
}

CGW_INLINE __u8 cgw_run_byte(struct cgw_run *run)
{
	struct cgw_cursor *at = run->at;

	return run->bytes[(at->base & CGW_TEXT_MAX) + (at->position & (CGW_TEXT_MAX - 1))];
}

CGW_INLINE __u32 cgw_run_accept(struct cgw_run *run)
{
	return cgw_u32(run->view, run->at->rows + run->at->state);
}

/* Bytes a callback handles, so that the cost of the call is shared. */
#define CGW_CHUNK 8

/* bpf_loop takes no more. */
#define CGW_LOOP_MAX (1U << 23)

/* 1 once the text has been read, or nothing can match any more. */
static __attribute__((unused)) long cgw_run_chunk(__u32 index, void *context)
{
	struct cgw_run *run = context;

	(void)index;
	CGW_UNROLL
	for (int i = 0; i < CGW_CHUNK; i++) {
		if (run->at->position >= run->at->length || !run->at->state)
			return 1;
		cgw_run_step(run, cgw_run_byte(run));
		run->at->position++;
	}
	return 0;
}

/* What one automaton accepts of bytes[0] to bytes[length - 1]; length is at most CGW_TEXT_MAX. */
CGW_INLINE __u32 cgw_run_all(struct cgw_run *run, __u32 automaton, __u32 length)
{
	run->at->base = 0;
	run->at->length = length;
	cgw_run_start(run, automaton, 0);
	cgw_loop(CGW_LOOP_MAX, cgw_run_chunk, run);
	return cgw_run_accept(run);
}

/*
 * Runs a chain of automata, whose accepts are refs, over a text, or over the spellings of a value:
 * the greatest ref decides. One loop over the chunks of all runs: loops within loops cost the
 * verifier the product of their states.
 */
static __attribute__((unused)) long cgw_chain_chunk(__u32 index, void *context)
{
	struct cgw_run *run = context;
	struct cgw_cursor *at = run->at;
	__u32 ref;

	if (!cgw_run_chunk(index, run))
		return 0;
	ref = cgw_run_accept(run);
	/* An exception must match the bytes as written, a denial any spelling of them. */
	if (ref > at->ref && (!at->spelling || CGW_REF_ACTION(ref) != CGW_ACTION_ALLOW))
		at->ref = ref;
	at->automaton = cgw_u32(run->view, at->automaton);
	if (!at->automaton) {
		if (at->spelling >= at->spellings)
			return 1;
		at->length = at->spelling ? at->first_length : at->normal_length;
		at->base = CGW_TEXT_MAX;
		at->from = 0;
		at->spelling++;
		at->automaton = at->first;
	}
	cgw_run_start(run, at->automaton, at->from);
	return 0;
}

CGW_INLINE __u32 cgw_chain_run(struct cgw_run *run, __u32 automaton)
{
	struct cgw_cursor *at = run->at;

	at->base = 0;
	at->first = automaton;
	at->automaton = automaton;
	at->ref = 0;
	at->spelling = 0;
	cgw_run_start(run, automaton, at->from);
	cgw_loop(CGW_LOOP_MAX, cgw_chain_chunk, run);
	return at->ref;
}

/* What a chain says about bytes[0] to bytes[length - 1]; length is at most CGW_TEXT_MAX. */
CGW_INLINE __u32 cgw_chain_ref(struct cgw_view *view, struct cgw_cursor *at, __u32 automaton,
	const __u8 *bytes, __u32 length)
{
	struct cgw_run run = {.view = view, .at = at, .bytes = bytes};

	at->from = 0;
	at->length = length;
	at->spellings = 0;
	return cgw_chain_run(&run, automaton);
}

/* What a chain says about a value in all its spellings. */
CGW_INLINE __u32 cgw_value_ref(struct cgw_view *view, struct cgw_cursor *at, __u32 automaton,
	const struct cgw_value *value)
{
	struct cgw_run run = {.view = view, .at = at, .bytes = value->written};

	at->from = value->raw_from;
	at->length = value->raw_to;
	at->spellings = 2;
	at->normal_length = value->normal_length;
	at->first_length = value->first_length;
	return cgw_chain_run(&run, automaton);
}

/* ---- tables ---- */

/* 2^20 intervals: more than CGW_RULES_MAX rules can make. */
#define CGW_SEARCH_STEPS 20

/* A binary search: the last interval that begins at or before the key. Memory as for a cursor. */
struct cgw_search {
	__u32 keys;  /* offset */
	__u32 words; /* of a key: 1 or 4 */
	__u32 low;   /* keys[low] <= key */
	__u32 high;  /* key < keys[high] */
	__u32 key[4];
};

struct cgw_search_run {
	struct cgw_view *view;
	struct cgw_search *at;
};

CGW_INLINE int cgw_search_after(struct cgw_search_run *run, __u32 index)
{
	struct cgw_search *at = run->at;
	__u32 offset = at->keys + index * at->words * 4;

	CGW_UNROLL
	for (__u32 i = 0; i < 4; i++) {
		__u32 word;

		if (i >= at->words)
			break;
		word = cgw_u32(run->view, offset + 4 * i);
		if (word != at->key[i])
			return word > at->key[i];
	}
	return 0;
}

static __attribute__((unused)) long cgw_search_step(__u32 index, void *context)
{
	struct cgw_search_run *run = context;
	struct cgw_search *at = run->at;
	__u32 middle = at->low + (at->high - at->low) / 2;

	(void)index;
	if (at->high - at->low <= 1)
		return 1;
	if (cgw_search_after(run, middle))
		at->high = middle;
	else
		at->low = middle;
	return 0;
}

/* The value of the interval that holds at->key (at->words is set). `table` is not 0. */
CGW_INLINE __u32 cgw_table_find(struct cgw_view *view, struct cgw_search *at, __u32 table)
{
	struct cgw_search_run run = {.view = view, .at = at};

	at->low = 0;
	at->high = cgw_u32(view, table + (__u32)offsetof(struct cgw_table, count));
	at->keys = cgw_u32(view, table + (__u32)offsetof(struct cgw_table, keys));
	cgw_loop(CGW_SEARCH_STEPS, cgw_search_step, &run);
	return cgw_u32(view,
		cgw_u32(view, table + (__u32)offsetof(struct cgw_table, values)) + 4 * at->low);
}

CGW_INLINE __u32 cgw_table_find32(
	struct cgw_view *view, struct cgw_search *at, __u32 table, __u32 key)
{
	at->words = 1;
	at->key[0] = key;
	return cgw_table_find(view, at, table);
}

/* ---- sets of policies ---- */

CGW_INLINE __u32 cgw_set_summary(const struct cgw_set *set)
{
	__u32 summary = 0;

	CGW_UNROLL
	for (int i = 0; i < CGW_SET_WORDS; i++) {
		/* No branch, and none that the compiler could make of it: the verifier would follow
		 * 2^16. */
		__u64 minus = CGW_OPAQUE(-set->word[i]);

		summary |= (__u32)((set->word[i] | minus) >> 63) << i;
	}
	return summary;
}

/*
 * The index of the lowest bit that is set; bits is not 0. By a de Bruijn sequence: clang 14 has no
 * __builtin_ctz for BPF, and branches would make the verifier follow each of the 64 results.
 */
CGW_INLINE __u32 cgw_lowest_bit(__u64 bits)
{
	static const __u8 index_of[64] = {0, 1, 2, 53, 3, 7, 54, 27, 4, 38, 41, 8, 34, 55, 48, 28,
		62, 5, 39, 46, 44, 42, 22, 9, 24, 35, 59, 56, 49, 18, 29, 11, 63, 52, 6, 26, 37, 40,
		33, 47, 61, 45, 43, 21, 23, 58, 17, 10, 51, 25, 36, 32, 60, 20, 57, 16, 50, 31, 19,
		15, 30, 14, 13, 12};

	return index_of[(bits & -bits) * 0x022fdd63cc95386dULL >> 58];
}

/* The set at an offset of the image; sets are aligned so that none straddles pages. */
CGW_INLINE const struct cgw_set *cgw_image_set(struct cgw_view *view, __u32 offset)
{
	const __u8 *page = cgw_page(view, offset);

	return (const struct cgw_set *)(page +
					(offset & (CGW_PAGE_SIZE - (__u32)sizeof(struct cgw_set))));
}

CGW_INLINE void cgw_set_add(struct cgw_set *set, const struct cgw_set *other)
{
	CGW_UNROLL
	for (__u32 i = 0; i < CGW_SET_WORDS; i++)
		set->word[i] |= other->word[i];
}

CGW_INLINE void cgw_set_mask(struct cgw_set *set, const struct cgw_set *mask)
{
	CGW_UNROLL
	for (__u32 i = 0; i < CGW_SET_WORDS; i++)
		set->word[i] &= mask->word[i];
}

CGW_INLINE void cgw_set_add_image(struct cgw_view *view, struct cgw_set *set, __u32 offset)
{
	cgw_set_add(set, cgw_image_set(view, offset));
}

/* ---- the verdict ---- */

struct cgw_decision {
	__u32 verdict; /* enum cgw_verdict */
	__u32 reason;  /* enum cgw_reason; 0 if allowed */
	__u32 policy;  /* slot */
	__u32 rule;    /* index, or CGW_NO_RULE */
	__u32 order;   /* of the policy */
	__u32 reserved;
};

/*
 * What a decision is made with. The caller gives the memory, as for a cursor, which is in here;
 * fills in set; and finds the decision in here.
 */
struct cgw_work {
	struct cgw_set set; /* the policies to ask */
	struct cgw_decision decision;
	__u64 bits; /* of set.word[word], not yet taken */
	__u32 word;
	__u32 summary;	 /* words not yet taken */
	__u32 slot;	 /* the policy whose turn it is */
	__u32 automaton; /* of that policy: offset; 0: none left */
	__u32 ref;	 /* what that policy says */
	__u32 could;	 /* what it might say if the value were known */
	struct cgw_cursor cursor;
	struct cgw_search search;
};

/* All requests begin with this. */
struct cgw_judge {
	struct cgw_view *view;
	struct cgw_work *work;
};

CGW_INLINE void cgw_judge_start(struct cgw_judge *judge)
{
	struct cgw_work *work = judge->work;

	work->decision = (struct cgw_decision){.verdict = CGW_VERDICT_ALLOW};
	work->bits = 0;
	work->summary = cgw_set_summary(&work->set);
	work->automaton = 0;
	work->ref = 0;
	work->could = 0;
}

/* Makes the next policy of the set the one whose turn it is; 0 if there is none left. */
CGW_INLINE int cgw_judge_next(struct cgw_judge *judge)
{
	struct cgw_work *work = judge->work;

	if (!work->bits) {
		if (!work->summary)
			return 0;
		work->word = cgw_lowest_bit(work->summary);
		work->summary &= work->summary - 1;
		work->bits = work->set.word[work->word & (CGW_SET_WORDS - 1)];
		if (!work->bits)
			return 0;
	}
	work->slot = work->word * 64 + cgw_lowest_bit(work->bits);
	work->bits &= work->bits - 1;
	return 1;
}

/* Offset of a field of the policy whose turn it is. */
#define cgw_policy_field(judge, field)                                                             \
	(cgw_header((judge)->view, policies) +                                                     \
		(judge)->work->slot * (__u32)sizeof(struct cgw_policy) +                           \
		(__u32)offsetof(struct cgw_policy, field))

/*
 * Takes up what the policy whose turn it is says: deny wins over audit, and of equals the first
 * policy by name is named.
 */
CGW_INLINE void cgw_judge_add(struct cgw_judge *judge, __u32 ref, __u32 reason)
{
	struct cgw_decision *decision = &judge->work->decision;
	__u32 action = CGW_REF_ACTION(ref);
	__u32 verdict = CGW_VERDICT_AUDIT;
	__u32 order;

	if (action != CGW_ACTION_DENY && action != CGW_ACTION_AUDIT)
		return;
	if (action == CGW_ACTION_DENY &&
		!(cgw_u32(judge->view, cgw_policy_field(judge, flags)) & CGW_POLICY_AUDIT))
		verdict = CGW_VERDICT_DENY;
	order = cgw_u32(judge->view, cgw_policy_field(judge, order));
	if (verdict < decision->verdict ||
		(verdict == decision->verdict && order >= decision->order))
		return;
	decision->verdict = verdict;
	decision->reason = reason;
	decision->policy = judge->work->slot;
	decision->rule = CGW_REF_RULE(ref);
	decision->order = order;
}

/*
 * What cannot be judged at all: denied (or audited) if a governing policy has a deny (or audit)
 * rule for one of these operations, because that rule could have matched.
 */
struct cgw_unable {
	struct cgw_judge judge;
	__u32 ops; /* bit set of enum cgw_op */
	__u32 reason;
};

static __attribute__((unused)) long cgw_unable_policy(__u32 index, void *context)
{
	struct cgw_unable *unable = context;
	struct cgw_judge *judge = &unable->judge;
	__u32 ref = 0;

	(void)index;
	if (!cgw_judge_next(judge))
		return 1;
	if (cgw_u32(judge->view, cgw_policy_field(judge, deny_ops)) & unable->ops)
		ref = CGW_REF(CGW_ACTION_DENY, CGW_NO_RULE);
	else if (cgw_u32(judge->view, cgw_policy_field(judge, audit_ops)) & unable->ops)
		ref = CGW_REF(CGW_ACTION_AUDIT, CGW_NO_RULE);
	cgw_judge_add(judge, ref, unable->reason);
	return 0;
}

CGW_INLINE void cgw_judge_unable(struct cgw_unable *unable)
{
	cgw_judge_start(&unable->judge);
	cgw_loop(CGW_POLICIES_MAX, cgw_unable_policy, unable);
}

/* ---- network ---- */

/*
 * connect, bind or listen with an IP peer. An IPv4-mapped IPv6 address is to be given as IPv4: see
 * cgw_peer_set_ipv6(). A packet of a raw socket is judged as raw and as what its header says, hence
 * two protocols (0: no second one).
 */
struct cgw_peer {
	struct cgw_judge judge;
	__u32 op;
	__u32 ipv6;	  /* 0 or 1 */
	__u32 address[4]; /* host order, most significant first; IPv4 in [0] */
	__u32 port;
	__u32 proto[2];
};

/* Sets the address; one that is mapped (::ffff:a.b.c.d) reaches the IPv4 host, so it is judged as
 * that. */
CGW_INLINE void cgw_peer_set_ipv6(struct cgw_peer *peer, const __u32 address[4])
{
	peer->ipv6 = !(address[0] == 0 && address[1] == 0 && address[2] == 0xffff);
	peer->address[0] = peer->ipv6 ? address[0] : address[3];
	peer->address[1] = peer->ipv6 ? address[1] : 0;
	peer->address[2] = peer->ipv6 ? address[2] : 0;
	peer->address[3] = peer->ipv6 ? address[3] : 0;
}

CGW_INLINE __u32 cgw_peer_ref(struct cgw_peer *peer, __u32 table)
{
	struct cgw_view *view = peer->judge.view;
	struct cgw_search *search = &peer->judge.work->search;
	__u32 class, ref = 0;

	search->words = peer->ipv6 ? 4 : 1;
	for (int i = 0; i < 4; i++)
		search->key[i] = peer->address[i];
	class = cgw_table_find(view, search, table);
	if (!class)
		return 0;
	CGW_UNROLL
	for (int i = 0; i < 2; i++) {
		__u32 proto = peer->proto[i];
		__u32 ports = proto < CGW_PROTO_COUNT ? cgw_u32(view, class + 4 * proto) : 0;
		__u32 found = ports ? cgw_table_find32(view, search, ports, peer->port) : 0;

		if (found > ref)
			ref = found;
	}
	return ref;
}

static __attribute__((unused)) long cgw_peer_policy(__u32 index, void *context)
{
	struct cgw_peer *peer = context;
	struct cgw_judge *judge = &peer->judge;
	__u32 table;

	(void)index;
	if (!cgw_judge_next(judge))
		return 1;
	table = cgw_u32(judge->view,
		cgw_policy_field(judge, peers) + CGW_PEER_OP(peer->op) * 8 + peer->ipv6 * 4);
	if (table)
		cgw_judge_add(judge, cgw_peer_ref(peer, table), CGW_REASON_RULE);
	return 0;
}

CGW_INLINE void cgw_judge_peer(struct cgw_peer *peer)
{
	cgw_judge_start(&peer->judge);
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
	struct cgw_judge *judge = &socket->judge;
	__u32 table, ref;

	(void)index;
	if (!cgw_judge_next(judge))
		return 1;
	table = cgw_u32(judge->view, cgw_policy_field(judge, sockets));
	if (!table)
		return 0;
	ref = cgw_table_find32(judge->view, &judge->work->search, table,
		CGW_SOCKET_KEY(socket->family, socket->type));
	cgw_judge_add(judge, ref, CGW_REASON_RULE);
	return 0;
}

CGW_INLINE void cgw_judge_socket(struct cgw_socket *socket)
{
	cgw_judge_start(&socket->judge);
	cgw_loop(CGW_POLICIES_MAX, cgw_socket_policy, socket);
}

/* connect, bind or listen with a unix socket's name. */
struct cgw_unix {
	struct cgw_judge judge;
	__u32 op;
	__u32 kind;	 /* CGW_UNIX_PATH or CGW_UNIX_ABSTRACT */
	__u32 ambiguous; /* a path that may name another object than its bytes say */
	__u32 length;
	const __u8 *name; /* abstract: without the leading NUL; see cgw_run.bytes */
};

/* struct sockaddr_un has room for 108 bytes. */
#define CGW_UNIX_NAME_MAX 108

struct cgw_unix_path {
	const __u8 *name;
	__u32 length;
	__u32 component; /* so far: 0 empty, 1 ".", 2 "..", 3 any other */
	__u32 ambiguous;
};

static __attribute__((unused)) long cgw_unix_path_byte(__u32 index, void *context)
{
	struct cgw_unix_path *path = context;
	__u8 byte;

	if (index >= path->length)
		return 1;
	byte = path->name[index & (CGW_TEXT_MAX - 1)];
	if (byte == '/') {
		if (path->component < 3 && index)
			path->ambiguous = 1;
		path->component = 0;
		return 0;
	}
	if (!index)
		path->ambiguous = 1; /* relative: to a directory that is not known */
	path->component = byte == '.' && path->component < 2 ? path->component + 1 : 3;
	return 0;
}

/*
 * What cgw_unix.ambiguous is for a path: the kernel resolves it, and "/a//b", "/a/./b", "/x/../a/b"
 * and "/a/b/." lead where "/a/b" does. 1 as well for what can be no path of a socket.
 */
CGW_INLINE __u32 cgw_unix_ambiguous(const __u8 *name, __u32 length)
{
	struct cgw_unix_path path = {.name = name, .length = length};

	if (length > CGW_UNIX_NAME_MAX)
		return 1;
	cgw_loop(CGW_UNIX_NAME_MAX, cgw_unix_path_byte, &path);
	return path.ambiguous || path.component < 3;
}

static __attribute__((unused)) long cgw_unix_policy(__u32 index, void *context)
{
	struct cgw_unix *unix_name = context;
	struct cgw_judge *judge = &unix_name->judge;
	struct cgw_view *view = judge->view;
	__u32 op = CGW_PEER_OP(unix_name->op);
	__u32 automaton, ref;

	(void)index;
	if (!cgw_judge_next(judge))
		return 1;
	automaton =
		cgw_u32(view, cgw_policy_field(judge, unix_names) + op * 8 + unix_name->kind * 4);
	if (!automaton)
		return 0;
	if (unix_name->ambiguous) {
		ref = cgw_u32(view, cgw_policy_field(judge, unix_could) + op * 4);
		cgw_judge_add(judge, ref, CGW_REASON_PATH_AMBIGUOUS);
		return 0;
	}
	ref = cgw_chain_ref(
		view, &judge->work->cursor, automaton, unix_name->name, unix_name->length);
	cgw_judge_add(judge, ref, CGW_REASON_RULE);
	return 0;
}

CGW_INLINE void cgw_judge_unix(struct cgw_unix *unix_name)
{
	cgw_judge_start(&unix_name->judge);
	cgw_loop(CGW_POLICIES_MAX, cgw_unix_policy, unix_name);
}

/* ---- sysctl ---- */

struct cgw_sysctl {
	struct cgw_judge judge;
	__u32 op;
	__u32 unknown; /* enum cgw_reason if the value cannot be judged */
	const struct cgw_text *name;
	const struct cgw_value *value; /* of a write; not used if unknown */
};

/* What one automaton of a policy says about the name, and with it about the value. */
CGW_INLINE void cgw_sysctl_name(struct cgw_sysctl *sysctl)
{
	struct cgw_view *view = sysctl->judge.view;
	struct cgw_work *work = sysctl->judge.work;
	struct cgw_run run = {.view = view, .at = &work->cursor, .bytes = sysctl->name->bytes};
	__u32 class = cgw_run_all(&run, work->automaton, sysctl->name->length);
	__u32 values, ref;

	if (!class)
		return;
	ref = cgw_u32(view, class + (sysctl->op == CGW_OP_SYSCTL_WRITE ? 4 : 0));
	if (ref > work->ref)
		work->ref = ref;
	values = cgw_u32(view, class + (__u32)offsetof(struct cgw_sysctl_class, values));
	if (sysctl->op != CGW_OP_SYSCTL_WRITE || !values)
		return;
	if (sysctl->unknown) {
		ref = cgw_u32(view, class + (__u32)offsetof(struct cgw_sysctl_class, could));
		if (ref > work->could)
			work->could = ref;
		return;
	}
	ref = cgw_value_ref(view, &work->cursor, values, sysctl->value);
	if (ref > work->ref)
		work->ref = ref;
}

/* One automaton of one policy; when a policy has no more, its verdict is taken up and the next
 * one's turn comes. */
static __attribute__((unused)) long cgw_sysctl_step(__u32 index, void *context)
{
	struct cgw_sysctl *sysctl = context;
	struct cgw_judge *judge = &sysctl->judge;
	struct cgw_work *work = judge->work;

	(void)index;
	if (work->automaton) {
		cgw_sysctl_name(sysctl);
		work->automaton = cgw_u32(judge->view, work->automaton);
		return 0;
	}
	if (work->could > work->ref)
		cgw_judge_add(judge, work->could, sysctl->unknown);
	else
		cgw_judge_add(judge, work->ref, CGW_REASON_RULE);
	if (!cgw_judge_next(judge))
		return 1;
	work->automaton = cgw_u32(judge->view, cgw_policy_field(judge, sysctl));
	work->ref = 0;
	work->could = 0;
	return 0;
}

CGW_INLINE void cgw_judge_sysctl(struct cgw_sysctl *sysctl)
{
	cgw_judge_start(&sysctl->judge);
	cgw_loop(CGW_LOOP_MAX, cgw_sysctl_step, sysctl);
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
};

CGW_INLINE void cgw_scope_collect(struct cgw_scope_run *scope)
{
	__u32 accept = cgw_run_accept(&scope->run);

	if (accept)
		cgw_set_add_image(scope->run.view, scope->set, accept);
}

static __attribute__((unused)) long cgw_scope_byte(__u32 index, void *context)
{
	struct cgw_scope_run *scope = context;
	struct cgw_cursor *at = scope->run.at;
	__u8 byte;

	(void)index;
	if (at->position >= at->length || !at->state) {
		cgw_scope_collect(scope);
		at->automaton = cgw_u32(scope->run.view, at->automaton);
		if (!at->automaton)
			return 1;
		cgw_run_start(&scope->run, at->automaton, 0);
		return 0;
	}
	byte = cgw_run_byte(&scope->run);
	if (byte == '/')
		cgw_scope_collect(scope); /* what came before is an ancestor */
	cgw_run_step(&scope->run, byte);
	at->position++;
	return 0;
}

/* Adds to *set, which in the kernel is memory of a map, like *at. */
CGW_INLINE void cgw_scope_path(struct cgw_view *view, struct cgw_cursor *at, const __u8 *path,
	__u32 length, struct cgw_set *set)
{
	struct cgw_scope_run scope = {.run = {.view = view, .at = at, .bytes = path}, .set = set};

	at->automaton = cgw_header(view, selectors);
	if (!at->automaton)
		return;
	at->base = 0;
	at->length = length;
	cgw_run_start(&scope.run, at->automaton, 0);
	cgw_loop(CGW_LOOP_MAX, cgw_scope_byte, &scope);
}

/* The search for a cgroup among those that are governed by hand. */
struct cgw_attached {
	struct cgw_search_run run;
	__u64 cgroup_id;
	__u32 set; /* found: its offset */
};

static __attribute__((unused)) long cgw_attached_step(__u32 index, void *context)
{
	struct cgw_attached *attached = context;
	struct cgw_search *at = attached->run.at;
	__u32 middle = at->low + (at->high - at->low) / 2;
	__u32 entry = at->keys + middle * (__u32)sizeof(struct cgw_attachment);
	__u64 id;

	(void)index;
	if (at->low >= at->high)
		return 1;
	id = cgw_u64(attached->run.view, entry);
	if (id == attached->cgroup_id) {
		attached->set = cgw_u32(
			attached->run.view, entry + (__u32)offsetof(struct cgw_attachment, set));
		return 1;
	}
	if (id < attached->cgroup_id)
		at->low = middle + 1;
	else
		at->high = middle;
	return 0;
}

/* The policies attached by hand to the cgroup with this id (not to its ancestors). Adds to *set. */
CGW_INLINE void cgw_scope_attached(
	struct cgw_view *view, struct cgw_search *at, __u64 cgroup_id, struct cgw_set *set)
{
	struct cgw_attached attached = {.run = {.view = view, .at = at}, .cgroup_id = cgroup_id};

	at->low = 0;
	at->high = cgw_header(view, attachment_count);
	at->keys = cgw_header(view, attachments);
	cgw_loop(CGW_SEARCH_STEPS, cgw_attached_step, &attached);
	if (attached.set)
		cgw_set_add_image(view, set, attached.set);
}

#endif
