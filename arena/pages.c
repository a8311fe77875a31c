/* arena/pages.c -- contracts are in pages.h. */
#include "config.h"

#include <errno.h>
#include <fcntl.h>
#include <sys/mman.h>
#include <sys/resource.h>
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

size_t
pages_round(size_t bytes)
{
    size_t page = pages_size();

    return (bytes + page - 1) & ~(page - 1);
}

enum {
    OPEN = PROT_READ | PROT_WRITE,
    OWN = MAP_PRIVATE | MAP_ANONYMOUS | MAP_NORESERVE,
};

bool
pages_counted(void)
{
    int fd = open("/proc/sys/vm/overcommit_memory", O_RDONLY | O_CLOEXEC);
    struct rlimit data;
    char mode = '0'; /* without /proc it can only be tried */

    if (fd >= 0) {
        if (read(fd, &mode, 1) != 1)
            mode = '0';
        (void)close(fd);
    }
    return mode == '2' || (getrlimit(RLIMIT_DATA, &data) == 0 && data.rlim_cur != RLIM_INFINITY);
}

void *
pages_map(size_t bytes)
{
    void *p = mmap(NULL, bytes, OPEN, OWN, -1, 0);

    return p == MAP_FAILED ? NULL : p;
}

void
pages_unmap(void *p, size_t bytes)
{
    (void)munmap(p, bytes); /* it is ours and whole: cannot fail */
}

/* A core of the reservation would be large and could hold secrets.  A kernel
 * that does not know the advice only dumps more. */
static void
keep_out_of_cores(void *p, size_t bytes)
{
    (void)madvise(p, bytes, MADV_DONTDUMP);
}

unsigned char *
pages_map_guarded(size_t bytes, bool closed)
{
    size_t page = pages_size();
    unsigned char *p = mmap(NULL, bytes + 2 * page, PROT_NONE, OWN, -1, 0);

    if (p == MAP_FAILED)
        return NULL;
    if (!closed && mprotect(p + page, bytes, OPEN) < 0) {
        pages_unmap(p, bytes + 2 * page);
        return NULL;
    }
    keep_out_of_cores(p + page, bytes);
    return p + page;
}

void
pages_unmap_guarded(unsigned char *p, size_t bytes)
{
    size_t page = pages_size();

    pages_unmap(p - page, bytes + 2 * page);
}

int
pages_open(void *p, size_t bytes)
{
    return mprotect(p, bytes, OPEN) < 0 ? -ENOMEM : 0;
}

int
pages_guard(void *p, size_t bytes)
{
    return mprotect(p, bytes, PROT_NONE) < 0 ? -errno : 0;
}

int
pages_close(void *p, size_t bytes)
{
    /* In one step, so that nobody else's mapping can get in between. */
    if (mmap(p, bytes, PROT_NONE, OWN | MAP_FIXED, -1, 0) == MAP_FAILED) {
        int num = errno;

        pages_give(p, bytes, false);
        return -num;
    }
    keep_out_of_cores(p, bytes);
    return 0;
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
