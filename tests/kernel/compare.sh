#!/bin/bash
# SPDX-License-Identifier: GPL-2.0-only
# The rows of tests/compare/rows, each tried under its seccomp filter and under cgward. What a filter
# lets through or cannot tell apart is asserted as much as what it denies: tests/compare/table.sh makes
# a table of it.
. "$(dirname "$0")/../lib.sh"
suite_begin "$@"

lsm=$(cgward doctor --json | jq -r '.features[] | select(.name == "BPF LSM").state')
policy jail <<'INI'
[policy]
name = jail
cgroup = /jail
[network]
deny = connect 192.0.2.0/24
deny = bind tcp *:1-1023
deny = socket inet/raw inet6/raw
[sysctl]
deny = write kernel.domainname
[device]
deny = rm b 7:1
INI
policies=(jail)
if [ "$lsm" = yes ]; then
	policy jail-lsm <<INI
[policy]
name = jail-lsm
cgroup = /jail
[kernel]
deny = mount
[file]
deny = read $TMP/secret
INI
	policies+=(jail-lsm)
fi
mkdir nodes mnt mounted
mknod nodes/b7:1 b 7 1
mknod nodes/c1:3 c 1 3
mount -t tmpfs none mounted
touch secret other
apply "${policies[@]}"
mkdir -p "$CGROUP"/{jail,free}

# attempt CGROUP FILTER OPERATION: both as the table has them
attempt()
{
	local -a filter operation

	read -ra filter <<<"$2"
	eval "operation=($3)" # it may name files of the suite
	case ${operation[0]} in
	--write | --opened | --passed | --inherited) ;;
	*) operation=(-- op "${operation[@]}") ;;
	esac
	in_cgroup "$1" filtered "${filter[@]}" "${operation[@]}" 2>&1
}

trim()
{
	sed -E 's/ *\| */|/g; s/^ +| +$//g'
}

section=
while IFS='|' read -r name filter operation wanted neighbour wanted2 own needs; do
	[[ $name == the\ same* ]] && name="$section, $name" || section=$name
	same "$name: under seccomp $wanted" "$wanted" "$(attempt /free "$filter" "$operation")"
	same "$name: a neighbour under seccomp $wanted2" "$wanted2" \
		"$(attempt /free "$filter" "$neighbour")"
	[ "$needs" != lsm ] || [ "$lsm" = yes ] || continue
	same "$name: under cgward denied" denied "$(attempt /jail '' "${own:-$operation}")"
	same "$name: a neighbour under cgward allowed" allowed "$(attempt /jail '' "$neighbour")"
	same "$name: without either allowed" allowed "$(attempt /free '' "${own:-$operation}")"
done < <(grep -v '^#' "$TESTS/compare/rows" | trim)

# A filter that shuts io_uring shuts all of it.
holds "io_uring shut: nothing goes by it" grep -q "failed to set up 'io_uring': Operation not permitted" \
	<<<"$(attempt /free io_uring_setup '--io-uring connect tcp 203.0.113.1:80')"
