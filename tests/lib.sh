# SPDX-License-Identifier: GPL-2.0-only
# shellcheck shell=bash
# lib.sh - what the kernel and container suites share. A suite begins with
#
#   . "$(dirname "$0")/../lib.sh"
#   suite_begin "$@"
#
# suite_begin starts the suite again with namespaces of its own (mount, network, UTS, IPC), so that
# every sysctl that a suite writes is its own, with a bpffs of its own and a cgroup subtree of its
# own, and removes all of it afterwards, whatever happened:
#
#   CGROUP/cgward-test-PID/          PID: the process that watches over the suite
#                          runner/   the suite's shell: outside of what cgward governs
#                          root/     given to cgward as --cgroup-root
#
# What a dead watcher left behind is removed by the next suite. Nothing is ever attached above root/.

set -u
TESTS=$(cd "$(dirname "${BASH_SOURCE[0]}")" && pwd)
SOURCE_DIR=$(dirname "$TESTS")
BUILD=${BUILD:-$SOURCE_DIR/build}
[[ $BUILD == /* ]] || BUILD=$PWD/$BUILD
CGWARD=${CGWARD:-$BUILD/enforcer/cgward}
AUDIT=${AUDIT:-$BUILD/audit/cgward-audit}
PATH=$BUILD/helpers:$PATH:/usr/sbin:/sbin
# Where they are missing, as in many a CI, bash and python3 ask the name service for them, and each such
# process in a suite's cgroup connects to nscd's socket: that is judged and recorded like any connect.
export HOME=${HOME:-/root} SHELL=${SHELL:-/bin/bash}
SUITE=${SUITE:-$(basename "$(dirname "$0")")/$(basename "$0" .sh)}

# ---- results: one line each, counted by test.sh ----

FAILURES=0
pass()
{
	echo "pass $SUITE: $1"
}

# fail NAME DETAIL...
fail()
{
	FAILURES=$((FAILURES + 1))
	echo "FAIL $SUITE: $1${2:+: ${*:2}}"
}

# skip NAME REASON: must stand in tests/expected-skips, or it counts as a failure
skip()
{
	echo "skip $SUITE: $1: $2"
}

# same NAME WANTED GOT
same()
{
	if [ "$2" = "$3" ]; then
		pass "$1"
	else
		fail "$1" "expected '$2', got '$3'"
	fi
}

# holds NAME COMMAND...: the command's exit status is 0
holds()
{
	local output

	if output=$("${@:2}" 2>&1); then
		pass "$1"
	else
		fail "$1" "'${*:2}' gave status $?: $(tail -n 3 <<<"$output" | tr '\n' ' ')"
	fi
}

# broken MESSAGE...: the suite cannot go on
broken()
{
	fail "${SUITE##*/}" "$*"
	exit 1
}

# eventually SECONDS COMMAND...: tries the command until its status is 0
eventually()
{
	local end=$((SECONDS + $1))

	until "${@:2}" >/dev/null 2>&1; do
		[ $SECONDS -lt "$end" ] || return 1
		sleep 0.05
	done
}

# ---- cgroups, namespaces, clean-up ----

cgroup2_mount()
{
	awk '$3 == "cgroup2" { print $2; exit }' /proc/self/mounts
}

# Kills what is in a cgroup and below it, and removes it.
cgroup_remove()
{
	local directory
	local -i tries=0

	[ -d "$1" ] || return 0
	while [ -d "$1" ] && [ $tries -lt 200 ]; do
		echo 1 >"$1/cgroup.kill" 2>/dev/null
		find "$1" -depth -type d 2>/dev/null | while read -r directory; do
			rmdir "$directory" 2>/dev/null
		done
		[ ! -d "$1" ] || sleep 0.02
		tries+=1
	done
	[ ! -d "$1" ] || echo "warning: $1 could not be removed" >&2
}

# Removes what suites left behind whose watcher is gone.
sweep()
{
	local mount=$1 leftover

	for leftover in "$mount"/cgward-test-* /tmp/cgward-test-*; do
		[ -d "$leftover" ] || continue
		[ -d "/proc/${leftover##*-}" ] && continue
		case $leftover in
		"$mount"/*) cgroup_remove "$leftover" ;;
		/tmp/*) rm -rf "$leftover" ;;
		esac
	done
}

# The watcher: starts the suite, waits, cleans up.
suite_watch()
{
	local mount own=cgward-test-$$ status

	[ "$(id -u)" = 0 ] || { echo "FAIL $SUITE: must be run as root" && exit 1; }
	mount=$(cgroup2_mount)
	[ -n "$mount" ] || { echo "FAIL $SUITE: no cgroup v2 is mounted" && exit 1; }
	sweep "$mount"
	mkdir -p "$mount/$own/runner" "$mount/$own/root" "/tmp/$own"
	# shellcheck disable=SC2064  # expanded now: these never change
	trap "cgroup_remove '$mount/$own'; rm -rf '/tmp/$own'" EXIT
	trap 'exit 130' INT TERM HUP
	SUITE=$SUITE SUITE_OWN=$own TMP=/tmp/$own "$BUILD/helpers/into" --move "$mount/$own/runner" \
		unshare --mount --net --uts --ipc --propagation private \
		bash "$0" "$@" </dev/null &
	wait $!
	status=$?
	exit $status
}

# A view in which /sys/fs/cgroup is cgroup v2, also on hosts with the hybrid layout.
mount_cgroup2()
{
	[ "$(stat -f -c %T /sys/fs/cgroup)" = cgroup2fs ] && return
	umount -R /sys/fs/cgroup 2>/dev/null || umount -l /sys/fs/cgroup 2>/dev/null
	mkdir -p /sys/fs/cgroup
	mount -t cgroup2 none /sys/fs/cgroup || broken "cgroup v2 cannot be mounted"
}

# Every IPv4 and IPv6 address is this machine: all of them can be connected to.
network_up()
{
	ip link set lo up
	ip route add local 0.0.0.0/0 dev lo table local
	ip -6 route add local ::/0 dev lo table local
	echo '0 2147483647' >/proc/sys/net/ipv4/ping_group_range
}

suite_begin()
{
	[ -x "$BUILD/helpers/into" ] || broken "$BUILD is not built: run ./test.sh or cmake --build"
	[ -n "${SUITE_OWN-}" ] || suite_watch "$@"
	mount_cgroup2
	CGROUP=/sys/fs/cgroup/$SUITE_OWN/root # --cgroup-root
	BPFFS=$TMP/bpf/cgward
	CONFIG=$TMP/cgward.conf # of the suite, not of the machine
	# The guard is a suite of its own (guard.sh): its programs take long to load in a guest.
	printf '[cgward]\nprotect = off\n' >"$CONFIG"
	mkdir "$TMP/bpf"
	mount -t bpf bpf "$TMP/bpf" || broken "bpffs cannot be mounted"
	network_up
	cd "$TMP" || exit 1
	trap suite_end EXIT
}

suite_end()
{
	local status=$?

	[ $status -ne 0 ] || controls_run
	if [ $FAILURES -gt 0 ] || [ $status -ne 0 ]; then
		[ $status -eq 0 ] && exit 1
		exit $status
	fi
}

# ---- cgward ----

# The instance goes with the command; where it is attached, once it is there, the pins tell.
cgward()
{
	case $1 in
	apply) "$CGWARD" "$1" --bpffs "$BPFFS" --cgroup-root "$CGROUP" --config "$CONFIG" "${@:2}" ;;
	run | doctor) "$CGWARD" "$1" --bpffs "$BPFFS" --cgroup-root "$CGROUP" "${@:2}" ;;
	*) "$CGWARD" "$1" --bpffs "$BPFFS" "${@:2}" ;;
	esac
}

# policy NAME: a policy file from standard input, NAME.ini
policy()
{
	cat >"$TMP/$1.ini"
}

# apply NAME...: exactly these policies, or the suite is over
apply()
{
	controls_run
	apply_now "$@"
}

apply_now()
{
	local output

	output=$(cgward apply "${@/%/.ini}" 2>&1) || broken "cgward apply $*: $output"
}

# in_cgroup PATH COMMAND...: PATH as policies name it; made if need be. Born there by clone3.
in_cgroup()
{
	[ -d "$CGROUP$1" ] || mkdir -p "$CGROUP$1"
	into "$CGROUP$1" "${@:2}"
}

# tries PATH [WAY]... OPERATION...: what the kernel answers to a process of that cgroup
tries()
{
	in_cgroup "$1" op "${@:2}"
}

# is NAME WANTED PATH [WAY]... OPERATION...
is()
{
	same "$1" "$2" "$(tries "${@:3}" 2>&1)"
}

# detached LINK-ID PROGRAM-ID: a link whose pin is gone goes some time later, and its program is
# detached some time after that, without a trace if it was on a tracepoint.
detached()
{
	! bpftool link show id "$1" &&
		! bpftool cgroup show "$CGROUP" | grep -E "^$2 "
}

# without HOOK[+HOOK]... COMMAND...: takes the hooks' links away, runs the command, and loads
# everything anew. A way around must be seen to get through when what stops it is missing: else the
# test shows nothing. $APPLIED are the policies to apply again.
without()
{
	local hook ids

	for hook in ${1//+/ }; do
		[ -e "$BPFFS/links/$hook" ] || {
			fail "without $hook" "no such link: $(find "$BPFFS/links" -type f -printf '%f ')"
			return
		}
		ids=$(bpftool -j link show pinned "$BPFFS/links/$hook" | jq -r '"\(.id) \(.prog_id)"')
		rm "$BPFFS/links/$hook"
		eventually 5 detached "${ids% *}" "${ids#* }" || fail "without $hook" "the link stays"
		sleep 0.05
	done
	"${@:2}"
	cgward remove >/dev/null 2>&1 || fail "without $1" "cgward remove failed"
	# shellcheck disable=SC2086  # a list of names
	apply_now $APPLIED
}

# blocked NAME HOOK[+HOOK]... PATH [WAY]... OPERATION...: denied; and let through without the hooks.
# Loading everything anew takes long: the controls wait for each other, until the policies change or
# the suite ends.
declare -A CONTROLS=()
CONTROLS_APPLIED=
blocked()
{
	is "$1" denied "${@:3}"
	control_add "$1" "$2" allowed "${@:3}"
}

# control_add NAME HOOK[+HOOK]... WANTED PATH [WAY]... OPERATION...: what is to come without the
# hooks. In an emulated guest, where all is slow, without any hook.
control_add()
{
	local hooks=$2

	[ -z "${GUEST-}" ] || hooks=cgward
	CONTROLS_APPLIED=$APPLIED
	CONTROLS[$hooks]+=$(printf 'is %q ' "$1 (negative control: without $hooks)")
	CONTROLS[$hooks]+=$(printf '%q ' "${@:3}")$'\n'
}

# Makes the controls that have waited.
controls_run()
{
	local hooks APPLIED=$CONTROLS_APPLIED
	local -A controls=()

	for hooks in "${!CONTROLS[@]}"; do
		controls[$hooks]=${CONTROLS[$hooks]}
	done
	CONTROLS=()
	for hooks in "${!controls[@]}"; do
		if [ "$hooks" = cgward ]; then
			cgward remove >/dev/null 2>&1 || fail "controls" "cgward remove failed"
			sleep 0.5 # links go some time later
			eval "${controls[$hooks]}"
		else
			without "$hooks" eval "${controls[$hooks]}"
		fi
	done
}

# ours: names of the processes of cgward that belong to this suite
ours()
{
	grep -l "$SUITE_OWN" /proc/[0-9]*/cgroup 2>/dev/null | while IFS=/ read -r _ _ pid _; do
		grep -xE 'cgward|cgward-audit' "/proc/$pid/comm" 2>/dev/null
	done
}

# ---- the audit log ----

# audit_start: cgward-audit in the background, JSON to $TMP/events
audit_start()
{
	"$AUDIT" --bpffs "$BPFFS" --follow --format json >"$TMP/events" 2>"$TMP/audit.err" &
	AUDIT_PID=$!
	sleep 0.3
	kill -0 $AUDIT_PID 2>/dev/null || broken "cgward-audit: $(cat "$TMP/audit.err")"
}

audit_stop()
{
	kill "$AUDIT_PID" 2>/dev/null
	wait "$AUDIT_PID" 2>/dev/null
}

# event FILTER: the first event that a jq filter selects; waits for it. Status 1 if none comes.
event()
{
	eventually 5 event_now "$1" || return 1
	event_now "$1"
}

event_now()
{
	jq -ec "select($1)" "$TMP/events" 2>/dev/null | head -n 1 | grep .
}

# logged NAME FILTER: an event that the jq filter selects is in the log, or comes soon
logged()
{
	if event "$2" >/dev/null; then
		pass "$1"
	else
		fail "$1" "no event with $2; last: $(tail -n 1 "$TMP/events")"
	fi
}
