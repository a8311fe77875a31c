/* base/clock.c -- contracts are in clock.h. */
#include "config.h"

#include <assert.h>
#include <stdio.h>
#include <time.h>

#include "base/clock.h"

int64_t
clock_now(void)
{
    struct timespec ts = { 0 };
    int r = clock_gettime(CLOCK_MONOTONIC, &ts);

    assert(r == 0);
    (void)r;
    return (int64_t)ts.tv_sec * CLOCK_SEC + ts.tv_nsec;
}

const char *
clock_stamp(char buf[CLOCK_STAMP_MAX])
{
    struct timespec ts = { 0 };
    struct tm tm = { 0 };
    int r = clock_gettime(CLOCK_REALTIME, &ts);
    size_t n;

    assert(r == 0);
    (void)r;
    (void)gmtime_r(&ts.tv_sec, &tm);
    n = strftime(buf, CLOCK_STAMP_MAX, "%Y-%m-%dT%H:%M:%S", &tm);
    (void)snprintf(buf + n, CLOCK_STAMP_MAX - n, ".%03dZ", (int)(ts.tv_nsec / CLOCK_MSEC));
    return buf;
}
