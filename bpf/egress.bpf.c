/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * egress.bpf.c - cgroup_skb/egress: the backstop for protocols that have no address hook: raw
 * sockets, UDP-Lite, ping sockets' sendto, SCTP, L2TP, DCCP. Plain TCP and UDP have been judged by
 * their address and leave at once; with a source route their packets go elsewhere first, which is
 * judged here.
 *
 * Every such packet is judged. The task that runs is the sender for datagrams; SCTP may send from a
 * timer, where the task is any: there only the socket's cgroup counts.
 */
#include <linux/if_ether.h>
#include <linux/ip.h>
#include <linux/ipv6.h>
#include "network.h"

#define IP_FRAGMENT_OFFSET 0x1fff
/* Extension headers that are skipped; a packet with more is denied where a rule could match. */
#define IPV6_HEADERS_MAX 6

#define NEXT_HOP 0
#define NEXT_ROUTING 43
#define NEXT_FRAGMENT 44
#define NEXT_DESTINATION 60

/* Protocol and offset of what the IP header carries. protocol 0: it cannot be told. */
struct payload {
	__u32 offset;
	__u8 protocol;
	bool fragment; /* not the first one: no ports here */
};

static __always_inline int read_ipv4(
	struct __sk_buff *skb, struct cgw_peer *peer, struct payload *payload)
{
	struct iphdr header;

	if (bpf_skb_load_bytes(skb, 0, &header, sizeof(header)))
		return -1;
	peer->ipv6 = 0;
	peer->address[0] = bpf_ntohl(header.daddr);
	payload->offset = header.ihl * 4;
	payload->protocol = header.protocol;
	payload->fragment = bpf_ntohs(header.frag_off) & IP_FRAGMENT_OFFSET;
	return 0;
}

static __always_inline int read_ipv6(
	struct __sk_buff *skb, struct cgw_peer *peer, struct payload *payload)
{
	struct ipv6hdr header;
	__u32 address[4];
	__u8 next;

	if (bpf_skb_load_bytes(skb, 0, &header, sizeof(header)))
		return -1;
	for (int i = 0; i < 4; i++)
		address[i] = bpf_ntohl(header.daddr.in6_u.u6_addr32[i]);
	cgw_peer_set_ipv6(peer, address);
	payload->offset = sizeof(header);
	next = header.nexthdr;
	for (int i = 0; i < IPV6_HEADERS_MAX; i++) {
		__u8 extension[4];

		if (next != NEXT_HOP && next != NEXT_ROUTING && next != NEXT_FRAGMENT &&
			next != NEXT_DESTINATION) {
			payload->protocol = next;
			return 0;
		}
		if (bpf_skb_load_bytes(skb, payload->offset, extension, sizeof(extension)))
			return -1;
		if (next == NEXT_FRAGMENT) {
			payload->fragment = extension[2] || (extension[3] & 0xf8);
			payload->offset += 8;
		} else {
			payload->offset += 8 + extension[1] * 8;
		}
		next = extension[0];
	}
	return -1;
}

static __always_inline __u32 read_port(
	struct __sk_buff *skb, const struct payload *payload, __u32 group)
{
	__be16 ports[2];

	if (group != CGW_PROTO_TCP && group != CGW_PROTO_UDP && group != CGW_PROTO_SCTP)
		return 0;
	if (payload->fragment || bpf_skb_load_bytes(skb, payload->offset, ports, sizeof(ports)))
		return CGW_PORT_UNKNOWN;
	return bpf_ntohs(ports[1]);
}

static __always_inline int egress_judge(
	struct __sk_buff *skb, struct bpf_sock *sk, struct call *call)
{
	struct peer_context seen = {
		.hook = CGW_HOOK_EGRESS, .type = sk->type, .protocol = sk->protocol};
	struct cgw_peer peer = {.op = CGW_OP_CONNECT};
	struct payload payload = {};
	int failed;

	seen.socket_cgroup_id = bpf_skb_cgroup_id(skb);
	failed = skb->protocol == bpf_htons(ETH_P_IPV6) ? read_ipv6(skb, &peer, &payload)
							: read_ipv4(skb, &peer, &payload);
	if (failed && call->scratch) {
		struct cgw_unable unable = {
			.judge = {.view = &call->view, .work = &call->scratch->work},
			.ops = 1U << CGW_OP_CONNECT,
			.reason = CGW_REASON_HEADER_UNREADABLE,
		};
		bool deny;

		cgw_judge_unable(&unable);
		deny = call->scratch->work.decision.verdict == CGW_VERDICT_DENY;
		if (call->scratch->work.decision.verdict != CGW_VERDICT_ALLOW)
			peer_report(call, &peer, &seen);
		call_close(call);
		return !deny;
	}
	peer.proto[0] = proto_group(payload.protocol);
	peer.port = read_port(skb, &payload, peer.proto[0]);
	if (sk->type == SOCK_RAW)
		peer.proto[1] = CGW_PROTO_RAW;
	return !peer_denied(call, &peer, &seen);
}

/*
 * Nothing in the header can send the packet to another address than the peer's, which connect or
 * sendmsg has judged: no IPv4 options, no IPv6 header for routers. The tunnels' headers that the
 * kernel puts before it later are not the process's.
 */
static __always_inline bool is_direct(struct __sk_buff *skb)
{
	const __u8 *header = (void *)(long)skb->data, *end = (void *)(long)skb->data_end;

	if (header + sizeof(struct iphdr) > end) /* judged: the header is not to be seen */
		return false;
	if (header[0] >> 4 == 4)
		return header[0] == 0x45;
	return header[6] != NEXT_HOP && header[6] != NEXT_ROUTING && header[6] != NEXT_DESTINATION;
}

/*
 * The kernel's own sockets answer pings and report errors, on behalf of nobody, while any task
 * runs; their cgroup is that of whoever made the network namespace.
 */
static __always_inline bool is_kernel_socket(struct sock *sk)
{
	return BPF_CORE_READ_BITFIELD_PROBED(sk, sk_kern_sock);
}

SEC("cgroup_skb/egress")
int cgward_egress(struct __sk_buff *skb)
{
	struct bpf_sock *sk = skb->sk;
	struct sock *kernel_sk;
	struct call call;
	struct cgroup *added = NULL;

	if (!sk) /* allowed: the kernel's own packet */
		return 1;
	sk = bpf_sk_fullsock(sk);
	if (!sk) /* allowed: a handshake or a closing connection of TCP, judged when it was made */
		return 1;
	if (sk->type != SOCK_RAW && (sk->protocol == IPPROTO_TCP || sk->protocol == IPPROTO_UDP) &&
		is_direct(skb))
		return 1; /* allowed here: judged by connect and sendmsg */
	kernel_sk = (struct sock *)kernel_address(sk);
	if (is_kernel_socket(kernel_sk)) /* allowed: no process sends this */
		return 1;
	if (call_open(&call)) /* allowed: no ruleset has been published */
		return 1;
	if (sk->type == SOCK_RAW || sk->type == SOCK_DGRAM)
		added = scope_add_current(&call);
	scope_add_socket(&call, kernel_sk, added, 0);
	return egress_judge(skb, sk, &call);
}
