# SPDX-License-Identifier: GPL-2.0-only
# shellcheck shell=bash disable=SC2030,SC2031,SC2034
# sweep.bash - cgward is killed at, or fails in, its 1st, 2nd, ... system call of a kind; what is in
# force afterwards is tried by real operations and held against what `status` says.
#
# Two rulesets that contradict each other: `a` denies a sysctl write and lets connections pass, `b`
# the other way round. So each needs hooks that the other does not, and a mixture would show.
. "$(dirname "$0")/../lib.sh"

KINDS=(bpf openat mkdir unlink rmdir rename renameat2 write)

# what_holds: "a", "b", "none", or what was got instead
what_holds()
{
	local answers

	answers=$(printf '%s\n' 'sysctl write kernel.domainname=x' 'connect tcp 192.0.2.1:80' |
		into "$CGROUP/jail" op --batch 2>&1)
	case $answers in
	denied$'\n'allowed) echo a ;;
	allowed$'\n'denied) echo b ;;
	allowed$'\n'allowed) echo none ;;
	*) echo "[${answers//$'\n'/ }]" ;;
	esac
}

# what_status_says: "a", "b" or "none"; its exit status in $TOLD
what_status_says()
{
	local json

	json=$(cgward status --json 2>/dev/null)
	TOLD=$?
	case $json in
	*'"in_force":true'*'"name":"a"'*) SAYS=a ;;
	*'"in_force":true'*'"name":"b"'*) SAYS=b ;;
	*'"in_force":false'*) SAYS=none ;;
	*) SAYS="[$json]" ;;
	esac
	# Exit status 1 with a ruleset in force must name what is wrong; 0 must not.
	[[ $SAYS == none || $TOLD == 0 && $json == *'"drift":[]'* ||
		$TOLD == 1 && $json != *'"drift":[]'* ]] || SAYS="$SAYS, exit status $TOLD: $json"
	[[ $SAYS != none || $TOLD == 1 ]] || SAYS="none, exit status $TOLD"
}

# truthful: what holds is what status says; leaves it in $HOLDS
truthful()
{
	HOLDS=$(what_holds)
	what_status_says
	[ "$HOLDS" = "$SAYS" ] || problem "$HOLDS holds, status says $SAYS"
}

PROBLEMS=0
problem()
{
	PROBLEMS=$((PROBLEMS + 1))
	[ $PROBLEMS -gt 3 ] || fail "$CASE, call $CALL" "$*; cgward: $(tail -n 2 "$TMP/$WORKER.out" |
		tr '\n' ' ')"
}

# calls_of KIND COMMAND...: "NUMBER NAME" of each call of this kind, one a line
calls_of()
{
	strace -f -o "$TMP/$WORKER.trace" -e trace="$1" "${@:2}" >/dev/null 2>&1
	sed -nE 's/^[0-9]+ +(([a-z0-9_]+)\(((BPF_[A-Z_]+)|[^ ]*).*)/\2 \4/p' "$TMP/$WORKER.trace" |
		awk '{ print NR, $2 == "" ? $1 : $2 }'
}

# sampled: of runs of more than three calls of one sort only the first, the middle and the last. What
# only reads is one sort, what makes objects that nothing names yet is another.
sampled()
{
	sed -E -e 's/BPF_(OBJ_GET|OBJ_GET_INFO_BY_FD|MAP_LOOKUP_ELEM|MAP_GET_NEXT_KEY)$/READ/' \
		-e 's/BPF_(PROG_LOAD|MAP_CREATE|BTF_LOAD|MAP_FREEZE|PROG_BIND_MAP|MAP_UPDATE_ELEM)$/MAKE/' |
	awk 'function flush(  i) {
			if (n <= 3)
				for (i = 1; i <= n; i++) print number[i]
			else
				print number[1] "\n" number[int((n + 1) / 2)] "\n" number[n]
			n = 0
		}
		$2 != last { flush() }
		{ number[++n] = $1; last = $2 }
		END { flush() }'
}

# struck KIND INJECTION CALL COMMAND...: its exit status
struck()
{
	{
		strace -f -o "$TMP/$WORKER.log" -e trace="$1" -e inject="$1:$2:when=$3" "${@:4}" \
			>"$TMP/$WORKER.out" 2>&1
	} 2>/dev/null # the shell says "Killed"
}

# sweep_calls NAME POINT INJECTION FILTER KIND...: POINT is a function: KIND INJECTION CALL. $COMMAND is the
# command, $BEFORE makes ready for it.
sweep_calls()
{
	local kind calls points=0 failures=$FAILURES

	for kind in "${@:5}"; do
		CASE="$1: $3 at $kind"
		CALL=0
		$BEFORE
		calls=$(calls_of "$kind" "${COMMAND[@]}" | $4)
		PROBLEMS=0
		for CALL in $calls; do
			$BEFORE
			"$2" "$kind" "$3" "$CALL"
			points=$((points + 1))
		done
	done
	[ $points -gt 0 ] || fail "$1: $3" "no call of ${*:5} was made"
	[ "$FAILURES" -gt "$failures" ] || pass "$1: $3: $points points"
	POINTS=$((POINTS + points))
}

every()
{
	cut -d ' ' -f 1
}

# beside FUNCTION...: each in a process, an instance and a cgroup subtree of its own, side by side
beside()
{
	local worker pids=()

	for worker in "$@"; do
		(
			trap - EXIT
			WORKER=$worker
			POINTS=0
			FAILURES=0
			BPFFS=$TMP/bpf/$worker
			CGROUP=$CGROUP/$worker
			mkdir -p "$CGROUP/jail"
			"$worker"
			nothing_left
			echo "     $worker: $POINTS points in $SECONDS s"
			[ "$FAILURES" -eq 0 ]
		) &
		pids+=($!)
	done
	for worker in "${pids[@]}"; do
		wait "$worker" || FAILURES=$((FAILURES + 1))
	done
}

# Links of cgroup programs on the worker's root.
links_left()
{
	bpftool cgroup show "$CGROUP" 2>/dev/null
}

none_attached()
{
	[ -z "$(links_left)" ]
}

# Programs go when their last user has gone through a grace period.
is_unloaded()
{
	[ -z "$(bpftool prog show id "$1" 2>/dev/null)" ]
}

# nothing_left: after remove no pin, no attached program, no cgroup of a run, no program loaded
nothing_left()
{
	local programs program

	programs=$(find "$BPFFS/progs" -type f 2>/dev/null | while read -r program; do
		bpftool -j prog show pinned "$program" | jq .id
	done)
	cgward remove >/dev/null 2>&1 || fail "$WORKER: the last remove" "exit status $?"
	same "$WORKER: no pin is left" "" "$(find "$TMP/bpf" -path "$BPFFS*" | tr '\n' ' ')"
	eventually 5 none_attached
	same "$WORKER: nothing is attached" "" "$(links_left)"
	same "$WORKER: no cgroup is left" "jail " \
		"$(find "$CGROUP" -mindepth 1 -maxdepth 1 -type d -printf '%f ' | sed 's/other //')"
	for program in $programs; do
		eventually 10 is_unloaded "$program" ||
			fail "$WORKER: programs are left" "$program"
	done
}

policies()
{
	policy a <<'INI'
[policy]
name = a
cgroup = /jail
[sysctl]
deny = write kernel.domainname
INI
	policy b <<'INI'
[policy]
name = b
cgroup = /jail
[network]
deny = connect tcp 192.0.2.1
INI
}
