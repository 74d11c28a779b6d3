#!/bin/bash
# SPDX-License-Identifier: GPL-2.0-only
# Programs of others on the same cgroups (systemd, runc), and other instances of cgward: all run,
# and none is displaced, whatever the order in which they come and go.
. "$(dirname "$0")/../lib.sh"
suite_begin "$@"

above=$(dirname "$CGROUP")
mkdir -p "$CGROUP"/{jail/inner,free}
policy one <<'INI'
[policy]
name = one
cgroup = /jail
[network]
deny = connect tcp *:7001
deny = bind tcp *:7001
INI
policy two <<'INI'
[policy]
name = two
cgroup = /jail
[network]
deny = connect tcp *:7002
INI
policy inner <<'INI'
[policy]
name = inner
cgroup = /inner
[network]
deny = connect tcp *:7003
INI

# programs CGROUP HOOK NAME: how many of them are attached there
programs()
{
	bpftool -j cgroup show "$1" | jq "[.[] | select(.attach_type == \"$2\" and .name == \"$3\")] | length"
}

foreign_all()
{
	local hook

	for hook in connect4 bind4 egress device; do
		foreign "$1" "$above" $hook allow && foreign "$1" "$CGROUP" $hook allow &&
			foreign "$1" "$CGROUP/jail" $hook allow || return
	done
}

# all_stand WHEN: the rules hold, and every program is where it was
all_stand()
{
	local hook

	is "$1: a rule of cgward holds" denied /jail connect tcp 127.0.0.1:7001
	is "$1: its bind rule" denied /jail bind tcp 127.0.0.1:7001
	is "$1: what no rule denies" allowed /jail connect tcp 127.0.0.1:7009
	for hook in cgroup_inet4_connect cgroup_inet4_bind cgroup_inet_egress cgroup_device; do
		same "$1: the others' programs at $hook" "1 1 1" \
			"$(programs "$above" $hook foreign_allow) $(programs "$CGROUP" $hook \
				foreign_allow) $(programs "$CGROUP/jail" $hook foreign_allow)"
	done
}

foreign_all attach || broken "the others' programs cannot be attached"
apply one
all_stand "others first"
foreign attach "$CGROUP/free" bind4 deny
is "a refusal of others below" denied /free bind tcp 127.0.0.1:7009
foreign detach "$CGROUP/free" bind4 deny
foreign attach "$above" connect4 deny
is "a refusal of others above" denied /free connect tcp 127.0.0.1:7009
foreign detach "$above" connect4 deny
is "it goes with its program" allowed /free connect tcp 127.0.0.1:7009
cgward remove >/dev/null 2>&1 || fail "remove" "status $?"
sleep 0.3
same "cgward gone: the others stay" 1 "$(programs "$CGROUP" cgroup_inet4_connect foreign_allow)"
is "cgward gone: no rule" allowed /jail connect tcp 127.0.0.1:7001
foreign_all detach || fail "the others go" "status $?"
apply one
foreign_all attach || fail "the others come after cgward" "status $?"
all_stand "cgward first"
foreign_all detach || fail "the others go before cgward" "status $?"
is "the others gone: the rules stay" denied /jail connect tcp 127.0.0.1:7001

# Other instances: on the same cgroup root, and on one below it.
same_root=(--bpffs "$TMP/bpf/second" --cgroup-root "$CGROUP")
below=(--bpffs "$TMP/bpf/third" --cgroup-root "$CGROUP/jail")
three()
{
	is "$1: first" "$2" /jail/inner connect tcp 127.0.0.1:7001
	is "$1: second" "$3" /jail/inner connect tcp 127.0.0.1:7002
	is "$1: third" "$4" /jail/inner connect tcp 127.0.0.1:7003
	is "$1: what no instance denies" allowed /jail/inner connect tcp 127.0.0.1:7009
}
"$CGWARD" apply "${same_root[@]}" two.ini >/dev/null 2>&1 || fail "second instance" "status $?"
"$CGWARD" apply "${below[@]}" inner.ini >/dev/null 2>&1 || fail "third instance" "status $?"
three "three instances" denied denied denied
"$CGWARD" remove --bpffs "$TMP/bpf/second" >/dev/null 2>&1 || fail "remove the second" "status $?"
sleep 0.3
three "second removed" denied allowed denied
cgward remove >/dev/null 2>&1 || fail "remove the first" "status $?"
sleep 0.3
three "first removed" allowed allowed denied
apply one
three "first applied again" denied allowed denied
"$CGWARD" remove --bpffs "$TMP/bpf/third" >/dev/null 2>&1 || fail "remove the third" "status $?"
sleep 0.3
three "third removed" denied allowed allowed
