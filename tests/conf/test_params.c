/* tests/conf/test_params.c -- conf/params.h, promise by promise. */
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

/* --- decoding ------------------------------------------------------------ */

START_TEST(a_query_is_decoded)
{
    static const struct {
        const char *query, *value;
    } cases[] = {
        { "v=abc", "abc" },
        { "v=a+b", "a b" },
        { "v=a%20b", "a b" },
        { "v=a%2Bb", "a+b" },
        { "v=a%2bb", "a+b" },
        { "v=a%26b%3Dc", "a&b=c" },
        { "v=a=b", "a=b" },
        { "v==", "=" },
        { "v=", "" },
        { "v=%c3%a4", "\xc3\xa4" },
        { "%76=x", "x" },
        { "v=a;b", "a;b" },
        { "v=%25zz", "%zz" },
        { "&&v=x&", "x" },
        { "&v=x&&", "x" },
    };

    for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++)
        ck_assert_str_eq(bind(cases[i].query), cases[i].value);
}
END_TEST

START_TEST(what_is_no_parameter_is_refused_by_its_name)
{
    static const struct {
        const char *query, *why;
    } cases[] = {
        { "foo=1", "parameter foo: unknown" },
        { "v=1&foo", "parameter foo: unknown" },
        { "V=1", "parameter V: unknown" },
        { "v[]=1", "parameter v??: unknown" },
        { "_async=1", "parameter _async: unknown" },
        { "_", "parameter _: unknown" },
        { "v%20=1", "parameter v%20: unknown" },
        { "%00=1", "parameter %00: its name must not contain NUL" },
        { "v%00=1", "parameter v%00: its name must not contain NUL" },
        { "%=1", "parameter %: its name has a '%' without two hexadecimal digits" },
        { "%F=1", "parameter %F: its name has a '%' without two hexadecimal digits" },
        { "\xff\x1b[2J=1", "parameter ???2J: unknown" },
        { "v\nx=1", "parameter v?x: unknown" },
        { "=1", "a parameter has no name" },
        { "v=1&=", "a parameter has no name" },
        { "v=1&v=1", "parameter v: given twice" },
        { "v=1&%76=2", "parameter v: given twice" },
        { "v=&v=", "parameter v: given twice" },
        { "v", "parameter v: given without a value" },
        { "v=1&v", "parameter v: given twice" },
        { "v=%", "parameter v: has a '%' without two hexadecimal digits" },
        { "v=%4", "parameter v: has a '%' without two hexadecimal digits" },
        { "v=%zz", "parameter v: has a '%' without two hexadecimal digits" },
        { "v=%4&v=1", "parameter v: has a '%' without two hexadecimal digits" },
        { "v=a%00b", "parameter v: must not contain NUL" },
        { "v=%FF", "parameter v: is not valid UTF-8" },
        { "v=%C0%80", "parameter v: is not valid UTF-8" },
        { "v=%ED%A0%80", "parameter v: is not valid UTF-8" },
        { "v=%F4%90%80%80", "parameter v: is not valid UTF-8" },
        { "v=\xc3", "parameter v: is not valid UTF-8" },
        { "", "parameter v: missing" },
        { "&&", "parameter v: missing" },
    };

    for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++)
        check_refused(cases[i].query, cases[i].why);
}
END_TEST

START_TEST(a_long_name_is_cut_in_the_message)
{
    char query[200], why[200];

    memset(query, 'n', sizeof query);
    memcpy(query + 197, "=1", 3);
    (void)snprintf(why, sizeof why, "parameter %.64s: unknown", query);
    check_refused(query, why);
}
END_TEST

START_TEST(a_query_has_a_longest_length)
{
    char *query = malloc(WIDE);

    ck_assert_ptr_nonnull(query);
    memset(query, '&', WIDE);
    memcpy(query, "v=x", 3);
    query[PARAMS_QUERY_MAX] = '\0';
    ck_assert_str_eq(bind(query), "x");
    query[PARAMS_QUERY_MAX] = '&';
    query[PARAMS_QUERY_MAX + 1] = '\0';
    check_refused(query, "the query is longer than 16384 bytes");
    free(query);
}
END_TEST

START_TEST(values_are_in_the_order_of_the_route_and_defaults_fill_in)
{
    static const struct param three[] = {
        { .name = "a", .type = PARAM_TEXT, .max_len = 9, .fallback = "A" },
        { .name = "b", .type = PARAM_TEXT, .max_len = 9 },
        { .name = "c", .type = PARAM_TEXT, .max_len = 9, .fallback = "C" },
    };

    rt.params = three;
    rt.nparams = 3;
    ck_assert_int_eq(params_bind(&rt, "c=3&b=2", &r, &params, &err), 0);
    ck_assert_str_eq(params.value[0], "A");
    ck_assert_str_eq(params.value[1], "2");
    ck_assert_str_eq(params.value[2], "3");
    check_refused("a=1&c=3", "parameter b: missing");
}
END_TEST

START_TEST(a_route_without_parameters_takes_an_empty_query_only)
{
    rt.nparams = 0;
    ck_assert_int_eq(params_bind(&rt, "", &r, &params, &err), 0);
    ck_assert_int_eq(params_bind(&rt, "&", &r, &params, &err), 0);
    ck_assert_int_eq(params_bind(&rt, "v=1", &r, &params, &err), -EINVAL);
}
END_TEST

START_TEST(no_room_is_told_as_such)
{
    unsigned char mem[48];
    struct region small;
    char **argv;

    region_over(&small, mem, sizeof mem);
    ck_assert_int_eq(params_bind(&rt, "v=a%20value%20of%20more%20than%20sixty%20four%20bytes%20",
                         &small, &params, &err),
        -ENOMEM);
    params.value[0] = "a value";
    ck_assert_ptr_nonnull(region_alloc(&small, 32));
    ck_assert_int_eq(params_argv(&rt, &params, &small, &argv, &err), -ENOMEM);
}
END_TEST

/* --- ours ---------------------------------------------------------------- */

START_TEST(split_is_ours_on_every_route)
{
    static const struct {
        const char *query;
        enum route_output of, becomes;
    } rows[] = {
        { "v=x", ROUTE_JOINED, ROUTE_JOINED },
        { "v=x", ROUTE_SPLIT, ROUTE_SPLIT },
        { "v=x", ROUTE_RAW, ROUTE_RAW },
        { "v=x&_split=1", ROUTE_JOINED, ROUTE_SPLIT },
        { "_split=yes&v=x", ROUTE_SPLIT, ROUTE_SPLIT },
        { "_split=0&v=x", ROUTE_SPLIT, ROUTE_JOINED },
        { "%5fsplit=true&v=x", ROUTE_JOINED, ROUTE_SPLIT },
    };

    rt.output = rows[_i].of;
    ck_assert_str_eq(bind(rows[_i].query), "x");
    ck_assert_int_eq(params.output, rows[_i].becomes);
}
END_TEST

START_TEST(other_words_with_an_underscore_are_refused)
{
    check_refused("v=x&_async=1", "parameter _async: unknown");
    check_refused("v=x&_=1", "parameter _: unknown");
    check_refused("v=x&_split", "parameter _split: given without a value");
    check_refused("v=x&_split=", "parameter _split: must be true or false");
    check_refused("v=x&_split=2", "parameter _split: must be true or false");
    check_refused("_split=1&v=x&_split=1", "parameter _split: given twice");
    rt.output = ROUTE_RAW;
    check_refused("v=x&_split=1", "parameter _split: output of this route is raw");
    check_refused("v=x&_split=0", "parameter _split: output of this route is raw");
    rt.output = ROUTE_JOINED;
    rt.on_busy = ROUTE_COALESCE;
    check_refused("v=x&_split=1", "parameter _split: requests of this route share their runs");
}
END_TEST

/* --- argv ---------------------------------------------------------------- */

/* The built arguments behind the first, with '|' between, or the message. */
static const char *
build(const char *const *templates, const char *a, const char *b, char out[256])
{
    static struct param two[2];
    struct params values = { .value = { a, b } };
    const char *begin = out;
    char **argv;

    two[0] = one;
    two[0].name = "a";
    two[1] = (struct param){ .name = "b", .type = PARAM_TEXT };
    rt.argv = templates;
    rt.params = two;
    rt.nparams = 2;
    if (params_argv(&rt, &values, &r, &argv, &err) < 0)
        return err.text;
    ck_assert_str_eq(argv[0], "x");
    *out = '\0';
    for (char **arg = argv + 1; *arg; arg++)
        out += snprintf(out, 64, "%s%s", arg > argv + 1 ? "|" : "", *arg);
    return begin;
}

#define ARGV(...) ((const char *const[]){ "x", __VA_ARGS__, NULL })

START_TEST(values_take_their_places)
{
    char out[256];

    ck_assert_str_eq(build(ARGV("{a}"), "1", "2", out), "1");
    ck_assert_str_eq(
        build(ARGV("refs/heads/{a}", "--x={b}", "{a}{b}"), "1", "2", out), "refs/heads/1|--x=2|12");
    ck_assert_str_eq(build(ARGV("{{a}}", "{{{a}}}", "plain", ""), "1", "2", out), "{a}|{1}|plain|");
}
END_TEST

START_TEST(values_stay_one_argument_and_are_not_templates)
{
    char out[256];

    ck_assert_str_eq(build(ARGV("{a}"), "$(id) ; `x` \"' *", "", out), "$(id) ; `x` \"' *");
    ck_assert_str_eq(build(ARGV("{a}"), "{b}", "2", out), "{b}");
    ck_assert_str_eq(build(ARGV("{a}"), "{{", "2", out), "{{");
    ck_assert_str_eq(build(ARGV("{a}"), "%s%n", "2", out), "%s%n");
}
END_TEST

START_TEST(a_value_does_not_become_an_option)
{
    char out[256];

    ck_assert_str_eq(build(ARGV("{a}"), "-rf", "", out), "parameter a: must not begin with '-'");
    ck_assert_str_eq(build(ARGV("{a}"), "-", "", out), "parameter a: must not begin with '-'");
    ck_assert_str_eq(build(ARGV("{a}=x"), "--y", "", out), "parameter a: must not begin with '-'");
    ck_assert_str_eq(build(ARGV("{a}{b}"), "", "-x", out), "parameter b: must not begin with '-'");
    ck_assert_str_eq(
        build(ARGV("fine", "{b}"), "1", "-x", out), "parameter b: must not begin with '-'");
    /* Behind something it is none. */
    ck_assert_str_eq(build(ARGV("-{a}", "x{a}", "{b}{a}"), "-1", "2", out), "--1|x-1|2-1");
}
END_TEST

START_TEST(allow_dash_lets_a_value_be_an_option)
{
    char out[256];

    one.allow_dash = true;
    ck_assert_str_eq(build(ARGV("{a}"), "-rf", "", out), "-rf");
    ck_assert_str_eq(build(ARGV("{b}"), "1", "-rf", out), "parameter b: must not begin with '-'");
    ck_assert_str_eq(build(ARGV("{b}{a}"), "-1", "", out), "-1");
}
END_TEST

START_TEST(an_argument_is_empty_only_when_it_is_one_place)
{
    char out[256];

    ck_assert_str_eq(build(ARGV("{a}", "end"), "", "", out), "|end");
    ck_assert_str_eq(build(ARGV("{a}{b}"), "", "", out), "parameter a: must not be empty");
    ck_assert_str_eq(build(ARGV("-{a}", "", "end"), "", "", out), "-||end");
}
END_TEST

/* --- environment --------------------------------------------------------- */

START_TEST(without_variables_the_environment_is_the_routes)
{
    char *const *envp = NULL;

    params.value[0] = "x";
    ck_assert_int_eq(params_env(&rt, &params, &r, &envp, &err), 0);
    ck_assert_ptr_eq(envp, no_env);
}
END_TEST

START_TEST(a_variable_carries_its_value_and_replaces_its_namesake)
{
    static const struct param two[] = { { .name = "a", .env = "LANG" },
        { .name = "b", .env = "B" } };
    struct params values = { .value = { "C; x=\"y\"", "" } };
    char *const *envp = NULL;

    rt.params = two;
    rt.nparams = 2;
    ck_assert_int_eq(params_env(&rt, &values, &r, &envp, &err), 0);
    ck_assert_str_eq(envp[0], "PATH=/bin");
    ck_assert_str_eq(envp[1], "LANG=C; x=\"y\"");
    ck_assert_str_eq(envp[2], "B=");
    ck_assert_ptr_null(envp[3]);
    ck_assert_str_eq(no_env[1], "LANG=C.UTF-8");
}
END_TEST

Suite *
suite(void)
{
    Suite *s = suite_create("params");
    TCase *tc = tcase_create("query");

    tcase_add_checked_fixture(tc, setup, teardown);
    tcase_add_test(tc, a_query_is_decoded);
    tcase_add_test(tc, what_is_no_parameter_is_refused_by_its_name);
    tcase_add_test(tc, a_long_name_is_cut_in_the_message);
    tcase_add_test(tc, a_query_has_a_longest_length);
    tcase_add_test(tc, values_are_in_the_order_of_the_route_and_defaults_fill_in);
    tcase_add_test(tc, a_route_without_parameters_takes_an_empty_query_only);
    tcase_add_test(tc, no_room_is_told_as_such);
    tcase_add_loop_test(tc, split_is_ours_on_every_route, 0, 7);
    tcase_add_test(tc, other_words_with_an_underscore_are_refused);
    suite_add_tcase(s, tc);

    tc = tcase_create("command");
    tcase_add_checked_fixture(tc, setup, teardown);
    tcase_add_test(tc, values_take_their_places);
    tcase_add_test(tc, values_stay_one_argument_and_are_not_templates);
    tcase_add_test(tc, a_value_does_not_become_an_option);
    tcase_add_test(tc, allow_dash_lets_a_value_be_an_option);
    tcase_add_test(tc, an_argument_is_empty_only_when_it_is_one_place);
    tcase_add_test(tc, without_variables_the_environment_is_the_routes);
    tcase_add_test(tc, a_variable_carries_its_value_and_replaces_its_namesake);
    suite_add_tcase(s, tc);
    return s;
}
