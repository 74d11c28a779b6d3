/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * path.h - the name of an object: its path from the root of the running task's mount namespace.
 *
 * bpf_d_path() answers from the task's own root (chroot), may be asked in few hooks only, and shows
 * what lies in a detached mount as if it lay in "/". So this is a walk of our own from the object
 * up to the root of the mount namespace, by the rules of the kernel's d_path(): the sequences of
 * rename_lock and mount_lock must be the same before and after, or the walk begins anew. A path
 * made of two that existed one after the other is never seen.
 *
 * A file that has been deleted has the path that it had last.
 */
#ifndef CGW_PATH_H
#define CGW_PATH_H

#include "emit.h"
#include "match_file.h"

/* Where fs/dcache.c and fs/namespace.c have these locks; set by the loader. A lock that cannot be
 * read makes no name sure, which fails closed. */
extern const volatile __u64 rename_lock_address;
extern const volatile __u64 mount_lock_address;

/* Of directories, a path has at most one for two bytes; then there are mounts. */
#define PATH_STEPS 8192
/* How often a walk begins anew. A rename on another CPU takes longer than most walks. */
#define PATH_TRIES 256

#define MNT_NS_INTERNAL ((__u64)-22) /* ERR_PTR(-EINVAL): the kernel's own mounts */
#define SB_KERNMOUNT (1UL << 22)

struct name_walk {
	__u8 *bytes; /* one of the two buffers of a scratch slot */
	struct name_state *at;
};

/* Beyond any enum cgw_reason. */
#define NAMED 0x10000

static __always_inline struct mount *real_mount(struct vfsmount *mnt)
{
	return (void *)mnt - bpf_core_field_offset(struct mount, mnt);
}

/* An odd number, which is never equal to one before or after, if it cannot be read. */
static __always_inline __u32 lock_sequence(__u64 lock)
{
	struct seqcount *count = (struct seqcount *)lock;
	__u32 sequence;

	if (has_rdonly_cast && lock)
		return PEEK(count, sequence);
	if (bpf_probe_read_kernel(&sequence, sizeof(sequence), count))
		return 1;
	return sequence;
}

/* Steps that a callback makes, so that they share the cost of the call. */
#define PATH_CHUNK 4

/* From the root of a mount to where that is mounted. */
static __always_inline bool name_walk_mount(
	struct name_state *at, struct dentry **dentry, struct dentry **root)
{
	struct mount *mount = at->mount, *up = PEEK(mount, mnt_parent);

	if (up == mount) {
		at->reason = NAMED;
		return false;
	}
	*dentry = PEEK(mount, mnt_mountpoint);
	*root = PEEK(up, mnt.mnt_root);
	at->mount = up;
	return true;
}

/* Writes one name before those that it is above of; returns where it begins, or 0: no room is left.
 */
static __always_inline __u32 name_walk_write(
	struct name_walk *walk, struct dentry *dentry, __u32 offset)
{
	__u32 length = CGW_OPAQUE(PEEK(dentry, d_name.len)) & 255;

	if (offset < length + 2) /* one byte is left over: a path has CGW_TEXT_MAX - 1 */
		return 0;
	offset = CGW_OPAQUE(offset - length - 1) & (CGW_TEXT_MAX - 1);
	walk->bytes[offset] = '/';
	bpf_probe_read_kernel(walk->bytes + offset + 1, length, PEEK(dentry, d_name.name));
	return offset;
}

static long name_walk_step(__u32 index, void *context)
{
	struct name_walk *walk = context;
	struct name_state *at = walk->at;
	struct dentry *dentry = at->dentry, *root = at->root, *parent;
	__u32 offset = at->offset;

	(void)index;
	CGW_UNROLL
	for (int i = 0; i < PATH_CHUNK; i++) {
		if (dentry == root) {
			if (!name_walk_mount(at, &dentry, &root))
				return 1;
			continue;
		}
		parent = PEEK(dentry, d_parent);
		if (parent == dentry) { /* the end of a tree that is not this mount's */
			at->reason = CGW_REASON_PATH_UNREACHABLE;
			return 1;
		}
		offset = name_walk_write(walk, dentry, offset);
		if (!offset) {
			at->reason = CGW_REASON_PATH_TOO_LONG;
			return 1;
		}
		at->offset = offset;
		dentry = parent;
	}
	at->dentry = dentry;
	at->root = root;
	return 0;
}

/* One walk: 1 if nothing was moved meanwhile. */
static long name_walk_try(__u32 index, void *context)
{
	struct name_walk *walk = context;
	struct vfsmount *mnt = walk->at->mnt;
	struct mount *mount = real_mount(mnt);
	__u32 renames = lock_sequence(rename_lock_address),
	      mounts = lock_sequence(mount_lock_address);
	struct mnt_namespace *ns;

	(void)index;
	if ((renames | mounts) & 1)
		return 0;
	walk->at->dentry = walk->at->object;
	walk->at->mount = mount;
	walk->at->root = PEEK(mnt, mnt_root);
	/* In atomic operations the verifier forgets what it knows (see path_walk()), and processors
	 * do not read ahead. */
	walk->at->offset = CGW_TEXT_MAX;
	__sync_fetch_and_add(&walk->at->offset, 0);
	walk->at->reason = 0;
	__sync_fetch_and_add(&walk->at->reason, 0);
	ns = PEEK(mount, mnt_ns);
	bpf_loop(PATH_STEPS, name_walk_step, walk, 0);
	if (!walk->at->reason)
		walk->at->reason = CGW_REASON_PATH_TOO_LONG;
	/* A detached mount, one of another namespace: what its path says is not what the policies
	 * mean. It is still shown in the event. */
	if (!ns || ns != walk->at->ns)
		walk->at->reason = CGW_REASON_PATH_UNREACHABLE;
	__sync_fetch_and_add(&walk->at->reason, 0);
	return renames == lock_sequence(rename_lock_address) &&
	       mounts == lock_sequence(mount_lock_address);
}

static __always_inline struct mnt_namespace *task_mount_namespace(void)
{
	struct task_struct *task = bpf_get_current_task_btf();

	return task->nsproxy->mnt_ns;
}

/*
 * Writes the path of an object to buffer `which` of the scratch slot, and its place to *name. 0, or
 * the enum cgw_reason why it has none; the event shows what was found all the same.
 */
static __noinline __u32 path_name(struct scratch *scratch, __u32 which, struct cgw_file_name *name,
	struct dentry *object, struct vfsmount *mnt)
{
	struct name_walk walk = {};

	name->from = name->to = CGW_TEXT_MAX;
	if (!scratch)
		return CGW_REASON_NO_SCRATCH;
	walk.at = &scratch->name_at;
	walk.at->object = object;
	walk.at->mnt = mnt;
	walk.bytes = which ? scratch->value.normal : scratch->value.written;
	walk.at->ns = task_mount_namespace();
	walk.at->offset = CGW_TEXT_MAX;
	if (bpf_loop(PATH_TRIES, name_walk_try, &walk, 0) >= PATH_TRIES)
		return CGW_REASON_PATH_CHANGING;
	name->from = walk.at->offset;
	if (walk.at->reason != NAMED)
		return walk.at->reason;
	if (walk.at->offset >= CGW_TEXT_MAX) { /* the root itself */
		walk.bytes[CGW_TEXT_MAX - 1] = '/';
		name->from = CGW_TEXT_MAX - 1;
	}
	return 0;
}

/* What is to be done with an object, seen by its mount. */
enum path_kind {
	PATH_ORDINARY = 1,
	PATH_MEMFD,   /* has a name, but not a path */
	PATH_KERNELS, /* not judged */
};

/*
 * Mounts that are in no namespace, and never were: pipes, sockets, anonymous inodes; what
 * memfd_create(2) made; and those through which a stacked filesystem (overlayfs) reaches what
 * lies beneath it, after its own file has been judged.
 */
static __always_inline enum path_kind path_kind(struct dentry *object, struct vfsmount *mnt)
{
	struct mount *mount = real_mount(mnt);
	static const char prefix[] = "memfd:";
	const unsigned char *name;
	char start[8] = {};

	if ((__u64)PEEK(mount, mnt_ns) != MNT_NS_INTERNAL)
		return PATH_ORDINARY;
	if (!(BPF_CORE_READ(object, d_sb, s_flags) & SB_KERNMOUNT))
		return PATH_KERNELS;
	name = PEEK(object, d_name.name);
	bpf_probe_read_kernel(start, 6, name);
	CGW_UNROLL
	for (int i = 0; i < 6; i++)
		if (start[i] != prefix[i])
			return PATH_KERNELS;
	return PATH_MEMFD;
}

/* The name of a memfd, in buffer 0. */
static __always_inline void memfd_name(
	struct scratch *scratch, struct cgw_file_name *name, struct dentry *object)
{
	__u32 length = PEEK(object, d_name.len) & 255;

	bpf_probe_read_kernel(scratch->value.written, length, PEEK(object, d_name.name));
	name->from = 6;
	name->to = length < 6 ? 6 : length;
}

#endif
