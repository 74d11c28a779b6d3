#!/bin/bash
# SPDX-License-Identifier: GPL-2.0-only
# That nothing governs a cgroup is remembered in slots that cgroups share (UNGOVERNED_SLOTS, bpf/maps.h). With
# many more cgroups than slots, visited over and over and at the same time, each is judged by its own policies.
. "$(dirname "$0")/../lib.sh"
suite_begin "$@"

policy writes <<'INI'
[policy]
name = writes
cgroup = /0-*
[sysctl]
deny = write kernel.domainname
INI
policy connects <<'INI'
[policy]
name = connects
cgroup = /1-*
[network]
deny = connect 127.0.0.1
INI
cat >"$TMP/visit.py" <<'PYTHON'
"""visit.py ROOT SLOTS WRITES: the wrong verdicts on a process moved from cgroup to cgroup, and on two in a pair that
shares a slot. WRITES: the kind of cgroups, by their names, that the policy "writes" governs."""
import errno, os, pathlib, socket, sys, time

KINDS, SECONDS = 3, 0.1
root, SLOTS, writes = pathlib.Path(sys.argv[1]), int(sys.argv[2]), int(sys.argv[3])


def attempt():
    """What is denied here: a bit each for the write and the connect."""
    denied = 0
    try:
        pathlib.Path("/proc/sys/kernel/domainname").write_text("x")
    except OSError as error:
        denied |= error.errno == errno.EPERM
    with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as udp:
        try:
            udp.connect(("127.0.0.1", 9))
        except OSError as error:
            denied |= (error.errno == errno.EPERM) << 1
    return denied


class Visitor:
    """A process that is moved, by this one, and tells what it may do."""

    def __init__(self):
        (read, self.to), (self.answers, write) = os.pipe(), os.pipe()
        self.pid = os.fork()
        if self.pid:
            os.close(read)
            os.close(write)
            return
        os.close(self.to)
        while turns := os.read(read, 1):
            kind, many = divmod(turns[0], 2)
            wrong, end = 0, time.monotonic() + (SECONDS if many else 0)
            while True:
                wrong += attempt() != wanted(kind)
                if time.monotonic() >= end:
                    break
            os.write(write, bytes([min(wrong, 255)]))
        os._exit(0)

    def start(self, cgroup, many=False):
        (cgroup / "cgroup.procs").write_text(str(self.pid))
        os.write(self.to, bytes([int(cgroup.name[0]) * 2 + many]))

    def wrong(self):
        return os.read(self.answers, 1)[0]


def wanted(kind):
    return (kind == writes) | (kind == 1) << 1


cgroups = [root / f"{i % KINDS}-{i}" for i in range(2 * SLOTS + 100)]
for cgroup in cgroups:
    cgroup.mkdir(exist_ok=True)
by_slot = {}
for cgroup in cgroups:
    by_slot.setdefault(cgroup.stat().st_ino % SLOTS, []).append(cgroup)
first, second = Visitor(), Visitor()
wrong = visits = 0
for turn in range(2):
    for cgroup in cgroups if not turn else reversed(cgroups):
        first.start(cgroup)
        wrong += first.wrong()
        visits += 1
pairs = [(a, b) for a, b, *_ in (x for x in by_slot.values() if len(x) > 1) if a.name[0] != b.name[0]]
at_once = 0
for a, b in pairs[:: len(pairs) // 20]:
    first.start(a, True)
    second.start(b, True)
    at_once += first.wrong() + second.wrong()
print(f"{visits} {wrong} {len(pairs)} {at_once}")
PYTHON
slots=$(awk '$2 == "UNGOVERNED_SLOTS" { print $3 }' "$SOURCE_DIR/bpf/maps.h")
# visited NAME WRITES
visited()
{
	local visits wrong pairs at_once

	read -r visits wrong pairs at_once < <(python3 "$TMP/visit.py" "$CGROUP" "$slots" "$2")
	same "$1: visits, and wrong verdicts" "$((2 * (2 * slots + 100))) 0" "$visits $wrong"
	holds "$1: pairs of cgroups that share a slot: $pairs" test "$pairs" -gt 100
	same "$1: two at once, wrong verdicts" 0 "$at_once"
}
apply writes connects
visited "first" 0
# The same cgroups under another ruleset: what the slots hold of the first is void.
sed -i 's|/0-|/2-|' writes.ini
apply writes connects
visited "reloaded" 2
