/* bench/alloc/contenders/region.c -- our region alone: everything of a request in one, ended at
 * once. */
#include "config.h"

#include "arena/region.h"
#include "bench/alloc/contender.h"
#include "bench/alloc/contenders/tended.h"

static struct region regions[CONTENDER_SCOPES_MAX];
static size_t scopes;

static void
close_all(void)
{
    while (scopes > 0)
        region_done(&regions[--scopes]);
}

static bool
open_all(const struct contender_config *config)
{
    size_t max;

    if (config->scopes == 0 || config->scopes > CONTENDER_SCOPES_MAX)
        return false;
    max = config->bytes / config->scopes + CONTENDER_SMALL;
    for (scopes = 0; scopes < config->scopes; scopes++) {
        if (region_init(&regions[scopes], max) < 0) {
            close_all();
            return false;
        }
    }
    return true;
}

static void *
take(size_t scope, size_t n)
{
    return region_alloc(&regions[scope], n);
}

static void
give(void *p, size_t written)
{
    (void)p; /* the scope's end is its end */
    (void)written;
}

static void
reset(size_t scope)
{
    region_reset(&regions[scope]);
}

const struct contender contender_region = {
    .name = "region",
    .what = "one region a request, which holds its buffers too",
    .in_place = true,
    .version = tended_version,
    .open = open_all,
    .close = close_all,
    .alloc = take,
    .free = give,
    .small = take,
    .reset = reset,
};
