#!/bin/bash
# SPDX-License-Identifier: GPL-2.0-only
# Ways around network rules by the protocols that few use, by addresses that are not plain, by
# sockets from elsewhere, and by ports that the kernel chooses. As in ways_around_network.
. "$(dirname "$0")/../lib.sh"
suite_begin "$@"

# SCTP wants an address of the host's own to send from, which a local route does not give.
ip address add 203.0.113.200/32 dev lo
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
deny = connect sctp 198.51.100.0/24:22
deny = connect udp 224.0.0.251:5353
deny = connect udp 255.255.255.255:67
deny = connect udp [ff02::fb]:5353
deny = connect udp [fe80::/10]:53
deny = bind tcp 0.0.0.0:1000
deny = bind tcp *:2000-2999
deny = bind udp [::1]:2000
INI
APPLIED=jail
apply jail
mkdir -p "$CGROUP/jail" "$CGROUP/free"
four=192.0.2.1
six='[2001:db8::1]'

# has NAME [WAY]... OPERATION...: this kernel has the protocol
has()
{
	case $(tries /free "${@:2}") in
	error:EPROTONOSUPPORT | error:ESOCKTNOSUPPORT | error:EAFNOSUPPORT)
		skip "$1" "this kernel has no such protocol"
		return 1
		;;
	esac
}

# unanswered NAME [WAY]... OPERATION...: a handshake whose packets are dropped; and is let through
# without the program. LSM hooks refuse it at once.
unanswered()
{
	local answer

	answer=$(tries /jail --answer "${@:2}")
	if [ "$answer" = unanswered ] || [ "$answer" = denied ]; then
		pass "$1"
	else
		fail "$1" "$answer"
	fi
	control_add "$1" egress allowed /jail --answer "${@:2}"
}

if has SCTP connect sctp 203.0.113.1:22; then
	unanswered "SCTP: connect" connect sctp $four:22
	unanswered "SCTP: connect, by port" connect sctp 198.51.100.1:22
	is "SCTP: connect, another port" allowed /jail --answer connect sctp 198.51.100.1:23
	unanswered "SCTP: connectx" --connectx connect sctp $four:22
	unanswered "SCTP: mapped address" --mapped connect sctp $four:22
	is "SCTP: connect, another address" allowed /jail --answer connect sctp 203.0.113.1:22
fi
if has DCCP --dccp connect tcp 203.0.113.1:22; then
	unanswered "DCCP: connect" --dccp connect tcp $four:22
	is "DCCP: connect, another address" allowed /jail --answer --dccp connect tcp 203.0.113.1:22
fi
if has L2TP --l2tp --sendto connect udp 203.0.113.1:9; then
	blocked "L2TP: sendto" egress /jail --l2tp --sendto connect udp $four:9
	is "L2TP: another address" allowed /jail --l2tp --sendto connect udp 203.0.113.1:9
fi

# Addresses that are not plain.
blocked "multicast" sendmsg4 /jail --sendto connect udp 224.0.0.251:5353
is "multicast, another group" allowed /jail --sendto connect udp 224.0.0.252:5353
blocked "multicast, IPv6" sendmsg6 /jail --scope --sendto connect udp '[ff02::fb]:5353'
blocked "broadcast" sendmsg4 /jail --sendto connect udp 255.255.255.255:67
is "broadcast, another port" allowed /jail --sendto connect udp 255.255.255.255:68
blocked "link-local address with a scope" connect6 /jail --scope connect udp '[fe80::1]:53'
blocked "link-local address with a scope: sendto" sendmsg6 /jail --scope --sendto \
	connect udp '[fe80::1]:53'
is "link-local address with a scope, another port" allowed /jail --scope --sendto \
	connect udp '[fe80::1]:54'
blocked "again, after AF_UNSPEC: UDP" connect4 /jail --again connect udp 198.51.100.1:53
blocked "again, after AF_UNSPEC: IPv6" connect6 /jail --again connect udp "$six:53"
is "again, after AF_UNSPEC: another port" allowed /jail --again connect udp 198.51.100.1:54

# A source route: the packet goes to the first hop, whatever address the process names.
blocked "source route over a denied address: UDP" egress /jail --hop $four --sendto \
	connect udp 203.0.113.1:9
blocked "source route over a denied address: connected" egress /jail --hop $four \
	connect udp 203.0.113.1:9
# Nobody answers to such packets by default, so that the log has to tell.
tries /jail --hop $four connect tcp 203.0.113.1:99 >/dev/null
timeout 60 "$AUDIT" --bpffs "$BPFFS" --format json >"$TMP/events" 2>/dev/null
same "source route over a denied address: TCP" $four "$(jq -r 'select(.port == 99).address' \
	"$TMP/events" | head -n 1)"
blocked "source route to a denied address" sendmsg4 /jail --hop 203.0.113.1 --sendto \
	connect udp 198.51.100.1:53
is "source route over another address" allowed /jail --hop 203.0.113.2 --sendto \
	connect udp 203.0.113.1:9
is "source route over a denied address, IPv6" denied /jail --hop 2001:db8::1 --sendto \
	connect udp '[2001:4860::1]:9'
control_add "source route over a denied address, IPv6" egress allowed /jail --hop 2001:db8::1 \
	--sendto connect udp '[2001:4860::1]:9'

# Sockets from elsewhere, and threads of the kernel that work for the process.
blocked "taken by pidfd_getfd" connect4 /jail --pidfd --made-in "$CGROUP/free" \
	connect tcp $four:80
blocked "taken by pidfd_getfd: sendto" sendmsg4 /jail --pidfd --made-in "$CGROUP/free" \
	--sendto connect udp 198.51.100.1:53
blocked "made before the process is moved in" connect4 /free --move-to "$CGROUP/jail" \
	connect tcp $four:80
blocked "made before the process has left" connect4 /jail --move-to "$CGROUP/free" \
	connect tcp $four:80
is "made before the process is moved in: another address" allowed /free --move-to "$CGROUP/jail" \
	connect tcp 203.0.113.1:80
blocked "io_uring, polling thread: connect" connect4 /jail --sqpoll connect tcp 198.51.100.1:22
blocked "io_uring, polling thread: sendmsg" sendmsg4 /jail --sqpoll --sendto \
	connect udp 198.51.100.1:53
is "io_uring, polling thread: another port" allowed /jail --sqpoll connect tcp 198.51.100.1:23

# MPTCP: the peer names a second address of its own, and a thread of the kernel connects there.
joins()
{
	awk '$1 == "MPTcpExt:" && !head { split($0, name); head = 1; next }
		$1 == "MPTcpExt:" { for (i in name) if (name[i] == "MPJoinSynRx") print $i }' \
		/proc/net/netstat
}
more_joins()
{
	[ "$(joins)" -gt "$1" ]
}
# joined NAME COMMAND CGROUP: COMMAND (holds or fails) whether a second connection came to the server
joined()
{
	local before

	before=$(joins)
	in_cgroup "$3" keep --mptcp "connect tcp 203.0.113.9:8090" < <(
		if [ "$2" = fails ]; then sleep 1; else eventually 5 more_joins "$before"; fi
	) >/dev/null
	if [ "$2" = fails ]; then
		same "$1" "$before" "$(joins)"
	else
		holds "$1" more_joins "$before"
	fi
}
if ip mptcp limits set subflows 2 add_addr_accepted 2 2>/dev/null; then
	ip address add $four/32 dev lo
	ip mptcp endpoint add $four signal
	keep --mptcp 'listen tcp 0.0.0.0:8090' < <(sleep 100) >"$TMP/server" &
	server=$!
	eventually 10 grep -q ready "$TMP/server" || fail "MPTCP" "no server"
	joined "MPTCP: a second connection to a denied address" fails /jail
	timeout 60 "$AUDIT" --bpffs "$BPFFS" --format json >"$TMP/events" 2>/dev/null
	same "MPTCP: a second connection: the log" "cgroup/connect4 $four 8090 socket" \
		"$(jq -r 'select(.port == 8090) | "\(.hook) \(.address) \(.port) \(.judged)"' \
			"$TMP/events" | sort -u)"
	joined "MPTCP: a second connection, not governed" holds /free
	# Loading anew takes too long in a guest.
	[ -n "${GUEST-}" ] || without connect4 joined \
		"MPTCP: a second connection (negative control: without connect4)" holds /jail
	ip mptcp endpoint flush
	ip address del $four/32 dev lo
	kill $server
else
	fail "MPTCP: a second connection" "ip mptcp does not work here"
fi

# Ports to bind.
blocked "bind: first of a range" bind4+post_bind4 /jail bind tcp 127.0.0.1:2000
blocked "bind: last of a range" bind4+post_bind4 /jail bind tcp 127.0.0.1:2999
is "bind: before the range" allowed /jail bind tcp 127.0.0.1:1999
is "bind: behind the range" allowed /jail bind tcp 127.0.0.1:3000
blocked "bind: [::] takes 0.0.0.0, too" bind6+post_bind6 /jail bind tcp '[::]:1000'
blocked "bind: [::] takes ::1, too" bind6+post_bind6 /jail bind udp '[::]:2000'
is "bind: an address of the other family" allowed /jail bind tcp '[::1]:1000'
is "bind: a port of the kernel's choice" allowed /jail bind tcp 127.0.0.1:0
policy chosen <<'INI'
[policy]
name = chosen
cgroup = /chosen
[network]
deny = bind tcp,udp *:2000-2999
INI
policy watch <<'INI'
[policy]
name = watch
cgroup = /watch
mode = audit
[network]
deny = bind *:2000-2999
INI
APPLIED="chosen watch"
apply chosen watch
range=$(cat /proc/sys/net/ipv4/ip_local_port_range)
echo 2000 2999 >/proc/sys/net/ipv4/ip_local_port_range
blocked "bind: the kernel chooses a denied port: TCP" post_bind4 /chosen bind tcp 127.0.0.1:0
blocked "bind: the kernel chooses a denied port: UDP" post_bind4 /chosen bind udp 0.0.0.0:0
blocked "bind: the kernel chooses a denied port: IPv6" post_bind6 /chosen bind tcp '[::1]:0'
blocked "bind: the kernel chooses a denied port: mapped" post_bind6 /chosen --mapped \
	bind udp 127.0.0.1:0
blocked "bind: the kernel chooses a denied port: MPTCP" post_bind4 /chosen --mptcp \
	bind tcp 127.0.0.1:0
blocked "bind: the kernel chooses a denied port: socket made outside" post_bind4 /chosen \
	--made-in "$CGROUP/free" bind tcp 127.0.0.1:0
is "bind: the kernel chooses: not governed" allowed /free bind tcp 127.0.0.1:0
is "bind: the kernel chooses: audited" allowed /watch bind tcp 127.0.0.1:0
echo 3000 3999 >/proc/sys/net/ipv4/ip_local_port_range
is "bind: the kernel chooses another port" allowed /chosen bind tcp 127.0.0.1:0
# A refusal gives the port back: of a range of two, a hundred times.
echo 2000 2001 >/proc/sys/net/ipv4/ip_local_port_range
yes 'bind tcp 127.0.0.1:0' | head -n 100 | tries /chosen --batch >"$TMP/hundred"
same "bind: refused ports are free again" "100 denied" "$(sort "$TMP/hundred" | uniq -c | xargs)"
is "bind: refused ports are free again: not governed" allowed /free bind tcp 127.0.0.1:2000
tries /watch bind tcp 127.0.0.1:2000 >/dev/null
timeout 60 "$AUDIT" --bpffs "$BPFFS" --format json >"$TMP/events" 2>/dev/null
same "bind: the log tells the chosen port and its hook" "127.0.0.1 true cgroup/post_bind4" \
	"$(jq -r 'select(.policy == "chosen" and .hook == "cgroup/post_bind4" and .protocol == "tcp") |
		"\(.address) \(.port >= 2000 and .port <= 2999) \(.hook)"' "$TMP/events" | head -n 1)"
same "bind: what is audited is logged once" "2000 cgroup/bind4" \
	"$(jq -r 'select(.policy == "watch") | "\(.port) \(.hook)"' "$TMP/events")"
# The controls come when the policies change, and want the range that is denied.
echo 2000 2999 >/proc/sys/net/ipv4/ip_local_port_range
controls_run
echo "$range" >/proc/sys/net/ipv4/ip_local_port_range

# What cgroup programs do not see.
[ "$(cgward doctor --json | jq -r '.features[] | select(.name == "BPF LSM").state')" = yes ] || exit 0
policy lsm <<'INI'
[policy]
name = lsm
cgroup = /lsm
on-missing = warn
[network]
deny = connect 192.0.2.0/24
deny = listen tcp *:3000
deny = listen tcp 127.0.0.9
allow = listen tcp 127.0.0.9:3002
deny = bind icmp,raw 127.0.0.9
deny = bind sctp *:3000
deny = socket packet/raw vsock alg
INI
APPLIED=lsm
apply lsm
outside=/sys/fs/cgroup/$SUITE_OWN/runner

blocked "listen" socket_listen /lsm listen tcp 127.0.0.1:3000
is "listen: another port" allowed /lsm listen tcp 127.0.0.1:3001
blocked "listen: every port of an address" socket_listen /lsm listen tcp 127.0.0.9:3001
is "listen: an exception" allowed /lsm listen tcp 127.0.0.9:3002
blocked "listen: 0.0.0.0 takes the address, too" socket_listen /lsm listen tcp 0.0.0.0:3001
blocked "listen: [::] takes 0.0.0.0, too" socket_listen /lsm listen tcp '[::]:3001'
blocked "listen: mapped address" socket_listen /lsm --mapped listen tcp 127.0.0.9:3001
blocked "listen: MPTCP" socket_listen /lsm --mptcp listen tcp 127.0.0.1:3000
blocked "listen: socket made outside, passed in" socket_listen /lsm --made-in "$CGROUP/free" \
	listen tcp 127.0.0.1:3000
blocked "listen: any port, for it is not bound" socket_listen /lsm --autobind listen tcp 0.0.0.0:0
blocked "bind: ping socket" socket_bind /lsm bind icmp 127.0.0.9
is "bind: ping socket, another address" allowed /lsm bind icmp 127.0.0.8
blocked "bind: raw socket" socket_bind /lsm bind raw 127.0.0.9
is "bind: raw socket, another address" allowed /lsm bind raw 127.0.0.8
blocked "socket: packet" socket_create /lsm socket packet/raw
is "socket: packet, another type" allowed /lsm socket packet/dgram
blocked "socket: packet, by io_uring" socket_create /lsm --io-uring socket packet/raw
blocked "socket made outside of the cgroup root: TCP" socket_connect /lsm --made-in "$outside" \
	connect tcp $four:80
blocked "socket made outside of the cgroup root: UDP" socket_sendmsg /lsm --made-in "$outside" \
	--sendto connect udp $four:53
is "socket made outside of the cgroup root: another address" allowed /lsm --made-in "$outside" \
	connect tcp 203.0.113.1:80
blocked "raw socket: connect" socket_connect+egress /lsm connect raw $four
if has "SCTP and LSM" connect sctp 203.0.113.1:22; then
	blocked "SCTP: bind" socket_bind /lsm bind sctp 127.0.0.1:3000
	is "SCTP: bind, another port" allowed /lsm bind sctp 127.0.0.1:3001
	blocked "SCTP: bindx" sctp_bind_connect /lsm --bindx bind sctp 127.0.0.1:3000
	is "SCTP: bindx, another port" allowed /lsm --bindx bind sctp 127.0.0.1:3001
	blocked "SCTP: connect" socket_connect+egress /lsm connect sctp $four:22
	blocked "SCTP: connectx" sctp_bind_connect+egress /lsm --connectx connect sctp $four:22
	blocked "SCTP: sendto of a one-to-many socket" sctp_bind_connect+egress /lsm --many --sendto \
		connect sctp $four:22
	is "SCTP: sendto, another address" allowed /lsm --many --sendto connect sctp 203.0.113.1:22
	blocked "SCTP: socket made outside, passed in" socket_connect+egress /lsm \
		--made-in "$CGROUP/free" connect sctp $four:22
fi
