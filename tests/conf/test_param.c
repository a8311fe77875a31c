/* tests/conf/test_param.c -- conf/param.h, promise by promise: through the query that a client
 * sends. */
#include "config.h"

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "arena/region.h"
#include "base/err.h"
#include "conf/params.h"
#include "conf/pattern.h"
#include "tests/suite.h"

enum {
    MEM = 1024 * 1024,
    WIDE = 3 * PARAMS_QUERY_MAX,
};

static struct region r;
static struct err err;
static struct params params;
static struct param one; /* the parameter of `rt` */
static struct route rt;
static char *no_env[] = { "PATH=/bin", "LANG=C.UTF-8", NULL };

static void
setup(void)
{
    static const char *const argv[] = { "command", "{v}", NULL };

    ck_assert_int_eq(region_init(&r, MEM), 0);
    one = (struct param){ .name = "v", .type = PARAM_TEXT, .max_len = 32 };
    rt = (struct route){ .path = "/x", .argv = argv, .env = no_env, .params = &one, .nparams = 1 };
    params = (struct params){ .split = NULL };
}

static void
teardown(void)
{
    region_done(&r);
}

/* The value of the one parameter, or why the query is refused. */
static const char *
bind(const char *query)
{
    int rc = params_bind(&rt, query, &r, &params, &err);

    if (rc == 0)
        return params.value[0];
    ck_assert_int_eq(rc, -EINVAL);
    ck_assert_int_eq(err.num, EINVAL);
    return err.text;
}

static void
check_refused(const char *query, const char *why)
{
    params.value[0] = "untouched";
    ck_assert_msg(
        params_bind(&rt, query, &r, &params, &err) == -EINVAL, "%s is not refused", query);
    ck_assert_msg(strcmp(err.text, why) == 0, "%s: %s", query, err.text);
    ck_assert_str_eq(params.value[0], "untouched");
}

/* --- types --------------------------------------------------------------- */

struct type_case {
    const char *query;
    const char *result; /* the value, or the message behind "parameter v: " */
    bool good;
};

static void
check_cases(const struct type_case *cases, size_t n)
{
    for (size_t i = 0; i < n; i++) {
        const char *got = bind(cases[i].query);
        bool good = params.value[0] == got;

        ck_assert_msg(good == cases[i].good, "%s: %s", cases[i].query, got);
        if (!good) {
            ck_assert_int_eq(strncmp(got, "parameter v: ", 13), 0);
            got += 13;
        }
        ck_assert_msg(strcmp(got, cases[i].result) == 0, "%s: %s", cases[i].query, got);
        params.value[0] = NULL;
    }
}

#define CHECK_CASES(cases) check_cases(cases, sizeof(cases) / sizeof(cases)[0])

START_TEST(a_branch_is_judged_by_branch_refuse)
{
    static const struct type_case cases[] = {
        { "v=feature/x", "feature/x", true },
        { "v=a..b", "must not contain '..'", false },
        { "v=--upload-pack%3Dtouch+x", "must not begin with '-'", false },
        { "v=", "must not be empty", false },
        { "v=HEAD", "must not be HEAD", false },
        { "v=a%0Ab", "must hold nothing but letters, digits and . _ / -", false },
    };

    one.type = PARAM_GIT_BRANCH;
    CHECK_CASES(cases);
}
END_TEST

#define NO_NUMBER "must be a decimal number without '+' and leading zeros"
#define NO_RANGE "must be between -5 and 10"

START_TEST(a_number_is_decimal_and_within_its_range)
{
    static const struct type_case cases[] = {
        { "v=0", "0", true },
        { "v=10", "10", true },
        { "v=-5", "-5", true },
        { "v=11", NO_RANGE, false },
        { "v=-6", NO_RANGE, false },
        { "v=9223372036854775808", NO_RANGE, false },
        { "v=-9223372036854775809", NO_RANGE, false },
        { "v=99999999999999999999999", NO_RANGE, false },
        { "v=", NO_NUMBER, false },
        { "v=-", NO_NUMBER, false },
        { "v=--1", NO_NUMBER, false },
        { "v=-0", NO_NUMBER, false },
        { "v=00", NO_NUMBER, false },
        { "v=07", NO_NUMBER, false },
        { "v=%2B1", NO_NUMBER, false },
        { "v=+1", NO_NUMBER, false },
        { "v=1+", NO_NUMBER, false },
        { "v=0x1", NO_NUMBER, false },
        { "v=1e1", NO_NUMBER, false },
        { "v=1.0", NO_NUMBER, false },
        { "v=1%0A", NO_NUMBER, false },
        { "v=%D9%A3", NO_NUMBER, false },
    };

    one.type = PARAM_INT;
    one.min = -5;
    one.max = 10;
    CHECK_CASES(cases);
}
END_TEST

START_TEST(a_number_can_be_any_of_64_bits)
{
    static const struct type_case cases[] = {
        { "v=9223372036854775807", "9223372036854775807", true },
        { "v=-9223372036854775808", "-9223372036854775808", true },
    };

    one.type = PARAM_INT;
    one.min = INT64_MIN;
    one.max = INT64_MAX;
    CHECK_CASES(cases);
}
END_TEST

START_TEST(an_enum_is_one_of_its_values)
{
    static const char *const values[] = { "a", "b c", "-x", "", NULL };
    static const struct type_case cases[] = {
        { "v=a", "a", true },
        { "v=b+c", "b c", true },
        { "v=-x", "-x", true },
        { "v=", "", true },
        { "v=A", "is none of the values that are allowed", false },
        { "v=ab", "is none of the values that are allowed", false },
        { "v=b", "is none of the values that are allowed", false },
    };

    one.type = PARAM_ENUM;
    one.values = values;
    CHECK_CASES(cases);
}
END_TEST

START_TEST(a_bool_becomes_true_or_false)
{
    static const struct type_case cases[] = {
        { "v=true", "true", true },
        { "v=yes", "true", true },
        { "v=on", "true", true },
        { "v=1", "true", true },
        { "v=false", "false", true },
        { "v=no", "false", true },
        { "v=off", "false", true },
        { "v=0", "false", true },
        { "v=", "must be true or false", false },
        { "v=TRUE", "must be true or false", false },
        { "v=2", "must be true or false", false },
        { "v=true+", "must be true or false", false },
    };

    one.type = PARAM_BOOL;
    CHECK_CASES(cases);
}
END_TEST

#define CONTROL "must not contain control characters"

START_TEST(a_text_has_a_length_and_no_control_characters)
{
    static const struct type_case cases[] = {
        { "v=", "", true },
        { "v=%C3%A4%20%22%27$(id)", "\xc3\xa4 \"'$(id)", true },
        { "v=12345678901234567890123456789012", "12345678901234567890123456789012", true },
        { "v=123456789012345678901234567890123", "must not be longer than 32 bytes", false },
        { "v=a%0Ab", CONTROL, false },
        { "v=%09", CONTROL, false },
        { "v=%1B[2J", CONTROL, false },
        { "v=%7F", CONTROL, false },
        { "v=%C2%80", CONTROL, false },
        { "v=%C2%9B2J", CONTROL, false },
        { "v=%C2%A0", "\xc2\xa0", true },
    };

    CHECK_CASES(cases);
}
END_TEST

START_TEST(a_text_must_match_its_pattern_as_a_whole)
{
    static const struct type_case cases[] = {
        { "v=abc", "abc", true },
        { "v=abc1", "does not have the form that is asked for", false },
        { "v=", "does not have the form that is asked for", false },
    };
    struct pattern *p = NULL;

    ck_assert_int_eq(pattern_compile("[a-z]+", &r, &p, &err), 0);
    one.pattern = p;
    CHECK_CASES(cases);
}
END_TEST

START_TEST(a_text_that_is_too_hard_to_match_is_refused)
{
    struct pattern *p = NULL;

    ck_assert_int_eq(pattern_compile("(a+)+[bc]", &r, &p, &err), 0);
    one.pattern = p;
    check_refused("v=aaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaa",
        "parameter v: is too hard to compare with its pattern");
}
END_TEST

/* --- paths --------------------------------------------------------------- */

static char dir[64];

static void
make_file(const char *name)
{
    char path[128];
    int fd;

    (void)snprintf(path, sizeof path, "%s/%s", dir, name);
    fd = open(path, O_WRONLY | O_CREAT, 0600);
    ck_assert_int_ge(fd, 0);
    ck_assert_int_eq(close(fd), 0);
}

static void
make_link(const char *to, const char *name)
{
    char path[128];

    (void)snprintf(path, sizeof path, "%s/%s", dir, name);
    ck_assert_int_eq(symlink(to, path), 0);
}

/* dir/outside, and the root dir/root with a file, a folder and links. */
static void
setup_tree(void)
{
    const char *tmp = getenv("TMPDIR");
    static char root[128];
    char path[128];

    setup();
    (void)snprintf(dir, sizeof dir, "%s/cmon-params.XXXXXX", tmp ? tmp : "/tmp");
    ck_assert_ptr_nonnull(mkdtemp(dir));
    (void)snprintf(root, sizeof root, "%s/root", dir);
    ck_assert_int_eq(mkdir(root, 0700), 0);
    (void)snprintf(path, sizeof path, "%s/root/sub", dir);
    ck_assert_int_eq(mkdir(path, 0700), 0);
    make_file("outside");
    make_file("root/file");
    make_file("root/sub/file");
    make_link("../outside", "root/out");
    make_link("sub/file", "root/in");
    make_link("/etc/passwd", "root/absolute");
    make_link("..", "root/sub/up");
    make_link("../..", "root/sub/upup");
    make_link("loop", "root/loop");
    make_link("nowhere", "root/dangling");
    one.type = PARAM_PATH;
    one.root = root;
}

static void
teardown_tree(void)
{
    static const char *const names[] = { "root/dangling", "root/loop", "root/sub/upup",
        "root/sub/up", "root/absolute", "root/in", "root/out", "root/sub/file", "root/file",
        "outside", "root/sub", "root", "" };

    for (size_t i = 0; i < sizeof names / sizeof names[0]; i++) {
        char path[128];

        (void)snprintf(path, sizeof path, "%s/%s", dir, names[i]);
        ck_assert_int_eq(remove(path), 0);
    }
    teardown();
}

START_TEST(a_path_below_the_root_becomes_absolute)
{
    static const char *const good[] = { "file", "sub", "sub/file", "in", "sub/up/file" };

    for (size_t i = 0; i < sizeof good / sizeof good[0]; i++) {
        char query[64], want[160];

        (void)snprintf(query, sizeof query, "v=%s", good[i]);
        (void)snprintf(want, sizeof want, "%s/%s", one.root, good[i]);
        ck_assert_str_eq(bind(query), want);
    }
}
END_TEST

START_TEST(a_path_that_leads_elsewhere_is_refused)
{
    static const struct type_case cases[] = {
        { "v=", "must not be empty", false },
        { "v=/etc/passwd", "must not begin with '/'", false },
        { "v=%2Fetc/passwd", "must not begin with '/'", false },
        { "v=..", "must not contain '..'", false },
        { "v=../outside", "must not contain '..'", false },
        { "v=sub/../../outside", "must not contain '..'", false },
        { "v=sub/%2e%2e/file", "must not contain '..'", false },
        { "v=sub/..", "must not contain '..'", false },
        { "v=.", "must not contain '.' as a part", false },
        { "v=./file", "must not contain '.' as a part", false },
        { "v=sub//file", "must not contain '//' or end in '/'", false },
        { "v=sub/", "must not contain '//' or end in '/'", false },
        { "v=file%0A", CONTROL, false },
        { "v=file%00", "must not contain NUL", false },
        { "v=nowhere", "does not exist", false },
        { "v=file/x", "does not exist", false },
        { "v=dangling", "does not exist", false },
        { "v=out", "leads out of its root", false },
        { "v=absolute", "leads out of its root", false },
        { "v=sub/upup", "leads out of its root", false },
        { "v=sub/upup/outside", "leads out of its root", false },
        { "v=loop", "leads out of its root", false },
    };

    CHECK_CASES(cases);
}
END_TEST

START_TEST(a_magic_link_is_not_followed)
{
    one.root = "/proc/self";
    check_refused("v=root/etc/passwd", "parameter v: leads out of its root");
    check_refused("v=fd/0", "parameter v: leads out of its root");
}
END_TEST

START_TEST(a_path_has_a_longest_length)
{
    char query[PARAM_PATH_MAX + 4] = "v=";

    memset(query + 2, 'x', PARAM_PATH_MAX + 1);
    query[PARAM_PATH_MAX + 3] = '\0';
    check_refused(query, "parameter v: must not be longer than 1024 bytes");
    query[PARAM_PATH_MAX + 2] = '\0';
    check_refused(query, "parameter v: does not exist");
}
END_TEST

START_TEST(a_default_path_is_looked_up_too)
{
    one.fallback = "file";
    ck_assert_int_eq(access(bind(""), F_OK), 0);
    one.fallback = "nowhere";
    check_refused("", "parameter v: does not exist");
}
END_TEST

START_TEST(a_root_that_is_gone_is_told)
{
    one.root = "/nowhere/at/all";
    check_refused("v=file", "parameter v: cannot be looked up: its root is not there");
}
END_TEST

START_TEST(a_root_can_be_the_root)
{
    one.root = "/";
    ck_assert_str_eq(bind("v=etc/passwd"), "/etc/passwd");
}
END_TEST

static TCase *
type_cases(void)
{
    TCase *tc = tcase_create("types");

    tcase_add_checked_fixture(tc, setup, teardown);
    tcase_add_test(tc, a_branch_is_judged_by_branch_refuse);
    tcase_add_test(tc, a_number_is_decimal_and_within_its_range);
    tcase_add_test(tc, a_number_can_be_any_of_64_bits);
    tcase_add_test(tc, an_enum_is_one_of_its_values);
    tcase_add_test(tc, a_bool_becomes_true_or_false);
    tcase_add_test(tc, a_text_has_a_length_and_no_control_characters);
    tcase_add_test(tc, a_text_must_match_its_pattern_as_a_whole);
    tcase_add_test(tc, a_text_that_is_too_hard_to_match_is_refused);
    return tc;
}

static TCase *
path_cases(void)
{
    TCase *tc = tcase_create("paths");

    tcase_set_tags(tc, SUITE_NATIVE);
    tcase_add_checked_fixture(tc, setup_tree, teardown_tree);
    tcase_add_test(tc, a_path_below_the_root_becomes_absolute);
    tcase_add_test(tc, a_path_that_leads_elsewhere_is_refused);
    tcase_add_test(tc, a_magic_link_is_not_followed);
    tcase_add_test(tc, a_path_has_a_longest_length);
    tcase_add_test(tc, a_default_path_is_looked_up_too);
    tcase_add_test(tc, a_root_that_is_gone_is_told);
    tcase_add_test(tc, a_root_can_be_the_root);
    return tc;
}

Suite *
suite(void)
{
    Suite *s = suite_create("param");

    suite_add_tcase(s, type_cases());
    suite_add_tcase(s, path_cases());
    return s;
}
