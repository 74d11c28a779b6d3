#!/bin/bash
# SPDX-License-Identifier: GPL-2.0-only
# networks.sh N [6] - a policy for /web with N networks, none next to another: IPv4, from /24 to single
# addresses, or IPv6, from /48 to /56
printf '[policy]\nname = web\ncgroup = /web\n[network]\n'
seq 0 $((${1:?how many} - 1)) | awk -v family="${2:-4}" 'family == 6 {
	printf "deny = connect fd00:%x:%x::/%d\n", $1 * 2 / 65536, $1 * 2 % 65536, 48 + $1 % 9
	next
}
{
	base = 11 * 16777216 + $1 * 512
	printf "deny = connect %d.%d.%d.0/%d\n", base / 16777216, base / 65536 % 256, base / 256 % 256, 24 + $1 % 9
}'
