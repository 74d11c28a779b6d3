#!/bin/bash
# SPDX-License-Identifier: GPL-2.0-only
# addresses-guest.sh - what `tests/bench/calls.sh VERSION addresses-guest` runs in its guest: connect and
# sendto with 10 to 100,000 networks to look the peer up in. All calls are allowed.
PATH=/cgward/build/enforcer:/cgward/build/helpers:$PATH
mkdir -p /sys/fs/bpf /sys/fs/cgroup/web
mount -t bpf bpf /sys/fs/bpf

# measure LABEL
measure()
{
	echo "row $1" "$(bash -c "echo \$\$ >/sys/fs/cgroup/web/cgroup.procs
		exec calls 101 udp-connect udp-sendto tcp-connect" | tr '\n' ' ')"
}

measure none
for count in 10 100 1000 10000 100000; do
	bash /cgward/tests/bench/networks.sh $count >/tmp/web.ini
	cgward apply --quiet /tmp/web.ini || exit
	measure $count-networks
done
cgward remove --quiet
