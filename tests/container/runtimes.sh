#!/bin/bash
# SPDX-License-Identifier: GPL-2.0-only
# Real containers, by crun and by runc: governed from their first instruction by a policy that was
# applied before they were made, and logged with the container's name.
. "$(dirname "$0")/../lib.sh"
. "$(dirname "$0")/../bundle.sh"
suite_begin "$@"

policy containers <<'INI'
[policy]
name = containers
cgroup = /machine.slice/libpod-*.scope
[sysctl]
deny = write kernel.*
deny = write net.ipv4.ip_forward
[network]
deny = connect tcp 192.0.2.1:80
deny = connect udp 198.51.100.1:53
INI
apply containers
audit_start

# A web server that both addresses reach.
mkdir "$TMP/www"
echo 'it works' >"$TMP/www/index.html"
busybox httpd -f -p 80 -h "$TMP/www" &
eventually 5 busybox wget -q -O /dev/null http://203.0.113.1/ || broken "no web server"

hexadecimal()
{
	head -c 32 /dev/urandom | od -An -tx1 | tr -d ' \n'
}

# start RUNTIME NAME CGROUP [ARGUMENT...]: the container's process is sleep, or the arguments
start()
{
	local bundle=$TMP/$2 arguments

	bundle_make "$bundle" "/$SUITE_OWN/root$3" || broken "no bundle"
	if [ $# -gt 3 ]; then
		arguments=$(printf '%s\n' "${@:4}" | jq -R . | jq -cs .)
		jq ".process.args = $arguments" "$bundle/config.json" >"$bundle/new" &&
			mv "$bundle/new" "$bundle/config.json"
	fi
	"$1" --root "$TMP/state-$1" create -b "$bundle" "$2" </dev/null >"$bundle/output" 2>&1 ||
		broken "$1 cannot create a container: $(cat "$bundle/output")"
	"$1" --root "$TMP/state-$1" start "$2" >>"$bundle/output" 2>&1 ||
		broken "$1 cannot start a container: $(cat "$bundle/output")"
}

stop()
{
	"$1" --root "$TMP/state-$1" delete -f "$2" >/dev/null 2>&1
}

# inside COMMAND...: in the governed container, by exec; prints output and status
inside()
{
	"$runtime" --root "$TMP/state-$runtime" exec governed "$@" 2>&1
	echo "status $?"
}

outside()
{
	"$runtime" --root "$TMP/state-$runtime" exec free "$@" 2>&1
	echo "status $?"
}

for runtime in crun runc; do
	if ! command -v $runtime >/dev/null; then
		skip "$runtime" "not installed"
		continue
	fi
	id=$(hexadecimal)
	scope=/machine.slice/libpod-$id.scope
	start $runtime governed "$scope"
	start $runtime free "/machine.slice/other-$runtime.scope"

	# exec works, and enters the container's cgroup.
	same "$runtime: exec enters the cgroup" "0::/$SUITE_OWN/root$scope" \
		"$(inside cat /proc/self/cgroup | grep '^0::')"
	same "$runtime: sysctl -w is refused with EPERM" \
		"sysctl: write error: Operation not permitted status 1" \
		"$(inside sysctl -w kernel.domainname=evil | tr '\n' ' ' | sed 's/ $//')"
	same "$runtime: the value is unchanged" "(none)" \
		"$(inside cat /proc/sys/kernel/domainname | head -n 1)"
	logged "$runtime: logged with name, values, cgroup and container" "
		.type == \"violation\" and .verdict == \"deny\" and .policy == \"containers\" and
		.op == \"write\" and .name == \"kernel.domainname\" and .old == \"(none)\\n\" and
		.new == \"evil\" and .cgroup == \"$scope\" and .container.id == \"$id\" and
		.rule == \"deny write kernel.*\" and (.source | endswith(\"containers.ini:5\")) and
		.comm == \"sysctl\" and .uid == 0 and .ns_pid > 0 and .ns_pid < 1000 and
		(.exe | endswith(\"/busybox\"))"
	same "$runtime: a read is not affected" "(none) status 0" \
		"$(inside sysctl -n kernel.domainname | tr '\n' ' ' | sed 's/ $//')"
	same "$runtime: a write that no rule denies works" "status 0" \
		"$(inside sysctl -w net.ipv4.conf.lo.log_martians=1 | tail -n 1)"
	same "$runtime: another container is not affected" "good" \
		"$(outside sysctl -w kernel.domainname=good >/dev/null &&
			outside sysctl -n kernel.domainname | head -n 1)"

	# wget: both addresses lead to the same server.
	same "$runtime: wget from an allowed address" "it works status 0" \
		"$(inside wget -q -O - http://203.0.113.1/ | tr '\n' ' ' | sed 's/ $//')"
	same "$runtime: wget from a denied address" \
		"wget: can't connect to remote host (192.0.2.1): Operation not permitted status 1" \
		"$(inside wget -q -O - http://192.0.2.1/ | tr '\n' ' ' | sed 's/ $//')"
	logged "$runtime: logged with address, port and container" "
		.verdict == \"deny\" and .op == \"connect\" and .protocol == \"tcp\" and
		.family == \"inet\" and .address == \"192.0.2.1\" and .port == 80 and
		.container.id == \"$id\" and .comm == \"wget\""
	same "$runtime: wget from the denied address, another container" "it works status 0" \
		"$(outside wget -q -O - http://192.0.2.1/ | tr '\n' ' ' | sed 's/ $//')"

	# The first instruction, no process of cgward alive.
	audit_stop
	next=$(hexadecimal)
	start $runtime first "/machine.slice/libpod-$next.scope" \
		sh -c 'echo evil 2>/tmp/error >/proc/sys/kernel/domainname; echo $? >/tmp/status; sleep 1000'
	eventually 5 test -s "$TMP/first/rootfs/tmp/status"
	same "$runtime: a new container is governed from its first command" 1 \
		"$(cat "$TMP/first/rootfs/tmp/status")"
	audit_start
	logged "$runtime: what happened while nobody read is in the log" \
		".container.id == \"$next\" and .name == \"kernel.domainname\" and .new == \"evil\\n\""
	stop $runtime first
	stop $runtime governed
	stop $runtime free
done
audit_stop
