/* base/clock.h -- time that only moves forward, and time for people. */
#ifndef BASE_CLOCK_H
#define BASE_CLOCK_H

#include <stddef.h>
#include <stdint.h>

#define CLOCK_SEC INT64_C(1000000000) /* nanoseconds */
#define CLOCK_MSEC INT64_C(1000000)   /* nanoseconds */
#define CLOCK_NEVER INT64_MAX         /* a deadline that never comes */

enum {
    CLOCK_STAMP_MAX = 32
}; /* bytes, including NUL */

/* Returns CLOCK_MONOTONIC in nanoseconds; a set wall clock does not move it. */
int64_t clock_now(void) __attribute__((warn_unused_result));

/* Writes the wall clock as RFC 3339 UTC with milliseconds,
 * "2026-01-31T10:02:11.123Z", and a NUL.  Returns `buf`. */
const char *clock_stamp(char buf[CLOCK_STAMP_MAX]) __attribute__((nonnull));

#endif
