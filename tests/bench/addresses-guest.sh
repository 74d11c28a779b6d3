#!/bin/bash
# SPDX-License-Identifier: GPL-2.0-only
# addresses-guest.sh - what `tests/bench/calls.sh VERSION addresses-guest` runs in its guest: connect and
# sendto with 10 to 100,000 networks of IPv4, and then of IPv6, to look the peer up in. All calls are allowed.
PATH=/cgward/build/enforcer:/cgward/build/helpers:$PATH
mkdir -p /sys/fs/bpf /sys/fs/cgroup/web
mount -t bpf bpf /sys/fs/bpf

# measure CALL...
measure()
{
	bash -c "echo \$\$ >/sys/fs/cgroup/web/cgroup.procs
		exec calls 101 $*" | tr '\n' ' '
}

echo "row none $(measure udp-connect udp-sendto tcp-connect) $(measure udp6-connect)"
for count in 10 100 1000 10000 100000; do
	bash /cgward/tests/bench/networks.sh $count >/tmp/web.ini
	cgward apply --quiet /tmp/web.ini || exit
	row=$(measure udp-connect udp-sendto tcp-connect)
	bash /cgward/tests/bench/networks.sh $count 6 >/tmp/web.ini
	cgward apply --quiet /tmp/web.ini || exit
	echo "row $count-networks $row $(measure udp6-connect)"
done
cgward remove --quiet
