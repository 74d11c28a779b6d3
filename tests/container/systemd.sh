#!/bin/bash
# SPDX-License-Identifier: GPL-2.0-only
# A real systemd as the first process of a PID namespace, whose units have IPAddressDeny,
# SocketBindDeny and DeviceAllow: its programs and cgward's all run, whoever came first.
. "$(dirname "$0")/../lib.sh"
suite_begin "$@"

systemd=/lib/systemd/systemd
[ -x $systemd ] || {
	skip "systemd" "there is no such program"
	exit 0
}
policy units <<'INI'
[policy]
name = units
cgroup = /host/system.slice/*.service
[network]
deny = connect udp 192.0.2.1
deny = bind tcp *:7001
INI

# Read by systemd, which sees them instead of the machine's units.
units=$TMP/units
mkdir -p "$units"
cat >"$units/test.target" <<'UNIT'
[Unit]
Wants=closed.service open.service
UNIT
# One that cgward denies, one that the unit's settings deny, and so for ports.
cat >"$TMP/operations" <<'ROWS'
connect udp 192.0.2.1:53
connect udp 192.0.2.2:53
bind tcp 127.0.0.1:7001
bind tcp 127.0.0.1:7002
ROWS
# unit NAME: does what the file says when $TMP/NAME.go is there; what follows is the unit's
unit()
{
	cat >"$units/$1.service" <<UNIT
[Unit]
DefaultDependencies=no
[Service]
Type=simple
ExecStart=$(type -P bash) -c 'until [ -e $TMP/$1.go ]; do sleep 0.05; done; $BUILD/helpers/op --batch <$TMP/operations >$TMP/$1.part 2>&1; if : </dev/kmsg; then echo allowed; else echo denied; fi >>$TMP/$1.part 2>/dev/null; mv $TMP/$1.part $TMP/$1.answers; exec sleep 60'
${2-}
UNIT
}
unit closed 'IPAddressDeny=192.0.2.2
SocketBindDeny=tcp:7002
DevicePolicy=closed'
unit open

# boot: in the background; what systemd writes goes to its folders of /run, which are its own
boot()
{
	rm -f "$TMP"/{closed,open}.{go,answers}
	# shellcheck disable=SC2016  # for the inner shell
	in_cgroup /host unshare --mount --pid --fork --cgroup --kill-child --mount-proc bash -c '
		umount -R /sys/fs/cgroup 2>/dev/null
		mount -t cgroup2 none /sys/fs/cgroup && mount -t tmpfs none /run &&
			mkdir -p /run/systemd/system && cp "$1"/* /run/systemd/system/ &&
			exec env -i container=test SYSTEMD_UNIT_PATH=/run/systemd/system SYSTEMD_LOG_TARGET=console \
				"$0" --system --unit=test.target --log-level=warning --show-status=no' \
		$systemd "$units" >"$TMP/systemd.out" 2>&1 &
	booted=$!
	eventually 10 grep -q . "$CGROUP/host/system.slice/closed.service/cgroup.procs" ||
		broken "systemd does not start its units: $(tail -n 5 "$TMP/systemd.out" | tr '\n' ' ')"
}
halt()
{
	echo 1 >"$CGROUP/host/cgroup.kill"
	wait $booted 2>/dev/null
	eventually 5 rmdir_all "$CGROUP/host"
}
rmdir_all()
{
	find "$1" -depth -type d -exec rmdir {} + 2>/dev/null
	[ ! -d "$1" ]
}
answers()
{
	touch "$TMP/$1.go"
	eventually 10 test -e "$TMP/$1.answers"
	paste -s -d ' ' "$TMP/$1.answers"
}
# What systemd has attached to the unit.
programs()
{
	bpftool cgroup show "$CGROUP/host/system.slice/closed.service" 2>/dev/null |
		awk 'NR > 1 { print $1, $2 }' | sort | paste -s -d ,
}

# Of the rows: two rules of cgward, each before what the unit's own settings deny; and a device.
# Debian 12's systemd is built without SocketBindDeny.
listen=allowed
! $systemd --version | grep -q +BPF_FRAMEWORK || listen=denied
all_stand()
{
	holds "$1: systemd has programs there" test -n "$before"
	same "$1: with settings of its own" "denied denied denied $listen denied" "$(answers closed)"
	same "$1: without" "denied allowed denied allowed allowed" "$(answers open)"
	same "$1: systemd's programs are where they were" "$before" "$(programs)"
}

apply units
boot
before=$(programs)
all_stand "cgward first"
halt

cgward remove >/dev/null 2>&1 || broken "remove"
boot
before=$(programs)
apply units
all_stand "systemd first"
cgward remove >/dev/null 2>&1 || broken "remove"
same "cgward gone: systemd's programs stay" "$before" "$(programs)"
rm "$TMP"/{closed,open}.{go,answers}
halt

# Control: systemd alone.
boot
same "without cgward: with settings of its own" "allowed denied allowed $listen denied" "$(answers closed)"
same "without cgward: without" "allowed allowed allowed allowed allowed" "$(answers open)"
halt
