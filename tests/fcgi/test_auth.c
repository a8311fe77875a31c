/* tests/fcgi/test_auth.c -- fcgi/auth.h and fcgi/authorize.h, promise by promise. */
#include "config.h"

#include <stdbool.h>
#include <stdio.h>
#include <string.h>

#include "conf/key.h"
#include "conf/route.h"
#include "fcgi/auth.h"
#include "fcgi/authorize.h"
#include "fcgi/req.h"
#include "tests/suite.h"

static const char right[] = "00112233445566778899aabbccddeeff0123456789abcdefABCDEFfedcba9876";

static const unsigned char key[KEY_BYTES] = { 0x00, 0x11, 0x22, 0x33, 0x44, 0x55, 0x66, 0x77, 0x88,
    0x99, 0xaa, 0xbb, 0xcc, 0xdd, 0xee, 0xff, 0x01, 0x23, 0x45, 0x67, 0x89, 0xab, 0xcd, 0xef, 0xab,
    0xcd, 0xef, 0xfe, 0xdc, 0xba, 0x98, 0x76 };

static char token[REQ_CREDENTIALS_MAX][256];
static struct req req;

static void
add(const char *text)
{
    unsigned i = req.ncredentials++;

    (void)snprintf(token[i], sizeof token[i], "%s", text);
    req.credential[i] = token[i];
}

static void
setup(void)
{
    req = (struct req){ .ncredentials = 0 };
}

static enum identity_kind
judged(void)
{
    return auth_identify(key, &req).kind;
}

START_TEST(the_key_identifies)
{
    add(right);
    ck_assert_int_eq(judged(), IDENTITY_KEY);
}
END_TEST

START_TEST(digits_may_be_of_either_case)
{
    unsigned i;

    add(right);
    for (i = 0; i < 64; i++)
        if (right[i] >= 'a')
            token[0][i] = (char)(right[i] - 'a' + 'A');
        else if (right[i] >= 'A')
            token[0][i] = (char)(right[i] - 'A' + 'a');
    ck_assert_int_eq(judged(), IDENTITY_KEY);
}
END_TEST

START_TEST(no_credential_is_nobody)
{
    ck_assert_int_eq(judged(), IDENTITY_NONE);
}
END_TEST

START_TEST(one_wrong_digit_anywhere_is_nobody)
{
    add(right);
    token[0][_i] = token[0][_i] == '5' ? '4' : '5';
    ck_assert_int_eq(judged(), IDENTITY_NONE);
}
END_TEST

START_TEST(one_character_that_is_no_digit_is_nobody)
{
    static const char other[] = "gG/:@`\x80\xff \t";
    size_t i;

    for (i = 0; i < sizeof other - 1; i++) {
        setup();
        add(right);
        token[0][_i] = other[i];
        ck_assert_int_eq(judged(), IDENTITY_NONE);
    }
}
END_TEST

START_TEST(another_length_is_nobody)
{
    static const int length[] = { 0, 1, 2, 32, 62, 63 };

    add(right);
    token[0][length[_i]] = '\0';
    ck_assert_int_eq(judged(), IDENTITY_NONE);
}
END_TEST

START_TEST(anything_behind_the_key_is_nobody)
{
    static const char *const tail[] = { "0", "00", " ", "\n", ", ", "76" };

    add(right);
    strcat(token[0], tail[_i]);
    ck_assert_int_eq(judged(), IDENTITY_NONE);
    setup();
    add(right);
    strcat(token[0], ", ");
    strcat(token[0], right); /* as lighttpd joins what was sent twice */
    ck_assert_int_eq(judged(), IDENTITY_NONE);
}
END_TEST

START_TEST(a_header_twice_is_nobody_even_with_the_key)
{
    add(right);
    req.credential_repeated = true;
    ck_assert_int_eq(judged(), IDENTITY_NONE);
}
END_TEST

/* Bit i of _i: the credential at place i is the key. */
START_TEST(every_one_of_them_must_be_the_key)
{
    static const char *const wrong[] = { "", "x",
        "00112233445566778899aabbccddeeff0123456789abcdefABCDEFfedcba9877" };
    unsigned n, i;

    for (n = 1; n <= REQ_CREDENTIALS_MAX; n++) {
        unsigned all = (1u << n) - 1;

        setup();
        for (i = 0; i < n; i++)
            add((unsigned)_i >> i & 1 ? right : wrong[((unsigned)_i + i) % 3]);
        ck_assert_int_eq(judged(), ((unsigned)_i & all) == all ? IDENTITY_KEY : IDENTITY_NONE);
    }
}
END_TEST

START_TEST(credentials_are_cleansed_whatever_comes_of_them)
{
    static const char zeros[65];

    add(right);
    if (_i > 0)
        add("short");
    if (_i > 1)
        req.credential_repeated = true;
    (void)judged();
    ck_assert_mem_eq(token[0], zeros, 65);
    ck_assert_mem_eq(token[1], zeros, 6);
    ck_assert_uint_eq(req.ncredentials, 0);
    ck_assert_int_eq(judged(), IDENTITY_NONE);
}
END_TEST

START_TEST(the_key_and_the_operator_may_do_everything_and_nobody_nothing)
{
    static const enum verb verb[] = { VERB_RUN, VERB_VALIDATE, VERB_DESCRIBE };
    struct route route = { .path = "/health" };

    ck_assert(authorize(&(struct identity){ IDENTITY_KEY }, verb[_i], &route, NULL));
    ck_assert(authorize(&(struct identity){ IDENTITY_OPERATOR }, verb[_i], &route, NULL));
    ck_assert(!authorize(&(struct identity){ IDENTITY_NONE }, verb[_i], &route, NULL));
}
END_TEST

Suite *
suite(void)
{
    Suite *s = suite_create("auth");
    TCase *tc = tcase_create("auth");

    tcase_add_checked_fixture(tc, setup, NULL);
    tcase_add_test(tc, the_key_identifies);
    tcase_add_test(tc, digits_may_be_of_either_case);
    tcase_add_test(tc, no_credential_is_nobody);
    tcase_add_loop_test(tc, one_wrong_digit_anywhere_is_nobody, 0, 64);
    tcase_add_loop_test(tc, one_character_that_is_no_digit_is_nobody, 0, 64);
    tcase_add_loop_test(tc, another_length_is_nobody, 0, 6);
    tcase_add_loop_test(tc, anything_behind_the_key_is_nobody, 0, 6);
    tcase_add_test(tc, a_header_twice_is_nobody_even_with_the_key);
    tcase_add_loop_test(tc, every_one_of_them_must_be_the_key, 0, 64);
    tcase_add_loop_test(tc, credentials_are_cleansed_whatever_comes_of_them, 0, 3);
    tcase_add_loop_test(tc, the_key_and_the_operator_may_do_everything_and_nobody_nothing, 0, 3);
    suite_add_tcase(s, tc);
    return s;
}
