#!/bin/bash
# SPDX-License-Identifier: GPL-2.0-only
# Ways around rules about unix sockets: other names of the socket. Needs BPF LSM.
. "$(dirname "$0")/../lib.sh"
suite_begin "$@"
[ "$(cgward doctor --json | jq -r '.features[] | select(.name == "BPF LSM").state')" = yes ] || {
	skip "other names of unix sockets" "this kernel has no BPF LSM"
	exit 0
}

mkdir "$TMP"/{real,other,mounted}
mkdir -p "$CGROUP"/{jail,free}
keep "listen unix $TMP/real/a.sock" "listen unix $TMP/other/a.sock" "bind unix $TMP/real/d.sock" \
	"bind unix $TMP/other/d.sock" 'listen unix @real' 'listen unix @other' \
	< <(sleep 200) >"$TMP/ready" 2>&1 &
eventually 10 grep -q ready "$TMP/ready" || broken "keep: $(cat "$TMP/ready")"
ln -s "$TMP/real/a.sock" "$TMP/other/link.sock"
ln -s "$TMP/real" "$TMP/linked"
ln "$TMP/real/a.sock" "$TMP/other/hard.sock"
mount --bind "$TMP/real" "$TMP/mounted"
policy jail <<INI
[policy]
name = jail
cgroup = /jail
[network]
deny = connect unix $TMP/real/** @real
deny = bind unix $TMP/real/new-* @bind-*
deny = listen unix $TMP/other/listen-* @listen-*
INI
APPLIED=jail
apply jail
stream=connect_unix+unix_stream_connect
[ -e "$BPFFS/links/connect_unix" ] || stream=unix_stream_connect

blocked "by its name" "$stream" /jail connect unix "$TMP/real/a.sock"
blocked "abstract name" "$stream" /jail connect unix @real
is "another socket" allowed /jail connect unix "$TMP/other/a.sock"
is "another abstract name" allowed /jail connect unix @other
blocked "by a symbolic link" unix_stream_connect /jail connect unix "$TMP/other/link.sock"
blocked "by a symbolic link of the directory" unix_stream_connect /jail \
	connect unix "$TMP/linked/a.sock"
blocked "by a hard link" unix_stream_connect /jail connect unix "$TMP/other/hard.sock"
blocked "by a bind mount" unix_stream_connect /jail connect unix "$TMP/mounted/a.sock"
blocked "datagram, by a bind mount" unix_may_send /jail --dgram connect unix "$TMP/mounted/d.sock"
is "datagram, another socket" allowed /jail --dgram connect unix "$TMP/other/d.sock"
blocked "socket made outside, passed in" unix_stream_connect /jail --made-in "$CGROUP/free" \
	connect unix "$TMP/mounted/a.sock"
blocked "bind" unix_mknod /jail bind unix "$TMP/real/new-1"
blocked "bind, by a bind mount" unix_mknod /jail bind unix "$TMP/linked/new-2"
is "bind, another name" allowed /jail bind unix "$TMP/real/old-1"
blocked "bind, abstract name" unix_bind /jail bind unix @bind-1
is "bind, another abstract name" allowed /jail bind unix @bound-1
blocked "listen" unix_listen /jail listen unix "$TMP/other/listen-1"
is "listen, another name" allowed /jail listen unix "$TMP/other/other-1"
blocked "listen, abstract name" unix_listen /jail listen unix @listen-1
rm -f "$TMP"/{real,other}/{new,old,listen,other}-*
timeout 60 "$AUDIT" --bpffs "$BPFFS" --format json >"$TMP/events" 2>/dev/null
same "the event has the socket's own path" "$TMP/real/a.sock" "$(jq -r \
	'select(.hook == "lsm/unix_stream_connect" and (.path // "" | startswith("/"))).path' "$TMP/events" | sort -u)"
