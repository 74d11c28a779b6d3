/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * config.h - the host configuration, cgward.conf(5): an INI file with one section, [cgward], read
 * by the reader of policies, with errors of the same kind.
 */
#ifndef CGW_CONFIG_H
#define CGW_CONFIG_H

#include <stdbool.h>
#include <stddef.h>
#include "abi.h"
#include "compile.h"
#include "diagnostics.h"

#define CONFIG_DEFAULT "/etc/cgward/cgward.conf"

/* A configuration is a few lines. */
#define CONFIG_FILE_MAX (1U << 20)

/* What holds without a configuration. */
struct cgw_settings config_default(void);

/*
 * Reads the settings that the file gives; the others stay as they are. `path` NULL: the default
 * place, where there may be none. 0, or -1 with errors in diags; *settings is then untouched.
 */
int config_read(struct cgw_settings *settings, const char *path, struct diagnostics *diags);

/* The same of a text that is called `file` in messages. */
int config_read_text(struct cgw_settings *settings, const char *file, const char *text,
	size_t length, struct diagnostics *diags);

/* Makes them the settings of an image that was compiled, and its checksum anew. */
void image_configure(struct image *image, const struct cgw_settings *settings);

/* The settings of a verified image; the defaults for one of a version that had none. */
struct cgw_settings image_settings(const struct image *image);

/* The keys, for those who print settings; ends with NULL. */
extern const char *const config_keys[];

/* The value of a key as the file would have it. Static, until the fourth call after this one. */
const char *config_value(const struct cgw_settings *settings, const char *key);

#endif
