#!/bin/bash
# SPDX-License-Identifier: GPL-2.0-only
# One table of cases drives `cgward explain` and the live kernel by real system calls: both give the
# same verdict, rule and line.
. "$(dirname "$0")/../lib.sh"
suite_begin "$@"
tables=$TESTS/cases

# trim TEXT: without the blanks around it
trim()
{
	sed -E 's/^[ \t]+//; s/[ \t]+$//' <<<"$1"
}

# live CGROUP OPERATION: "VERDICT|RULE|SOURCE" from the answer of the kernel and from the event
live()
{
	local output pid word found

	# shellcheck disable=SC2016  # for the inner shell
	output=$(in_cgroup "$1" sh -c 'echo $$; exec op "$1"' _ "$2" 2>&1)
	pid=${output%%$'\n'*}
	word=${output#*$'\n'}
	case $word in
	denied) found=$(event ".pid == $pid and .verdict == \"deny\"") ;;
	allowed) found=$(event_now ".pid == $pid") ;;
	*) echo "$word" && return ;;
	esac
	if [ -n "$found" ]; then
		jq -r '"\(.verdict)|\(.rule)|\(.source)"' <<<"$found"
	elif [ "$word" = denied ]; then
		echo "denied, but there is no event"
	else
		echo "allow||"
	fi
}

# offline CGROUP OPERATION: the same from `cgward explain`
offline()
{
	"$CGWARD" explain "${paths[@]}" --json --cgroup "$1" -- "$2" | jq -r \
		'if .verdict == "allow" then "allow||" else "\(.verdict)|\(.rule)|\(.source)" end'
}

# An event of an operation that was let through has no reason to hurry: give the reader the time to
# print it before the kernel's "allowed" is taken for "allow".
settle()
{
	eventually 5 test -s "$TMP/events"
	sleep 0.2
}

# row CGROUP OPERATION VERDICT RULE
row()
{
	local name="$1 $2" got want

	got=$(live "$1" "$2")
	if [[ $got == error:EPROTONOSUPPORT* || $got == error:EAFNOSUPPORT* ]]; then
		skip "$name" "this kernel has no such protocol"
		return
	fi
	[ "$3" != audit ] || [ "$got" != "allow||" ] || { settle && got=$(live "$1" "$2"); }
	want=$(offline "$1" "$2")
	same "$name: kernel and explain agree" "$want" "$got"
	same "$name: $3" "$3" "${got%%|*}"
}

# table FILE: the policies of a table are those of its first `policy` lines
table()
{
	local cgroup operation verdict rule policy

	paths=()
	while read -r policy; do
		paths+=("$tables/$policy")
	done < <(sed -n 's/^policy //p' "$1")
	cgward apply "${paths[@]}" >"$TMP/applied" 2>&1 || broken "apply: $(cat "$TMP/applied")"
	audit_start
	while IFS='|' read -r cgroup operation verdict rule; do
		[[ $cgroup == /* ]] || continue
		row "$(trim "$cgroup")" "$(trim "$operation")" "$(trim "$verdict")" "$rule"
	done <"$1"
	audit_stop
}

# Writes that the tables make are undone by the end of the namespaces.
table "$tables/sysctl.cases"
table "$tables/network.cases"
