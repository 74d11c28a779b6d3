#!/bin/bash
# SPDX-License-Identifier: GPL-2.0-only
# cli.sh [CGWARD] - exit statuses, messages and JSON of the commands that need no kernel. CGWARD is
# by default that of $BUILD or build/. Changes nothing outside of a temporary directory. The last line is "N passed, N failed, N skipped".
set -u
SOURCE_DIR=$(realpath "$(dirname "$0")/../..")
CGWARD=$(realpath "${1:-${BUILD:-$SOURCE_DIR/build}/enforcer/cgward}") || exit 2
SUITE=${SUITE:-unit/cli}
WORK=$(mktemp -d)
trap 'rm -rf "$WORK"' EXIT
cd "$WORK" || exit 2
export LC_ALL=C.UTF-8
unset NO_COLOR
passed=0 failed=0 skipped=0

pass()
{
	passed=$((passed + 1))
	echo "pass $SUITE: $1"
}

# fail NAME DETAIL
fail()
{
	failed=$((failed + 1))
	echo "FAIL $SUITE: $1: $2"
}

skip()
{
	skipped=$((skipped + 1))
	echo "skip $SUITE: $1: $2"
}

# run COMMAND...: keeps status, standard output and standard error
run()
{
	"$@" >out 2>err </dev/null
	status=$?
}

shown()
{
	echo "status $status, out: $(head -c 300 out | tr '\n' ';'), err: $(head -c 500 err | tr '\n' ';')"
}

# expect NAME STATUS OUT ERR ARGUMENT...: extended regular expressions that some line must match;
# "" expects nothing at all on that stream.
expect()
{
	local name=$1 wanted=$2 out=$3 err=$4

	run "$CGWARD" "${@:5}"
	if [ "$status" -ne "$wanted" ]; then
		fail "$name" "expected status $wanted: $(shown)"
	elif [ -z "$out" ] && [ -s out ]; then
		fail "$name" "expected nothing on standard output: $(shown)"
	elif [ -z "$err" ] && [ -s err ]; then
		fail "$name" "expected nothing on standard error: $(shown)"
	elif [ -n "$out" ] && ! grep -qE -- "$out" out; then
		fail "$name" "expected /$out/ on standard output: $(shown)"
	elif [ -n "$err" ] && ! grep -qE -- "$err" err; then
		fail "$name" "expected /$err/ on standard error: $(shown)"
	else
		pass "$name"
	fi
}

# holds NAME COMMAND...: its exit status is 0. Says what the last `run` gave if it is not.
holds()
{
	if "${@:2}" >/dev/null 2>&1; then
		pass "$1"
	else
		fail "$1" "'${*:2}' does not hold: $(shown)"
	fi
}

holds_not()
{
	if "${@:2}" >/dev/null 2>&1; then
		fail "$1" "'${*:2}' holds: $(shown)"
	else
		pass "$1"
	fi
}

# json NAME STATUS FILTER ARGUMENT...: one JSON value on standard output for which the jq filter holds
json()
{
	run "$CGWARD" "${@:4}"
	if [ "$status" -ne "$2" ]; then
		fail "$1" "expected status $2: $(shown)"
	elif [ "$(jq -s length out 2>/dev/null)" != 1 ]; then
		fail "$1" "expected one JSON value: $(shown)"
	elif ! jq -e "$3" out >/dev/null 2>&1; then
		fail "$1" "expected $3: $(shown)"
	else
		pass "$1"
	fi
}

cat >web.ini <<'INI'
[policy]
name = web
cgroup = /web
cgroup = /machine.slice/libpod-*.scope

[sysctl]
deny = write kernel.*
audit = read kernel.osrelease
deny = write net.ipv4.ip_forward 1

[network]
deny = connect tcp 10.0.0.0/8:22,2375-2376
allow = connect tcp 10.0.5.0/24:22
allow = connect tcp 10.0.6.0/24:22
deny = connect unix /run/docker.sock @bus-*
deny = socket packet
INI
cat >base.ini <<'INI'
[policy]
name = base
cgroup = /**
mode = audit

[network]
deny = connect 169.254.169.254
INI
cat >bad.ini <<'INI'
[policy]
name = bad
cgroup = /bad
[network]
deny = connect tcp 10.0.0.1/8
deny = konnect tcp 10.0.0.1
[filez]
deny = read /x
INI
cat >file.ini <<'INI'
[policy]
name = files
cgroup = /web
[file]
deny = write /etc/**
[kernel]
deny = mount
INI
mkdir dir && cp web.ini base.ini dir && echo ignored >dir/notes.txt

# ---- the front ----
expect "no command" 2 '' "expected a command"
expect "unknown command" 2 '' 'unknown command "chekc"' chekc
expect "control bytes in an unknown command" 2 '' 'unknown command "\\x1b\[31m"' $'\033[31m'
expect "--help" 0 '^Usage: cgward COMMAND' '' --help
expect "--version" 0 '^cgward [0-9]+\.[0-9]+' '' --version
for command in check apply status explain test run attach detach remove doctor; do
	expect "$command --help" 0 "^Usage: cgward $command" '' "$command" --help
	lines=$(wc -l <out)
	longest=$(awk '{ if (length > most) most = length } END { print most + 0 }' out)
	if [ "$lines" -le 24 ] && [ "$longest" -le 80 ]; then
		pass "$command --help fits a screen"
	else
		fail "$command --help fits a screen" "$lines lines, $longest columns"
	fi
	expect "$command: unknown option" 2 '' 'unknown option "--frobnicate"' "$command" --frobnicate
done
run bash -c '"$1" --help >/dev/full' _ "$CGWARD"
if [ "$status" -eq 1 ] && grep -q "failed to write 'standard output': No space left" err; then
	pass "a full disk is a failure"
else
	fail "a full disk is a failure" "$(shown)"
fi

# ---- check ----
expect "check: a policy" 0 '^ok: 1 policy, 9 rules, image of 64 KiB, [0-9]+ states$' '' check web.ini
expect "check: a directory" 0 '^ok: 2 policies, ' '' check dir
expect "check: several files" 0 '^ok: 2 policies, ' '' check web.ini base.ini
expect "check: no path" 2 '' 'check: expected an operand' check
expect "check: a missing file" 1 '' 'none\.ini.*: error: .*No such file' check none.ini
expect "check: an error has file, line and column" 1 '' '^bad\.ini:5:[0-9]+: error: .*10\.0\.0\.0/8' \
	check bad.ini
expect "check: all errors in one run" 1 '' '^bad\.ini:6:[0-9]+: error: .*"konnect"' check bad.ini
expect "check: unknown section" 1 '' '^bad\.ini:7:[0-9]+: error: .*"filez"' check bad.ini
expect "check: errors of all files" 1 '' '^bad\.ini:' check web.ini bad.ini none.ini
expect "check: the same policy twice" 1 '' 'error: .*"web"' check web.ini dir
printf '[cgward]\nprotect = off\nevents-per-second = 5\n' >host.conf
printf '[cgward]\nprotect = maybe\n[other]\nevents-burst = 1\n' >bad.conf
expect "check --config" 0 '^ok: protect = off, events-per-second = 5, events-burst = 1000$' '' \
	check --config host.conf
expect "check --config and a policy" 0 '^ok: 1 policy, ' '' check --config host.conf web.ini
expect "check --config: an error" 1 '' '^bad\.conf:2:11: error: unknown value "maybe"' \
	check --config bad.conf
expect "check --config: all errors" 1 '' '^bad\.conf:3:2: error: unknown section "other"' \
	check --config bad.conf bad.ini
expect "check --config: errors of policies beside it" 1 '' '^bad\.ini:5:' \
	check --config bad.conf bad.ini
expect "check --config: no such file" 1 '' '^none\.conf: error: cannot be read: No such file' \
	check --config none.conf
expect "apply: a bad configuration" 1 '' '^bad\.conf:2:11: error: ' \
	apply --config bad.conf web.ini
expect "apply: no such configuration" 1 '' '^none\.conf: error: cannot be read' \
	apply --config none.conf web.ini
expect "run: a configuration without policies" 2 '' 'no effect without --policy' \
	run --config host.conf true
expect "check --quiet" 0 '' '' check --quiet web.ini
expect "check --quiet keeps errors" 1 '' '^bad\.ini:5:' check -q bad.ini
expect "check --print and --json" 2 '' 'exclude each other' check --print --json web.ini
expect "check --print" 0 '^deny += connect tcp 10\.0\.0\.0/8:22,2375-2376$' '' check --print web.ini
cp out canonical.ini
run "$CGWARD" check --print canonical.ini
if [ "$status" -eq 0 ] && cmp -s out canonical.ini; then
	pass "check --print round-trips"
else
	fail "check --print round-trips" "$(shown)"
fi
run bash -c '"$1" check - <"$2"' _ "$CGWARD" web.ini
if [ "$status" -eq 0 ] && grep -q '^ok: 1 policy' out; then
	pass "check -: standard input"
else
	fail "check -: standard input" "$(shown)"
fi
json "check --json" 0 '.ok and .policies == 2 and .rules == 10 and .image_bytes == 65536 and
	.states > 0 and .errors == 0 and .diagnostics == []' check --json web.ini base.ini
json "check --json with errors" 1 '(.ok | not) and .errors >= 3 and .image_bytes == 0 and
	(.diagnostics | map(select(.severity == "error" and .file == "bad.ini" and .line == 5 and
	.column > 0 and (.message | contains("10.0.0.0/8")))) | length == 1)' check --json bad.ini
holds "check --json says nothing else" test ! -s err

# ---- what the manual page shows ----
# Each literal block: a whole policy, or entries of the section whose heading stands above it.
mkdir manual
awk '
	/^\.Ss \[/ { section = $2 }
	/^\.Ss Rules/ { section = "[network]" }
	/^\.Bd -literal/ { block = ""; inside = 1; next }
	/^\.Ed/ {
		inside = 0
		file = sprintf("manual/%02d.ini", ++count)
		if (block ~ /\[policy\]/)
			print block >file
		else if (block ~ /^(deny|audit|allow) /)
			printf "[policy]\nname = manual%d\ncgroup = /x\n%s\n%s\n", count, section, block >file
	}
	inside { block = block $0 "\n" }
' "$SOURCE_DIR/policies/cgward-policy.5"
holds "cgward-policy(5) has examples" test "$(find manual -name '*.ini' | wc -l)" -ge 8
for example in manual/*.ini; do
	expect "cgward-policy(5): ${example##*/} is a policy" 0 '^ok: 1 policy' '' check "$example"
done

# ---- explain ----
expect "explain: denied" 1 '^deny$' '' explain web.ini --cgroup /web -- connect tcp 10.0.0.1:22
holds "explain names file and line" grep -qE '^  source +web\.ini:12$' out
holds "explain names the policy" grep -qE '^  policy +web$' out
holds "explain names the rule" grep -qE '^  rule +deny connect tcp 10\.0\.0\.0/8:22,2375-2376$' out
expect "explain: allowed" 0 '^allow$' '' explain web.ini --cgroup /web -- connect tcp 10.0.0.1:23
expect "explain: a descendant" 1 '^deny$' '' explain web.ini -c /web/a/b -- connect tcp 10.0.0.1:22
expect "explain: a glob" 1 '^deny$' '' \
	explain web.ini -c /machine.slice/libpod-1.scope -- sysctl write kernel.panic=1
expect "explain: not governed" 0 'governed +by no policy' '' \
	explain web.ini -c /webs -- connect tcp 10.0.0.1:22
expect "explain: the root" 0 '^allow$' '' explain web.ini -c / -- connect tcp 10.0.0.1:22
expect "explain: the exception" 0 '^  exception +allow connect tcp 10\.0\.6\.0/24:22$' '' \
	explain web.ini -c /web -- connect tcp 10.0.6.1:22
expect "explain: no exception was needed" 0 '^allow$' '' \
	explain web.ini -c /web -- connect udp 10.0.6.1:22
holds_not "explain names no exception then" grep -q exception out
expect "explain: audited" 0 '^audit$' '' explain web.ini -c /web -- sysctl read kernel.osrelease
expect "explain: mode = audit" 0 '^audit$' '' explain dir -c /web -- connect tcp 169.254.169.254:80
expect "explain: governed by two" 0 'governed +base, web$' '' \
	explain dir -c /web -- connect tcp 1.1.1.1:1
expect "explain: a value" 1 'rule +deny write net\.ipv4\.ip_forward 1$' '' \
	explain web.ini -c /web -- sysctl write net.ipv4.ip_forward=0x1
expect "explain: a value not known" 1 'reason +value-unreadable' '' \
	explain web.ini -c /web -- sysctl write net.ipv4.ip_forward
expect "explain: unix" 1 '^deny$' '' explain web.ini -c /web -- connect unix @bus-1
expect "explain: an ambiguous unix path" 1 'reason +path-ambiguous' '' \
	explain web.ini -c /web -- connect unix /run/../run/docker.sock
expect "explain: socket" 1 '^deny$' '' explain web.ini -c /web -- socket packet/raw
expect "explain: a file" 1 '^deny$' '' explain file.ini -c /web -- write /etc/passwd
expect "explain: no cgroup" 2 '' 'expected --cgroup CG' explain web.ini -- connect tcp 10.0.0.1:22
expect "explain: a relative cgroup" 2 '' 'cgroup "web": it must begin' \
	explain web.ini -c web -- connect tcp 10.0.0.1:22
expect "explain: .. in the cgroup" 2 '' "component '.' or '..'" \
	explain web.ini -c /web/../x -- connect tcp 10.0.0.1:22
expect "explain: no operation" 2 '' 'expected -- and an operation' explain web.ini -c /web
expect "explain: a bad operation" 2 '' '"10.0.0.300' explain web.ini -c /web -- connect tcp 10.0.0.300:1
expect "explain: no path" 2 '' 'expected a PATH, or --live' explain -c /web -- connect tcp 10.0.0.1:22
expect "explain: path and --live" 2 '' 'no PATH with --live' \
	explain --live web.ini -c /web -- connect tcp 10.0.0.1:22
expect "explain --live: no bpffs" 1 '' "'/tmp/none'.*BPF file system" \
	explain --live --bpffs /tmp/none -c /web -- connect tcp 10.0.0.1:22
expect "explain: bad policies" 1 '' '^bad\.ini:5:' explain bad.ini -c /web -- connect tcp 10.0.0.1:22
json "explain --json: denied" 1 '.verdict == "deny" and .reason == "rule" and .policy == "web" and
	.source == "web.ini:12" and .rule == "deny connect tcp 10.0.0.0/8:22,2375-2376" and
	.governed_by == ["web"] and .cgroup == "/web"' \
	explain --json web.ini -c /web -- connect tcp 10.0.0.1:22
json "explain --json: exception" 0 '.verdict == "allow" and .policy == null and .reason == null and
	.exception == {"policy": "web", "file": "web.ini", "line": 13,
	"rule": "allow connect tcp 10.0.5.0/24:22"}' \
	explain --json web.ini -c /web -- connect tcp 10.0.5.1:22
json "explain --json: a power" 1 '.rule == "deny mount"' \
	explain --json file.ini -c /web -- kernel mount

# ---- test ----
cat >good.cases <<'CASES'
# comment
policy web.ini

/web | connect tcp 10.0.0.1:22 | deny | web.ini:12
/web	|	connect tcp 10.0.0.1:22	|	deny	|	deny connect tcp 10.0.0.0/8:22,2375-2376
/web | sysctl write kernel.core_pattern=|/x | deny
/ | connect tcp 169.254.169.254:80 | allow
policy base.ini
policy web.ini
/x | connect tcp 169.254.169.254:80 | audit | base.ini:7
/web | connect tcp 10.0.0.1:22 | deny
CASES
cat >failing.cases <<'CASES'
policy web.ini
/web | connect tcp 10.0.0.1:22 | allow
/web | connect tcp 10.0.0.1:22 | deny | web.ini:13
/web | connect tcp 10.0.0.1:22 | deny | b.ini:12
/web | connect tcp 10.0.0.1:23 | allow | web.ini:12
/web | connect tcp 10.0.0.1:22 | deny
/web | connect tcp 10.0.0.1:24 | deny
CASES
cat >broken.cases <<'CASES'
/web | connect tcp 10.0.0.1:22 | deny
policy web.ini
/web | connect tcp 10.0.0.1:22
/web | connect tcp 10.0.0.1:22 | denied
web | connect tcp 10.0.0.1:22 | deny
/web | konnect | deny
/web | | deny
/web | connect tcp 10.0.0.1:22 | deny | a | b
CASES
printf 'policy bad.ini\n/x | connect tcp 1.1.1.1:1 | allow\n' >badpolicy.cases
mkdir sub && sed 's/^policy /&..\//' good.cases >sub/good.cases
expect "test: all as expected" 0 '^6 passed, 0 failed$' '' test good.cases
expect "test: policies relative to the table" 0 '^12 passed, 0 failed$' '' test good.cases sub/good.cases
expect "test: rows that fail" 1 '^1 passed, 5 failed$' '' test failing.cases
expect "test: what was got" 1 \
	'^failing\.cases:2: /web \| connect tcp 10\.0\.0\.1:22: expected allow, got deny by web\.ini:12: deny connect' \
	'' test failing.cases
expect "test: another rule" 1 '^failing\.cases:3: .*: expected deny by web\.ini:13, got deny by web\.ini:12' \
	'' test failing.cases
expect "test: part of a file name is another file" 1 '^failing\.cases:4: ' '' test failing.cases
expect "test: what is allowed" 1 '^failing\.cases:7: .*expected deny, got allow' '' test failing.cases
expect "test: a row before the first policy" 1 . '^broken\.cases:1:1: error: expected a line "policy' \
	test broken.cases
for row in '3:1: error: expected .*CGROUP' '4:34: error: expected a verdict .*"denied"' \
	'5:1: error: cgroup "web": it must' '6:8: error: .*"konnect"' '7:[0-9]+: error: field 2 is empty' \
	'8:1: error: expected "policy PATH" or'; do
	expect "test: bad row /$row/" 1 '^0 passed, 0 failed$' "^broken\.cases:$row" test broken.cases
done
expect "test: bad policy" 1 '^0 passed, 1 failed$' '^bad\.ini:5:' test badpolicy.cases
expect "test: a missing table" 1 . 'none\.cases: error: cannot be opened: No such file' test none.cases
: >empty.cases
expect "test: an empty table" 1 . 'empty\.cases: error: expected at least one row' test empty.cases
expect "test: no table" 2 '' 'expected an operand' test
expect "test --quiet" 0 '' '' test -q good.cases
json "test --json" 1 '(.ok | not) and .passed == 1 and .failed == 5 and (.rows | length == 6) and
	(.rows[0] | (.ok | not) and .file == "failing.cases" and .line == 2 and .expected == "allow" and
	.verdict == "deny" and .source == "web.ini:12") and .rows[4].ok and .rows[5].verdict == "allow"' \
	test --json failing.cases
json "test --json with errors" 1 '(.ok | not) and (.diagnostics | length) >= 7' test --json broken.cases

# ---- doctor ----
run "$CGWARD" doctor --json
if [ "$status" -eq 0 ] || [ "$status" -eq 3 ]; then
	json "doctor --json" "$status" '.ok == ('"$status"' == 0) and (.hooks | length > 30) and
		(.hooks | all(.state | IN("yes", "no", "untried"))) and (.features | length > 5) and
		(.coverage | map(select(.operation == "connect tcp" and .section == "network" and
		.hooks == ["cgroup/connect4", "cgroup/connect6"])) | length == 1) and
		(.coverage | map(select(.section == "file"))[0] | .hooks | index("lsm/file_open") == 0) and
		(.cgroup | has("root", "v2", "hybrid")) and (.bpffs | has("path", "mounted"))' \
		doctor --json
else
	fail "doctor --json" "$(shown)"
fi
if [ "$(id -u)" = 0 ] && command -v setpriv >/dev/null; then
	cp "$CGWARD" cgward && chmod 755 . cgward
	run setpriv --reuid 65534 --regid 65534 --clear-groups ./cgward doctor --json
	if [ "$status" -eq 3 ] &&
		jq -e '(.privileged | not) and (.hooks | all(.state == "untried"))' out >/dev/null; then
		pass "doctor, unprivileged: untried, not missing"
	else
		fail "doctor, unprivileged: untried, not missing" "$(shown)"
	fi
	left=$(find /sys/fs/cgroup -maxdepth 2 -name 'cgward-doctor-*' 2>/dev/null)
	holds "doctor leaves no cgroup" test -z "$left"
	expect "doctor: not a cgroup v2" 3 '/tmp: not on a cgroup v2' '' doctor --cgroup-root /tmp
else
	skip "doctor, unprivileged" "needs root and setpriv"
fi

# ---- colour ----
if command -v script >/dev/null; then
	command="$CGWARD explain web.ini -c /web -- connect tcp 10.0.0.1:22"
	TERM=xterm script -qec "$command" /dev/null </dev/null >out 2>err
	holds "colour on a terminal" grep -q $'\033' out
	NO_COLOR=1 TERM=xterm script -qec "$command" /dev/null </dev/null >out 2>err
	holds_not "no colour with NO_COLOR" grep -q $'\033' out
else
	skip "colour" "script(1) is not there"
fi

echo "$passed passed, $failed failed, $skipped skipped"
[ "$failed" -eq 0 ]
