#!/bin/bash
# SPDX-License-Identifier: GPL-2.0-only
# Random policies, random operations: the live kernel and the offline evaluator agree on all of
# 10,000 cases. SEED=N repeats a run.
. "$(dirname "$0")/../lib.sh"
suite_begin "$@"
SEED=${SEED:-$((0x$(head -c 4 /dev/urandom | od -An -tx4 | tr -d ' ') & 0x7fffffff))}
rounds=25
each=400

# live_table DIRECTORY: what `op` answers to the operations of a round, as a table of expected verdicts
live_table()
{
	local file cgroup operation word

	for file in "$1"/policies/*.ini; do
		echo "policy $file"
	done
	for file in "$1"/ops/*.cgroup; do
		cgroup=$(cat "$file")
		mkdir -p "$CGROUP$cgroup"
		into "$CGROUP$cgroup" op --batch <"${file%.cgroup}" >"$1/words" 2>&1
		while IFS='|' read -r operation word; do
			echo "$cgroup | $operation | $word"
		done < <(paste -d '|' "${file%.cgroup}" "$1/words")
	done
}

# disagreements DIRECTORY: rows in which `cgward test` and the kernel differ. The kernel's answer does
# not tell allowed from audited, so only denials are held against each other.
disagreements()
{
	sed -e 's/ | denied$/ | deny/' -e 's/ | allowed$/ | allow/' "$1/live" >"$1/table"
	"$CGWARD" test --json "$1/table" >"$1/answers" 2>"$1/errors"
	jq -r '.rows[] | select((.expected == "deny") != (.verdict == "deny")) |
		"\(.cgroup) \(.operation): kernel \(.expected), explain \(.verdict) \(.rule // "")"' \
		"$1/answers"
}

# round N: prints the number of cases and of denials, or what went wrong
round()
{
	local directory=$TMP/round$1 wrong

	python3 "$TESTS/kernel/differential.py" $((SEED + $1)) "$directory" $each ||
		{ echo "the generator failed" && return 1; }
	cgward apply "$directory/policies" >"$directory/applied" 2>&1 ||
		{ echo "apply: $(cat "$directory/applied")" && return 1; }
	live_table "$directory" >"$directory/live"
	wrong=$(grep -m 3 -E 'error:|\| *$' "$directory/live")
	[ -z "$wrong" ] || { echo "attempts that did not work: $wrong" && return 1; }
	wrong=$(disagreements "$directory" | head -n 3)
	[ -z "$wrong" ] || { echo "$wrong" && return 1; }
	jq -r '"\(.rows | length) \([.rows[] | select(.verdict == "deny")] | length)"' \
		"$directory/answers"
}

cases=0
denials=0
for i in $(seq $rounds); do
	if output=$(round "$i"); then
		cases=$((cases + ${output% *}))
		denials=$((denials + ${output#* }))
	else
		fail "round $i of SEED=$SEED" "$output"
	fi
	rm -rf "$TMP/round$i"
done
if [ $cases -ge 10000 ] && [ $denials -ge 1000 ] && [ $((cases - denials)) -ge 1000 ]; then
	pass "kernel and evaluator agree on $cases cases, $denials of them denials (SEED=$SEED)"
else
	fail "10,000 cases" "only $cases, $denials of them denials (SEED=$SEED)"
fi
