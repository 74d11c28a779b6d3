/* SPDX-License-Identifier: GPL-2.0-only */
#include "cut.h"

#include <arpa/inet.h>
#include <errno.h>
#include <fcntl.h>
#include <netinet/in.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <syslog.h>
#include <unistd.h>
#include "diag.h"
#include "holders.h"
#include "operation.h"
#include "output.h"
#include "strbuf.h"

/* Connections that were under way when the ruleset changed show up in the next turn. */
#define TURNS_MAX 3

#define PORTS 65536

/* A look through one network namespace. */
struct search {
	struct cuts *cuts;
	const struct holders *holders;
	struct diag_socket *found; /* of the family and protocol at hand, with their cuts */
	size_t first, found_count, found_room;
	bool listening[PORTS];
};

static void note_listener(const struct diag_socket *socket, void *context)
{
	struct search *search = context;

	search->listening[ntohs(socket->id.idiag_sport)] = true;
}

static void operation_of(struct operation *operation, const struct diag_socket *socket)
{
	*operation = (struct operation){.op = CGW_OP_CONNECT,
		.proto = socket->protocol == IPPROTO_TCP ? CGW_PROTO_TCP : CGW_PROTO_UDP,
		.family = socket->family,
		.port = ntohs(socket->id.idiag_dport)};
	for (int i = 0; i < (socket->family == AF_INET ? 1 : 4); i++)
		operation->address[i] = ntohl(socket->id.idiag_dst[i]);
}

static void describe(struct cut *cut, const struct diag_socket *socket)
{
	bool six = socket->family == AF_INET6;
	char address[INET6_ADDRSTRLEN] = "?";

	inet_ntop(socket->family, socket->id.idiag_dst, address, sizeof(address));
	snprintf(cut->peer, sizeof(cut->peer), "connect %s %s%s%s:%u",
		socket->protocol == IPPROTO_TCP ? "tcp" : "udp", six ? "[" : "", address,
		six ? "]" : "", ntohs(socket->id.idiag_dport));
}

static void judge_socket(const struct diag_socket *socket, void *context)
{
	struct search *search = context;
	struct cuts *cuts = search->cuts;
	const struct holder *maker = holders_look(&search->holders->cgroups, socket->cgroup_id);
	const struct holder *holder =
		socket->inode ? holders_look(&search->holders->sockets, socket->inode) : NULL;
	const struct holder *who = maker ? maker : holder;
	struct cgw_decision decision;
	struct operation operation;
	struct cgw_set set;
	struct cut *cut;

	if (!who)
		return;
	if (socket->protocol == IPPROTO_TCP &&
		search->listening[ntohs(socket->id.idiag_sport)]) /* accepted */
		return;
	set = who->set;
	if (holder)
		cgw_set_add(&set, &holder->set);
	operation_of(&operation, socket);
	if (image_evaluate(cuts->image, &set, &operation, &decision) ||
		decision.verdict != CGW_VERDICT_DENY)
		return;
	ARRAY_GROW(search->found, search->found_count, search->found_room);
	search->found[search->found_count++] = *socket;
	ARRAY_GROW(cuts->items, cuts->count, cuts->room);
	cut = &cuts->items[cuts->count++];
	*cut = (struct cut){
		.cgroup = xstrdup(who->path), .rule = decision.rule, .policy = decision.policy};
	describe(cut, socket);
}

/* Closes what judge_socket() has found. */
static void close_found(struct search *search, int diag)
{
	struct cuts *cuts = search->cuts;

	for (size_t i = 0; i < search->found_count; i++) {
		struct cut *cut = &cuts->items[search->first + i];

		cut->error = diag_close(diag, &search->found[i]);
		cut->closed = !cut->error;
		cuts->closed += cut->closed;
		cuts->failed += !cut->closed;
	}
}

static int search_protocol(
	struct search *search, int diag, uint8_t family, uint8_t protocol, bool dry)
{
	uint32_t states = protocol == IPPROTO_UDP ? DIAG_ESTABLISHED : DIAG_CONNECTED;
	int err;

	search->first = search->cuts->count;
	search->found_count = 0;
	err = diag_list(diag, family, protocol, states, judge_socket, search);
	if (err == -ENOENT && protocol == IPPROTO_UDP) {
		search->cuts->no_udp = true;
		return 0;
	}
	if (!err && !dry)
		close_found(search, diag);
	return err;
}

static int search_namespace(struct search *search, int fd, bool dry)
{
	static const uint8_t families[] = {AF_INET, AF_INET6};
	int diag = diag_open(fd), err = 0;

	if (diag < 0)
		return diag;
	memset(search->listening, 0, sizeof(search->listening));
	for (int i = 0; !err && i < 2; i++)
		err = diag_list(
			diag, families[i], IPPROTO_TCP, DIAG_LISTENING, note_listener, search);
	for (int i = 0; !err && i < 2; i++) {
		err = search_protocol(search, diag, families[i], IPPROTO_TCP, dry);
		if (!err)
			err = search_protocol(search, diag, families[i], IPPROTO_UDP, dry);
	}
	close(diag);
	return err;
}

static int search_all(struct search *search, bool dry)
{
	const struct holders *holders = search->holders;
	int err = 0;

	for (size_t i = 0; !err && i < holders->namespace_count; i++)
		err = search_namespace(search, holders->namespace_fds[i], dry);
	return err;
}

static int turn(struct search *search, const char *root, const struct instance *instance, bool dry)
{
	struct holders holders __attribute__((cleanup(holders_free)));
	int err = holders_find(&holders, search->cuts->image, root, instance);

	if (err) {
		output_failure("look for connections of governed processes below", root, err,
			"--cut needs CAP_SYS_PTRACE and CAP_SYS_ADMIN");
		return err;
	}
	search->holders = &holders;
	err = search_all(search, dry);
	if (err)
		output_failure_because("list", "connections",
			err == -ENOENT ? "this kernel has no sock_diag for TCP" : strerror(-err),
			"--cut needs a kernel with CONFIG_INET_DIAG, and CAP_NET_ADMIN and "
			"CAP_SYS_ADMIN");
	return err;
}

int cut_connections(struct cuts *cuts, const struct image *image, const char *root,
	const struct instance *instance, bool dry)
{
	struct search *search = xcalloc(1, sizeof(*search));
	size_t closed;
	int err;

	*cuts = (struct cuts){.image = image, .dry = dry};
	search->cuts = cuts;
	for (int i = 0; i < TURNS_MAX; i++) {
		closed = cuts->closed;
		err = turn(search, root, instance, dry);
		if (err || cuts->closed == closed)
			break;
	}
	free(search->found);
	free(search);
	return err;
}

void cuts_free(struct cuts *cuts)
{
	for (size_t i = 0; i < cuts->count; i++)
		free(cuts->items[i].cgroup);
	free(cuts->items);
	*cuts = (struct cuts){0};
}

static const char *rule_text(const struct cuts *cuts, const struct cut *cut)
{
	return cut->rule == CGW_NO_RULE
		       ? "no rule"
		       : image_text(cuts->image, image_rule(cuts->image, cut->rule)->text);
}

static const char *policy_name(const struct cuts *cuts, const struct cut *cut)
{
	return image_text(cuts->image, image_policy(cuts->image, cut->policy)->name);
}

/* A kernel that cannot close says so for each socket: one reason is enough. */
static void print_failures(const struct cuts *cuts)
{
	const struct cut *failed = NULL;

	for (size_t i = 0; i < cuts->count; i++)
		if (cuts->items[i].error)
			failed = &cuts->items[i];
	if (failed) {
		output_failure_because("close", failed->peer,
			failed->error == -EOPNOTSUPP
				? "this kernel cannot close connections (CONFIG_INET_DIAG_DESTROY)"
				: strerror(-failed->error),
			"%zu connections that the rules deny stay; restart the processes that "
			"hold them",
			cuts->failed);
	}
	if (cuts->no_udp)
		output_warning("connected UDP sockets could not be looked at: this kernel has no "
			       "sock_diag for UDP (CONFIG_INET_UDP_DIAG)");
}

void cuts_print(const struct cuts *cuts)
{
	bool dry = cuts->dry;

	openlog("cgward", 0, LOG_DAEMON);
	for (size_t i = 0; i < cuts->count; i++) {
		const struct cut *cut = &cuts->items[i];
		char *cgroup __attribute__((cleanup(output_text_free))) =
			output_escape(cut->cgroup, strlen(cut->cgroup));

		if (cut->error)
			continue;
		output_print("%s %s %s (%s: %s)\n", dry ? "would cut" : "cut",
			*cgroup ? cgroup : "/", cut->peer, policy_name(cuts, cut),
			rule_text(cuts, cut));
		if (cut->closed)
			syslog(LOG_NOTICE, "cut %s %s (%s: %s)", *cgroup ? cgroup : "/", cut->peer,
				policy_name(cuts, cut), rule_text(cuts, cut));
	}
	closelog();
	print_failures(cuts);
	output_print("%s %zu connections\n", dry ? "would cut" : "cut",
		dry ? cuts->count : cuts->closed);
}

void cuts_json(const struct cuts *cuts, struct json *json)
{
	json_array_begin(json, "cut");
	for (size_t i = 0; i < cuts->count; i++) {
		const struct cut *cut = &cuts->items[i];

		json_object_begin(json, NULL);
		json_text(json, "cgroup", *cut->cgroup ? cut->cgroup : "/");
		json_text(json, "operation", cut->peer);
		json_text(json, "policy", policy_name(cuts, cut));
		json_text(json, "rule", rule_text(cuts, cut));
		json_bool(json, "closed", cut->closed);
		json_text(json, "error", cut->error ? strerror(-cut->error) : NULL);
		json_object_end(json);
	}
	json_array_end(json);
}
