// SPDX-License-Identifier: GPL-2.0-only
#include "state.h"

#include <bpf/bpf.h>
#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <unistd.h>
#include "strbuf.h"

/* Changes with the layout. */
#define STATE_MAGIC 0x3152445257474331ULL

struct state_head {
	uint64_t magic; /* set last */
	uint32_t cpu_count;
	uint32_t word; /* WORD_*: stored at once */
};

#define WORD_ACTIVE 1U	  /* which copy is valid */
#define WORD_ANNOUNCED 2U /* the other one is announced */

static size_t copy_size(unsigned int cpu_count)
{
	return sizeof(struct state_copy) + cpu_count * sizeof(struct losses_cpu);
}

static size_t state_size(unsigned int cpu_count)
{
	return sizeof(struct state_head) + 2 * copy_size(cpu_count);
}

static uint32_t word_load(const struct state *state)
{
	return __atomic_load_n(&((const struct state_head *)state->memory)->word, __ATOMIC_ACQUIRE);
}

static void word_store(struct state *state, uint32_t word)
{
	__atomic_store_n(&((struct state_head *)state->memory)->word, word, __ATOMIC_RELEASE);
}

static struct state_copy *copy_of(const struct state *state, uint32_t index)
{
	uint8_t *first = (uint8_t *)state->memory + sizeof(struct state_head);

	return (struct state_copy *)(first + index * copy_size(state->cpu_count));
}

/* Memory that another version wrote, or that nobody wrote, begins anew. */
static void head_check(struct state *state)
{
	struct state_head *head = state->memory;

	if (head->magic == STATE_MAGIC && head->cpu_count == state->cpu_count)
		return;
	memset(state->memory, 0, state_size(state->cpu_count));
	head->cpu_count = state->cpu_count;
	__atomic_store_n(&head->magic, STATE_MAGIC, __ATOMIC_RELEASE);
}

void state_init(struct state *state, unsigned int cpu_count)
{
	*state = (struct state){
		.memory = xcalloc(1, state_size(cpu_count)),
		.cpu_count = cpu_count,
	};
	head_check(state);
}

static void close_fd(int *fd)
{
	if (*fd >= 0)
		close(*fd);
}

static bool map_fits(int map, size_t size)
{
	struct bpf_map_info info = {0};
	uint32_t length = sizeof(info);

	return !bpf_obj_get_info_by_fd(map, &info, &length) && info.type == BPF_MAP_TYPE_ARRAY &&
	       info.value_size >= size && info.map_flags & BPF_F_MMAPABLE;
}

static int map_make(const char *path, size_t size)
{
	LIBBPF_OPTS(bpf_map_create_opts, options, .map_flags = BPF_F_MMAPABLE);
	int map = bpf_map_create(
		BPF_MAP_TYPE_ARRAY, "cgward_reader", sizeof(uint32_t), size, 1, &options);
	int error;

	if (map < 0)
		return -errno;
	if ((unlink(path) && errno != ENOENT) || bpf_obj_pin(map, path)) {
		error = -errno;
		close(map);
		return error;
	}
	return map;
}

/* A new one in the place of what is there. */
static int map_replace(const char *maps, size_t size)
{
	struct strbuf path __attribute__((cleanup(strbuf_free))) = STRBUF_INIT;

	strbuf_printf(&path, "%s/reader", maps);
	return map_make(path.data, size);
}

int state_open(struct state *state, int map, const char *maps, unsigned int cpu_count)
{
	int made __attribute__((cleanup(close_fd))) = -1;
	size_t size = state_size(cpu_count);
	void *memory;

	if (map < 0 && map != -ENOENT)
		return map;
	if (map < 0 || !map_fits(map, size)) {
		made = map = map_replace(maps, size);
		if (map < 0)
			return map;
	}
	memory = mmap(NULL, size, PROT_READ | PROT_WRITE, MAP_SHARED, map, 0);
	if (memory == MAP_FAILED)
		return -errno;
	*state = (struct state){.memory = memory, .size = size, .cpu_count = cpu_count};
	head_check(state);
	return 0;
}

void state_close(struct state *state)
{
	if (state->size)
		munmap(state->memory, state->size);
	else
		free(state->memory);
	*state = (struct state){0};
}

const struct state_copy *state_now(const struct state *state)
{
	return copy_of(state, word_load(state) & WORD_ACTIVE);
}

const struct state_copy *state_announced(const struct state *state)
{
	uint32_t word = word_load(state);

	return word & WORD_ANNOUNCED ? copy_of(state, ~word & WORD_ACTIVE) : NULL;
}

struct state_copy *state_prepare(struct state *state)
{
	struct state_copy *copy = copy_of(state, ~word_load(state) & WORD_ACTIVE);

	state_withdraw(state);
	memset(copy, 0, sizeof(*copy));
	return copy;
}

void state_put_losses(struct state *state, struct state_copy *copy, const struct losses *losses)
{
	copy->started = 1;
	copy->undecodable = losses->undecodable;
	copy->unplaced = losses->unplaced;
	memcpy(copy->cpus, losses->cpus, state->cpu_count * sizeof(struct losses_cpu));
}

void state_announce(struct state *state)
{
	word_store(state, word_load(state) | WORD_ANNOUNCED);
}

void state_finish(struct state *state)
{
	word_store(state, ~word_load(state) & WORD_ACTIVE);
}

void state_withdraw(struct state *state)
{
	word_store(state, word_load(state) & WORD_ACTIVE);
}
