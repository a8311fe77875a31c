/* bench/alloc/contender.c -- contracts are in contender.h. */
#include "config.h"

#include <string.h>
#include <sys/mman.h>

#include "bench/alloc/contender.h"

static const struct contender *const contenders[] = {
    &contender_arena,
    &contender_bins,
    &contender_region,
    &contender_glibc,
    &contender_jemalloc,
    &contender_tcmalloc,
    &contender_mimalloc,
    &contender_cmon2,
    &contender_firstfit,
    &contender_span,
    &contender_bump,
};

const struct contender *
contender_at(size_t i)
{
    return i < sizeof contenders / sizeof contenders[0] ? contenders[i] : NULL;
}

const struct contender *
contender_find(const char *name)
{
    for (size_t i = 0; contender_at(i) != NULL; i++) {
        if (strcmp(contender_at(i)->name, name) == 0)
            return contender_at(i);
    }
    return NULL;
}

void *
contender_map(size_t n)
{
    void *p =
        mmap(NULL, n, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS | MAP_NORESERVE, -1, 0);

    return p == MAP_FAILED ? NULL : p;
}

void
contender_unmap(void *p, size_t n)
{
    if (p != NULL)
        (void)munmap(p, n); /* ours and whole: cannot fail */
}

void *
contender_move(
    const struct contender *c, size_t scope, void *p, size_t used, size_t n, uint64_t *copied)
{
    void *q = c->alloc(scope, n);

    if (q == NULL)
        return NULL;
    memcpy(q, p, used);
    *copied += used;
    c->free(p, used);
    return q;
}
