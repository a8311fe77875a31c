/* bench/alloc/contenders/malloc.c -- malloc(3), whose it is: glibc's, or that of a library loaded
 * before it.
 *
 * run-alloc loads jemalloc, tcmalloc or mimalloc by LD_PRELOAD, one to a
 * process, so that each has the process to itself, as its users have it.
 */
#include "config.h"

#include <dlfcn.h>
#include <gnu/libc-version.h>
#include <malloc.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "bench/alloc/contender.h"

/* Tells whether malloc is really that of `library`. */
static bool
comes_from(const char *library)
{
    Dl_info info;
    void *p = dlsym(RTLD_DEFAULT, "malloc");

    return p != NULL && dladdr(p, &info) != 0 && info.dli_fname != NULL &&
           strstr(info.dli_fname, library) != NULL;
}

static bool
open_glibc(const struct contender_config *config)
{
    (void)config;
    return comes_from("libc.so");
}

static bool
open_jemalloc(const struct contender_config *config)
{
    (void)config;
    return comes_from("libjemalloc");
}

static bool
open_tcmalloc(const struct contender_config *config)
{
    (void)config;
    return comes_from("libtcmalloc");
}

static bool
open_mimalloc(const struct contender_config *config)
{
    (void)config;
    return comes_from("libmimalloc");
}

static void
close_all(void)
{
}

/* dlsym() gives an object pointer for a function; POSIX has them the same size. */
static bool
find(const char *name, void *ret_function, size_t size)
{
    void *p = dlsym(RTLD_DEFAULT, name);

    if (p != NULL)
        memcpy(ret_function, &p, size);
    return p != NULL;
}

static void
version_glibc(char *buf, size_t size)
{
    (void)snprintf(buf, size, "%s", gnu_get_libc_version());
}

static void
version_jemalloc(char *buf, size_t size)
{
    int (*mallctl)(const char *, void *, size_t *, void *, size_t);
    const char *v = "?";
    size_t n = sizeof v;

    if (find("mallctl", &mallctl, sizeof mallctl))
        (void)mallctl("version", &v, &n, NULL, 0); /* then it stays unknown */
    (void)snprintf(buf, size, "%.*s", (int)strcspn(v, "-"), v);
}

static void
version_tcmalloc(char *buf, size_t size)
{
    const char *(*tc_version)(int *, int *, const char **);
    int major = 0, minor = 0;
    const char *patch = "";

    if (find("tc_version", &tc_version, sizeof tc_version))
        (void)tc_version(&major, &minor, &patch);
    (void)snprintf(buf, size, "gperftools-%d.%d%s", major, minor, patch);
}

static void
version_mimalloc(char *buf, size_t size)
{
    int (*mi_version)(void);
    int v = find("mi_version", &mi_version, sizeof mi_version) ? mi_version() : 0;

    (void)snprintf(buf, size, "%d.%d.%d", v / 100, v / 10 % 10, v % 10);
}

static void
trim_glibc(void)
{
    (void)malloc_trim(0); /* whether there was something is all the same */
}

static void
trim_jemalloc(void)
{
    int (*mallctl)(const char *, void *, size_t *, void *, size_t);

    /* 4096 stands for all arenas.  What fails stays. */
    if (find("mallctl", &mallctl, sizeof mallctl)) {
        (void)mallctl("thread.tcache.flush", NULL, NULL, NULL, 0);
        (void)mallctl("arena.4096.purge", NULL, NULL, NULL, 0);
    }
}

static void
trim_tcmalloc(void)
{
    void (*release)(void);

    if (find("MallocExtension_ReleaseFreeMemory", &release, sizeof release))
        release();
}

static void
trim_mimalloc(void)
{
    void (*collect)(bool);

    if (find("mi_collect", &collect, sizeof collect))
        collect(true);
}

static void *
take(size_t scope, size_t n)
{
    (void)scope;
    return malloc(n);
}

static void
give(void *p, size_t written)
{
    (void)written;
    free(p);
}

/* A block that moved counts as copied, though of a large one glibc moves the
 * pages instead (mremap). */
static void *
grow(size_t scope, void *p, size_t used, size_t n, uint64_t *copied)
{
    uintptr_t before = (uintptr_t)p;
    void *q = realloc(p, n);

    (void)scope;
    if (q != NULL && (uintptr_t)q != before)
        *copied += used;
    return q;
}

#define MALLOC_OF(library, text)                   \
    const struct contender contender_##library = { \
        .name = #library,                          \
        .what = text,                              \
        .single = true,                            \
        .version = version_##library,              \
        .open = open_##library,                    \
        .close = close_all,                        \
        .alloc = take,                             \
        .free = give,                              \
        .grow = grow,                              \
        .trim = trim_##library,                    \
    }

MALLOC_OF(glibc, "the C library's malloc, as it comes");
MALLOC_OF(jemalloc, "Debian's package, as it comes");
MALLOC_OF(tcmalloc, "Debian's package (minimal), as it comes");
MALLOC_OF(mimalloc, "Debian's package, as it comes");
