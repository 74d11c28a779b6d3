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
#define CGW_KERNEL_HOOKS(X)
#define CGW_FILE_HOOKS(X)                                                                          \
	X(FILE_OPEN, file_open, file_open, "opening a file, by open(2) and execve(2)")             \
	X(MMAP_FILE, mmap_file, mmap_file, "mapping a file executable")                            \
	X(FILE_MPROTECT, file_mprotect, file_mprotect, "making a mapped file executable")
#define CGW_SOCKET_HOOKS(X)
#define CGW_GUARD_HOOKS(X)

#define CGW_LSM_HOOKS(X)                                                                           \
	CGW_CAPABILITY_HOOKS(X)                                                                    \
	CGW_KERNEL_HOOKS(X)                                                                        \
	CGW_FILE_HOOKS(X)                                                                          \
	CGW_SOCKET_HOOKS(X)                                                                        \
	CGW_GUARD_HOOKS(X)

#endif
