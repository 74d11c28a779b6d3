/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * kernel.h - the few kernel structures that the programs look into, by their BTF.
 *
 * Only the fields that are used; libbpf finds their offsets in the running kernel. What was renamed
 * between releases is avoided: cgroup paths go over cgroup->ancestors, not kernfs_node->parent
 * (6.15: __parent).
 */
#ifndef CGW_KERNEL_H
#define CGW_KERNEL_H

#include <stdbool.h>
#include <linux/types.h>
#include <linux/bpf.h>
#include <bpf/bpf_helpers.h>
#include <bpf/bpf_core_read.h>
#include <bpf/bpf_endian.h>
#include <bpf/bpf_tracing.h>

/* Arguments of hooks that no program looks into. */
struct user_namespace;

#pragma clang attribute push(__attribute__((preserve_access_index)), apply_to = record)

struct kernfs_node {
	__u64 id;
	const char *name;
	void *priv; /* of the directory of a cgroup: the struct cgroup */
};

struct cgroup_root {
	int hierarchy_id; /* 0: cgroup v2; others are of v1 */
};

struct cgroup {
	struct kernfs_node *kn;
	struct cgroup_root *root;
	int level;
	struct cgroup *ancestors[];
};

struct css_set {
	struct cgroup *dfl_cgrp;
};

struct upid {
	int nr;
};

struct pid {
	unsigned int level;
	struct upid numbers[1];
};

struct signal_struct {
	struct {
		int counter;
	} live;
};

struct qstr {
	__u32 len;
	const unsigned char *name;
};

struct super_block {
	unsigned long s_flags;
	unsigned long s_magic;
	__u32 s_dev;
	int s_stack_depth;
};

struct inode {
	unsigned short i_mode;
	unsigned long i_ino;
	void *i_private;
	struct super_block *i_sb;
};

struct dentry {
	struct dentry *d_parent;
	struct qstr d_name;
	struct inode *d_inode;
	struct super_block *d_sb;
};

struct vfsmount {
	struct dentry *mnt_root;
};

struct ns_common {
	unsigned int inum;
};

struct mnt_namespace {
	struct mount *root;
	struct ns_common ns;
};

struct mount {
	struct mount *mnt_parent;
	struct dentry *mnt_mountpoint;
	struct vfsmount mnt;
	struct mnt_namespace *mnt_ns;
};

struct nsproxy {
	struct mnt_namespace *mnt_ns;
};

struct path {
	struct vfsmount *mnt;
	struct dentry *dentry;
};

struct file {
	void *private_data;
	unsigned int f_flags;
	struct inode *f_inode;
	struct path f_path;
};

struct backing_file { /* Linux 6.6 */
	struct path user_path;
};

struct iattr {
	unsigned int ia_valid;
};

struct file_attr { /* Linux 6.17 */
	__u64 fa_xflags;
};

struct vm_area_struct {
	struct file *vm_file;
};

struct fdtable {
	unsigned int max_fds;
	struct file **fd;
};

struct files_struct {
	struct fdtable *fdt;
};

struct bpf_map {
	__u32 id;
	char name[16];
};

struct bpf_prog_aux {
	__u32 id;
	char name[16];
};

struct bpf_prog {
	struct bpf_prog_aux *aux;
};

struct bpf_link {
	__u32 id;
	struct bpf_prog *prog;
};

struct mm_struct {
	struct file *exe_file;
};

typedef struct {
	__u32 val;
} kuid_t;

typedef struct {
	__u32 val;
} kgid_t;

/* 64 bits, in one way or another. */
typedef struct kernel_cap_struct {
} kernel_cap_t;

struct cred {
	kuid_t uid;
	kgid_t gid;
	kernel_cap_t cap_effective;
};

struct task_struct {
	char comm[16];
	const struct cred *cred;
	__u32 flags;
	int pid;
	int tgid;
	__u64 start_boottime;
	__u64 self_exec_id;
	struct css_set *cgroups;
	struct task_struct *group_leader;
	struct task_struct *real_parent;
	struct signal_struct *signal;
	struct pid *thread_pid;
	struct mm_struct *mm;
	struct nsproxy *nsproxy;
	struct files_struct *files;
	kuid_t loginuid; /* only with CONFIG_AUDIT */
};

struct sock_cgroup_data {
	struct cgroup *cgroup;
};

struct sock_common {
	unsigned short skc_family;
	__be32 skc_rcv_saddr;
	__u16 skc_num;
	struct {
		__u8 bytes[16];
	} skc_v6_rcv_saddr;
};

struct sock {
	struct sock_common __sk_common;
	__u16 sk_type;
	__u16 sk_protocol;
	__u32 sk_kern_sock : 1;
	struct sock_cgroup_data sk_cgrp_data;
};

struct socket {
	struct sock *sk;
};

struct sockaddr {
	unsigned short sa_family;
};

struct sockaddr_un {
	unsigned short sun_family;
	char sun_path[108];
};

struct unix_address {
	int len; /* of name */
	struct sockaddr_un name[];
};

struct unix_sock {
	struct sock sk;
	struct unix_address *addr; /* NULL: has no name */
	struct path path;	   /* an abstract name: NULL */
};

struct msghdr {
	void *msg_name;
	int msg_namelen;
};

struct bpf_sock_addr_kern {
	struct sock *sk;
	void *uaddr;
	__u32 uaddrlen;
};

struct bpf_iter_meta {
	void *seq;
};

struct bpf_iter__bpf_map_elem {
	struct bpf_iter_meta *meta;
	void *map;
	void *key;
};

struct bpf_iter__task {
	struct bpf_iter_meta *meta;
	struct task_struct *task;
};

/* The number with which a seqlock_t begins, and of which it is one. */
struct seqcount {
	unsigned int sequence;
};

#pragma clang attribute pop

/*
 * PEEK() reads a field through an address. bpf_probe_read_kernel() takes some 80 instructions for
 * it; from Linux 6.2 on the verifier takes our word for what lies at an address, and it is a load,
 * which gives 0 where there is no memory. For files that are compiled together (see
 * CMakeLists.txt).
 */
#ifdef CGW_TOGETHER
/* Set by the loader: the kernel has bpf_rdonly_cast(). */
extern const volatile __u32 has_rdonly_cast;
extern void *bpf_rdonly_cast(const void *address, __u32 type) __ksym __weak;
#define PEEK_CAST(address)                                                                         \
	((__typeof__(address))bpf_rdonly_cast(                                                     \
		address, bpf_core_type_id_kernel(__typeof__(*(address)))))
#define PEEK(address, field)                                                                       \
	({                                                                                         \
		__typeof__(address) peek_at = (address);                                           \
		__typeof__(peek_at->field) peek_value;                                             \
                                                                                                   \
		if (has_rdonly_cast)                                                               \
			peek_value = PEEK_CAST(peek_at)->field;                                    \
		else                                                                               \
			peek_value = BPF_CORE_READ(peek_at, field);                                \
		peek_value;                                                                        \
	})
#else
#define has_rdonly_cast 0
#define PEEK(address, field) BPF_CORE_READ(address, field)
#endif

/*
 * The address behind a pointer that the verifier guards (a socket, a context). The difference of
 * two guarded pointers is a plain number to it, and the task's address is known as one; so the
 * address can be read through bpf_probe_read_kernel(), on every kernel, in program types that have
 * no helper for the field.
 */
static __always_inline __u64 kernel_address(const void *guarded)
{
	void *task = bpf_get_current_task_btf();
	__u64 difference = (__u64)guarded;

	asm volatile("%0 -= %1" : "+r"(difference) : "r"(task));
	return difference + bpf_get_current_task();
}

#endif
