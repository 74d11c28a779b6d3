#!/bin/bash
# SPDX-License-Identifier: GPL-2.0-only
# What doctor says of this kernel is what is known of it; and what it cannot do, apply refuses by the
# name of the rule and of the hook.
. "$(dirname "$0")/../lib.sh"
suite_begin "$@"

# Debian's 6.1 has all that sysctl and network rules need but the hooks for unix sockets (6.7).
unix=yes
warnings=0
case $(uname -r) in
6.1.*)
	unix=no
	warnings=1
	;;
esac

cgward doctor --json >"$TMP/doctor" 2>"$TMP/errors"
# Those are not needed for anything else, so they do not count.
same "doctor: exit status" 0 $?
holds "doctor --json is one JSON value" jq -e 'type == "object"' "$TMP/doctor"
for hook in sysctl connect4 connect6 sendmsg4 sendmsg6 bind4 bind6 sock_create; do
	same "doctor: cgroup/$hook" yes \
		"$(jq -r ".hooks[] | select(.name == \"cgroup/$hook\").state" "$TMP/doctor")"
done
for hook in connect_unix sendmsg_unix; do
	same "doctor: cgroup/$hook" $unix \
		"$(jq -r ".hooks[] | select(.name == \"cgroup/$hook\").state" "$TMP/doctor")"
done
same "doctor: BPF LSM" yes "$(jq -r '.features[] | select(.name == "BPF LSM").state' "$TMP/doctor")"

policy unix <<'INI'
[policy]
name = unix
cgroup = /jail
[sysctl]
deny = write kernel.domainname
[network]
deny = connect unix @secret-*
INI
sed 's/^cgroup.*/&\non-missing = warn/' "$TMP/unix.ini" >"$TMP/warn.ini"
cgward apply unix.ini >"$TMP/output" 2>&1
answer=$?
if [ $unix = yes ]; then
	same "a unix rule: apply" 0 $answer
	is "a unix rule: denied" denied /jail connect unix @secret-1
	is "a unix rule: another name" allowed /jail connect unix @public
	is "the sysctl rule beside it" denied /jail sysctl write kernel.domainname=x
else
	same "a unix rule: apply refuses" 1 $answer
	holds "the message names line, rule and hook" grep -qE \
		'unix\.ini:7:[0-9]+: error: .*"deny connect unix @secret-\*".* cgroup/connect_unix' \
		"$TMP/output"
	is "nothing is in force" allowed /jail sysctl write kernel.domainname=x
fi
cgward apply warn.ini >"$TMP/output" 2>&1
same "on-missing = warn: apply" 0 $?
same "on-missing = warn: warnings of the unix rule" $warnings \
	"$(grep -c 'warning: .*"deny connect unix @secret-\*" is not enforced' "$TMP/output")"
is "on-missing = warn: the sysctl rule" denied /jail sysctl write kernel.domainname=x
is "on-missing = warn: the unix rule" "$([ $unix = yes ] && echo denied || echo allowed)" \
	/jail connect unix @secret-1
