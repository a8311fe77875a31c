/* tests/conf/test_pattern.c -- conf/pattern.h, promise by promise. */
#include "config.h"

#include <errno.h>
#include <pthread.h>
#include <string.h>

#include "arena/mirror.h"
#include "arena/region.h"
#include "base/clock.h"
#include "base/err.h"
#include "conf/pattern.h"
#include "tests/suite.h"

static struct region r;
static struct err err;

static void
setup(void)
{
    ck_assert_int_eq(region_init(&r, 1024 * 1024), 0);
}

static void
teardown(void)
{
    region_done(&r);
}

static enum pattern_answer
match(const char *text, const char *value)
{
    struct pattern *p = NULL;

    ck_assert_int_eq(pattern_compile(text, &r, &p, &err), 0);
    return pattern_match(p, value, strlen(value));
}

START_TEST(a_value_must_match_as_a_whole)
{
    static const struct {
        const char *pattern, *value;
        enum pattern_answer answer;
    } cases[] = {
        { "[a-z]+", "abc", PATTERN_YES },
        { "[a-z]+", "abc1", PATTERN_NO },
        { "[a-z]+", "1abc", PATTERN_NO },
        { "[a-z]+", "abc\n", PATTERN_NO },
        { "[a-z]+$", "abc\n", PATTERN_NO },
        { "^a|b$", "ab", PATTERN_NO },
        { "a|ab", "ab", PATTERN_YES },
        { "a*?", "aaa", PATTERN_YES },
        { "", "", PATTERN_YES },
        { "", "a", PATTERN_NO },
        { "(?m)^a$", "b\na", PATTERN_NO },
        { "(?s).*x", "a\nx", PATTERN_YES },
        { "(?i)abc", "ABC", PATTERN_YES },
    };

    for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++)
        ck_assert_msg(match(cases[i].pattern, cases[i].value) == cases[i].answer, "%s on \"%s\"",
            cases[i].pattern, cases[i].value);
}
END_TEST

START_TEST(characters_are_utf8_and_classes_are_ascii)
{
    ck_assert_int_eq(match(".", "\xc3\xa4"), PATTERN_YES);
    ck_assert_int_eq(match("\\w", "\xc3\xa4"), PATTERN_NO);
    ck_assert_int_eq(match("\\d", "\xd9\xa3"), PATTERN_NO); /* an Arabic three */
}
END_TEST

START_TEST(what_does_not_compile_is_told_with_its_offset)
{
    static const struct {
        const char *pattern, *why;
    } cases[] = {
        { "(", "missing closing parenthesis at offset 1" },
        { "a[", "missing terminating ] for character class at offset 2" },
        { "*", "quantifier does not follow a repeatable item at offset 0" },
        { "\\C", "at offset 2" },
        { "\xff", "UTF-8 error" },
    };

    for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++) {
        struct pattern *p = NULL;

        ck_assert_int_eq(pattern_compile(cases[i].pattern, &r, &p, &err), -EINVAL);
        ck_assert_ptr_null(p);
        ck_assert_msg(strstr(err.text, cases[i].why) != NULL, "%s: %s", cases[i].pattern, err.text);
    }
}
END_TEST

START_TEST(a_match_that_takes_too_long_is_given_up)
{
    static const char *const patterns[] = { "(a+)+[bc]", "(a|a)*[bc]", "(.*)*(.*)*(.*)*x" };
    char value[2001];

    memset(value, 'a', sizeof value - 1);
    value[sizeof value - 1] = '\0';
    for (size_t i = 0; i < sizeof patterns / sizeof patterns[0]; i++) {
        int64_t begun = clock_now();
        enum pattern_answer answer = match(patterns[i], value);

        ck_assert_int_ne(answer, PATTERN_YES);
        ck_assert_int_lt(clock_now() - begun, CLOCK_SEC);
    }
    ck_assert_int_eq(match("(a+)+[bc]", value), PATTERN_TOO_HARD);
}
END_TEST

static void *
match_often(void *p)
{
    for (int i = 0; i < 2000; i++) {
        if (pattern_match(p, "2026-11-21", 10) != PATTERN_YES ||
            pattern_match(p, "2026-11-2x", 10) != PATTERN_NO)
            return p;
    }
    return NULL;
}

START_TEST(threads_share_a_pattern)
{
    struct pattern *p = NULL;
    pthread_t threads[4];

    ck_assert_int_eq(pattern_compile("(\\d+)-(\\d+)-(\\d+)", &r, &p, &err), 0);
    for (size_t i = 0; i < 4; i++)
        ck_assert_int_eq(pthread_create(&threads[i], NULL, match_often, p), 0);
    for (size_t i = 0; i < 4; i++) {
        void *wrong;

        ck_assert_int_eq(pthread_join(threads[i], &wrong), 0);
        ck_assert_ptr_null(wrong);
    }
}
END_TEST

/* All of it, and nothing but what it needs. */
START_TEST(a_pattern_lives_in_its_region)
{
    static char text[8000];
    struct mirror *m;
    struct pattern *p;

    /* Long enough for PCRE2 to take more while it compiles than it keeps. */
    memset(text, 'a', sizeof text - 1);
    ck_assert_int_eq(mirror_open(1024 * 1024, &m), 0);
    ck_assert_int_eq(pattern_compile(text, mirror_region(m), &p, &err), 0);
    ck_assert_uint_lt(region_used(mirror_region(m)), 3 * sizeof text);
    ck_assert_int_eq(mirror_seal(m), 0);
    ck_assert_int_eq(pattern_match(p, text, sizeof text - 1), PATTERN_YES);
    ck_assert_int_eq(pattern_match(p, text, sizeof text - 2), PATTERN_NO);
    mirror_unref(m); /* valgrind finds whatever else was left */
}
END_TEST

START_TEST(a_region_that_is_too_small_is_enomem)
{
    char text[] = "[a-z]+(?:x|y|zzzz)*";
    unsigned char mem[4096];
    struct pattern *p = NULL;
    struct region small;
    size_t n = 0;
    int rc;

    do {
        region_over(&small, mem, n++);
        rc = pattern_compile(text, &small, &p, &err);
        ck_assert(rc == 0 || (rc == -ENOMEM && p == NULL && err.num == ENOMEM));
    } while (rc < 0);
    ck_assert_uint_gt(n, 100);
    ck_assert_int_eq(pattern_match(p, "abczzzz", 7), PATTERN_YES);
}
END_TEST

Suite *
suite(void)
{
    Suite *s = suite_create("pattern");
    TCase *tc = tcase_create("pattern");

    tcase_add_checked_fixture(tc, setup, teardown);
    tcase_add_test(tc, a_value_must_match_as_a_whole);
    tcase_add_test(tc, characters_are_utf8_and_classes_are_ascii);
    tcase_add_test(tc, what_does_not_compile_is_told_with_its_offset);
    tcase_add_test(tc, a_match_that_takes_too_long_is_given_up);
    tcase_add_test(tc, threads_share_a_pattern);
    tcase_add_test(tc, a_pattern_lives_in_its_region);
    tcase_add_test(tc, a_region_that_is_too_small_is_enomem);
    suite_add_tcase(s, tc);
    return s;
}
