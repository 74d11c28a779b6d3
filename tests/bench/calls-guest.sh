#!/bin/bash
# SPDX-License-Identifier: GPL-2.0-only
# calls-guest.sh - what tests/bench/calls.sh runs in its guest: system calls without cgward, in a cgroup
# that no policy governs, and in one that is governed, with more and more rules and policies.
PATH=/cgward/build/enforcer:/cgward/build/helpers:$PATH
mkdir -p /sys/fs/bpf "/sys/fs/cgroup/web-1" /sys/fs/cgroup/other /tmp/policies
mount -t bpf bpf /sys/fs/bpf

# policy NAME CGROUP RULES: half of the rules are about sysctls, half about networks
policy()
{
	printf '[policy]\nname = %s\ncgroup = %s\n[sysctl]\ndeny = write kernel.*\n' "$1" "$2"
	seq $(($3 / 2)) | sed 's/.*/deny = write net.ipv4.conf.eth&.forwarding/'
	printf '[network]\ndeny = socket inet/raw\n'
	seq $(($3 / 2)) | awk '{ printf "deny = connect tcp 10.%d.%d.0/24:%d\n", int($1 / 256) % 256, $1 % 256, 22 + $1 % 5 }'
}

# addresses N: as many single addresses, of all protocols
addresses()
{
	printf '[policy]\nname = web\ncgroup = /web-*\n[sysctl]\ndeny = write kernel.*\n[network]\n'
	seq "$1" | awk '{ printf "deny = connect %d.%d.%d.%d\n", 11 + int($1 / 65536), int($1 / 256) % 256, $1 % 256, $1 * 7 % 256 }'
}

# measure LABEL CGROUP
measure()
{
	echo "row $1" "$(bash -c "echo \$\$ >/sys/fs/cgroup/$2/cgroup.procs; exec calls 101" | tr '\n' ' ')"
}

# with LABEL PATH
with()
{
	if ! cgward apply --quiet "$2" >/tmp/output 2>&1; then
		cat /tmp/output
		return
	fi
	measure "$1/ungoverned" other
	measure "$1/governed" web-1
}

measure none web-1
for rules in 10 1000 10000; do
	policy web '/web-*' $rules >/tmp/policies/web.ini
	with "$rules-rules" /tmp/policies
done
for policies in 200 500; do
	policy web '/web-*' 10 >/tmp/policies/web.ini
	for number in $(seq $((policies - 1))); do
		policy "other$number" "/other$number-*" 10 >"/tmp/policies/other$number.ini"
	done
	with "$policies-policies" /tmp/policies
done
rm -f /tmp/policies/*
addresses 100000 >/tmp/policies/web.ini
with 100000-addresses /tmp/policies
cgward remove --quiet
