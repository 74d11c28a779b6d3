#!/bin/bash
# SPDX-License-Identifier: GPL-2.0-only
# Where the reader's lines go: files, rotation, log daemons, several at once; and what the reader
# cannot do any more once all of that is open.
. "$(dirname "$0")/../lib.sh"
suite_begin "$@"
trap 'reap; suite_end' EXIT

policy sinks <<'INI'
[policy]
name = sinks
cgroup = /jail
[sysctl]
deny = write kernel.domainname
[network]
deny = connect 192.0.2.1
INI
# Every denial an event: audit_floods.sh is about budgets.
printf '[cgward]\nprotect = off\nevents-per-second = unlimited\n' >"$CONFIG"
apply sinks
mkdir -p "$CGROUP/jail"
chmod 755 "$TMP"

STARTED=()
reap()
{
	local status=$? # of the suite

	[ ${#STARTED[@]} -eq 0 ] || kill "${STARTED[@]}" 2>/dev/null
	return $status
}

# of_process PID FIELD: of /proc/PID/status
of_process()
{
	sed -n "s/^$2:[[:space:]]*//p" "/proc/$1/status" 2>/dev/null
}
# reader OPTION...: in the background
reader()
{
	"$AUDIT" --bpffs "$BPFFS" --follow --format json "$@" 2>>"$TMP/reader.err" &
	READER=$!
	STARTED+=("$READER")
	eventually 10 is_ready || broken "cgward-audit $*: $(cat "$TMP/reader.err")"
}
# The filter is the last thing before it reads.
is_ready()
{
	[ "$(of_process $READER Seccomp)" = 2 ]
}
gone()
{
	! kill -0 $READER
}
reader_stop()
{
	kill "$READER" && wait "$READER"
}
port=1000
# deny: one denial; its port is in $port
deny()
{
	port=$((port + 1))
	tries /jail connect tcp "192.0.2.1:$port" >/dev/null
}
has_port()
{
	grep -qs "\"port\":$port" "$1"
}

# ---- rights ----

mkdir "$TMP/logs"
chown nobody "$TMP/logs"
reader --user nobody --output "$TMP/logs/user" --rotate-size 1M
same "--user: uid" "$(id -u nobody)" "$(of_process $READER Uid | cut -f 3)"
same "--user: gid" "$(id -g nobody)" "$(of_process $READER Gid | cut -f 3)"
same "--user: no other groups" "" "$(of_process $READER Groups | tr -d ' ')"
same "--user: no capabilities" "0000000000000000 0000000000000000" \
	"$(of_process $READER CapEff) $(of_process $READER CapPrm)"
same "a seccomp filter" 2 "$(of_process $READER Seccomp)"
broker=$(pgrep -P $READER)
same "the process that opens pins: filter, capabilities, name" "2 0000000000000000 cgward-pins" \
	"$(of_process "$broker" Seccomp) $(of_process "$broker" CapPrm) $(of_process "$broker" Name)"
same "the process that opens pins: one socket beside the standard ones" 4 \
	"$(find "/proc/$broker/fd" -mindepth 1 | wc -l)"
deny
holds "--user: events have their rule" eventually 5 \
	grep -q "\"rule\":\"deny connect 192.0.2.1\".*\"port\":$port" "$TMP/logs/user"
sed -i 's/192.0.2.1/192.0.2.0\/30/' "$TMP/sinks.ini"
apply sinks
sleep 1.5 # the instance is looked at each second
deny
holds "--user: after a reload, too" eventually 5 \
	grep -q "\"rule\":\"deny connect 192.0.2.0/30\".*\"port\":$port" "$TMP/logs/user"
reader_stop
holds "the process that opens pins ends with the reader" eventually 2 test ! -d "/proc/$broker"
"$AUDIT" --bpffs "$BPFFS" --user no-such-user >/dev/null 2>"$TMP/err"
same "--user: an unknown one is refused" 2 $?
"$AUDIT" --bpffs "$BPFFS" --user nobody -o "$TMP/root-only" --rotate-size 1M >/dev/null 2>"$TMP/err"
same "--user: a file that could not be rotated is refused" 3 $?

# ---- files ----

chown root "$TMP/logs" # without capabilities, root is a user like others

log=$TMP/logs/hup
reader --output "$log"
deny
holds "file: written" eventually 5 has_port "$log"
mv "$log" "$log.old"
kill -HUP $READER
holds "SIGHUP: the file is there again" eventually 5 test -e "$log"
deny
holds "SIGHUP: the new one is written to" eventually 5 has_port "$log"
same "SIGHUP: the old one is not" 1 "$(wc -l <"$log.old")"
reader_stop

log=$TMP/logs/rotated
into "$CGROUP/jail" hammer 1 1 connect 192.0.2.1 80 >/dev/null &
hammer=$!
"$AUDIT" --bpffs "$BPFFS" --format json >/dev/null
reader --output "$log" --rotate-size 64K --rotate-count 3
wait $hammer
sleep 1.2
into "$CGROUP/jail" hammer 1 1 connect 192.0.2.1 80 >/dev/null
sleep 1.2
into "$CGROUP/jail" hammer 1 1 connect 192.0.2.1 80 >/dev/null
sleep 1.2
reader_stop
same "rotation: as many as wanted" "rotated rotated.1 rotated.2 rotated.3" \
	"$(cd "$TMP/logs" && echo rotated*)"
holds "rotation: every line is whole" bash -c "cat '$log' '$log'.* | jq -e . | tail -n 1"

# ---- several outputs; one is slow ----

mkfifo "$TMP/slow"
exec 7<>"$TMP/slow" # somebody who opened it and does not read
reader --output "$TMP/logs/fast" --output "$TMP/slow"
before=$(wc -l <"$TMP/logs/fast")
into "$CGROUP/jail" hammer 1 1 connect 192.0.2.1 80 >/dev/null
deny
holds "several: the fast one is not delayed" eventually 3 has_port "$TMP/logs/fast"
timeout 20 cat <&7 >"$TMP/drained" &
drain=$!
STARTED+=("$drain")
holds "several: what the slow one lost is reported in it" eventually 5 \
	grep -q '"type":"lost".*"reason":"output"' "$TMP/drained"
reader_stop
sleep 0.3
kill $drain
exec 7>&-
total()
{
	jq -n 'reduce inputs as $line (0; . + if $line.type == "violation" then 1 else $line.count end)' "$@"
}
same "several: the slow one accounts for every line of the fast one" \
	"$(total "$TMP/logs/fast")" "$(total "$TMP/drained")"
holds "several: both had something" test "$(wc -l <"$TMP/logs/fast")" -gt "$before"

# ---- a real rsyslog, by each way ----

if command -v rsyslogd >/dev/null; then
	cat >"$TMP/rsyslog.conf" <<CONF
global(workDirectory="$TMP" maxMessageSize="64k")
module(load="imuxsock" SysSock.Use="off")
module(load="imudp")
module(load="imtcp")
input(type="imuxsock" Socket="$TMP/log.sock" UseSpecialParser="off" ParseHostname="on")
input(type="imudp" address="127.0.0.1" port="5514")
input(type="imtcp" address="127.0.0.1" port="5515")
template(name="fields" type="string"
	string="%inputname%|%protocol-version%|%app-name%|%msgid%|%syslogfacility-text%|%syslogseverity-text%|%msg%\n")
action(type="omfile" file="$TMP/rsyslog.log" template="fields")
CONF
	daemon()
	{
		rsyslogd -n -f "$TMP/rsyslog.conf" -i "$TMP/rsyslog.pid" 2>"$TMP/rsyslog.err" &
		DAEMON=$!
		STARTED+=("$DAEMON")
		eventually 5 test -S "$TMP/log.sock" || broken "rsyslogd: $(cat "$TMP/rsyslog.err")"
		sleep 0.3
	}
	daemon
	reader --output "syslog:unix:$TMP/log.sock" --output syslog:udp:127.0.0.1:5514 \
		--output syslog:tcp:127.0.0.1:5515 --output "$TMP/logs/beside"
	deny
	deny
	for way in imuxsock imudp imtcp; do
		prefix="^$way|1|cgward-audit|VIOLATION|authpriv|warning| *{\"type\":\"violation\""
		holds "rsyslog: $way" eventually 5 grep -q "$prefix.*\"port\":$port" "$TMP/rsyslog.log"
		holds "rsyslog: $way: the message is the line" bash -c "grep '^$way' '$TMP/rsyslog.log' |
			cut -d '|' -f 7- | tail -n 1 | jq -e '.port == $port'"
	done
	kill $DAEMON
	wait $DAEMON 2>/dev/null
	deny
	holds "rsyslog away: the file goes on" eventually 3 has_port "$TMP/logs/beside"
	rm -f "$TMP/log.sock"
	daemon
	holds "rsyslog back: it gets what it missed" eventually 8 \
		grep -q "^imuxsock.*\"port\":$port" "$TMP/rsyslog.log"
	holds "rsyslog back: by TCP" eventually 8 grep -q "^imtcp.*\"port\":$port" "$TMP/rsyslog.log"
	reader_stop
	kill $DAEMON
else
	skip "rsyslog" "rsyslogd is not installed"
fi
"$AUDIT" --bpffs "$BPFFS" --output "syslog:unix:$TMP/nobody" >/dev/null 2>"$TMP/err"
same "a daemon that is not there is an error at the start" 1 $?

# ---- a real journal ----

journald=/lib/systemd/systemd-journald
if [ -x $journald ] && [ -s /etc/machine-id ]; then
	mount -t tmpfs tmpfs /run
	printf '[Journal]\nStorage=volatile\nReadKMsg=no\nAudit=no\nRateLimitIntervalSec=0\n' >"$TMP/journald.conf"
	mkdir -p /run/systemd/journald.conf.d
	cp "$TMP/journald.conf" /run/systemd/journald.conf.d/test.conf
	$journald 2>"$TMP/journald.err" &
	STARTED+=($!)
	eventually 5 test -S /run/systemd/journal/socket || broken "journald: $(cat "$TMP/journald.err")"
	reader --output journal --output "$TMP/logs/beside2"
	deny
	printf 'a\033b\nc' >"$TMP/value"
	in_cgroup /jail bash -c "cat '$TMP/value' >/proc/sys/kernel/domainname" 2>/dev/null
	entries()
	{
		journalctl -D /run/log/journal -o json SYSLOG_IDENTIFIER=cgward-audit 2>/dev/null |
			jq -c "select($1)" | grep .
	}
	holds "journal: native fields" eventually 5 entries ".CGWARD_PORT == \"$port\" and
		.CGWARD_POLICY == \"sinks\" and .CGWARD_VERDICT == \"deny\" and .PRIORITY == \"4\" and
		.CGWARD_CGROUP == \"/jail\" and (.MESSAGE | startswith(\"DENY\"))"
	holds "journal: the very bytes of a value" eventually 5 entries \
		'.CGWARD_NEW == [97, 27, 98, 10, 99] or .CGWARD_NEW == "a\u001bb\nc"'
	reader_stop
else
	skip "journal" "systemd-journald is not installed"
fi

# ---- metrics ----

metrics=$TMP/logs/cgward.prom
reader --output "$TMP/logs/beside3" --metrics "$metrics"
holds "metrics: there from the start" test -s "$metrics"
deny
in_cgroup /jail bash -c 'echo x >/proc/sys/kernel/domainname' 2>/dev/null
eventually 5 grep -q domainname "$TMP/logs/beside3"
reader_stop
same "metrics: no temporary file stays" "" "$(find "$TMP/logs" -name '*.tmp')"
for rule in 'deny write kernel.domainname' 'deny connect 192.0.2.0/30'; do
	same "metrics: what the counters say: $rule" \
		"$(cgward status --json | jq "[.. | objects | select(.rule? == \"$rule\") | .denied] | add")" \
		"$(grep -F "rule=\"$rule\"" "$metrics" | grep -F 'verdict="deny"' | sed 's/.* //')"
done
if command -v promtool >/dev/null; then
	holds "metrics: promtool agrees" promtool check metrics <"$metrics"
	sed 's/counter$/counted/' "$metrics" >"$TMP/wrong"
	holds "metrics: promtool refuses what is wrong" bash -c "! promtool check metrics <'$TMP/wrong'"
else
	skip "metrics: promtool agrees" "promtool is not installed"
fi
chown nobody "$TMP/logs"
reader --user nobody --output "$TMP/logs/beside4" --metrics "$metrics.2"
reader_stop
holds "metrics: --user: rules have their text" grep -q 'rule="deny write kernel.domainname"' "$metrics.2"
"$AUDIT" --bpffs "$BPFFS" --metrics "$TMP/nowhere/x" >/dev/null 2>"$TMP/err"
same "metrics: a folder that is not there is an error at the start" 1 $?
