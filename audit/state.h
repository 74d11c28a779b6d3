/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * state.h - what a reader leaves to the next one, even when it is killed: how far it has read, what
 * it has accounted for, and which lines it was just about to write.
 *
 * It is a map, pinned as maps/reader beside the ring buffer, so that the two live and die together.
 * It has two copies of the state. Before a batch of lines is written, the state that will be true
 * afterwards is put into the idle copy and announced; once the lines are written one store makes it
 * the valid one. A reader that finds an announcement counts the lines that have reached each file,
 * and writes only the others.
 */
#ifndef CGW_STATE_H
#define CGW_STATE_H

#include "losses.h"

#define STATE_FILES 8

/* A regular file that lines go to, and its end before the batch. */
struct state_file {
	uint64_t device;
	uint64_t inode;
	uint64_t offset;
	uint64_t
		present; /* lines of the batch that are there already: this is its second attempt */
};

struct state_copy {
	uint64_t position; /* of the ring buffer's consumer */
	uint64_t lines;	   /* of the batch */
	uint32_t started;  /* losses have been started */
	uint32_t is_loss;  /* the batch is the one line of `loss`, made of no record */
	struct loss loss;
	uint32_t file_count;
	uint32_t reserved;
	struct state_file files[STATE_FILES];
	uint64_t undecodable; /* as in struct losses */
	uint64_t unplaced;
	struct losses_cpu cpus[];
};

struct state {
	void *memory; /* NULL: not open */
	size_t size;
	unsigned int cpu_count;
};

/*
 * `map` is a descriptor of maps/reader, which stays the caller's, or -errno. One that is not there
 * or does not fit is made anew in the directory `maps`: an older loader has made none. The caller
 * holds the lock of the source. 0 or -errno.
 */
int state_open(struct state *state, int map, const char *maps, unsigned int cpu_count);
void state_close(struct state *state); /* one that is all zero, too */

/* A state in plain memory, for tests. */
void state_init(struct state *state, unsigned int cpu_count);

/* What is true. */
const struct state_copy *state_now(const struct state *state);

/* What was announced and not finished; NULL: nothing. */
const struct state_copy *state_announced(const struct state *state);

/* The idle copy, for the caller to fill in (losses by state_put_losses()); nothing is announced
 * until state_announce(). */
struct state_copy *state_prepare(struct state *state);
void state_put_losses(struct state *state, struct state_copy *copy, const struct losses *losses);
void state_announce(struct state *state);

/* What was prepared is true from now on. */
void state_finish(struct state *state);

/* What was announced is void. */
void state_withdraw(struct state *state);

#endif
