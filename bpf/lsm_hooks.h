/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * lsm_hooks.h - the LSM hooks that have programs. One line each is all that a program needs beside
 * its own text: enum cgw_hook, the names in events, loading, attaching and `cgward doctor` read it.
 *
 *	X(NUMBER, name, hook, help)
 *
 * CGW_HOOK_NUMBER is what events carry. The pinned link is called `name`, the program
 * cgward_<name>; `hook` is the kernel's, as in SEC("lsm/hook"). Two programs may stand on one.
 */
#ifndef CGW_LSM_HOOKS_H
#define CGW_LSM_HOOKS_H

#define CGW_CAPABILITY_HOOKS(X) X(CAPABLE, capable, capable, "use of a capability")
#define CGW_KERNEL_HOOKS(X)                                                                        \
	X(SB_MOUNT, sb_mount, sb_mount, "mount(2)")                                                \
	X(SB_KERN_MOUNT, sb_kern_mount, sb_kern_mount, "fsconfig(2) making a file system")         \
	X(SB_REMOUNT, sb_remount, sb_remount, "fsconfig(2) changing a file system")                \
	X(SB_UMOUNT, sb_umount, sb_umount, "umount(2)")                                            \
	X(SB_PIVOTROOT, sb_pivotroot, sb_pivotroot, "pivot_root(2)")                               \
	X(MOVE_MOUNT, move_mount, move_mount, "move_mount(2)")                                     \
	X(PATH_CHROOT, path_chroot, path_chroot, "chroot(2)")                                      \
	X(PTRACE_ACCESS_CHECK, ptrace_access_check, ptrace_access_check,                           \
		"access to another process's memory")                                              \
	X(PTRACE_TRACEME, ptrace_traceme, ptrace_traceme, "PTRACE_TRACEME")                        \
	X(TASK_KILL, task_kill, task_kill, "signals")                                              \
	X(USERNS_CREATE, userns_create, userns_create, "creation of a user namespace")             \
	X(KERNEL_MODULE_REQUEST, kernel_module_request, kernel_module_request,                     \
		"a module that the kernel asks for")                                               \
	X(BPF, bpf, bpf, "bpf(2)")                                                                 \
	X(PERF_EVENT_OPEN, perf_event_open, perf_event_open, "perf_event_open(2)")                 \
	X(KERNEL_LOAD_DATA, kernel_load_data, kernel_load_data, "kexec_load(2)")                   \
	X(KERNEL_READ_FILE, kernel_read_file, kernel_read_file, "kexec_file_load(2)")              \
	X(KEY_ALLOC, key_alloc, key_alloc, "creation of a key or keyring")                         \
	X(KEY_PERMISSION, key_permission, key_permission, "use of a key or keyring")               \
	X(IO_URING_SETUP, io_uring_setup, inode_init_security_anon, "io_uring_setup(2)")           \
	X(URING_OVERRIDE_CREDS, uring_override_creds, uring_override_creds,                        \
		"credentials of an io_uring request")                                              \
	X(URING_CMD, uring_cmd, uring_cmd, "commands to drivers by io_uring")                      \
	X(SYSLOG, syslog, syslog, "reading of the kernel log")
#define CGW_FILE_HOOKS(X)                                                                          \
	X(FILE_OPEN, file_open, file_open, "opening a file, by open(2) and execve(2)")             \
	X(MMAP_FILE, mmap_file, mmap_file, "mapping a file executable")                            \
	X(FILE_MPROTECT, file_mprotect, file_mprotect, "making a mapped file executable")          \
	X(PATH_UNLINK, path_unlink, path_unlink, "removing a file")                                \
	X(PATH_RMDIR, path_rmdir, path_rmdir, "removing a directory")                              \
	X(PATH_MKDIR, path_mkdir, path_mkdir, "making a directory")                                \
	X(PATH_MKNOD, path_mknod, path_mknod, "making a file, device, FIFO or socket")             \
	X(PATH_SYMLINK, path_symlink, path_symlink, "making a symbolic link")                      \
	X(PATH_LINK, path_link, path_link, "making a hard link")                                   \
	X(PATH_RENAME, path_rename, path_rename, "renaming")                                       \
	X(PATH_TRUNCATE, path_truncate, path_truncate, "truncate(2)")                              \
	X(PATH_CHMOD, path_chmod, path_chmod, "changing permissions")                              \
	X(PATH_CHOWN, path_chown, path_chown, "changing owners")                                   \
	X(INODE_SETATTR, inode_setattr, inode_setattr, "changing times")                           \
	X(INODE_SETXATTR, inode_setxattr, inode_setxattr, "setting an extended attribute")         \
	X(INODE_REMOVEXATTR, inode_removexattr, inode_removexattr, "removing one")                 \
	X(INODE_SET_ACL, inode_set_acl, inode_set_acl, "setting an access control list")           \
	X(INODE_REMOVE_ACL, inode_remove_acl, inode_remove_acl, "removing one")                    \
	X(FILE_IOCTL, file_ioctl, file_ioctl, "flags of a file, as chattr(1) sets them")           \
	X(FILE_IOCTL_COMPAT, file_ioctl_compat, file_ioctl_compat, "the same, of 32-bit programs") \
	X(INODE_FILE_SETATTR, inode_file_setattr, inode_file_setattr, "file_setattr(2)")           \
	X(SEAL_MOUNT, seal_mount, sb_mount, "mount(2)")                                            \
	X(SEAL_UMOUNT, seal_umount, sb_umount, "umount(2)")                                        \
	X(SEAL_PIVOTROOT, seal_pivotroot, sb_pivotroot, "pivot_root(2)")                           \
	X(SEAL_FILESYSTEM, seal_filesystem, sb_kern_mount,                                         \
		"making a filesystem ready to be mounted")                                         \
	X(SEAL_MOVE, seal_move, move_mount, "move_mount(2)")
#define CGW_SOCKET_HOOKS(X)                                                                        \
	X(SOCKET_CONNECT, socket_connect, socket_connect, "connect without a cgroup hook")         \
	X(SOCKET_BIND, socket_bind, socket_bind, "bind without a cgroup hook")                     \
	X(SOCKET_LISTEN, socket_listen, socket_listen, "listen")                                   \
	X(SOCKET_SENDMSG, socket_sendmsg, socket_sendmsg, "sendto and sendmsg on other sockets")   \
	X(SOCKET_CREATE, socket_create, socket_create, "creation of a socket")                     \
	X(SCTP_BIND_CONNECT, sctp_bind_connect, sctp_bind_connect,                                 \
		"SCTP: sendto, connectx, bindx")                                                   \
	X(UNIX_STREAM_CONNECT, unix_stream_connect, unix_stream_connect,                           \
		"connect of unix sockets")                                                         \
	X(UNIX_MAY_SEND, unix_may_send, unix_may_send, "datagrams of unix sockets")                \
	X(UNIX_LISTEN, unix_listen, socket_listen, "listen on a unix socket")                      \
	X(UNIX_BIND, unix_bind, socket_bind, "bind of a unix socket to an abstract name")          \
	X(UNIX_MKNOD, unix_mknod, path_mknod, "bind of a unix socket to a path")
#define CGW_GUARD_HOOKS(X)                                                                         \
	X(GUARD_BPF, guard_bpf, bpf, "self-protection: links, programs attached outside")          \
	X(GUARD_MAP, guard_map, bpf_map, "self-protection: maps")                                  \
	X(GUARD_PROGRAM, guard_program, bpf_prog, "self-protection: programs")                     \
	X(GUARD_CAPABLE, guard_capable, capable, "self-protection: pins of links")                 \
	X(GUARD_UNLINK, guard_unlink, path_unlink, "self-protection: removing pins")               \
	X(GUARD_RMDIR, guard_rmdir, path_rmdir, "self-protection: removing folders")               \
	X(GUARD_MKDIR, guard_mkdir, path_mkdir, "self-protection: making folders")                 \
	X(GUARD_MKNOD, guard_mknod, path_mknod, "self-protection: making pins")                    \
	X(GUARD_SYMLINK, guard_symlink, path_symlink, "self-protection: symbolic links")           \
	X(GUARD_LINK, guard_link, path_link, "self-protection: hard links")                        \
	X(GUARD_RENAME, guard_rename, path_rename, "self-protection: renaming pins")               \
	X(GUARD_CHMOD, guard_chmod, path_chmod, "self-protection: permissions of pins")            \
	X(GUARD_CHOWN, guard_chown, path_chown, "self-protection: owners of pins")                 \
	X(GUARD_MOUNT, guard_mount, sb_mount, "self-protection: mounts over pins")                 \
	X(GUARD_MOVE_MOUNT, guard_move_mount, move_mount, "self-protection: moved mounts")         \
	X(GUARD_UMOUNT, guard_umount, sb_umount, "self-protection: umount of pins")                \
	X(GUARD_PIVOT, guard_pivot, sb_pivotroot, "self-protection: pivot_root(2)")                \
	X(GUARD_KILL, guard_kill, task_kill, "self-protection: signals to cgward-audit")           \
	X(GUARD_PTRACE, guard_ptrace, ptrace_access_check,                                         \
		"self-protection: tracing of cgward-audit")                                        \
	X(GUARD_LIMIT, guard_limit, task_setrlimit, "self-protection: limits of cgward-audit")     \
	X(GUARD_FORK, guard_fork, task_alloc, "self-protection: births in other cgroups")          \
	X(GUARD_OPEN, guard_open, file_open, "self-protection: files of other cgroups")

#define CGW_LSM_HOOKS(X)                                                                           \
	CGW_CAPABILITY_HOOKS(X)                                                                    \
	CGW_KERNEL_HOOKS(X)                                                                        \
	CGW_FILE_HOOKS(X)                                                                          \
	CGW_SOCKET_HOOKS(X)                                                                        \
	CGW_GUARD_HOOKS(X)

#endif
