/* tests/conf/test_route.c -- conf/route.h, method.h, template.h and builtin.h, promise by promise.
 */
#include "config.h"

#include <errno.h>
#include <string.h>

#include "base/buf.h"
#include "base/err.h"
#include "conf/builtin.h"
#include "conf/route.h"
#include "conf/template.h"
#include "tests/suite.h"

START_TEST(every_method_has_a_name_and_every_name_its_bit)
{
    static const char *const names[] = { "GET", "POST", "PUT", "DELETE", "PATCH", "HEAD",
        "OPTIONS" };
    static const unsigned bits[] = { METHOD_GET, METHOD_POST, METHOD_PUT, METHOD_DELETE,
        METHOD_PATCH, METHOD_HEAD, METHOD_OPTIONS };

    for (size_t i = 0; i < sizeof bits / sizeof bits[0]; i++) {
        ck_assert_uint_eq(method_from_name(names[i]), bits[i]);
        ck_assert_pstr_eq(method_name(bits[i]), names[i]);
    }
}
END_TEST

START_TEST(an_unknown_method_is_no_bit)
{
    static const char *const names[] = { "", "get", "GE", "GETS", "BREW", "GET ", " GET", "CONNECT",
        "TRACE" };

    for (size_t i = 0; i < sizeof names / sizeof names[0]; i++)
        ck_assert_uint_eq(method_from_name(names[i]), 0);
}
END_TEST

START_TEST(methods_come_in_the_order_of_allow_and_end)
{
    unsigned seen = 0;
    size_t i;

    for (i = 0; method_at(i); i++)
        seen |= method_at(i);
    ck_assert_uint_eq(i, 7);
    ck_assert_uint_eq(seen, 0x7f);
    ck_assert_uint_eq(method_at(8), 0);
    ck_assert_uint_eq(method_at(SIZE_MAX), 0);
}
END_TEST

START_TEST(allow_has_head_beside_get_and_always_options)
{
    static const struct {
        unsigned methods;
        const char *allow;
    } cases[] = {
        { METHOD_GET, "GET, HEAD, OPTIONS" },
        { METHOD_POST, "POST, OPTIONS" },
        { METHOD_GET | METHOD_POST, "GET, HEAD, POST, OPTIONS" },
        { METHOD_PUT, "PUT, OPTIONS" },
        { METHOD_GET | METHOD_POST | METHOD_PUT | METHOD_DELETE | METHOD_PATCH,
            "GET, HEAD, POST, PUT, DELETE, PATCH, OPTIONS" },
    };

    for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++) {
        struct route rt = { .methods = cases[i].methods };
        char buf[ROUTE_ALLOW_MAX];

        ck_assert_pstr_eq(route_allow(&rt, buf), cases[i].allow);
    }
}
END_TEST

START_TEST(a_parameter_is_found_by_all_bytes_of_its_name)
{
    static const struct param params[] = { { .name = "a" }, { .name = "ab" } };
    struct route rt = { .params = params, .nparams = 2 };

    ck_assert_ptr_eq(route_param(&rt, "ab}", 2), &params[1]);
    ck_assert_ptr_eq(route_param(&rt, "ab}", 1), &params[0]);
    ck_assert_ptr_null(route_param(&rt, "ab}", 3));
    ck_assert_ptr_null(route_param(&rt, "", 0));
    rt.nparams = 0;
    ck_assert_ptr_null(route_param(&rt, "a", 1));
}
END_TEST

START_TEST(types_have_the_names_of_the_manual)
{
    static const char *const names[PARAM_TYPE_MAX] = { "git-branch", "int", "enum", "bool", "path",
        "text" };

    for (size_t i = 0; i < PARAM_TYPE_MAX; i++) {
        enum param_type type = PARAM_TYPE_MAX;

        ck_assert_pstr_eq(param_type_name((enum param_type)i), names[i]);
        ck_assert_int_eq(param_type_from_name(names[i], &type), 0);
        ck_assert_uint_eq(type, i);
    }
}
END_TEST

START_TEST(an_unknown_type_is_told)
{
    enum param_type type = PARAM_BOOL;

    ck_assert_int_eq(param_type_from_name("float", &type), -ENOENT);
    ck_assert_int_eq(param_type_from_name("", &type), -ENOENT);
    ck_assert_int_eq(type, PARAM_BOOL);
}
END_TEST

/* Writes a template's pieces as "literal|<place>|". */
static const char *
pieces_of(const char *template, char out[128])
{
    struct template_piece piece;
    struct err err;
    struct buf b;
    int r;

    buf_over(&b, out, 128);
    while ((r = template_next(&template, &piece, &err)) > 0)
        buf_printf(&b, piece.place ? "<%.*s>|" : "%.*s|", (int)piece.n, piece.text);
    buf_puts(&b, r < 0 ? err.text : "");
    return buf_cstr(&b);
}

START_TEST(a_template_is_literals_and_places)
{
    static const struct {
        const char *template, *pieces;
    } cases[] = {
        { "", "" },
        { "plain", "plain|" },
        { "{a}", "<a>|" },
        { "refs/heads/{branch}", "refs/heads/|<branch>|" },
        { "{a}{b}", "<a>|<b>|" },
        { "{{a}}", "{|a|}|" },
        { "{{{a}}}", "{|<a>|}|" },
        { "a}}b", "a|}|b|" },
        { "{{", "{|" },
        { "${HOME}", "$|<HOME>|" },
    };
    char out[128];

    for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++)
        ck_assert_pstr_eq(pieces_of(cases[i].template, out), cases[i].pieces);
}
END_TEST

START_TEST(a_brace_without_its_fellow_is_told)
{
    static const struct {
        const char *template, *why;
    } cases[] = {
        { "{", "'{' is never closed" },
        { "a{b", "'{' is never closed" },
        { "{a{b}", "'{' is never closed" },
        { "{{{", "'{' is never closed" },
        { "}", "'}' closes nothing" },
        { "a}b", "'}' closes nothing" },
        { "{a}}", "'}' closes nothing" },
        { "{}", "'{}' names no parameter" },
    };
    char out[128];

    for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++)
        ck_assert_msg(strstr(pieces_of(cases[i].template, out), cases[i].why) != NULL, "%s: %s",
            cases[i].template, out);
}
END_TEST

/* README.md, "The API": people script against it. */
START_TEST(the_seven_routes_are_those_of_the_api)
{
    static const struct {
        const char *path;
        unsigned methods;
        const char *command; /* its argv with blanks between */
        bool branch, detach;
    } api[] = {
        { "/health", METHOD_GET, "uptime ", false, false },
        { "/logs", METHOD_GET, "journalctl -n 50 --no-pager ", false, false },
        { "/reboot", METHOD_POST, "reboot ", false, false },
        { "/restart", METHOD_POST, "", false, false },
        { "/sync_upstream", METHOD_PUT, "git pull --ff-only origin refs/heads/{branch} ", true,
            false },
        { "/deploy_branch", METHOD_GET | METHOD_POST, "./deploy.sh {branch} ", true, true },
        { "/teardown_branch", METHOD_DELETE, "./teardown.sh {branch} ", true, false },
    };
    size_t n;

    (void)builtin_routes(&n);
    ck_assert_uint_eq(n, sizeof api / sizeof api[0]);
    for (size_t i = 0; i < n; i++) {
        const struct builtin *b = builtin_find(api[i].path);
        char command[128];
        struct buf words;

        ck_assert_ptr_nonnull(b);
        ck_assert_uint_eq(b->methods, api[i].methods);
        ck_assert_int_eq(b->detach, api[i].detach);
        ck_assert_int_eq(b->action, b->argv ? ROUTE_RUN : ROUTE_RESTART);
        buf_over(&words, command, sizeof command);
        for (const char *const *arg = b->argv; arg && *arg; arg++)
            buf_printf(&words, "%s ", *arg);
        ck_assert_pstr_eq(buf_cstr(&words), api[i].command);
        ck_assert_uint_eq(b->nparams, api[i].branch);
        if (api[i].branch) {
            ck_assert_str_eq(b->params[0].name, "branch");
            ck_assert_int_eq(b->params[0].type, PARAM_GIT_BRANCH);
            ck_assert_str_eq(b->params[0].fallback, "main");
        }
    }
    ck_assert_ptr_null(builtin_find("/health/"));
    ck_assert_ptr_null(builtin_find(""));
}
END_TEST

Suite *
suite(void)
{
    Suite *s = suite_create("route");
    TCase *tc = tcase_create("route");

    tcase_add_test(tc, every_method_has_a_name_and_every_name_its_bit);
    tcase_add_test(tc, an_unknown_method_is_no_bit);
    tcase_add_test(tc, methods_come_in_the_order_of_allow_and_end);
    tcase_add_test(tc, allow_has_head_beside_get_and_always_options);
    tcase_add_test(tc, a_parameter_is_found_by_all_bytes_of_its_name);
    tcase_add_test(tc, types_have_the_names_of_the_manual);
    tcase_add_test(tc, an_unknown_type_is_told);
    tcase_add_test(tc, a_template_is_literals_and_places);
    tcase_add_test(tc, a_brace_without_its_fellow_is_told);
    tcase_add_test(tc, the_seven_routes_are_those_of_the_api);
    suite_add_tcase(s, tc);
    return s;
}
