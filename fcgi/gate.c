/* fcgi/gate.c -- contracts are in gate.h. */
#include "config.h"

#include <errno.h>
#include <fcgiapp.h>
#include <pthread.h>
#include <stdbool.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <unistd.h>

#include "base/crypto.h"
#include "base/err.h"
#include "base/headroom.h"
#include "fcgi/gate.h"
#include "fcgi/record.h"
#include "fcgi/req.h"

struct gate {
    FCGX_Request request; /* libfcgi keeps pointers into it: it must not move */
    int memfd;
};

static pthread_once_t once = PTHREAD_ONCE_INIT;
static int init_failed;

static void
init(void)
{
    init_failed = FCGX_Init();
}

static int
open_memfd(struct gate *g, struct err *err)
{
    g->memfd = memfd_create("cmon-request", MFD_CLOEXEC);
    return g->memfd < 0 ? err_sys(err, errno, "memfd_create", NULL) : 0;
}

int
gate_open(struct gate **ret_gate, struct err *err)
{
    struct gate *g;
    int r;

    (void)pthread_once(&once, init);
    if (init_failed != 0)
        return err_msg(err, EIO, "libfcgi does not start: error %d", init_failed);
    g = calloc(1, sizeof(*g));
    if (g == NULL)
        return err_sys(err, ENOMEM, "gate", NULL);
    r = open_memfd(g, err);
    if (r == 0 && FCGX_InitRequest(&g->request, -1, 0) != 0)
        r = err_msg(err, EIO, "libfcgi takes no request");
    if (r < 0) {
        gate_close(g);
        return r;
    }
    *ret_gate = g;
    return 0;
}

void
gate_close(struct gate *g)
{
    if (g == NULL)
        return;
    if (g->memfd >= 0)
        (void)close(g->memfd);
    free(g);
}

/* What libfcgi allocates for a request at most: its buffers, the list of the
 * variables, and each of them, with malloc's own bytes around it. */
static size_t
needs(size_t n)
{
    return (size_t)40 * 1024 + n + (size_t)RECORD_PAIRS_MAX * 32;
}

static int
put(const struct gate *g, const void *bytes, size_t n, size_t at, struct err *err)
{
    ssize_t done = pwrite(g->memfd, bytes, n, (off_t)at);

    if (done < 0)
        return err_sys(err, errno, "pwrite", "request");
    return (size_t)done == n ? 0 : err_msg(err, EIO, "request: short write to memory");
}

/* The next pair that carries a credential. */
static bool
next_secret(const unsigned char *bytes, size_t n, size_t *at, struct record_pair *ret_pair)
{
    while (record_pair(bytes, n, at, ret_pair))
        if (req_is_secret((const char *)ret_pair->name, ret_pair->name_len))
            return true;
    return false;
}

/* libfcgi wipes nothing of what it reads.  So it is given no credential, but as
 * many other bytes. */
static int
fill(struct gate *g, const unsigned char *bytes, size_t n, struct err *err)
{
    static const char blank[] = "????????????????????????????????????????????????????????????????";
    struct record_pair p;
    size_t at = 0, done, piece;
    int rc = put(g, bytes, n, 0, err);

    while (rc == 0 && next_secret(bytes, n, &at, &p))
        for (done = 0; rc == 0 && done < p.value_len; done += piece) {
            piece = p.value_len - done < strlen(blank) ? p.value_len - done : strlen(blank);
            rc = put(g, blank, piece, (size_t)(p.value - bytes) + done, err);
        }
    /* What an earlier, longer request left behind this one is never reached:
     * the bytes end with the end of their STDIN stream. */
    if (rc == 0 && lseek(g->memfd, 0, SEEK_SET) != 0)
        rc = err_sys(err, errno, "lseek", "request");
    return rc;
}

/* Puts the credentials where libfcgi, which keeps the order of the pairs, has set
 * others. */
static void
reveal(char *const *var, const unsigned char *bytes, size_t n)
{
    struct record_pair p;
    size_t at = 0;

    for (; *var != NULL; var++)
        if (req_is_secret(*var, strlen(*var)) && next_secret(bytes, n, &at, &p) &&
            strlen(*var) == p.name_len + 1 + p.value_len)
            memcpy(*var + p.name_len + 1, p.value, p.value_len);
}

static void
cleanse(char *const *var)
{
    for (; *var != NULL; var++)
        if (req_is_secret(*var, strlen(*var)))
            crypto_cleanse(*var, strlen(*var));
}

int
gate_decode(struct gate *g, const unsigned char *bytes, size_t n, struct region *r,
    struct req *ret_req, struct err *err)
{
    FCGX_Request *q = &g->request;
    int rc;

    rc = g->memfd < 0 ? open_memfd(g, err) : 0;
    if (rc == 0)
        rc = fill(g, bytes, n, err);
    if (rc == 0 && headroom_check(needs(n)) < 0)
        rc = err_sys(err, ENOMEM, "request", NULL);
    if (rc < 0)
        return rc;
    /* With a connection at hand FCGX_Accept_r() does not accept: it reads.
     * keepConnection keeps it from closing our descriptor. */
    q->ipcFd = g->memfd;
    q->keepConnection = 1;
    rc = FCGX_Accept_r(q);
    if (rc < 0 || FCGX_GetError(q->in) != 0) {
        if (q->ipcFd < 0)
            g->memfd = -1; /* closed by libfcgi on its way out */
        rc = err_msg(err, EPROTO, "libfcgi refuses the request: error %d", rc);
    } else {
        reveal(q->envp, bytes, n);
        rc = req_from_env(q->envp, r, ret_req);
        if (rc < 0)
            err_sys(err, -rc, "request", NULL);
        cleanse(q->envp);
    }
    FCGX_Free(q, 0);
    q->ipcFd = -1;
    return rc;
}
