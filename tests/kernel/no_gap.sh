#!/bin/bash
# SPDX-License-Identifier: GPL-2.0-only
# While threads hammer what is denied by the old set and by the new one, sets are swapped, and not
# one attempt succeeds. With BPF LSM also opening, executing and mounting, and while another build
# takes over.
. "$(dirname "$0")/../lib.sh"
suite_begin "$@"

# ---- hooks of BPF LSM ----

RELOADS=${RELOADS:-40}
LSM=$("$CGWARD" doctor --json 2>/dev/null | jq -r '.features[] | select(.name == "BPF LSM").state')
[ -z "${GUEST-}" ] || same "this kernel has BPF LSM" yes "$LSM"

mkdir -p "$CGROUP/jail" "$TMP/vault" "$TMP/place"
echo secret >"$TMP/vault/object"
cp -L "$(type -P true)" "$TMP/vault/true"
# Both deny the same six operations by other rules, and the second one needs hooks that the first one
# does not.
policy lsm-first <<INI
[policy]
name = lsm
cgroup = /jail
[sysctl]
deny = write kernel.domainname
[network]
deny = connect 192.0.2.1
[file]
deny = read $TMP/vault/object
deny = exec $TMP/vault/true
[kernel]
deny = mount
INI
{
	cat <<-INI
		[policy]
		name = lsm
		cgroup = /ja*
		[sysctl]
		deny = write kernel.*
		[kernel]
		deny = chroot mount
		[file]
		deny = exec,read $TMP/vault/**
		[network]
		deny = connect udp 192.0.2.0/24
	INI
	for i in $(seq 0 200); do
		echo "deny = connect tcp 10.0.$i.0/24:$((i + 1))"
	done
} >"$TMP/lsm-second.ini"
# The control: governed, and not one of the six is denied.
policy lsm-none <<'INI'
[policy]
name = lsm
cgroup = /jail
[sysctl]
deny = write kernel.hostname
INI

# lsm_hammer NICENESS
lsm_hammer()
{
	NICE=$1 into "$CGROUP/jail" hammer 0 8 lsm /proc/sys/kernel/domainname x 192.0.2.1 80 \
		"$TMP/vault/object" "$TMP/vault/true" "$TMP/place" >"$TMP/counts" 2>&1 &
	hammer=$!
	eventually 10 grep -q . "$CGROUP/jail/cgroup.procs"
}

# By its parent: a child of it that is about to execute a program must come to its end.
lsm_stop()
{
	local pid

	while read -r pid; do
		if [ "$(awk '/^PPid:/ { print $2 }' "/proc/$pid/status")" = $hammer ]; then
			kill "$pid"
		fi
	done <"$CGROUP/jail/cgroup.procs" 2>/dev/null
	wait $hammer
}

# each NAME CONDITION WANTED: of how many of the six operations DENIED, ALLOWED, ERRORS hold that
each()
{
	same "$1: $(tr '\n' ' ' <"$TMP/counts")" "$3" \
		"$(awk "NR > 1 { denied = \$2; allowed = \$3; errors = \$4; if ($2) n++ } END { print n + 0 }" \
			"$TMP/counts")"
}

lsm_part()
{
	local swaps=0 new=$BUILD-upgrade/enforcer/cgward start

	apply lsm-second
	apply lsm-first
	lsm_hammer 10
	start=$SECONDS
	for ((i = 0; i < RELOADS / 2; i++)); do
		cgward apply lsm-second.ini >"$TMP/output" 2>&1 && swaps=$((swaps + 1))
		cgward apply lsm-first.ini >"$TMP/output" 2>&1 && swaps=$((swaps + 1))
	done
	lsm_stop
	same "BPF LSM: $RELOADS swaps in $((SECONDS - start)) s" "$RELOADS" $swaps
	each "BPF LSM: none got through" "denied >= 50 && !allowed && !errors" 6

	if [ -x "$new" ]; then
		lsm_hammer 19 # loading takes long enough as it is
		CGWARD=$new cgward apply lsm-first.ini >"$TMP/output" 2>&1
		same "BPF LSM: another build takes over, status" 0 $?
		sleep 0.5
		lsm_stop
		each "BPF LSM: upgrade: none got through" "denied >= 10 && !allowed && !errors" 6
		same "BPF LSM: upgrade: its ruleset is in force" true \
			"$(CGWARD=$new cgward status --json | jq .in_force)"
		CGWARD=$new cgward remove >/dev/null 2>&1
	else
		[ -z "${GUEST-}" ] || fail "BPF LSM: another build takes over" "there is no $new"
		cgward remove >/dev/null 2>&1
	fi

	apply lsm-none
	lsm_hammer 10
	sleep 2
	lsm_stop
	each "BPF LSM: negative control: without the rules each gets through" "allowed && !denied" 6
	cgward remove >/dev/null 2>&1
}
[ "$LSM" != yes ] || lsm_part
# The rest is what hosts without BPF LSM can do, with more swaps than a guest has time for.
[ -z "${GUEST-}" ] || exit 0

# ---- hooks that every kernel has ----

# Two sets of different size, that both deny the same two operations.
policy first <<'INI'
[policy]
name = first
cgroup = /jail
[sysctl]
deny = write kernel.domainname
[network]
deny = connect 192.0.2.1
INI
{
	printf '[policy]\nname = second\ncgroup = /jail\n[sysctl]\ndeny = write kernel.*\n[network]\n'
	echo 'deny = connect udp 192.0.2.0/24'
	for i in $(seq 0 2000); do
		echo "deny = connect tcp 10.$((i / 250)).$((i % 250)).0/24:$((i + 1))"
	done
} >"$TMP/second.ini"
apply first

# hammered NAME COMMAND...: sets are swapped while it runs
hammered()
{
	local denied allowed errors swaps=0

	into "$CGROUP/jail" hammer 8 4 "${@:2}" >"$TMP/counts" 2>&1 &
	while kill -0 $! 2>/dev/null; do
		cgward apply second.ini >/dev/null 2>&1 && swaps=$((swaps + 1))
		cgward apply first.ini >/dev/null 2>&1 && swaps=$((swaps + 1))
	done
	wait $!
	read -r denied allowed errors <"$TMP/counts"
	if [ "$allowed" = 0 ] && [ "$errors" = 0 ] && [ "$denied" -gt 10000 ] && [ $swaps -ge 10 ]; then
		pass "$1: $denied attempts, $swaps swaps, none got through"
	else
		fail "$1" "$swaps swaps, denied, allowed, errors: $(cat "$TMP/counts")"
	fi
}

hammered "writes to a sysctl" write /proc/sys/kernel/domainname x
hammered "connects" connect 192.0.2.1 80

# Negative control: with a moment without rules some do get through.
into "$CGROUP/jail" hammer 2 4 connect 192.0.2.1 80 >"$TMP/counts" 2>&1 &
sleep 0.5
cgward remove >/dev/null
apply first
wait $!
read -r denied allowed _ <"$TMP/counts"
holds "negative control: remove and apply lets $allowed through" test "$allowed" -gt 0
