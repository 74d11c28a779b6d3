#!/bin/bash
# SPDX-License-Identifier: GPL-2.0-only
# Another build, with a newer ABI, takes over what this one has in force, and back, under hammering
# threads; killed in the middle, the next one finishes it.
. "$(dirname "$0")/../lib.sh"
suite_begin "$@"

bash "$TESTS/helpers/other-build.sh" "$BUILD" >"$TMP/output" 2>&1 ||
	broken "the other build: $(tail -n 5 "$TMP/output")"
OLD=$CGWARD
NEW=$BUILD-upgrade/enforcer/cgward

policy first <<'INI'
[policy]
name = first
cgroup = /jail
[sysctl]
deny = write kernel.domainname
[network]
deny = connect 192.0.2.1
INI
mkdir -p "$CGROUP/jail" "$CGROUP/other" "$CGROUP/free"
denied=(connect tcp 192.0.2.1:80)

with()
{
	local CGWARD=$1

	cgward "${@:2}"
}

# A hammering process in the jail, and one that has left it and keeps its policies.
hammer_start()
{
	into "$CGROUP/jail" hammer 0 8 all /proc/sys/kernel/domainname x 192.0.2.1 80 \
		>"$TMP/counts" 2>&1 &
	hammer=$!
	into "$CGROUP/jail" escape self "$CGROUP/free" exec hammer 0 2 connect 192.0.2.1 80 \
		>"$TMP/escaped" 2>&1 &
	escaped=$!
	sleep 0.5
}

hammer_stop()
{
	pkill -TERM -P $hammer hammer
	pkill -TERM -P $escaped hammer
	wait $hammer $escaped
}

# none_through NAME FILE
none_through()
{
	local tried allowed errors

	read -r tried allowed errors <<<"$(tail -n 1 "$2")"
	if [ "$allowed" = 0 ] && [ "$errors" = 0 ] && [ "$tried" -gt 1000 ]; then
		pass "$1: $tried attempts, none got through"
	else
		fail "$1" "denied, allowed, errors: $(cat "$2")"
	fi
}

# One instance and nothing beside it.
alone()
{
	same "$1: one instance is left" cgward \
		"$(find "$TMP/bpf" -mindepth 1 -maxdepth 1 -type d -printf '%f ' | tr -d ' ')"
	same "$1: one program per hook" 1 "$(bpftool cgroup show "$CGROUP" | grep -c cgward_sysctl)"
}

# ---- upgrade ----

with "$OLD" apply first.ini >/dev/null 2>&1 || broken "the first apply"
with "$OLD" attach first /other >/dev/null || broken "attach"
into "$CGROUP/jail" op --batch < <(yes "${denied[*]}" | head -n 50) >/dev/null
generation=$(with "$OLD" status --json | jq .generation)
hammer_start
holds "status of the newer one tells who made it" grep -q 'next apply replaces' \
	<<<"$(with "$NEW" status)"
with "$NEW" attach first /free >"$TMP/output" 2>&1
same "attach by the newer one is refused" "1 1" "$? $(grep -c 'cgward apply' "$TMP/output")"
holds "upgrade" with "$NEW" apply first.ini
sleep 0.2
hammer_stop
none_through "upgrade" "$TMP/counts"
none_through "upgrade, a process that keeps policies" "$TMP/escaped"
alone "upgrade"
status=$(with "$NEW" status --json)
same "status after the upgrade" "0 true 0" \
	"$? $(jq -r '"\(.in_force) \(.drift | length)"' <<<"$status")"
holds "generations go on" test "$(jq .generation <<<"$status")" -gt "$generation"
holds "counters go on" test "$(jq '[.policies[].rules[].denied] | add' <<<"$status")" -ge 50
is "what was attached by hand is so still" denied /other "${denied[@]}"
same "and status has it" /other "$(jq -r '.attachments[].cgroup' <<<"$status")"
holds "apply again changes nothing" grep -q 'nothing changed' <<<"$(with "$NEW" apply first.ini 2>&1)"

# ---- the older one and the newer one's instance ----

for command in "apply first.ini" "remove" "status" "attach first /free"; do
	# shellcheck disable=SC2086  # words
	with "$OLD" $command >"$TMP/output" 2>&1
	status=$?
	[[ $status != 0 ]] && grep -q 'ABI version' "$TMP/output" && grep -q -- '--replace' "$TMP/output"
	same "the older one refuses: $command" 0 $?
	is "the older one refuses: $command: denied" denied /jail "${denied[@]}"
done

# ---- downgrade ----

into "$CGROUP/jail" hammer 0 8 all /proc/sys/kernel/domainname x 192.0.2.1 80 \
	>"$TMP/counts" 2>&1 &
hammer=$!
sleep 0.3
holds "downgrade: apply --replace" with "$OLD" apply --replace first.ini
pkill -TERM -P $hammer hammer
wait $hammer
none_through "downgrade" "$TMP/counts"
alone "downgrade"
with "$OLD" status >/dev/null
same "status after the downgrade" 0 $?

# ---- killed in the middle ----

# interrupted INJECTION KIND CALLS...: what the old instance denies is denied, and the next apply
# finishes
interrupted()
{
	local call status points=0 problems=

	for call in "${@:3}"; do
		with "$OLD" apply --replace first.ini >/dev/null 2>&1 || problems+=" $call: begin"
		{
			strace -f -o "$TMP/log" -e trace="$2" -e "inject=$2:$1:when=$call" \
				"$NEW" apply --bpffs "$BPFFS" --cgroup-root "$CGROUP" first.ini >"$TMP/output" 2>&1
		} 2>/dev/null
		status=$?
		grep -qE '\(INJECTED\)|killed by SIGKILL' "$TMP/log" || problems+=" $call: not struck"
		[ "$(tries /jail "${denied[@]}")" = denied ] || problems+=" $call: a gap"
		with "$NEW" status --json >"$TMP/status" 2>/dev/null
		[[ $? = 0 || $(jq '.drift | length' "$TMP/status") -gt 0 ]] || problems+=" $call: status"
		# One that failed says so, or what of it is not in force, or has done what was asked for.
		[[ $1 = signal* || $status != 0 || $(jq '.drift | length' "$TMP/status") = 0 ]] ||
			grep -q 'warning: the ruleset is in force, but processes' "$TMP/output" ||
			problems+=" $call: no word of it"
		with "$NEW" apply first.ini >"$TMP/output" 2>&1 || problems+=" $call: next apply"
		with "$NEW" status >/dev/null 2>&1 || problems+=" $call: status afterwards"
		[ ! -e "$BPFFS-next" ] || problems+=" $call: leftovers"
		[ "$(tries /jail "${denied[@]}")" = denied ] || problems+=" $call: a gap afterwards"
		points=$((points + 1))
	done
	same "an upgrade with $1 at $points calls of $2" "" "$problems"
}

calls()
{
	with "$OLD" apply --replace first.ini >/dev/null 2>&1
	strace -f -o "$TMP/log" -e trace="$1" "$NEW" apply --bpffs "$BPFFS" --cgroup-root "$CGROUP" \
		first.ini >/dev/null 2>&1
	grep -c "$1(" "$TMP/log"
}

# Calls of unlink: what a dead cgward might have left, then of the old one some of each folder.
count=$(calls unlink)
# From the first link of the new one to the end: what is published, what is handed over.
# How many there are differs by one or two.
last=$(($(calls bpf) - 2))
first=$(grep -n 'BPF_LINK_CREATE' "$TMP/log" | tail -n 10 | head -n 1 | cut -d : -f 1)
for injection in signal=SIGKILL error=ENOMEM; do
	interrupted $injection renameat2 1
	# shellcheck disable=SC2046  # numbers
	interrupted $injection unlink 1 2 $(seq $((count / 4)) $((count / 4)) "$count")
	interrupted $injection rmdir 1 2 4
	# shellcheck disable=SC2046  # numbers
	interrupted $injection bpf $(seq "$first" $(((last - first) / 8 + 1)) "$last")
done
alone "after interrupted upgrades"

holds "remove by the newer one" with "$NEW" remove
is "removed: free" allowed /jail "${denied[@]}"
same "removed: no pins" "" "$(find "$TMP/bpf" -mindepth 1 -maxdepth 1 -type d -printf '%f ')"
