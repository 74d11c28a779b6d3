#!/bin/bash
# SPDX-License-Identifier: GPL-2.0-only
# --listen: the metrics over HTTP, from a reader that has given its rights away; whoever asks, and
# however, delays no event.
. "$(dirname "$0")/../lib.sh"
suite_begin "$@"
trap 'reap; suite_end' EXIT

policy listen <<'INI'
[policy]
name = listen
cgroup = /jail
[sysctl]
deny = write kernel.domainname
[network]
deny = connect 192.0.2.1
INI
apply listen
mkdir -p "$CGROUP/jail"
chmod 755 "$TMP"

STARTED=()
reap()
{
	local status=$? # of the suite

	[ ${#STARTED[@]} -eq 0 ] || kill "${STARTED[@]}" 2>/dev/null
	return $status
}
of_process()
{
	sed -n "s/^$2:[[:space:]]*//p" "/proc/$1/status" 2>/dev/null
}
is_ready()
{
	[ "$(of_process $READER Seccomp)" = 2 ]
}
# reader OPTION...: in the background
reader()
{
	"$AUDIT" --bpffs "$BPFFS" --follow --format json --output "$TMP/log" "$@" 2>"$TMP/reader.err" &
	READER=$!
	STARTED+=("$READER")
	eventually 10 is_ready || broken "cgward-audit $*: $(cat "$TMP/reader.err")"
}
reader_stop()
{
	kill "$READER" && wait "$READER"
}
# get [OPTION]... URL
get()
{
	curl --silent --show-error --max-time 5 "$@"
}
port=1000
deny()
{
	port=$((port + 1))
	tries /jail connect tcp "192.0.2.1:$port" >/dev/null
}
has_port()
{
	grep -qs "\"port\":$port" "$TMP/log"
}
denied()
{
	awk '/^cgward_violations_total.*192.0.2.1.*verdict="deny"/ { print $NF }'
}

# ---- on loopback, as another user ----

touch "$TMP/log"
chown nobody "$TMP/log"
reader --user nobody --listen 127.0.0.1:9633
url=http://127.0.0.1:9633/metrics
same "as another user, without capabilities, with a filter" "$(id -u nobody) 0000000000000000 2" \
	"$(of_process $READER Uid | cut -f 1) $(of_process $READER CapPrm) $(of_process $READER Seccomp)"
same "no thread beside it" 1 "$(of_process $READER Threads)"
same "on loopback only" "127.0.0.1:9633" \
	"$(ss -ltnH | awk '{ print $4 }' | grep 9633)"
deny
eventually 5 has_port
sleep 1.1 # what it serves is at most a second old
get --include "$url" | tr -d '\r' >"$TMP/answer"
holds "GET: 200" grep -q '^HTTP/1.1 200 OK$' "$TMP/answer"
holds "GET: the type of the text format" grep -qi '^content-type: text/plain; version=0.0.4; charset=utf-8$' "$TMP/answer"
get "$url" >"$TMP/metrics"
holds "promtool agrees" promtool check metrics <"$TMP/metrics"
sed 's/counter$/counted/' "$TMP/metrics" >"$TMP/wrong"
holds "promtool refuses what is wrong" bash -c "! promtool check metrics <'$TMP/wrong'"
same "the counters" "$(cgward status --json | jq '[.. | objects | select(.rule? == "deny connect 192.0.2.1") | .denied] | add')" \
	"$(denied <"$TMP/metrics")"
deny
eventually 5 has_port
sleep 1.1
same "the counters go on" 2 "$(get "$url" | denied)"
same "HEAD" 200 "$(get --head --output /dev/null --write-out '%{http_code}' "$url")"
same "elsewhere: 404" 404 "$(get --output /dev/null --write-out '%{http_code}' http://127.0.0.1:9633/)"
same "POST: 405" 405 "$(get --data x --output /dev/null --write-out '%{http_code}' "$url")"
same "on one connection" "200 200" "$(get --output /dev/null --output /dev/null --write-out '%{http_code} ' "$url" "$url" | sed 's/ $//')"

# ---- those who ask in bad ways ----

python3 - "$TMP/ready" <<'PYTHON' &
import os, socket, sys, time
held = []
def connect():
    peer = socket.create_connection(("127.0.0.1", 9633), timeout=2)
    held.append(peer)
    return peer
for _ in range(5):
    connect()                                                  # says nothing
    connect().sendall(b"GET /metrics HTTP/1.1\r\nX: ")         # does not end
    connect().sendall(os.urandom(4096))
    connect().sendall(b"GET /" + b"x" * 100000 + b" HTTP/1.1\r\n\r\n")
    slow = connect()                                           # does not read
    slow.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, 1024)
    try:
        slow.sendall(b"GET /metrics HTTP/1.1\r\nHost: x\r\n\r\n" * 200)
    except OSError:
        pass
open(sys.argv[1], "w").close()
time.sleep(30)
PYTHON
clients=$!
STARTED+=("$clients")
eventually 10 test -e "$TMP/ready" || fail "clients" "they do not get through"
deny
holds "bad clients: events are not delayed" eventually 2 has_port
kill $clients
wait $clients 2>/dev/null
holds "bad clients gone: it answers" eventually 5 get --fail --output /dev/null "$url"

into "$CGROUP/jail" hammer 2 1 connect 192.0.2.1 80 >/dev/null &
hammer=$!
for _ in 1 2 3 4 5; do
	get --write-out '%{http_code} %{time_total}\n' --output "$TMP/under" "$url"
	sleep 0.2
done >"$TMP/times"
wait $hammer
same "under load: it answers within half a second" 5 "$(awk '$1 == 200 && $2 < 0.5' "$TMP/times" | wc -l)"
holds "under load: the text is whole" promtool check metrics <"$TMP/under"
for i in $(seq 12); do
	get "$url" >"$TMP/many.$i" &
	many[i]=$!
done
wait "${many[@]}"
same "many at once: all are answered" 12 "$(cat "$TMP"/many.* | grep -c '^cgward_audit_build_info{')"
reader_stop
same "no complaints" "" "$(cat "$TMP/reader.err")"
holds "closed with the reader" bash -c "! curl --silent --max-time 2 $url"

# ---- a unix socket ----

mkdir "$TMP/run"
socket=$TMP/run/metrics.sock
reader --user nobody --listen "unix:$socket"
same "unix: owner and mode" "nobody 660" "$(stat -c '%U %a' "$socket")"
holds "unix: it answers" get --fail --output /dev/null --unix-socket "$socket" http://localhost/metrics
kill -9 $READER
wait $READER 2>/dev/null
holds "unix: a killed reader leaves its socket" test -S "$socket"
reader --listen "unix:$socket"
holds "unix: it is replaced" get --fail --output /dev/null --unix-socket "$socket" http://localhost/metrics
reader_stop
holds "unix: it goes with the reader" test ! -e "$socket"

# listens NAME WANTED-STATUS MESSAGE ADDRESS
listens()
{
	timeout 10 "$AUDIT" --bpffs "$BPFFS" --output /dev/null --listen "$4" 2>"$TMP/err"
	same "$1: status" "$2" $?
	holds "$1: message" grep -q "$3" "$TMP/err"
}
echo precious >"$TMP/run/file"
listens "a file that is no socket" 1 'Address already in use' "unix:$TMP/run/file"
same "a file that is no socket: stays" precious "$(cat "$TMP/run/file")"
python3 -c 'import socket, sys, time
peer = socket.socket(socket.AF_UNIX)
peer.bind(sys.argv[1])
peer.listen()
time.sleep(30)' "$TMP/run/taken" &
taken=$!
STARTED+=("$taken")
eventually 5 test -S "$TMP/run/taken"
sleep 0.1
listens "a socket of somebody else" 1 'Address already in use' "unix:$TMP/run/taken"
holds "a socket of somebody else: stays" test -S "$TMP/run/taken"
kill $taken
listens "not on loopback" 2 'not a loopback address' 192.0.2.9:9633
listens "all addresses" 2 'not a loopback address' 0.0.0.0:9633
reader --listen '[::1]:9633'
holds "IPv6" get --fail --output /dev/null 'http://[::1]:9633/metrics'
reader_stop
