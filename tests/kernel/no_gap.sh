#!/bin/bash
# SPDX-License-Identifier: GPL-2.0-only
# While threads hammer what is denied by the old set and by the new one, sets are swapped, and not
# one attempt succeeds.
. "$(dirname "$0")/../lib.sh"
suite_begin "$@"

# Two sets of different size, that both deny the same two operations.
policy first <<'INI'
[policy]
name = first
cgroup = /jail
[sysctl]
deny = write kernel.domainname
[network]
deny = connect 192.0.2.1
INI
{
	printf '[policy]\nname = second\ncgroup = /jail\n[sysctl]\ndeny = write kernel.*\n[network]\n'
	echo 'deny = connect udp 192.0.2.0/24'
	for i in $(seq 0 2000); do
		echo "deny = connect tcp 10.$((i / 250)).$((i % 250)).0/24:$((i + 1))"
	done
} >"$TMP/second.ini"
apply first
mkdir -p "$CGROUP/jail"

# hammered NAME COMMAND...: sets are swapped while it runs
hammered()
{
	local denied allowed errors swaps=0

	into "$CGROUP/jail" hammer 8 4 "${@:2}" >"$TMP/counts" 2>&1 &
	while kill -0 $! 2>/dev/null; do
		cgward apply second.ini >/dev/null 2>&1 && swaps=$((swaps + 1))
		cgward apply first.ini >/dev/null 2>&1 && swaps=$((swaps + 1))
	done
	wait $!
	read -r denied allowed errors <"$TMP/counts"
	if [ "$allowed" = 0 ] && [ "$errors" = 0 ] && [ "$denied" -gt 10000 ] && [ $swaps -ge 10 ]; then
		pass "$1: $denied attempts, $swaps swaps, none got through"
	else
		fail "$1" "$swaps swaps, denied, allowed, errors: $(cat "$TMP/counts")"
	fi
}

hammered "writes to a sysctl" write /proc/sys/kernel/domainname x
hammered "connects" connect 192.0.2.1 80

# Negative control: with a moment without rules some do get through.
into "$CGROUP/jail" hammer 2 4 connect 192.0.2.1 80 >"$TMP/counts" 2>&1 &
sleep 0.5
cgward remove >/dev/null
apply first
wait $!
read -r denied allowed _ <"$TMP/counts"
holds "negative control: remove and apply lets $allowed through" test "$allowed" -gt 0
