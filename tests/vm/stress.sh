#!/bin/bash
# SPDX-License-Identifier: GPL-2.0-only
# stress-ng's stressors of files, exec and sockets in a governed cgroup, and cgroups that come and go
# below it: no verdict is wrong meanwhile, and the kernel has nothing to complain of (run.sh looks).
#
#	SUITES=stress STRESS_SECONDS=300 tests/vm/run.sh newest
. "$(dirname "$0")/../lib.sh"
suite_begin "$@"
seconds=$(tr ' ' '\n' </proc/cmdline | sed -n 's/^cgward\.stress=//p')
seconds=${seconds:-20}
FILES=$TMP/files
mkdir -p "$FILES/kept" "$TMP/work"
echo x | tee "$FILES/secret" "$FILES/open" >"$FILES/kept/file"

policy stress <<-INI
	[policy]
	name   = stress
	cgroup = /g
	[sysctl]
	deny = write kernel.domainname
	[network]
	deny = connect 192.0.2.0/24
	deny = bind tcp *:77
	deny = connect unix @secret-*
	deny = socket vsock
	[file]
	deny = read $FILES/secret
	deny = write $FILES/kept/** /etc/**
	deny = exec $FILES/** /dev/shm/**
	[kernel]
	deny = module kexec settime
	[capability]
	deny = sys_time sys_module
	[device]
	deny = w c 1:1
INI
apply stress
audit_start

# verdicts: asks again and again, one line for each answer that is not the right one
verdicts()
{
	local end=$((SECONDS + seconds)) turns=0

	while [ $SECONDS -lt $end ]; do
		paste -d ' ' wanted <(in_cgroup /g op --batch <questions 2>&1) |
			awk '$1 != $2 { print "wanted " $1 ", got " $2 " in row " NR }'
		turns=$((turns + 1))
	done
	echo "turns $turns"
}
cat >rows <<-ROWS
	denied connect tcp 192.0.2.1:80
	allowed connect tcp 198.51.100.1:80
	denied connect udp 192.0.2.1:53
	allowed connect udp 198.51.100.1:53
	denied sysctl write kernel.domainname=x
	denied read $FILES/secret
	allowed read $FILES/open
	denied write $FILES/kept/file
	allowed write $FILES/open
	denied capability sys_time
	denied socket vsock/stream
ROWS
sed 's/ .*//' rows >wanted
sed 's/^[a-z]* //' rows >questions

# cgroups: new ones below the governed one, one after the other, each with a process that is refused
cgroups()
{
	local end=$((SECONDS + seconds)) number=0

	while [ $SECONDS -lt $end ]; do
		number=$((number + 1))
		[ "$(tries "/g/$number" connect tcp 192.0.2.1:80)" = denied ] || echo "in cgroup $number: not denied"
		rmdir "$CGROUP/g/$number"
	done
}

verdicts >answers &
answering=$!
in_cgroup /g fileop storm "$seconds" "$FILES/secret" "$FILES/open" >stormed 2>&1 &
storm=$!
cgroups >born 2>&1 &
births=$!
in_cgroup /g stress-ng --temp-path "$TMP/work" --timeout "$seconds" --quiet --no-rand-seed \
	--open 1 --rename 1 --link 1 --symlink 1 --dentry 1 --dir 1 --chmod 1 --chown 1 --xattr 1 \
	--utime 1 --mknod 1 --handle 1 --exec 1 --sock 1 --sockfd 1 --udp 1 >stressed 2>&1
status=$?
wait $answering $storm $births
same "stress-ng ends well" 0 "$status"
same "stress-ng has nothing to report" "" "$(tail -n 5 stressed)"
same "a storm of opens beside it: never a wrong verdict" allowed "$(cat stormed)"
same "questions beside it: every answer is right" "" "$(grep -v '^turns ' answers)"
same "cgroups beside it: each process is refused" "" "$(head -n 3 born)"
holds "and there were some" test "$(sed -n 's/^turns //p' answers)" -gt 2
logged "denials are in the log" '.path == "'"$FILES"'/secret" and .verdict == "deny"'
audit_stop
is "afterwards: denied" denied /g read "$FILES/secret"
is "afterwards: allowed" allowed /g read "$FILES/open"
holds "afterwards: status" cgward status
