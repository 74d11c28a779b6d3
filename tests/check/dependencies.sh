#!/bin/bash
# SPDX-License-Identifier: GPL-2.0-only
# Includes point one way: bpf's abi.h and match.h at the bottom, policies above them, audit above
# policies, enforcer above all.
. "$(dirname "$0")/../lib.sh"
cd "$SOURCE_DIR" || exit 1

# Names of the headers of a directory, as an alternation.
headers_of()
{
	find "$1" -maxdepth 1 -name '*.h' -printf '%f\n' | sed 's/\./\\./' | paste -s -d '|'
}

# includes_none NAME DIRECTORY ALTERNATION: no file of the directory includes any of these
includes_none()
{
	local found

	found=$(grep -nE "^[ 	]*#[ 	]*include[ 	]*[<\"]([^>\"]*/)?($3)[>\"]" "$2"/*.[ch] 2>/dev/null)
	if [ -z "$found" ]; then
		pass "$1"
	else
		fail "$1" "$(tr '\n' ';' <<<"$found")"
	fi
}

includes_none "policies includes no libbpf and no libcap" policies \
	'bpf/(bpf|libbpf|btf)[^>"]*|(bpf|libbpf|btf)\.h|sys/capability\.h'
includes_none "policies includes no header of enforcer" policies "$(headers_of enforcer)"
includes_none "policies includes no header of audit" policies "$(headers_of audit)"
includes_none "bpf includes no header of policies" bpf "$(headers_of policies)"
includes_none "bpf includes no header of enforcer" bpf "$(headers_of enforcer)"
includes_none "bpf includes no header of audit" bpf "$(headers_of audit)"
includes_none "audit includes no header of enforcer" audit "$(headers_of enforcer)"
includes_none "enforcer includes no header of audit" enforcer "$(headers_of audit)"
