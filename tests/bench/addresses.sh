#!/bin/bash
# SPDX-License-Identifier: GPL-2.0-only
# addresses.sh - what 10 to 100,000 networks cost to compile and to publish, and the memory of all maps:
#
#   BUILD=build tests/bench/addresses.sh
#
# Needs root. Prints a table: milliseconds of CPU time and elapsed, medians of five; `check` compiles
# and verifies, `apply` does that and replaces the ruleset that is in force.
. "$(dirname "$0")/../lib.sh"
SUITE=bench/addresses
suite_begin "$@"

# median COMMAND...: of five runs, in ms: "CPU | elapsed"
median()
{
	local TIMEFORMAT='%U %S %R'

	for _ in 1 2 3 4 5; do
		{ time "$@" >"$TMP/output" 2>&1; } 2>&1 || broken "$*: $(tail -n 1 "$TMP/output")"
	done | awk '{ print $1 + $2, $3 }' >"$TMP/times"
	echo "$(cut -d ' ' -f 1 "$TMP/times" | sort -n | awk 'NR == 3 { print $1 * 1000 }') |" \
		"$(cut -d ' ' -f 2 "$TMP/times" | sort -n | awk 'NR == 3 { print $1 * 1000 }')"
}

# MiB of all pinned maps
memory()
{
	local pin

	for pin in "$BPFFS"/maps/*; do
		bpftool -j map show pinned "$pin" | jq '.bytes_memlock // 0'
	done | awk '{ sum += $1 } END { printf "%.1f", sum / 1048576 }'
}

bash "$TESTS/bench/networks.sh" 1 >small.ini
echo '| networks | check: CPU | elapsed | apply: CPU | elapsed | maps, MiB |'
echo '|---|---|---|---|---|---|'
for count in 10 100 1000 10000 100000; do
	cgward remove >/dev/null 2>&1
	bash "$TESTS/bench/networks.sh" $count >web.ini
	apply_now small
	check=$(median "$CGWARD" check web.ini)
	echo "| $count | $check | $(median cgward apply web.ini) | $(memory) |"
done
