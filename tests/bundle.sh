# SPDX-License-Identifier: GPL-2.0-only
# shellcheck shell=bash
# bundle.sh - OCI bundles whose root file system is one busybox, for the container suites and the
# demonstration. The container has mount, PID, UTS and IPC namespaces of its own, all capabilities
# and a writable /proc/sys: root as privileged as a container can be. It shares the network
# namespace of whoever starts it.

# bundle_make DIRECTORY CGROUP-PATH: the path is seen from the top of cgroup v2
bundle_make()
{
	local busybox applet

	busybox=$(command -v busybox) || return 1
	mkdir -p "$1"/rootfs/{bin,proc,sys,dev,tmp,etc,run}
	cp "$busybox" "$1/rootfs/bin/busybox"
	for applet in sh sysctl wget cat sleep nc hostname id touch; do
		ln -sf busybox "$1/rootfs/bin/$applet"
	done
	bundle_config "$2" >"$1/config.json"
}

# All capabilities of this process: a runtime cannot give more.
bundle_capabilities()
{
	local bits name sets bit=0

	bits=$((16#$(sed -n 's/^CapEff:\t*//p' /proc/self/status)))
	sets=
	for name in CHOWN DAC_OVERRIDE DAC_READ_SEARCH FOWNER FSETID KILL SETGID SETUID SETPCAP \
		LINUX_IMMUTABLE NET_BIND_SERVICE NET_BROADCAST NET_ADMIN NET_RAW IPC_LOCK IPC_OWNER \
		SYS_MODULE SYS_RAWIO SYS_CHROOT SYS_PTRACE SYS_PACCT SYS_ADMIN SYS_BOOT SYS_NICE; do
		[ $((bits >> bit & 1)) = 0 ] || sets="$sets${sets:+, }\"CAP_$name\""
		bit=$((bit + 1))
	done
	echo "[$sets]"
}

bundle_config()
{
	local capabilities

	capabilities=$(bundle_capabilities)
	cat <<JSON
{
	"ociVersion": "1.0.2",
	"process": {
		"user": {"uid": 0, "gid": 0},
		"args": ["/bin/sleep", "1000"],
		"env": ["PATH=/bin"],
		"cwd": "/",
		"capabilities": {
			"bounding": $capabilities,
			"effective": $capabilities,
			"permitted": $capabilities
		}
	},
	"root": {"path": "rootfs"},
	"hostname": "container",
	"mounts": [
		{"destination": "/proc", "type": "proc", "source": "proc"},
		{"destination": "/dev", "type": "tmpfs", "source": "tmpfs",
			"options": ["nosuid", "mode=755", "size=65536k"]},
		{"destination": "/sys", "type": "none", "source": "/sys", "options": ["rbind", "ro"]}
	],
	"linux": {
		"cgroupsPath": "$1",
		"namespaces": [
			{"type": "pid"}, {"type": "mount"}, {"type": "uts"}, {"type": "ipc"}
		]
	}
}
JSON
}
