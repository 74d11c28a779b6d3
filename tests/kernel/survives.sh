#!/bin/bash
# SPDX-License-Identifier: GPL-2.0-only
# Enforcement needs no process; a fresh one tells the whole state from the pins; remove leaves
# nothing behind.
. "$(dirname "$0")/../lib.sh"
suite_begin "$@"

# remember: adds the programs, maps and links of the instance to those that must be gone at the end.
# Other instances may come and go on this machine meanwhile: so these are taken from the pins.
remember()
{
	local pin kind

	{
		for kind in prog map link; do
			find "$BPFFS" -type f -path "*/${kind}s/*" | while read -r pin; do
				bpftool -j $kind show pinned "$pin" 2>/dev/null
			done | jq -r "select(.id) | \"$kind \(.id)\""
		done
		# images/ holds maps, too; what the map of maps refers to is pinned nowhere.
		find "$BPFFS/images" -type f | while read -r pin; do
			bpftool -j map show pinned "$pin" 2>/dev/null
		done | jq -r '"map \(.id)"'
		bpftool -j map dump pinned "$BPFFS/maps/image" 2>/dev/null |
			jq -r '.. | objects | select(has("inner_map_id")) | "map \(.inner_map_id)"'
	} >>"$TMP/objects"
}

# Those of the remembered objects that are still there.
left()
{
	local kind id

	sort -u "$TMP/objects" | while read -r kind id; do
		bpftool "$kind" show id "$id" >/dev/null 2>&1 && echo "$kind $id"
	done
}

none_left()
{
	[ -z "$(left)" ]
}

policy first <<'INI'
[policy]
name = first
cgroup = /jail
[sysctl]
deny = write kernel.domainname
[network]
deny = connect 192.0.2.1
INI
policy second <<'INI'
[policy]
name = second
cgroup = /jail
[network]
deny = connect 192.0.2.2
INI
policy wrong <<'INI'
[policy]
name = wrong
cgroup = /jail
[network]
deny = connect 192.0.2.3/8
INI

mkdir -p "$CGROUP/jail"
apply first
remember
holds "its own objects are there now" test "$(left | wc -l)" -ge 20
denied=(connect tcp 192.0.2.1:80)
is "denied after apply" denied /jail "${denied[@]}"

# Everything of cgward is killed: a reader, and a loader in the middle of its work.
audit_start
kill -KILL "$AUDIT_PID"
wait "$AUDIT_PID" 2>/dev/null
is "denied when the reader is killed" denied /jail "${denied[@]}"
for delay in 0.005 0.01 0.02 0.04 0.08; do
	cgward apply first.ini second.ini >/dev/null 2>&1 &
	loader=$!
	sleep $delay
	kill -KILL $loader 2>/dev/null
	wait $loader 2>/dev/null
	is "denied when a loader is killed after $delay s" denied /jail "${denied[@]}"
done
apply first
is "the next apply works: denied" denied /jail "${denied[@]}"
is "the next apply works: not denied" allowed /jail connect tcp 192.0.2.2:80

# A fresh process.
status=$(cgward status --json)
same "status names the policy" first "$(jq -r '[.policies[].name] | join(",")' <<<"$status")"
holds "status --json is one JSON value" jq -e 'type == "object"' <<<"$status"
holds "status as text names the policy" grep -q first <<<"$(cgward status)"
explained=$("$CGWARD" explain --live --bpffs "$BPFFS" --json --cgroup /jail -- "${denied[@]}")
same "explain --live gives the rule" "deny|deny connect 192.0.2.1" \
	"$(jq -r '"\(.verdict)|\(.rule)"' <<<"$explained")"

# The whole set is swapped; a bad one changes nothing.
remember
apply second
remember
is "the new set: no longer denied" allowed /jail "${denied[@]}"
is "the new set: denied" denied /jail connect tcp 192.0.2.2:80
cgward apply wrong.ini >"$TMP/output" 2>&1
same "a policy with an error is refused" 1 $?
holds "the error names file and line" grep -q 'wrong.ini:5:' "$TMP/output"
is "the old set stays in force" denied /jail connect tcp 192.0.2.2:80
cgward apply --dry-run first.ini >/dev/null 2>&1
is "--dry-run changes nothing" denied /jail connect tcp 192.0.2.2:80
apply first second
is "both: first" denied /jail "${denied[@]}"
is "both: second" denied /jail connect tcp 192.0.2.2:80
is "a hook that the second set did not need is back" denied /jail sysctl write kernel.domainname=x

# Another instance beside it, below it: both deny, neither knows of the other.
mkdir -p "$CGROUP/inner/jail"
"$CGWARD" apply --bpffs "$TMP/bpf/inner" --cgroup-root "$CGROUP/inner" "$TMP/second.ini" \
	>"$TMP/output" 2>&1 || fail "a second instance" "$(cat "$TMP/output")"
is "a second instance denies in its own tree" denied /inner/jail connect tcp 192.0.2.2:80
is "the first instance goes on" denied /jail "${denied[@]}"
holds "the second instance is removed" "$CGWARD" remove --bpffs "$TMP/bpf/inner"
is "the second instance denies no more" allowed /inner/jail connect tcp 192.0.2.2:80
is "the first instance goes on, still" denied /jail "${denied[@]}"

# attach and detach.
mkdir -p "$CGROUP/byhand/child"
is "not governed" allowed /byhand "${denied[@]}"
holds "attach" cgward attach first /byhand
is "attached: denied" denied /byhand "${denied[@]}"
is "attached: denied in a child" denied /byhand/child "${denied[@]}"
apply first second
is "an attachment outlives apply" denied /byhand "${denied[@]}"
holds "detach" cgward detach first /byhand
is "detached: free" allowed /byhand "${denied[@]}"
holds "a policy that does not exist is refused" test 1 = "$(
	cgward attach nosuch /byhand >/dev/null 2>&1
	echo $?
)"

# run: a cgroup for one command.
cgward run -p first.ini -- op "${denied[@]}" >"$TMP/output" 2>&1
same "run puts a command under a policy" denied "$(tail -n 1 "$TMP/output")"
cgward run -p first.ini -- sh -c 'exit 7' >/dev/null 2>&1
same "run returns the command's exit status" 7 $?

# Somebody else has a link open, and puts a program of his own there when cgward's are gone.
attached()
{
	bpftool -j cgroup show "$CGROUP" | jq -s "add | length"
}
remember
coproc KEEPER { attack kept "$BPFFS/links/sysctl" 2>&1; }
keeper=$KEEPER_PID answers=${KEEPER[0]}
sleep 0.3
holds "programs are attached: $(attached)" test "$(attached)" -gt 0
holds "remove" cgward remove
is "removed: free" allowed /jail "${denied[@]}"
same "removed: not one program is attached, though somebody has its link" 0 "$(attached)"
echo >&"${KEEPER[1]}"
same "removed: nor can another be put there" ENOLINK "$(cat <&"$answers")"
wait "$keeper"
same "no pin is left" "" "$(ls -A "$BPFFS" 2>/dev/null)"
eventually 10 none_left
same "no program, map or link is left" "" "$(left)"
same "no cgroup is left by run" "byhand inner jail" "$(find "$CGROUP" -mindepth 1 -maxdepth 1 \
	-type d -printf '%f\n' | sort | tr '\n' ' ' | sed 's/ $//')"
holds "remove when there is nothing" cgward remove
cgward status >/dev/null 2>&1
same "status when there is nothing" 1 $?
