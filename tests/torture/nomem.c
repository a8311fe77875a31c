/* tests/torture/nomem.c -- an allocation fails, the N-th.
 *
 * Preloaded.  NOMEM_CONTROL names a file of one struct control, which the test
 * maps too: it sets fail_at and counted, and reads what came of it.  Counted
 * are malloc, calloc, realloc, their aligned relatives, and mmap, called by the
 * program or a library of it; those of libfcgi, libConfuse and the user database
 * are counted apart and never fail, because these do not look (libfcgi asserts
 * or writes to NULL, libConfuse exits or writes to NULL, libc's name service
 * does both): cmon makes sure of their memory beforehand, and starve.py shows
 * that this holds.
 */
#include "config.h"

#include <dlfcn.h>
#include <errno.h>
#include <execinfo.h>
#include <fcntl.h>
#include <stdatomic.h>
#include <stddef.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/syscall.h>
#include <unistd.h>

struct control {
    _Atomic unsigned long long counted;
    _Atomic unsigned long long fail_at; /* 0: none */
    _Atomic unsigned long long failed;
    _Atomic unsigned long long spared; /* see above */
    char who[104];                     /* whose the failed one was */
};

extern void *__libc_malloc(size_t n);
extern void *__libc_calloc(size_t n, size_t size);
extern void *__libc_realloc(void *p, size_t n);
extern void *__libc_memalign(size_t align, size_t n);

static struct control *control;

__attribute__((constructor)) static void
open_control(void)
{
    const char *name = getenv("NOMEM_CONTROL");
    int fd = name != NULL ? open(name, O_RDWR | O_CLOEXEC) : -1;
    void *frame;
    void *p;

    if (fd < 0)
        return;
    (void)backtrace(&frame, 1); /* it loads a library when first called */
    p = (void *)syscall(
        SYS_mmap, NULL, sizeof(*control), PROT_READ | PROT_WRITE, MAP_SHARED, fd, 0L);
    (void)close(fd);
    if (p != MAP_FAILED)
        control = p;
}

/* Who asked for it: the innermost caller that is not libc, or its user database. */
static void
find_caller(char *name, size_t max)
{
    void *frame[32];
    int n = backtrace(frame, 32);
    Dl_info info;
    int i;

    strncpy(name, "?", max);
    for (i = 2; i < n; i++) {
        if (dladdr(frame[i], &info) == 0 || info.dli_fname == NULL)
            continue;
        strncpy(name, info.dli_fname, max - 1);
        if (info.dli_sname != NULL && strcmp(info.dli_sname, "getpwuid_r") == 0)
            return;
        if (strstr(name, "nomem.so") == NULL && strstr(name, "libc.so") == NULL)
            return;
    }
}

/* Whether this allocation fails. */
static int
fails(void)
{
    static _Thread_local int inside;
    char who[sizeof(control->who)] = "";
    int r = 0;

    if (control == NULL || inside || atomic_load(&control->fail_at) == 0)
        return 0;
    inside = 1;
    find_caller(who, sizeof(who));
    if (strstr(who, "libfcgi") != NULL || strstr(who, "libconfuse") != NULL ||
        strstr(who, "libc.so") != NULL) {
        atomic_fetch_add(&control->spared, 1);
    } else if (atomic_fetch_add(&control->counted, 1) + 1 == atomic_load(&control->fail_at)) {
        memcpy(control->who, who, sizeof(who));
        atomic_fetch_add(&control->failed, 1);
        errno = ENOMEM;
        r = 1;
    }
    inside = 0;
    return r;
}

void *
malloc(size_t n)
{
    return fails() ? NULL : __libc_malloc(n);
}

void *
calloc(size_t n, size_t size)
{
    return fails() ? NULL : __libc_calloc(n, size);
}

void *
realloc(void *p, size_t n)
{
    return fails() ? NULL : __libc_realloc(p, n);
}

void *
reallocarray(void *p, size_t n, size_t size)
{
    size_t bytes;

    if (__builtin_mul_overflow(n, size, &bytes)) {
        errno = ENOMEM;
        return NULL;
    }
    return fails() ? NULL : __libc_realloc(p, bytes);
}

void *
aligned_alloc(size_t align, size_t n)
{
    return fails() ? NULL : __libc_memalign(align, n);
}

char *
strndup(const char *s, size_t max)
{
    size_t n = strnlen(s, max);
    char *copy = fails() ? NULL : __libc_malloc(n + 1);

    if (copy == NULL)
        return NULL;
    memcpy(copy, s, n);
    copy[n] = '\0';
    return copy;
}

char *
strdup(const char *s)
{
    size_t n = strlen(s) + 1;
    char *copy = fails() ? NULL : __libc_malloc(n);

    return copy != NULL ? memcpy(copy, s, n) : NULL;
}

int
posix_memalign(void **ret, size_t align, size_t n)
{
    void *p = fails() ? NULL : __libc_memalign(align, n);

    if (p == NULL)
        return ENOMEM;
    *ret = p;
    return 0;
}

void *
mmap(void *at, size_t n, int prot, int flags, int fd, off_t off)
{
    if (fails())
        return MAP_FAILED;
    return (void *)syscall(SYS_mmap, at, n, prot, flags, fd, off);
}

void *
mmap64(void *at, size_t n, int prot, int flags, int fd, off64_t off)
{
    if (fails())
        return MAP_FAILED;
    return (void *)syscall(SYS_mmap, at, n, prot, flags, fd, off);
}
