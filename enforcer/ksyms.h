/* SPDX-License-Identifier: GPL-2.0-only */
/* ksyms.h - addresses of the running kernel's variables, which BTF does not have. */
#ifndef CGW_KSYMS_H
#define CGW_KSYMS_H

#include <stdint.h>

struct ksym {
	const char *name; /* NULL ends a list */
	uint64_t address;
};

/*
 * Fills in the addresses. 0; -ENOENT if the kernel does not have one (CONFIG_KALLSYMS_ALL is off);
 * -EPERM if it shows none to this process (CAP_SYSLOG); or -errno.
 */
int ksyms_find(struct ksym *list);

#endif
