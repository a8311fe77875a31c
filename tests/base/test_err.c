/* tests/base/test_err.c -- base/err.h, promise by promise. */
#include "config.h"

#include <errno.h>
#include <string.h>

#include "base/err.h"
#include "tests/suite.h"

static char long_name[2 * ERR_TEXT_MAX];

START_TEST(a_failed_call_is_told_with_operation_object_and_reason)
{
    struct err err = { 0 };

    ck_assert_int_eq(err_sys(&err, EACCES, "open", "/etc/x"), -EACCES);
    ck_assert_int_eq(err.num, EACCES);
    ck_assert_str_eq(err.text, "open /etc/x: Permission denied");
}
END_TEST

START_TEST(the_object_may_be_missing)
{
    struct err err = { 0 };

    ck_assert_int_eq(err_sys(&err, EMFILE, "pipe", NULL), -EMFILE);
    ck_assert_int_eq(err.num, EMFILE);
    ck_assert_str_eq(err.text, "pipe: Too many open files");
}
END_TEST

START_TEST(a_message_of_its_own_is_formatted)
{
    struct err err = { 0 };

    ck_assert_int_eq(err_msg(&err, EINVAL, "%s:%d: no such route", "cmon.conf", 12), -EINVAL);
    ck_assert_int_eq(err.num, EINVAL);
    ck_assert_str_eq(err.text, "cmon.conf:12: no such route");
}
END_TEST

START_TEST(a_later_failure_replaces_an_earlier_one)
{
    struct err err = { 0 };

    (void)err_msg(&err, EINVAL, "%s", long_name);
    (void)err_sys(&err, ENOENT, "open", "x");
    ck_assert_int_eq(err.num, ENOENT);
    ck_assert_str_eq(err.text, "open x: No such file or directory");
}
END_TEST

START_TEST(a_long_text_is_cut_and_stays_a_string)
{
    struct err sys = { 0 }, msg = { 0 };

    (void)err_sys(&sys, ENOENT, "open", long_name);
    (void)err_msg(&msg, ENOENT, "open %s", long_name);
    ck_assert_uint_eq(strlen(sys.text), ERR_TEXT_MAX - 1);
    ck_assert_str_eq(sys.text, msg.text);
    ck_assert_int_eq(strncmp(sys.text, "open nnnn", 9), 0);
}
END_TEST

Suite *
suite(void)
{
    Suite *s = suite_create("err");
    TCase *tc = tcase_create("err");

    memset(long_name, 'n', sizeof long_name - 1);
    tcase_add_test(tc, a_failed_call_is_told_with_operation_object_and_reason);
    tcase_add_test(tc, the_object_may_be_missing);
    tcase_add_test(tc, a_message_of_its_own_is_formatted);
    tcase_add_test(tc, a_later_failure_replaces_an_earlier_one);
    tcase_add_test(tc, a_long_text_is_cut_and_stays_a_string);
    suite_add_tcase(s, tc);
    return s;
}
