#!/bin/bash
# SPDX-License-Identifier: GPL-2.0-only
# Ways around rules on powers over the kernel, capabilities and devices. Where BPF LSM cannot be used,
# apply refuses such rules and says what it takes.
. "$(dirname "$0")/../lib.sh"
suite_begin "$@"
mkdir mnt mounted nodes
mount -t tmpfs none mounted
mknod nodes/c1:3 c 1 3

# ---- devices: everywhere ----

policy devices <<'INI'
[policy]
name = devices
cgroup = /jail
[device]
deny = w c 1:3
INI
APPLIED=devices
apply devices
is "device: to read" allowed /jail device read c 1:3
blocked "device: to write" device /jail device write c 1:3
blocked "device: to read and write at once" device /jail --both device write c 1:3
blocked "device: from a child cgroup" device /jail/child device write c 1:3

# ---- powers ----

policy powers <<'INI'
[policy]
name = powers
cgroup = /jail
[kernel]
deny = mount chroot ptrace module bpf userns perf kexec keyring io_uring settime syslog kill-outside
INI
policy personality <<'INI'
[policy]
name = personality
cgroup = /jail
[kernel]
deny = personality
INI
cgward apply personality.ini >"$TMP/output" 2>&1
same "personality: apply refuses" 1 $?
holds "personality: and says that no kernel has a hook" grep -qE \
	'personality\.ini:5:8: error: .*"deny personality" is not enforced by this kernel: .*no kernel has' \
	"$TMP/output"

if [ "$("$CGWARD" doctor --json 2>/dev/null |
	jq -r '.features[] | select(.name == "BPF LSM").state')" != yes ]; then
	cgward apply powers.ini >"$TMP/output" 2>&1
	same "without BPF LSM: apply refuses" 1 $?
	same "without BPF LSM: each rule is named" 13 "$(grep -c ' error: .*"deny [a-z_-]*" is not enforced' "$TMP/output")"
	holds "without BPF LSM: the hooks are named" grep -q 'it needs .*lsm/sb_mount, ' "$TMP/output"
	holds "without BPF LSM: and what it takes" grep -q 'bpf in the list lsm=...,bpf on the kernel command line' \
		"$TMP/output"
	is "without BPF LSM: what was in force still is" denied /jail device write c 1:3
fi
# The rest changes the machine (its clock, its module list): only in a guest.
[ -n "${GUEST-}" ] || exit 0

apply powers
# power POWER HOOK WAY...
power()
{
	local way

	for way in "${@:3}"; do
		blocked "$1: $way" "$2" /jail --by "$way" kernel "$1"
	done
}
audit_start
power mount sb_mount mount bind remount
power mount sb_umount umount
power mount sb_pivotroot pivot_root
power mount move_mount move_mount
power mount capable open_tree fsopen fsconfig fspick mount_setattr
power chroot path_chroot chroot
power ptrace ptrace_access_check attach seize process_vm_readv process_vm_writev mem pidfd_getfd
power ptrace ptrace_traceme traceme
power module capable init_module finit_module delete_module
power bpf bpf bpf
power userns userns_create unshare clone
power perf perf_event_open perf_event_open
power kexec kernel_load_data kexec_load
power kexec kernel_read_file kexec_file_load
power keyring key_alloc add_key keyctl
power io_uring io_uring_setup io_uring_setup
power settime capable clock_settime settimeofday adjtimex
power syslog syslog syslog kmsg
power kill-outside task_kill kill tgkill pidfd sigqueue
blocked "from a child cgroup" sb_mount /jail/child kernel mount
is "what is no power: ps" allowed /jail --by ps kernel ptrace
is "what is no power: whether a process exists" allowed /jail --by kill-0 kernel kill-outside
is "what is no power: a signal within the cgroup" allowed /jail --by kill-inside kernel kill-outside
is "what is no power: the clock's state" allowed /jail --by adjtimex-read kernel settime
is "what is no power: a socket of a family that is there" allowed /jail socket inet/dgram
for power in mount chroot ptrace bpf userns perf syslog kill-outside; do
	is "another cgroup: $power" allowed /other kernel "$power"
done
tries /jail --by request kernel module >/dev/null
logged "module: a request by the kernel" \
	'.kind == "kernel" and .power == "module" and .hook == "lsm/kernel_module_request"'
logged "mount: the event" '.kind == "kernel" and .op == "kernel" and .power == "mount" and
	.hook == "lsm/sb_mount" and .rule == "deny mount" and (.source | endswith("powers.ini:5"))'
logged "kill-outside: the event" '.power == "kill-outside" and .cgroup == "/jail" and .comm == "op"'

# Two hooks for one thing: that of the capability, and the one behind it.
rm "$BPFFS/links/capable"
sleep 1
is "fsconfig, if only the capability's hook is missing" denied /jail --by fsconfig kernel mount
is "fspick, the same" denied /jail --by fspick kernel mount
logged "fsconfig: the event" '.power == "mount" and .hook == "lsm/sb_kern_mount"'
logged "fspick: the event" '.power == "mount" and .hook == "lsm/sb_remount"'
cgward status >"$TMP/output" 2>&1
same "a missing link: status" 1 $?
holds "a missing link: is named" grep -q 'the pin of the link of hook capable is gone' "$TMP/output"
cgward apply powers.ini >/dev/null 2>&1
same "a missing link: apply puts it right" 0 "$(cgward status >/dev/null 2>&1; echo $?)"
is "a missing link: the hook is back" denied /jail --by adjtimex kernel settime

# Loading and unloading on demand.
holds "the program of a hook that no rule needs is not loaded" test ! -e "$BPFFS/progs/cgward_device"
apply devices
holds "that of one which none needs any more is not attached" test ! -e "$BPFFS/links/sb_mount"
same "programs: as many as are counted" 0 "$(cgward status >/dev/null 2>&1; echo $?)"

# ---- no gap ----

# Rulesets are swapped, and one instance replaced by another, while a denied call is made all the time.
# Few hooks: each takes a moment to attach while a process is busy on the one CPU of a guest.
policy one <<'INI'
[policy]
name = one
cgroup = /jail
[kernel]
deny = chroot settime
INI
policy other <<'INI'
[policy]
name = other
cgroup = /jail
[kernel]
audit = syslog
deny = chroot
[capability]
deny = sys_nice
INI
apply one

# hammer_start: in the background
hammer_start()
{
	into "$CGROUP/jail" hammer 0 1 chroot . >"$TMP/counts" &
	hammer=$!
	eventually 5 grep -q . "$CGROUP/jail/cgroup.procs"
}

# hammer_stop: sets denied, allowed and errors
hammer_stop()
{
	xargs kill <"$CGROUP/jail/cgroup.procs"
	wait $hammer
	read -r denied allowed errors <"$TMP/counts"
}

hammer_start
swaps=0
for _ in 1 2; do
	cgward apply other.ini >/dev/null 2>&1 && swaps=$((swaps + 1))
	cgward apply one.ini >/dev/null 2>&1 && swaps=$((swaps + 1))
done
same "no gap: swaps" 4 $swaps
id=$(bpftool -j link show pinned "$BPFFS/links/path_chroot" | jq .id)
rm "$BPFFS/progs/cgward_path_chroot"
holds "no gap: the missing pin of a program is seen" grep -q "pins of programs are gone" \
	<<<"$(cgward status)"
holds "no gap: another instance takes over" "$CGWARD" apply --bpffs "$BPFFS" --cgroup-root "$CGROUP" one.ini
holds "no gap: it has a link of its own" test "$id" != \
	"$(bpftool -j link show pinned "$BPFFS/links/path_chroot" | jq .id)"
hammer_stop
same "no gap: of $denied attempts none got through" "0 0" "$allowed $errors"
holds "no gap: attempts were made" test "$denied" -gt 1000
# Control: with a moment without rules some do get through.
hammer_start
cgward remove >/dev/null 2>&1
sleep 1
hammer_stop
holds "no gap: without cgward $allowed get through" test "$allowed" -gt 0

# ---- capabilities ----

policy capabilities <<'INI'
[policy]
name = capabilities
cgroup = /jail
[capability]
deny = sys_ptrace
INI
audit_stop
apply capabilities
audit_start
setpriv --reuid 1000 --clear-groups sleep 60 &
sleeper=$!
eventually 5 grep -q '^Uid:.1000' "/proc/$sleeper/status"
in_cgroup /jail cat "/proc/$sleeper/stat" >/dev/null
same "a question that the kernel would not log: counted" true \
	"$(cgward status --json | jq '.policies[0].rules[0].denied > 0')"
in_cgroup /jail readlink "/proc/$sleeper/exe" >/dev/null 2>&1
logged "a refusal that it would" '.kind == "capability" and .capability == "sys_ptrace" and .comm == "readlink"'
same "the question is not in the log" "" "$(event_now '.comm == "cat"')"
kill $sleeper
audit_stop
