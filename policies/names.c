// SPDX-License-Identifier: GPL-2.0-only
#include "names.h"

#include <linux/capability.h>
#include <stddef.h>
#include <string.h>
#include <sys/socket.h>
#include "policy.h"

/* As many rows as the enum has values, and the row that ends the table. */
#define ASSERT_COMPLETE(table, count)                                                              \
	_Static_assert(sizeof(table) / sizeof(*(table)) == (count), #table " lacks a row")

const struct cgw_name cgw_action_names[] = {
	{CGW_ACTION_DENY, "deny", "refuse with EPERM and log"},
	{CGW_ACTION_AUDIT, "audit", "log only"},
	{CGW_ACTION_ALLOW, "allow", "an exception to deny and audit lines"},
	{0, NULL, NULL},
};
ASSERT_COMPLETE(cgw_action_names, CGW_ACTION_ALLOW + 1);

const struct cgw_name cgw_verdict_names[] = {
	{CGW_VERDICT_ALLOW, "allow", NULL},
	{CGW_VERDICT_AUDIT, "audit", NULL},
	{CGW_VERDICT_DENY, "deny", NULL},
	{0, NULL, NULL},
};
ASSERT_COMPLETE(cgw_verdict_names, CGW_VERDICT_DENY + 1);

const struct cgw_name cgw_reason_names[] = {
	{CGW_REASON_RULE, "rule", "a rule matched"},
	{CGW_REASON_NAME_UNREADABLE, "name-unreadable",
		"the kernel did not give the whole name of the sysctl"},
	{CGW_REASON_VALUE_UNREADABLE, "value-unreadable",
		"the kernel did not give the whole value written"},
	{CGW_REASON_VALUE_SPLIT, "value-split", "written at a file position other than 0"},
	{CGW_REASON_PATH_AMBIGUOUS, "path-ambiguous",
		"a unix socket path that is relative or holds //, . or .."},
	{CGW_REASON_HEADER_UNREADABLE, "header-unreadable",
		"a packet whose addresses or ports cannot be found"},
	{CGW_REASON_NO_SCRATCH, "no-scratch", "no scratch slot was free on this CPU"},
	{CGW_REASON_BAD_IMAGE, "bad-image", "the ruleset in the kernel is damaged"},
	{CGW_REASON_SEALED, "sealed", "would give a protected object a name that no rule covers"},
	{CGW_REASON_PATH_TOO_LONG, "path-too-long", "the path has 4,096 bytes or more"},
	{CGW_REASON_PATH_UNREACHABLE, "path-unreachable",
		"the object cannot be reached from the root of the task's mount namespace"},
	{CGW_REASON_PATH_CHANGING, "path-changing",
		"directories or mounts were moved all the time while the path was read"},
	{CGW_REASON_SOURCE_UNKNOWN, "source-unknown",
		"what mount(2) takes its content from cannot be resolved by the hook"},
	{CGW_REASON_GUARD, "guard", "an attempt on cgward itself: protect = guard"},
	{0, NULL, NULL},
};
ASSERT_COMPLETE(cgw_reason_names, CGW_REASON_GUARD + 1);

const struct cgw_name cgw_guarded_names[] = {
	{CGW_GUARDED_MAP, "map", NULL},
	{CGW_GUARDED_PROGRAM, "program", NULL},
	{CGW_GUARDED_LINK, "link", NULL},
	{CGW_GUARDED_FOLDER, "pin", "a pin, or the folder of the pins"},
	{CGW_GUARDED_ABOVE, "folder", "a directory above the folder of the pins"},
	{CGW_GUARDED_OUTER, "mount", "a mount above the folder of the pins"},
	{CGW_GUARDED_NAMESPACE, "namespace", NULL},
	{CGW_GUARDED_TASK, "process", "of cgward-audit"},
	{CGW_GUARDED_CHANGING, "change",
		"what is not on record yet, while a ruleset is being put in force"},
	{CGW_GUARDED_CGROUP, "cgroup", "outside of the governed subtree"},
	{0, NULL, NULL},
};
ASSERT_COMPLETE(cgw_guarded_names, CGW_GUARDED_COUNT);

const struct cgw_name cgw_hook_names[] = {
	{CGW_HOOK_SYSCTL, "cgroup/sysctl", "read and write of /proc/sys"},
	{CGW_HOOK_CONNECT4, "cgroup/connect4", "connect on an IPv4 socket"},
	{CGW_HOOK_CONNECT6, "cgroup/connect6", "connect on an IPv6 socket"},
	{CGW_HOOK_SENDMSG4, "cgroup/sendmsg4", "UDP sendto and sendmsg on an IPv4 socket"},
	{CGW_HOOK_SENDMSG6, "cgroup/sendmsg6", "UDP sendto and sendmsg on an IPv6 socket"},
	{CGW_HOOK_BIND4, "cgroup/bind4", "bind of an IPv4 socket"},
	{CGW_HOOK_BIND6, "cgroup/bind6", "bind of an IPv6 socket"},
	{CGW_HOOK_SOCK_CREATE, "cgroup/sock_create", "creation of a socket"},
	{CGW_HOOK_CONNECT_UNIX, "cgroup/connect_unix", "connect of a unix socket"},
	{CGW_HOOK_SENDMSG_UNIX, "cgroup/sendmsg_unix", "sendto and sendmsg of a unix socket"},
	{CGW_HOOK_EGRESS, "cgroup_skb/egress", "packets of protocols that have no address hook"},
	{CGW_HOOK_DEVICE, "cgroup/dev", "opening and making of device nodes"},
	{CGW_HOOK_POST_BIND4, "cgroup/post_bind4", "IPv4: the port that the kernel chose for bind"},
	{CGW_HOOK_POST_BIND6, "cgroup/post_bind6", "IPv6: the port that the kernel chose for bind"},
#define LSM_HOOK(number, name, hook, help) {CGW_HOOK_##number, "lsm/" #hook, help},
	CGW_LSM_HOOKS(LSM_HOOK)
#undef LSM_HOOK
		{0, NULL, NULL},
};
ASSERT_COMPLETE(cgw_hook_names, CGW_HOOK_COUNT);

/* CGW_PROTO_OTHER has no name: no policy can ask for it. */
const struct cgw_name cgw_proto_names[] = {
	{CGW_PROTO_TCP, "tcp", "TCP and MPTCP"},
	{CGW_PROTO_UDP, "udp", "UDP and UDP-Lite"},
	{CGW_PROTO_ICMP, "icmp", "ping sockets, ICMP and ICMPv6"},
	{CGW_PROTO_SCTP, "sctp", "SCTP"},
	{CGW_PROTO_RAW, "raw", "raw IP sockets"},
	{CGW_PROTO_UNIX, "unix", "unix sockets, by path or abstract name"},
	{0, NULL, NULL},
};
ASSERT_COMPLETE(cgw_proto_names, CGW_PROTO_COUNT - 1);

const struct cgw_name cgw_family_names[] = {
	{AF_UNIX, "unix", "sockets of this machine"},
	{AF_INET, "inet", "IPv4"},
	{AF_AX25, "ax25", "amateur radio AX.25"},
	{AF_IPX, "ipx", "Novell IPX"},
	{AF_APPLETALK, "appletalk", "AppleTalk"},
	{AF_NETROM, "netrom", "amateur radio NET/ROM"},
	{AF_ATMPVC, "atmpvc", "ATM PVC"},
	{AF_X25, "x25", "X.25"},
	{AF_INET6, "inet6", "IPv6"},
	{AF_ROSE, "rose", "amateur radio X.25 PLP"},
	{AF_DECnet, "decnet", "DECnet"},
	{AF_KEY, "key", "IPsec key management (PF_KEY)"},
	{AF_NETLINK, "netlink", "the kernel's configuration interface"},
	{AF_PACKET, "packet", "frames of a network device"},
	{AF_ECONET, "econet", "Acorn Econet"},
	{AF_ATMSVC, "atmsvc", "ATM SVC"},
	{AF_RDS, "rds", "reliable datagrams"},
	{AF_IRDA, "irda", "infrared"},
	{AF_PPPOX, "pppox", "PPP over X, L2TP"},
	{AF_LLC, "llc", "IEEE 802.2 LLC"},
	{AF_IB, "ib", "InfiniBand addresses"},
	{AF_MPLS, "mpls", "MPLS"},
	{AF_CAN, "can", "controller area network"},
	{AF_TIPC, "tipc", "TIPC clusters"},
	{AF_BLUETOOTH, "bluetooth", "Bluetooth"},
	{AF_IUCV, "iucv", "z/VM IUCV"},
	{AF_RXRPC, "rxrpc", "RxRPC (AFS)"},
	{AF_ISDN, "isdn", "ISDN"},
	{AF_PHONET, "phonet", "Nokia Phonet"},
	{AF_IEEE802154, "ieee802154", "IEEE 802.15.4"},
	{AF_CAIF, "caif", "CAIF modems"},
	{AF_ALG, "alg", "the kernel's cryptography interface"},
	{AF_NFC, "nfc", "near field communication"},
	{AF_VSOCK, "vsock", "virtual machines and their host"},
	{AF_KCM, "kcm", "kernel connection multiplexor"},
	{AF_QIPCRTR, "qipcrtr", "Qualcomm IPC router"},
	{AF_SMC, "smc", "SMC over RDMA"},
	{AF_XDP, "xdp", "frames of a network device, by XDP"},
	{AF_MCTP, "mctp", "management component transport"},
	{0, NULL, NULL},
};

const struct cgw_name cgw_socktype_names[] = {
	{SOCK_STREAM, "stream", NULL},
	{SOCK_DGRAM, "dgram", NULL},
	{SOCK_RAW, "raw", NULL},
	{SOCK_RDM, "rdm", NULL},
	{SOCK_SEQPACKET, "seqpacket", NULL},
	{SOCK_DCCP, "dccp", NULL},
	{SOCK_PACKET, "packet", NULL},
	{0, NULL, NULL},
};

const struct cgw_name cgw_power_names[] = {
	{CGW_POWER_MOUNT, "mount", "mount, umount, move_mount, pivot_root, remount, fs context"},
	{CGW_POWER_CHROOT, "chroot", "chroot"},
	{CGW_POWER_PTRACE, "ptrace", "ptrace, process_vm_readv and _writev, /proc/PID/mem"},
	{CGW_POWER_MODULE, "module", "loading of kernel modules"},
	{CGW_POWER_BPF, "bpf", "bpf(2)"},
	{CGW_POWER_USERNS, "userns", "creation of user namespaces"},
	{CGW_POWER_PERF, "perf", "perf_event_open"},
	{CGW_POWER_KEXEC, "kexec", "kexec_load and kexec_file_load"},
	{CGW_POWER_KEYRING, "keyring", "kernel keys"},
	{CGW_POWER_IO_URING, "io_uring", "io_uring"},
	{CGW_POWER_SETTIME, "settime", "setting of clocks"},
	{CGW_POWER_SYSLOG, "syslog", "reading and clearing of the kernel log"},
	{CGW_POWER_KILL_OUTSIDE, "kill-outside", "signals to processes of other cgroups"},
	{CGW_POWER_PERSONALITY, "personality", "personality(2)"},
	{0, NULL, NULL},
};
ASSERT_COMPLETE(cgw_power_names, CGW_POWER_COUNT);

/* A capability's value is its number and 1. */
#define CAPABILITY(name, text)                                                                     \
	{                                                                                          \
		(CAP_##name) + 1, text, NULL                                                       \
	}
const struct cgw_name cgw_capability_names[] = {
	CAPABILITY(CHOWN, "chown"),
	CAPABILITY(DAC_OVERRIDE, "dac_override"),
	CAPABILITY(DAC_READ_SEARCH, "dac_read_search"),
	CAPABILITY(FOWNER, "fowner"),
	CAPABILITY(FSETID, "fsetid"),
	CAPABILITY(KILL, "kill"),
	CAPABILITY(SETGID, "setgid"),
	CAPABILITY(SETUID, "setuid"),
	CAPABILITY(SETPCAP, "setpcap"),
	CAPABILITY(LINUX_IMMUTABLE, "linux_immutable"),
	CAPABILITY(NET_BIND_SERVICE, "net_bind_service"),
	CAPABILITY(NET_BROADCAST, "net_broadcast"),
	CAPABILITY(NET_ADMIN, "net_admin"),
	CAPABILITY(NET_RAW, "net_raw"),
	CAPABILITY(IPC_LOCK, "ipc_lock"),
	CAPABILITY(IPC_OWNER, "ipc_owner"),
	CAPABILITY(SYS_MODULE, "sys_module"),
	CAPABILITY(SYS_RAWIO, "sys_rawio"),
	CAPABILITY(SYS_CHROOT, "sys_chroot"),
	CAPABILITY(SYS_PTRACE, "sys_ptrace"),
	CAPABILITY(SYS_PACCT, "sys_pacct"),
	CAPABILITY(SYS_ADMIN, "sys_admin"),
	CAPABILITY(SYS_BOOT, "sys_boot"),
	CAPABILITY(SYS_NICE, "sys_nice"),
	CAPABILITY(SYS_RESOURCE, "sys_resource"),
	CAPABILITY(SYS_TIME, "sys_time"),
	CAPABILITY(SYS_TTY_CONFIG, "sys_tty_config"),
	CAPABILITY(MKNOD, "mknod"),
	CAPABILITY(LEASE, "lease"),
	CAPABILITY(AUDIT_WRITE, "audit_write"),
	CAPABILITY(AUDIT_CONTROL, "audit_control"),
	CAPABILITY(SETFCAP, "setfcap"),
	CAPABILITY(MAC_OVERRIDE, "mac_override"),
	CAPABILITY(MAC_ADMIN, "mac_admin"),
	CAPABILITY(SYSLOG, "syslog"),
	CAPABILITY(WAKE_ALARM, "wake_alarm"),
	CAPABILITY(BLOCK_SUSPEND, "block_suspend"),
	CAPABILITY(AUDIT_READ, "audit_read"),
	CAPABILITY(PERFMON, "perfmon"),
	CAPABILITY(BPF, "bpf"),
	CAPABILITY(CHECKPOINT_RESTORE, "checkpoint_restore"),
	{0, NULL, NULL},
};
ASSERT_COMPLETE(cgw_capability_names, CAP_CHECKPOINT_RESTORE + 2);

const struct cgw_name cgw_judged_names[] = {
	{CGW_JUDGED_TASK, "task", "by the policies of the task's cgroup"},
	{CGW_JUDGED_KEPT, "kept", "by policies that the task keeps from a cgroup it was in before"},
	{CGW_JUDGED_SOCKET, "socket", "by the policies of the cgroup in which the socket was made"},
	{0, NULL, NULL},
};
ASSERT_COMPLETE(cgw_judged_names, CGW_JUDGED_SOCKET + 1);

const struct cgw_name cgw_section_names[] = {
	{SECTION_SYSCTL, "sysctl", "reads and writes of /proc/sys"},
	{SECTION_NETWORK, "network", "connect, bind, listen, and sockets that may be created"},
	{SECTION_FILE, "file", "reads, writes and execution of files"},
	{SECTION_KERNEL, "kernel", "powers over the kernel and other processes"},
	{SECTION_CAPABILITY, "capability", "use of capabilities"},
	{SECTION_DEVICE, "device", "device nodes by number"},
	{0, NULL, NULL},
};
ASSERT_COMPLETE(cgw_section_names, SECTION_COUNT);

const struct cgw_name cgw_sysctl_op_names[] = {
	{CGW_OP_SYSCTL_READ, "read", NULL},
	{CGW_OP_SYSCTL_WRITE, "write", NULL},
	{0, NULL, NULL},
};

const struct cgw_name cgw_network_op_names[] = {
	{CGW_OP_CONNECT, "connect", "any way to reach a peer"},
	{CGW_OP_BIND, "bind", NULL},
	{CGW_OP_LISTEN, "listen", NULL},
	{CGW_OP_SOCKET, "socket", "creation of a socket"},
	{0, NULL, NULL},
};

const struct cgw_name cgw_file_op_names[] = {
	{CGW_OP_FILE_READ, "read", NULL},
	{CGW_OP_FILE_WRITE, "write", "also create, remove, rename, link and change attributes"},
	{CGW_OP_FILE_EXEC, "exec", "also mapping it executable"},
	{0, NULL, NULL},
};

const struct cgw_name cgw_device_op_names[] = {
	{CGW_OP_DEVICE_READ, "read", NULL},
	{CGW_OP_DEVICE_WRITE, "write", NULL},
	{CGW_OP_DEVICE_MKNOD, "mknod", NULL},
	{0, NULL, NULL},
};

static const struct cgw_name kernel_op_names[] = {
	{CGW_OP_KERNEL, "kernel", NULL},
	{0, NULL, NULL},
};

static const struct cgw_name capability_op_names[] = {
	{CGW_OP_CAPABILITY, "capability", NULL},
	{0, NULL, NULL},
};

static const struct cgw_name *const section_ops[SECTION_COUNT] = {
	[SECTION_SYSCTL] = cgw_sysctl_op_names,
	[SECTION_NETWORK] = cgw_network_op_names,
	[SECTION_FILE] = cgw_file_op_names,
	[SECTION_KERNEL] = kernel_op_names,
	[SECTION_CAPABILITY] = capability_op_names,
	[SECTION_DEVICE] = cgw_device_op_names,
};
/* One row for each operation: the six tables and their ends. */
_Static_assert((sizeof(cgw_sysctl_op_names) + sizeof(cgw_network_op_names) +
		       sizeof(cgw_file_op_names) + sizeof(kernel_op_names) +
		       sizeof(capability_op_names) + sizeof(cgw_device_op_names)) /
			       sizeof(struct cgw_name) ==
		       CGW_OP_COUNT - 1 + 6,
	"an operation lacks a name");

const char *cgw_name_of(const struct cgw_name *table, uint32_t value)
{
	for (; table->name; table++)
		if (table->value == value)
			return table->name;
	return "?";
}

uint32_t cgw_name_value(const struct cgw_name *table, const char *name, size_t length)
{
	for (; table->name; table++)
		if (strlen(table->name) == length && !memcmp(table->name, name, length))
			return table->value;
	return 0;
}

static const struct cgw_name *op_row(uint32_t op, enum policy_section *section)
{
	for (int i = 1; i < SECTION_COUNT; i++)
		for (const struct cgw_name *row = section_ops[i]; row->name; row++)
			if (row->value == op) {
				*section = i;
				return row;
			}
	return NULL;
}

const char *cgw_op_name(uint32_t op)
{
	enum policy_section section;
	const struct cgw_name *row = op_row(op, &section);

	if (op == CGW_OP_GUARD)
		return "guard";
	return row ? row->name : "?";
}

const char *cgw_op_section(uint32_t op)
{
	enum policy_section section;

	if (op == CGW_OP_GUARD)
		return "cgward";
	return op_row(op, &section) ? cgw_name_of(cgw_section_names, section) : "?";
}
