/* bench/request/load.c -- N requests at once for a while: rate and latencies, counted as
 * bench/floor counts.
 *
 * Each of N kept connections asks again as soon as it is answered.  Past the
 * time nobody asks, everybody is waited for, and the rate is made of the time
 * to the last answer.  So a server that works on all at once is not robbed of
 * those under way, and none has anything left to do for us afterwards; bench/floor
 * begins and ends the same way.  Prints one line of NAME=VALUE words.
 */
#include "config.h"

#include <stdbool.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/epoll.h>
#include <unistd.h>

#include "base/clock.h"
#include "bench/request/http.h"

enum {
    AT_ONCE_MAX = 1024,
    EVENTS = 64,
    PATIENCE = 20, /* s for one answer */
    SAMPLES_MAX = 1 << 20,
};

struct asker {
    struct http http;
    int64_t asked; /* ns */
};

struct plan {
    unsigned at_once;
    int64_t length; /* ns */
    int expect;     /* status */
    const char *header, *url;
};

static struct asker askers[AT_ONCE_MAX];
static uint32_t took[SAMPLES_MAX]; /* ns */
static size_t answers;
static int set = -1; /* epoll */

/* Sends, and watches a connection that is new. */
static bool
ask(struct asker *a)
{
    bool is_new = http_fd(&a->http) < 0;
    struct epoll_event event = { .events = EPOLLIN, .data.ptr = a };

    a->asked = clock_now();
    return http_send(&a->http) &&
           (!is_new || epoll_ctl(set, EPOLL_CTL_ADD, http_fd(&a->http), &event) == 0);
}

/* Takes an answer, which must be the expected one. */
static bool
take_answer(struct asker *a, int expect, int64_t *ret_now)
{
    int status = http_receive(&a->http);

    *ret_now = clock_now();
    if (status != expect || answers == SAMPLES_MAX) {
        fprintf(stderr, "load: status %d\n", status);
        return false;
    }
    took[answers++] =
        *ret_now - a->asked < UINT32_MAX ? (uint32_t)(*ret_now - a->asked) : UINT32_MAX;
    return true;
}

/* Returns when the last answer came, or -1. */
static int64_t
drive(const struct plan *plan, int64_t end)
{
    unsigned waiting = 0;
    int64_t now = clock_now();

    for (; waiting < plan->at_once; waiting++)
        if (!ask(&askers[waiting]))
            return -1;
    while (waiting > 0) {
        struct epoll_event events[EVENTS];
        int n = epoll_wait(set, events, EVENTS, PATIENCE * 1000);

        if (n <= 0)
            return -1;
        for (int i = 0; i < n; i++) {
            struct asker *a = events[i].data.ptr;

            if (!take_answer(a, plan->expect, &now) || (now < end && !ask(a)))
                return -1;
            waiting -= now >= end;
        }
    }
    return now;
}

static int
compare(const void *a, const void *b)
{
    uint32_t x = *(const uint32_t *)a, y = *(const uint32_t *)b;

    return (x > y) - (x < y);
}

static void usage(void) __attribute__((noreturn));

static void
usage(void)
{
    fputs("usage: load [-c at-once] [-t seconds] [-e status] [-h header] url\n", stderr);
    exit(2);
}

static struct plan
parse(int argc, char **argv)
{
    struct plan plan = { .at_once = 1, .length = CLOCK_SEC, .expect = 200, .header = "" };
    int opt;

    while ((opt = getopt(argc, argv, "c:t:e:h:")) != -1) {
        if (opt == 'c')
            plan.at_once = (unsigned)strtoul(optarg, NULL, 10);
        else if (opt == 't')
            plan.length = (int64_t)(strtod(optarg, NULL) * (double)CLOCK_SEC);
        else if (opt == 'e')
            plan.expect = (int)strtol(optarg, NULL, 10);
        else if (opt == 'h')
            plan.header = optarg;
        else
            usage();
    }
    plan.url = argv[optind];
    if (plan.url == NULL || plan.at_once < 1 || plan.at_once > AT_ONCE_MAX || plan.length <= 0)
        usage();
    return plan;
}

int
main(int argc, char **argv)
{
    struct plan plan = parse(argc, argv);
    int64_t begin, end;

    set = epoll_create1(EPOLL_CLOEXEC);
    for (unsigned i = 0; i < plan.at_once; i++)
        if (!http_init(&askers[i].http, plan.url, plan.header, PATIENCE))
            usage();
    begin = clock_now();
    end = drive(&plan, begin + plan.length);
    if (end < 0) {
        fputs("load: a request failed\n", stderr);
        return 1;
    }
    qsort(took, answers, sizeof(*took), compare);
    printf("rate=%.1f p50_us=%.1f p99_us=%.1f n=%zu seconds=%.3f\n",
        (double)answers * (double)CLOCK_SEC / (double)(end - begin), took[answers / 2] / 1e3,
        took[answers * 99 / 100] / 1e3, answers, (double)(end - begin) / (double)CLOCK_SEC);
    return fflush(stdout) == 0 ? 0 : 1;
}
