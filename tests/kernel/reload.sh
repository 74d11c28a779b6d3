#!/bin/bash
# SPDX-License-Identifier: GPL-2.0-only
# 1,000 reloads under eight hammering threads: what both rulesets deny is denied throughout; what they
# contradict each other on is judged by one of them, never by a mixture. Counters go on; apply of the
# same files changes nothing; two at once wait for each other.
. "$(dirname "$0")/../lib.sh"
suite_begin "$@"

RELOADS=${RELOADS:-1000}
# Both deny the three operations; x and y they deny the other way round. Only b needs bind hooks.
common='[sysctl]
deny = write kernel.domainname
[network]
deny = connect 192.0.2.1'
policy a <<INI
[policy]
name = both
cgroup = /jail
$common
deny = connect udp 192.0.2.10
INI
policy b <<INI
[policy]
name = both
cgroup = /jail
$common
deny = connect udp 192.0.2.20
deny = bind tcp *:1
INI
apply a
mkdir -p "$CGROUP/jail"

counter()
{
	cgward status --json | jq ".policies[0].rules[] | select(.rule == \"$1\") | .denied"
}

# ---- nothing new stays behind ----

programs()
{
	find "$BPFFS/progs" -printf '%f\n' | sort | paste -s -d ' '
}
before=$(programs)
strace -f -o "$TMP/strace" -e inject=rename,renameat,renameat2:error=ENOSPC \
	"$CGWARD" apply --bpffs "$BPFFS" --cgroup-root "$CGROUP" "$TMP/b.ini" >"$TMP/output" 2>&1
same "an apply that fails: status" 1 $?
same "an apply that fails: what it had loaded is gone" "$before" "$(programs)"
same "an apply that fails: nothing is missed" 0 "$(cgward status >/dev/null 2>&1; echo $?)"

# ---- no gap ----

# reload N: from a to b and back, N/2 times
refused=0
reload()
{
	local i

	for ((i = 0; i < $1 / 2; i++)); do
		cgward apply b.ini >"$TMP/output" 2>&1 || refused=$((refused + 1))
		cgward apply a.ini >"$TMP/output" 2>&1 || refused=$((refused + 1))
	done
}

into "$CGROUP/jail" hammer 0 8 all /proc/sys/kernel/domainname x 192.0.2.1 80 \
	>"$TMP/counts" 2>&1 &
hammer=$!
start=$SECONDS
reload "$RELOADS"
took=$((SECONDS - start))
pkill -TERM -P $hammer hammer
wait $hammer
read -r denied allowed errors <"$TMP/counts"
same "$RELOADS reloads succeed" 0 $refused
if [ "$allowed" = 0 ] && [ "$errors" = 0 ] && [ "$denied" -gt 100000 ]; then
	pass "no gap: $denied attempts of 8 threads in $took s, none got through"
else
	fail "no gap" "denied, allowed, errors: $(cat "$TMP/counts")"
fi

# The contradicting pair: the log tells which rule of which generation denied it.
audit_start
# shellcheck disable=SC2016  # for the inner shell
into "$CGROUP/jail" sh -c 'while [ ! -e "$1" ]; do
	printf "connect udp 192.0.2.10:%d\nconnect udp 192.0.2.20:%d\n" 80 80 | op --batch
done' _ "$TMP/enough" >"$TMP/pair" 2>&1 &
pair=$!
reload 200
touch "$TMP/enough"
wait $pair
sleep 1
audit_stop
same "the pair is judged by both rulesets" "allowed denied " "$(sort -u "$TMP/pair" | tr '\n' ' ')"
mixed=$(jq -r 'select(.type == "violation" and (.address | IN("192.0.2.10", "192.0.2.20"))) |
	"\(.address) \(.rule)"' "$TMP/events" | awk '$1 != $NF' | sort | uniq -c)
same "an address is denied by the rule for it" "" "$mixed"
seen=$(jq -r 'select(.type == "violation") | .rule' "$TMP/events" | sort -u | grep -c 'udp 192')
same "the log has denials by both" 2 "$seen"

# ---- counters ----

apply a
before=$(counter "deny connect 192.0.2.1")
total=$(cgward status --json | jq '[.policies[0].rules[].denied] | add')
tries /jail connect tcp 192.0.2.1:80 >/dev/null
apply b
same "the counter of a rule that both have goes on" $((before + 1)) \
	"$(counter "deny connect 192.0.2.1")"
holds "every attempt was counted: $denied, and those of the pair" test "$total" -ge "$denied"
same "the counter of a new rule begins at 0" 0 "$(counter "deny bind tcp *:1")"

# ---- nothing changes ----

generation=$(cgward status --json | jq .generation)
holds "apply of the same files says so" grep -q "nothing changed: generation $generation" \
	<<<"$(cgward apply b.ini 2>/dev/null)"
same "apply of the same files: JSON" "false $generation []" \
	"$(cgward apply --json b.ini 2>/dev/null | jq -r '"\(.changed) \(.generation) \(.changes)"')"
same "and the generation stays" "$generation" "$(cgward status --json | jq .generation)"
dry=$(cgward apply --dry-run --json a.ini 2>/dev/null | jq -c .changes)
same "--dry-run changes nothing" "$generation" "$(cgward status --json | jq .generation)"
same "--dry-run prints the difference that apply prints" "$dry" \
	"$(cgward apply --json a.ini 2>/dev/null | jq -c .changes)"
holds "which is not empty" test "$dry" != "[]"

# ---- two at once ----

exec 9<"$BPFFS"
flock 9
cgward apply b.ini >"$TMP/output" 2>&1 9<&- &
second=$!
holds "an apply that finds the lock taken says so" eventually 5 \
	grep -q 'another cgward is changing' "$TMP/output"
sleep 0.3
holds "and waits" kill -0 $second
same "nothing has changed meanwhile" allowed "$(tries /jail connect udp 192.0.2.20:80)"
exec 9<&-
wait $second
same "and goes on when it is free" "0 denied" "$? $(tries /jail connect udp 192.0.2.20:80)"
for i in 1 2 3 4 5 6; do
	cgward apply a.ini >/dev/null 2>&1 &
	cgward apply b.ini >/dev/null 2>&1 &
done
wait
cgward status >/dev/null
same "after twelve at once, status" 0 $?
cgward apply a.ini >/dev/null 2>&1 &
victim=$!
kill -STOP $victim
kill -KILL $victim
wait $victim 2>/dev/null
holds "the lock of one that was killed is free" timeout 10 "$CGWARD" apply --bpffs "$BPFFS" \
	--cgroup-root "$CGROUP" b.ini
