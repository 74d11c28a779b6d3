#!/bin/bash
# SPDX-License-Identifier: GPL-2.0-only
# What doctor says of this kernel is what is known of it; every program of this build loads on it and
# is attached, but those whose hook it lacks; and what it cannot do, apply refuses by the name of the
# rule and of the hook.
. "$(dirname "$0")/../lib.sh"
suite_begin "$@"

# Debian's 6.1 has all that sysctl and network rules need but the hooks for names of unix sockets
# (6.7): there BPF LSM judges the sockets that there are.
unix=yes
lacks=
case $(uname -r) in
6.1.*)
	unix=no
	# The latter two came with Linux 6.2: until then they are extended attributes. file_setattr(2)
	# came with 6.17.
	lacks='cgroup/connect_unix cgroup/sendmsg_unix lsm/inode_file_setattr'
	lacks+=' lsm/inode_remove_acl lsm/inode_set_acl'
	;;
6.12.*) lacks='lsm/inode_file_setattr' ;;
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

same "doctor: hooks that this kernel lacks" "$lacks" \
	"$(jq -r '[.hooks[] | select(.state != "yes").name] | sort | join(" ")' "$TMP/doctor")"

# What needs all of them.
policy all <<'INI'
[policy]
name = all
cgroup = /jail
[sysctl]
deny = write kernel.domainname
[network]
deny = connect 192.0.2.1
deny = connect unix /run/x @x
deny = bind *:1
deny = bind unix /run/x @x
deny = listen *:1
deny = listen unix /run/x @x
deny = socket packet
[file]
deny = read,write,exec /run/x
[kernel]
deny = mount chroot ptrace module bpf userns perf kexec keyring io_uring settime syslog kill-outside
[capability]
deny = sys_time
[device]
deny = r c 1:1
INI
printf '[cgward]\nprotect = guard\n' >"$CONFIG"
cgward apply all.ini >"$TMP/output" 2>&1
same "what needs every hook: apply" 0 $?
cgward status --json >"$TMP/status"
# One line for each program, in both; those of the three tracepoints are no hooks of doctor's.
same "every program whose hook this kernel has is attached: $(jq '.hooks | length' "$TMP/status")" \
	"$(jq '[.hooks[] | select(.state == "yes")] | length' "$TMP/doctor")" \
	"$(jq '[.hooks[] | select(.attached).name] - ["attach_task", "fork", "exit"] | length' \
		"$TMP/status")"
holds "there are at least 80 of them" test "$(jq '.hooks | length' "$TMP/status")" -ge 80
same "self-protection is complete" yes "$(jq -r .self_protection "$TMP/status")"
same "every rule is enforced" yes \
	"$(jq -r '[.policies[].rules[].enforced] | unique | join(" ")' "$TMP/status")"
printf '[cgward]\nprotect = off\n' >"$CONFIG"

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
