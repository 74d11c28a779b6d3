#!/bin/bash
# SPDX-License-Identifier: GPL-2.0-only
# calls.sh [VERSION [SUITE]] - the cost of cgward to system calls, in counted instructions of a guest (Linux
# VERSION, 6.12 by default): the same number every time, whatever else this machine does. Prints the
# table of tests/bench/README.md. Needs a build in build/ and the kernels of tests/vm. What is measured
# beside AppArmor needs apparmor_parser (Debian's package apparmor).
set -euo pipefail
cd "$(dirname "$0")/../.."
version=${1:-6.12}
suite=${2:-calls-guest}
cache=${CGWARD_KERNEL_CACHE:-${HOME:-/root}/.cache/cgward-kernels}
work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT

[ -e "$cache/$version/vmlinuz" ] || tests/vm/fetch.sh "$cache" "$version" >&2
! command -v apparmor_parser >/dev/null || export VM_PROGRAMS=apparmor_parser
tests/vm/image.sh "$work/image" "$cache/$version" >&2
timeout 900 qemu-system-x86_64 -accel tcg,thread=single -icount shift=0,sleep=off -cpu max \
	-machine q35,hpet=off -smp 1 -m 2048 -nodefaults -no-user-config -display none -no-reboot \
	-serial "file:$work/console" -serial "file:$work/results" \
	-kernel "$cache/$version/vmlinuz" -initrd "$work/image" \
	-append "console=ttyS0 panic=-1 quiet lsm=landlock,lockdown,yama,integrity,apparmor,bpf \
cgward.name=$version cgward.suites=$suite" </dev/null
grep -q '^end ' "$work/results" || {
	echo "calls.sh: the guest did not finish:" >&2
	tail -n 20 "$work/console" "$work/results" >&2
	exit 1
}
echo "Instructions on Linux $version; in brackets: more than without cgward."
echo
awk '$1 == "row" {
	line = "| " $2
	head = "| "
	rule = "|---"
	for (i = 3; i < NF; i += 2) {
		head = head "| " $i " "
		rule = rule "|---"
		if ($2 == "none")
			none[$i] = $(i + 1)
		line = line " | " $(i + 1) ($2 == "none" ? "" : sprintf(" (+%d)", $(i + 1) - none[$i]))
	}
	if ($2 == "none")
		print head "|\n" rule "|"
	print line " |"
}' <(tr -d '\r' <"$work/results")
