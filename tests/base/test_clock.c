/* tests/base/test_clock.c -- base/clock.h, promise by promise. */
#include "config.h"

#include <stdlib.h>
#include <string.h>
#include <time.h>

#include "base/clock.h"
#include "tests/suite.h"

static int64_t
kernel_time(clockid_t id)
{
    struct timespec ts;

    ck_assert_int_eq(clock_gettime(id, &ts), 0);
    return (int64_t)ts.tv_sec * CLOCK_SEC + ts.tv_nsec;
}

START_TEST(now_is_the_monotonic_clock)
{
    int64_t before = kernel_time(CLOCK_MONOTONIC);
    int64_t now = clock_now();
    int64_t after = kernel_time(CLOCK_MONOTONIC);

    ck_assert_int_le(before, now);
    ck_assert_int_le(now, after);
    ck_assert_int_lt(now, CLOCK_NEVER);
}
END_TEST

START_TEST(now_never_goes_back)
{
    int64_t last = clock_now();

    for (int i = 0; i < 100000; i++) {
        int64_t now = clock_now();

        if (now < last)
            ck_abort_msg("%jd ns back", (intmax_t)(last - now));
        last = now;
    }
}
END_TEST

/* What a stamp says, in milliseconds since the epoch. */
static int64_t
stamp_time(const char *stamp)
{
    struct tm tm = { 0 };
    const char *rest = strptime(stamp, "%Y-%m-%dT%H:%M:%S", &tm);
    char *end;
    long ms;

    ck_assert_ptr_nonnull(rest);
    ck_assert_uint_eq(strlen(stamp), strlen("2026-01-31T10:02:11.123Z"));
    ck_assert_int_eq(rest[0], '.');
    ms = strtol(rest + 1, &end, 10);
    ck_assert_ptr_eq(end, rest + 4);
    ck_assert_str_eq(end, "Z");
    return (int64_t)timegm(&tm) * 1000 + ms;
}

START_TEST(a_stamp_is_the_wall_clock_in_utc)
{
    char buf[CLOCK_STAMP_MAX];
    int64_t before, said, after;

    ck_assert_int_eq(setenv("TZ", "JST-9", 1), 0);
    tzset();
    memset(buf, 'x', sizeof buf);
    before = kernel_time(CLOCK_REALTIME) / CLOCK_MSEC;
    ck_assert_ptr_eq(clock_stamp(buf), buf);
    after = kernel_time(CLOCK_REALTIME) / CLOCK_MSEC;
    said = stamp_time(buf);
    ck_assert_int_le(before, said);
    ck_assert_int_le(said, after);
}
END_TEST

START_TEST(milliseconds_always_have_three_digits)
{
    static const struct timespec step = { 0, 7000000 };
    char buf[CLOCK_STAMP_MAX];
    int64_t last = 0;

    /* Some of these fall into the first tenth of a second. */
    for (int i = 0; i < 160; i++) {
        int64_t said = stamp_time(clock_stamp(buf));

        ck_assert_int_le(last, said);
        last = said;
        (void)nanosleep(&step, NULL);
    }
}
END_TEST

Suite *
suite(void)
{
    Suite *s = suite_create("clock");
    TCase *tc = tcase_create("clock");

    tcase_set_timeout(tc, 30);
    tcase_add_test(tc, now_is_the_monotonic_clock);
    tcase_add_test(tc, now_never_goes_back);
    tcase_add_test(tc, a_stamp_is_the_wall_clock_in_utc);
    tcase_add_test(tc, milliseconds_always_have_three_digits);
    suite_add_tcase(s, tc);
    return s;
}
