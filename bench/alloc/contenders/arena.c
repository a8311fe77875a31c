/* bench/alloc/contenders/arena.c -- our arena's heap, with regions for small things, as the
 * responder has it. */
#include "config.h"

#include "arena/arena.h"
#include "bench/alloc/contender.h"
#include "bench/alloc/contenders/scopes.h"
#include "bench/alloc/contenders/tended.h"

static struct arena *heap;

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
    heap = tended_open(config);
    if (heap != NULL && scopes_open(config->scopes))
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

static void
trim(void)
{
    tended_trim(heap);
}

static bool
check(void)
{
    return tended_check(heap);
}

const struct contender contender_arena = {
    .name = "arena",
    .what = "the arena's heap, regions for small things: what the responder does",
    .single = true,
    .in_place = true,
    .own = true,
    .version = tended_version,
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
