#!/bin/bash
# SPDX-License-Identifier: GPL-2.0-only
# table.sh [VERSION] - prints the tables of tests/compare/README.md: what became of each row of
# tests/compare/rows in a guest (Linux VERSION, 6.12 by default, which has BPF LSM), and what the calls
# cost. Needs a build in build/ and the kernels of tests/vm.
set -euo pipefail
cd "$(dirname "$0")/../.."
version=${1:-6.12}
output=$(mktemp)
trap 'rm -f "$output"' EXIT

SUITES=compare tests/vm/run.sh "$version" >"$output" || {
	grep '^FAIL' "$output" >&2
	exit 1
}
echo '| to be denied | nearest filter | under the filter | what is not meant | cgward |'
echo '|---|---|---|---|---|'
# Only what the suite has seen comes into the table.
awk -v output="$output" '
	BEGIN {
		FS = "|"
		while ((getline line <output) > 0)
			if (sub(/^pass [^:]*: /, "", line))
				seen[line] = 1
	}
	function trim(text)
	{
		gsub(/^ +| +$/, "", text)
		return text
	}
	/^#/ { next }
	{
		name = trim($1)
		if (name !~ /^the same/)
			section = name
		else
			name = section ", " name
		first = trim($4)
		second = trim($6)
		if (!((name ": under seccomp " first) in seen) || !((name ": under cgward denied") in seen) ||
			!((name ": a neighbour under cgward allowed") in seen)) {
			print "table.sh: no result for " name >"/dev/stderr"
			exit 1
		}
		printf "| %s | `%s` | %s | %s | %s |\n", name, trim($2),
			first == "denied" ? first : "**let through**",
			second == "allowed" ? second : "**denied, too**",
			trim($8) == "lsm" ? "denied, by BPF LSM" : "denied"
	}' tests/compare/rows
echo
tests/bench/calls.sh "$version" seccomp-guest
