/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * compile.h - from policies to the image that the kernel programs and the evaluator read.
 *
 * Deterministic: the same policies and the same previous image give the same bytes.
 */
#ifndef CGW_COMPILE_H
#define CGW_COMPILE_H

#include <stdint.h>
#include "abi.h"
#include "diagnostics.h"
#include "policy.h"

struct image {
	uint8_t *data; /* a multiple of CGW_PAGE_SIZE; aligned for any type */
	uint32_t size;
};

void image_free(struct image *image);

/* A cgroup governed by hand. */
struct attachment {
	uint64_t cgroup_id;
	const char *path;
	const char *policy; /* name; one element per pair */
};

/*
 * Links of a chain of automata: run over the longest text in three spellings, or byte by byte over
 * the longest cgroup path, they take fewer than CGW_LOOP_MAX turns.
 */
#define IMAGE_CHAIN_MAX 4096
#define IMAGE_SELECTORS_MAX 1024
/* Cgroups attached by hand: what a search of CGW_SEARCH_STEPS finds. */
#define IMAGE_ATTACHMENTS_MAX (1U << 19)

/*
 * Compiles a ruleset; its rules are numbered policy by policy in slot order, then in file order.
 * `previous`, if not NULL, is a verified image: a policy that it has keeps its slot; others get the
 * lowest slots that are free in both. `attachments` with a policy that is not in the ruleset are an
 * error of the caller. The generation is left 0; image_seal() sets it. 0, or -1 with errors in
 * diags (too many states, rules or policies, with file, line and column of the rule); *image is
 * then untouched.
 */
int policies_compile(struct image *image, const struct policies *policies,
	const struct image *previous, const struct attachment *attachments, size_t attachment_count,
	struct diagnostics *diags);

/*
 * Sets the generation, and the checksum anew: flags of rules may have been set since the image was
 * compiled. The checksum leaves the generation out.
 */
void image_seal(struct image *image, uint32_t generation);

/*
 * The same image with these attachments instead of those it has: what `cgward attach` publishes.
 * The bytes are those that policies_compile() gives for them, but for flags of rules that have been
 * set since. The generation is left 0. 0, -EINVAL (unknown policy) or -E2BIG.
 */
int image_attach(struct image *out, const struct image *image, const struct attachment *attachments,
	size_t count);

/*
 * Bounds check of an image from anywhere: every offset, alignment, transition, key order, ref, set
 * and text that the matcher or the readers could follow lies inside and means what it must. 0, or
 * -EINVAL with *why (static). `data` is aligned to 8.
 */
int image_verify(const void *data, size_t size, const char **why);

uint64_t image_checksum(const void *data, size_t size);

/* The key of a rule: FNV-1a 64 of policy name, NUL, canonical text. */
uint64_t rule_key(const char *policy, const char *text);

/* The slot of the policy with this name in a verified image, or -1. */
int image_slot(const struct image *image, const char *name);

/* Readers of a verified image. Slot and rule must exist. */
static inline const struct cgw_image_header *image_header(const struct image *image)
{
	return (const struct cgw_image_header *)image->data;
}

static inline const struct cgw_policy *image_policy(const struct image *image, uint32_t slot)
{
	return (const struct cgw_policy *)(image->data + image_header(image)->policies) + slot;
}

static inline const struct cgw_rule *image_rule(const struct image *image, uint32_t rule)
{
	return (const struct cgw_rule *)(image->data + image_header(image)->rules) + rule;
}

static inline const char *image_text(const struct image *image, uint32_t offset)
{
	return (const char *)image->data + offset;
}

#endif
