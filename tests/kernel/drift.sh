#!/bin/bash
# SPDX-License-Identifier: GPL-2.0-only
# What was taken away by hand: `status` names it, its exit status shows it, `apply` repairs it.
. "$(dirname "$0")/../lib.sh"
suite_begin "$@"

policy first <<'INI'
[policy]
name = first
cgroup = /jail
[sysctl]
deny = write kernel.domainname
[network]
deny = connect 192.0.2.1
INI
mkdir -p "$CGROUP/jail"
connect=(connect tcp 192.0.2.1:80)
write=(sysctl write kernel.domainname=x)
APPLY=(cgward apply first.ini)

# whole NAME: all is as it should be
whole()
{
	cgward status >"$TMP/output" 2>&1
	same "$1: status" "0 " "$? $(grep DRIFT "$TMP/output")"
	is "$1: connect" denied /jail "${connect[@]}"
	is "$1: write" denied /jail "${write[@]}"
}

# drifted NAME PATTERN: status says so; then apply puts it right
drifted()
{
	local status

	cgward status >"$TMP/output" 2>&1
	status=$?
	same "$1: exit status of status" 1 $status
	holds "$1: status names it" grep -qE "DRIFT.*: .*$2" "$TMP/output"
	# shellcheck disable=SC2016  # of jq
	holds "$1: status --json names it" jq -e --arg p "$2" 'any(.drift[]; test($p))' \
		<<<"$(cgward status --json 2>/dev/null)"
	holds "$1: apply" "${APPLY[@]}"
	whole "$1: repaired"
}

cgward apply first.ini >/dev/null 2>&1 || broken "the first apply"
whole "as applied"

rm "$BPFFS/links/connect4"
sleep 0.2 # the link goes after a grace period
is "a link's pin deleted: it is gone" allowed /jail "${connect[@]}"
drifted "a link's pin deleted" 'hook connect4 is gone'

bpftool link detach pinned "$BPFFS/links/sysctl"
is "a link detached: it is gone" allowed /jail "${write[@]}"
drifted "a link detached" 'hook sysctl has been detached'

rm "$BPFFS/links/fork"
drifted "a tracepoint's pin deleted" 'hook fork is gone'

rm "$BPFFS/maps/counters" "$BPFFS/maps/image"
is "pins of maps deleted: still denied" denied /jail "${connect[@]}"
drifted "pins of maps deleted" 'pin maps/image is gone'

rm "$BPFFS/progs/cgward_connect4"
is "a program's pin deleted: still denied" denied /jail "${connect[@]}"
drifted "a program's pin deleted" 'pins of programs are gone'

# No meta: what the links do cannot be told; they judge on until another instance has taken over.
rm "$BPFFS/maps/meta"
is "meta deleted: still denied" denied /jail "${connect[@]}"
into "$CGROUP/jail" hammer 4 4 connect 192.0.2.1 80 >"$TMP/counts" 2>&1 &
cgward status >"$TMP/output" 2>&1
same "meta deleted: status" "1 1" "$? $(grep -c 'DRIFT.*cannot be told' "$TMP/output")"
holds "meta deleted: apply" cgward apply first.ini
wait $!
same "meta deleted: no gap until it is repaired" 0 "$(cut -d ' ' -f 2 "$TMP/counts")"
whole "meta deleted: repaired"

bpftool map delete pinned "$BPFFS/maps/image" key 0 0 0 0
is "the slot emptied: nothing is in force" allowed /jail "${connect[@]}"
cgward status >"$TMP/output" 2>&1
same "the slot emptied: status" "1 1" "$? $(grep -c 'nothing is in force' "$TMP/output")"
holds "the slot emptied: apply" cgward apply first.ini
whole "the slot emptied: repaired"

key=$(bpftool -j map dump pinned "$BPFFS/maps/counters" | jq -r '.[0].key | join(" ")')
# shellcheck disable=SC2086  # bytes
bpftool map delete pinned "$BPFFS/maps/counters" key hex ${key//0x/}
drifted "a counter deleted" '1 rules have no counter'

# What an apply that was killed leaves: the key {CHANGING, 0, 0}.
# shellcheck disable=SC2046  # bytes
bpftool map update pinned "$BPFFS/maps/guarded" key 9 0 0 0 0 0 0 0 0 0 0 0 0 0 0 0 value $(yes 0 | head -n 64)
drifted "a hold left behind" 'a change was interrupted'

holds "the counters are filled up" fill_counters "$BPFFS/maps/counters"
cgward status >"$TMP/output" 2>&1
same "the counters are full: status" "1 1" "$? $(grep -c 'DRIFT.*counters is full' "$TMP/output")"
sed 's/192.0.2.1/192.0.2.0\/24/' first.ini >second.ini
holds "the counters are full: another ruleset" cgward apply second.ini
cgward status >/dev/null 2>&1
same "the counters are full: repaired" 0 $?
holds "back" cgward apply first.ini

# Leftovers of hand-overs and runs.
mkdir "$BPFFS-next" "$BPFFS-next/maps" "$BPFFS-run-1" "$BPFFS-run-1/links" "$CGROUP/cgward-run-1"
holds "apply with leftovers" cgward apply first.ini
same "apply sweeps leftovers" "cgward" \
	"$(find "$TMP/bpf" -mindepth 1 -maxdepth 1 -type d -printf '%f ' | tr -d ' ')"
same "and cgroups of runs" "jail" \
	"$(find "$CGROUP" -mindepth 1 -maxdepth 1 -type d -printf '%f ' | tr -d ' ')"

# The cgroup root.
holds "another root is refused" test 1 = "$(
	"$CGWARD" apply --bpffs "$BPFFS" --cgroup-root "$CGROUP/jail" first.ini >"$TMP/output" 2>&1
	echo $?
)"
holds "and it is said why" grep -q "governs '$CGROUP'" "$TMP/output"
mkdir -p "$CGROUP/below/jail"
"$CGWARD" remove --bpffs "$BPFFS" >/dev/null
CGROUP=$CGROUP/below
cgward apply first.ini >/dev/null 2>&1 || broken "apply to $CGROUP"
rmdir "$CGROUP/jail" "$CGROUP"
cgward status >"$TMP/output" 2>&1
same "the root gone: status" "1 1" "$? $(grep -c 'DRIFT.*cgroup root.* is gone' "$TMP/output")"
cgward apply first.ini >"$TMP/output" 2>&1
same "the root gone: apply says what to do" "1 1" "$? $(grep -c -- '--cgroup-root' "$TMP/output")"
mkdir -p "$CGROUP/jail"
drifted "the root made again" 'removed and made again'

# bpffs not mounted, in a place of our own for the default one.
cgward remove >/dev/null
umount -l /sys/fs/bpf 2>/dev/null
if [ "$(stat -f -c %T /sys/fs/bpf)" = bpf_fs ]; then
	skip "bpffs is mounted on demand" "/sys/fs/bpf cannot be unmounted here"
else
	"$CGWARD" status >"$TMP/output" 2>&1
	same "no bpffs: status" 1 $?
	holds "no bpffs: it says what to do" grep -q 'mount -t bpf' "$TMP/output"
	holds "no bpffs: apply mounts it" "$CGWARD" apply --cgroup-root "$CGROUP" first.ini
	same "no bpffs: it is there" bpf_fs "$(stat -f -c %T /sys/fs/bpf)"
	is "no bpffs: denied" denied /jail "${connect[@]}"
	holds "no bpffs: remove" "$CGWARD" remove
	umount /sys/fs/bpf
fi
mkdir -p "$TMP/plain"
"$CGWARD" apply --bpffs "$TMP/plain/cgward" --cgroup-root "$CGROUP" first.ini >"$TMP/output" 2>&1
same "no bpffs elsewhere: a clear error" "1 1" "$? $(grep -c 'not on a BPF file system' "$TMP/output")"
same "no bpffs elsewhere: nothing was made" "" "$(ls "$TMP/plain")"
