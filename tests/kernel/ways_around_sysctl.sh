#!/bin/bash
# SPDX-License-Identifier: GPL-2.0-only
# Ways around sysctl rules: other names for the file, other ways to write to it, other spellings of
# the value. Each gets through once the hook is taken away.
. "$(dirname "$0")/../lib.sh"
suite_begin "$@"

policy jail <<'INI'
[policy]
name = jail
cgroup = /jail
[sysctl]
deny = write net.ipv4.conf.all.forwarding
deny = write net.ipv4.ip_forward 1
deny = write kernel.domainname evil
deny = write kernel.sem *9*
deny = read net.ipv4.tcp_rmem
INI
APPLIED=jail
apply jail
mkdir -p "$CGROUP/jail" "$TMP/proc" "$TMP/bind"
name=(sysctl write net.ipv4.conf.all.forwarding=0)
value=(sysctl write net.ipv4.ip_forward=1)
text=(sysctl write kernel.domainname=evil)

blocked "plain write" sysctl /jail "${name[@]}"
blocked "plain read" sysctl /jail sysctl read net.ipv4.tcp_rmem
is "another name" allowed /jail sysctl write net.ipv4.conf.lo.forwarding=0

# Other names for the same file.
mount -t proc proc "$TMP/proc" || fail "another procfs" "cannot be mounted"
blocked "another procfs mount" sysctl /jail --sysctl "$TMP/proc/sys" "${name[@]}"
mount --bind /proc/sys "$TMP/bind" || fail "a bind mount" "cannot be mounted"
blocked "a bind mount of /proc/sys" sysctl /jail --sysctl "$TMP/bind" "${name[@]}"
mkdir -p "$TMP/tree/net/ipv4/conf/all"
touch "$TMP/tree/net/ipv4/conf/all/forwarding"
mount --bind /proc/sys/net/ipv4/conf/all/forwarding "$TMP/tree/net/ipv4/conf/all/forwarding"
blocked "a bind mount of the file" sysctl /jail --sysctl "$TMP/tree" "${name[@]}"
ln -s /proc/sys "$TMP/link"
blocked "a symbolic link" sysctl /jail --sysctl "$TMP/link" "${name[@]}"
blocked "/proc/self/root" sysctl /jail --sysctl /proc/self/root/proc/sys "${name[@]}"
blocked "/proc/self/fd/N of an O_PATH descriptor" sysctl /jail --reopen "${name[@]}"
blocked "a duplicated descriptor" sysctl /jail --via-dup "${name[@]}"
# shellcheck disable=SC2016  # for the inner shell
holds "a descriptor opened before the process was governed" grep -q 'not permitted' <<<"$(bash -c '
	exec 3>/proc/sys/net/ipv4/conf/all/forwarding
	echo $$ >"$1/cgroup.procs"
	echo 0 >&3' _ "$CGROUP/jail" 2>&1)"

# Other ways to write and read.
blocked "writev" sysctl /jail --writev "${value[@]}"
blocked "splice into it" sysctl /jail --splice "${value[@]}"
blocked "splice out of it" sysctl /jail --splice sysctl read net.ipv4.tcp_rmem
blocked "io_uring: write" sysctl /jail --io-uring "${value[@]}"
blocked "io_uring: read" sysctl /jail --io-uring sysctl read net.ipv4.tcp_rmem

# Strings are written at the file position: in two pieces the value would never be seen whole.
printf good >/proc/sys/kernel/domainname
is "one byte a write" denied /jail --split "${text[@]}"
is "at a file position" denied /jail --pos 1 sysctl write kernel.domainname=vil
same "the value never got there" 0 "$(grep -c evil /proc/sys/kernel/domainname)"
blocked "one byte a write, once more" sysctl /jail --split "${text[@]}"
blocked "at a file position, once more" sysctl /jail --pos 1 sysctl write kernel.domainname=vil
if [ -z "${GUEST-}" ]; then
	controls_run
	same "negative control: without the hook it did get there" 1 \
		"$(grep -c evil /proc/sys/kernel/domainname)"
fi
is "at a file position, of a sysctl without value rules" allowed /jail --pos 1 \
	sysctl write kernel.hostname=x

# Other spellings of the same number.
for spelling in 0x1 0X1 01 001 0x01 '\t1' '\n1' '1\n' '1\n\n' '1\x00' '1\t' '1 0' '\n\n\t1\n' '+1'; do
	printf 0 >/proc/sys/net/ipv4/ip_forward
	answer=$(tries /jail sysctl write "net.ipv4.ip_forward=$spelling" 2>&1)
	now=$(cat /proc/sys/net/ipv4/ip_forward)
	# What counts: it does not get there. A spelling that the kernel refuses may be let through.
	if [ "$now" = 0 ]; then
		pass "spelling '$spelling': $answer, and the value is 0"
	else
		fail "spelling '$spelling'" "$answer, and the value is $now"
	fi
done
blocked "spelling 0x1" sysctl /jail sysctl write net.ipv4.ip_forward=0x1
blocked "spelling 01" sysctl /jail sysctl write net.ipv4.ip_forward=01
blocked "spelling newline 1" sysctl /jail sysctl write 'net.ipv4.ip_forward=\n1'
is "another value" allowed /jail sysctl write net.ipv4.ip_forward=0
is "another value that holds the digit" allowed /jail sysctl write net.ipv4.ip_forward=10
for spelling in evil 'evil\n' ' evil' '\tevil' 'evil ' 'evil\x00x'; do
	printf 'good' >/proc/sys/kernel/domainname
	answer=$(tries /jail sysctl write "kernel.domainname=$spelling" 2>&1)
	now=$(tr -d ' \t' </proc/sys/kernel/domainname)
	if [ "$now" = good ]; then
		pass "text '$spelling': $answer, and the value is good"
	else
		fail "text '$spelling'" "$answer, and the value is '$now'"
	fi
done

# A value that is longer than what the kernel shows to the program.
long=$(printf '%5000s' 9 | tr ' ' 0)
printf '%s' "$long" >"$TMP/long"
echo 0 >/proc/sys/net/ipv4/ip_forward
# shellcheck disable=SC2016  # for the inner shell
answer=$(in_cgroup /jail sh -c 'cat "$1" >/proc/sys/net/ipv4/ip_forward' _ "$TMP/long" 2>&1)
same "a value of 5,000 bytes is denied or refused" 0 "$(cat /proc/sys/net/ipv4/ip_forward)"
