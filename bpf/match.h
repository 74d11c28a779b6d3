/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * match.h - the matcher: from an image, a set of policies and an operation to a verdict.
 *
 * Pure: no maps, no helpers, no state but its arguments. The kernel programs, `cgward explain`, the
 * tests and the fuzzers compile this very text, so that one code decides everywhere. What it is
 * made of stands in view.h (pages, automata, tables) and value.h (values of sysctls).
 *
 * Cost: a decision is linear in the length of the name, or logarithmic in the number of intervals,
 * for each policy that governs the task; the number of rules does not matter.
 *
 * Fail direction: an image that has been verified (policies/verify.c) has no holes. If a page is
 * missing all the same, view->broken is set and the decision is a denial with CGW_REASON_BAD_IMAGE.
 */
#ifndef CGW_MATCH_H
#define CGW_MATCH_H

#include "view.h"

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
	__u32 op;      /* of a request that asked about several: the enum cgw_op that decided */
};

/*
 * What a decision is made with. The caller gives the memory, as for a cursor, which is in here;
 * fills in set; and finds the decision in here.
 */
struct cgw_work {
	struct cgw_set set; /* the policies to ask */
	__u32 words;	    /* bit w: set.word[w] counts; words without their bit are never read */
	__u32 needs_value;  /* set by cgw_judge_sysctl(): what was unknown could have mattered */
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
	work->summary = work->words;
	work->needs_value = 0;
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
	__u32 flags; /* CGW_POLICY_*: policies without all of them say nothing */
};

static __attribute__((unused)) long cgw_unable_policy(__u32 index, void *context)
{
	struct cgw_unable *unable = context;
	struct cgw_judge *judge = &unable->judge;
	__u32 ref = 0;

	(void)index;
	if (!cgw_judge_next(judge))
		return 1;
	if (unable->flags & ~cgw_u32(judge->view, cgw_policy_field(judge, flags)))
		return 0;
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

		/* An exception for one protocol is none for the other. */
		if (found > ref && CGW_REF_ACTION(found) != CGW_ACTION_ALLOW)
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
		work->needs_value = 1;
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
