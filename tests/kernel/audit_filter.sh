#!/bin/bash
# SPDX-License-Identifier: GPL-2.0-only
# The reader's seccomp filter lets through all that the reader does, with every option: traced from
# outside, no system call of it is refused.
. "$(dirname "$0")/../lib.sh"
suite_begin "$@"
trap 'reap; suite_end' EXIT

policy filter <<'INI'
[policy]
name = filter
cgroup = /jail
[network]
deny = connect 192.0.2.1
INI
apply filter
mkdir -p "$CGROUP/jail" "$TMP/out"
chmod 755 "$TMP"
chmod 777 "$TMP/out"

STARTED=()
reap()
{
	local status=$? # of the suite

	[ ${#STARTED[@]} -eq 0 ] || kill "${STARTED[@]}" 2>/dev/null
	return $status
}
python3 - "$TMP" <<'PYTHON' &
import os, select, socket, sys
# Log daemons that come and go: the ends of the reader's sockets.
sockets = []
def unix(name, kind):
    peer = socket.socket(socket.AF_UNIX, kind)
    peer.bind(os.path.join(sys.argv[1], name))
    os.chmod(os.path.join(sys.argv[1], name), 0o666)
    sockets.append(peer)
    return peer
unix("dgram", socket.SOCK_DGRAM)
udp = socket.socket(socket.AF_INET, socket.SOCK_DGRAM)
udp.bind(("127.0.0.1", 5514))
sockets.append(udp)
tcp = socket.socket(socket.AF_INET6, socket.SOCK_STREAM)
tcp.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
tcp.bind(("::1", 5515))
tcp.listen()
sockets.append(tcp)
open(os.path.join(sys.argv[1], "daemons"), "w").close()
while True:
    for peer in select.select(sockets, [], [])[0]:
        if peer is tcp:
            sockets.append(tcp.accept()[0])
        elif not peer.recv(65536):
            sockets.remove(peer)
            peer.close()
        elif peer.type == socket.SOCK_STREAM and len(sockets) % 2:
            sockets.remove(peer) # the reader must connect again
            peer.close()
PYTHON
STARTED+=($!)
eventually 10 test -e "$TMP/daemons" || broken "the log daemons do not start"

of_process()
{
	sed -n "s/^$2:[[:space:]]*//p" "/proc/$1/status" 2>/dev/null
}
is_ready()
{
	READER=$(pgrep -P "$TRACER" -x cgward-audit) && [ "$(of_process "$READER" Seccomp)" = 2 ]
}
# traced STRACE-OPTION OPTION...: all that a reader does in its life; refused calls to $TMP/refused
traced()
{
	rm -f "$TMP"/trace*
	strace -f -o "$TMP/trace" -e signal=none -e "$1" "$AUDIT" --bpffs "$BPFFS" --follow "${@:2}" \
		>>"$TMP/stdout" 2>>"$TMP/stderr" &
	TRACER=$!
	STARTED+=("$TRACER")
	eventually 15 is_ready || { fail "$*" "does not start: $(tail -n 2 "$TMP/stderr")" && return; }
	into "$CGROUP/jail" op connect tcp 192.0.2.1:80 >/dev/null
	cgward apply filter.ini >/dev/null 2>&1 # a new generation: the rule is read anew
	into "$CGROUP/jail" hammer 1 1 connect 192.0.2.1 80 >/dev/null
	kill -HUP "$READER" 2>/dev/null
	for url in "${URL[@]}"; do
		# shellcheck disable=SC2086  # options and a URL
		curl --silent --max-time 5 --output /dev/null $url
	done
	sleep 1.2 # the end of a period: counters, rotation, metrics
	into "$CGROUP/jail" op connect tcp 192.0.2.1:81 >/dev/null
	sleep 0.2
	kill "$READER" 2>/dev/null
	wait $TRACER 2>/dev/null
	# What is refused before the filter is set is not its doing.
	awk '/seccomp\(SECCOMP_SET_MODE_FILTER/ { set[$1] = 1 }
		set[$1] && / = -1 EPERM/ { print $2 }' "$TMP/trace" | sort | uniq -c >"$TMP/refused"
}
none_refused()
{
	traced trace=all "$@"
	same "none is refused: $*" "" "$(tr '\n' ' ' <"$TMP/refused")"
}

URL=()
none_refused --output -
none_refused --format json --output "$TMP/out/a" --rotate-size 4K --rotate-count 2
none_refused --output "$TMP/out/b" --output "syslog:unix:$TMP/dgram" --output "journal:$TMP/dgram" \
	--output syslog:udp:127.0.0.1:5514 --output 'syslog:tcp:[::1]:5515' --output -
none_refused --output 'syslog:tcp:[::1]:5515' --verbose
URL=("http://127.0.0.1:9633/metrics" "http://127.0.0.1:9633/x")
none_refused --user nobody --format json --output "$TMP/out/c" --rotate-size 4K \
	--metrics "$TMP/out/prom" --listen 127.0.0.1:9633 --policy filter --cgroup '/j*' --kind network
URL=("--unix-socket $TMP/out/sock http://x/metrics")
none_refused --output "$TMP/out/d" --listen "unix:$TMP/out/sock" --metrics "$TMP/out/prom2"

# The same with a call that is refused: it is seen.
traced inject=memfd_create:error=EPERM --output "$TMP/out/d" --listen "unix:$TMP/out/sock"
holds "negative control: a call that is refused is seen" grep -q memfd_create "$TMP/refused"
