/* tests/base/test_crypto.c -- base/crypto.h, promise by promise.  That the
 * comparison takes the same time is for constant_time.sh. */
#include "config.h"

#include <string.h>

#include "base/crypto.h"
#include "tests/suite.h"

enum {
    N = 32
};

START_TEST(equal_bytes_are_equal)
{
    unsigned char a[N], b[N];

    memset(a, 0x5A, N);
    memset(b, 0x5A, N);
    ck_assert_uint_eq(crypto_equal(a, b, N), 1);
    ck_assert_uint_eq(crypto_equal(a, a, N), 1);
}
END_TEST

START_TEST(a_single_bit_anywhere_makes_them_differ)
{
    unsigned char a[N] = { 0 }, b[N] = { 0 };

    for (unsigned bit = 0; bit < 8 * N; bit++) {
        b[bit / 8] = (unsigned char)(1u << bit % 8);
        ck_assert_uint_eq(crypto_equal(a, b, N), 0);
        b[bit / 8] = 0;
    }
    memset(b, 0xFF, N);
    ck_assert_uint_eq(crypto_equal(a, b, N), 0);
}
END_TEST

START_TEST(only_the_first_n_bytes_count)
{
    ck_assert_uint_eq(crypto_equal("abcX", "abcY", 3), 1);
    ck_assert_uint_eq(crypto_equal("X", "Y", 0), 1);
}
END_TEST

START_TEST(cleanse_overwrites_n_bytes_and_no_more)
{
    unsigned char secret[N + 1], zero[N] = { 0 };

    memset(secret, 0x5A, sizeof secret);
    crypto_cleanse(secret, N);
    ck_assert_mem_eq(secret, zero, N);
    ck_assert_uint_eq(secret[N], 0x5A);
}
END_TEST

START_TEST(random_fills_n_bytes_and_no_more)
{
    unsigned char p[1001], every[256] = { 0 };
    unsigned kinds = 0;

    memset(p, 0, sizeof p);
    p[1000] = 0xA5;
    ck_assert_int_eq(crypto_random(p, 1000), 0);
    ck_assert_uint_eq(p[1000], 0xA5);
    for (unsigned i = 0; i < 1000; i++)
        every[p[i]] = 1;
    for (unsigned i = 0; i < 256; i++)
        kinds += every[i];
    /* 250 are expected; below 200 once in far more than 10^30 runs. */
    ck_assert_uint_gt(kinds, 200);
    ck_assert_int_eq(crypto_random(p, 0), 0);
}
END_TEST

START_TEST(random_never_says_the_same_twice)
{
    unsigned char a[N], b[N];

    ck_assert_int_eq(crypto_random(a, N), 0);
    ck_assert_int_eq(crypto_random(b, N), 0);
    ck_assert_mem_ne(a, b, N);
}
END_TEST

Suite *
suite(void)
{
    Suite *s = suite_create("crypto");
    TCase *tc = tcase_create("crypto");

    tcase_add_test(tc, equal_bytes_are_equal);
    tcase_add_test(tc, a_single_bit_anywhere_makes_them_differ);
    tcase_add_test(tc, only_the_first_n_bytes_count);
    tcase_add_test(tc, cleanse_overwrites_n_bytes_and_no_more);
    tcase_add_test(tc, random_fills_n_bytes_and_no_more);
    tcase_add_test(tc, random_never_says_the_same_twice);
    suite_add_tcase(s, tc);
    return s;
}
