#!/bin/bash
# SPDX-License-Identifier: GPL-2.0-only
# Cgroups attached by hand last as long as the cgroup: what has gone is swept by the next apply or
# attach, which says so; what is still there stays, however it was named.
. "$(dirname "$0")/../lib.sh"
suite_begin "$@"

policy web <<'INI'
[policy]
name = web
cgroup = /web
[network]
deny = connect 192.0.2.1
INI
policy other <<'INI'
[policy]
name = other
cgroup = /other
[network]
deny = connect 192.0.2.1
INI
apply web other
connect=(connect tcp 192.0.2.1:80)
attached()
{
	cgward status --json | jq -r '[.attachments[] | "\(.policy) \(.cgroup)"] | sort | join(", ")'
}
generation()
{
	cgward status --json | jq .generation
}

mkdir -p "$CGROUP"/{a,b,c,d}/child
for name in a b; do cgward attach web /$name >/dev/null; done
cgward attach other /b >/dev/null
cgward attach web "$CGROUP/a/../c/./child/" >/dev/null
same "attached, by the names that the kernel has" "other /b, web /a, web /b, web /c/child" "$(attached)"
holds "the same cgroup under another name is attached already" grep -q 'attached already' \
	<(cgward attach web /c/child)
cgward attach web /../runner >"$TMP/output" 2>&1
same "a cgroup outside is refused" 1 $?

# One has gone, one has been made again.
generation=$(generation)
holds "nothing has gone: apply changes nothing" grep -q '^nothing changed' \
	<(cgward apply web.ini other.ini 2>&1)
rmdir "$CGROUP/a/child" "$CGROUP/a" "$CGROUP/b/child" "$CGROUP/b"
mkdir "$CGROUP/b"
gone=$'- web: attached cgroup /a\n- web: attached cgroup /b\n- other: attached cgroup /b'
same "--dry-run names what has gone" "$(sort <<<"$gone")" \
	"$(cgward apply --dry-run web.ini other.ini 2>/dev/null | grep '^-' | sort)"
same "--dry-run changes nothing" "$generation" "$(generation)"
same "apply names it" "$(sort <<<"$gone")" \
	"$(cgward apply web.ini other.ini 2>/dev/null | grep '^-' | sort)"
same "and it is gone" "web /c/child" "$(attached)"
is "what is still there is governed" denied /c/child "${connect[@]}"
is "what was made again is not" allowed /b "${connect[@]}"
holds "then nothing changes any more" grep -q '^nothing changed' \
	<(cgward apply web.ini other.ini 2>&1)

# attach sweeps, too: containers come and go without an apply.
for i in 1 2 3 4 5; do
	mkdir "$CGROUP/container-$i"
	cgward attach web "/container-$i" >/dev/null
	rmdir "$CGROUP/container-$i"
done
cgward attach web /d >/dev/null
same "attach sweeps" "web /c/child, web /d" "$(attached)"
holds "detach" cgward detach web /c/child
same "detached" "web /d" "$(attached)"
is "the last one is governed" denied /d/child "${connect[@]}"

# Another view of the same root, in which the paths lead elsewhere: nothing is taken for gone.
mkdir "$TMP/view"
mount --bind "$CGROUP" "$TMP/view"
same "JSON: the changes, and none without a reason" "[]" \
	"$("$CGWARD" apply --bpffs "$BPFFS" --cgroup-root "$TMP/view" --config "$CONFIG" --json \
		web.ini other.ini 2>/dev/null | jq -c .changes)"
umount "$TMP/view"
same "by another way to the root nothing is lost" "web /d" "$(attached)"
rmdir "$CGROUP/d/child" "$CGROUP/d"
same "JSON: what has gone" '[{"change":"removed","policy":"web","what":"attached cgroup /d"}]' \
	"$(cgward apply --json web.ini other.ini 2>/dev/null | jq -c .changes)"
