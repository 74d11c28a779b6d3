#!/bin/bash
# SPDX-License-Identifier: GPL-2.0-only
# cgward inside a container that has three capabilities and /sys/fs/bpf and /sys/fs/cgroup of the
# host: it governs the host's cgroups from there, and what it pinned outlives the container.
. "$(dirname "$0")/../lib.sh"
. "$(dirname "$0")/../bundle.sh"
suite_begin "$@"

command -v crun >/dev/null || {
	skip "cgward in a container" "crun is not installed"
	exit 0
}
policy inside <<'INI'
[policy]
name = inside
cgroup = /jail
[network]
deny = connect tcp 192.0.2.1
INI
mkdir -p "$CGROUP/jail" "$CGROUP/manager"
bundle=$TMP/manager

# The host's programs and libraries, read-only, and what cgward needs of /sys.
bundle_make "$bundle" "/$SUITE_OWN/root/manager" || broken "no bundle"
mkdir -p "$bundle"/rootfs/{usr,lib,lib64,build,policies}
jq --arg build "$BUILD" --arg policies "$TMP" --arg bpf "$TMP/bpf" --argjson capabilities \
	'["CAP_BPF", "CAP_PERFMON", "CAP_NET_ADMIN", "CAP_DAC_OVERRIDE"]' '
	def bind(from; to; mode): {destination: to, type: "none", source: from, options: ["rbind", mode]};
	.process.capabilities = {bounding: $capabilities, effective: $capabilities, permitted: $capabilities} |
	.mounts += [bind("/usr"; "/usr"; "ro"), bind("/lib"; "/lib"; "ro"), bind("/lib64"; "/lib64"; "ro"),
		bind($build; "/build"; "ro"), bind($policies; "/policies"; "ro"),
		bind("/sys/fs/cgroup"; "/sys/fs/cgroup"; "rw"), bind($bpf; "/sys/fs/bpf"; "rw")]' \
	"$bundle/config.json" >"$bundle/new" && mv "$bundle/new" "$bundle/config.json"

runtime()
{
	crun --root "$TMP/state" "$@" </dev/null
}

# inside COMMAND [ARGUMENT]...: cgward in the container
inside()
{
	local place=()

	[ "$1" != apply ] || place=(--cgroup-root "$CGROUP")
	runtime exec manager /build/enforcer/cgward "$1" --bpffs /sys/fs/bpf/cgward "${place[@]}" "${@:2}"
}

{ runtime create -b "$bundle" manager && runtime start manager; } >"$TMP/output" 2>&1 ||
	broken "crun cannot start a container: $(cat "$TMP/output")"
is "before" allowed /jail connect tcp 192.0.2.1:80
holds "in a container: apply" inside apply /policies/inside.ini
holds "in a container: status" inside status
is "in a container: denied on the host" denied /jail connect tcp 192.0.2.1:80
runtime delete -f manager >/dev/null 2>&1
is "the container gone: still denied" denied /jail connect tcp 192.0.2.1:80
holds "the container gone: status on the host" cgward status
holds "the container gone: remove on the host" cgward remove
