// SPDX-License-Identifier: GPL-2.0-only
#include "ksyms.h"

#include <errno.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>

/* True if the line is about that variable: ADDRESS TYPE NAME, without the name of a module. */
static bool is_about(const char *line, const char *name)
{
	const char *type = strchr(line, ' ');
	size_t length = strlen(name);

	/* The type is no help: Linux 7 says T of all that is near to code. */
	return type && type[1] && type[2] == ' ' && !strncmp(type + 3, name, length) &&
	       type[3 + length] == '\n';
}

int ksyms_find(struct ksym *list)
{
	FILE *file = fopen("/proc/kallsyms", "re");
	char *line = NULL;
	size_t room = 0, found = 0, wanted = 0;
	int err = 0;

	if (!file)
		return -errno;
	while (list[wanted].name)
		wanted++;
	while (found < wanted && getline(&line, &room, file) > 0)
		for (size_t i = 0; i < wanted; i++)
			if (!list[i].address && is_about(line, list[i].name)) {
				list[i].address = strtoull(line, NULL, 16);
				if (!list[i].address)
					err = -EPERM;
				found++;
			}
	if (!err && found < wanted)
		err = -ENOENT;
	free(line);
	fclose(file);
	return err;
}
