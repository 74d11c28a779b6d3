#!/bin/bash
# SPDX-License-Identifier: GPL-2.0-only
# fetch.sh DIRECTORY VERSION - downloads (does not install) the newest of Debian's cloud kernels whose
# version begins with VERSION, or the newest of all for "newest", from the mirror that this machine's
# own apt sources name, and unpacks it: DIRECTORY/VERSION/{vmlinuz,lib/modules/*}. Prints the version.
# apt's state lies in DIRECTORY/apt; the machine's own stays as it is.
set -euo pipefail
directory=$(mkdir -p "$1" && cd "$1" && pwd)
version=$2
apt=$directory/apt
keyring=/usr/share/keyrings/debian-archive-keyring.gpg

die()
{
	echo "fetch.sh: $*" >&2
	exit 1
}

# The first Debian mirror of this machine's sources, in either of their two formats: one of the two
# files is usually missing.
mirror()
{
	cat /etc/apt/sources.list /etc/apt/sources.list.d/* 2>/dev/null |
		awk '!/^ *#/ && match($0, /https?:\/\/[^ ]+\/debian( |\/|$)/) && !found {
			found = substr($0, RSTART, RLENGTH)
			sub(/[ \/]$/, "", found)
			print found
		}' || true
}

# Kernels of several Debian releases at once, which no release has in its own sources.
configure()
{
	local base=$1 suite

	mkdir -p "$apt"/{lists/partial,cache/archives/partial,empty}
	touch "$apt/status"
	{
		for suite in bookworm bookworm-backports trixie trixie-backports sid; do
			echo "deb [signed-by=$keyring] $base $suite main"
		done
		for suite in bookworm trixie; do
			echo "deb [signed-by=$keyring] $base-security $suite-security main"
		done
	} >"$apt/sources.list"
	cat >"$apt/apt.conf" <<-CONF
		Dir::Etc::sourcelist "$apt/sources.list";
		Dir::Etc::sourceparts "$apt/empty";
		Dir::Etc::preferencesparts "$apt/empty";
		Dir::State::lists "$apt/lists";
		Dir::State::status "$apt/status";
		Dir::Cache "$apt/cache";
		Acquire::Languages "none";
		Acquire::http::Timeout "20";
		Acquire::https::Timeout "20";
	CONF
	export APT_CONFIG=$apt/apt.conf
}

# package_of REGEX: the newest cloud kernel whose version the expression matches
package_of()
{
	apt-cache search --names-only "^linux-image-$1[.-][0-9.+a-z~-]*-cloud-amd64\$" |
		awk '{ print $1 }' | sort -V | tail -n 1
}

# unpack PACKAGE...
unpack()
{
	local package file

	for package in "$@"; do
		(cd "$apt/cache" && apt-get download -qq "$package" >/dev/null 2>&1) ||
			die "$package cannot be downloaded"
		file=$(find "$apt/cache" -maxdepth 1 -name "${package}_*.deb" | sort -V | tail -n 1)
		dpkg-deb -x "$file" "$unpacked"
		rm -f "$file"
	done
}

[ "$(dpkg --print-architecture)" = amd64 ] || die "there is a test guest for amd64 only"
base=$(mirror)
[ -n "$base" ] || die "this machine's apt sources name no Debian mirror"
[ -e "$keyring" ] || die "$keyring is missing: install debian-archive-keyring"
configure "$base"
apt-get update -qq >"$apt/log" 2>&1 || die "apt-get update: $(tail -n 1 "$apt/log")"
if [ "$version" = newest ]; then
	package=$(package_of '[0-9]+\.[0-9]+')
	version=$(sed -E 's/^linux-image-([0-9]+\.[0-9]+).*/\1/' <<<"$package")
else
	package=$(package_of "${version//./\\.}")
fi
[ -n "$package" ] || die "no kernel $version is on offer"
unpacked=$(mktemp -d "$directory/unpack.XXXXXX")
trap 'rm -rf "$unpacked"' EXIT
# From 6.19 on the package is split.
mapfile -t parts < <(apt-cache show "$package" | sed -n 's/^Depends: //p' | head -n 1 |
	grep -oE 'linux-(binary|modules)-[^ ,]+')
unpack "$package" "${parts[@]}"
[ -d "$unpacked/lib" ] || ln -s usr/lib "$unpacked/lib"
image=$(cd "$unpacked" && find . -name 'vmlinuz*' -type f | head -n 1)
[ -n "$image" ] || die "$package holds no kernel image"
ln -sf "$image" "$unpacked/vmlinuz"
rm -rf "${directory:?}/$version"
mv "$unpacked" "$directory/$version"
echo "$version"
