#!/bin/bash
# SPDX-License-Identifier: GPL-2.0-only
# Builds the fuzzers and runs each over its corpus; with CI=true or FUZZ_SECONDS=N then for some
# time more, two at once. What a fuzzer finds stays in build-fuzz/found/NAME.
. "$(dirname "$0")/../lib.sh"
cd "$SOURCE_DIR" || exit 1
directory=$SOURCE_DIR/build-fuzz
seconds=${FUZZ_SECONDS:-0}
[ -n "${FUZZ_SECONDS-}" ] || [ "${CI-}" != true ] || seconds=60

if ! { CC=clang cmake -S . -B "$directory" -G "Unix Makefiles" -DCGWARD_FUZZ=ON &&
	cmake --build "$directory" -j "$(nproc)"; } >"$directory.log" 2>&1; then
	cat "$directory.log"
	broken "the fuzzers cannot be built"
fi
rm -f "$directory.log"

options=(-timeout=10 -rss_limit_mb=1024 -print_final_stats=0)

# tail_of FILE: why a fuzzer ended, where, and on what input (if that is short)
tail_of()
{
	grep -aE 'ERROR|SUMMARY|runtime error|Test unit|^Base64' "$1" | head -n 5 | cut -c -2000
	grep -aF " $SOURCE_DIR/" "$1" | grep -aE '^ *#[0-9]+ ' | head -n 8
}

# fuzz NAME: for some time, starting from the corpus; new inputs are thrown away
fuzz()
{
	local found=$directory/found/$1 log=$directory/$1.log new words=()

	mkdir -p "$found"
	case $1 in
	fuzz_ini | fuzz_parse) words=(-dict=tests/fuzz/ini.dict) ;;
	esac
	new=$(mktemp -d)
	if "$directory/tests/$1" "${options[@]}" "${words[@]}" "-max_total_time=$seconds" \
		-artifact_prefix="$found/" "$new" "tests/fuzz/corpus/${1#fuzz_}" >"$log" 2>&1; then
		pass "${1#fuzz_}: $seconds s, $(sed -n 's/^Done \([0-9]*\) runs.*/\1/p' "$log") runs"
	else
		fail "${1#fuzz_}: $seconds s" "$(tail_of "$log")"
	fi
	rm -rf "$new"
}

fuzzers=()
for program in "$directory"/tests/fuzz_*; do
	[[ -x $program && -f $program ]] || continue
	name=$(basename "$program")
	fuzzers+=("$name")
	corpus=tests/fuzz/corpus/${name#fuzz_}
	[ -n "$(ls -A "$corpus" 2>/dev/null)" ] || {
		fail "${name#fuzz_}: corpus" "$corpus is empty"
		continue
	}
	if "$program" "${options[@]}" -artifact_prefix="$directory/" -runs=0 "$corpus" \
		>"$directory/$name.log" 2>&1; then
		pass "${name#fuzz_}: corpus of $(find "$corpus" -type f | wc -l)"
	else
		fail "${name#fuzz_}: corpus" "$(tail_of "$directory/$name.log")"
	fi
done
for source in tests/fuzz/fuzz_*.c; do
	name=$(basename "$source" .c)
	[ -x "$directory/tests/$name" ] || fail "${name#fuzz_}" "was not built"
done
[ ${#fuzzers[@]} -gt 0 ] || broken "there is no fuzzer"
if [ "$seconds" -gt 0 ]; then
	for name in "${fuzzers[@]}"; do
		while [ "$(jobs -r | wc -l)" -ge 2 ]; do
			wait -n
		done
		fuzz "$name" &
	done
	wait
fi
exit 0
