#!/bin/bash
# SPDX-License-Identifier: GPL-2.0-only
# `cgward remove` and `cgward attach` are killed or fail at each system call.
# shellcheck disable=SC2030,SC2031,SC2015,SC2034  # each worker has its own
. "$(dirname "$0")/sweep.bash"
suite_begin "$@"
policies

# Removed or not, nothing in between; if it says that it failed, the next one succeeds.
remove_point()
{
	struck "$@" "${COMMAND[@]}"
	truthful
	[[ $HOLDS == a || $HOLDS == none ]] || problem "neither a nor none holds: $HOLDS"
	if [ $((CALL % 4)) = 0 ]; then
		cgward apply b.ini >"$TMP/$WORKER.out" 2>&1 || problem "the next apply failed"
		HOLDS=$(what_holds)
		[ "$HOLDS" = b ] || problem "after the next apply $HOLDS holds"
	fi
	cgward remove >"$TMP/$WORKER.out" 2>&1 || problem "the next remove failed"
	[ ! -e "$BPFFS" ] || problem "the next remove left pins"
}

# a is in force; what loading costs is spared where the command did nothing.
a_applied()
{
	what_status_says
	[ "$SAYS" = a ] || cgward apply a.ini >"$TMP/$WORKER.out" 2>&1 || problem "apply failed"
}

remove_command()
{
	BEFORE=a_applied
	COMMAND=("$CGWARD" remove --bpffs "$BPFFS")
}

remove_killed()
{
	remove_command
	sweep_calls remove remove_point signal=SIGKILL after_start "${KINDS[@]}"
}

remove_fails()
{
	remove_command
	sweep_calls remove remove_point error=ENOMEM after_start bpf rmdir
	sweep_calls remove remove_point error=EPERM sampled unlink openat
}

# The dynamic linker opens six files, which is not ours to test.
after_start()
{
	awk '$2 == "openat" && ++opened <= 6 { next } { print $1 }'
}

# attach: b governs /other by hand, or does not.
attached_or_not()
{
	ATTACHED=$(into "$CGROUP/other" op connect tcp 192.0.2.1:80 2>&1)
	[[ $(cgward status --json) == *'"cgroup":"/other"'* ]] && SAYS=denied || SAYS=allowed
	[ "$ATTACHED" = "$SAYS" ] || problem "attached: $ATTACHED, status says $SAYS"
}

attach_point()
{
	local status

	struck "$@" "${COMMAND[@]}"
	status=$?
	attached_or_not
	[[ $2 != error* || $1 == write ||
		$ATTACHED == $([ $status = 0 ] && echo denied || echo allowed) ]] ||
		problem "exit status $status, and $ATTACHED holds"
	HOLDS=$(what_holds)
	[ "$HOLDS" = b ] || problem "$HOLDS holds"
}

not_attached()
{
	what_status_says
	if [ "$SAYS" != b ] || [ "$TOLD" != 0 ]; then
		cgward apply b.ini >"$TMP/$WORKER.out" 2>&1 || problem "apply failed"
	fi
	cgward detach b /other >/dev/null 2>&1
	attached_or_not
	[ "$ATTACHED" = allowed ] || problem "detach left it $ATTACHED"
}

attach_command()
{
	mkdir -p "$CGROUP/other"
	BEFORE=not_attached
	COMMAND=("$CGWARD" attach --bpffs "$BPFFS" b /other)
}

attach_killed()
{
	attach_command
	sweep_calls attach attach_point signal=SIGKILL after_start "${KINDS[@]}"
}

attach_fails()
{
	attach_command
	sweep_calls attach attach_point error=ENOMEM after_start bpf openat
	sweep_calls attach attach_point error=ENOSPC after_start unlink write
}

beside attach_killed attach_fails
beside remove_killed remove_fails
