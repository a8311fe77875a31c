/* fcgi/gate.c -- contracts are in gate.h. */
#include "config.h"

#include <errno.h>
#include <fcgiapp.h>
#include <pthread.h>
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
fill(struct gate *g, const unsigned char *bytes, size_t n, struct err *err)
{
    ssize_t put = pwrite(g->memfd, bytes, n, 0);

    /* What an earlier, longer request left behind this one is never reached:
     * the bytes end with the end of their STDIN stream. */
    if (put < 0)
        return err_sys(err, errno, "pwrite", "request");
    if ((size_t)put != n || lseek(g->memfd, 0, SEEK_SET) != 0)
        return err_msg(err, EIO, "request: short write to memory");
    return 0;
}

int
gate_decode(struct gate *g, const unsigned char *bytes, size_t n, struct region *r,
    struct req *ret_req, struct err *err)
{
    FCGX_Request *q = &g->request;
    char **var;
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
        rc = req_from_env(q->envp, r, ret_req);
        if (rc < 0)
            err_sys(err, -rc, "request", NULL);
        for (var = q->envp; *var != NULL; var++)
            if (req_is_secret(*var))
                crypto_cleanse(*var, strlen(*var));
    }
    FCGX_Free(q, 0);
    q->ipcFd = -1;
    return rc;
}
