/* SPDX-License-Identifier: GPL-2.0-only */
/* copy_self.h - the running program as the content of another file, which is to be executed. */
#ifndef COPY_SELF_H
#define COPY_SELF_H

#include <fcntl.h>
#include <unistd.h>
#include "words.h"

static inline void copy_self(int to)
{
	int from = open("/proc/self/exe", O_RDONLY | O_CLOEXEC);
	char buffer[65536];
	ssize_t got;

	while ((got = read(from, buffer, sizeof(buffer))) > 0)
		if (write(to, buffer, got) != got)
			fail("copy", "/proc/self/exe");
	close(from);
}

#endif
