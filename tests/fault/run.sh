#!/bin/bash
# SPDX-License-Identifier: GPL-2.0-only
# `cgward run -p` is killed or fails at each system call: its command is governed or not run, and what
# it leaves is swept by the next cgward.
# shellcheck disable=SC2030,SC2031,SC2015,SC2034  # each worker has its own
. "$(dirname "$0")/sweep.bash"
suite_begin "$@"
policies

run_point()
{
	rm -f "$TMP/$WORKER.answer"
	struck "$@" "${COMMAND[@]}"
	# It may live on when cgward has been killed.
	eventually 5 none_running || problem "its command does not end"
	case $(cat "$TMP/$WORKER.answer" 2>/dev/null) in
	'' | denied) ;;
	*) problem "its command was not governed" ;;
	esac
	cgward remove >"$TMP/$WORKER.out" 2>&1 || problem "the next remove failed"
	[ -z "$(pins)" ] || problem "pins are left: $(pins)"
}

none_running()
{
	! grep -q . "$CGROUP"/command/cgroup.procs "$CGROUP"/cgward-run-*/cgroup.procs 2>/dev/null
}

pins()
{
	find "$TMP/bpf" -path "$BPFFS*" | head -n 3
}

# The leftovers of an unlocked run go with the next command that knows the cgroup root.
cleaned()
{
	find "$CGROUP" -mindepth 1 -maxdepth 1 -name 'cgward-run-*' | grep -q . || return 0
	cgward run true >/dev/null 2>&1
	! find "$CGROUP" -mindepth 1 -maxdepth 1 -name 'cgward-run-*' | grep -q . ||
		problem "a cgroup is left"
}

run_command()
{
	BEFORE=cleaned
	# shellcheck disable=SC2016  # for the inner shell
	COMMAND=("$CGWARD" run --bpffs "$BPFFS" --cgroup-root "$CGROUP" -p "$TMP/b.ini" --
		sh -c 'op connect tcp 192.0.2.1:80 >"$1"' _ "$TMP/$WORKER.answer")
}

run_killed()
{
	run_command
	sweep_calls "run -p" run_point signal=SIGKILL sampled bpf mkdir rename unlink rmdir
}

run_fails()
{
	run_command
	sweep_calls "run -p" run_point error=ENOMEM sampled bpf
	sweep_calls "run -p" run_point error=ENOSPC sampled mkdir rename
	sweep_calls "run -p" run_point error=EPERM sampled openat unlink rmdir
}

beside run_killed run_fails
