// SPDX-License-Identifier: GPL-2.0-only
/*
 * attack - tries to get at cgward itself, in the cgroup that it runs in.
 *
 *   attack HOW ARGUMENT...
 *
 * Prints "denied" (EPERM or EACCES), "allowed", or the errno; "hunt" what it had. The ways stand in
 * the table at the end.
 */
#include <linux/bpf.h>
#include <linux/magic.h>
#include <sched.h>
#include <signal.h>
#include <stdbool.h>
#include <sys/mount.h>
#include <sys/ptrace.h>
#include <sys/resource.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include "cgroup.h"
#include "words.h"

static long bpf(int command, union bpf_attr *attr)
{
	return syscall(SYS_bpf, command, attr, sizeof(*attr));
}

/* Of a system call: its result, or -1 and errno. */
static int answer(long result)
{
	if (result >= 0)
		puts("allowed");
	else if (errno == EPERM || errno == EACCES)
		puts("denied");
	else
		puts(strerrorname_np(errno));
	return 0;
}

static long number(const char *text)
{
	return strtol(text, NULL, 10);
}

static long get_by_id(int command, const char *id)
{
	union bpf_attr attr = {.start_id = number(id)};

	return bpf(command, &attr);
}

static int map_by_id(char **words)
{
	return answer(get_by_id(BPF_MAP_GET_FD_BY_ID, words[0]));
}

static int program_by_id(char **words)
{
	return answer(get_by_id(BPF_PROG_GET_FD_BY_ID, words[0]));
}

static int link_by_id(char **words)
{
	return answer(get_by_id(BPF_LINK_GET_FD_BY_ID, words[0]));
}

static long open_pin(const char *path)
{
	union bpf_attr attr = {.pathname = (uintptr_t)path};

	return bpf(BPF_OBJ_GET, &attr);
}

static int pin(char **words)
{
	return answer(open_pin(words[0]));
}

/* With a directory in hand and a relative path (Linux 6.5). */
static int pin_at(char **words)
{
	union bpf_attr attr = {.pathname = (uintptr_t)words[1]};

	attr.file_flags = 1U << 14; /* BPF_F_PATH_FD */
	/* path_fd is the last member of that part of the union; older headers lack it. */
	((int *)&attr)[4] = open(words[0], O_PATH | O_DIRECTORY);
	return answer(bpf(BPF_OBJ_GET, &attr));
}

static int load_program(void)
{
	static const struct bpf_insn code[] = {
		{.code = BPF_ALU64 | BPF_MOV | BPF_K, .dst_reg = 0, .imm = 1},
		{.code = BPF_JMP | BPF_EXIT},
	};
	union bpf_attr attr = {.prog_type = BPF_PROG_TYPE_CGROUP_SYSCTL,
		.expected_attach_type = BPF_CGROUP_SYSCTL,
		.insns = (uintptr_t)code,
		.insn_cnt = 2,
		.license = (uintptr_t) "GPL"};
	int program = bpf(BPF_PROG_LOAD, &attr);

	if (program < 0)
		fail("load", "a program");
	return program;
}

/* In a cgroup, with the descriptor of a link that was opened before. */
static int inherited(char **words)
{
	int link = open_pin(words[1]), cgroup = open(words[2], O_RDONLY | O_DIRECTORY);
	union bpf_attr attr = {};
	pid_t pid;

	if (link < 0 || cgroup < 0)
		fail("open", words[1]);
	pid = clone_into(cgroup);
	if (!pid) {
		if (!strcmp(words[0], "detach")) {
			attr.link_detach.link_fd = link;
			_exit(answer(bpf(BPF_LINK_DETACH, &attr)) + fflush(stdout));
		}
		attr.link_update.link_fd = link;
		attr.link_update.new_prog_fd = load_program();
		_exit(answer(bpf(BPF_LINK_UPDATE, &attr)) + fflush(stdout));
	}
	return waitpid(pid, NULL, 0) == pid ? 0 : 1;
}

/* What is opened before others remove it is updated afterwards, when a line comes. */
static int kept(char **words)
{
	union bpf_attr attr = {.link_update = {.link_fd = open_pin(words[0])}};
	char line;

	if ((int)attr.link_update.link_fd < 0 || read(STDIN_FILENO, &line, 1) != 1)
		fail("open", words[0]);
	attr.link_update.new_prog_fd = load_program();
	return answer(bpf(BPF_LINK_UPDATE, &attr));
}

static int attach(char **words)
{
	union bpf_attr attr = {.link_create = {.prog_fd = load_program(),
				       .target_fd = open(words[1], O_RDONLY | O_DIRECTORY),
				       .attach_type = BPF_CGROUP_SYSCTL}};
	union bpf_attr old = {.target_fd = attr.link_create.target_fd,
		.attach_bpf_fd = attr.link_create.prog_fd,
		.attach_type = BPF_CGROUP_SYSCTL,
		.attach_flags = BPF_F_ALLOW_MULTI};

	if (!strcmp(words[0], "link"))
		return answer(bpf(BPF_LINK_CREATE, &attr));
	return answer(bpf(BPF_PROG_ATTACH, &old));
}

/* What a container may do for itself: a map and a program of its own, pinned, opened and removed.
 */
static int own(char **words)
{
	union bpf_attr map = {.map_type = BPF_MAP_TYPE_HASH,
		.key_size = 4,
		.value_size = 4,
		.max_entries = 4,
		.map_name = "cgward_own"};
	union bpf_attr object = {.pathname = (uintptr_t)words[0]};
	union bpf_attr info = {};
	struct bpf_map_info details = {};
	long result;

	object.bpf_fd = bpf(BPF_MAP_CREATE, &map);
	result = bpf(BPF_OBJ_PIN, &object);
	if (result >= 0)
		result = open_pin(words[0]);
	info.info.bpf_fd = result;
	info.info.info_len = sizeof(details);
	info.info.info = (uintptr_t)&details;
	if (result >= 0)
		result = bpf(BPF_OBJ_GET_INFO_BY_FD, &info);
	if (result >= 0) {
		union bpf_attr id = {.map_id = details.id};

		result = bpf(BPF_MAP_GET_FD_BY_ID, &id);
	}
	if (result >= 0)
		result = unlink(words[0]);
	if (result >= 0)
		result = load_program();
	return answer(result);
}

static int pin_own(char **words)
{
	union bpf_attr object = {.pathname = (uintptr_t)words[0], .bpf_fd = load_program()};

	return answer(bpf(BPF_OBJ_PIN, &object));
}

static int removes(char **words)
{
	return answer(unlink(words[0]));
}

static int removes_folder(char **words)
{
	return answer(rmdir(words[0]));
}

static int makes_folder(char **words)
{
	return answer(mkdir(words[0], 0700));
}

static int renames(char **words)
{
	return answer(rename(words[0], words[1]));
}

static int links(char **words)
{
	return answer(link(words[0], words[1]));
}

static int symlinks(char **words)
{
	return answer(symlink(words[0], words[1]));
}

static int changes_mode(char **words)
{
	return answer(chmod(words[0], 0600));
}

static int changes_owner(char **words)
{
	return answer(chown(words[0], 1, 1));
}

static int mounts_over(char **words)
{
	return answer(mount("tmpfs", words[0], "tmpfs", 0, NULL));
}

static int moves_mount(char **words)
{
	return answer(mount(words[0], words[1], NULL, MS_MOVE, NULL));
}

/* The new way: the mount is picked up, and put elsewhere. */
static int moves_mount_new(char **words)
{
	int tree = syscall(428 /* open_tree */, AT_FDCWD, words[0], O_CLOEXEC);

	return answer(syscall(429 /* move_mount */, tree, "", AT_FDCWD, words[1],
		4 /* MOVE_MOUNT_F_EMPTY_PATH */));
}

static int unmounts(char **words)
{
	return answer(umount2(words[0], MNT_DETACH));
}

static int signals(char **words)
{
	return answer(kill(number(words[0]), number(words[1])));
}

static int traces(char **words)
{
	return answer(ptrace(PTRACE_SEIZE, number(words[0]), NULL, NULL));
}

static int takes_descriptor(char **words)
{
	int process = syscall(SYS_pidfd_open, number(words[0]), 0);

	return answer(syscall(SYS_pidfd_getfd, process, 0, 0));
}

static int opens_memory(char **words)
{
	char path[64];

	snprintf(path, sizeof(path), "/proc/%s/mem", words[0]);
	return answer(open(path, O_RDWR));
}

static int limits(char **words)
{
	const struct rlimit limit = {1000, 1000};

	return answer(prlimit(number(words[0]), RLIMIT_CPU, &limit, NULL));
}

static int moves(char **words)
{
	char path[4096];

	snprintf(path, sizeof(path), "%s/%s", words[0], words[1]);
	return answer(open(path, O_WRONLY));
}

static int clones(char **words)
{
	int cgroup = open(words[0], O_PATH | O_DIRECTORY);
	pid_t pid = clone_into(cgroup);
	int error = errno;

	if (!pid)
		_exit(0);
	if (pid > 0)
		waitpid(pid, NULL, 0);
	errno = error;
	return answer(pid);
}

/* ---- hunting ---- */

static volatile sig_atomic_t ended;

static void end(int signal)
{
	(void)signal;
	ended = 1;
}

/* What there is of a kind of object, from the last id that was looked at on. */
struct quarry {
	const char *name;
	int next, get; /* commands */
	__u32 last;
};

/* True if it is cgward's: by the name of a map or program; of links there are no others here. */
static bool is_cgwards(const struct quarry *quarry, int fd)
{
	union {
		struct bpf_map_info map;
		struct bpf_prog_info program;
	} info = {};
	union bpf_attr attr = {
		.info = {.bpf_fd = fd, .info_len = sizeof(info), .info = (uintptr_t)&info}};
	const char *name = quarry->get == BPF_MAP_GET_FD_BY_ID ? info.map.name : info.program.name;

	if (quarry->get == BPF_LINK_GET_FD_BY_ID)
		return true;
	return !bpf(BPF_OBJ_GET_INFO_BY_FD, &attr) && !strncmp(name, "cgward_", 7);
}

/*
 * Until SIGTERM: opens by its id whatever comes into being, and sends signals to the reader. Prints
 * what of cgward's was had, and how many refusals there were.
 */
static int hunts(char **words)
{
	struct quarry quarries[] = {{"map", BPF_MAP_GET_NEXT_ID, BPF_MAP_GET_FD_BY_ID, 0},
		{"program", BPF_PROG_GET_NEXT_ID, BPF_PROG_GET_FD_BY_ID, 0},
		{"link", BPF_LINK_GET_NEXT_ID, BPF_LINK_GET_FD_BY_ID, 0}};
	unsigned long had[3] = {}, signals = 0, refused = 0;
	pid_t reader = number(words[0]);

	signal(SIGTERM, end);
	for (int kind = 0; !ended; kind = (kind + 1) % 3) {
		struct quarry *quarry = &quarries[kind];
		union bpf_attr next = {.start_id = quarry->last};
		long fd;

		signals += !kill(reader, SIGCONT);
		if (bpf(quarry->next, &next)) {
			if (errno != ENOENT)
				return answer(-1);
			continue;
		}
		quarry->last = next.next_id;
		fd = bpf(quarry->get, &(union bpf_attr){.start_id = quarry->last});
		if (fd >= 0 && is_cgwards(quarry, fd))
			had[kind]++;
		refused += fd < 0 && errno == EPERM;
		if (fd >= 0)
			close(fd);
	}
	for (int kind = 0; kind < 3; kind++)
		printf("%lu %s, ", had[kind], quarries[kind].name);
	printf("%lu signals, %lu refused\n", signals, refused);
	return 0;
}

static const struct way {
	const char *name;
	int words;
	int (*attack)(char **words);
} ways[] = {
	{"map-by-id", 1, map_by_id},
	{"program-by-id", 1, program_by_id},
	{"link-by-id", 1, link_by_id},
	{"hunt", 1, hunts},
	{"pin", 1, pin},
	{"pin-at", 2, pin_at},
	{"inherited", 3, inherited}, /* detach or update, PIN, CGROUP */
	{"kept", 1, kept},
	{"attach", 2, attach}, /* link or program, CGROUP */
	{"own", 1, own},
	{"pin-own", 1, pin_own},
	{"unlink", 1, removes},
	{"rmdir", 1, removes_folder},
	{"mkdir", 1, makes_folder},
	{"rename", 2, renames},
	{"link", 2, links},
	{"symlink", 2, symlinks},
	{"chmod", 1, changes_mode},
	{"chown", 1, changes_owner},
	{"mount-over", 1, mounts_over},
	{"move-mount", 2, moves_mount},
	{"move-mount-new", 2, moves_mount_new},
	{"umount", 1, unmounts},
	{"kill", 2, signals},
	{"trace", 1, traces},
	{"pidfd-getfd", 1, takes_descriptor},
	{"memory", 1, opens_memory},
	{"limit", 1, limits},
	{"open", 2, moves}, /* CGROUP FILE, for writing */
	{"clone-into", 1, clones},
};

int main(int argc, char **argv)
{
	for (size_t i = 0; argc > 1 && i < sizeof(ways) / sizeof(ways[0]); i++)
		if (!strcmp(argv[1], ways[i].name) && argc == 2 + ways[i].words)
			return ways[i].attack(argv + 2);
	fprintf(stderr, "usage: attack HOW ARGUMENT...\n");
	return 2;
}
