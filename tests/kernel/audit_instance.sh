#!/bin/bash
# SPDX-License-Identifier: GPL-2.0-only
# The reader goes on when its instance is replaced under load, or removed and made anew: it says so in
# the log, loses nothing, and has nothing twice.
. "$(dirname "$0")/../lib.sh"
suite_begin "$@"
trap 'reap; suite_end' EXIT

policy goes <<'INI'
[policy]
name = goes
cgroup = /jail
[network]
deny = connect 192.0.2.1
INI
apply goes
mkdir -p "$CGROUP/jail" "$TMP/logs"
chmod 755 "$TMP"

STARTED=()
reap()
{
	[ ${#STARTED[@]} -eq 0 ] || kill "${STARTED[@]}" 2>/dev/null
}
of_process()
{
	sed -n "s/^$2:[[:space:]]*//p" "/proc/$1/status" 2>/dev/null
}
is_ready()
{
	[ "$(of_process $READER Seccomp)" = 2 ]
}
# reader LOG OPTION...: in the background
reader()
{
	"$AUDIT" --bpffs "$BPFFS" --follow --format json --output "$1" "${@:2}" 2>"$TMP/reader.err" &
	READER=$!
	STARTED+=("$READER")
	eventually 10 is_ready || broken "cgward-audit $*: $(cat "$TMP/reader.err")"
}
reader_stop()
{
	kill "$READER" && wait "$READER"
}
port=1000
deny()
{
	port=$((port + 1))
	tries /jail connect tcp "192.0.2.1:$port" >/dev/null
}
has_port()
{
	grep -qs "\"rule\":\"deny connect 192.0.2.1\".*\"port\":$port" "$1"
}
# notes LOG: what it says of instances
notes()
{
	jq -r 'select(.type == "instance") | .event' "$1" | paste -s -d ' '
}
total()
{
	jq -n 'reduce inputs as $line (0; . + if $line.type == "violation" then 1 else ($line.count // 0) end)' "$1"
}
# Of each instance in turn: numbers that are there twice.
twice()
{
	jq -r 'if .type == "instance" then "instance" else select(.type == "violation") | "\(.cpu) \(.seq)" end' "$1" |
		awk '/instance/ { era++; next } seen[era, $0]++ { twice++ } END { print twice + 0 }'
}
# The next apply replaces all of it, as another build does.
replace()
{
	rm "$BPFFS/progs/cgward_connect4"
	cgward apply goes.ini
}

for user in root nobody; do
	log=$TMP/logs/$user
	chown $user "$TMP/logs"
	reader "$log" --user $user --listen 127.0.0.1:9633

	# Removed, and made anew after a while.
	deny
	holds "$user: an event before" eventually 5 has_port "$log"
	cgward remove >/dev/null || broken "remove"
	holds "$user: removed: it is said" eventually 5 grep -q '"event":"gone"' "$log"
	same "$user: removed: no metrics" 500 \
		"$(curl --silent --max-time 5 --output /dev/null --write-out '%{http_code}' http://127.0.0.1:9633/metrics)"
	sleep 1.2
	holds "$user: removed: it waits" kill -0 $READER
	apply goes
	deny
	holds "$user: made anew: it goes on, and knows the rule" eventually 5 has_port "$log"
	same "$user: made anew: it is said" "gone opened" "$(notes "$log")"
	same "$user: made anew: it has no more rights" "0000000000000000 0000000000000000 2" \
		"$(of_process $READER CapEff) $(of_process $READER CapPrm) $(of_process $READER Seccomp)"
	sleep 1.1
	holds "$user: made anew: metrics" eventually 5 \
		curl --silent --fail --max-time 5 --output /dev/null http://127.0.0.1:9633/metrics

	# Replaced while threads are denied all the time.
	before=$(total "$log")
	into "$CGROUP/jail" hammer 3 2 connect 192.0.2.1 80 >"$TMP/counts" &
	hammer=$!
	sleep 1
	holds "$user: replaced under load" replace
	wait $hammer
	read -r denied allowed _ <"$TMP/counts"
	same "$user: replaced: nothing got through" 0 "$allowed"
	sleep 0.5 # the budget was used up
	deny
	holds "$user: replaced: it goes on" eventually 30 has_port "$log"
	same "$user: replaced: it is said" "gone opened gone opened" "$(notes "$log")"
	sleep 1.2 # sums of what was suppressed
	reader_stop
	got=$(($(total "$log") - before - 1))
	echo "# $user: $denied denials, $got in the log"
	# While both instances are in force, each tells of a denial.
	holds "$user: replaced: none is missing in the log" test "$got" -ge "$denied"
	holds "$user: replaced: few are there of both instances" test "$((got - denied))" -lt $((denied / 4 + 100))
	same "$user: nothing twice" 0 "$(twice "$log")"
	holds "$user: schema" python3 "$TESTS/helpers/validate.py" "$SOURCE_DIR/audit/schema.json" <(
		grep '"type":"instance"' "$log"
		head -n 100 "$log"
	)
done

# Killed after the change: the state is in the new instance.
log=$TMP/logs/killed
chown root "$TMP/logs"
reader "$log"
replace >/dev/null 2>&1
holds "killed: it went on before" eventually 5 grep -q opened "$log"
deny
eventually 5 has_port "$log"
kill -9 $READER
wait $READER 2>/dev/null
deny
"$AUDIT" --bpffs "$BPFFS" --format json --output "$log"
holds "killed: the next reader has the rest" has_port "$log"
same "killed: nothing twice, nothing lost" "0 2" "$(twice "$log") $(grep -c '"type":"violation"' "$log")"

# Another reader was faster.
reader "$TMP/logs/slow"
cgward remove >/dev/null
eventually 5 grep -q gone "$TMP/logs/slow"
kill -STOP $READER
apply goes
"$AUDIT" --bpffs "$BPFFS" --follow --output "$TMP/logs/faster" 2>/dev/null &
STARTED+=($!)
sleep 0.5
kill -CONT $READER
wait $READER
same "another reader was faster: status" 1 $?
holds "another reader was faster: it is said" grep -q 'another cgward-audit reads' "$TMP/reader.err"
