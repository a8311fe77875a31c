/* bench/alloc/contenders/tended.c -- contracts are in tended.h. */
#include "config.h"

#include <stdint.h>
#include <stdio.h>

#include "bench/alloc/contenders/tended.h"

enum {
    RETAIN = 2 * 1024 * 1024,    /* bytes; the server's own */
    WARM_MAX = 16 * 1024 * 1024, /* bytes; the server's own */
};

static int64_t quiet; /* ns of a clock that only tended_trim() knows */

struct arena *
tended_open(const struct contender_config *config)
{
    struct arena_options opt = { .chunk_size = config->chunk,
        .chunk_count = config->bytes / config->chunk,
        .retain = config->give_back ? RETAIN : SIZE_MAX,
        .warm_max = WARM_MAX };
    struct arena *heap;

    if (arena_open(&opt, &heap) < 0)
        return NULL;
    if (arena_chunks(heap) == opt.chunk_count)
        return heap;
    arena_close(heap);
    return NULL;
}

void
tended_trim(struct arena *heap)
{
    (void)arena_tend(heap, quiet);
    quiet += ARENA_IDLE;
    (void)arena_tend(heap, quiet);
}

bool
tended_check(struct arena *heap)
{
    struct arena_stats s;

    arena_stats(heap, &s);
    return arena_check(heap) == 0 && s.refused == 0;
}

void
tended_version(char *buf, size_t size)
{
    (void)snprintf(buf, size, "%s", PACKAGE_VERSION);
}
