#!/bin/bash
# SPDX-License-Identifier: GPL-2.0-only
# demo.sh - cgward and a real container, in two minutes: sudo ./demo.sh
#
# Everything happens in namespaces and a cgroup of the demonstration's own, below which cgward's
# programs are attached; all of it is removed at the end. The exit status is 0 if everything that
# is shown was as it should be. What is shown is what the programs print; only long ids of containers
# and the directories of the demonstration are shortened.
set -u
cd "$(dirname "$0")" || exit 1
SUITE=demo
. tests/lib.sh
. tests/bundle.sh

if [ -z "${SUITE_OWN-}" ]; then
	[ "$(id -u)" = 0 ] || { echo "demo.sh: must be run as root: sudo ./demo.sh" >&2 && exit 1; }
	./setup.sh || exit 1
	echo "Building ..."
	log=$(mktemp)
	if ! { cmake -S . -B build -G "Unix Makefiles" && cmake --build build -j "$(nproc)"; } \
		>"$log" 2>&1; then
		cat "$log"
		rm -f "$log"
		exit 1
	fi
	rm -f "$log"
fi
suite_begin "$@"

WRONG=0
core_pattern=$(cat /proc/sys/kernel/core_pattern)
# Should a denial fail, the machine must not keep what was written.
restore()
{
	[ "$(cat /proc/sys/kernel/core_pattern)" = "$core_pattern" ] ||
		printf '%s' "$core_pattern" >/proc/sys/kernel/core_pattern
}
trap restore EXIT

if [ -t 1 ] && [ -z "${NO_COLOR-}" ]; then
	strong=$'\033[1m' plain=$'\033[0m'
else
	strong='' plain=''
fi

caption()
{
	printf '\n%s%s%s\n' "$strong" "$*" "$plain"
}

shorten()
{
	sed -E "s|$CGROUP|/sys/fs/cgroup|g; s|$BPFFS|/sys/fs/bpf/cgward|g; s|$TMP/||g; s|$SOURCE_DIR/||g
		s|^(. )timeout 20 |\1|
		s/([0-9a-f]{12})[0-9a-f]{52}/\1.../g; s|^$BUILD/[a-z]*/||; s|(^. )$BUILD/[a-z]*/|\1|"
}

# show EXPECTED-STATUS COMMAND...: prints the command, its output, and complains if it went wrong
show()
{
	local status

	echo "\$ ${*:2}" | shorten
	"${@:2}" 2>&1 | shorten | sed 's/^/    /'
	status=${PIPESTATUS[0]}
	[ "$status" = "$1" ] || {
		echo "    demo.sh: the exit status is $status; it should have been $1"
		WRONG=1
	}
}

# container NAME ID: in the cgroup that Podman would give it
container()
{
	bundle_make "$TMP/$1" "/$SUITE_OWN/root/machine.slice/libpod-$2.scope" || exit 1
	if ! { crun --root "$TMP/state" create -b "$TMP/$1" "$1" </dev/null &&
		crun --root "$TMP/state" start "$1"; } >"$TMP/$1/output" 2>&1; then
		cat "$TMP/$1/output"
		exit 1
	fi
	echo "    container '$1' in machine.slice/libpod-${2:0:12}....scope"
}

# inside NAME EXPECTED-STATUS COMMAND...
inside()
{
	local status

	echo "$1# ${*:3}"
	crun --root "$TMP/state" exec "$1" "${@:3}" 2>&1 | sed 's/^/    /'
	status=${PIPESTATUS[0]}
	[ "$status" = "$2" ] || {
		echo "    demo.sh: the exit status is $status; it should have been $2"
		WRONG=1
	}
}

# A web server; every address leads to it here, that of the cloud's metadata included.
mkdir "$TMP/www"
echo 'hello from the web server' >"$TMP/www/index.html"
busybox httpd -f -p 80 -h "$TMP/www" &
eventually 5 busybox wget -q -O /dev/null http://10.0.0.1/ || broken "no web server"

caption "1. A policy for every container: policies/examples/container-baseline.ini, in extracts"
grep -vE '^;|^$|libpod_parent|kube|cri' "$SOURCE_DIR/policies/examples/container-baseline.ini" |
	sed 's/^/    /'

caption "2. The kernel is told; after that no process of cgward is needed"
show 0 cgward apply "$SOURCE_DIR/policies/examples/container-baseline.ini"
left=$(ours)
echo "    processes of cgward that run now: ${left:-none}"
[ -z "$left" ] || WRONG=1

caption "3. A container is started by crun: root with CAP_SYS_ADMIN, /proc/sys writable"
container first "$(printf 'f1%.0s' {1..32})"
inside first 1 sysctl -w 'kernel.core_pattern=|/tmp/rootkit'
inside first 0 sysctl kernel.core_pattern
inside first 1 wget -q -O - http://169.254.169.254/latest/meta-data/
inside first 0 wget -q -O - http://10.0.0.1/

caption "4. The same by another name for the same file, and by another name for the same address"
inside first 1 sh -c 'exec 3>/proc/self/root/proc/sys/kernel/core_pattern; echo x >&3'
inside first 1 wget -q -O - 'http://[::ffff:169.254.169.254]/'

caption "5. A new container of the same name pattern: governed from its first instruction"
container second "$(printf '2e%.0s' {1..32})"
inside second 1 sysctl -w vm.overcommit_memory=1

caption "6. What happened, while nobody was listening"
show 0 timeout 20 "$AUDIT" --bpffs "$BPFFS" --format text

caption "7. The state, told by the kernel to a process that has only just started"
show 0 cgward status

caption "8. Would it be denied? And why?"
show 1 "$CGWARD" explain --live --bpffs "$BPFFS" \
	--cgroup "/machine.slice/libpod-$(printf 'f1%.0s' {1..32}).scope" \
	-- connect tcp 169.254.169.254:80

caption "9. Everything is removed"
show 0 cgward remove
inside first 0 wget -q -O - http://169.254.169.254/
for name in first second; do
	crun --root "$TMP/state" delete -f $name
done

[ "$WRONG" = 0 ] || {
	echo
	echo "demo.sh: something was not as it should be: see above" >&2
	exit 1
}
