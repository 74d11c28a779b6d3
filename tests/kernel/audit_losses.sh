#!/bin/bash
# SPDX-License-Identifier: GPL-2.0-only
# Nothing is lost in silence: what was read and what was reported as lost are together what the
# counters say, exactly, when nobody reads, when the reader is killed again and again, and when the
# names are meant to hurt.
. "$(dirname "$0")/../lib.sh"
suite_begin "$@"

policy flood <<'INI'
[policy]
name = flood
cgroup = /noisy
cgroup = /quiet
[sysctl]
deny = write kernel.domainname
[network]
deny = connect 192.0.2.1
deny = connect unix @**
INI
# Every denial an event, so that the ring buffer overflows: audit_floods.sh is about budgets.
printf '[cgward]\nprotect = off\nevents-per-second = unlimited\n' >"$CONFIG"
apply flood
mkdir -p "$CGROUP/noisy" "$CGROUP/quiet"

# read_all [OPTION]...: what is there, then the end
read_all()
{
	timeout 60 "$AUDIT" --bpffs "$BPFFS" --format json "$@" 2>>"$TMP/read.err"
}

counted()
{
	cgward status --json |
		jq '[.. | objects | select(has("denied")) | .denied + (.audited // 0)] | add'
}

# accounted FILE: violations, and what stands for violations
accounted()
{
	jq -n 'reduce inputs as $line (0; . + if $line.type == "violation" then 1 else $line.count end)' "$1"
}

duplicates()
{
	jq -r 'select(.type == "violation") | "\(.cpu) \(.seq)"' "$1" | sort | uniq -d | wc -l
}

# ---- the reader is away, two cgroups deny far more than the ring buffer holds ----

tries /quiet sysctl write kernel.domainname=x >/dev/null
into "$CGROUP/noisy" hammer 1 2 connect 192.0.2.1 80 >/dev/null &
into "$CGROUP/quiet" hammer 1 1 write /proc/sys/kernel/domainname x >/dev/null
wait $!
read_all --output "$TMP/away"
same "away: read and lost together are what is counted" "$(counted)" "$(accounted "$TMP/away")"
holds "away: some were lost" jq -ne 'any(inputs; .type == "lost" and .reason == "no-room")' "$TMP/away"
same "away: there are records of both cgroups" "/noisy /quiet" \
	"$(jq -r 'select(.type == "violation") | .cgroup' "$TMP/away" | sort -u | tr '\n' ' ' | sed 's/ $//')"
same "away: nothing twice" 0 "$(duplicates "$TMP/away")"

# A second reader does not report the same loss again.
before=$(counted)
tries /quiet connect tcp 192.0.2.1:1 >/dev/null
read_all --output "$TMP/again"
same "a later reader reports what is new" "$(($(counted) - before))" "$(accounted "$TMP/again")"

# ---- the reader is killed under load, again and again ----

before=$(counted)
log=$TMP/killed
follow()
{
	"$AUDIT" --bpffs "$BPFFS" --follow --format json --output "$log" 2>>"$TMP/follow.err" &
	READER=$!
}
into "$CGROUP/noisy" hammer 2 1 connect 192.0.2.1 80 >/dev/null &
hammer=$!
kills=0
while kill -0 $hammer 2>/dev/null; do
	follow
	sleep "0.$((RANDOM % 2))$((RANDOM % 10))$((RANDOM % 10))"
	kill -9 "$READER" 2>/dev/null && kills=$((kills + 1))
	wait "$READER" 2>/dev/null
done
wait $hammer
read_all --output "$log"
echo "# killed $kills times, $(wc -l <"$log") lines, $(accounted "$log") accounted for"
holds "killed: often" test "$kills" -ge 10
same "killed: read and lost together are what is counted" $(($(counted) - before)) "$(accounted "$log")"
same "killed: nothing twice" 0 "$(duplicates "$log")"
holds "killed: lines were written" test "$(grep -c '"type":"violation"' "$log")" -gt 1000

# The numbers of each CPU: no hole beyond what is reported.
holes()
{
	jq -r 'select(.type == "violation") | "\(.cpu) \(.seq)"' "$@" | sort -k1,1n -k2,2n |
		awk 'NR > 1 && $1 == cpu { holes += $2 - last - 1 } { cpu = $1; last = $2 } END { print holes + 0 }'
}
reported()
{
	jq -n 'reduce (inputs | select(.type == "lost")) as $line (0; . + $line.count)' "$1"
}
holds "killed: holes in the numbers are reported" test "$(holes "$log")" -le "$(reported "$log")"

# ---- the output fails: nothing is taken from the kernel ----

before=$(counted)
for port in 1 2 3; do tries /quiet connect tcp "192.0.2.1:$port" >/dev/null; done
mkdir "$TMP/small"
mount -t tmpfs -o size=8k tmpfs "$TMP/small"
head -c 8192 /dev/zero >"$TMP/small/fill"
"$AUDIT" --bpffs "$BPFFS" --format json --output "$TMP/small/log" 2>"$TMP/full.err"
same "a full disk: status" 1 $?
holds "a full disk: the message names it" grep -q 'No space left' "$TMP/full.err"
rm "$TMP/small/fill"
read_all --output "$TMP/small/log"
same "a full disk: the next reader has all of it" 3 "$(accounted "$TMP/small/log")"

# ---- names that are meant to hurt ----

log=$TMP/hostile
cat >"$TMP/hostile.py" <<'PYTHON'
import ctypes, os, socket
def attempt(action):
    try:
        action()
    except OSError:
        pass
def comm(name):
    ctypes.CDLL(None).prctl(15, ctypes.c_char_p(name), 0, 0, 0)
def connect(name):
    with socket.socket(socket.AF_UNIX) as peer:
        peer.connect(b"\0" + name)
def write(value):
    fd = os.open("/proc/sys/kernel/domainname", os.O_WRONLY)
    try:
        os.write(fd, value)
    finally:
        os.close(fd)
every = bytes(range(1, 256))
for name in (b"\x1b]0;x\x07", b"a\nb\r\tc", b'"},{"x":"', b"\xff\xfe\xc3", b"\\x41\\", b"\xe2\x80\xae\xc2\x9b"):
    comm(name)
    attempt(lambda: connect(name))
    attempt(lambda: write(name))
comm(b"all")
for start in range(0, 255, 64):
    attempt(lambda: connect(every[start:start + 64]))
attempt(lambda: connect(b"\0\0"))
attempt(lambda: write(every))
attempt(lambda: write(b"\x1b[2J" * 900))
PYTHON
before=$(counted)
in_cgroup /quiet python3 "$TMP/hostile.py"
hostile=$(($(counted) - before))
holds "hostile: denied" test "$hostile" -ge 14
read_all --output "$log"
same "hostile: every one is in the log" "$hostile" "$(accounted "$log")"
holds "hostile: jq reads every line" jq -e . "$log"
holds "hostile: the bytes of a value can be had back" python3 - "$log" <<'PYTHON'
import json, re, sys
def undo(text):
    out = bytearray()
    for plain, byte in re.findall(r"((?:[^\\])+)|\\(x..|\\)", text, re.S):
        out += plain.encode() if plain else b"\\" if byte == "\\" else bytes([int(byte[1:], 16)])
    return bytes(out)
events = [json.loads(line) for line in open(sys.argv[1], encoding="utf-8")]
values = {undo(event["new"]) for event in events if event.get("new")}
assert bytes(range(1, 256)) in values, values
names = {undo(event["path"]) for event in events if event.get("path")}
assert b"@\xff\xfe\xc3" in names, names
PYTHON
same "hostile: no line holds a raw control character" 0 "$(grep -caP '[\x00-\x09\x0b-\x1f\x7f]' "$log")"
# Of the many lines that differ in little but their numbers, some; of the others, all.
{ grep '"type":"lost"' "$TMP/killed"; head -n 3000 "$TMP/killed"; tail -n 1000 "$TMP/killed"; } >"$TMP/some"
for file in away again some hostile small/log; do
	holds "schema: $file: $(python3 "$TESTS/helpers/validate.py" "$SOURCE_DIR/audit/schema.json" \
		"$TMP/$file" | tail -n 1)" \
		python3 "$TESTS/helpers/validate.py" "$SOURCE_DIR/audit/schema.json" "$TMP/$file"
done
echo '{"type":"violation"}' >"$TMP/wrong"
holds "schema: refuses what is wrong" bash -c \
	"! python3 '$TESTS/helpers/validate.py' '$SOURCE_DIR/audit/schema.json' '$TMP/wrong'"
in_cgroup /quiet python3 "$TMP/hostile.py"
timeout 60 "$AUDIT" --bpffs "$BPFFS" >"$TMP/text"
same "hostile: text has a line for each" "$hostile" "$(wc -l <"$TMP/text")"
same "hostile: text is printable ASCII" 0 "$(LC_ALL=C grep -cav '^[ -~]*$' "$TMP/text")"

# ---- the page about a log ----

cat >>"$TMP/away" <<'JSON'
{"type":"violation","time":"2026-11-21T03:14:15.000000000+00:00","verdict":"audit","policy":"<script>alert(1)</script>","rule":"\"><img src=http://192.0.2.9/>","container":{"id":"'&\u001b[2J\u202e"},"cgroup":"/x"}
no JSON
JSON
"$AUDIT" report "$TMP/away" >"$TMP/page.html"
same "report: status" 0 $?
holds "report: a page, with nothing in it that runs, loads or hides" python3 - "$TMP/page.html" "$TMP/away" <<'PYTHON'
import html.parser, json, sys
ALLOWED = {"html", "head", "meta", "title", "style", "body", "h1", "h2", "p", "span", "div", "table", "tr", "th",
           "td", "svg", "rect"}
VOID = {"meta", "rect"}
class Page(html.parser.HTMLParser):
    def __init__(self):
        super().__init__()
        self.open, self.seen, self.text = [], set(), []
    def handle_starttag(self, tag, attrs):
        assert tag in ALLOWED, tag
        assert not {name for name, _ in attrs} & {"src", "href", "onload", "onclick"}, attrs
        self.seen.add(tag)
        if tag not in VOID:
            self.open.append(tag)
    def handle_startendtag(self, tag, attrs):
        assert tag in VOID, tag
    def handle_endtag(self, tag):
        assert self.open.pop() == tag, tag
    def handle_data(self, data):
        self.text.append(data)
text = open(sys.argv[1], "rb").read()
assert all(byte == 10 or 32 <= byte < 127 for byte in text)
page = Page()
page.feed(text.decode())
page.close()
assert not page.open, page.open
assert "svg" in page.seen
words = "|".join(page.text)
assert "<script>alert(1)</script>" in words and "1 lines are not of the log" in words
denied = sum('"verdict":"deny"' in line for line in open(sys.argv[2], encoding="utf-8"))
assert f"denied: {denied}" in words, denied
for cgroup in ("/noisy", "/quiet"):
    assert cgroup in words
PYTHON
"$AUDIT" report "$TMP/no-such-file" >/dev/null 2>&1
same "report: no such file: status" 1 $?
"$AUDIT" report >/dev/null 2>&1
same "report: no file: status" 2 $?

# ---- the table of a log that grows ----

printf '%s\n' '{"type":"violation","cgroup":"/a\u001b[2J","policy":"p","rule":"r"}' >"$TMP/grows"
holds "top: draws in place, follows the file and its rotation, and gives the terminal back" \
	python3 - "$AUDIT" "$TMP/grows" <<'PYTHON'
import os, pty, re, select, signal, sys, time
audit, log = sys.argv[1:]
pid, terminal = pty.fork()
if not pid:
    os.execv(audit, [audit, "top", log])
seen = b""
def until(pattern, seconds=6):
    global seen
    end = time.time() + seconds
    while not re.search(pattern, seen, re.S):
        assert time.time() < end, (pattern, seen)
        if select.select([terminal], [], [], 0.1)[0]:
            try:
                seen += os.read(terminal, 65536)
            except OSError:
                break
until(rb" 1 violations, 0\.0/s|1 violations, 0\.0/s")
until(rb"/a\\x1b\[2J")
with open(log, "a") as file:
    file.write('{"type":"violation","cgroup":"/b","policy":"p","rule":"r"}\n' * 50)
    file.write('{"type":"lost","count":9}\n')
until(rb"51 violations, [1-9][0-9.]*/s, 9 lost")
until(rb"RULE[^\n]*\n *[1-9][0-9.]* +50 /b ")
os.rename(log, log + ".1")
with open(log, "w") as file:
    file.write('{"type":"violation","cgroup":"/c","policy":"p","rule":"r"}\n')
until(rb"52 violations")
os.kill(pid, signal.SIGINT)
until(rb"\x1b\[\?25h\x1b\[\?1049l$")
assert os.waitpid(pid, 0)[1] == 0
known = rb"\x1b\[(H|K|J|\?1049[hl]|\?25[hl])"
assert b"\x1b" not in re.sub(known, b"", seen), seen
PYTHON
same "top: elsewhere, one table" 1 "$("$AUDIT" top "$TMP/grows" | grep -c ' /c ')"
