#!/bin/bash
# SPDX-License-Identifier: GPL-2.0-only
# `cgward apply` is killed or fails at each system call: of a ruleset over another one, with other
# hooks, and of the first one.
# shellcheck disable=SC2030,SC2031,SC2015,SC2034  # each worker has its own
. "$(dirname "$0")/sweep.bash"
suite_begin "$@"
policies

a_in_force()
{
	what_status_says
	[ "$SAYS" = a ] && [ "$TOLD" = 0 ] && return
	cgward apply a.ini >"$TMP/$WORKER.out" 2>&1 || problem "the next apply failed"
	truthful
	[ "$HOLDS" = a ] && [ "$TOLD" = 0 ] || problem "after the next apply: $HOLDS, $TOLD"
}

# b over a: a or b, whole; if it says that it failed, a.
reapply_point()
{
	local status

	struck "$@" "${COMMAND[@]}"
	status=$?
	truthful
	[[ $HOLDS == [ab] ]] || problem "neither of the two holds: $HOLDS"
	[[ $2 != error* || $1 == write || $HOLDS == $([ $status = 0 ] && echo b || echo a) ]] ||
		problem "exit status $status, and $HOLDS holds"
}

reapply_command()
{
	BEFORE=a_in_force
	COMMAND=("$CGWARD" apply --bpffs "$BPFFS" --cgroup-root "$CGROUP" "$TMP/b.ini")
}

reapply_killed()
{
	reapply_command
	sweep_calls "b over a" reapply_point signal=SIGKILL every "${KINDS[@]}"
	sweep_calls "b over a" reapply_point error=ENOSPC every "${KINDS[@]}"
}

reapply_fails()
{
	reapply_command
	sweep_calls "b over a" reapply_point error=ENOMEM every "${KINDS[@]}"
	sweep_calls "b over a" reapply_point error=EPERM every "${KINDS[@]}"
}

nothing_in_force()
{
	[ -d "$BPFFS" ] || return 0
	cgward remove >"$TMP/$WORKER.out" 2>&1 || problem "remove failed"
}

# The first one: none or b; if it says that it failed, none. The next apply succeeds.
first_point()
{
	local status

	struck "$@" "${COMMAND[@]}"
	status=$?
	truthful
	[[ $HOLDS == b || $HOLDS == none ]] || problem "neither none nor b holds: $HOLDS"
	[[ $2 != error* || $1 == write || $HOLDS == $([ $status = 0 ] && echo b || echo none) ]] ||
		problem "exit status $status, and $HOLDS holds"
	[[ $2 != error* || $HOLDS == b || ! -e $BPFFS ]] || problem "it failed and left pins"
	cgward apply a.ini >"$TMP/$WORKER.out" 2>&1 || problem "the next apply failed"
	HOLDS=$(what_holds)
	[ "$HOLDS" = a ] || problem "after the next apply $HOLDS holds"
}

first_command()
{
	BEFORE=nothing_in_force
	COMMAND=("$CGWARD" apply --bpffs "$BPFFS" --cgroup-root "$CGROUP" "$TMP/b.ini")
}

first_killed()
{
	first_command
	sweep_calls "the first apply" first_point signal=SIGKILL sampled "${KINDS[@]}"
}

first_fails()
{
	first_command
	sweep_calls "the first apply" first_point error=ENOMEM sampled bpf
	sweep_calls "the first apply" first_point error=EPERM sampled openat
	sweep_calls "the first apply" first_point error=ENOSPC sampled mkdir rename
}

beside reapply_killed reapply_fails
beside first_killed first_fails
