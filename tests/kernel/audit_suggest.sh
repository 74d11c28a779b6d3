#!/bin/bash
# SPDX-License-Identifier: GPL-2.0-only
# From a policy in audit mode to one that is enforced: what was recorded gets through afterwards, and
# nothing beside it; what names chosen by an attacker hold never gets into a policy unquoted.
. "$(dirname "$0")/../lib.sh"
suite_begin "$@"

policy learn <<'INI'
; a comment that stays
[policy]
name = learn
cgroup = /app
mode = audit

[sysctl]
deny = write net.**
deny = write kernel.domainname

[network]
deny = connect *
deny = connect 192.0.2.77
INI
apply learn

log=$TMP/log
suggest()
{
	"$AUDIT" suggest --bpffs "$BPFFS" "$@"
}

# ---- what happens while it learns ----

operations=()
for i in 1 2 3 4 5 6; do
	operations+=("connect tcp 192.0.2.$i:443")
done
operations+=("connect tcp 198.51.100.1:80" "connect tcp 198.51.100.1:8080" "connect udp [2001:db8::1]:53"
	"connect tcp 192.0.2.80:25" "connect tcp 192.0.2.81:25" "connect tcp 192.0.2.82:25"
	"connect tcp 192.0.2.76:25")
for operation in "${operations[@]}"; do
	# shellcheck disable=SC2086  # words
	tries /app $operation >/dev/null
done
# Not forwarding: where the lock of the network configuration is held the kernel starts that write(2)
# again, and each time is an attempt.
for device in all default lo; do
	in_cgroup /app bash -c "echo 1 >/proc/sys/net/ipv4/conf/$device/log_martians"
done
tries /app sysctl write 'kernel.domainname=a b;#x' >/dev/null
cat >"$TMP/hostile.py" <<'PYTHON'
import ctypes, socket
ctypes.CDLL(None).prctl(15, b"\x1b[2J\nallow=", 0, 0, 0)
for name in (b"\0\nallow = connect *", b"\0\x1b]0;x\x07", b"\0x ; [network]", b"\0* ?{a,b}[c]\\", b"\0\xff"):
    with socket.socket(socket.AF_UNIX) as peer:
        try:
            peer.connect(name)
        except OSError:
            pass
PYTHON
in_cgroup /app python3 "$TMP/hostile.py"
"$AUDIT" --bpffs "$BPFFS" --format json --output "$log"
same "all of it was recorded" "$((${#operations[@]} + 3 + 1 + 5))" "$(wc -l <"$log")"

# ---- what is suggested ----

sum=$(sha256sum learn.ini)
suggest "$log" >"$TMP/diff"
same "suggest: status" 0 $?
same "suggest: nothing is written" "$sum" "$(sha256sum learn.ini)"
same "suggest: printable ASCII" 0 "$(LC_ALL=C grep -cav '^[ -~]*$' "$TMP/diff")"
holds "suggest: addresses of one prefix" grep -qF '+allow = connect tcp 192.0.2.0/29:443' "$TMP/diff"
holds "suggest: but not across another rule" grep -qF '+allow = connect tcp 192.0.2.80:25' "$TMP/diff"
holds "suggest: ports of one address" grep -qF '+allow = connect tcp 198.51.100.1:80,8080' "$TMP/diff"
holds "suggest: counts as comments" grep -qF '+; 6 violations, ' "$TMP/diff"
# shellcheck disable=SC1003  # a backslash at the end
holds "suggest: names are quoted" grep -qF '+allow = connect unix @\*\ \?\{a\,b\}\[c\]\\' "$TMP/diff"
same "suggest: no line from the bytes of a name" 0 "$(grep -cF '+allow = connect *' "$TMP/diff")"
holds "suggest: what cannot be written is counted" \
	grep -q 'left out: 3 violations: a name or value holds bytes' "$TMP/diff"
suggest --json "$log" | jq -es 'all(.type == "suggestion" or .type == "left-out") and
	any(.allow == "connect tcp 192.0.2.0/29:443" and .violations == 6 and .subjects == 6)' >/dev/null
same "suggest: JSON" 0 $?
same "suggest: the files say the same" "$(grep ^+allow "$TMP/diff")" "$(suggest --policy learn.ini "$log" | grep ^+allow)"

# ---- enforced with it ----

cp learn.ini before.ini
holds "patch takes the difference" patch -p0 --input "$TMP/diff"
holds "the rest of the file is as it was" bash -c "! diff before.ini learn.ini | grep '^<'"
sed -i 's/mode = audit/mode = enforce/' learn.ini
holds "the result passes check" "$CGWARD" check learn.ini
{
	echo 'policy learn.ini'
	jq -r 'select(.kind == "network" and .family != "unix") |
		(if .family == "inet6" then "[\(.address)]" else .address end) as $address |
		"/app | \(.op) \(.protocol) \($address):\(.port) | allow"' "$log"
	jq -r 'select(.kind == "sysctl") | "/app | sysctl write \(.name)=\(.new | rtrimstr("\n")) | allow"' "$log"
	cat <<-'CASES'
		/app | connect tcp 192.0.2.8:443 | deny
		/app | connect tcp 192.0.2.1:444 | deny
		/app | connect udp 192.0.2.1:443 | deny
		/app | connect tcp 192.0.2.77:25 | deny
		/app | connect tcp 192.0.2.79:25 | deny
		/app | connect tcp 198.51.100.1:81 | deny
		/app | connect unix @x | deny
		/app | sysctl write net.ipv4.conf.all.log_martians=0 | deny
		/app | sysctl write net.ipv4.conf.eth0.log_martians=1 | deny
		/app | sysctl write kernel.domainname=a | deny
	CASES
} >after.cases
holds "replayed: what was recorded is allowed, its neighbours are not" "$CGWARD" test after.cases
apply learn
for operation in "${operations[@]}"; do
	# shellcheck disable=SC2086  # words
	is "enforced: $operation" allowed /app $operation
done
is "enforced: a neighbour" denied /app connect tcp 192.0.2.8:443
is "enforced: the other rule" denied /app connect tcp 192.0.2.77:25
"$AUDIT" --bpffs "$BPFFS" --format json --output "$TMP/after" --verdict audit
same "nothing is left to suggest" 0 "$(suggest "$log" | grep -c '^+allow')"
suggest --exact --policy before.ini "$log" >"$TMP/exact"
holds "exact: as recorded" grep -qF '+allow = connect tcp 192.0.2.6:443' "$TMP/exact"

# ---- what is in force is not what the file says ----

echo '; changed' >>learn.ini
sed -i 's/connect 192.0.2.77/connect 192.0.2.78/' learn.ini
tries /app connect tcp 192.0.2.77:25 >/dev/null
"$AUDIT" --bpffs "$BPFFS" --format json --output "$TMP/denied"
suggest --denials "$TMP/denied" >"$TMP/diff" 2>"$TMP/err"
holds "another file: it is said" grep -q "does not say what is in force as policy 'learn'" "$TMP/err"
holds "another file: the difference is to what is in force" grep -qF '+allow = connect tcp 192.0.2.77:25' "$TMP/diff"
same "denials are taken only when asked for" 1 "$(suggest "$TMP/denied" 2>/dev/null | grep -c 'left out: 1 denials')"

# ---- errors ----

suggest >/dev/null 2>&1
same "no file: status" 2 $?
suggest --merge 1 "$log" >/dev/null 2>&1
same "--merge 1: status" 2 $?
suggest "$TMP/no-such-file" >/dev/null 2>&1
same "no such file: status" 1 $?
suggest --policy "$TMP/no-such-policy" "$log" >/dev/null 2>&1
same "no such policy: status" 1 $?
"$AUDIT" suggest --bpffs "$TMP/bpf/none" "$log" >/dev/null 2>"$TMP/err"
same "no instance: status" 1 $?
holds "no instance: what to do" grep -q -- '--policy PATH' "$TMP/err"
