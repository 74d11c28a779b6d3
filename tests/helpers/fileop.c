// SPDX-License-Identifier: GPL-2.0-only
/*
 * fileop - does one thing to a file by real system calls and says what the kernel answered.
 *
 *   fileop VERB ARGUMENT...
 *
 * Prints allowed, denied (EPERM) or error:EXXX. The verbs stand in the table at the end.
 */
#include <dirent.h>
#include <fcntl.h>
#include <linux/btrfs.h>
#include <linux/fs.h>
#include <linux/fscrypt.h>
#include <linux/fsverity.h>
#include <pthread.h>
#include <sched.h>
#include <stdbool.h>
#include <sys/ioctl.h>
#include <sys/mman.h>
#include <sys/mount.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <sys/xattr.h>
#include <time.h>
#include <unistd.h>
#include "cgroup.h"
#include "fileop_exec.h"
#include "uring.h"
#include "words.h"

#ifndef OPEN_TREE_CLONE
#define OPEN_TREE_CLONE 1
#endif
#ifndef MOVE_MOUNT_F_EMPTY_PATH
#define MOVE_MOUNT_F_EMPTY_PATH 4
#endif
#ifndef RENAME_EXCHANGE
#define RENAME_EXCHANGE 2
#endif

/* 0, or errno of a call that failed. */
static int result(long value)
{
	return value < 0 ? errno : 0;
}

static int open_at(int folder, const char *path, int flags)
{
	int fd = openat(folder, path, flags | O_CLOEXEC, 0644);

	if (fd < 0)
		return errno;
	close(fd);
	return 0;
}

static int do_read(char **args)
{
	return open_at(AT_FDCWD, args[0], O_RDONLY);
}

static int do_write(char **args)
{
	return open_at(AT_FDCWD, args[0], O_WRONLY);
}

static int do_create(char **args)
{
	return open_at(AT_FDCWD, args[0], O_RDONLY | O_CREAT | O_EXCL);
}

static int do_otrunc(char **args)
{
	return open_at(AT_FDCWD, args[0], O_RDONLY | O_TRUNC);
}

static int do_tmpfile(char **args)
{
	return open_at(AT_FDCWD, args[0], O_WRONLY | O_TMPFILE);
}

static int do_truncate(char **args)
{
	return result(truncate(args[0], 0));
}

static int do_unlink(char **args)
{
	return result(unlink(args[0]));
}

static int do_rmdir(char **args)
{
	return result(rmdir(args[0]));
}

static int do_mkdir(char **args)
{
	return result(mkdir(args[0], 0755));
}

static int do_mknod(char **args)
{
	return result(mknod(args[0], S_IFIFO | 0644, 0));
}

static int do_symlink(char **args)
{
	return result(symlink(args[0], args[1]));
}

static int do_link(char **args)
{
	return result(link(args[0], args[1]));
}

static int do_link_fd(char **args)
{
	char name[64];
	int fd = open(args[0], O_PATH | O_CLOEXEC);

	snprintf(name, sizeof(name), "/proc/self/fd/%d", fd);
	return result(linkat(AT_FDCWD, name, AT_FDCWD, args[1], AT_SYMLINK_FOLLOW));
}

static int do_rename(char **args)
{
	return result(rename(args[0], args[1]));
}

static int do_exchange(char **args)
{
	return result(
		syscall(SYS_renameat2, AT_FDCWD, args[0], AT_FDCWD, args[1], RENAME_EXCHANGE));
}

static int do_chmod(char **args)
{
	return result(chmod(args[0], 0600));
}

static int do_fchmod(char **args)
{
	return result(fchmod(open(args[0], O_RDONLY | O_CLOEXEC), 0600));
}

static int do_chown(char **args)
{
	return result(chown(args[0], 0, 0));
}

static int do_utimes(char **args)
{
	return result(utimensat(AT_FDCWD, args[0], NULL, 0));
}

static int do_setxattr(char **args)
{
	return result(setxattr(args[0], "trusted.cgward", "x", 1, 0));
}

static int do_removexattr(char **args)
{
	int error = result(removexattr(args[0], "trusted.cgward"));

	return error == ENODATA ? 0 : error;
}

/* An access list of three entries that says what the mode 0600 says. */
static int do_setacl(char **args)
{
	static const uint8_t acl[] = {2, 0, 0, 0, 1, 0, 6, 0, 0xff, 0xff, 0xff, 0xff, 4, 0, 4, 0,
		0xff, 0xff, 0xff, 0xff, 32, 0, 4, 0, 0xff, 0xff, 0xff, 0xff};

	return result(setxattr(args[0], "system.posix_acl_access", acl, sizeof(acl), 0));
}

/* A flag: that the file need not be dumped. */
static int do_chattr(char **args)
{
	int fd = open(args[0], O_RDONLY | O_CLOEXEC);
	long flags = 0;

	if (fd < 0 || ioctl(fd, FS_IOC_GETFLAGS, &flags))
		return errno;
	flags |= FS_NODUMP_FL;
	return result(ioctl(fd, FS_IOC_SETFLAGS, &flags));
}

/* As a 32-bit program does it: its system calls can be made from here, with addresses below 4 GiB.
 */
static int do_chattr32(char **args)
{
	int fd = open(args[0], O_RDONLY | O_CLOEXEC), value = -ENOSYS;
#ifdef __x86_64__
	int *flags = mmap(
		NULL, 4096, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS | MAP_32BIT, -1, 0);

	if (fd < 0 || flags == MAP_FAILED)
		return errno;
	*flags = FS_NODUMP_FL;
	value = 54; /* ioctl */
	asm volatile("int $0x80" : "+a"(value) : "b"(fd), "c"(0x40046602), "d"(flags) : "memory");
#endif
	return value < 0 ? -value : 0;
}

/* The file system of the tests can do none of these: that it has been asked is all there is. */
static int asked(const char *path, unsigned long command, void *argument)
{
	int fd = open(path, O_RDONLY | O_CLOEXEC);
	int error = fd < 0 ? errno : result(ioctl(fd, command, argument));

	return error == ENOTTY || error == EOPNOTSUPP ? 0 : error;
}

static int do_project(char **args)
{
	struct fsxattr attributes = {.fsx_projid = 1};

	return asked(args[0], FS_IOC_FSSETXATTR, &attributes);
}

static int do_verity(char **args)
{
	struct fsverity_enable_arg verity = {
		.version = 1, .hash_algorithm = FS_VERITY_HASH_ALG_SHA256, .block_size = 4096};

	return asked(args[0], FS_IOC_ENABLE_VERITY, &verity);
}

static int do_encrypt(char **args)
{
	struct fscrypt_policy_v1 policy = {.version = FSCRYPT_POLICY_V1};

	return asked(args[0], FS_IOC_SET_ENCRYPTION_POLICY, &policy);
}

/* Of Btrfs: a snapshot of what the first argument is in, in the second. */
static int do_snapshot(char **args)
{
	struct btrfs_ioctl_vol_args_v2 snapshot = {.name = "snapshot"};
	int error;

	snapshot.fd = open(args[0], O_RDONLY | O_CLOEXEC);
	error = asked(args[1], BTRFS_IOC_SNAP_CREATE_V2, &snapshot);
	close((int)snapshot.fd);
	return error;
}

static int do_unsnapshot(char **args)
{
	struct btrfs_ioctl_vol_args gone = {.name = "snapshot"};

	return asked(args[0], BTRFS_IOC_SNAP_DESTROY, &gone);
}

/* Any request, by its number, that takes a structure of zeros. */
static int do_ask(char **args)
{
	char nothing[4096] = {0};

	return asked(args[1], strtoul(args[0], NULL, 0), nothing);
}

static int do_label(char **args)
{
	char label[FSLABEL_MAX];

	return asked(args[0], FS_IOC_GETFSLABEL, label);
}

/* file_setattr(2), Linux 6.17. */
static int do_setattr(char **args)
{
	uint64_t attributes[3] = {FS_XFLAG_NODUMP};

	return result(syscall(469, AT_FDCWD, args[0], attributes, sizeof(attributes), 0));
}

/* ---- other ways to a descriptor ---- */

static int do_reopen(char **args)
{
	char name[64];
	int fd = open(args[0], O_PATH | O_CLOEXEC);

	snprintf(name, sizeof(name), "/proc/self/fd/%d", fd);
	return open_at(AT_FDCWD, name, O_RDONLY);
}

static int do_handle(char **args)
{
	struct file_handle *handle = calloc(1, sizeof(*handle) + MAX_HANDLE_SZ);
	int mount_id, fd, root = open("/", O_RDONLY | O_CLOEXEC);

	handle->handle_bytes = MAX_HANDLE_SZ;
	if (name_to_handle_at(AT_FDCWD, args[0], handle, &mount_id, 0))
		return errno;
	if (args[1])
		root = open(args[1], O_RDONLY | O_CLOEXEC);
	fd = open_by_handle_at(root, handle, O_RDONLY | O_CLOEXEC);
	return result(fd);
}

static int do_uring(char **args)
{
	struct io_uring_sqe request = {.opcode = IORING_OP_OPENAT,
		.fd = AT_FDCWD,
		.addr = (uintptr_t)args[0],
		.open_flags = O_RDONLY};
	long fd = uring_do(&request, false);

	return fd < 0 ? (int)-fd : 0;
}

/* COUNT folders, each called N times d, below BASE: one after the other, for paths of any length.
 */
static int do_deep(char **args)
{
	char name[256] = "";
	int count = atoi(args[2]);

	memset(name, 'd', atoi(args[3]));
	if (chdir(args[1]))
		return errno;
	for (int i = 0; i < count; i++) {
		if (!strcmp(args[0], "make"))
			mkdir(name, 0755);
		if (chdir(name))
			return errno;
	}
	return open_at(AT_FDCWD, args[4], !strcmp(args[0], "make") ? O_WRONLY | O_CREAT : O_RDONLY);
}

/* ---- mounts ---- */

static int do_bind(char **args)
{
	return result(mount(args[0], args[1], NULL, MS_BIND, NULL));
}

static int do_move(char **args)
{
	return result(mount(args[0], args[1], NULL, MS_MOVE, NULL));
}

static int do_mount(char **args)
{
	return result(mount("none", args[1], args[0], 0, args[2]));
}

static int do_umount(char **args)
{
	return result(umount2(args[0], MNT_DETACH));
}

static int do_open_tree(char **args)
{
	int tree = (int)syscall(SYS_open_tree, AT_FDCWD, args[0], OPEN_TREE_CLONE | O_CLOEXEC);

	return tree < 0 ? errno : open_at(tree, args[1], O_RDONLY);
}

static int do_move_mount(char **args)
{
	int tree = (int)syscall(SYS_open_tree, AT_FDCWD, args[0], OPEN_TREE_CLONE | O_CLOEXEC);

	if (tree < 0)
		return errno;
	return result(
		syscall(SYS_move_mount, tree, "", AT_FDCWD, args[1], MOVE_MOUNT_F_EMPTY_PATH));
}

/* In a mount namespace of its own: else all who have this root would get the other one. */
static int do_pivot(char **args)
{
	if (unshare(CLONE_NEWNS))
		return ENOSYS;
	return result(syscall(SYS_pivot_root, args[0], args[1]));
}

static int do_chroot(char **args)
{
	if (chroot(args[0]) || chdir("/"))
		return errno;
	return open_at(AT_FDCWD, args[1], O_RDONLY);
}

static int do_mountns(char **args)
{
	if (unshare(CLONE_NEWNS))
		return ENOSYS;
	return open_at(AT_FDCWD, args[0], O_RDONLY);
}

static int do_userns(char **args)
{
	if (unshare(CLONE_NEWUSER | CLONE_NEWNS))
		return ENOSYS;
	return open_at(AT_FDCWD, args[0], O_RDONLY);
}

/* The file through a folder of another mount namespace, which was opened there. */
static int do_elsewhere(char **args)
{
	int folder = open(args[0], O_RDONLY | O_DIRECTORY | O_CLOEXEC);

	if (folder < 0 || unshare(CLONE_NEWNS))
		return errno;
	return open_at(folder, args[1], O_RDONLY);
}

/* ---- many at once ---- */

struct storm {
	const char *path;
	int wanted; /* errno, or 0 */
	double end;
	unsigned long leaked, refused, done; /* leaked: opened, and should not have been */
};

static double now(void)
{
	struct timespec time;

	clock_gettime(CLOCK_MONOTONIC, &time);
	return (double)time.tv_sec + (double)time.tv_nsec / 1e9;
}

static void *storm_open(void *context)
{
	struct storm *storm = context;

	while (now() < storm->end) {
		int answer = open_at(AT_FDCWD, storm->path, O_RDONLY);

		storm->leaked += storm->wanted && !answer;
		storm->refused += !storm->wanted && answer;
		storm->done++;
	}
	return NULL;
}

/* Renames a directory there and back: paths through it are never the same for long. */
static void *storm_rename(void *context)
{
	struct storm *storm = context;
	char other[4096];

	snprintf(other, sizeof(other), "%s-moved", storm->path);
	while (now() < storm->end) {
		storm->refused += rename(storm->path, other) != 0;
		storm->refused += rename(other, storm->path) != 0;
		storm->done++;
	}
	return NULL;
}

#define STORM_THREADS 16

/*
 * SECONDS DENIED ALLOWED [DIRECTORY]: threads that open the one and the other all the time, and one
 * that renames the directory. allowed: every open got the right answer; EILSEQ: one got through
 * that should not.
 */
static int do_storm(char **args)
{
	struct storm storms[STORM_THREADS + 1] = {0};
	pthread_t threads[STORM_THREADS + 1];
	unsigned long leaked = 0, refused = 0, done = 0, idle = 0;
	int count = args[3] ? STORM_THREADS + 1 : STORM_THREADS;

	for (int i = 0; i < count; i++) {
		storms[i] = (struct storm){.path = args[i == STORM_THREADS ? 3 : 1 + i % 2],
			.wanted = i % 2 ? 0 : EPERM,
			.end = now() + atof(args[0])};
		if (pthread_create(&threads[i], NULL,
			    i == STORM_THREADS ? storm_rename : storm_open, &storms[i]))
			fail("start", "thread");
	}
	for (int i = 0; i < count; i++) {
		pthread_join(threads[i], NULL);
		leaked += storms[i].leaked;
		refused += storms[i].refused;
		done += storms[i].done;
		idle += !storms[i].done;
	}
	if (leaked || refused || idle)
		fprintf(stderr,
			"# %lu calls, %lu leaked, %lu refused by mistake, %lu idle threads\n", done,
			leaked, refused, idle);
	return leaked ? EILSEQ : refused ? EPERM : idle ? ETIME : 0;
}

static const struct verb {
	const char *name;
	int arguments;
	int (*run)(char **args);
} verbs[] = {
	{"read", 1, do_read},
	{"write", 1, do_write},
	{"create", 1, do_create},
	{"otrunc", 1, do_otrunc},
	{"tmpfile", 1, do_tmpfile},
	{"truncate", 1, do_truncate},
	{"unlink", 1, do_unlink},
	{"rmdir", 1, do_rmdir},
	{"mkdir", 1, do_mkdir},
	{"mknod", 1, do_mknod},
	{"symlink", 2, do_symlink},
	{"link", 2, do_link},
	{"link-fd", 2, do_link_fd},
	{"rename", 2, do_rename},
	{"exchange", 2, do_exchange},
	{"chmod", 1, do_chmod},
	{"fchmod", 1, do_fchmod},
	{"chown", 1, do_chown},
	{"utimes", 1, do_utimes},
	{"setxattr", 1, do_setxattr},
	{"removexattr", 1, do_removexattr},
	{"setacl", 1, do_setacl},
	{"chattr", 1, do_chattr},
	{"chattr32", 1, do_chattr32},
	{"project", 1, do_project},
	{"verity", 1, do_verity},
	{"encrypt", 1, do_encrypt},
	{"snapshot", 2, do_snapshot},
	{"unsnapshot", 1, do_unsnapshot},
	{"ask", 2, do_ask},
	{"label", 1, do_label},
	{"setattr", 1, do_setattr},
	{"reopen", 1, do_reopen},
	{"handle", 1, do_handle},
	{"uring", 1, do_uring},
	{"deep", 5, do_deep}, /* make|read BASE COUNT LENGTH FILE */
	{"exec", 1, do_exec},
	{"loader", 1, do_loader},
	{"memfd", 1, do_memfd},
	{"deleted", 1, do_deleted},
	{"mmap", 1, do_mmap},
	{"mprotect", 1, do_mprotect},
	{"procmem", 1, do_procmem},
	{"bind", 2, do_bind},
	{"move", 2, do_move},
	{"mount", 2, do_mount}, /* TYPE TARGET [OPTIONS] */
	{"umount", 1, do_umount},
	{"open-tree", 2, do_open_tree},
	{"move-mount", 2, do_move_mount},
	{"pivot", 2, do_pivot},
	{"chroot", 2, do_chroot},
	{"mountns", 1, do_mountns},
	{"userns", 1, do_userns},
	{"elsewhere", 2, do_elsewhere},
	{"storm", 3, do_storm},
};

int main(int argc, char **argv)
{
	/* what was executed is this program, or it interprets a script */
	if (argc < 2 || !strcmp(argv[1], "executed"))
		return 0;
	for (size_t i = 0; i < sizeof(verbs) / sizeof(verbs[0]); i++)
		if (!strcmp(verbs[i].name, argv[1]) && argc >= 2 + verbs[i].arguments) {
			puts(word_of(verbs[i].run(argv + 2)));
			return 0;
		}
	fprintf(stderr, "usage: fileop VERB ARGUMENT...\n");
	return 2;
}
