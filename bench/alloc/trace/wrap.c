/* bench/alloc/trace/wrap.c -- between the responder and its memory: writes down what is asked of
 * it.
 *
 * Linked into a responder of its own by --wrap, so nothing of the product
 * knows of it.  Lines go to the file that CMON_TRACE names; one is
 *   a ADDRESS BYTES      a block of the arena
 *   s ADDRESS BYTES      cut to
 *   f ADDRESS BYTES      given back, so many of its bytes had been written
 *   r REGION BYTES       a small thing
 *   e REGION 0           the end of all of them
 * How much was written is seen by what is left of the pattern that a block is
 * filled with, which makes this responder slow and large.
 */
#include "config.h"

#include <fcntl.h>
#include <stdarg.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "arena/arena.h"
#include "arena/region.h"

enum {
    PATTERN = 0xA7, /* no text has a row of these */
};

void *__real_arena_alloc(struct arena *a, size_t n);
int __real_arena_shrink(struct arena *a, void *block, size_t n);
int __real_arena_free_written(struct arena *a, void *block, size_t written);
void *__real_region_alloc(struct region *r, size_t n);
void *__real_region_zalloc(struct region *r, size_t count, size_t size);
char *__real_region_strndup(struct region *r, const char *s, size_t n);
char *__real_region_strdup(struct region *r, const char *s);
void __real_region_reset(struct region *r);

void *__wrap_arena_alloc(struct arena *a, size_t n);
int __wrap_arena_shrink(struct arena *a, void *block, size_t n);
int __wrap_arena_free(struct arena *a, void *block);
int __wrap_arena_free_written(struct arena *a, void *block, size_t written);
void *__wrap_region_alloc(struct region *r, size_t n);
void *__wrap_region_zalloc(struct region *r, size_t count, size_t size);
char *__wrap_region_strndup(struct region *r, const char *s, size_t n);
char *__wrap_region_strdup(struct region *r, const char *s);
char *__wrap_region_printf(struct region *r, const char *fmt, ...)
    __attribute__((format(printf, 2, 3)));
void __wrap_region_reset(struct region *r);

/* One write(2) a line: lines of several threads do not mix. */
static void
note(char what, const void *who, size_t n)
{
    static int fd = -1;

    if (fd < 0) {
        const char *name = getenv("CMON_TRACE");

        fd = open(
            name != NULL ? name : "/dev/null", O_WRONLY | O_CREAT | O_APPEND | O_CLOEXEC, 0600);
    }
    (void)dprintf(
        fd, "%c %p %zu\n", what, who, n); /* a trace with a hole is seen when it is read */
}

static size_t
written_of(struct arena *a, const unsigned char *block)
{
    size_t n = arena_block_size(a, block);

    while (n > 0 && block[n - 1] == PATTERN)
        n--;
    return n;
}

void *
__wrap_arena_alloc(struct arena *a, size_t n)
{
    void *p = __real_arena_alloc(a, n);

    if (p != NULL) {
        memset(p, PATTERN, arena_block_size(a, p));
        note('a', p, n);
    }
    return p;
}

int
__wrap_arena_shrink(struct arena *a, void *block, size_t n)
{
    if (block != NULL)
        note('s', block, n);
    return __real_arena_shrink(a, block, n);
}

int
__wrap_arena_free(struct arena *a, void *block)
{
    return __wrap_arena_free_written(a, block, SIZE_MAX);
}

int
__wrap_arena_free_written(struct arena *a, void *block, size_t written)
{
    if (block != NULL)
        note('f', block, written_of(a, block));
    return __real_arena_free_written(a, block, written);
}

void *
__wrap_region_alloc(struct region *r, size_t n)
{
    note('r', r, n);
    return __real_region_alloc(r, n);
}

void *
__wrap_region_zalloc(struct region *r, size_t count, size_t size)
{
    note('r', r, count * size);
    return __real_region_zalloc(r, count, size);
}

char *
__wrap_region_strndup(struct region *r, const char *s, size_t n)
{
    note('r', r, n + 1);
    return __real_region_strndup(r, s, n);
}

char *
__wrap_region_strdup(struct region *r, const char *s)
{
    note('r', r, strlen(s) + 1);
    return __real_region_strdup(r, s);
}

char *
__wrap_region_printf(struct region *r, const char *fmt, ...)
{
    va_list ap;
    char *s = NULL, *copy;
    int n;

    va_start(ap, fmt);
    n = vasprintf(&s, fmt, ap);
    va_end(ap);
    if (n < 0)
        return NULL;
    copy = __wrap_region_strndup(r, s, (size_t)n);
    free(s);
    return copy;
}

void
__wrap_region_reset(struct region *r)
{
    note('e', r, 0);
    __real_region_reset(r);
}
