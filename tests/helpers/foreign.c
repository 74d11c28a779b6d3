// SPDX-License-Identifier: GPL-2.0-only
/*
 * foreign - a cgroup program of somebody else, attached as systemd and runc do it.
 *
 *   foreign attach|detach CGROUP_DIR HOOK allow|deny
 *
 * HOOK: connect4, bind4, egress or device. The program gives this answer to everything. Attached
 * with BPF_F_ALLOW_MULTI, without a link, it stays until it is detached or the cgroup goes.
 */
#include <fcntl.h>
#include <linux/bpf.h>
#include <stdbool.h>
#include <stdint.h>
#include <sys/syscall.h>
#include <unistd.h>
#include "words.h"

static const struct kind {
	const char *name;
	uint32_t program, attach;
} kinds[] = {
	{"connect4", BPF_PROG_TYPE_CGROUP_SOCK_ADDR, BPF_CGROUP_INET4_CONNECT},
	{"bind4", BPF_PROG_TYPE_CGROUP_SOCK_ADDR, BPF_CGROUP_INET4_BIND},
	{"egress", BPF_PROG_TYPE_CGROUP_SKB, BPF_CGROUP_INET_EGRESS},
	{"device", BPF_PROG_TYPE_CGROUP_DEVICE, BPF_CGROUP_DEVICE},
};

static int bpf(int command, union bpf_attr *attr)
{
	return (int)syscall(SYS_bpf, command, attr, sizeof(*attr));
}

static int load(const struct kind *kind, bool allow)
{
	struct bpf_insn code[] = {
		{.code = BPF_ALU64 | BPF_MOV | BPF_K, .dst_reg = BPF_REG_0, .imm = allow},
		{.code = BPF_JMP | BPF_EXIT},
	};
	union bpf_attr attr = {.prog_type = kind->program,
		.expected_attach_type = kind->attach,
		.insns = (uintptr_t)code,
		.insn_cnt = 2,
		.license = (uintptr_t) "GPL"};

	snprintf(attr.prog_name, sizeof(attr.prog_name), allow ? "foreign_allow" : "foreign_deny");
	return bpf(BPF_PROG_LOAD, &attr);
}

/* The program that is attached there under this name, or -1. */
static int find(const struct kind *kind, int cgroup, bool allow)
{
	uint32_t ids[64];
	union bpf_attr query = {.query = {.target_fd = (uint32_t)cgroup,
					.attach_type = kind->attach,
					.prog_ids = (uintptr_t)ids,
					.prog_cnt = 64}};

	if (bpf(BPF_PROG_QUERY, &query))
		return -1;
	for (uint32_t i = 0; i < query.query.prog_cnt; i++) {
		struct bpf_prog_info info = {0};
		union bpf_attr open = {.prog_id = ids[i]};
		int fd = bpf(BPF_PROG_GET_FD_BY_ID, &open);
		union bpf_attr ask = {.info = {.bpf_fd = (uint32_t)fd,
					      .info_len = sizeof(info),
					      .info = (uintptr_t)&info}};

		if (fd >= 0 && !bpf(BPF_OBJ_GET_INFO_BY_FD, &ask) &&
			!strcmp((char *)info.name, allow ? "foreign_allow" : "foreign_deny"))
			return fd;
		close(fd);
	}
	errno = ENOENT;
	return -1;
}

int main(int argc, char **argv)
{
	bool attach = argc == 5 && !strcmp(argv[1], "attach");
	bool allow = argc == 5 && !strcmp(argv[4], "allow");
	union bpf_attr attr = {0};

	for (size_t i = 0; argc == 5 && i < sizeof(kinds) / sizeof(kinds[0]); i++) {
		int cgroup, program;

		if (strcmp(kinds[i].name, argv[3]))
			continue;
		cgroup = open(argv[2], O_RDONLY | O_DIRECTORY | O_CLOEXEC);
		if (cgroup < 0)
			fail("open", argv[2]);
		program = attach ? load(&kinds[i], allow) : find(&kinds[i], cgroup, allow);
		if (program < 0)
			fail(attach ? "load" : "find", argv[3]);
		attr.target_fd = (uint32_t)cgroup;
		attr.attach_bpf_fd = (uint32_t)program;
		attr.attach_type = kinds[i].attach;
		attr.attach_flags = attach ? BPF_F_ALLOW_MULTI : 0;
		if (bpf(attach ? BPF_PROG_ATTACH : BPF_PROG_DETACH, &attr))
			fail(argv[1], argv[3]);
		return 0;
	}
	fprintf(stderr, "usage: foreign attach|detach CGROUP_DIR HOOK allow|deny\n");
	return 2;
}
