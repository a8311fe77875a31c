/* bench/alloc/contenders/scopes.c -- contracts are in scopes.h. */
#include "config.h"

#include "arena/region.h"
#include "bench/alloc/contender.h"
#include "bench/alloc/contenders/scopes.h"

static struct region regions[CONTENDER_SCOPES_MAX];
static unsigned char *memory;
static size_t scopes;

bool
scopes_open(size_t count)
{
    scopes = count;
    if (count == 0)
        return true;
    memory = count <= CONTENDER_SCOPES_MAX ? contender_map(count * CONTENDER_SMALL) : NULL;
    for (size_t i = 0; memory != NULL && i < count; i++)
        region_over(&regions[i], memory + i * CONTENDER_SMALL, CONTENDER_SMALL);
    return memory != NULL;
}

void
scopes_close(void)
{
    contender_unmap(memory, scopes * CONTENDER_SMALL);
    memory = NULL;
}

void *
scopes_small(size_t scope, size_t n)
{
    return region_alloc(&regions[scope], n);
}

void
scopes_reset(size_t scope)
{
    region_reset(&regions[scope]);
}
