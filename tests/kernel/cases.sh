#!/bin/bash
# SPDX-License-Identifier: GPL-2.0-only
# One table of cases drives `cgward explain` and the live kernel by real system calls: both give the
# same verdict, rule and line.
. "$(dirname "$0")/../lib.sh"
suite_begin "$@"
tables=$TESTS/cases

# devices_make: the nodes that rows open
devices_make()
{
	local type number

	mkdir -p "$TMP/nodes"
	jq -r '.[].operation' "$TMP/rows" | sed -nE 's/^device (read|write) ([bc]) /\2 /p' |
		while read -r type number; do
			[ -e "$TMP/nodes/$type$number" ] ||
				mknod "$TMP/nodes/$type$number" "$type" "${number%:*}" "${number#*:}"
		done
}

# operations_live: what the kernel answers to all rows of $TMP/rows, to $TMP/answers: "PID WORD"
operations_live()
{
	local cgroup

	jq -r 'map(.cgroup) | unique[]' "$TMP/rows" >"$TMP/cgroups"
	while read -r cgroup; do
		jq -r --arg cgroup "$cgroup" '.[] | select(.cgroup == $cgroup) | .operation' \
			"$TMP/rows" >"$TMP/operations"
		in_cgroup "$cgroup" op --processes <"$TMP/operations" || broken "op in $cgroup"
	done <"$TMP/cgroups" >"$TMP/answers"
}

# operations_explained: what `cgward explain` says to each, one JSON value after the other. Where
# starting a program takes long, `cgward test`, which is the same for a table, has said it.
operations_explained()
{
	local cgroup operation

	if [ -n "${GUEST-}" ]; then
		jq '.[]' "$TMP/rows"
	else
		jq -r '.[] | .cgroup, .operation' "$TMP/rows" |
			while read -r cgroup && read -r operation; do
				"$CGWARD" explain "${paths[@]}" --json --cgroup "$cgroup" -- "$operation"
			done
	fi >"$TMP/explained"
}

# Joins rows, answers, events (by the process) and explanations. A line for each row: name, answer,
# "VERDICT|RULE|SOURCE" of the kernel and of explain, verdict of the table.
# shellcheck disable=SC2016  # jq's variables
join='
	def triple: "\(.verdict)|\(.rule)|\(.source)";
	($answers | rtrimstr("\n") | split("\n") | map(split(" "))) as $answers |
	range($rows[0] | length) as $i |
	$rows[0][$i] as $row | $answers[$i][1] as $word | $explained[$i] as $explained |
	[$events[] | select("\(.pid)" == $answers[$i][0])] as $own |
	([$own[] | select(.verdict == "deny")] | first) as $denial |
	[
		"\($row.cgroup) \($row.operation)",
		$word,
		if $word == "denied" then ($denial | if . then triple else "denied, but not logged" end)
		elif $word != "allowed" then $word
		elif $own == [] then "allow||"
		else ($own[0] | triple) end,
		($explained | if .verdict == "allow" then "allow||" else triple end),
		$row.expected
	] | join("\u001f")'

# row NAME ANSWER KERNEL EXPLAIN EXPECTED
row()
{
	local source=${4##*|}

	if [ -z "${UNIX_HOOKS-}" ] && [[ $1 == *" connect unix "* ]]; then
		skip "$1" "this kernel judges unix sockets that there are only"
		return
	fi
	case $2 in
	error:EPROTONOSUPPORT | error:EAFNOSUPPORT | error:ESOCKTNOSUPPORT)
		skip "$1" "this kernel has no such protocol"
		return
		;;
	error:ENOENT)
		skip "$1" "this kernel has no such sysctl"
		return
		;;
	esac
	if [ -n "$source" ] && grep -qxF "$source" "$TMP/unenforced"; then
		same "$1: not enforced, as apply has said" "allow||" "$3"
		skip "$1" "apply has said that this kernel cannot enforce it"
		return
	fi
	same "$1: kernel and explain agree" "$4" "$3"
	same "$1: $5" "$5" "${3%%|*}"
}

# table NAME: the policies of a table are those of its first `policy` lines
table()
{
	local policy name word live explained expected

	paths=()
	while read -r policy; do
		paths+=("$tables/$policy")
	done < <(sed -n 's/^policy //p' "$tables/$1.cases")
	cgward apply "${paths[@]}" >"$TMP/applied" 2>&1 || broken "apply: $(cat "$TMP/applied")"
	sed -nE 's/^(.*:[0-9]+):[0-9]+: warning: .* is not enforced by this kernel: .*/\1/p' \
		"$TMP/applied" >"$TMP/unenforced"
	"$CGWARD" test --json "$tables/$1.cases" | jq '.rows | sort_by(.cgroup)' >"$TMP/rows"
	devices_make
	operations_live
	operations_explained
	timeout 60 "$AUDIT" --bpffs "$BPFFS" --format json >"$TMP/events" 2>"$TMP/audit.err" ||
		broken "cgward-audit: $(cat "$TMP/audit.err")"
	# Guests have no python3; what they log is of the same kinds.
	if [ -z "${GUEST-}" ]; then
		holds "$1: the events are of the schema" python3 "$TESTS/helpers/validate.py" \
			"$SOURCE_DIR/audit/schema.json" "$TMP/events"
	fi
	jq -nr --slurpfile rows "$TMP/rows" --slurpfile events "$TMP/events" \
		--slurpfile explained "$TMP/explained" --rawfile answers "$TMP/answers" "$join" \
		>"$TMP/joined" || broken "the answers cannot be joined"
	while IFS=$'\x1f' read -r name word live explained expected; do
		row "$name" "$word" "$live" "$explained" "$expected"
	done <"$TMP/joined"
	same "$1: every row was tried" "$(grep -c '^/' "$tables/$1.cases")" \
		"$(grep -c . "$TMP/joined")"
}

# The files that tests/cases/file.cases names; programs are copies of op.
files()
{
	local root=/run/cgward-cases

	mkdir -p $root/{etc/ssl,tmp,log}
	touch $root/{secret,open,x.key,x.keys,log/a,etc/passwd,etc/resolv.conf,etc/ssl/cert,etc/ssl/x.key}
	cp "$BUILD/helpers/op" $root/program
	cp "$BUILD/helpers/op" $root/tmp/program
}

# Before Linux 6.7 a name that no socket has is not judged. Without any hook for unix sockets the
# rows are compared with what apply has said.
UNIX_HOOKS=$(cgward doctor --json | jq -r '[.hooks[] | select(.state == "yes").name] |
	if index("cgroup/connect_unix") or (index("lsm/unix_stream_connect") | not) then "yes" else "" end')
# Writes that these tables make are undone by the end of the namespaces.
table sysctl
table network
table device
# Those of the examples are not: a guest's only.
if [ -n "${GUEST-}" ]; then
	table capability
	mkdir mnt mounted
	mount -t tmpfs none mounted
	table kernel
	files
	table file
	table container-baseline
	table egress-allowlist
	table sysctl-watch
fi
