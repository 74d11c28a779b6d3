#!/bin/bash
# SPDX-License-Identifier: GPL-2.0-only
# A real container, by crun on overlayfs, under the two example policies for containers: a web server,
# a shell session and what a package manager does to files are not disturbed; what an intruder does is
# refused, and logged; and in a container that no policy governs nothing of it is refused.
. "$(dirname "$0")/../lib.sh"
. "$(dirname "$0")/../bundle.sh"
suite_begin "$@"

EXAMPLES=$SOURCE_DIR/policies/examples
ID=0123456789abcdef0123456789abcdef0123456789abcdef0123456789abcdef
SCOPE=/machine.slice/libpod-$ID.scope
WEB=http://127.0.0.1:8080

# image: what both containers have beneath their own layer
image()
{
	local lower=$TMP/lower

	bundle_make "$TMP/image" / || broken "no bundle"
	mv "$TMP/image/rootfs" "$lower"
	busybox --list | while read -r applet; do
		[ -e "$lower/bin/$applet" ] || ln -s busybox "$lower/bin/$applet"
	done
	cp "$BUILD/helpers/op" "$BUILD/helpers/fileop" "$lower/bin"
	mkdir -p "$lower"/{root/.ssh,www,usr/bin,usr/lib/old,etc/sudoers.d,var/tmp,var/lib,run/lock,mnt}
	echo 'it works' >"$lower/www/index.html"
	echo 'root:x:0:0:root:/root:/bin/sh' >"$lower/etc/passwd"
	echo 'root:*:19000::::::' >"$lower/etc/shadow"
	echo 'nameserver 192.0.2.53' >"$lower/etc/resolv.conf"
	echo 'version 1' >"$lower/usr/lib/old/data"
}

runtime()
{
	crun --root "$TMP/state" "$@" </dev/null
}

# start NAME CGROUP COMMAND...: a container whose root is an overlay of the image
start()
{
	local bundle=$TMP/$1 arguments

	mkdir -p "$bundle"/{rootfs,upper,work}
	mount -t overlay overlay "$bundle/rootfs" \
		-o "lowerdir=$TMP/lower,upperdir=$bundle/upper,workdir=$bundle/work" ||
		broken "overlayfs cannot be mounted"
	arguments=$(printf '%s\n' "${@:3}" | jq -R . | jq -cs .)
	bundle_config "/$SUITE_OWN/root$2" | jq ".process.args = $arguments |
		.process.capabilities |= map_values(. + [\"CAP_SYS_TIME\"])" >"$bundle/config.json"
	{ runtime create -b "$bundle" "$1" && runtime start "$1"; } >"$bundle/output" 2>&1 ||
		broken "crun cannot start a container: $(cat "$bundle/output")"
}

# session NAME: a shell in the container reads the script on standard input; prints what it prints
session()
{
	cat >"$TMP/$1/rootfs/run/session"
	runtime exec "$1" sh /run/session 2>&1
}

cp "$EXAMPLES"/container-{baseline,files}.ini .
image
mkdir -p "$CGROUP/machine.slice"
apply container-baseline container-files
audit_start
start governed "$SCOPE" httpd -f -p 8080 -h /www
start free /machine.slice/free.scope sleep 1000

# ---- what a container does every day ----
same "exec enters the cgroup" "0::/$SUITE_OWN/root$SCOPE" \
	"$(session governed <<<'grep ^0:: /proc/self/cgroup')"
eventually 10 busybox wget -q -O /dev/null $WEB
same "the web server answers" "it works" "$(busybox wget -q -O - $WEB)"
same "a web client in the container" "it works" "$(session governed <<<"wget -q -O - $WEB")"

session governed >"$TMP/said" <<'SH'
set -e
cd /root
echo "three
one
two" >list
sort list | sed 's/o/0/' | tr '\n' ' '
(sleep 0.1; echo background >later) &
wait
cat later
name=$(basename "$(dirname /usr/lib/old)")
cat <<TEXT
$name $(wc -l <list) $((6 * 7))
TEXT
mkfifo pipe && (echo through >pipe &) && cat pipe
ps | grep -c '[h]ttpd'
find / -xdev -name 'index*' -exec cat {} +
printf 'echo script %s\n' ran >script && chmod +x script && sh script && ./script
sysctl -w net.ipv4.conf.lo.log_martians=1 >/dev/null
hostname
SH
same "a shell session" \
	"0ne three tw0 background|lib 3 42|through|1|it works|script ran|script ran|container" \
	"$(tr '\n' '|' <"$TMP/said" | sed 's/|$//')"

# Unpacked beside what it replaces, then renamed over it, as dpkg does.
session governed >"$TMP/said" <<'SH'
set -e
mkdir -p /var/lib/work/usr/bin /var/lib/work/usr/lib/new
cd /var/lib/work
printf '#!/bin/sh\necho tool 2\n' >usr/bin/tool
echo 'version 2' >usr/lib/new/data
for i in $(seq 200); do echo $i >usr/lib/new/$i; done
chmod 755 usr/bin/tool
tar czf /var/tmp/package.tar.gz usr
rm -r usr
mkdir unpacked
tar xzf /var/tmp/package.tar.gz -C unpacked
cp unpacked/usr/bin/tool /usr/bin/tool.new
chown 1:1 /usr/bin/tool.new
chmod 4755 /usr/bin/tool.new
mv /usr/bin/tool.new /usr/bin/tool
cp unpacked/usr/lib/new/data /usr/lib/old/data.new
ln /usr/lib/old/data /usr/lib/old/data.link
mv /usr/lib/old/data.new /usr/lib/old/data
rm /usr/lib/old/data.link
mv /usr/lib/old /usr/lib/renamed
ln -s renamed /usr/lib/old
mv unpacked/usr/lib/new /usr/lib/new
echo 'nameserver 192.0.2.54' >/etc/resolv.conf
touch -d '2020-01-01 00:00' /usr/lib/new/data
rm -r unpacked /var/tmp/package.tar.gz
/usr/bin/tool
cat /usr/lib/old/data
ls /usr/lib/new | wc -l
stat -c '%a %u' /usr/bin/tool
SH
same "a package: unpacked, installed over the old one, executed" "tool 2|version 2|201|4755 1" \
	"$(tr '\n' '|' <"$TMP/said" | sed 's/|$//')"
same "no denial in all of this" "" "$(jq -c 'select(.type == "violation")' "$TMP/events")"

# ---- what an intruder does ----
# attack NAME FILTER COMMAND: is to be refused with EPERM in the governed container, and not in the
# other; the filter selects its event
NAMES=()
FILTERS=()
: >attacks
attack()
{
	NAMES+=("$1")
	FILTERS+=("$2")
	printf 'echo "== %s"\n(%s) 2>&1\n' "$1" "$3" >>attacks
}

# refused NAME FILE: what was said of the attack
refused()
{
	awk -v name="== $1" '/^== / { on = $0 == name; next } on' "$2" |
		grep -qE 'Operation not permitted|permission denied \(are you root|^denied'
}

attack "a user more" '.path == "/etc/passwd" and .op == "write"' 'echo intruder >>/etc/passwd'
attack "a user file in its place" '.hook == "lsm/path_rename" and .path2 == "/etc/passwd"' \
	'cp /etc/passwd /etc/new && mv /etc/new /etc/passwd'
attack "a hard link to change it by" '.hook == "lsm/path_link" and .path == "/etc/shadow"' \
	'ln /etc/shadow /etc/link && echo x >>/etc/link'
attack "another directory in place of its own" '.reason == "sealed" and .path == "/etc"' \
	'mv /etc /etc-2 && mv /etc-2 /etc'
attack "its mode" '.hook == "lsm/path_chmod" and .path == "/etc/shadow"' 'chmod 666 /etc/shadow'
attack "a key" '.path == "/root/.ssh/authorized_keys"' 'echo key >/root/.ssh/authorized_keys'
attack "a program in /tmp" '.op == "exec" and .path == "/tmp/tool"' \
	'cp /bin/busybox /tmp/tool && /tmp/tool true'
attack "a program in /dev/shm" '.op == "exec" and .path == "/dev/shm/tool"' \
	'mkdir -p /dev/shm && cp /bin/busybox /dev/shm/tool && /dev/shm/tool true'
attack "out of /tmp, then executed" '.reason == "sealed" and .path2 == "/usr/bin/moved"' \
	'cp /bin/busybox /tmp/tool && mv /tmp/tool /usr/bin/moved && /usr/bin/moved true'
attack "a memfd" '.op == "exec" and (.path | startswith("memfd:"))' 'fileop memfd evil'
attack "the kernel's memory" '.path == "/proc/kallsyms"' 'head -c 1 /proc/kallsyms'
attack "a mount over /etc" '.hook == "lsm/sb_mount"' 'mount -t tmpfs none /etc; umount /etc'
attack "a bind mount" '.hook == "lsm/sb_mount" and .reason == "source-unknown"' \
	'mount -o bind /etc /mnt; umount /mnt'
attack "a sysctl of the machine" '.name == "kernel.panic"' \
	'sysctl -w kernel.panic=-1'
attack "cloud metadata" '.address == "169.254.169.254" and .port == 80' \
	'op connect tcp 169.254.169.254:80'
attack "bpf(2)" '.power == "bpf"' 'op kernel bpf'
attack "perf_event_open(2)" '.power == "perf"' 'op kernel perf'
attack "the clock" '.capability == "sys_time"' 'op capability sys_time'


session governed <attacks >said
session free <attacks >said-freely
for i in "${!NAMES[@]}"; do
	name=${NAMES[i]}
	holds "$name: refused" refused "$name" said
	logged "$name: logged" "${FILTERS[i]} and .type == \"violation\" and .verdict == \"deny\" and
		.cgroup == \"$SCOPE\" and .container.id == \"$ID\""
	if refused "$name" said-freely; then
		fail "$name: not refused in a container that is not governed" "$(cat said-freely)"
	else
		pass "$name: not refused in a container that is not governed"
	fi
done
same "no event of the container that is not governed" "" \
	"$(jq -c "select(.type == \"violation\" and .cgroup != \"$SCOPE\")" "$TMP/events")"

same "the web server still answers" "it works" "$(busybox wget -q -O - $WEB)"
same "what was not to change has not" "root:x:0:0:root:/root:/bin/sh" \
	"$(session governed <<<'cat /etc/passwd')"
audit_stop
runtime delete -f governed >/dev/null 2>&1
runtime delete -f free >/dev/null 2>&1
umount "$TMP"/{governed,free}/rootfs
