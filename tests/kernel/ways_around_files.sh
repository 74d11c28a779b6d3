#!/bin/bash
# SPDX-License-Identifier: GPL-2.0-only
# Every way around a rule about files: denied; and let through when the hook that stops it is missing.
. "$(dirname "$0")/../lib.sh"
suite_begin "$@"

if ! cgward doctor --json 2>/dev/null |
	jq -e '.features[] | select(.name == "BPF LSM" and .state == "yes")' >/dev/null; then
	skip "ways around files" "this kernel has no BPF LSM"
	exit 0
fi

# The files; what is protected is protected by these names only.
FILES=$TMP/files
policy files <<-INI
	[policy]
	name   = files
	cgroup = /g
	[file]
	deny = read $FILES/secret $FILES/dir/secret $FILES/deep/**/secret
	deny = write $FILES/kept/**
	deny = exec $FILES/tool $FILES/dynamic memfd:*
	deny = read $FILES/merged/secret
	deny = write $FILES/merged/kept
	deny = exec $FILES/merged/tool
INI
APPLIED=files

# fresh: the files as they were, if anything may have been done to them
DIRTY=yes
fresh()
{
	[ -n "$DIRTY" ] || return 0
	DIRTY=
	umount -l "$FILES" 2>/dev/null
	mount -t tmpfs files "$FILES" || broken "tmpfs cannot be mounted"
	mkdir -p "$FILES"/{dir,kept/dir,mnt,new/old,other}
	echo secret | tee "$FILES/secret" "$FILES/dir/secret" "$FILES/kept/file" >"$FILES/open"
	cp "$BUILD/helpers/fileop" "$FILES/tool"
	ln "$FILES/tool" "$FILES/free"
	cp -L "$(command -v setpriv)" "$FILES/dynamic"
	ln "$FILES/dynamic" "$FILES/free-dynamic"
	printf '#!%s executed\n' "$FILES/tool" >"$FILES/script"
	chmod +x "$FILES/script"
	mkdir -p "$FILES"/pivot/old "$FILES"/{lower,upper,work,merged}
	mount -o bind "$FILES/pivot" "$FILES/pivot"
	cp "$FILES"/{secret,open,tool} "$FILES/lower"
	cp "$FILES/open" "$FILES/lower/kept"
	cp "$FILES/tool" "$FILES/lower/free"
	mount -t overlay overlay "$FILES/merged" \
		-o "lowerdir=$FILES/lower,upperdir=$FILES/upper,workdir=$FILES/work" ||
		broken "overlayfs cannot be mounted"
}

# answer ARGUMENT...: of fileop, in the governed cgroup; paths are relative to the files
answer()
{
	(cd "$FILES" && in_cgroup /g fileop "$@" 2>&1)
}

# way NAME HOOK[+HOOK]... ARGUMENT...: denied; let through once the hooks are gone
declare -A WITHOUT
way()
{
	local answer

	fresh
	answer=$(answer "${@:3}")
	[ "$answer" = denied ] || DIRTY=yes
	same "$1" denied "$answer"
	WITHOUT[$2]+="$(printf '%q ' "$1" "${@:3}")"$'\n'
}

# fine NAME ARGUMENT...: what is not denied stays possible
fine()
{
	fresh
	DIRTY=yes
	same "$1" allowed "$(answer "${@:2}")"
}

# control NAME ARGUMENT...
control()
{
	fresh
	DIRTY=yes
	same "$1 (negative control: gets through without ${HOOK//+/ and })" allowed "$(answer "${@:2}")"
}

# Takes the links of some hooks away, makes their controls, and attaches them again.
controls()
{
	local name ids line

	for HOOK in "${!WITHOUT[@]}"; do
		for name in ${HOOK//+/ }; do
			ids=$(bpftool -j link show pinned "$BPFFS/links/$name" | jq -r .id)
			rm "$BPFFS/links/$name"
			eventually 5 gone "$ids" || fail "without $name" "the link stays"
		done
		sleep 0.1
		while read -r line; do
			[ -z "$line" ] || eval "control $line"
		done <<<"${WITHOUT[$HOOK]}"
		apply files
	done
}

gone()
{
	! bpftool link show id "$1"
}

mkdir -p "$FILES"
apply files
audit_start

# ---- other names ----
way "the name itself" file_open read secret
way "a path that is not plain" file_open read dir/.././dir//secret
way "a symbolic link" file_open read /proc/self/cwd/secret
way "/proc/self/root" file_open read "/proc/self/root$FILES/secret"
way "hard link" path_link link secret other/x
way "hard link of a descriptor" path_link link-fd secret other/x
way "rename" path_rename rename secret other/x
way "rename of the parent" path_rename rename dir other/dir
way "exchange" path_rename exchange open secret
way "exchange of the parent" path_rename exchange other dir
way "rename over" path_rename rename open kept/file
way "rename into" path_rename rename open kept/new
fine "rename of what is not protected" rename open other/open
fine "rename of a directory" rename new other/new
fine "hard link of what is not protected" link open other/open
fresh
DIRTY=yes
rm "$FILES/secret"
echo new >"$FILES/secret"
same "deleted and made again" denied "$(answer read secret)"

# ---- other ways to a descriptor ----
way "O_PATH, then /proc/self/fd" file_open reopen secret
way "open_by_handle_at" file_open handle secret .
way "io_uring openat" file_open uring secret
way "a new mount namespace" file_open mountns secret
way "a new user namespace" file_open userns secret
way "chroot" file_open chroot "$FILES/dir" secret
way "a folder of another mount namespace" file_open elsewhere "$FILES" secret
way "a detached mount" file_open open-tree "$FILES" secret
fine "a new mount namespace, not protected" mountns open
fine "io_uring, not protected" uring open
logged "what cannot be named says so" '.reason == "path-unreachable" and .op == "read"'

# ---- mounts ----
way "bind mount" seal_mount bind "$FILES/dir" "$FILES/mnt"
way "move a mount" seal_mount+seal_move move-mount "$FILES/dir" "$FILES/mnt"
way "mount over" seal_mount mount tmpfs "$FILES/kept"
way "mount over the parent" seal_mount mount tmpfs "$FILES"
fine "a mount elsewhere" mount tmpfs "$FILES/mnt"
fine "proc elsewhere" mount proc "$FILES/mnt"
fine "move_mount of what is not protected" move-mount "$FILES/other" "$FILES/mnt"
way "pivot_root" seal_pivotroot pivot "$FILES/pivot" "$FILES/pivot/old"
way "an overlay that shows them" seal_filesystem mount overlay "$FILES/mnt" "lowerdir=$FILES/dir:$FILES/new"

# ---- write without open ----
for verb in truncate chmod chown unlink; do
	way "$verb" "path_$verb" $verb kept/file
done
way "fchmod of a descriptor for reading" path_chmod fchmod kept/file
way "open for reading with O_TRUNC" file_open+path_truncate otrunc kept/file
way "O_TMPFILE" file_open tmpfile kept
way "rmdir" path_rmdir rmdir kept/dir
way "mkdir" path_mkdir mkdir kept/new
way "mknod" path_mknod mknod kept/new
way "create" path_mknod+file_open create kept/new
way "symlink" path_symlink symlink x kept/new
way "times" inode_setattr utimes kept/file
way "xattr" inode_setxattr setxattr kept/file
for verb in write truncate chmod utimes unlink; do
	fine "$verb elsewhere" $verb open
done
fine "xattr elsewhere" setxattr open
flags=file_ioctl
[ ! -e "$BPFFS/links/inode_file_setattr" ] || flags=inode_file_setattr
way "chattr" $flags chattr kept/file
fine "chattr elsewhere" chattr open
way "project id" $flags project kept/file
fine "project id elsewhere" project open
way "fs-verity" file_ioctl verity kept/file
fine "fs-verity elsewhere" verity open
way "encryption of a directory" file_ioctl encrypt kept/dir
fine "encryption of a directory elsewhere" encrypt other
way "snapshot of Btrfs" file_ioctl snapshot dir other
way "deletion of a subvolume of Btrfs" file_ioctl unsnapshot other
while IFS='|' read -r name request; do
	way "$name" file_ioctl ask "$request" other
done <<'REQUESTS'
default subvolume of Btrfs|0x40089413
search in the trees of Btrfs|0xd0009411
encoded read of Btrfs|0x80809440
subvolume of bcachefs|0x4020bc10
deletion of a subvolume of bcachefs|0x4020bc11
reflink of OCFS2|0x40186f04
REQUESTS
way "flags of a subvolume" file_ioctl ask 0x4008941a kept/dir
fine "flags of a subvolume elsewhere" ask 0x4008941a other
fine "the same number in the other direction" ask 0x80089418 other
fine "another ioctl that began as one of Btrfs" label other
if [ -e "$BPFFS/links/file_ioctl_compat" ] && [ $flags = file_ioctl ]; then
	flags=file_ioctl_compat
fi
way "chattr of a 32-bit program" $flags chattr32 kept/file
fine "chattr of a 32-bit program elsewhere" chattr32 open
if [ $flags = inode_file_setattr ]; then
	way "file_setattr" inode_file_setattr setattr kept/file
	fine "file_setattr elsewhere" setattr open
fi
fresh
same "/proc/self/mem of a mapping" denied "$(answer procmem kept/file)"

# ---- exec ----
way "exec" file_open+mmap_file exec tool
way "exec of a script" file_open+mmap_file exec script
way "ld.so FILE" mmap_file loader ./dynamic
fine "ld.so FILE of another name" loader ./free-dynamic
way "memfd" file_open+mmap_file memfd name
way "exec of a deleted file" file_open+mmap_file deleted tool
DIRTY=yes # it was removed before it was executed
way "mmap executable" mmap_file mmap tool
way "mprotect executable" file_mprotect mprotect tool
fine "exec of another name" exec free
fine "mmap of another name" mmap free

# ---- overlayfs: files that lie elsewhere, and are copied when they are written ----
way "overlayfs: read" file_open read merged/secret
way "overlayfs: open for writing" file_open write merged/kept
way "overlayfs: chmod, which copies" path_chmod chmod merged/kept
way "overlayfs: truncate, which copies" path_truncate truncate merged/kept
same "overlayfs: nothing has been copied" "" "$(find "$FILES/upper" -type f)"
way "overlayfs: hard link, which copies" path_link link merged/secret merged/x
way "overlayfs: exec" file_open+mmap_file exec merged/tool
way "overlayfs: mmap executable" mmap_file mmap merged/tool
way "overlayfs: mprotect executable" file_mprotect mprotect merged/tool
for verb in write chmod truncate read; do
	fine "overlayfs: $verb of what is not protected" $verb merged/open
done
for verb in exec mmap mprotect; do
	fine "overlayfs: $verb of what is not protected" $verb merged/free
done

# ---- long and deep paths: COUNT folders of LENGTH bytes each ----
# The last one is longer than any path that can be opened at once.
while read -r count length name; do
	fresh
	DIRTY=yes
	mkdir "$FILES/deep"
	same "$name: made" allowed "$(cd "$FILES" && fileop deep make "$FILES/deep" "$count" "$length" secret)"
	same "$name" denied "$(answer deep read "$FILES/deep" "$count" "$length" secret)"
	# what is too long to be named cannot be made either
	hooks=file_open
	[ "$name" != "more than 4,096 bytes" ] || hooks+=+path_mkdir+path_mknod
	WITHOUT[$hooks]+="$(printf '%q ' "$name" deep make "$FILES/other" "$count" "$length" secret)"$'\n'
done <<-DEPTHS
	25 1 25 components
	200 1 200 components
	2 120 300 bytes
	5 190 1,000 bytes
	16 245 4,000 bytes
	20 250 more than 4,096 bytes
DEPTHS
# ---- many at once: no answer is another one's ----
fresh
same "a storm of opens: never a wrong verdict" allowed "$(answer storm 3 dir/secret other/../open)"
mkdir "$FILES/deep" "$FILES/deep/a"
cp "$FILES/secret" "$FILES/open" "$FILES/deep/a"
# its directory's name changes all the time, and is denied in each of its forms
same "a storm of opens and renames: never a wrong verdict" allowed \
	"$(cd "$FILES/deep/a" && in_cgroup /g fileop storm 3 secret open "$FILES/deep/a" 2>&1)"

logged "too long a path says so" '.reason == "path-too-long"'
logged "a seal names the rule that it is for" \
	'.reason == "sealed" and .hook == "lsm/path_rename" and .rule == "deny read '"$FILES"'/dir/secret"'
logged "both names are in the event" \
	'.path == "'"$FILES"'/secret" and .path2 == "'"$FILES"'/other/x" and .hook == "lsm/path_link"'
audit_stop
controls
umount -l "$FILES"
