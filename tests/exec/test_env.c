/* tests/exec/test_env.c -- exec/env.h, promise by promise. */
#include "config.h"

#include <errno.h>
#include <pwd.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/wait.h>
#include <unistd.h>

#include "arena/region.h"
#include "base/err.h"
#include "exec/env.h"
#include "tests/suite.h"

static struct region r;
static struct err err;

static void
setup(void)
{
    ck_assert_int_eq(region_init(&r, 65536), 0);
}

static void
teardown(void)
{
    region_done(&r);
}

static size_t
count(char **env)
{
    size_t n = 0;

    while (env[n] != NULL)
        n++;
    return n;
}

/* The value of a variable, NULL without it. */
static const char *
value(char **env, const char *name)
{
    size_t len = strlen(name);

    for (; *env != NULL; env++)
        if (strncmp(*env, name, len) == 0 && (*env)[len] == '=')
            return *env + len + 1;
    return NULL;
}

START_TEST(four_variables_are_always_there_and_ours_are_not)
{
    const struct passwd *pw = getpwuid(geteuid());
    char **env;

    ck_assert_int_eq(setenv("SECRET", "1", 1), 0);
    ck_assert_int_eq(setenv("HOME", "/elsewhere", 1), 0);
    ck_assert_int_eq(env_build(&r, "/a:/b", NULL, 0, &env, &err), 0);
    ck_assert_uint_eq(count(env), 4);
    ck_assert_str_eq(value(env, "PATH"), "/a:/b");
    ck_assert_str_eq(value(env, "LANG"), "C.UTF-8");
    ck_assert_str_eq(value(env, "HOME"), pw != NULL ? pw->pw_dir : "/");
    if (pw != NULL)
        ck_assert_str_eq(value(env, "USER"), pw->pw_name);
}
END_TEST

START_TEST(user_without_an_entry_is_a_number_and_lives_at_the_root)
{
    char **env;

    if (geteuid() != 0)
        SUITE_SKIP("needs root to become an unknown user");
    ck_assert_int_eq(setuid(54321), 0);
    ck_assert_int_eq(env_build(&r, "/bin", NULL, 0, &env, &err), 0);
    ck_assert_str_eq(value(env, "HOME"), "/");
    ck_assert_str_eq(value(env, "USER"), "54321");
}
END_TEST

START_TEST(extra_entries_follow_and_replace)
{
    static const char *const extra[] = { "STAGE=a", "LANG=de_DE.UTF-8", "STAGE=b",
        "EMPTY=", "_x9=1=2", "STAGE2=c" };
    char **env;

    ck_assert_int_eq(env_build(&r, "/bin", extra, 6, &env, &err), 0);
    ck_assert_uint_eq(count(env), 8);
    ck_assert_str_eq(value(env, "STAGE"), "b");
    ck_assert_str_eq(value(env, "STAGE2"), "c");
    ck_assert_str_eq(value(env, "LANG"), "de_DE.UTF-8");
    ck_assert_str_eq(value(env, "EMPTY"), "");
    ck_assert_str_eq(value(env, "_x9"), "1=2");
}
END_TEST

START_TEST(entries_are_copied)
{
    char entry[] = "A=1";
    const char *const extra[] = { entry };
    char **env;

    ck_assert_int_eq(env_build(&r, "/bin", extra, 1, &env, &err), 0);
    memset(entry, 'x', sizeof(entry) - 1);
    ck_assert_str_eq(value(env, "A"), "1");
}
END_TEST

START_TEST(entry_without_a_valid_name_is_refused)
{
    static const char *const bad[] = { "", "=x", "A", "1A=x", "A B=x", "A-B=x", "\xc3\x84=x",
        "A\n=x", " A=x" };
    const char *const extra[] = { "GOOD=1", bad[_i] };
    char **env = NULL;

    ck_assert_int_eq(env_build(&r, "/bin", extra, 2, &env, &err), -EINVAL);
    ck_assert_ptr_null(env);
    ck_assert_ptr_nonnull(strstr(err.text, bad[_i]));
}
END_TEST

START_TEST(want_of_memory_is_told)
{
    static const char *const extra[] = { "A=0123456789012345678901234567890123456789" };
    unsigned char mem[512];
    char **env = NULL;
    size_t n;

    for (n = 1; n < sizeof(mem); n++) {
        struct region small;
        int got;

        region_over(&small, mem, n);
        got = env_build(&small, "/bin", extra, 1, &env, &err);
        if (got == 0)
            break;
        ck_assert_int_eq(got, -ENOMEM);
        ck_assert_ptr_null(env);
    }
    ck_assert_uint_lt(n, sizeof(mem)); /* and with enough of it, it works */
}
END_TEST

Suite *
suite(void)
{
    Suite *s = suite_create("exec/env");
    TCase *tc = tcase_create("env");

    tcase_add_checked_fixture(tc, setup, teardown);
    tcase_add_test(tc, four_variables_are_always_there_and_ours_are_not);
    tcase_add_test(tc, user_without_an_entry_is_a_number_and_lives_at_the_root);
    tcase_add_test(tc, extra_entries_follow_and_replace);
    tcase_add_test(tc, entries_are_copied);
    tcase_add_loop_test(tc, entry_without_a_valid_name_is_refused, 0, 9);
    tcase_add_test(tc, want_of_memory_is_told);
    suite_add_tcase(s, tc);
    return s;
}
