#!/bin/bash
# SPDX-License-Identifier: GPL-2.0-only
# A command works with the capabilities that it needs and no others, gives up the rest, and names what
# is missing.
. "$(dirname "$0")/../lib.sh"
suite_begin "$@"

policy first <<'INI'
[policy]
name = first
cgroup = /jail
[network]
deny = connect tcp 192.0.2.1
INI
mkdir -p "$CGROUP/jail"
denied=(connect tcp 192.0.2.1:80)

# only CAPS COMMAND...: cgward as root with these capabilities
only()
{
	local set=-all capability CGWARD_PATH=$CGWARD

	for capability in ${1//,/ }; do
		set+=,+$capability
	done
	local CGWARD=limited
	LIMIT=$set CGWARD_PATH=$CGWARD_PATH cgward "${@:2}"
}

limited()
{
	setpriv --bounding-set "$LIMIT" --inh-caps -all "$CGWARD_PATH" "$@"
}

needed=bpf,perfmon,net_admin
holds "apply with $needed" only $needed apply first.ini
is "denied" denied /jail "${denied[@]}"
sed 's/192.0.2.1/192.0.2.0\/24/' first.ini >second.ini
holds "apply of another ruleset" only $needed apply second.ini
is "denied by it" denied /jail connect tcp 192.0.2.9:80
holds "attach" only $needed attach first /jail
holds "status with bpf" only bpf status
holds "remove with bpf" only bpf remove
is "removed: free" allowed /jail "${denied[@]}"

for gone in bpf perfmon net_admin; do
	rest=$(tr ',' '\n' <<<$needed | grep -vx $gone | paste -sd ,)
	only "$rest" apply first.ini >"$TMP/output" 2>&1
	same "apply without $gone: exit status" 3 $?
	holds "apply without $gone: it is named" grep -q "lacks cap_$gone," "$TMP/output"
	same "apply without $gone: nothing stays behind" "" \
		"$(find "$TMP/bpf" -mindepth 1 -maxdepth 1 -type d)"
done
holds "check needs none" setpriv --bounding-set -all --inh-caps -all "$CGWARD" check first.ini

# What is given up, seen while it waits for the lock.
mkdir "$BPFFS"
exec 9<"$BPFFS"
flock 9
"$CGWARD" apply --bpffs "$BPFFS" --cgroup-root "$CGROUP" "$TMP/first.ini" >"$TMP/output" 2>&1 9<&- &
waiting=$!
eventually 5 grep -q 'waiting' "$TMP/output"
for set in CapEff CapPrm; do
	# CAP_DAC_OVERRIDE, DAC_READ_SEARCH, NET_ADMIN, SYS_PTRACE, SYS_ADMIN, SYSLOG, PERFMON, BPF
	most=$((1 << 1 | 1 << 2 | 1 << 12 | 1 << 19 | 1 << 21 | 1 << 34 | 1 << 38 | 1 << 39))
	has=$((16#$(awk -v set=$set: '$1 == set { print $2 }' /proc/$waiting/status)))
	same "apply keeps in $set nothing but what it needs" 0 $((has & ~most))
done
exec 9<&-
wait $waiting
same "and does its work with that" 0 $?
own=$(awk '$1 == "CapEff:" { print $2 }' /proc/self/status)
# shellcheck disable=SC2016  # of awk
same "the command of run has what its caller has" "$own" \
	"$(cgward run awk '$1 == "CapEff:" { print $2 }' /proc/self/status)"
