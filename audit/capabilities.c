// SPDX-License-Identifier: GPL-2.0-only
#include "capabilities.h"

#include <linux/capability.h>

#define BIT(name) (1ULL << CAP_##name)
#define FILE_ACCESS (BIT(DAC_OVERRIDE) | BIT(DAC_READ_SEARCH))

static const uint64_t by_op[CGW_OP_COUNT] = {
	[CGW_OP_SYSCTL_READ] = FILE_ACCESS | BIT(SYS_ADMIN) | BIT(SYSLOG),
	/* Most of kernel.* and vm.* go by the owner of the file, net.* by net_admin of the network
	 * namespace. */
	[CGW_OP_SYSCTL_WRITE] = FILE_ACCESS | BIT(SYS_ADMIN) | BIT(NET_ADMIN) | BIT(SYS_RESOURCE) |
				BIT(SYS_PTRACE) | BIT(SYS_MODULE) | BIT(SYS_RAWIO) | BIT(SYSLOG),
	[CGW_OP_CONNECT] = BIT(NET_RAW) | BIT(NET_BROADCAST),
	[CGW_OP_BIND] = BIT(NET_BIND_SERVICE) | BIT(NET_RAW) | BIT(NET_ADMIN),
	[CGW_OP_LISTEN] = BIT(NET_BIND_SERVICE),
	[CGW_OP_SOCKET] = BIT(NET_RAW) | BIT(NET_ADMIN) | BIT(SYS_ADMIN),
	[CGW_OP_FILE_READ] = FILE_ACCESS,
	[CGW_OP_FILE_WRITE] = FILE_ACCESS | BIT(CHOWN) | BIT(FOWNER) | BIT(FSETID) | BIT(SETFCAP) |
			      BIT(MKNOD) | BIT(LINUX_IMMUTABLE) | BIT(SYS_ADMIN),
	[CGW_OP_FILE_EXEC] = FILE_ACCESS,
	/* Each power has its own, and a denial names the power. */
	[CGW_OP_KERNEL] = BIT(SYS_ADMIN) | BIT(SYS_CHROOT) | BIT(SYS_PTRACE) | BIT(SYS_MODULE) |
			  BIT(BPF) | BIT(PERFMON) | BIT(SYS_BOOT) | BIT(SYS_TIME) | BIT(SYSLOG) |
			  BIT(KILL) | BIT(SETUID) | BIT(SETGID),
	[CGW_OP_CAPABILITY] = 0, /* the event names it */
	[CGW_OP_DEVICE_READ] = FILE_ACCESS | BIT(SYS_RAWIO),
	[CGW_OP_DEVICE_WRITE] = FILE_ACCESS | BIT(SYS_RAWIO),
	[CGW_OP_DEVICE_MKNOD] = BIT(MKNOD),
};

uint64_t capabilities_that_matter(const struct cgw_event *event)
{
	return event->op < CGW_OP_COUNT ? event->capabilities & by_op[event->op] : 0;
}
