#!/bin/bash
# SPDX-License-Identifier: GPL-2.0-only
# setup.sh - installs what cgward needs to be built and tested on Debian 12 and 13.
# Does nothing, and says nothing, when nothing is missing. --list prints the packages.
set -euo pipefail

# to build
packages=(build-essential cmake pkg-config clang llvm bpftool libbpf-dev libinih-dev libcap-dev
	libseccomp-dev libmicrohttpd-dev libjansson-dev libcmocka-dev linux-libc-dev)
# to test: runtimes and a root file system for containers, namespaces, network, checks, fuzzers
packages+=(crun runc busybox-static iproute2 util-linux procps python3 jq strace git curl patch
	clang-format shellcheck mandoc rsyslog systemd prometheus nginx iputils-ping bind9-dnsutils
	netcat-openbsd)
# to boot other kernels in test guests
packages+=(qemu-system-x86 cpio kmod xz-utils zstd stress-ng)
# clang's own run-time libraries (sanitizers, libFuzzer) carry its version in their name
clang_runtime()
{
	local version

	version=$(apt-cache depends clang 2>/dev/null |
		sed -n 's/.*Depends: clang-\([0-9][0-9]*\)$/\1/p' | head -n 1)
	[ -z "$version" ] || echo "libclang-rt-$version-dev"
}

installed()
{
	[ "$(dpkg-query -W -f '${db:Status-Status}' "$1" 2>/dev/null)" = installed ]
}

missing=()
if [ "${1-}" = --list ]; then
	printf '%s\n' "${packages[@]}"
	exit 0
fi
if ! command -v apt-get >/dev/null; then
	echo "setup.sh: this system has no apt-get; install by hand: ${packages[*]}" >&2
	exit 1
fi
for package in "${packages[@]}" $(clang_runtime); do
	installed "$package" || missing+=("$package")
done
[ ${#missing[@]} -gt 0 ] || exit 0

if [ "$(id -u)" != 0 ]; then
	echo "setup.sh: missing: ${missing[*]}; run it as root (sudo ./setup.sh)" >&2
	exit 1
fi
echo "setup.sh: installing ${missing[*]}"
export DEBIAN_FRONTEND=noninteractive
log=$(mktemp)
# The programs are wanted, not their services. One that a killed setup.sh has left is ours.
policy=/usr/sbin/policy-rc.d
mark='# setup.sh of cgward, while it installs packages'
if [ -e "$policy" ] && ! grep -qsF "$mark" "$policy"; then
	policy=
else
	printf '#!/bin/sh\n%s\nexit 101\n' "$mark" >"$policy"
	chmod 755 "$policy"
fi
trap 'rm -f "$log" $policy' EXIT
if ! { apt-get update && apt-get install -y --no-install-recommends "${missing[@]}"; } \
	>"$log" 2>&1 </dev/null; then
	cat "$log" >&2
	echo "setup.sh: failed to install ${missing[*]}: see above" >&2
	exit 1
fi
# On a fresh machine clang's version was not known before the package lists were there.
runtime=$(clang_runtime)
if [ -n "$runtime" ] && ! installed "$runtime"; then
	apt-get install -y --no-install-recommends "$runtime" >"$log" 2>&1 </dev/null || {
		cat "$log" >&2
		exit 1
	}
fi
