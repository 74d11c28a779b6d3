#!/bin/bash
# SPDX-License-Identifier: GPL-2.0-only
# audit.sh - what cgward-audit can take, how late it is, and how much memory it needs:
#
#   BUILD=build tests/bench/audit.sh [SECONDS]
#
# Needs root and two CPUs: the flood runs on CPU 1, the reader on CPU 0. Both run with a real-time
# priority, so that each has its CPU whatever else the machine does. Prints a table.
. "$(dirname "$0")/../lib.sh"
SUITE=bench/audit
suite_begin "$@"
seconds=${1:-5}

# reader OPTION...: in the background, on CPU 0
reader()
{
	taskset -c 0 chrt --rr 1 "$AUDIT" --bpffs "$BPFFS" --follow "$@" 2>>"$TMP/err" &
	READER=$!
	eventually 10 grep -q '^Seccomp:[[:space:]]*2' "/proc/$READER/status" ||
		broken "cgward-audit $*: $(cat "$TMP/err")"
}
reader_stop()
{
	kill "$READER" && wait "$READER"
}
# CPU time of the reader so far, in ms
cpu_time()
{
	awk -v hz="$(getconf CLK_TCK)" '{ sub(/.*\) /, ""); print ($12 + $13) * 1000 / hz }' \
		"/proc/$READER/stat"
}
memory()
{
	awk '/^(VmHWM|VmRSS|RssAnon)/ { printf "%s %d KiB  ", $1, $2 }' "/proc/$READER/status"
}
# a field of all lines that stand for lost ones
lost()
{
	awk '/"type":"lost"/ { sub(/.*"count":/, ""); sum += $1 + 0 }
		/^[^ ]* LOST / { sum += $3 } END { print sum + 0 }' "$1"
}

policy small <<'INI'
[policy]
name = small
cgroup = /jail
[network]
deny = connect 192.0.2.1
INI
# Every denial an event.
printf '[cgward]\nprotect = off\nevents-per-second = unlimited\n' >"$CONFIG"
apply small
mkdir -p "$CGROUP/jail"

# throughput TITLE RATE LINES-OF-VIOLATIONS FILE OPTION...
throughput()
{
	local before after lines lost tried got
	"$AUDIT" --bpffs "$BPFFS" --output /dev/null
	reader "${@:5}"
	before=$(cpu_time)
	taskset -c 1 chrt --rr 1 "$BUILD/helpers/into" "$CGROUP/jail" pace "$2" "$seconds" 192.0.2.1 80 \
		>"$TMP/counts"
	read -r tried _ got <"$TMP/counts"
	sleep 1.5
	after=$(cpu_time)
	lines=$(grep -cE "$3" "$4")
	lost=$(lost "$4")
	[ $((lines + lost)) = "$tried" ] || echo "$tried were denied, $lines are in the log, $lost lost"
	awk -v title="$1" -v got="$got" -v lines="$lines" -v lost="$lost" -v ms=$((after - before)) \
		-v memory="$(memory)" 'BEGIN { printf "%-22s %8d events/s, %d of %d lost, %8d events for a second of CPU time;  %s\n",
		title, got, lost, lines + lost, lines * 1000 / ms, memory }'
	reader_stop
	rm -f "$4" "$4".*
}
for rate in 200000 250000; do
	throughput "JSON into a file" $rate '"type":"violation"' "$TMP/json" --format json --output "$TMP/json"
	throughput "text into a file" $rate ' DENY ' "$TMP/text" --format text --output "$TMP/text"
	throughput "JSON into two files" $rate '"type":"violation"' "$TMP/json" --format json \
		--output "$TMP/json" --output "$TMP/json2"
done
# More than ten million events; 150 MB a second are more than many disks take.
"$AUDIT" --bpffs "$BPFFS" --output /dev/null
events_lost()
{
	"$CGWARD" status --json --bpffs "$BPFFS" | jq .events_lost
}
before=$(events_lost)
reader --format json --output /dev/null
taskset -c 1 chrt --rr 1 "$BUILD/helpers/into" "$CGROUP/jail" pace 200000 52 192.0.2.1 80 >"$TMP/counts"
sleep 1.5
echo "a minute of it         $(cut -d ' ' -f 1 "$TMP/counts") events, $(($(events_lost) - before)) lost;  $(memory)"
reader_stop

# From the kernel's decision to the line at the other end of a pipe, when there is nothing else.
mkfifo "$TMP/pipe"
chrt --rr 1 python3 - "$TMP/pipe" >"$TMP/late" <<'PYTHON' &
import datetime, json, sys, time
late = []
for line in open(sys.argv[1], "rb", buffering=0):
    now = time.time_ns()
    event = json.loads(line)
    if event["type"] == "violation":
        whole, rest = event["time"].split(".")
        seconds = datetime.datetime.fromisoformat(whole + "+00:00").timestamp()
        late.append(now - int(seconds) * 10**9 - int(rest[:9]))
late.sort()
print(f"{len(late)} denials: median {late[len(late) // 2] / 1e6:.2f} ms, "
      f"99 % {late[len(late) * 99 // 100] / 1e6:.2f} ms, worst {late[-1] / 1e6:.2f} ms")
PYTHON
python=$!
reader --format json --output "$TMP/pipe"
for _ in $(seq 200); do
	into "$CGROUP/jail" op connect tcp 192.0.2.1:80 >/dev/null
	sleep 0.01
done
sleep 0.2
reader_stop
wait $python
echo "denial to line         $(cat "$TMP/late")"

# Memory with 100,000 rules of which 20,000 fire, in turn.
{
	printf '[policy]\nname = large\ncgroup = /jail\n[network]\n'
	for ((i = 0; i < 100000; i++)); do
		echo "deny = connect tcp 10.$((i / 65536)).$((i / 256 % 256)).$((i % 256)):1-$((i % 1000 + 1))"
	done
} >"$TMP/large.ini"
apply large
reader --format json --output "$TMP/json" --metrics "$TMP/prom"
before=$(cpu_time)
in_cgroup /jail taskset -c 1 python3 - <<'PYTHON'
import socket
for i in range(0, 100000, 5):
    with socket.socket() as peer:
        try:
            peer.connect((f"10.{i >> 16}.{i >> 8 & 255}.{i & 255}", 1))
        except OSError:
            pass
PYTHON
sleep 1.5
after=$(cpu_time)
echo "100,000 rules          $(grep -c '"type":"violation"' "$TMP/json") events, $(grep -o '"rule":"[^"]*"' "$TMP/json" |
	sort -u | wc -l) rules fired, $(lost "$TMP/json") lost, $((after - before)) ms of CPU time;  $(memory)"
kill "$READER"
wait "$READER"
echo "its metrics            $(grep -c ^cgward_violations_total "$TMP/prom") rules, $(du -k "$TMP/prom" | cut -f 1) KiB"
