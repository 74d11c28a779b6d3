#!/bin/bash
# SPDX-License-Identifier: GPL-2.0-only
# A governed process, root with all capabilities, cannot free itself or another one by changing
# cgroups; the administrator's moves are ordinary moves.
. "$(dirname "$0")/../lib.sh"
suite_begin "$@"

policy kept <<'INI'
[policy]
name = kept
cgroup = /jail
[sysctl]
deny = write kernel.domainname
[network]
deny = connect 192.0.2.1
INI
policy other <<'INI'
[policy]
name = other
cgroup = /other
[network]
deny = connect 192.0.2.2
INI
apply kept other
mkdir -p "$CGROUP/jail/inner" "$CGROUP/free" "$CGROUP/other"
write=(write /proc/sys/kernel/domainname x)

# escaped NAME MOVE TARGET FROM: the move is refused or made; the operation is denied either way
escaped()
{
	local output

	output=$(into "$CGROUP$4" escape "$2" "$CGROUP$3" "${write[@]}" 2>&1)
	case $output in
	moved$'\n'denied | move:E[A-Z]*$'\n'denied) pass "$1 (${output%%$'\n'*})" ;;
	*) fail "$1" "$(tr '\n' ' ' <<<"$output")" ;;
	esac
	output=$(into "$CGROUP$4" escape "$2" "$CGROUP$3" exec op connect tcp 192.0.2.1:80 2>&1)
	case $output in
	moved$'\n'denied | move:E[A-Z]*$'\n'denied) pass "$1, then execve and connect" ;;
	*) fail "$1, then execve and connect" "$(tr '\n' ' ' <<<"$output")" ;;
	esac
}

for target in /free ""; do
	where=${target:+a sibling}
	where=${where:-the parent}
	for from in /jail /jail/inner; do
		escaped "own id to $where from $from" self "$target" "$from"
		escaped "a child's id to $where from $from" child "$target" "$from"
		escaped "another process's id to $where from $from" other "$target" "$from"
		escaped "own id by a second thread when the first has ended to $where from $from" \
			orphan "$target" "$from"
		escaped "CLONE_INTO_CGROUP into $where from $from" clone "$target" "$from"
	done
done

# Threads move within a threaded subtree.
mkdir -p "$CGROUP/threads/jail" "$CGROUP/threads/free"
echo threaded >"$CGROUP/threads/jail/cgroup.type"
echo threaded >"$CGROUP/threads/free/cgroup.type"
policy threads <<'INI'
[policy]
name = threads
cgroup = /threads/jail
[sysctl]
deny = write kernel.domainname
[network]
deny = connect 192.0.2.1
INI
apply kept other threads
thread()
{
	"$BUILD/helpers/into" --move "$CGROUP/threads/jail" escape thread "$CGROUP/threads/free" "$@" 2>&1
}
same "a thread's id to cgroup.threads of a sibling" "moved denied" \
	"$(thread "${write[@]}" | tr '\n' ' ' | sed 's/ $//')"
same "a thread that moved and executes another program" "moved denied" \
	"$(thread exec op connect tcp 192.0.2.1:80 | tr '\n' ' ' | sed 's/ $//')"

# What it keeps, its descendants keep, wherever they go; and there the new place counts, too.
run_escaped()
{
	into "$CGROUP/jail" escape self "$CGROUP/free" exec "$@" 2>&1 | tail -n 1
}
same "a child of an escaped process" denied \
	"$(run_escaped sh -c 'op connect tcp 192.0.2.1:80; true')"
same "a grandchild whose parents are gone" denied \
	"$(run_escaped sh -c '( (sleep 0.2; op connect tcp 192.0.2.1:80) & ); sleep 0.5')"
# shellcheck disable=SC2016  # for the inner shell
same "a child that an escaped process clones into a third cgroup" denied \
	"$(run_escaped sh -c 'into "$1" op connect tcp 192.0.2.1:80' _ "$CGROUP/other")"
# shellcheck disable=SC2016
same "the new place governs an escaped process, too" denied \
	"$(run_escaped sh -c 'into --move "$1" op connect tcp 192.0.2.2:80' _ "$CGROUP/other")"
same "what no policy denies works after an escape" allowed \
	"$(run_escaped op connect tcp 192.0.2.3:80)"
same "after new user, mount and cgroup namespaces" denied \
	"$(run_escaped unshare --user --map-root-user --mount --cgroup op connect tcp 192.0.2.1:80)"

# escaped_then COMMAND...: an escaped process waits while the command is run, then tries
escaped_then()
{
	rm -f "$TMP/go" "$TMP/answer" # the file of the case before would answer for this one
	# shellcheck disable=SC2016  # for the inner shell
	into "$CGROUP/jail" escape self "$CGROUP/free" exec sh -c 'echo ready
		until [ -e "$1/go" ]; do sleep 0.02; done
		exec op connect tcp 192.0.2.1:80' _ "$TMP" >"$TMP/answer" 2>&1 &
	eventually 5 grep -q ready "$TMP/answer"
	"$@"
	touch "$TMP/go"
	wait $!
	tail -n 1 "$TMP/answer"
}
same "what it keeps outlives an apply of the same policies" denied \
	"$(escaped_then apply kept other threads)"
same "what it keeps outlives an apply of fewer policies" denied "$(escaped_then apply kept)"
same "a policy that is taken away is not kept" allowed "$(escaped_then apply other)"
apply kept other threads

# Sockets and descriptors that cross.
is "a socket made by a free process, used in the jail" denied \
	/jail --made-in "$CGROUP/free" connect tcp 192.0.2.1:80
is "a socket made in the jail, used by a free process" denied \
	/free --made-in "$CGROUP/jail" connect tcp 192.0.2.1:80
is "a socket made in the jail and used after a move" denied \
	/jail --move-to "$CGROUP/free" connect tcp 192.0.2.1:80
is "a sysctl opened in the jail and written after a move" denied \
	/jail --move-to "$CGROUP/free" sysctl write kernel.domainname=x
is "a socket made and used by free processes" allowed \
	/free --made-in "$CGROUP/other" connect tcp 192.0.2.1:80

# The administrator's moves: governed by the new place, and by nothing else.
same "the administrator puts a process into the jail" denied \
	"$(into --move "$CGROUP/jail" op connect tcp 192.0.2.1:80)"

# moved_out TARGET OPERATION: a process born in the jail, moved by this shell, which is not governed
moved_out()
{
	local pid

	rm -f "$TMP/go" "$TMP/answer"
	# shellcheck disable=SC2016  # for the inner shell
	into "$CGROUP/jail" sh -c 'until [ -e "$1/go" ]; do sleep 0.02; done; shift; exec "$@"' \
		_ "$TMP" op "${@:2}" >"$TMP/answer" 2>&1 &
	eventually 5 grep -q . "$CGROUP/jail/cgroup.procs"
	while read -r pid; do
		echo "$pid" >"$CGROUP$1/cgroup.procs" 2>/dev/null
	done <"$CGROUP/jail/cgroup.procs"
	touch "$TMP/go"
	wait $!
	cat "$TMP/answer"
}
same "the administrator moves a process out of the jail: free" allowed \
	"$(moved_out /free connect tcp 192.0.2.1:80)"
same "the administrator moves it to another jail: governed there" denied \
	"$(moved_out /other connect tcp 192.0.2.2:80)"
same "the administrator moves it to another jail: no longer by the first" allowed \
	"$(moved_out /other connect tcp 192.0.2.1:80)"

# The first thread of a process may have ended; the process as a whole is put into the jail.
rm -f "$TMP/answer"
into "$CGROUP/free" escape put "$CGROUP/free" "${write[@]}" >"$TMP/answer" 2>&1 &
eventually 5 grep -q ready "$TMP/answer"
cat "$CGROUP/free/cgroup.procs" >"$CGROUP/jail/cgroup.procs"
wait $!
same "a process without its first thread, put into the jail by the administrator, stays there" \
	"ready denied moved denied" "$(tr '\n' ' ' <"$TMP/answer" | sed 's/ $//')"

# Moves within a cgroup v1 hierarchy, on hosts that have one, change nothing: neither what governs a
# process nor what it keeps.
v1_moved()
{
	local pid

	rm -f "$TMP/go" "$TMP/answer"
	# shellcheck disable=SC2016  # for the inner shell
	into "$CGROUP/jail" sh -c 'until [ -e "$1/go" ]; do sleep 0.02; done
		exec escape self "$2" exec op connect tcp 192.0.2.1:80' _ "$TMP" "$CGROUP/free" \
		>"$TMP/answer" 2>&1 &
	eventually 5 grep -q . "$CGROUP/jail/cgroup.procs"
	while read -r pid; do
		echo "$pid" >"$TMP/v1/$SUITE_OWN/cgroup.procs" 2>/dev/null
	done <"$CGROUP/jail/cgroup.procs"
	touch "$TMP/go"
	wait $!
	tr '\n' ' ' <"$TMP/answer" | sed 's/ $//'
}
mkdir "$TMP/v1"
if mount -t cgroup -o freezer none "$TMP/v1" 2>/dev/null; then
	mkdir "$TMP/v1/$SUITE_OWN"
	same "a process that was moved in a v1 hierarchy cannot free itself" "moved denied" "$(v1_moved)"
	eventually 5 rmdir "$TMP/v1/$SUITE_OWN" || fail "the v1 cgroup" "cannot be removed"
	umount "$TMP/v1"
else
	skip "a move in a v1 hierarchy" "this host has no v1 freezer"
fi

# An escaped process that the administrator moves is free again, too: it is where it was put.
rm -f "$TMP/go" "$TMP/answer" # the file of the case before would answer for this one
# shellcheck disable=SC2016  # for the inner shell
into "$CGROUP/jail" escape self "$CGROUP/free" exec sh -c '
	echo $$ >"$1/pid"
	op connect tcp 192.0.2.1:80
	until [ -e "$1/go" ]; do sleep 0.02; done
	exec op connect tcp 192.0.2.1:80' _ "$TMP" >"$TMP/answer" 2>&1 &
eventually 5 grep -q 'denied' "$TMP/answer"
cat "$TMP/pid" >"$CGROUP/other/cgroup.procs"
touch "$TMP/go"
wait $!
same "an escaped process that the administrator moves is governed by the new place only" \
	"moved denied allowed" "$(tr '\n' ' ' <"$TMP/answer" | sed 's/ $//')"

# Negative controls: without the two programs that see moves and births, each of these gets through.
APPLIED='kept other threads'
freed()
{
	same "$1" "moved allowed" "$(into "$CGROUP/jail" escape "$2" "$CGROUP/free" "${write[@]}" 2>&1 |
		tr '\n' ' ' | sed 's/ $//')"
}
without attach_task freed "negative control: own id, without attach_task" self
without attach_task freed "negative control: a child's id, without attach_task" child
without attach_task freed "negative control: another process's id, without attach_task" other
without fork+attach_task freed "negative control: CLONE_INTO_CGROUP, without fork" clone
