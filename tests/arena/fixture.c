/* tests/arena/fixture.c -- contracts are in fixture.h. */
#include "config.h"

#include <string.h>

#include "arena/arena.h"
#include "tests/arena/fixture.h"
#include "tests/suite.h"

struct arena *a;

void
fixture_open(size_t chunk, size_t count, size_t retain, bool prefault)
{
    struct arena_options opt = {
        .chunk_size = chunk, .chunk_count = count, .retain = retain, .prefault = prefault
    };

    ck_assert_int_eq(arena_open(&opt, &a), 0);
}

void
fixture_close(void)
{
    arena_close(a);
    a = NULL;
}

size_t
fixture_resident(void)
{
    struct arena_stats s;

    arena_stats(a, &s);
    return s.resident;
}

unsigned char *
fixture_touch(size_t n)
{
    unsigned char *p = arena_alloc(a, n);

    ck_assert_ptr_nonnull(p);
    memset(p, 0x5a, n);
    return p;
}
