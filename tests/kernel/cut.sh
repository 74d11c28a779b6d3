#!/bin/bash
# SPDX-License-Identifier: GPL-2.0-only
# apply --cut: real connections from before the policy; those that it denies are closed, others stay.
. "$(dirname "$0")/../lib.sh"
suite_begin "$@"

mkdir -p "$CGROUP"/{jail/below,free,audit}
policy jail <<'INI'
[policy]
name = jail
cgroup = /jail
[network]
deny = connect tcp 127.0.0.0/8:7001
deny = connect tcp [::1]:7001
deny = connect udp 127.0.0.0/8:7003
deny = connect tcp 192.0.2.0/24
INI
policy audit <<'INI'
[policy]
name = audit
cgroup = /audit
mode = audit
[network]
deny = connect tcp 127.0.0.0/8:7001
INI

# keep NAME COMMAND...: a process that keeps connections; its output goes to $TMP/NAME
KEEPERS=()
keeper()
{
	local input

	mkfifo "$TMP/$1.in"
	"${@:2}" <"$TMP/$1.in" >"$TMP/$1" 2>&1 &
	exec {input}>"$TMP/$1.in"
	KEEPERS+=("$input")
	eventually 10 grep -q ready "$TMP/$1" || broken "$1: $(cat "$TMP/$1")"
}

# cuts NAME: the numbers of the connections that were closed
cuts()
{
	sleep 0.3
	sed -n 's/^cut //p' "$TMP/$1" | sort -nu | tr '\n' ' ' | sed 's/ $//'
}

keeper server keep 'listen tcp 127.0.0.1:7001' 'listen tcp 127.0.0.1:7002' 'listen tcp [::1]:7001'
keeper jail into "$CGROUP/jail/below" keep 'connect tcp 127.0.0.1:7001' \
	'connect tcp 127.0.0.1:7002' 'connect tcp [::1]:7001' 'connect udp 127.0.0.1:7003' \
	'connect udp 127.0.0.1:7004'
keeper free into "$CGROUP/free" keep 'connect tcp 127.0.0.1:7001' 'connect udp 127.0.0.1:7003'
keeper audit into "$CGROUP/audit" keep 'connect tcp 127.0.0.1:7001'
# A server in the governed cgroup, whose client's address and port the policy denies.
keeper inside into "$CGROUP/jail" keep 'listen tcp 0.0.0.0:7005'
ip address add 192.0.2.7/32 dev lo
keeper client into "$CGROUP/free" keep 'connect tcp 192.0.2.7:7005'
# A process that was moved in with a connection that it had made outside.
keeper moved keep 'connect tcp 127.0.0.1:7001' 'connect tcp 127.0.0.1:7002'
moved=$!
echo "$moved" >"$CGROUP/jail/cgroup.procs"
# Another network namespace, in which only a governed process is.
keeper other unshare --net bash -c "ip link set lo up; exec 3<&0
	{ echo \$BASHPID >'$CGROUP/free/cgroup.procs'; exec keep 'listen tcp 127.0.0.1:7001' <&3; } &
	sleep 0.5; exec into '$CGROUP/jail' keep 'connect tcp 127.0.0.1:7001'"
eventually 10 grep -qz 'ready.*ready' "$TMP/other" || broken "other: $(cat "$TMP/other")"
governed='jail moved other'

cgward apply jail.ini audit.ini >/dev/null || broken "apply"
for name in $governed; do
	same "without --cut: $name keeps all" "" "$(cuts "$name")"
done

cgward apply --cut --dry-run --json jail.ini audit.ini >"$TMP/dry" || fail "dry run" "status $?"
same "dry run: what would be cut" 5 "$(jq '.cut | length' "$TMP/dry")"
same "dry run: nothing was closed" 0 "$(jq '[.cut[] | select(.closed)] | length' "$TMP/dry")"
same "dry run: rule" "deny connect tcp 127.0.0.0/8:7001" \
	"$(jq -r '[.cut[] | select(.operation == "connect tcp 127.0.0.1:7001").rule] | unique[]' "$TMP/dry")"
same "dry run: cgroup" "/jail/below" \
	"$(jq -r '[.cut[] | select(.operation == "connect udp 127.0.0.1:7003").cgroup] | unique[]' "$TMP/dry")"
for name in $governed; do
	same "dry run: $name keeps all" "" "$(cuts "$name")"
done

cgward apply --cut jail.ini audit.ini >"$TMP/output" 2>&1
same "apply --cut: status" 0 $?
same "apply --cut: how many" "cut 5 connections" "$(grep -E '^cut [0-9]+ connections$' "$TMP/output")"
same "TCP, IPv4 and IPv6, and UDP are cut; others stay" "1 3 4" "$(cuts jail)"
same "the process that was moved in" 1 "$(cuts moved)"
same "another network namespace" 1 "$(cuts other)"
same "an ungoverned process keeps all" "" "$(cuts free)"
same "mode = audit cuts nothing" "" "$(cuts audit)"
same "what a governed server has accepted stays" "" "$(cuts inside)$(cuts client)"
cgward apply --cut jail.ini audit.ini >"$TMP/output" 2>&1
same "apply --cut again: nothing is left" "cut 0 connections" "$(grep -E '^cut [0-9]+ conn' "$TMP/output")"
is "a new connection is denied" denied /jail connect tcp 127.0.0.1:7001

for input in "${KEEPERS[@]}"; do
	exec {input}>&-
done
