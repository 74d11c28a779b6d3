#!/bin/bash
# SPDX-License-Identifier: GPL-2.0-only
# files-guest.sh - what `tests/bench/calls.sh VERSION files-guest` runs in its guest: what is done to
# files, execve(2) and connect(2), without any enforcer, under Landlock, under AppArmor if there is
# apparmor_parser in the image, and under cgward, with the same rules: N files, each of which may
# neither be read nor written, and N addresses or ports. All that is measured is allowed.
PATH=/cgward/build/enforcer:/cgward/build/helpers:$PATH
mkdir -p /sys/fs/bpf /sys/fs/cgroup/web-1 /sys/fs/cgroup/other /tmp/policies
mount -t bpf bpf /sys/fs/bpf
# depth 5, 40 bytes
export CALLS_FILES=/tmp/bench-directory/second/third/fourth
mkdir -p $CALLS_FILES /tmp/rules
(cd /tmp/rules && seq 10000 | xargs touch)

# measure LABEL CGROUP [WRAPPER...]
measure()
{
	echo "row $1" "$(bash -c "echo \$\$ >/sys/fs/cgroup/$2/cgroup.procs; exec ${*:3} calls 101 \
		open unlink+create rename write pipe exec udp-connect tcp-connect" 2>&1 | tr '\n' ' ')"
}

# policy NAME CGROUP RULES
policy()
{
	printf '[policy]\nname = %s\ncgroup = %s\n[file]\ndeny = exec /tmp/rules/**\n' "$1" "$2"
	seq "$3" | sed 's|.*|deny = read,write /tmp/rules/&|'
	printf '[network]\n'
	seq "$3" | awk '{ printf "deny = connect tcp 10.%d.%d.0/24:%d\n", int($1 / 256) % 256, $1 % 256, 22 + $1 % 5 }'
}

# with LABEL
with()
{
	if ! cgward apply --quiet /tmp/policies >/tmp/output 2>&1; then
		cat /tmp/output
		return
	fi
	measure "$1/ungoverned" other
	measure "$1/governed" web-1
}

cat >/bin/under-apparmor <<'SH'
#!/bin/busybox sh
echo "exec $1" >/proc/self/attr/apparmor/exec
shift
exec "$@"
SH
chmod +x /bin/under-apparmor

# apparmor RULES: a profile that allows all but the files
apparmor()
{
	{
		echo "profile bench-$1 flags=(attach_disconnected) { file, network, capability, unix, signal, ptrace,"
		seq "$1" | sed 's|.*|deny /tmp/rules/& rwx,|'
		echo '}'
	} >/tmp/profile
	apparmor_parser -K -r /tmp/profile 2>&1 || return
	measure "apparmor-$1" web-1 under-apparmor "bench-$1"
}

measure none web-1
for rules in 10 1000 10000; do
	measure "landlock-$rules" web-1 landlock $rules /tmp/rules
done
if command -v apparmor_parser >/dev/null; then
	apparmor 10
	apparmor 1000
	apparmor 10000
fi
for rules in 10 1000 10000; do
	policy web '/web-*' $rules >/tmp/policies/web.ini
	with "$rules-rules"
done
policy web '/web-*' 10 >/tmp/policies/web.ini
for number in $(seq 199); do
	policy "other$number" "/other$number-*" 10 >"/tmp/policies/other$number.ini"
done
with 200-policies
cgward remove --quiet
