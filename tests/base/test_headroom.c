/* tests/base/test_headroom.c -- base/headroom.h, promise by promise. */
#include "config.h"

#include <errno.h>
#include <stdlib.h>
#include <sys/resource.h>

#include "base/headroom.h"
#include "tests/suite.h"

START_TEST(what_can_be_had_is_there)
{
    static const size_t sizes[] = { 0, 1, 32 * 1024, 32 * 1024 + 1, 300 * 1000, HEADROOM_MAX };

    ck_assert_int_eq(headroom_check(sizes[_i]), 0);
}
END_TEST

START_TEST(more_than_the_maximum_is_refused)
{
    static const size_t sizes[] = { (size_t)HEADROOM_MAX + 1, (size_t)-1 };

    ck_assert_int_eq(headroom_check(sizes[_i]), -ENOMEM);
}
END_TEST

/* And the process, which has a few free bytes at most, goes on. */
START_TEST(what_the_system_refuses_is_missing)
{
    struct rlimit none = { .rlim_cur = 0, .rlim_max = RLIM_INFINITY };

#ifdef SANITIZERS
    SUITE_SKIP("a sanitizer's allocator ends the process");
#endif
    ck_assert_int_eq(setrlimit(RLIMIT_AS, &none), 0);
    ck_assert_int_eq(headroom_check(HEADROOM_MAX), -ENOMEM);
    none.rlim_cur = RLIM_INFINITY;
    ck_assert_int_eq(setrlimit(RLIMIT_AS, &none), 0);
    ck_assert_int_eq(headroom_check(HEADROOM_MAX), 0);
}
END_TEST

Suite *
suite(void)
{
    Suite *s = suite_create("headroom");
    TCase *tc = tcase_create("headroom");

    tcase_add_loop_test(tc, what_can_be_had_is_there, 0, 6);
    tcase_add_loop_test(tc, more_than_the_maximum_is_refused, 0, 2);
    suite_add_tcase(s, tc);
    tc = tcase_create("refused");
    tcase_set_tags(tc, SUITE_NATIVE);
    tcase_add_test(tc, what_the_system_refuses_is_missing);
    suite_add_tcase(s, tc);
    return s;
}
