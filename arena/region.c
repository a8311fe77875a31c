/* arena/region.c -- a mark that moves through one reservation. */
#include "config.h"

#include <assert.h>
#include <errno.h>
#include <stdalign.h>
#include <stdarg.h>
#include <stdint.h>
#include <stdio.h>
#include <string.h>
#include <sys/mman.h>

#include "arena/pages.h"
#include "arena/region.h"

int
region_init(struct region *r, size_t max)
{
    void *p;

    *r = (struct region){ 0 };
    if (max == 0)
        return -EINVAL;
    if (max > SIZE_MAX - pages_size())
        return -ENOMEM;
    max = pages_round(max);
    p = mmap(NULL, max, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS | MAP_NORESERVE, -1, 0);
    if (p == MAP_FAILED)
        return -ENOMEM;
    /* A request carries its token.  A kernel without the advice dumps more. */
    (void)madvise(p, max, MADV_DONTDUMP);
    *r = (struct region){ .base = p, .max = max, .mapped = true };
    return 0;
}

void
region_over(struct region *r, void *mem, size_t max)
{
    *r = (struct region){ .base = mem, .max = max };
}

void
region_done(struct region *r)
{
    if (r->mapped)
        (void)munmap(r->base, r->max); /* it is ours and whole: cannot fail */
    *r = (struct region){ 0 };
}

/* Where the next piece begins, as an offset; past the end when there is none. */
static size_t
next(const struct region *r)
{
    size_t align = alignof(max_align_t);
    size_t gap = -((uintptr_t)r->base + r->used) & (align - 1);

    return r->base == NULL || gap > r->max - r->used ? SIZE_MAX : r->used + gap;
}

void *
region_alloc(struct region *r, size_t n)
{
    size_t at = next(r);

    if (at == SIZE_MAX || n > r->max - at)
        return NULL;
    r->used = at + n;
    return r->base + at;
}

void *
region_zalloc(struct region *r, size_t count, size_t size)
{
    size_t n;
    void *p;

    if (__builtin_mul_overflow(count, size, &n))
        return NULL;
    p = region_alloc(r, n);
    return p == NULL ? NULL : memset(p, 0, n);
}

char *
region_strndup(struct region *r, const char *s, size_t n)
{
    char *p = n == SIZE_MAX ? NULL : region_alloc(r, n + 1);

    if (p == NULL)
        return NULL;
    memcpy(p, s, n);
    p[n] = '\0';
    return p;
}

char *
region_strdup(struct region *r, const char *s)
{
    return region_strndup(r, s, strlen(s));
}

char *
region_printf(struct region *r, const char *fmt, ...)
{
    size_t at = next(r);
    size_t room;
    va_list ap;
    int n;

    if (at == SIZE_MAX)
        return NULL;
    room = r->max - at;
    va_start(ap, fmt);
    n = vsnprintf((char *)r->base + at, room, fmt, ap);
    va_end(ap);
    if (n < 0 || (size_t)n >= room)
        return NULL;
    r->used = at + (size_t)n + 1;
    return (char *)r->base + at;
}

void
region_shrink(struct region *r, const void *p, size_t n)
{
    size_t used = (size_t)((const unsigned char *)p - r->base) + n;

    assert(used <= r->used);
    r->used = used;
}

void
region_reset(struct region *r)
{
    r->used = 0;
}

size_t
region_used(const struct region *r)
{
    return r->used;
}
