#!/usr/bin/env python3
# SPDX-License-Identifier: GPL-2.0-only
"""differential.py SEED DIRECTORY COUNT - random policies and operations.

Writes policies to DIRECTORY/policies/*.ini and, for each of a few cgroups, COUNT operations in all,
to DIRECTORY/ops/N with the cgroup's path in DIRECTORY/ops/N.cgroup. Each operation can be carried
out in namespaces where every address is local, and does no harm to the next one.
"""
import os
import random
import sys

SYSCTLS = [
    "net.ipv4.ip_forward", "net.ipv4.conf.all.forwarding", "net.ipv4.conf.lo.forwarding",
    "net.ipv4.conf.all.log_martians", "net.ipv4.conf.lo.log_martians", "net.ipv4.tcp_sack",
    "net.ipv4.tcp_fin_timeout", "net.ipv6.conf.all.forwarding", "net.ipv6.conf.lo.forwarding",
    "kernel.domainname", "kernel.hostname", "kernel.msgmax", "kernel.shmmni",
]
VALUES = ["0", "1", "2", "10", "0x1", "01", "255", "evil", "evil.example", "x"]
NETWORKS = ["10.0.0.0/8", "10.1.0.0/16", "10.1.2.0/24", "10.1.2.3", "192.0.2.0/25", "192.0.2.128/25",
            "128.0.0.0/1", "0.0.0.0/0", "[2001:db8::/32]", "[2001:db8:1::/48]", "[2001:db8:1::5]",
            "[::/0]", "*"]
ADDRESSES = ["10.0.0.1", "10.1.0.1", "10.1.2.2", "10.1.2.3", "10.1.2.4", "10.255.255.255", "11.0.0.0",
             "192.0.2.127", "192.0.2.128", "127.0.0.1", "128.0.0.1", "9.9.9.9", "[2001:db8::1]",
             "[2001:db8:1::4]", "[2001:db8:1::5]", "[2001:db9::]", "[::1]", "[::ffff:10.1.2.3]",
             "[::ffff:9.9.9.9]"]
PORTS = [1, 22, 53, 79, 80, 81, 443, 1023, 1024, 65534, 65535]
CGROUPS = ["/", "/a", "/a/b", "/a/b/c", "/b", "/b/x", "/pods/1/app", "/pods/2/app/deep", "/pods/1"]
SELECTORS = ["/a", "/a/*", "/**/b", "/pods/*/app", "/b", "/[bc]", "/**", "/pods/{1,3}/**", "/nowhere"]


def sysctl_glob(random_):
    parts = random_.choice(SYSCTLS).split(".")
    kind = random_.randrange(5)
    if kind == 0:
        parts[random_.randrange(1, len(parts))] = "*"
    elif kind == 1:
        return ".".join(parts[:random_.randrange(1, len(parts))]) + ".**"
    elif kind == 2:
        parts[-1] = parts[-1][:3] + "*"
    elif kind == 3 and random_.random() < 0.3:
        return "**"
    return ".".join(parts)


def ports_of(random_):
    kind = random_.randrange(4)
    if kind == 0:
        return ""
    if kind == 1:
        return ":%d" % random_.choice(PORTS)
    first, last = sorted(random_.sample(PORTS, 2))
    if kind == 2:
        return ":%d-%d" % (first, last)
    return ":%d,%d" % (first, last)


def network_rule(random_):
    action = random_.choice(["deny", "deny", "deny", "allow", "audit"])
    what = random_.choice(["connect", "connect", "connect", "bind"])
    protos = random_.choice(["tcp", "udp", "tcp,udp", "tcp", "icmp", ""])
    if what == "bind" and "icmp" in protos:
        protos = "udp"
    ports = "" if protos in ("icmp", "") else ports_of(random_)
    peer = random_.choice(NETWORKS)
    return "%s = %s %s %s%s" % (action, what, protos, peer, ports)


def sysctl_rule(random_):
    action = random_.choice(["deny", "deny", "deny", "allow", "audit"])
    what = random_.choice(["write", "write", "write", "read", "read,write"])
    value = ""
    if what == "write" and random_.random() < 0.4:
        value = " " + random_.choice(["1", "0", "evil*", "*x*", "[0-9]", "2*", "10"])
    return "%s = %s %s%s" % (action, what, sysctl_glob(random_), value)


def policy(random_, name):
    lines = ["[policy]", "name = " + name]
    for selector in random_.sample(SELECTORS, random_.randrange(1, 3)):
        lines.append("cgroup = " + selector)
    if random_.random() < 0.2:
        lines.append("mode = audit")
    lines.append("[network]")
    lines += sorted({network_rule(random_) for _ in range(random_.randrange(1, 9))})
    lines.append("[sysctl]")
    lines += sorted({sysctl_rule(random_) for _ in range(random_.randrange(1, 7))})
    return "\n".join(lines) + "\n"


def operation(random_):
    kind = random_.randrange(10)
    if kind < 4:
        return "connect tcp %s:%d" % (random_.choice(ADDRESSES), random_.choice(PORTS))
    if kind < 6:
        return "connect udp %s:%d" % (random_.choice(ADDRESSES), random_.choice(PORTS))
    if kind == 6:
        address = random_.choice([a for a in ADDRESSES if "ffff" not in a])
        return "connect icmp " + address
    if kind == 7:
        return "bind %s %s:%d" % (random_.choice(["tcp", "udp"]), random_.choice(ADDRESSES),
                                  random_.choice(PORTS))
    if kind == 8:
        return "sysctl read " + random_.choice(SYSCTLS)
    return "sysctl write %s=%s" % (random_.choice(SYSCTLS), random_.choice(VALUES))


def main():
    seed, directory, count = int(sys.argv[1]), sys.argv[2], int(sys.argv[3])
    random_ = random.Random(seed)
    os.makedirs(directory + "/policies", exist_ok=True)
    os.makedirs(directory + "/ops", exist_ok=True)
    for i in range(random_.randrange(2, 7)):
        with open("%s/policies/p%d.ini" % (directory, i), "w", encoding="ascii") as out:
            out.write(policy(random_, "p%d" % i))
    for i, cgroup in enumerate(CGROUPS):
        with open("%s/ops/%d.cgroup" % (directory, i), "w", encoding="ascii") as out:
            out.write(cgroup + "\n")
        with open("%s/ops/%d" % (directory, i), "w", encoding="ascii") as out:
            for _ in range(-(-count // len(CGROUPS))):
                out.write(operation(random_) + "\n")


main()
