/* arena/pages.c -- contracts are in pages.h. */
#include "config.h"

#include <errno.h>
#include <sys/mman.h>
#include <unistd.h>

#include "arena/pages.h"

#ifndef MADV_POPULATE_WRITE
#define MADV_POPULATE_WRITE 23 /* Linux 5.14, glibc 2.35 */
#endif

enum {
    WINDOW = 4096, /* pages that one mincore(2) looks at */
};

size_t
pages_size(void)
{
    return (size_t)sysconf(_SC_PAGESIZE);
}

void *
pages_map(size_t bytes)
{
    void *p = mmap(
        NULL, bytes, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS | MAP_NORESERVE, -1, 0);

    return p == MAP_FAILED ? NULL : p;
}

void
pages_unmap(void *p, size_t bytes)
{
    (void)munmap(p, bytes); /* it is ours and whole: cannot fail */
}

unsigned char *
pages_map_guarded(size_t bytes)
{
    size_t page = pages_size();
    unsigned char *p = pages_map(bytes + 2 * page);

    if (p == NULL)
        return NULL;
    if (mprotect(p, page, PROT_NONE) < 0 || mprotect(p + page + bytes, page, PROT_NONE) < 0) {
        pages_unmap(p, bytes + 2 * page);
        return NULL;
    }
    /* A core of the reservation would be large and could hold secrets.  A
     * kernel that does not know the advice only dumps more. */
    (void)madvise(p + page, bytes, MADV_DONTDUMP);
    return p + page;
}

void
pages_unmap_guarded(unsigned char *p, size_t bytes)
{
    size_t page = pages_size();

    pages_unmap(p - page, bytes + 2 * page);
}

int
pages_populate(void *p, size_t bytes)
{
    volatile unsigned char *byte = p;

    if (madvise(p, bytes, MADV_POPULATE_WRITE) == 0)
        return 0;
    if (errno != EINVAL)
        return -errno;
    for (size_t i = 0; i < bytes; i += pages_size()) /* Linux before 5.14 */
        byte[i] = byte[i];
    return 0;
}

void
pages_give(void *p, size_t bytes, bool lazy)
{
    /* A kernel before 4.5 does not know MADV_FREE; the pages just stay. */
    (void)madvise(p, bytes, lazy ? MADV_FREE : MADV_DONTNEED);
}

size_t
pages_resident(void *p, size_t bytes)
{
    size_t page = pages_size();
    unsigned char in[WINDOW];
    size_t pages = 0;

    for (size_t at = 0; at < bytes; at += WINDOW * page) {
        size_t n = bytes - at < WINDOW * page ? bytes - at : WINDOW * page;

        if (mincore((unsigned char *)p + at, n, in) < 0)
            break;
        for (size_t i = 0; i < n / page; i++)
            pages += in[i] & 1;
    }
    return pages * page;
}
