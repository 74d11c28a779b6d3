#!/bin/bash
# SPDX-License-Identifier: GPL-2.0-only
# Ways around connect rules. Each is denied; and each gets through once the hook that stops it is
# taken away, so that the denial is known to be that hook's.
. "$(dirname "$0")/../lib.sh"
suite_begin "$@"

policy jail <<'INI'
[policy]
name = jail
cgroup = /jail
on-missing = warn
[network]
deny = connect 192.0.2.0/24
deny = connect [2001:db8::/32]
deny = connect udp 198.51.100.0/24:53
deny = connect tcp 198.51.100.0/24:22
deny = bind udp 127.0.0.9
deny = bind tcp *:1000
deny = connect unix @jail-*
INI
APPLIED=jail
apply jail
mkdir -p "$CGROUP/jail" "$CGROUP/free"
four=192.0.2.1
six='[2001:db8::1]'

blocked "plain connect, IPv4" connect4 /jail connect tcp $four:80
blocked "plain connect, IPv6" connect6 /jail connect tcp "$six:80"
blocked "UDP connect, IPv4" connect4 /jail connect udp 198.51.100.1:53
is "UDP connect, another port" allowed /jail connect udp 198.51.100.1:54

# IPv4 by an IPv6 socket.
blocked "mapped: TCP" connect6 /jail --mapped connect tcp $four:80
# Each packet of such a socket goes through IPv4's sendmsg hook, too.
blocked "mapped: UDP connect" connect6+sendmsg4 /jail --mapped connect udp 198.51.100.1:53
blocked "mapped: UDP sendto" sendmsg4 /jail --mapped --sendto connect udp 198.51.100.1:53
blocked "mapped: bind" bind6+post_bind6 /jail --mapped bind udp 127.0.0.9:5000
is "mapped: another address" allowed /jail --mapped connect tcp 203.0.113.1:80

# Datagrams without a connection.
blocked "sendto, IPv4" sendmsg4 /jail --sendto connect udp 198.51.100.1:53
blocked "sendto, IPv6" sendmsg6 /jail --sendto connect udp "$six:53"
blocked "sendmsg, IPv4" sendmsg4 /jail --sendmsg connect udp 198.51.100.1:53
blocked "sendto, address family AF_UNSPEC" sendmsg4 /jail --unspec --sendto connect udp 198.51.100.1:53
is "sendto, another port" allowed /jail --sendto connect udp 198.51.100.1:54
blocked "bind" bind4+post_bind4 /jail bind udp 127.0.0.9:5000
blocked "bind, port only" bind4+post_bind4 /jail bind tcp 0.0.0.0:1000
blocked "bind, port only, IPv6" bind6+post_bind6 /jail bind tcp '[::]:1000'
is "bind, address family AF_UNSPEC and any address: another port" allowed \
	/jail --unspec bind tcp 0.0.0.0:1001
blocked "bind, address family AF_UNSPEC and any address" bind4+post_bind4 /jail --unspec bind tcp 0.0.0.0:1000

# TCP in other clothes.
blocked "TCP Fast Open" connect4 /jail --fastopen connect tcp 198.51.100.1:22
blocked "TCP Fast Open, IPv6" connect6 /jail --fastopen connect tcp "$six:22"
blocked "MPTCP" connect4 /jail --mptcp connect tcp 198.51.100.1:22
blocked "io_uring: connect" connect4 /jail --io-uring connect tcp 198.51.100.1:22
blocked "io_uring: sendmsg" sendmsg4 /jail --io-uring --sendto connect udp 198.51.100.1:53
blocked "duplicated descriptor" connect4 /jail --via-dup connect tcp 198.51.100.1:22

# What has no hook for addresses: the packet is stopped on its way out.
if [ "$(tries /free --udplite connect udp 192.0.2.1:9)" = error:EPROTONOSUPPORT ]; then
	skip "UDP-Lite" "this kernel has no such protocol"
else
	blocked "UDP-Lite: connect and send" egress /jail --udplite connect udp 198.51.100.1:53
	blocked "UDP-Lite: sendto" sendmsg4+egress /jail --udplite --sendto connect udp 198.51.100.1:53
	blocked "UDP-Lite: IPv6" sendmsg6+egress /jail --udplite --sendto connect udp "$six:53"
	is "UDP-Lite: another port" allowed /jail --udplite --sendto connect udp 198.51.100.1:54
	blocked "socket made outside, passed in: UDP-Lite" sendmsg4+egress /jail --made-in "$CGROUP/free" \
		--udplite --sendto connect udp 198.51.100.1:53
fi
blocked "raw socket, its own protocol" egress /jail connect raw $four
blocked "raw socket, IPv6" egress /jail connect raw '[2001:db8::1]'
blocked "raw socket, UDP by hand" egress /jail --raw connect udp 198.51.100.1:53
is "raw socket, UDP by hand, another port" allowed /jail --raw connect udp 198.51.100.1:54
blocked "raw socket, TCP by hand" egress /jail --raw connect tcp 198.51.100.1:22
blocked "raw socket, IP header by hand" egress /jail --hdrincl connect udp 198.51.100.1:53
blocked "raw socket, ICMP" egress /jail --raw connect icmp $four
blocked "ping socket: sendto" egress /jail --sendto connect icmp $four
# Here the kernel drops the error of the packet that it has dropped: what counts is that no answer
# comes.
is "ping socket: sendto, IPv6: no answer" unanswered /jail --answer --sendto connect icmp '[2001:db8::1]'
control_add "ping socket: sendto, IPv6: answered" egress allowed /jail --answer --sendto connect icmp '[2001:db8::1]'
blocked "ping socket: connect" connect4+egress /jail connect icmp $four
is "ping socket, another address" allowed /jail --sendto connect icmp 203.0.113.1

# Sockets of another cgroup: either viewpoint denies.
blocked "socket made outside, passed in" connect4 /jail --made-in "$CGROUP/free" connect tcp $four:80
blocked "socket made inside, used outside" connect4 /free --made-in "$CGROUP/jail" \
	connect tcp $four:80
blocked "socket made inside, used outside: sendto" sendmsg4 /free --made-in "$CGROUP/jail" \
	--sendto connect udp 198.51.100.1:53

# A policy that names nothing but TCP needs the backstop, too: TCP can be spoken on a raw socket.
policy only <<'INI'
[policy]
name = only
cgroup = /only
[network]
deny = connect tcp 198.51.100.0/24:22
INI
APPLIED=only
apply only
blocked "only TCP rules: raw socket, TCP by hand" egress /only --raw connect tcp 198.51.100.1:22
is "only TCP rules: UDP" allowed /only connect udp 198.51.100.1:22

# A denial of the loopback network is not one of 0.0.0.0, which reaches the same place: the kernel
# turns it into 127.0.0.1 after the hooks have seen it.
policy loopback <<'INI'
[policy]
name = loopback
cgroup = /loopback
[network]
deny = connect tcp 127.0.0.0/8:80
deny = connect tcp [::1]:80
deny = connect udp 127.0.0.0/8:53
deny = connect udp [::1]:53
INI
APPLIED=loopback
apply loopback
blocked "0.0.0.0 is loopback" connect4 /loopback connect tcp 0.0.0.0:80
blocked "[::] is loopback" connect6 /loopback connect tcp '[::]:80'
blocked "::ffff:0.0.0.0 is loopback" connect6 /loopback --mapped connect tcp 0.0.0.0:80
blocked "sendto 0.0.0.0 is loopback" sendmsg4 /loopback --sendto connect udp 0.0.0.0:53
blocked "sendto [::] is loopback" sendmsg6 /loopback --sendto connect udp '[::]:53'
is "0.0.0.0, another port" allowed /loopback connect tcp 0.0.0.0:81
