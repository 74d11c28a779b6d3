#!/bin/bash
# SPDX-License-Identifier: GPL-2.0-only
# seccomp-guest.sh - what `tests/bench/calls.sh VERSION seccomp-guest` runs in its guest: the same calls
# under seccomp filters made by libseccomp, and under cgward. All calls are allowed.
PATH=/cgward/build/enforcer:/cgward/build/helpers:$PATH
mkdir -p /sys/fs/bpf /sys/fs/cgroup/web /sys/fs/cgroup/other
mount -t bpf bpf /sys/fs/bpf

# measure LABEL CGROUP [FILTER]...
measure()
{
	local filtered=()

	[ $# -eq 2 ] || filtered=(filtered "${@:3}" --)
	echo "row $1" "$(bash -c "echo \$\$ >/sys/fs/cgroup/$2/cgroup.procs; exec \"\$@\"" \
		_ "${filtered[@]}" calls 101 | tr '\n' ' ')"
}

# What the defaults of container engines deny, as far as it can be told by numbers alone.
names=(acct add_key bpf clock_adjtime clock_settime create_module delete_module finit_module
	get_mempolicy init_module ioperm iopl kcmp kexec_file_load kexec_load keyctl lookup_dcookie
	mbind mount move_mount name_to_handle_at nfsservctl open_by_handle_at open_tree
	perf_event_open personality pivot_root process_vm_readv process_vm_writev ptrace query_module
	quotactl reboot request_key set_mempolicy setns settimeofday swapon swapoff sysfs _sysctl
	umount2 unshare uselib userfaultfd ustat vm86)
# Arguments of the calls that are measured.
words='socket,1&15=3 socket,0=17 socket,0=40 socket,0=38 sendto,3&0x20000000=0x20000000
	sendto,5=28 connect,2=28 connect,2=110 pwrite64,2=4096 getppid,0=12345'
read -rd '' -a arguments <<<"$words"

measure none web
measure seccomp-47-calls web "${names[@]}"
measure seccomp-10-arguments web "${arguments[@]}"
measure seccomp-both web "${names[@]}" "${arguments[@]}"
cat >/tmp/web.ini <<'INI'
[policy]
name = web
cgroup = /web
[network]
deny = connect 192.0.2.0/24
deny = connect tcp 198.51.100.0/24:22
deny = connect udp 198.51.100.0/24:53
deny = bind tcp *:1-1023
deny = socket inet/raw inet6/raw packet vsock
[sysctl]
deny = write kernel.*
allow = write kernel.domainname
deny = write net.ipv4.ip_forward
INI
cgward apply --quiet /tmp/web.ini || exit
measure cgward-ungoverned other
measure cgward-governed web
cgward remove --quiet
