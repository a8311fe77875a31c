/* tests/base/test_span.c -- base/span.h, promise by promise. */
#include "config.h"

#include "base/span.h"
#include "tests/suite.h"

START_TEST(a_string_becomes_its_bytes_without_the_nul)
{
    static const char text[] = "GET";
    struct span s = span_str(text);

    ck_assert_ptr_eq(s.p, text);
    ck_assert_uint_eq(s.n, 3);
    ck_assert_uint_eq(span_str("").n, 0);
}
END_TEST

START_TEST(is_compares_every_byte_and_the_length)
{
    ck_assert(span_is(span_str("GET"), "GET"));
    ck_assert(span_is(span_str(""), ""));
    ck_assert(!span_is(span_str("GET"), "GE"));
    ck_assert(!span_is(span_str("GET"), "GETS"));
    ck_assert(!span_is(span_str("GET"), "get"));
    ck_assert(!span_is((struct span){ (const unsigned char *)"GET\0x", 5 }, "GET"));
}
END_TEST

Suite *
suite(void)
{
    Suite *s = suite_create("span");
    TCase *tc = tcase_create("span");

    tcase_add_test(tc, a_string_becomes_its_bytes_without_the_nul);
    tcase_add_test(tc, is_compares_every_byte_and_the_length);
    suite_add_tcase(s, tc);
    return s;
}
