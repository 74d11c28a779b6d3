#!/bin/bash
# SPDX-License-Identifier: GPL-2.0-only
# Self-protection: root with all capabilities in a governed cgroup tries to get at cgward's maps,
# programs, links, pins and reader, and out of its cgroup. All of it is refused and logged with
# protect = guard, and gets through without; what a container does with BPF for itself goes on working.
. "$(dirname "$0")/../lib.sh"
suite_begin "$@"

policy jail <<'INI'
[policy]
name = jail
cgroup = /jail
[sysctl]
deny = write kernel.domainname
[network]
deny = connect 192.0.2.1
INI
mkdir -p "$CGROUP/jail/child" "$CGROUP/outside"
protect()
{
	printf '[cgward]\nprotect = %s\n' "$1" >"$CONFIG"
	apply jail
}
state()
{
	cgward status --json | jq -r .self_protection
}
protect guard
if [ "$(cgward doctor --json | jq -r '.features[] | select(.name == "BPF LSM").state')" != yes ]; then
	same "without BPF LSM: status says that there is no guard" none "$(state)"
	holds "without BPF LSM: status says so in words" grep -q '^self-protection: NONE' <(cgward status)
	holds "without BPF LSM: apply says so" grep -q 'warning: no self-protection: .*BPF LSM' \
		<(cgward apply jail.ini 2>&1)
	same "without BPF LSM: none of the guard's hooks is in force" "22 guard_bpf" \
		"$(cgward status --json | jq -r '"\(.unprotected | length) \(.unprotected[0])"')"
	same "without BPF LSM: doctor says what is missing" no "$(cgward doctor --json |
		jq -r '.coverage[] | select(.section == "cgward").enforceable')"
	same "without BPF LSM: the ruleset is in force all the same" denied \
		"$(tries /jail sysctl write kernel.domainname=x)"
	# What cannot be put on record would be there for everybody: here a pin that cannot be opened.
	sed 's/192.0.2.1/192.0.2.2/' jail.ini >other.ini
	ln -s odd "$BPFFS/links/odd"
	cgward apply other.ini >"$TMP/output" 2>&1
	same "a pin that cannot be put on record: apply fails" 1 $?
	holds "a pin that cannot be put on record: apply names it" \
		grep -q "failed to guard '$BPFFS/links/odd': Too many" "$TMP/output"
	is "a pin that cannot be put on record: the old ruleset is in force" denied /jail \
		connect tcp 192.0.2.1:1
	rm "$BPFFS/links/odd"
	holds "a pin that cannot be put on record: gone, apply succeeds" cgward apply other.ini
	holds "a pin that cannot be put on record: nothing is left of it" cgward status
	apply jail
	protect off
	same "without BPF LSM: off is off" off "$(state)"
	same "without BPF LSM: then apply does not mention it" 0 \
		"$(cgward apply jail.ini 2>&1 | grep -c self-protection)"
	exit
fi
same "status: the guard is complete" "yes 0" \
	"$(cgward status --json | jq -r '"\(.self_protection) \(.unprotected | length)"')"
same "apply: nothing to warn of" 0 "$(cgward apply jail.ini 2>&1 | grep -c self-protection)"
audit_start
lock=$TMP/bpf/cgward-else

# id TYPE NAME: of what is pinned
id()
{
	bpftool -j "$1" show pinned "$BPFFS/$2" | jq .id
}
# try WAY...: what becomes of it in the governed cgroup
try()
{
	case $1 in
	inherited) attack "$@" 2>&1 ;; # it goes there itself
	*) in_cgroup /jail attack "$@" 2>&1 ;;
	esac
}
# variables PROGRAM: the id of the map that its writable variables stand in, which has no pin
variables()
{
	local map

	for map in $(bpftool -j prog show pinned "$BPFFS/progs/$1" | jq '.map_ids[]'); do
		bpftool -j map show id "$map" | jq 'select(.name | endswith(".bss")) | .id'
	done
}
# attacks WANTED: each way, and what it is called. What an attack has broken is mended before the next.
attacks()
{
	local name wanted=$1

	while IFS='|' read -r name words; do
		# shellcheck disable=SC2086  # a list of words
		same "$name: $wanted" "$wanted" "$(try $words)"
		[ "$wanted" = allowed ] && mend
	done <<-ATTACKS
		signal to the reader|kill $AUDIT_PID 18
		tracing of the reader|trace $AUDIT_PID
		descriptor of the reader|pidfd-getfd $AUDIT_PID
		memory of the reader|memory $AUDIT_PID
		limits of the reader|limit $AUDIT_PID
		map by id|map-by-id $(id map maps/counters)
		map of a program's variables by id|map-by-id $(variables cgward_socket_connect)
		map by path|pin $BPFFS/maps/counters
		the ruleset by path|pin $BPFFS/images/$(cgward status --json | jq .generation)
		program by id|program-by-id $(id prog progs/cgward_connect4)
		program by path|pin $BPFFS/progs/cgward_connect4
		link by id|link-by-id $(id link links/connect4)
		link by path|pin $BPFFS/links/connect4
		link of the reader by id|link-by-id $(bpftool -j link | jq '.[] | select(.type == "iter").id')
		link that another opened, detach|inherited detach $BPFFS/links/connect4 $CGROUP/jail
		link that another opened, update|inherited update $BPFFS/links/sysctl $CGROUP/jail
		program attached to the root, by a link|attach link $CGROUP
		program attached above the root|attach program $(dirname "$CGROUP")
		unlink of a pin|unlink $BPFFS/links/sysctl
		rename of a pin|rename $BPFFS/links/sysctl $BPFFS/links/other
		rename of a folder|rename $BPFFS/links $BPFFS/gone
		rename of the instance|rename $BPFFS $lock
		hard link of a pin|link $BPFFS/links/sysctl $TMP/bpf/other
		chmod of a pin|chmod $BPFFS/links/sysctl
		chown of a pin|chown $BPFFS/links/sysctl
		pin among ours|pin-own $BPFFS/links/forged
		instance beside ours|mkdir $BPFFS-next
		link to an instance beside ours|symlink $TMP $BPFFS-run-1
		mount over the folder|mount-over $BPFFS
		mount over the file system|mount-over $TMP/bpf
		cgroup.procs of a cgroup outside|open $CGROUP/outside cgroup.procs
		cgroup.kill of a cgroup outside|open $CGROUP/outside cgroup.kill
		cgroup.procs of the parent|open $CGROUP cgroup.procs
		birth in a cgroup outside|clone-into $CGROUP/outside
		moved mount|move-mount $TMP/bpf /mnt
		moved mount, the new way|move-mount-new $TMP/bpf /mnt
		umount of the file system|umount $TMP/bpf
	ATTACKS
}
mounted()
{
	awk -v place="$1" '$2 == place { found = 1 } END { exit !found }' /proc/self/mounts
}
# What attacks that get through leave behind.
mend()
{
	mounted /mnt && mount --move /mnt "$TMP/bpf"
	while mounted "$BPFFS"; do umount "$BPFFS"; done
	[ -d "$lock" ] && mv "$lock" "$BPFFS"
	[ -d "$BPFFS/gone" ] && mv "$BPFFS/gone" "$BPFFS/links"
	[ -e "$BPFFS/links/other" ] && mv "$BPFFS/links/other" "$BPFFS/links/sysctl"
	rm -f "$TMP/bpf/other" "$BPFFS/links/forged" "$BPFFS-run-1"
	[ -d "$BPFFS-next" ] && rmdir "$BPFFS-next"
	while [ "$(stat -f -c %T "$TMP/bpf")" != bpf_fs ] && mounted "$TMP/bpf"; do
		umount "$TMP/bpf"
	done
	# What is gone must be put right before the next attack; that takes long in a guest.
	if [[ $words == inherited* ]] ||
		[ "$(stat -c '%a %u' "$BPFFS/links/sysctl" 2>/dev/null)" != "600 0" ]; then
		cgward apply jail.ini >/dev/null 2>&1
	fi
}

mkdir -p /mnt
before=$(cgward status --json | jq .guarded)
attacks denied
after=$(cgward status --json | jq .guarded)
holds "each attack was counted: $((after - before))" test $((after - before)) -ge 36
sleep 1.5
same "each attack is in the log, alone or in a sum" "$after" \
	"$(jq -n 'reduce (inputs | select(.op == "guard")) as $line (0; . + ($line.count // 1))' "$TMP/events")"
logged "events name a map" '.op == "guard" and .object == "map counters" and .hook == "lsm/bpf_map"'
logged "events name a link" '.object == "link connect4" and .hook == "lsm/bpf"'
logged "events name the reader" '.object == "cgward-audit" and .guarded == "process" and .number == 18'
logged "events name the cgroup" '.guarded == "cgroup" and (.object | endswith("/outside"))'
logged "events say why" '.reason == "guard" and .policy == null and .kind == "cgward"'
# Two of each kind of object, and the sums; a guest's are validated outside of it.
jq -nc '[inputs | select(.op == "guard")] | group_by("\(.type) \(.guarded)") | map(.[:2]) | add[]' \
	"$TMP/events" >"$TMP/some"
if [ -n "${GUEST-}" ]; then
	sed 's/^/event: /' "$TMP/some"
else
	holds "events are of the schema" python3 "$TESTS/helpers/validate.py" \
		"$SOURCE_DIR/audit/schema.json" "$TMP/some"
fi
same "events of every kind of object" "cgroup folder link map mount pin process program" \
	"$(jq -r 'select(.guarded).guarded' "$TMP/some" | sort -u | tr '\n' ' ' | sed 's/ $//')"
holds "the reader is alive" kill -0 "$AUDIT_PID"
same "status: nothing has changed" "true []" \
	"$(cgward status --json | jq -r '"\(.in_force) \(.drift)"')"
is "the rules hold" denied /jail connect tcp 192.0.2.1:1
if [ -z "${GUEST-}" ] || [ "$(cut -d . -f 1,2 <<<"$GUEST")" != 6.1 ]; then
	same "a link by a directory in hand" denied "$(try pin-at "$BPFFS/links" connect4)"
fi

# What is not cgward's.
mkdir -p "$TMP/bpf/own"
same "a container's own maps, programs and pins" allowed "$(try own "$TMP/bpf/own/map")"
same "a program attached to its own cgroup" allowed "$(try attach link "$CGROUP/jail/child")"
same "moves within its subtree" allowed "$(try open "$CGROUP/jail/child" cgroup.procs)"
same "births within its subtree" allowed "$(try clone-into "$CGROUP/jail/child")"
same "from below back into its cgroup" allowed \
	"$(in_cgroup /jail/child attack open "$CGROUP/jail" cgroup.procs)"
same "a signal to another process" allowed "$(try kill $$ 18)"
same "mounts of its own" allowed "$(mkdir -p "$TMP/own" && try mount-over "$TMP/own")"
umount "$TMP/own"
same "its own mount namespace: mounts over anything" allowed \
	"$(in_cgroup /jail unshare --mount attack umount /sys 2>&1)"
same "ungoverned: the pins" allowed "$(in_cgroup /outside attack pin "$BPFFS/maps/counters")"
same "ungoverned: links" allowed "$(in_cgroup /outside attack pin "$BPFFS/links/connect4")"
same "ungoverned: cgroups" allowed "$(in_cgroup /outside attack open "$CGROUP/jail" cgroup.procs)"

# cgward among what it governs: refused, and told why; and no ruleset that would make it so.
mkdir -p "$CGROUP/admin"
sed 's/\/jail/\/admin/' jail.ini >admin.ini
# governed NAME STATUS PATTERN CGROUP ARGUMENT...
governed()
{
	in_cgroup "$4" "$CGWARD" "$5" --bpffs "$BPFFS" "${@:6}" >"$TMP/output" 2>&1
	same "$1" "$2 1" "$? $(grep -c "$3" "$TMP/output")"
}
config=(--config "$CONFIG")
told="this process is governed, in cgroup '.*/jail', and protect = guard"
governed "governed: status" 3 "$told" /jail status
governed "governed: apply" 3 "$told" /jail apply "${config[@]}" jail.ini
governed "governed: attach" 3 "$told" /jail attach jail /outside
governed "governed: remove" 3 "$told" /jail remove
governed "governed: run" 3 "$told" /jail run --cgroup-root "$CGROUP" true
governed "governed: run -p" 3 "$told" /jail run --cgroup-root "$CGROUP" "${config[@]}" -p jail.ini true
told="the ruleset would govern this very process, in cgroup '/admin'"
governed "would be governed: apply" 1 "$told" /admin apply "${config[@]}" admin.ini
governed "would be governed: apply --dry-run" 1 "$told" /admin apply --dry-run "${config[@]}" admin.ini
governed "would be governed: attach" 1 "$told" /admin attach jail /admin
same "the ruleset is the old one" "jail 0" \
	"$(cgward status --json | jq -r '"\(.policies[0].name) \(.attachments | length)"')"
same "and no cgroup of run is left" "" "$(find "$CGROUP" -name 'cgward-run-*')"

# Reloads under the guard, while links are attacked.
sed 's/192.0.2.1/192.0.2.0\/24/' jail.ini >second.ini
for name in second jail; do
	holds "reload: $name" cgward apply $name.ini
	same "reload: link by path" denied "$(try pin "$BPFFS/links/connect4")"
	same "reload: link by id" denied "$(try link-by-id "$(id link links/connect4)")"
done
same "reload: the guard is complete" yes "$(state)"

# What reloads and a hand-over make is opened by its id as soon as it is there.
cp second.ini third.ini
cat >>third.ini <<'INI'
[network]
deny = bind *:80
deny = socket inet/raw
[kernel]
deny = chroot
[capability]
deny = sys_boot
INI
# hunt NAME: during a load of programs on demand, a reload, and a hand-over to a new instance
hunt()
{
	local hunter

	in_cgroup /jail attack hunt "$AUDIT_PID" >"$TMP/hunt" 2>&1 &
	sleep 0.3
	hunter=$(head -n 1 "$CGROUP/jail/cgroup.procs")
	holds "$1: programs are loaded" cgward apply third.ini
	holds "$1: reload" cgward apply second.ini
	rm "$BPFFS/progs/cgward_refresh"
	holds "$1: hand-over" cgward apply jail.ini
	holds "$1: attach" cgward attach jail /outside
	kill "$hunter"
	wait $!
}
hunt "hunted"
same "hunted: none of it was to be had" "0 map, 0 program, 0 link, 0 signals" \
	"$(cut -d , -f 1-4 "$TMP/hunt")"
holds "hunted: it was refused: $(cat "$TMP/hunt")" \
	test "$(cut -d ' ' -f 9 "$TMP/hunt")" -gt 100
same "hunted: the guard is complete" "yes 0" \
	"$(cgward status --json | jq -r '"\(.self_protection) \(.unprotected | length)"')"
same "hunted: a map of that name is the container's own again" allowed "$(try own "$TMP/bpf/own/again")"

# A hand-over in which the reader takes its time to put itself on the new record: it was there before.
strace -qq -o "$TMP/slow" -e trace=bpf -e inject=bpf:delay_enter=1000 \
	-p "$(cat "/proc/$AUDIT_PID/task/$AUDIT_PID/children")" &
sleep 0.5
in_cgroup /jail attack hunt "$AUDIT_PID" >"$TMP/hunt" 2>&1 &
sleep 0.3
rm "$BPFFS/progs/cgward_refresh"
holds "slow reader: hand-over" cgward apply second.ini
# It has looked through the whole record, for entries of readers before it.
holds "slow reader: it registers" eventually 60 grep -q 'BPF_MAP_GET_NEXT_KEY.*ENOENT' "$TMP/slow"
kill "$(head -n 1 "$CGROUP/jail/cgroup.procs")"
wait $!
same "slow reader: none of it was to be had" "0 map, 0 program, 0 link, 0 signals" \
	"$(cut -d , -f 1-4 "$TMP/hunt")"
holds "slow reader: it was tried: $(cat "$TMP/hunt")" test "$(cut -d ' ' -f 9 "$TMP/hunt")" -gt 0

# One that stands still: what it holds of the instance before stays on record until it is gone.
# What there is on record but rulesets, of which a reader holds some for their rules.
on_record()
{
	bpftool -j map dump pinned "$BPFFS/maps/guarded" |
		jq '[.[].formatted.value.name | select(startswith("ruleset ") | not)] | length'
}
instances_read()
{
	grep -c 'going on with the instance' "$TMP/audit.err"
}
goes_on()
{
	[ "$(instances_read)" -gt "$instances" ]
}
as_before()
{
	cgward apply second.ini && [ "$(on_record)" = "$before" ]
}
hunt_for_a_second()
{
	in_cgroup /jail attack hunt "$AUDIT_PID" >"$TMP/hunt" 2>&1 &
	sleep 1
	kill "$(head -n 1 "$CGROUP/jail/cgroup.procs")"
	wait $!
	cut -d , -f 1-4 "$TMP/hunt"
}
sleep 1
holds "standing reader: the same ruleset again" cgward apply second.ini
before=$(on_record)
instances=$(instances_read)
kill -STOP "$AUDIT_PID"
rm "$BPFFS/progs/cgward_refresh"
holds "standing reader: hand-over" cgward apply second.ini
nothing="0 map, 0 program, 0 link, 0 signals"
same "standing reader: none of it is to be had" "$nothing" "$(hunt_for_a_second)"
holds "standing reader: a reload" cgward apply jail.ini
holds "standing reader: its maps are still on record: $(on_record)" test "$(on_record)" -gt "$before"
same "standing reader: nor after a reload" "$nothing" "$(hunt_for_a_second)"
kill -CONT "$AUDIT_PID"
holds "standing reader: it goes on with the new instance" eventually 60 goes_on
holds "standing reader: what is gone is off the record" eventually 60 as_before

audit_stop
in_cgroup /jail "$AUDIT" --bpffs "$BPFFS" >"$TMP/output" 2>&1
same "governed: cgward-audit" "3 1" "$? $(grep -c 'from a cgroup that no policy governs' "$TMP/output")"

# Without the guard all of it gets through.
protect off
same "off: status" off "$(state)"
"$AUDIT" --bpffs "$BPFFS" --follow --output /dev/null 2>/dev/null &
AUDIT_PID=$!
hunt "off, hunted"
holds "off, hunted: what is made can be had: $(cat "$TMP/hunt")" \
	test "$(cut -d ' ' -f 1 "$TMP/hunt")" -gt 10
attacks allowed
kill "$AUDIT_PID" 2>/dev/null
cgward remove >/dev/null 2>&1
same "removed: nothing is left" "" "$(find "$TMP/bpf" -mindepth 1 -name 'cgward*')"
