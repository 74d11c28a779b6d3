#!/bin/bash
# SPDX-License-Identifier: GPL-2.0-only
# guest.sh - what a test guest runs: the suites named on the kernel's command line, as
# cgward.suites=NAME,NAME..., one after the other; then what the kernel thinks of it.
cd /cgward || exit 1
export LC_ALL=C
argument()
{
	tr ' ' '\n' </proc/cmdline | sed -n "s/^cgward\.$1=//p"
}

# Suites ask for this where a guest's slowness, or that nothing in it is worth keeping, matters.
GUEST=$(argument name)
export GUEST
for suite in $(argument suites | tr ',' ' '); do
	script=tests/kernel/$suite.sh
	[ -e "$script" ] || script=tests/vm/$suite.sh
	[ -e "$script" ] || script=tests/bench/$suite.sh
	start=$(cut -d ' ' -f 1 /proc/uptime)
	SUITE=vm/$GUEST/$suite timeout -k 10 400 bash "$script"
	echo "took $suite $? $start $(cut -d ' ' -f 1 /proc/uptime)"
done
dmesg | grep -E 'WARNING:|BUG:|Oops|general protection|RIP:|rcu:.*stall|hung task' | sed 's/^/kernel: /'
echo "end $(uname -r)"
