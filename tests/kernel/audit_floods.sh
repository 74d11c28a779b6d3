#!/bin/bash
# SPDX-License-Identifier: GPL-2.0-only
# Floods: beyond its budget a rule in a cgroup is summed up, and what was sent, summed up and lost is
# together what the counters say, exactly; a flood costs no other cgroup an event.
. "$(dirname "$0")/../lib.sh"
suite_begin "$@"

policy flood <<'INI'
[policy]
name = flood
cgroup = /noisy
cgroup = /loud
cgroup = /quiet
[sysctl]
deny = write kernel.domainname
[network]
deny = connect 192.0.2.1
INI
# configure LINE...
configure()
{
	{
		printf '[cgward]\nprotect = off\n'
		printf '%s\n' "$@"
	} >"$CONFIG"
}
configure "events-per-second = 20" "events-burst = 100"
apply flood
mkdir -p "$CGROUP/noisy" "$CGROUP/loud" "$CGROUP/quiet"

read_all()
{
	timeout 60 "$AUDIT" --bpffs "$BPFFS" --format json "$@" 2>>"$TMP/read.err"
}
counted()
{
	cgward status --json |
		jq '[.. | objects | select(has("denied")) | .denied + (.audited // 0)] | add'
}
# weight FILE [TYPE]: how many violations the lines (of a type) are or stand for
weight()
{
	jq -n --arg type "${2-}" 'reduce (inputs | select($type == "" or .type == $type)) as $line
		(0; . + ($line.count // 1))' "$1"
}
# pairs FILE TYPE: cgroup and rule of those lines
pairs()
{
	jq -r --arg type "$2" 'select(.type == $type) | "\(.cgroup) \(.rule)"' "$1" | sort -u
}
duplicates()
{
	jq -r 'select(.type == "violation") | "\(.cpu) \(.seq)"' "$1" | sort | uniq -d | wc -l
}
# flood SECONDS: three pairs of cgroup and rule, and in the middle of it one denial of the quiet one
flood()
{
	local pids

	into "$CGROUP/noisy" hammer "$1" 1 connect 192.0.2.1 80 >/dev/null &
	pids=$!
	into "$CGROUP/loud" hammer "$1" 1 connect 192.0.2.1 80 >/dev/null &
	pids+=" $!"
	into "$CGROUP/loud" hammer "$1" 1 write /proc/sys/kernel/domainname x >/dev/null &
	pids+=" $!"
	sleep 0.5
	tries /quiet connect tcp 192.0.2.1:4242 >/dev/null
	# shellcheck disable=SC2086  # a list of numbers
	wait $pids
}
# adds_up NAME FILE BEFORE
adds_up()
{
	same "$1: sent, summed up and lost together are what is counted" \
		$(($(counted) - $3)) "$(weight "$2")"
	same "$1: nothing twice" 0 "$(duplicates "$2")"
}
quiet='.type == "violation" and .cgroup == "/quiet" and .port == 4242'

# follow: a reader in the background, into $log
follow()
{
	"$AUDIT" --bpffs "$BPFFS" --follow --format json --output "$log" 2>"$TMP/follow.err" &
	READER=$!
	eventually 10 grep -q '^Seccomp:[[:space:]]*2' "/proc/$READER/status"
}

# ---- a reader follows ----

log=$TMP/followed
follow
flood 1
sleep 1.2
kill $READER
wait $READER
adds_up followed "$log" 0
same "followed: none was lost" 0 "$(weight "$log" lost)"
same "followed: each flood has sums" "/loud deny connect 192.0.2.1
/loud deny write kernel.domainname
/noisy deny connect 192.0.2.1" "$(pairs "$log" suppressed)"
holds "followed: of each flood the burst and a few more were sent" jq -ne '
	[inputs | select(.type == "violation" and .cgroup != "/quiet")] |
	group_by([.cgroup, .rule]) | length == 3 and all(length >= 100 and length <= 200)' "$log"
holds "followed: nearly all were summed up" test "$(weight "$log" suppressed)" -gt \
	$((9 * $(counted) / 10))
same "followed: the quiet cgroup's only denial is in the log" 1 \
	"$(jq -c "select($quiet)" "$log" | wc -l)"
holds "followed: sums have the span and the rule's place" jq -se '
	map(select(.type == "suppressed")) | length > 0 and
	all(.since < .until and .until <= .time and .policy == "flood" and
		(.source | test("flood.ini:[0-9]+$")) and .verdict == "deny")' "$log"
holds "schema: $(python3 "$TESTS/helpers/validate.py" "$SOURCE_DIR/audit/schema.json" "$log" | tail -n 1)" \
	python3 "$TESTS/helpers/validate.py" "$SOURCE_DIR/audit/schema.json" "$log"
holds "the page about a log counts what sums stand for" grep -q \
	"denied: $(($(weight "$log" suppressed) + $(weight "$log" violation)))" \
	<("$AUDIT" report "$log")
holds "top counts it, too" grep -q "^$(weight "$log") violations" <("$AUDIT" top "$log")

# ---- nobody reads: far more than the ring buffer holds ----

before=$(counted)
configure "events-per-second = 100" "events-burst = 10000"
apply flood
flood 1
log=$TMP/away
read_all --output "$log"
adds_up away "$log" "$before"
holds "away: it was more than the ring buffer holds" test $(($(counted) - before)) -gt 10000
same "away: none was lost" 0 "$(weight "$log" lost)"
same "away: the quiet cgroup's only denial is in the log" 1 \
	"$(jq -c "select($quiet)" "$log" | wc -l)"
before=$(counted)
read_all --output "$TMP/again"
same "a later reader has nothing to add" 0 "$(weight "$TMP/again")"

# ---- without a limit: the ring buffer overflows, and the quiet one may be lost ----

configure "events-per-second = unlimited"
apply flood
flood 1
log=$TMP/unlimited
read_all --output "$log"
adds_up unlimited "$log" "$before"
same "unlimited (negative control): nothing is summed up" 0 "$(weight "$log" suppressed)"
holds "unlimited (negative control): many were lost" test "$(weight "$log" lost)" -gt 1000

# ---- more pairs of cgroup and rule than there are budgets ----

{
	printf '[policy]\nname = many\ncgroup = /noisy\n[network]\n'
	for i in $(seq 0 5999); do
		echo "deny = connect tcp 10.1.$((i / 250)).$((i % 250))"
	done
} >"$TMP/many.ini"
configure "events-per-second = 1" "events-burst = 1"
apply many
before=$(counted)
log=$TMP/evicted
follow
in_cgroup /noisy python3 - <<'PYTHON'
import socket
for i in range(6000):
    for _ in range(4):
        with socket.socket() as peer:
            try:
                peer.connect((f"10.1.{i // 250}.{i % 250}", 1))
            except OSError:
                pass
PYTHON
kill "$READER"
wait "$READER"
read_all --output "$log"
same "evicted: all were denied" $((before + 24000)) "$(counted)"
adds_up evicted "$log" "$before"
holds "evicted: the sums of budgets that others took the place of are there" \
	test "$(pairs "$log" suppressed | wc -l)" -gt 4200

# ---- the reader is killed again and again ----

configure "events-per-second = 1000" "events-burst = 100"
apply flood
before=$(counted)
log=$TMP/killed
flood 2 &
hammer=$!
kills=0
while kill -0 $hammer 2>/dev/null; do
	"$AUDIT" --bpffs "$BPFFS" --follow --format json --output "$log" 2>>"$TMP/follow.err" &
	READER=$!
	sleep "0.$((RANDOM % 3))$((RANDOM % 10))"
	kill -9 "$READER" 2>/dev/null && kills=$((kills + 1))
	wait "$READER" 2>/dev/null
done
wait $hammer
read_all --output "$log"
echo "# killed $kills times, $(wc -l <"$log") lines, $(weight "$log") accounted for"
holds "killed: often" test "$kills" -ge 5
adds_up killed "$log" "$before"
holds "killed: there are sums" test "$(weight "$log" suppressed)" -gt 1000
same "killed: the quiet cgroup's only denial is in the log" 1 \
	"$(jq -c "select($quiet)" "$log" | wc -l)"

# ---- options and counters ----

apply flood
into "$CGROUP/noisy" hammer 1 1 connect 192.0.2.1 80 >/dev/null
read_all --count 1000 --output "$TMP/count"
holds "--count counts what sums stand for" test "$(weight "$TMP/count")" -ge 1000
holds "status tells how many were suppressed" jq -e '.events_suppressed > 1000' <(cgward status --json)
read_all --metrics "$TMP/prom" --output /dev/null
same "metrics: all that was suppressed" "$(cgward status --json | jq .events_suppressed)" \
	"$(awk '/^cgward_events_suppressed_total/ { sum += $2 } END { print sum }' "$TMP/prom")"
