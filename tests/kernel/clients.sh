#!/bin/bash
# SPDX-License-Identifier: GPL-2.0-only
# Real programs through a policy: curl, nc, python3, ping, dig, and servers whose own way out is shut
# while they serve, nginx among them.
. "$(dirname "$0")/../lib.sh"
suite_begin "$@"

policy jail <<'INI'
[policy]
name = clients
cgroup = /client
[network]
deny = connect tcp *:8081
deny = connect udp 192.0.2.53:53
deny = connect icmp 192.0.2.99
INI
policy server <<'INI'
[policy]
name = server
cgroup = /server
[network]
deny = connect 0.0.0.0/0 [::/0]
deny = bind tcp *:1-1023
INI
apply jail server
mkdir -p "$CGROUP"/{client,server}

cat >"$TMP/dns.py" <<'PY'
import socket, sys
s = socket.socket(socket.AF_INET, socket.SOCK_DGRAM)
s.bind(("0.0.0.0", 53))
while True:
    q, peer = s.recvfrom(512)
    s.sendto(q[:2] + b"\x81\x80" + q[4:6] + b"\0\1\0\0\0\0" + q[12:] +
             b"\xc0\x0c\0\1\0\1\0\0\0\x3c\0\4\x7f\0\0\1", peer)
PY
cat >"$TMP/ask.py" <<'PY'
import socket, sys
s = socket.socket(socket.AF_INET, socket.SOCK_DGRAM)
s.settimeout(2)
try:
    s.sendto(b"\1\2\1\0\0\1\0\0\0\0\0\0\4test\0\0\1\0\1", (sys.argv[1], 53))
    print("answer", len(s.recvfrom(512)[0]))
except PermissionError:
    print("denied")
PY
echo hello >"$TMP/index.html"
# Not governed: its answers are sendto with an address, which a connect rule is about.
python3 "$TMP/dns.py" 2>"$TMP/dns.err" &
for port in 8080 8081; do
	into "$CGROUP/server" python3 -m http.server -d "$TMP" $port >/dev/null 2>&1 &
done 2>/dev/null
eventually 10 bash -c 'exec 3<>/dev/tcp/127.0.0.1/8080' || broken "no server"
eventually 10 bash -c 'exec 3<>/dev/tcp/127.0.0.1/8081' || broken "no server"

# client COMMAND...: what a client in the governed cgroup prints
client()
{
	in_cgroup /client timeout 10 "$@" 2>&1
}

fetch='import sys, urllib.request
try:
    print(urllib.request.urlopen(sys.argv[1], timeout=5).read().decode().strip())
except OSError as e:
    print("denied" if e.reason.errno == 1 else e)'
same "python3: allowed" hello "$(client python3 -c "$fetch" http://127.0.0.1:8080/)"
same "python3: denied" denied "$(client python3 -c "$fetch" http://127.0.0.1:8081/)"
same "curl: allowed" hello "$(client curl -s http://127.0.0.1:8080/)"
client curl -s http://127.0.0.1:8081/ >/dev/null
same "curl: denied" 7 $?
holds "nc: allowed" grep -q '200 OK' \
	<<<"$(printf 'GET / HTTP/1.0\r\n\r\n' | client nc -w 5 127.0.0.1 8080)"
client nc -z -w 5 127.0.0.1 8081
same "nc: denied" 1 $?
same "busybox wget: allowed" hello "$(client busybox wget -q -O - http://127.0.0.1:8080/)"
holds "busybox wget: denied" grep -q 'not permitted' \
	<<<"$(client busybox wget -q -O - http://127.0.0.1:8081/)"
holds "busybox nc: allowed" grep -q '200 OK' \
	<<<"$(printf 'GET / HTTP/1.0\r\n\r\n' | client busybox nc 127.0.0.1 8080)"
holds "busybox nc: denied" grep -q 'not permitted' <<<"$(client busybox nc 127.0.0.1 8081 </dev/null)"
same "DNS: allowed" "answer 38" "$(client python3 "$TMP/ask.py" 127.0.0.1)"
same "DNS: denied" denied "$(client python3 "$TMP/ask.py" 192.0.2.53)"
same "dig: allowed" 127.0.0.1 "$(client dig +short +noedns +tries=1 +timeout=3 @127.0.0.1 test)"
client dig +short +noedns +tries=1 +timeout=1 @192.0.2.53 test >/dev/null
same "dig: denied" 9 $?
holds "ping: allowed" client ping -c 1 -w 3 192.0.2.98
holds "ping: denied" grep -qE 'not permitted|100% packet loss' <<<"$(client ping -c 1 -w 1 192.0.2.99)"
holds "busybox ping: no rule" client busybox ping -c 1 -w 3 127.0.0.1
same "the server's own way out is shut" denied \
	"$(in_cgroup /server python3 -c "$fetch" http://127.0.0.1:8080/ 2>&1)"
holds "busybox ping in the server's cgroup: denied" grep -qE 'not permitted|100% packet loss' \
	<<<"$(in_cgroup /server busybox ping -c 1 -w 1 127.0.0.1 2>&1)"

# nginx: serves files, and may not go on to anybody else. Its workers drop root first.
mkdir "$TMP/nginx"
cat >"$TMP/nginx/nginx.conf" <<CONF
daemon off;
worker_processes 2;
pid $TMP/nginx/pid;
error_log $TMP/nginx/error;
events { worker_connections 64; }
http {
	access_log off;
	client_body_temp_path $TMP/nginx/body;
	proxy_temp_path $TMP/nginx/proxy;
	fastcgi_temp_path $TMP/nginx/fastcgi;
	uwsgi_temp_path $TMP/nginx/uwsgi;
	scgi_temp_path $TMP/nginx/scgi;
	server {
		listen 127.0.0.1:8090;
		location / { root $TMP/www; }
		location /proxy/ { proxy_pass http://127.0.0.1:8080/; }
	}
}
CONF
mkdir "$TMP/www"
cp "$TMP/index.html" "$TMP/www"
chmod 755 "$TMP" "$TMP/www"
into "$CGROUP/server" nginx -p "$TMP/nginx" -c "$TMP/nginx/nginx.conf" -e "$TMP/nginx/error" 2>/dev/null &
eventually 10 bash -c 'exec 3<>/dev/tcp/127.0.0.1/8090' || broken "no nginx: $(cat "$TMP/nginx/error")"
same "nginx: serves" hello "$(client curl -s http://127.0.0.1:8090/)"
same "nginx: its own way out is shut" 502 \
	"$(client curl -s -o /dev/null -w '%{http_code}' http://127.0.0.1:8090/proxy/)"
holds "nginx: its log says why" grep -q 'connect() to 127.0.0.1:8080 failed (1: Operation not permitted)' \
	"$TMP/nginx/error"
apply jail
same "nginx: the rule gone, its way out is open" hello \
	"$(client curl -s http://127.0.0.1:8090/proxy/)"
kill "$(cat "$TMP/nginx/pid")"
