/* SPDX-License-Identifier: GPL-2.0-only */
/* inforce.h - the policies that suggestions are made for: from files, or those in force now. */
#ifndef CGW_INFORCE_H
#define CGW_INFORCE_H

#include "compile.h"
#include "scan.h"

/* The text of one policy. */
struct inforce_text {
	char *policy;
	char *file;   /* as policies_read() names it */
	char *text;   /* of the file, or made from what is in force */
	bool is_file; /* the former */
	size_t length;
};

struct inforce {
	struct policies policies;
	struct image image;
	struct inforce_text *texts;
	size_t text_count, text_room;
};

/* What PATHs say. 0 or -errno; what is wrong was printed. */
int inforce_read(struct inforce *inforce, const struct scan_list *paths);

/*
 * The instance that is pinned below `bpffs`. Of a policy whose file says what is in force, the text
 * is that of the file; else it is made from the image, without comments and `on-missing`. 0, or
 * -errno; what is wrong was printed.
 */
int inforce_live(struct inforce *inforce, const char *bpffs);
void inforce_free(struct inforce *inforce);

const struct inforce_text *inforce_text(const struct inforce *inforce, const char *policy);

/*
 * The image that these texts, one for each of inforce->texts, give; policies keep their slots.
 * 0, or -1 with diags.
 */
int inforce_compile(struct image *image, const struct inforce *inforce, char *const *texts,
	struct diagnostics *diags);

#endif
