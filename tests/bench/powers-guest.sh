#!/bin/bash
# SPDX-License-Identifier: GPL-2.0-only
# powers-guest.sh - what `tests/bench/calls.sh VERSION powers-guest` runs in its guest: chroot, which
# has a hook of its own and asks for a capability, and a signal, with more and more rules.
PATH=/cgward/build/enforcer:/cgward/build/helpers:$PATH
mkdir -p /sys/fs/bpf /sys/fs/cgroup/web /sys/fs/cgroup/other
mount -t bpf bpf /sys/fs/bpf

# measure LABEL CGROUP
measure()
{
	echo "row $1" "$(bash -c "trap '' WINCH; echo \$\$ >/sys/fs/cgroup/$2/cgroup.procs
		calls 101 getppid chroot kill" | tr '\n' ' ')"
}

# rules LABEL: rules of /web on standard input; those of a cgroup without processes attach the hooks
rules()
{
	{
		printf '[policy]\nname = web\ncgroup = /web\n'
		cat
	} >/tmp/web.ini
	printf '[policy]\nname = none\ncgroup = /none\n[kernel]\ndeny = chroot kill-outside\n' >/tmp/none.ini
	cgward apply --quiet /tmp/web.ini /tmp/none.ini || return
	measure "$1/ungoverned" other
	measure "$1/governed" web
}

measure none web
rules powers <<'INI'
[kernel]
deny = mount ptrace module bpf userns perf kexec keyring io_uring settime syslog
INI
rules capabilities <<'INI'
[capability]
deny = sys_admin sys_module sys_time net_raw
INI
cgward remove --quiet
