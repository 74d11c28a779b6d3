#!/bin/bash
# SPDX-License-Identifier: GPL-2.0-only
# The example policies: correct, without a warning, explained, and true.
. "$(dirname "$0")/../lib.sh"
cd "$SOURCE_DIR" || exit 1

for example in policies/examples/*.ini; do
	name=$(basename "$example")
	output=$("$CGWARD" check "$example" 2>&1)
	status=$?
	if [ $status -ne 0 ] || grep -qE 'warning|error' <<<"$output"; then
		fail "$name passes cgward check without a warning" "$output"
	else
		pass "$name passes cgward check without a warning"
	fi
	# A comment of at least three lines before the first section says what it is for.
	lines=$(awk '/^\[/ { exit } /^[;#]/ { lines++ } END { print lines + 0 }' "$example")
	if [ "$lines" -ge 3 ]; then
		pass "$name begins with a comment"
	else
		fail "$name begins with a comment" "$lines lines"
	fi
	table=tests/cases/${name%.ini}.cases
	holds "$name decides what ${table##*/} says" "$CGWARD" test "$table"
	grep -qE "^policy .*/$name\$" "$table" || fail "$table is about $name" "it names another policy"
done
holds "all examples together are one ruleset" "$CGWARD" check policies/examples
for table in tests/cases/*.cases; do
	holds "${table##*/} agrees with the offline evaluator" "$CGWARD" test "$table"
done
