#!/bin/bash
# SPDX-License-Identifier: GPL-2.0-only
# test.sh - builds cgward and runs its tests; see --help.
set -u
cd "$(dirname "$0")" || exit 2
export BUILD=$PWD/build
all_labels=(unit kernel fault container vm fuzz check)

usage()
{
	cat <<TEXT
Usage: sudo ./test.sh [LABEL...]

Installs what is missing (setup.sh), builds into build/, build-asan/ and build-fuzz/, and runs the
tests with these labels, or all of them:

  unit        cmocka programs, and the same with ASan and UBSan; needs nothing
  kernel      the kernel programs, natively, in cgroups and namespaces of their own; needs root
  fault       cgward killed and failing at each system call; needs root and strace
  container   real containers with crun and runc; needs root
  vm          the same binaries on Linux 6.1, 6.12, 6.18 and the newest, in emulated guests;
              needs the kernels in CGWARD_KERNEL_CACHE or ~/.cache/cgward-kernels, or a network
  fuzz        each fuzzer over its corpus; with CI=true 60 seconds more of each (FUZZ_SECONDS=N)
  check       formatting, lint of scripts and manual pages, examples, sizes, dependencies

LABEL/SUITE runs one suite, such as kernel/kept. Each case prints one line: pass, FAIL or skip with
the reason. A skip that does not stand in tests/expected-skips is a failure. The last line is
"N passed, N failed, N skipped"; the exit status is 1 if anything failed.
TEXT
}

labels=()
only=
found=
for argument in "$@"; do
	case $argument in
	-h | --help) usage && exit 0 ;;
	*/*)
		only=$only" $argument "
		labels+=("${argument%%/*}")
		;;
	*)
		only=$only" $argument/ "
		labels+=("$argument")
		;;
	esac
done
[ ${#labels[@]} -gt 0 ] || labels=("${all_labels[@]}")
for label in "${labels[@]}"; do
	[[ " ${all_labels[*]} " == *" $label "* ]] || {
		echo "test.sh: no label '$label'; there are: ${all_labels[*]}" >&2
		exit 2
	}
done

results=$(mktemp)
trap 'rm -f "$results"' EXIT

# Who interrupts it waits until the suite that runs has put everything back.
running=
interrupted()
{
	[ -z "$running" ] || kill "$running" 2>/dev/null
	wait
	exit 130
}
trap interrupted INT TERM HUP

# wanted LABEL/SUITE: it was asked for, by itself or with its whole label, or nothing was. What was asked for
# by itself is remembered: there is such a suite.
wanted()
{
	[[ $only != *" $1 "* ]] || found=$found" $1 "
	[[ -z $only || $only == *" $1 "* || $only == *" ${1%%/*}/ "* ]]
}

# build DIRECTORY CMAKE-ARGUMENT...
build()
{
	local log

	log=$(mktemp)
	if ! { cmake -S . -B "$1" -G "Unix Makefiles" "${@:2}" && cmake --build "$1" -j "$(nproc)"; } \
		>"$log" 2>&1; then
		cat "$log"
		echo "FAIL build: $1"
		rm -f "$log"
		echo "0 passed, 1 failed, 0 skipped"
		exit 1
	fi
	rm -f "$log"
}

# A skip is a failure unless tests/expected-skips has it: KERNEL-GLOB CASE-GLOB REASON...
expected_skip()
{
	local kernel pattern

	while read -r kernel pattern _; do
		[[ -z $kernel || $kernel == \#* ]] && continue
		# shellcheck disable=SC2053  # the right sides are globs
		[[ $(uname -r) == $kernel && $1 == $pattern ]] && return 0
	done <tests/expected-skips
	return 1
}

# Reads result lines, prints them, and keeps them for the sum.
collect()
{
	local line case

	while IFS= read -r line; do
		if [[ $line == skip\ * ]]; then
			case=${line#skip }
			case=${case// /_}
			expected_skip "$case" || line="FAIL ${line#skip } (a skip that is not expected)"
		fi
		printf '%s\n' "$line"
		[[ $line =~ ^(pass|FAIL|skip)\  ]] && printf '%s\n' "$line" >>"$results"
	done
}

# suite NAME COMMAND...: a suite that fails without having said what failed is a failure, too
suite()
{
	local before after status start=$SECONDS lines collector

	wanted "$1" || return 0
	before=$(grep -c '^FAIL ' "$results")
	exec {lines}> >(
		trap '' INT TERM HUP
		collect
	)
	collector=$!
	SUITE=$1 timeout -k 20 2500 "${@:2}" </dev/null >&"$lines" 2>&1 {lines}>&- &
	running=$!
	exec {lines}>&-
	wait "$running"
	status=$?
	running=
	wait "$collector"
	after=$(grep -c '^FAIL ' "$results")
	[ "$status" -eq 0 ] || [ "$after" -gt "$before" ] ||
		echo "FAIL $1: ended with status $status" | collect
	[ $((SECONDS - start)) -lt 60 ] || echo "     $1 took $((SECONDS - start)) s"
}

# One cmocka program; its TAP output becomes result lines.
unit_program()
{
	local status

	CMOCKA_MESSAGE_OUTPUT=TAP "$1" 2>&1 | sed -E \
		-e "s|^ok [0-9]+ - (.*)|pass $SUITE: \1|" \
		-e "s|^ok [0-9]+ # SKIP (.*)|skip $SUITE: \1|" \
		-e "s|^not ok [0-9]+ - (.*)|FAIL $SUITE: \1|" | grep -vE '^(1\.\.[0-9]+|# ok)'
	status=${PIPESTATUS[0]}
	return "$status"
}

run_unit()
{
	local directory program script kind

	export -f unit_program
	for directory in build build-asan; do
		kind=unit
		[ $directory = build ] || kind=unit-sanitized
		for program in "$directory"/tests/test_*; do
			[[ -x $program && -f $program ]] || continue
			wanted "unit/${program##*/}" || continue
			# shellcheck disable=SC2016  # for the inner shell
			only='' suite "$kind/${program##*/}" bash -c 'unit_program "$1"' _ "$program"
		done
		for script in tests/unit/*.sh; do
			program=$(basename "$script" .sh)
			wanted "unit/$program" || continue
			only='' suite "$kind/$program" bash "$script" "$directory/enforcer/cgward"
		done
	done
}

run_scripts()
{
	local script

	for script in tests/"$1"/*.sh; do
		suite "$1/$(basename "$script" .sh)" bash "$script"
	done
}

run_vm()
{
	local kernel

	for kernel in 6.1 6.12 6.18 newest; do
		suite "vm/$kernel" bash tests/vm/run.sh "$kernel"
	done
	SUITES=without_lsm VM_LSM=landlock,yama suite vm/without_lsm bash tests/vm/run.sh newest
}

run_fuzz()
{
	suite fuzz/run bash tests/fuzz/run.sh
}

[ "$(id -u)" = 0 ] || echo "test.sh: not root: only unit, fuzz and check can pass" >&2
./setup.sh || exit 1
build build
[[ " ${labels[*]} " != *" unit "* ]] || build build-asan -DCGWARD_SANITIZE=ON
export LC_ALL=C.UTF-8
while IFS= read -r label; do
	echo "== $label"
	case $label in
	unit) run_unit ;;
	vm) run_vm ;;
	fuzz) run_fuzz ;;
	*) run_scripts "$label" ;;
	esac
done < <(printf '%s\n' "${labels[@]}" | awk '!seen[$0]++')
for name in $only; do
	[[ $name == */ || $found == *" $name "* ]] ||
		collect <<<"FAIL $name: there is no such suite"
done

failed=$(grep -c '^FAIL ' "$results")
passed=$(grep -c '^pass ' "$results")
skipped=$(grep -c '^skip ' "$results")
[ "$failed" -eq 0 ] || {
	echo "== failed"
	grep '^FAIL ' "$results"
}
[ $((passed + failed + skipped)) -gt 0 ] || {
	echo "test.sh: no test was run" >&2
	failed=1
}
echo "$passed passed, $failed failed, $skipped skipped"
[ "$failed" -eq 0 ]
