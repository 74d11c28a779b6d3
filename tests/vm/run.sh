#!/bin/bash
# SPDX-License-Identifier: GPL-2.0-only
# run.sh KERNEL - boots a Debian kernel (6.1, 6.12, ...; or "newest") under software emulation and runs
# suites in it with the programs that were built here. Kernels are kept in CGWARD_KERNEL_CACHE, and
# downloaded when they are not there. SUITES: other suites than the default ones; VM_MODULES: other
# kernel modules to load before them; VM_LSM: other security modules on the kernel's command line.
here=$(cd "$(dirname "$0")" && pwd)
wanted=${1:?a kernel, such as 6.12}
cache=${CGWARD_KERNEL_CACHE:-${HOME:-/root}/.cache/cgward-kernels}
suites='hooks cases ways_around_kernel ways_around_network ways_around_protocols ways_around_files ways_around_unix'
# The kernels between the oldest and the newest get what depends on the kernel most: every program
# loads there, all tables of cases and ways around hold.
case $wanted in
6.12 | 6.18) ;;
*) suites+=' born_governed inherited kept ways_around_sysctl cut guard' ;;
esac
[ "$wanted" != 6.12 ] || suites+=' stress'
[ "$wanted" != newest ] || suites+=' survives compare no_gap container'
suites=${SUITES:-$suites}
# What only some suites need.
[[ " $suites " != *" container "* ]] || export VM_PROGRAMS="${VM_PROGRAMS-} crun"
[[ " $suites " != *" guard "* ]] || export VM_PROGRAMS="${VM_PROGRAMS-} strace"
[[ " $suites " != *" stress "* ]] || export VM_PROGRAMS="${VM_PROGRAMS-} stress-ng"
# What Debian's kernels have as modules; those that a kernel lacks are left out.
modules=${VM_MODULES-overlay sctp dccp_ipv4 l2tp_ip tcp_diag udp_diag}
lsm=${VM_LSM:-landlock,lockdown,yama,integrity,apparmor,bpf}
seconds=${VM_SECONDS:-2400}

# No kernel and no way to have one: on a developer's machine no reason to fail.
unavailable()
{
	if [ "${CI-}" = true ]; then
		echo "FAIL vm/$wanted: $1"
		exit 1
	fi
	echo "skip vm/$wanted: there is no such kernel in $cache and none can be had: $1"
	exit 0
}

# The version of the newest kernel in the cache.
newest_cached()
{
	find "$cache" -mindepth 2 -maxdepth 2 -name vmlinuz 2>/dev/null |
		sed -E 's|.*/([^/]+)/vmlinuz|\1|' | sort -V | tail -n 1
}

# Prints the version of the wanted kernel, which is in the cache then.
kernel()
{
	local version=$wanted

	[ "$wanted" != newest ] || version=$(newest_cached)
	# What is older than that was put there for its own sake.
	if [ "$wanted" = newest ] && [[ ! $version =~ ^([7-9]|[1-9][0-9])\. ]]; then
		version=
	fi
	if [ -n "$version" ] && [ -e "$cache/$version/vmlinuz" ]; then
		echo "$version"
	else
		"$here/fetch.sh" "$cache" "$wanted" 2>&1
	fi
}

# boot DIRECTORY: becomes the guest; the kernel's messages go to DIRECTORY/console, results to DIRECTORY/results
boot()
{
	local names

	names=$(tr -s ' \t\n' , <<<"$suites")
	# Without mitigations, and without clearing of fresh pages, everything takes half the time.
	exec timeout -k 5 "$seconds" qemu-system-x86_64 -accel tcg,thread=single -cpu max -smp 1 -m 1024 \
		-machine q35,hpet=off -nodefaults -no-user-config -display none -no-reboot \
		-serial "file:$1/console" -serial "file:$1/results" \
		-kernel "$cache/$version/vmlinuz" -initrd "$1/initrd" -append "console=ttyS0 panic=-1 \
quiet mitigations=off init_on_alloc=0 lsm=$lsm \
cgward.name=$version cgward.suites=$names \
${STRESS_SECONDS:+cgward.stress=$STRESS_SECONDS}" </dev/null >"$1/qemu" 2>&1
}

# events DIRECTORY: those that the guest has sent ("event: JSON") are of the schema; python is here only
events()
{
	local verdict

	sed -n 's/^event: //p' "$1/lines" >"$1/events"
	[ -s "$1/events" ] || return 0
	if verdict=$(python3 "$here/../helpers/validate.py" "$here/../../audit/schema.json" "$1/events" 2>&1); then
		echo "pass vm/$version: events are of the schema: $verdict"
	else
		echo "FAIL vm/$version: events are of the schema: $(head -n 3 <<<"$verdict" | tr '\n' ' ')"
	fi
}

# report DIRECTORY: what the guest has said, and what it has not
report()
{
	local suite

	tr -d '\r' <"$1/results" >"$1/lines"
	grep -vE '^(took|end|kernel:|event:) ' "$1/lines"
	for suite in $suites; do
		awk -v name="$suite" -v label="vm/$version" '
			/^FAIL / { failed++ }
			$1 == "took" { if ($2 == name) { found = 1; status = $3; bad = failed }; failed = 0 }
			END {
				if (!found)
					print "FAIL " label ": " name " did not come to its end"
				else if (status && !bad)
					print "FAIL " label ": " name " ended with status " status
			}' "$1/lines"
	done
	awk '$1 == "took" { printf "     %s %s: %.0f s\n", label, $2, $5 - $4 }' label="vm/$version" "$1/lines"
	events "$1"
	if grep -q '^end ' "$1/lines"; then
		echo "pass vm/$version: the guest ran to its end ($(sed -n 's/^end //p' "$1/lines"))"
	else
		echo "FAIL vm/$version: the guest did not run to its end: $(tail -n 3 "$1/console" "$1/qemu" |
			tr '\r\n' '  ')"
	fi
	if grep -q '^kernel: ' "$1/lines"; then
		echo "FAIL vm/$version: the kernel warns: $(grep -m 3 '^kernel: ' "$1/lines" | tr '\n' ' ')"
	else
		echo "pass vm/$version: the kernel has no warning, bug or oops to report"
	fi
}

version=$(kernel) || unavailable "$version"
directory=$(mktemp -d)
trap 'kill "$guest" 2>/dev/null; rm -rf "$directory"' EXIT
trap 'exit 130' INT TERM HUP
if [[ " $suites " == *" no_gap "* ]]; then
	build=${BUILD:-$(dirname "$(dirname "$here")")/build}
	bash "$here/../helpers/other-build.sh" "$build" >"$directory/build" 2>&1 || {
		echo "FAIL vm/$version: the other build: $(tail -n 3 "$directory/build" | tr '\n' ' ')"
		exit 1
	}
fi
# shellcheck disable=SC2086  # a list of names
"$here/image.sh" "$directory/initrd" "$cache/$version" $modules || {
	echo "FAIL vm/$version: the initramfs cannot be made"
	exit 1
}
touch "$directory/results" "$directory/console"
boot "$directory" &
guest=$!
wait $guest
report "$directory" | tee "$directory/report"
! grep -q '^FAIL ' "$directory/report"
