/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * instance.h - one cgward in the kernel: a folder of pins in bpffs.
 *
 *	DIR/maps/NAME       the maps of bpf/maps.h; maps/meta is written last: with it the instance
 *	                    exists
 *	DIR/progs/NAME      every program, attached or not
 *	DIR/links/NAME      one link per attached program
 *	DIR/images/NUMBER   the newest few rulesets by generation; maps/image says which is in force
 *	DIR-next/           the same while another build takes over, see upgrade.h
 *
 * The folder DIR is locked (flock) while anything is changed, and unlocked by the kernel when the
 * holder dies. What a dead loader has left without maps/meta is swept by the next one.
 *
 * Functions print what fails (output.h) and return 0 or -errno, unless they say otherwise.
 */
#ifndef CGW_INSTANCE_H
#define CGW_INSTANCE_H

#include <stdbool.h>
#include <stdint.h>
#include "abi.h"
#include "compile.h"

enum instance_map {
	MAP_IMAGE,
	MAP_SCOPES,
	MAP_PROCESSES,
	MAP_COUNTERS,
	MAP_EVENTS,
	MAP_BUDGETS,
	MAP_GUARDED,
	MAP_CPUS,
	MAP_CONTROL,
	MAP_META,
	MAP_SCRATCHES,
	MAP_COUNT,
};

/* Names of the pins; the kernel has them with CGW_OBJECT_PREFIX before. */
extern const char *const instance_map_names[MAP_COUNT];

struct instance {
	char *dir;    /* in bpffs */
	int dir_fd;   /* holds the lock; -1: not locked */
	bool present; /* complete: maps are open */
	bool foreign; /* present, and made by other programs than those of this cgward */
	bool newer;   /* not present: of an ABI that this cgward does not know; only with
			 INSTANCE_ANY */
	int maps[MAP_COUNT];
	uint32_t unpinned;     /* bit set of enum instance_map: open, but their pins are gone */
	struct cgw_meta *meta; /* a copy; NULL unless present or newer */
};

#define INSTANCE_INIT                                                                              \
	{                                                                                          \
		.dir_fd = -1                                                                       \
	}

/* Do not lock: for readers, who see either the state before or after a change. */
#define INSTANCE_READ 1U
/* The folder may be made, and the default one's file system mounted. */
#define INSTANCE_MAKE 2U
/* One that a newer cgward made is no error. */
#define INSTANCE_ANY 4U

/*
 * Opens the instance pinned in `bpffs`; instance->present tells whether there is one. -EPROTO: it
 * was made by a newer cgward, and is left alone. To be closed in any case.
 */
int instance_open(struct instance *instance, const char *bpffs, unsigned int flags);
void instance_close(struct instance *instance); /* for the cleanup attribute */

/* DIR/<folder>/<name>, in one of four static buffers in turn. */
const char *instance_path(const struct instance *instance, const char *folder, const char *name);

/* Makes DIR and its folders where they are missing. */
int instance_make_folders(const struct instance *instance);

/* Opens what has been pinned meanwhile; -ENOENT if it is not complete. Prints nothing for that. */
int instance_reopen(struct instance *instance, unsigned int flags);

/* Links are pinned: something may be enforced, whatever else is missing. */
bool instance_has_links(const struct instance *instance);

/* How many of the programs that were loaded are no longer pinned; of a present instance. */
unsigned int instance_programs_missing(const struct instance *instance);

/* Pins those maps again whose pins are gone. */
int instance_repin(struct instance *instance);

/*
 * Removes the pin of a link. Its program is detached from a cgroup at once, so that nobody who has
 * the link open keeps it there, or puts another one in its place. 0 or -errno, without a message.
 */
int instance_remove_link(const char *pin);

/* Removes every pin and folder in DIR, but not DIR itself, whose lock the caller holds. */
int instance_clear(struct instance *instance);

/*
 * Removes every pin and the folders: with the last link enforcement ends. First the ruleset is
 * withdrawn, by one update, so that there is no half-enforced state on the way.
 */
int instance_remove(struct instance *instance);

/*
 * The ruleset in force. 0 with a verified image (to be freed), -ENOENT without a message if none is
 * published.
 */
int instance_image(const struct instance *instance, struct image *image);

/* The same for a caller without an instance: opens it to read. -ENOENT: no instance or no ruleset.
 * Prints nothing else. */
int instance_read_image(const char *bpffs, struct image *image);

/* The verdicts of a rule so far; zeros for a rule without an entry. */
struct cgw_counter instance_counter(const struct instance *instance, uint64_t key);

#endif
