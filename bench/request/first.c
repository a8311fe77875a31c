/* bench/request/first.c -- starts a server and measures the time to its first answer.
 *
 * The clock runs from the birth of the process that becomes the server to the
 * first 200.  Until then it asks again every 0.2 ms.  Then the server and all
 * that is in its session's first process group is ended.  Prints "ms=TIME".
 */
#include "config.h"

#include <errno.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

#include "base/clock.h"
#include "bench/request/http.h"

static const struct timespec pause_time = { .tv_nsec = 200 * 1000 };

/* Asks until there is a 200 or `limit` seconds are over; returns ns or -1. */
static int64_t
wait_for_answer(struct http *h, int64_t begin, int64_t limit)
{
    while (http_get(h) != 200) {
        if (clock_now() - begin > limit * CLOCK_SEC)
            return -1;
        (void)nanosleep(&pause_time, NULL);
    }
    return clock_now() - begin;
}

/* Asks the group to end, then makes it. */
static void
end_group(pid_t group)
{
    int64_t begin = clock_now();

    (void)kill(-group, SIGTERM);
    while (waitpid(group, NULL, WNOHANG) == 0 && clock_now() - begin < 5 * CLOCK_SEC)
        (void)nanosleep(&pause_time, NULL);
    (void)kill(-group, SIGKILL); /* what the server left */
    (void)waitpid(group, NULL, 0);
}

int
main(int argc, char **argv)
{
    struct http h;
    int64_t begin, took;
    pid_t pid;

    if (argc < 4 || !http_init(&h, argv[2], argv[1], 10)) {
        fputs("usage: first header url command...\n", stderr);
        return 2;
    }
    begin = clock_now();
    pid = vfork();
    if (pid == 0) {
        (void)setsid();
        execvp(argv[3], argv + 3);
        _exit(127);
    }
    if (pid < 0) {
        perror("first");
        return 1;
    }
    took = wait_for_answer(&h, begin, 10);
    http_close(&h);
    end_group(pid);
    if (took < 0) {
        fprintf(stderr, "first: %s: no answer in 10 s\n", argv[3]);
        return 1;
    }
    printf("ms=%.3f\n", (double)took / (double)CLOCK_MSEC);
    return fflush(stdout) == 0 ? 0 : 1;
}
