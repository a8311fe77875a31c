/* bench/alloc/contenders/arena.c -- our arena's heap, with regions for small things, as the
 * responder has it. */
#include "config.h"

#include <stdint.h>
#include <stdio.h>

#include "arena/arena.h"
#include "bench/alloc/contender.h"
#include "bench/alloc/contenders/scopes.h"

enum {
    RETAIN = 2 * 1024 * 1024,    /* bytes; the server's own */
    WARM_MAX = 16 * 1024 * 1024, /* bytes; the server's own */
};

static struct arena *heap;
static int64_t quiet; /* ns of a clock that only trim() knows */

static void
version(char *buf, size_t size)
{
    (void)snprintf(buf, size, "%s", PACKAGE_VERSION);
}

static void
close_all(void)
{
    arena_close(heap);
    heap = NULL;
    scopes_close();
}

static bool
open_all(const struct contender_config *config)
{
    struct arena_options opt = { .chunk_size = config->chunk,
        .chunk_count = config->bytes / config->chunk,
        .retain = config->give_back ? RETAIN : SIZE_MAX,
        .warm_max = WARM_MAX };

    if (arena_open(&opt, &heap) < 0)
        return false;
    if (arena_chunks(heap) == opt.chunk_count && scopes_open(config->scopes))
        return true;
    close_all();
    return false;
}

static void *
take(size_t scope, size_t n)
{
    (void)scope;
    return arena_alloc(heap, n);
}

static void
give(void *p, size_t written)
{
    (void)arena_free_written(heap, p, written); /* check() tells of a refused one */
}

static void *
grow(size_t scope, void *p, size_t used, size_t n, uint64_t *copied)
{
    return arena_block_size(heap, p) >= n
               ? p
               : contender_move(&contender_arena, scope, p, used, n, copied);
}

/* What the server's main thread does once nobody has asked for some seconds. */
static void
trim(void)
{
    (void)arena_tend(heap, quiet);
    quiet += ARENA_IDLE;
    (void)arena_tend(heap, quiet);
}

static bool
check(void)
{
    struct arena_stats s;

    arena_stats(heap, &s);
    return arena_check(heap) == 0 && s.refused == 0;
}

const struct contender contender_arena = {
    .name = "arena",
    .what = "the arena's heap, regions for small things: what the responder does",
    .single = true,
    .in_place = true,
    .own = true,
    .version = version,
    .open = open_all,
    .close = close_all,
    .alloc = take,
    .free = give,
    .grow = grow,
    .small = scopes_small,
    .reset = scopes_reset,
    .trim = trim,
    .check = check,
};
