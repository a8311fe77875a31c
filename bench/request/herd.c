/* bench/request/herd.c -- many requests at once, one each: how many come back, and when.
 *
 * Opens all connections, sends on all, and waits.  Prints one line of
 * NAME=VALUE words; `seconds` is from the first byte sent to the last answer.
 */
#include "config.h"

#include <poll.h>
#include <stdio.h>
#include <stdlib.h>
#include <unistd.h>

#include "base/clock.h"
#include "bench/request/http.h"

enum {
    HERD_MAX = 4096,
    PATIENCE = 5, /* s between the first byte of an answer and its last */
};

struct tally {
    unsigned answered; /* with 200 */
    unsigned other;    /* with another status, or with nothing that is whole */
    int64_t last;      /* ns, when the last 200 came */
};

/* Takes what is there to be taken; returns how many are still waited for. */
static unsigned
take_answers(struct http *herd, struct pollfd *set, unsigned n, struct tally *t)
{
    unsigned waiting = 0;

    for (unsigned i = 0; i < n; i++) {
        int status;

        if (set[i].fd < 0)
            continue;
        if (set[i].revents == 0) {
            waiting++;
            continue;
        }
        status = http_receive(&herd[i]);
        http_close(&herd[i]);
        set[i].fd = -1;
        if (status == 200) {
            t->answered++;
            t->last = clock_now();
        } else
            t->other++;
    }
    return waiting;
}

static struct tally
drive(struct http *herd, unsigned n, int64_t end)
{
    static struct pollfd set[HERD_MAX];
    struct tally t = { .last = clock_now() };
    unsigned waiting = 0;

    for (unsigned i = 0; i < n; i++) {
        bool sent = http_send(&herd[i]);

        set[i] = (struct pollfd){ .fd = http_fd(&herd[i]), .events = POLLIN };
        t.other += !sent;
        waiting += sent;
    }
    while (waiting > 0) {
        int64_t left = (end - clock_now()) / CLOCK_MSEC;

        if (left <= 0 || poll(set, n, (int)left) <= 0)
            break;
        waiting = take_answers(herd, set, n, &t);
    }
    return t;
}

int
main(int argc, char **argv)
{
    static struct http herd[HERD_MAX];
    unsigned n = argc == 5 ? (unsigned)strtoul(argv[1], NULL, 10) : 0;
    long limit = argc == 5 ? strtol(argv[2], NULL, 10) : 0;
    struct tally t;
    int64_t begin;

    if (n < 1 || n > HERD_MAX || limit < 1 || limit > 3600) {
        fputs("usage: herd requests seconds-at-most header url\n", stderr);
        return 2;
    }
    for (unsigned i = 0; i < n; i++)
        if (!http_init(&herd[i], argv[4], argv[3], PATIENCE)) {
            fputs("herd: not a URL of 127.0.0.1\n", stderr);
            return 2;
        }
    begin = clock_now();
    t = drive(herd, n, begin + limit * CLOCK_SEC);
    printf("asked=%u answered=%u refused=%u seconds=%.3f\n", n, t.answered, t.other,
        (double)(t.last - begin) / (double)CLOCK_SEC);
    return fflush(stdout) == 0 ? 0 : 1;
}
