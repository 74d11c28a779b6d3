#!/bin/bash
# SPDX-License-Identifier: GPL-2.0-only
# networks.sh N - a policy for /web with N networks, none next to another: from /24 to single addresses
printf '[policy]\nname = web\ncgroup = /web\n[network]\n'
seq 0 $((${1:?how many} - 1)) | awk '{
	base = 11 * 16777216 + $1 * 512
	printf "deny = connect %d.%d.%d.0/%d\n", base / 16777216, base / 65536 % 256, base / 256 % 256, 24 + $1 % 9
}'
