#!/bin/bash
# SPDX-License-Identifier: GPL-2.0-only
# cgward-audit top of the live instance: exact counts, no event taken from its reader, a table that is
# drawn in place, resized, and left with the terminal as it was.
. "$(dirname "$0")/../lib.sh"
suite_begin "$@"

policy top <<'INI'
[policy]
name = top
cgroup = /jail*
[network]
deny = connect 192.0.2.1
deny = connect 192.0.2.2
INI
apply top
# shellcheck disable=SC1003  # a backslash
evil=$(printf '/jail\033]0;x\007\033[2J\377"\\')
mkdir -p "$CGROUP/jail" "$CGROUP/jail2" "$CGROUP$evil"

# denials CGROUP ADDRESS COUNT
denials()
{
	into "$CGROUP$1" python3 -c 'import socket, sys
for _ in range(int(sys.argv[2])):
    try:
        socket.socket(socket.AF_INET, socket.SOCK_DGRAM).connect((sys.argv[1], 80))
    except OSError:
        pass' "$2" "$3"
}
denials /jail 192.0.2.1 5
"$AUDIT" top --bpffs "$BPFFS" >"$TMP/once"
same "not on a terminal: one table" "0.0 5 * top deny connect 192.0.2.1" \
	"$(sed -n '3p' "$TMP/once" | tr -s ' ' | sed 's/^ //; s/ $//')"

export -f denials
export CGROUP evil
cat >"$TMP/drive.py" <<'PYTHON'
import fcntl, os, pty, re, select, signal, struct, subprocess, sys, termios, time
audit, bpffs = sys.argv[1:]
pid, terminal = pty.fork()
if not pid:
    os.execv(audit, [audit, "top", "--bpffs", bpffs])
def size(rows, columns):
    fcntl.ioctl(terminal, termios.TIOCSWINSZ, struct.pack("HHHH", rows, columns, 0, 0))
size(20, 100)
before = termios.tcgetattr(terminal)
seen = b""
def screen():
    """The last whole table."""
    tables = re.findall(rb"\x1b\[H((?:(?!\x1b\[H).)*?)\x1b\[J", seen, re.S)
    return tables[-1].decode("latin-1") if tables else ""
def until(what, seconds=8):
    global seen
    end = time.time() + seconds
    while not what():
        assert time.time() < end, (what, screen())
        if select.select([terminal], [], [], 0.1)[0]:
            try:
                seen += os.read(terminal, 65536)
            except OSError:
                assert what(), seen
                return
def rows():
    return [line.split() for line in re.sub(r"\x1b\[[KJ]", "", screen()).split("\r\n")[2:] if line.strip()]
def row(cgroup, rule):
    found = [fields for fields in rows() if len(fields) > 3 and fields[2].startswith(cgroup) and fields[-1] == rule]
    return int(found[0][1]) if found else 0
def denials(cgroup, address, count):
    subprocess.run(["bash", "-c", 'denials "$@"', "_", cgroup, address, str(count)], check=True)
until(lambda: row("*", "192.0.2.1") == 5)
denials("/jail", "192.0.2.1", 7)
denials("/jail2", "192.0.2.1", 3)
denials(os.environ["evil"], "192.0.2.2", 2)
def has(cgroup, total):
    return any(fields[2:3] == [cgroup] and fields[1] == total for fields in rows())
until(lambda: "17 violations" in screen() and has("/jail", "7") and has("/jail2", "3") and has("*", "5")
      and sum(int(fields[1]) for fields in rows()) == 17)
until(lambda: r"\x1b" in screen())
# A rate while it happens.
flood = subprocess.Popen(["bash", "-c", 'denials /jail 192.0.2.2 4000; sleep 0.5; denials /jail 192.0.2.2 4000'])
until(lambda: any(float(fields[0]) > 100 for fields in rows()))
flood.wait()
until(lambda: "8017 violations" in screen())
# Resized: drawn anew at once, and no line is longer than it is wide.
draws = seen.count(b"\x1b[H")
size(8, 50)
os.kill(pid, signal.SIGWINCH)
until(lambda: seen.count(b"\x1b[H") > draws and len(screen().split("\r\n")) <= 8, 0.9)
assert all(len(re.sub(r"\x1b\[[KJ]|\r", "", line)) <= 50 for line in screen().split("\n")), screen()
os.write(terminal, b"xyz")
time.sleep(0.2)
assert os.waitpid(pid, os.WNOHANG) == (0, 0)
with open(f"/proc/{pid}/status") as status:
    fields = dict(line.rstrip("\n").split(":\t", 1) for line in status if ":\t" in line)
assert fields["CapEff"].strip("0") == "" and fields["Seccomp"] == "2" and fields["NoNewPrivs"] == "1", fields
os.write(terminal, b"q")
until(lambda: seen.endswith(b"\x1b[?25h\x1b[?1049l"), 2)
assert os.waitpid(pid, 0)[1] == 0
assert termios.tcgetattr(terminal) == before
known = rb"\x1b\[(H|K|J|\?1049[hl]|\?25[hl])"
left = re.sub(known, b"", seen)
assert all(32 <= byte < 127 or byte in b"\r\n" for byte in left), left
PYTHON
holds "on a terminal: exact counts by cgroup, rates, resizing, keys, hostile names" \
	python3 "$TMP/drive.py" "$AUDIT" "$BPFFS"
"$AUDIT" --bpffs "$BPFFS" --format json --output "$TMP/log"
same "it takes no event from the reader" 8017 \
	"$(jq -n 'reduce inputs as $line (0; . + if $line.type == "violation" then 1 else $line.count end)' "$TMP/log")"

# While a reader runs, too.
"$AUDIT" --bpffs "$BPFFS" --follow --format json --output "$TMP/beside" 2>"$TMP/err" &
reader=$!
sleep 0.3
{ sleep 3.5 && printf q; } | script -qec "'$AUDIT' top --bpffs '$BPFFS'" "$TMP/typescript" >/dev/null &
sleep 1.5
denials /jail2 192.0.2.2 9
wait $!
kill $reader
wait $reader
holds "beside a reader: it sees the cgroup" grep -aqE ' 9 /jail2 ' "$TMP/typescript"
same "beside a reader: the log has all of it" 9 "$(grep -c /jail2 "$TMP/beside")"
"$AUDIT" top --bpffs "$TMP/bpf/none" >/dev/null 2>"$TMP/err"
same "no instance: status" 1 $?
holds "no instance: what to do" grep -q 'cgward apply' "$TMP/err"
"$AUDIT" top --bpffs "$BPFFS" "$TMP/log" >/dev/null 2>&1
same "an instance and a file: status" 2 $?
