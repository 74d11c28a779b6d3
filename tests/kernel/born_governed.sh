#!/bin/bash
# SPDX-License-Identifier: GPL-2.0-only
# With no process of cgward alive, cgroups are created whose first process does what is denied as
# its first system call: each one is denied.
. "$(dirname "$0")/../lib.sh"
suite_begin "$@"

policy born <<'INI'
[policy]
name = born
cgroup = /pods/b*
[sysctl]
deny = write kernel.domainname
[network]
deny = connect 192.0.2.1
deny = socket raw
INI
apply born
mkdir -p "$CGROUP/pods" "$CGROUP/others" "$CGROUP/launcher"

same "no process of cgward is alive" "" "$(ours)"

# Sockets belong to the cgroup in which they are made: the launcher's, below --cgroup-root.
domain=$(cat /proc/sys/kernel/domainname)
same "1,000 births: write to a sysctl" "1000 0 0" \
	"$(into "$CGROUP/launcher" born 1000 "$CGROUP/pods" write /proc/sys/kernel/domainname x)"
same "not one write came through" "$domain" "$(cat /proc/sys/kernel/domainname)"
same "1,000 births: connect" "1000 0 0" \
	"$(into "$CGROUP/launcher" born 1000 "$CGROUP/pods" connect 192.0.2.1 80)"
same "1,000 births: socket" "1000 0 0" \
	"$(into "$CGROUP/launcher" born 1000 "$CGROUP/pods" socket)"

same "births elsewhere are not governed: write" "0 100 0" \
	"$(into "$CGROUP/launcher" born 100 "$CGROUP/others" write /proc/sys/kernel/domainname x)"
same "births elsewhere are not governed: connect" "0 100 0" \
	"$(into "$CGROUP/launcher" born 100 "$CGROUP/others" connect 192.0.2.1 80)"
same "births elsewhere are not governed: socket" "0 100 0" \
	"$(into "$CGROUP/launcher" born 100 "$CGROUP/others" socket)"

# The counters say the same.
counted=$(cgward status --json | jq '[.. | objects | select(has("denied")) | .denied] | add')
same "every denial is counted" 3000 "$counted"

same "negative control: removed, births are free" "0 100 0" "$(cgward remove >/dev/null &&
	into "$CGROUP/launcher" born 100 "$CGROUP/pods" write /proc/sys/kernel/domainname x)"
