#!/bin/bash
# SPDX-License-Identifier: GPL-2.0-only
# image.sh OUT KERNEL-DIRECTORY MODULE... - packs the initramfs of a test guest: cgward as it was built
# here, the suites, the programs that they use with their libraries, at the same places as here, and
# the modules. Not compressed: an emulated processor unpacks slowly.
set -euo pipefail
here=$(cd "$(dirname "$0")" && pwd)
tests=$(dirname "$here")
build=${BUILD:-$(dirname "$tests")/build}
out=$1
kernel=$2
shift 2
# What the suites call; all else is busybox, which starts three times faster, being static.
# VM_PROGRAMS: what some suite needs besides.
read -ra programs <<<"bash bpftool find ip jq mount setpriv stat timeout umount unshare ${VM_PROGRAMS-}"

root=$(mktemp -d)
trap 'rm -rf "$root"' EXIT

# add FILE [AS]: with the libraries that it needs
add()
{
	local library

	mkdir -p "$root$(dirname "${2-$1}")"
	cp -L "$1" "$root${2-$1}"
	# Scripts and static programs have none.
	for library in $(ldd "$1" 2>/dev/null | grep -oE '/[^ ]+'); do
		mkdir -p "$root$(dirname "$library")"
		cp -nL "$library" "$root$library"
	done
}

# module NAME: after the modules that it needs; the guest loads them in this order
module()
{
	local modules file name

	modules=$(find "$kernel/lib/modules/" -mindepth 1 -maxdepth 1 -type d | head -n 1)
	[ -e "$modules/modules.dep" ] || depmod -b "$kernel" "$(basename "$modules")" 2>/dev/null
	for file in $(grep -E "/$1\.ko[^:]*:" "$modules/modules.dep" | tr ':' ' ' |
		awk '{ for (i = NF; i >= 1; i--) print $i }'); do
		name=$(basename "${file%.ko*}").ko
		[ -e "$root/modules/$name" ] && continue
		case $file in
		*.xz) xz -dc "$modules/$file" ;;
		*.zst) zstd -dcq "$modules/$file" ;;
		*) cat "$modules/$file" ;;
		esac >"$root/modules/$name"
		echo "/modules/$name" >>"$root/modules/list"
	done
}

mkdir -p "$root"/{proc,sys,dev,tmp,run,bin,sbin,usr,etc,modules,cgward/build,cgward/policies}
touch "$root/modules/list"
add "$(command -v busybox)" /bin/busybox
for program in "${programs[@]}"; do
	file=$(command -v "$program") || {
		echo "image.sh: there is no program '$program'" >&2
		exit 1
	}
	[[ $file == /* ]] || file=/usr/bin/$program # what the shell has built in
	add "$file" "/bin/$program"
done
add "$build/enforcer/cgward" /cgward/build/enforcer/cgward
add "$build/audit/cgward-audit" /cgward/build/audit/cgward-audit
# The one to upgrade to, if a suite has asked for it.
[ ! -e "$build-upgrade/enforcer/cgward" ] ||
	add "$build-upgrade/enforcer/cgward" /cgward/build-upgrade/enforcer/cgward
for file in "$build"/helpers/*; do
	add "$file" "/cgward/build/helpers/${file##*/}"
done
cp -r "$tests" "$root/cgward/tests"
cp -r "$(dirname "$tests")/policies/examples" "$root/cgward/policies/examples"
for name in "$@"; do
	module "$name"
done
install -m 755 "$here/init" "$root/init"
(cd "$root" && find . | cpio -o -H newc --quiet) >"$out"
