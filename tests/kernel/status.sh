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
