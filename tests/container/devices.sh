#!/bin/bash
# SPDX-License-Identifier: GPL-2.0-only
# A container has a device program of its runtime's own. It and rules about devices stand side by
# side, whichever of them came first, and neither is displaced by the other's going. By runc: crun wants
# a limit raised that not every root may raise.
. "$(dirname "$0")/../lib.sh"
. "$(dirname "$0")/../bundle.sh"
suite_begin "$@"

policy devices <<'INI'
[policy]
name = devices
cgroup = /containers
[device]
deny = r c 1:5
INI

runtime=runc
# start NAME: with devices as engines give them, and the capability to make nodes
start()
{
	local bundle=$TMP/$1

	bundle_make "$bundle" "/$SUITE_OWN/root/containers/$1" || broken "no bundle"
	jq '.linux.resources.devices = [
			{allow: false, access: "rwm"},
			{allow: true, type: "c", major: 1, minor: 3, access: "rwm"},
			{allow: true, type: "c", major: 1, minor: 5, access: "rwm"},
			{allow: true, type: "c", major: 1, minor: 8, access: "rwm"},
			{allow: true, type: "c", major: 1, minor: 9, access: "rwm"}] |
		.process.capabilities |= with_entries(.value += ["CAP_MKNOD"])' \
		"$bundle/config.json" >"$bundle/new" && mv "$bundle/new" "$bundle/config.json"
	{ $runtime --root "$TMP/state" create -b "$bundle" "$1" </dev/null &&
		$runtime --root "$TMP/state" start "$1"; } >"$bundle/output" 2>&1 ||
		broken "$runtime cannot start a container: $(cat "$bundle/output")"
}

# reads NAME MINOR: what a process in the container gets from character device 1:MINOR
reads()
{
	"$runtime" --root "$TMP/state" exec "$1" sh -c \
		"[ -e /tmp/c$2 ] || mknod /tmp/c$2 c 1 $2 || exit; head -c 1 /tmp/c$2 >/dev/null && echo allowed" 2>&1 |
		sed 's/.*not permitted/denied/'
}

# programs NAME: how many device programs there are at the container's cgroup that are not cgward's
programs()
{
	bpftool -j cgroup show "$CGROUP/containers/$1" |
		jq '[.[] | select(.attach_type == "cgroup_device" and (.name | startswith("cgward") | not))] | length'
}

if ! command -v $runtime >/dev/null; then
	skip "$runtime" "not installed"
	exit 0
fi
start before
same "its program" 1 "$(programs before)"
same "/dev/zero" allowed "$(reads before 5)"
same "/dev/port is the runtime's denial" denied "$(reads before 4)"
apply devices
start after
for name in before after; do
	same "$name: its program is in place" 1 "$(programs "$name")"
	same "$name: /dev/zero is cgward's denial" denied "$(reads "$name" 5)"
	same "$name: /dev/port is the runtime's denial" denied "$(reads "$name" 4)"
	same "$name: /dev/urandom" allowed "$(reads "$name" 9)"
done
cgward remove >/dev/null 2>&1 || fail "remove" "status $?"
sleep 0.3 # links go some time later
for name in before after; do
	same "$name, cgward gone: /dev/zero" allowed "$(reads "$name" 5)"
	same "$name, cgward gone: /dev/port" denied "$(reads "$name" 4)"
	$runtime --root "$TMP/state" delete -f "$name" >/dev/null 2>&1
done
