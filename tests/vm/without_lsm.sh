#!/bin/bash
# SPDX-License-Identifier: GPL-2.0-only
# A kernel that has BPF LSM and was booted without it: programs can be loaded and attached, and are
# never called. That is found out by trying, and no rule is said to be enforced that is not.
. "$(dirname "$0")/../lib.sh"
suite_begin "$@"

same "the kernel was booted without bpf in lsm=" "" \
	"$(tr ',' '\n' </sys/kernel/security/lsm | grep -x bpf)"
cgward doctor --json >"$TMP/doctor" 2>"$TMP/errors"
same "doctor: BPF LSM" "no|call" \
	"$(jq -r '.features[] | select(.name == "BPF LSM") | "\(.state)|\(.step)"' "$TMP/doctor")"
same "doctor: no hook of it" "no" \
	"$(jq -r '[.hooks[] | select(.name | startswith("lsm/")).state] | unique | join(" ")' "$TMP/doctor")"
same "doctor: no power can be enforced" "no" \
	"$(jq -r '[.coverage[] | select(.section == "kernel").enforceable] | unique | join(" ")' "$TMP/doctor")"

policy powers <<'INI'
[policy]
name = powers
cgroup = /jail
[sysctl]
deny = write kernel.domainname
[kernel]
deny = chroot
[capability]
deny = sys_time
INI
sed 's/^cgroup.*/&\non-missing = warn/' "$TMP/powers.ini" >"$TMP/warn.ini"
cgward apply powers.ini >"$TMP/output" 2>&1
same "apply refuses" 1 $?
for rule in 'deny chroot".* lsm/path_chroot' 'deny sys_time".* lsm/capable'; do
	holds "the message names rule and hook: $rule" grep -qE "error: .*\"$rule.*never called" "$TMP/output"
done
holds "and what to put on the command line" grep -q 'lsm=...,bpf on the kernel command line' "$TMP/output"
is "nothing is in force" allowed /jail sysctl write kernel.domainname=x
cgward apply --dry-run powers.ini >"$TMP/output" 2>&1
same "apply --dry-run says the same" "1|2" "$?|$(grep -c ' error: .*is not enforced' "$TMP/output")"
cgward apply warn.ini >"$TMP/output" 2>&1
same "on-missing = warn: apply" "0|2" "$?|$(grep -c ' warning: .*is not enforced' "$TMP/output")"
is "on-missing = warn: what can be enforced is" denied /jail sysctl write kernel.domainname=x
is "on-missing = warn: what cannot is not" allowed /jail kernel chroot
same "status marks the rules" "no no yes" "$(cgward status --json |
	jq -r '[.policies[0].rules[].enforced] | sort | join(" ")')"
same "no LSM program stays behind" 0 "$(find "$BPFFS" -name '*chroot*' -o -name '*capable*' | grep -c .)"
