/* exec/account_netlink.c -- account.h by taskstats over generic netlink; contracts are there.
 *
 * A process that has ended can be asked about until it is reaped, so nothing
 * need listen to the exits of the whole machine: that would cost each of them
 * 15 to 40 us.
 *
 * The only file that sees libnl, whose sockets are not for two threads at once.
 */
#include "config.h"

#include <errno.h>
#include <linux/taskstats.h>
#include <netlink/genl/ctrl.h>
#include <netlink/genl/genl.h>
#include <netlink/netlink.h>
#include <pthread.h>
#include <stddef.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "base/err.h"
#include "exec/account.h"

enum {
    VERSION_LEAST = 1,
    VERSION_MOVED = 15, /* has fields in other places than those before and after it */
    QUERY_MAX = 64,     /* bytes: two headers and a number */
};

struct account_source {
    pthread_mutex_t lock; /* over the socket and `stats` */
    struct nl_sock *sock;
    int family;
    uint32_t seq;           /* of the last question */
    int outcome;            /* of that: 0, -errno, or -EINPROGRESS while there is none */
    struct taskstats stats; /* the answer; what it does not have is 0 */
};

/* Where a delay stands in an answer, and since which version. */
static const struct {
    size_t count, total;
    unsigned version;
} place[ACCOUNT_WAIT_MAX] = {
#define PLACE(name, version)                                                                      \
    {                                                                                             \
        offsetof(struct taskstats, name##_count), offsetof(struct taskstats, name##_delay_total), \
            version                                                                               \
    }
    [ACCOUNT_CPU] = PLACE(cpu, 1),
    [ACCOUNT_BLOCK_IO] = PLACE(blkio, 1),
    [ACCOUNT_SWAP_IN] = PLACE(swapin, 1),
    [ACCOUNT_RECLAIM] = PLACE(freepages, 7),
#if TASKSTATS_VERSION >= 9
    [ACCOUNT_THRASHING] = PLACE(thrashing, 9),
#endif
#if TASKSTATS_VERSION >= 11
    [ACCOUNT_COMPACTION] = PLACE(compact, 11),
#endif
#if TASKSTATS_VERSION >= 13
    [ACCOUNT_COPY] = PLACE(wpcopy, 13),
#endif
#undef PLACE
};

/* What libnl means by its numbers, as far as we meet them. */
static int
errno_of(int nl)
{
    switch (nl < 0 ? -nl : nl) {
    case NLE_PERM:
    case NLE_NOACCESS:
        return EPERM;
    case NLE_OBJ_NOTFOUND:
        return ENOENT;
    case NLE_NOMEM:
        return ENOMEM;
    case NLE_AGAIN:
        return EAGAIN;
    case NLE_AF_NOSUPPORT:
    case NLE_OPNOTSUPP:
    case NLE_PROTO_MISMATCH:
        return EOPNOTSUPP;
    default:
        return EIO;
    }
}

static int
take_answer(struct nl_msg *msg, void *arg)
{
    struct account_source *s = arg;
    struct nlattr *outer[TASKSTATS_TYPE_MAX + 1];
    struct nlattr *inner[TASKSTATS_TYPE_MAX + 1];
    struct nlattr *all;
    size_t n;

    if (nlmsg_hdr(msg)->nlmsg_seq != s->seq ||
        genlmsg_parse(nlmsg_hdr(msg), 0, outer, TASKSTATS_TYPE_MAX, NULL) < 0)
        return NL_SKIP;
    all = outer[TASKSTATS_TYPE_AGGR_TGID] ? outer[TASKSTATS_TYPE_AGGR_TGID]
                                          : outer[TASKSTATS_TYPE_AGGR_PID];
    if (all == NULL || nla_parse_nested(inner, TASKSTATS_TYPE_MAX, all, NULL) < 0 ||
        inner[TASKSTATS_TYPE_STATS] == NULL)
        return NL_SKIP;
    n = (size_t)nla_len(inner[TASKSTATS_TYPE_STATS]);
    memcpy(&s->stats, nla_data(inner[TASKSTATS_TYPE_STATS]),
        n < sizeof(s->stats) ? n : sizeof(s->stats));
    s->outcome = 0;
    return NL_OK;
}

static int
take_error(struct sockaddr_nl *from, struct nlmsgerr *e, void *arg)
{
    struct account_source *s = arg;

    (void)from;
    if (e->msg.nlmsg_seq == s->seq)
        s->outcome = e->error < 0 ? e->error : -EPROTO;
    return NL_STOP;
}

static int
send_query(struct account_source *s, int attribute, pid_t pid)
{
    struct nl_msg *msg = nlmsg_alloc_size(QUERY_MAX);
    int r = -NLE_NOMEM;

    if (msg != NULL &&
        genlmsg_put(msg, NL_AUTO_PORT, NL_AUTO_SEQ, s->family, 0, 0, TASKSTATS_CMD_GET,
            TASKSTATS_GENL_VERSION) != NULL &&
        (r = nla_put_u32(msg, attribute, (uint32_t)pid)) == 0) {
        nl_complete_msg(s->sock, msg);
        s->seq = nlmsg_hdr(msg)->nlmsg_seq;
        r = nl_send(s->sock, msg);
    }
    nlmsg_free(msg);
    return r;
}

/* Fills s->stats.  Returns 0 or -errno.  The caller has the lock. */
static int
query(struct account_source *s, int attribute, pid_t pid)
{
    int r;

    memset(&s->stats, 0, sizeof(s->stats));
    s->outcome = -EINPROGRESS;
    r = send_query(s, attribute, pid);
    /* The answer is there by now; what comes before it is of another time. */
    while (r >= 0 && s->outcome == -EINPROGRESS)
        r = nl_recvmsgs_default(s->sock);
    return s->outcome == -EINPROGRESS ? -errno_of(r) : s->outcome;
}

/* Asks by thread group, which sums up threads that have ended, and is empty for
 * a process that never had more than one: then by process.  Returns 0 or
 * -errno. */
static int
query_all(struct account_source *s, pid_t pid)
{
    int r = query(s, TASKSTATS_CMD_ATTR_TGID, pid);

    if (r == 0 && s->stats.cpu_count == 0)
        r = query(s, TASKSTATS_CMD_ATTR_PID, pid);
    if (r == 0 && (s->stats.version < VERSION_LEAST || s->stats.version == VERSION_MOVED))
        r = -EOPNOTSUPP;
    return r;
}

static int
open_socket(struct account_source *s, struct err *err)
{
    int r;

    s->sock = nl_socket_alloc();
    if (s->sock == NULL)
        return err_sys(err, ENOMEM, "netlink", NULL);
    r = genl_connect(s->sock);
    if (r < 0)
        return err_msg(err, errno_of(r), "netlink: %s", nl_geterror(r));
    s->family = genl_ctrl_resolve(s->sock, TASKSTATS_GENL_NAME);
    if (s->family < 0)
        return err_msg(err, EOPNOTSUPP, "the kernel has no taskstats (CONFIG_TASKSTATS)");
    nl_socket_disable_auto_ack(s->sock);
    nl_socket_disable_msg_peek(s->sock); /* its buffer is larger than any answer */
    /* An answer that is not there will never come. */
    r = nl_socket_set_nonblocking(s->sock);
    if (r == 0)
        r = nl_socket_modify_cb(s->sock, NL_CB_VALID, NL_CB_CUSTOM, take_answer, s);
    if (r == 0)
        r = nl_socket_modify_err_cb(s->sock, NL_CB_CUSTOM, take_error, s);
    return r < 0 ? err_msg(err, errno_of(r), "netlink: %s", nl_geterror(r)) : 0;
}

/* Whether we may ask, found out by asking about ourselves. */
static int
try_out(struct account_source *s, struct err *err)
{
    int r = query_all(s, getpid());

    if (r == -EPERM)
        return err_msg(err, EPERM,
            "the kernel tells them only to whoever has CAP_NET_ADMIN; "
            "see delays in cmon.conf(5)");
    if (r == -EOPNOTSUPP)
        return err_msg(err, EOPNOTSUPP, "taskstats of version %u are none that we can read",
            (unsigned)s->stats.version);
    if (r < 0)
        return err_sys(err, -r, "taskstats", NULL);
    if (s->stats.cpu_count == 0) /* and yet we run */
        return err_msg(
            err, EOPNOTSUPP, "the kernel has no delay accounting (CONFIG_TASK_DELAY_ACCT)");
    return 0;
}

int
account_open(struct account_source **ret_source, struct err *err)
{
    struct account_source *s = calloc(1, sizeof(*s));
    int r;

    if (s == NULL)
        return err_sys(err, ENOMEM, "calloc", NULL);
    (void)pthread_mutex_init(&s->lock, NULL); /* cannot fail without attributes */
    r = open_socket(s, err);
    if (r == 0)
        r = try_out(s, err);
    if (r < 0)
        account_close(s);
    else
        *ret_source = s;
    return r;
}

void
account_close(struct account_source *s)
{
    if (s == NULL)
        return;
    nl_socket_free(s->sock);
    (void)pthread_mutex_destroy(&s->lock);
    free(s);
}

static int64_t
number_at(const struct taskstats *stats, size_t offset)
{
    __u64 v;

    memcpy(&v, (const char *)stats + offset, sizeof(v));
    return v > INT64_MAX ? INT64_MAX : (int64_t)v;
}

void
account_ask(struct account_source *s, pid_t pid, struct account_delays *ret_delays)
{
    struct taskstats stats;
    size_t i;
    int r;

    (void)pthread_mutex_lock(&s->lock);
    r = query_all(s, pid);
    stats = s->stats;
    (void)pthread_mutex_unlock(&s->lock);
    *ret_delays = (struct account_delays){ .known = 0 };
    for (i = 0; r == 0 && i < ACCOUNT_WAIT_MAX; i++) {
        if (place[i].version == 0 || place[i].version > stats.version)
            continue;
        ret_delays->known |= 1U << i;
        ret_delays->of[i].count = number_at(&stats, place[i].count);
        ret_delays->of[i].total = number_at(&stats, place[i].total);
    }
}
