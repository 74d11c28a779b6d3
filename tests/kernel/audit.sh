#!/bin/bash
# SPDX-License-Identifier: GPL-2.0-only
# The reader on a live kernel: it gives its privileges away, there is one of it, it prints only what
# is harmless, and it accounts for every event.
. "$(dirname "$0")/../lib.sh"
suite_begin "$@"

policy jail <<'INI'
[policy]
name = jail
cgroup = /jail
cgroup = /strange-*
[sysctl]
deny = write kernel.domainname
deny = write net.ipv4.conf.all.forwarding
[network]
deny = connect 192.0.2.1
INI
policy watch <<'INI'
[policy]
name = watch
cgroup = /watched
mode = audit
[network]
deny = connect 192.0.2.2
INI
# Every denial an event: audit_floods.sh is about budgets.
printf '[cgward]\nprotect = off\nevents-per-second = unlimited\n' >"$CONFIG"
apply jail watch
mkdir -p "$CGROUP/jail"

# read_all [OPTION]...: what is there, then the end
read_all()
{
	timeout 30 "$AUDIT" --bpffs "$BPFFS" --format json "$@" 2>"$TMP/read.err"
}

# Denied before anybody reads: it waits in the ring buffer.
is "denied" denied /jail connect tcp 192.0.2.1:443
same "an event waits for its reader" "192.0.2.1 443 tcp" \
	"$(read_all | jq -r 'select(.type == "violation") | "\(.address) \(.port) \(.protocol)"')"
same "an event is read once" "" "$(read_all)"

audit_start
status_of()
{
	sed -n "s/^$1:\t*//p" "/proc/$AUDIT_PID/status"
}
same "the reader has no capabilities: effective" 0000000000000000 "$(status_of CapEff)"
same "the reader has no capabilities: permitted" 0000000000000000 "$(status_of CapPrm)"
same "the reader has no capabilities: inheritable" 0000000000000000 "$(status_of CapInh)"
same "the reader has no capabilities: ambient" 0000000000000000 "$(status_of CapAmb)"
same "the reader cannot get new privileges" 1 "$(status_of NoNewPrivs)"

"$AUDIT" --bpffs "$BPFFS" >"$TMP/second" 2>&1
same "a second reader is refused: status" 1 $?
holds "a second reader is refused: the message says why" grep -qi 'another' "$TMP/second"

# Every field of the contract.
is "denied, for the log" denied /jail sysctl write 'kernel.domainname=a\nb'
found=$(event '.name == "kernel.domainname"')
for field in time seq verdict policy rule source reason hook kind op cgroup cgroup_id container pid \
	tid ppid ns_pid uid gid loginuid comm exe parent_comm cap_effective capabilities name old new; do
	holds "an event has '$field'" jq -e "has(\"$field\")" <<<"$found"
done
same "the values" "deny jail rule cgroup/sysctl write /jail op (none)" "$(jq -r \
	'"\(.verdict) \(.policy) \(.reason) \(.hook) \(.op) \(.cgroup) \(.comm) \(.old)"' <<<"$found")"
holds "the time is RFC 3339 with nanoseconds" grep -qE \
	'^[0-9]{4}-[0-9]{2}-[0-9]{2}T[0-9:]{8}\.[0-9]{9}(Z|[+-][0-9]{2}:[0-9]{2})$' <<<"$(jq -r .time <<<"$found")"
holds "the time is now" test $(($(date +%s) - $(date -d "$(jq -r .time <<<"$found")" +%s))) -lt 60
same "the source is file and line" "$TMP/jail.ini:6" \
	"$(jq -r .source <<<"$found" | sed "s|^jail.ini|$TMP/jail.ini|")"
same "in audit mode: let through" allowed "$(tries /watched connect tcp 192.0.2.2:80)"
logged "in audit mode: logged as audit" '.verdict == "audit" and .policy == "watch"'

# Who it was, read by the kernel's program: also of a process that is long gone.
same "the parent, and what was held of the capabilities that matter" "into net_admin" \
	"$(jq -r '"\(.parent_comm) \([.capabilities[] | select(. == "net_admin" or . == "chown")] | join(","))"' <<<"$found")"
setpriv --bounding-set -net_raw,-net_bind_service --inh-caps -net_raw,-net_bind_service \
	unshare --pid --fork "$BUILD/helpers/into" "$CGROUP/jail" op connect tcp 192.0.2.1:447 >/dev/null
logged "other capabilities, another pid namespace" '.port == 447 and .capabilities == ["net_broadcast"] and
	.ns_pid > 0 and .ns_pid != .pid and (.cap_effective | endswith("dbff"))'

# Names from inside that are meant to hurt.
evil=$(printf '/strange-\033[31m\377"\\%%\303\244')
mkdir "$CGROUP$evil"
same "denied in a cgroup with a strange name" denied \
	"$(into "$CGROUP$evil" op connect tcp 192.0.2.1:444)"
logged "a strange name is logged" '.port == 444'
cp "$BUILD/helpers/op" "$(printf '%s/c\nm\033' "$TMP")"
same "denied to a program with a strange name" denied \
	"$(in_cgroup /jail "$(printf '%s/c\nm\033' "$TMP")" connect tcp 192.0.2.1:445)"
logged "a strange program is logged, and its name can be had back" \
	'.port == 445 and (.comm == "c\nm\u001b")'
audit_stop
holds "every line is one JSON value" jq -e . "$TMP/events"
same "no line holds a raw control character" 0 "$(grep -cP '[\x00-\x08\x0b-\x1f\x7f]' "$TMP/events")"

# The same as text.
same "denied, for the text" denied "$(into "$CGROUP$evil" op connect tcp 192.0.2.1:446)"
timeout 30 "$AUDIT" --bpffs "$BPFFS" --format text >"$TMP/text" 2>&1
holds "text has the event" grep -q 446 "$TMP/text"
same "text holds no raw control character" 0 "$(grep -caP '[\x00-\x08\x0b-\x1f\x7f]' "$TMP/text")"

# Filters.
# filtered OPTION...: what is left of three events, in one word each
filtered()
{
	tries /jail connect tcp 192.0.2.1:1 >/dev/null
	tries /jail/below sysctl write kernel.domainname=x >/dev/null
	tries /watched connect tcp 192.0.2.2:2 >/dev/null
	read_all "$@" | jq -r 'select(.type == "violation") | .port // .name' | paste -s -d ' '
}
same "no filter" "1 kernel.domainname 2" "$(filtered)"
same "--policy" 2 "$(filtered --policy watch)"
same "--verdict" "1 kernel.domainname" "$(filtered --verdict deny)"
same "--kind" kernel.domainname "$(filtered --kind sysctl,file)"
same "--cgroup: what is below it, too" "1 kernel.domainname" "$(filtered --cgroup /jail)"
same "--cgroup: a glob" kernel.domainname "$(filtered --cgroup '/*/below')"
same "--since: an age" "1 kernel.domainname 2" "$(filtered --since 30s)"
same "--since: later than all" "" "$(filtered --since "$(date -u -d '+1 minute' +%FT%TZ)")"
same "--count" "1 kernel.domainname" "$(filtered --count 2)"
same "--count: the rest is for the next reader" "2 1 kernel.domainname 2" "$(filtered)"
same "--count counts what the filters let through" 2 "$(filtered --count 1 --verdict audit)"
read_all >/dev/null
read_all --policy no-such >/dev/null
holds "--policy: one that is not in force is mentioned" grep -q "no policy 'no-such' is in force" "$TMP/read.err"
for wrong in --cgroup=jail --cgroup='/[a' --since=never --count=none --kind=files --verdict=allow --policy=A; do
	read_all "$wrong" >/dev/null
	same "a bad $wrong: status" 2 $?
	holds "a bad $wrong: is quoted" grep -qF -- "\"${wrong#*=}\"" "$TMP/read.err"
done

# Nobody reads and the ring buffer overflows: every denial is in a counter, and events read plus
# events reported as lost are all there were.
before=$(cgward status --json | jq '[.. | objects | select(has("denied")) | .denied] | add')
read_all >/dev/null
into "$CGROUP/jail" hammer 2 2 connect 192.0.2.1 80 >"$TMP/counts"
read -r denied _ <"$TMP/counts"
after=$(cgward status --json | jq '[.. | objects | select(has("denied")) | .denied] | add')
same "the counter is exact" "$denied" $((after - before))
read_all >"$TMP/flood"
accounted=$(jq -s '[.[] | if .type == "violation" then 1 else .count end] | add' "$TMP/flood")
same "read and lost together are all of $denied" "$denied" "$accounted"
holds "some were lost: the test was one" jq -se 'any(.type == "lost" and .count > 0)' "$TMP/flood"
holds "the loss is reported in the log itself" grep -q '"type":"lost"' "$TMP/flood"
