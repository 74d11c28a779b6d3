#!/bin/bash
# SPDX-License-Identifier: GPL-2.0-only
# throughput.sh [ROUNDS] - iperf3 over loopback, not governed, and governed by rules that attach every
# network hook, by turns:
#
#   BUILD=build tests/bench/throughput.sh
#
# Needs root and iperf3. Prints medians of ROUNDS runs of two seconds each.
. "$(dirname "$0")/../lib.sh"
SUITE=bench/throughput
suite_begin "$@"
rounds=${1:-9}

policy web <<'INI'
[policy]
name = web
cgroup = /web
[network]
deny = connect 192.0.2.0/24
deny = connect tcp 198.51.100.0/24:22
deny = bind tcp,udp *:1-1023
deny = socket inet/raw
INI
mkdir -p "$CGROUP"/{web,free}
into "$CGROUP/free" iperf3 -s -B 127.0.0.1 >"$TMP/server" 2>&1 &
eventually 10 bash -c 'exec 3<>/dev/tcp/127.0.0.1/5201' || broken "no server: $(cat "$TMP/server")"
sleep 0.5

# run KIND LABEL
run()
{
	local cgroup=/free
	local -a options=()

	[ "$1" = tcp ] || options=(-u -b 0 -l 1400)
	cgward remove >/dev/null 2>&1
	sleep 0.3 # links go some time later
	[ "$2" = none ] || apply_now web
	[ "$2" != governed ] || cgroup=/web
	in_cgroup $cgroup iperf3 -c 127.0.0.1 -t 2 -J "${options[@]}" |
		jq '.end | (.sum_received // .sum).bits_per_second / 1e6 | round' >>"$TMP/$1.$2"
}

# Every second round the other way round: a machine gets slower and faster while it runs.
for ((i = 0; i < rounds; i++)); do
	order=(none ungoverned governed)
	[ $((i % 2)) -eq 0 ] || order=(governed ungoverned none)
	for label in "${order[@]}"; do
		run tcp "$label"
		run udp "$label"
	done
done

echo '| Mbit/s | no cgward | ungoverned | governed |'
echo '|---|---|---|---|'
for kind in tcp udp; do
	echo "| $kind | $(for label in none ungoverned governed; do
		sort -n "$TMP/$kind.$label" | awk '{ v[NR] = $1 } END { printf "%d (%d to %d) | ",
			v[int((NR + 1) / 2)], v[1], v[NR] }'
	done)"
done
