#!/bin/bash
# SPDX-License-Identifier: GPL-2.0-only
# What doctor says of this kernel is what is known of it; and what it cannot do, apply refuses by the
# name of the rule and of the hook.
. "$(dirname "$0")/../lib.sh"
suite_begin "$@"

# Debian's 6.1 has all that sysctl and network rules need but the hooks for names of unix sockets
# (6.7): there BPF LSM judges the sockets that there are.
unix=yes
case $(uname -r) in
6.1.*) unix=no ;;
esac

cgward doctor --json >"$TMP/doctor" 2>"$TMP/errors"
# Those are not needed for anything else, so they do not count.
same "doctor: exit status" 0 $?
holds "doctor --json is one JSON value" jq -e 'type == "object"' "$TMP/doctor"
for hook in sysctl connect4 connect6 sendmsg4 sendmsg6 bind4 bind6 post_bind4 post_bind6 sock_create; do
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
# A socket that there is: on 6.1 no other is judged.
keep 'listen unix @secret-1' 'listen unix @public' < <(sleep 60) >"$TMP/ready" &
eventually 10 grep -q ready "$TMP/ready" || fail "the sockets" "are not ready"
cgward apply unix.ini >"$TMP/output" 2>&1
same "a unix rule: apply" 0 $?
is "a unix rule: denied" denied /jail connect unix @secret-1
is "a unix rule: another name" allowed /jail connect unix @public
is "a unix rule: a name that no socket has" "$([ $unix = yes ] && echo denied || echo allowed)" \
	/jail connect unix @secret-2
is "the sysctl rule beside it" denied /jail sysctl write kernel.domainname=x
kill $!
