#!/bin/bash
# SPDX-License-Identifier: GPL-2.0-only
# A policy holds for the cgroup and everything below it, in whatever way a process gets there.
. "$(dirname "$0")/../lib.sh"
suite_begin "$@"

policy inherited <<'INI'
[policy]
name = inherited
cgroup = /web
cgroup = /pods/*/app
[sysctl]
deny = write net.ipv4.ip_forward
[network]
deny = connect 192.0.2.1
INI
apply inherited
write=(sysctl write net.ipv4.ip_forward=0)

# both NAME WANTED PATH: a sysctl write and a connect there
both()
{
	is "$1: sysctl" "$2" "$3" "${write[@]}"
	is "$1: connect" "$2" "$3" connect tcp 192.0.2.1:80
}

both "the cgroup itself" denied /web
both "a child" denied /web/child
both "a grandchild" denied /web/child/grandchild
both "a sibling is not governed" allowed /web2
both "a sibling whose name is a prefix is not governed" allowed /we
both "the same name elsewhere is not governed" allowed /other/web
both "the root is not governed" allowed ""
both "a star is one component" denied /pods/a/app
both "a star is not two components" allowed /pods/a/b/app
both "below a star" denied /pods/a/app/c/d/e

deep=/web
for i in $(seq 58); do
	deep=$deep/d$i
done
both "60 levels deep" denied "$deep"
mkdir -p "$CGROUP/x${deep}"
both "60 levels deep, not governed" allowed "/x$deep"

long=$(printf '%0200d' 7)
both "a path of more than 2,000 bytes" denied \
	"/web/$long/$long/$long/$long/$long/$long/$long/$long/$long/$long"

# A process that is moved there by writing cgroup.procs, as most runtimes do.
same "moved by the administrator" denied "$(into --move "$CGROUP/web" op "${write[@]}")"

same "in a cgroup namespace" denied "$(into "$CGROUP/web" unshare --cgroup op "${write[@]}")"
# shellcheck disable=SC2016  # for the inner shell
same "in a child made from within a cgroup namespace" denied "$(into "$CGROUP/web" \
	unshare --cgroup --mount sh -c 'mkdir "$1/own" && into "$1/own" op sysctl write net.ipv4.ip_forward=0' \
	_ "$CGROUP/web")"
same "in new mount, PID, UTS and IPC namespaces" denied "$(into "$CGROUP/web" \
	unshare --mount --pid --fork --uts --ipc --mount-proc op "${write[@]}")"
same "in a user namespace, as its root" denied "$(into "$CGROUP/web" \
	unshare --user --map-root-user --net op "${write[@]}")"
same "in a new network namespace" denied "$(into "$CGROUP/web" unshare --net op "${write[@]}")"
same "after chroot" denied "$(into "$CGROUP/web" chroot / "$(command -v op)" "${write[@]}")"

for _ in 1 2 3; do
	rmdir "$CGROUP/web/child/grandchild" "$CGROUP/web/child"
	both "a cgroup removed and made again" denied /web/child/grandchild
done
cgroup_remove "$CGROUP/web"
both "the governed cgroup removed and made again" denied /web
