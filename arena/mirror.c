/* arena/mirror.c -- contracts are in mirror.h. */
#include "config.h"

#include <errno.h>
#include <fcntl.h>
#include <stdatomic.h>
#include <stdbool.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/resource.h>
#include <unistd.h>

#include "arena/mirror.h"
#include "arena/pages.h"

struct mirror {
    atomic_uint refs;
    struct region mem; /* over the ro view; empty once sealed */
    unsigned char *ro; /* NULL: lost, see seal_file() */
    unsigned char *rw; /* NULL: there is none */
    size_t len;        /* bytes of each view */
    int fd;            /* the memory file while it is built, or -1 */
    bool sealed;       /* held by the kernel or not */
};

/* No core dump has it, and kernels that do not know the advice dump more. */
static void
keep_out(void *view, size_t len, int advice)
{
    (void)madvise(view, len, MADV_DONTDUMP);
    (void)madvise(view, len, advice);
}

static int
map_file(struct mirror *m)
{
    struct rlimit most;
    void *p;
    int fd, r;

    /* Past this limit ftruncate(2) sends a signal. */
    if (getrlimit(RLIMIT_FSIZE, &most) == 0 && most.rlim_cur < m->len)
        return -EFBIG;
    fd = memfd_create("mirror", MFD_CLOEXEC | MFD_ALLOW_SEALING);
    if (fd < 0)
        return -errno;
    if (ftruncate(fd, (off_t)m->len) < 0)
        goto undo;
    p = mmap(NULL, m->len, PROT_READ | PROT_WRITE, MAP_SHARED | MAP_NORESERVE, fd, 0);
    if (p == MAP_FAILED)
        goto undo;
    keep_out(p, m->len, MADV_DONTFORK);
    m->ro = p;
    m->fd = fd;
    return 0;

undo:
    r = -errno;
    (void)close(fd);
    return r;
}

static int
map_private(struct mirror *m)
{
    const int flags = MAP_PRIVATE | MAP_ANONYMOUS | MAP_NORESERVE;
    void *p = mmap(NULL, m->len, PROT_READ | PROT_WRITE, flags, -1, 0);

    if (p == MAP_FAILED)
        return -errno;
    keep_out(p, m->len, MADV_DOFORK);
    m->ro = p;
    return 0;
}

int
mirror_open(size_t max, struct mirror **ret_mirror)
{
    struct mirror *m;

    if (max == 0)
        return -EINVAL;
    if (max > PTRDIFF_MAX)
        return -ENOMEM;
    m = malloc(sizeof(*m));
    if (m == NULL)
        return -ENOMEM;
    *m = (struct mirror){ .len = pages_round(max), .fd = -1 };
    atomic_init(&m->refs, 1);
    if (map_file(m) < 0 && map_private(m) < 0) {
        free(m);
        return -ENOMEM;
    }
    region_over(&m->mem, m->ro, m->len);
    *ret_mirror = m;
    return 0;
}

struct region *
mirror_region(struct mirror *m)
{
    return &m->mem;
}

/* Returns 0, or -errno: nothing has changed, or m->ro is lost. */
static int
seal_file(struct mirror *m, size_t len)
{
    const int seals = F_SEAL_FUTURE_WRITE | F_SEAL_GROW | F_SEAL_SHRINK | F_SEAL_SEAL;
    void *ro, *rw;
    int r;

    /* Shrunk first, which the seal forbids; and the rw view is mapped first,
     * because there could be no other. */
    if (m->fd < 0)
        return -EBADF;
    if (ftruncate(m->fd, (off_t)len) < 0)
        return -errno;
    rw = mmap(NULL, len, PROT_NONE, MAP_SHARED | MAP_NORESERVE, m->fd, 0);
    if (rw == MAP_FAILED)
        return -errno;
    keep_out(rw, len, MADV_DONTFORK);
    if (fcntl(m->fd, F_ADD_SEALS, seals) < 0) {
        r = -errno;
        (void)munmap(rw, len);
        return r;
    }
    m->rw = rw;
    ro = mmap(m->ro, len, PROT_READ, MAP_SHARED | MAP_FIXED, m->fd, 0);
    if (ro == MAP_FAILED) {
        r = -errno;
        /* Whether the writable one still stands there, or by now something of
         * somebody else's, nobody can tell. */
        m->ro = NULL;
        return r;
    }
    keep_out(ro, len, MADV_DOFORK);
    return 0;
}

int
mirror_seal(struct mirror *m)
{
    size_t used = region_used(&m->mem);
    size_t len = pages_round(used > 0 ? used : 1);
    int r;

    if (m->sealed)
        return -EINVAL;
    r = seal_file(m, len);
    if (r < 0 && m->ro != NULL) {
        r = mprotect(m->ro, len, PROT_READ) < 0 ? -errno : 0;
        keep_out(m->ro, len, MADV_DOFORK);
    }
    if (m->ro != NULL && len < m->len)
        (void)munmap(m->ro + len, m->len - len);
    m->len = len;
    m->sealed = true;
    region_done(&m->mem);
    if (m->fd >= 0)
        (void)close(m->fd);
    m->fd = -1;
    return r;
}

bool
mirror_is_held(const struct mirror *m)
{
    return m->rw != NULL && m->ro != NULL;
}

/* Where bytes of one view are in the other, or NULL. */
static unsigned char *
convert(
    const struct mirror *m, const unsigned char *from, unsigned char *to, const void *p, size_t n)
{
    size_t at = (uintptr_t)p - (uintptr_t)from; /* wraps below the view: too large */

    return mirror_is_held(m) && at < m->len && n <= m->len - at ? to + at : NULL;
}

const void *
mirror_ro(const struct mirror *m, const void *rw, size_t n)
{
    return convert(m, m->rw, m->ro, rw, n);
}

void *
mirror_rw(const struct mirror *m, const void *ro, size_t n)
{
    return convert(m, m->ro, m->rw, ro, n);
}

struct mirror *
mirror_ref(struct mirror *m)
{
    (void)atomic_fetch_add_explicit(&m->refs, 1, memory_order_relaxed);
    return m;
}

static void
cleanse(struct mirror *m)
{
    unsigned char *view = m->rw != NULL ? m->rw : m->ro;
    size_t n = m->sealed ? m->len : region_used(&m->mem);

    /* Refused, it is left to the kernel, which clears pages before anybody else
     * gets them. */
    if (view != NULL && n > 0 && mprotect(view, n, PROT_READ | PROT_WRITE) == 0)
        explicit_bzero(view, n);
}

void
mirror_unref(struct mirror *m)
{
    if (m == NULL || atomic_fetch_sub_explicit(&m->refs, 1, memory_order_acq_rel) > 1)
        return;
    cleanse(m);
    if (m->rw != NULL)
        (void)munmap(m->rw, m->len);
    if (m->ro != NULL)
        (void)munmap(m->ro, m->len);
    if (m->fd >= 0)
        (void)close(m->fd);
    free(m);
}
