#!/bin/bash
# SPDX-License-Identifier: GPL-2.0-only
# What `cgward status` says of governed cgroups is what a real operation there finds.
. "$(dirname "$0")/../lib.sh"
suite_begin "$@"

policy web <<'INI'
[policy]
name = web
cgroup = /web-*
[sysctl]
deny = write net.ipv4.ip_forward
INI
: >"$CONFIG"
apply web
write=(sysctl write net.ipv4.ip_forward=0)

# governed: the cgroups that status names, on one line
governed()
{
	cgward status --json | jq -r '[.governed[].cgroup] | join(" ")'
}

same "no cgroup, none is named" "" "$(governed)"
mkdir -p "$CGROUP/web-1/child" "$CGROUP/other/child"
same "by its name; what inherits is not named again" "/web-1" "$(governed)"
cgward attach web /other >/dev/null
same "attached by hand" "/other /web-1" "$(governed)"
is "attached by hand: the child, too" denied /other/child "${write[@]}"
rmdir "$CGROUP/other/child" "$CGROUP/other"
mkdir "$CGROUP/other"
is "a cgroup made again under that name is another one" allowed /other "${write[@]}"
same "status does not name it either" "/web-1" "$(governed)"

# ---- the host configuration ----

setting()
{
	cgward status --json | jq -c ".settings"
}
defaults='{"protect":"guard","events_per_second":100,"events_burst":1000}'
same "settings: the defaults" "$defaults" "$(setting)"
printf '[cgward]\nprotect = off\nevents-per-second = 7\n' >"$CONFIG"
changed='{"protect":"off","events_per_second":7,"events_burst":1000}'
same "settings: a file that is not applied changes nothing" "$defaults" "$(setting)"
holds "settings: --dry-run tells the change" grep -qx '~ \[cgward\]: protect = off' \
	<(cgward apply --dry-run "web.ini")
holds "settings: apply tells the change" grep -qx '~ \[cgward\]: events-per-second = 7' \
	<(cgward apply "web.ini")
same "settings: they are in force" "$changed" "$(setting)"
holds "settings: status in words" grep -qx \
	'settings: protect = off, events-per-second = 7, events-burst = 1000' <(cgward status)
holds "settings: the same again changes nothing" grep -q '^nothing changed' \
	<(cgward apply "web.ini")
mkdir -p "$CGROUP/late"
cgward attach web /late >/dev/null
same "settings: attach keeps them" "$changed" "$(setting)"
printf '[cgward]\nprotect = perhaps\n' >"$CONFIG"
cgward apply "web.ini" >"$TMP/output" 2>&1
same "settings: an error: status" 1 $?
same "settings: an error: what was in force stays" "$changed" "$(setting)"

# What has not been read yet.
policy unread <<'INI'
[policy]
name = unread
cgroup = /unread
[network]
deny = connect 192.0.2.1
INI
unread()
{
	cgward status --json | jq .events_unread
}
: >"$CONFIG"
apply unread
"$AUDIT" --bpffs "$BPFFS" >/dev/null 2>&1
same "unread: nothing" 0 "$(unread)"
for port in 1 2 3; do tries /unread connect tcp 192.0.2.1:$port >/dev/null; done
same "unread: three events" 3 "$(unread)"
same "unread: looking takes nothing" 3 "$(unread)"
same "unread: the reader gets them" 3 "$("$AUDIT" --bpffs "$BPFFS" --format json | wc -l)"
same "unread: then there is nothing left" 0 "$(unread)"
holds "unread: nothing to warn of" test -z "$(cgward remove 2>&1 >/dev/null)"
cgward apply unread.ini >/dev/null 2>&1
tries /unread connect tcp 192.0.2.1:1 >/dev/null
holds "unread: remove tells what goes with it" grep -q "warning: 1 events of .* not been read" \
	<(cgward remove 2>&1)
