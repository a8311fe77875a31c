/* tests/fcgi/test_req.c -- fcgi/req.h, promise by promise. */
#include "config.h"

#include <errno.h>
#include <stdbool.h>
#include <string.h>

#include "arena/region.h"
#include "fcgi/req.h"
#include "tests/suite.h"

#define TOKEN "0123456789abcdef0123456789abcdef0123456789abcdef0123456789abcdef"

enum {
    REGION = 4096
};

static unsigned char mem[REGION];
static struct region r;
static struct req req;

static void
setup(void)
{
    memset(mem, 0, sizeof mem);
    region_over(&r, mem, sizeof mem);
}

static void
teardown(void)
{
    region_done(&r);
}

/* Makes a request of the given variables. */
#define MAKE(...) ck_assert_int_eq(req_from_env((char *[]){ __VA_ARGS__, NULL }, &r, &req), 0)

static const struct {
    const char *name;
    size_t at;
} field[] = {
    { "REQUEST_METHOD", offsetof(struct req, method) },
    { "PATH_INFO", offsetof(struct req, path_info) },
    { "SCRIPT_NAME", offsetof(struct req, script_name) },
    { "DOCUMENT_URI", offsetof(struct req, document_uri) },
    { "CMON_PREFIX", offsetof(struct req, prefix) },
    { "QUERY_STRING", offsetof(struct req, query) },
    { "REMOTE_ADDR", offsetof(struct req, client) },
    { "DOCUMENT_ROOT", offsetof(struct req, document_root) },
};

enum {
    NFIELD = sizeof field / sizeof field[0]
};

static const char *
get(int i)
{
    return *(const char *const *)(const void *)((const char *)&req + field[i].at);
}

static char *
var(const char *name, const char *value)
{
    char *s = region_printf(&r, "%s=%s", name, value);

    ck_assert_ptr_nonnull(s);
    return s;
}

START_TEST(each_variable_has_its_place)
{
    int i;

    MAKE(var(field[_i].name, "a=b c"));
    for (i = 0; i < NFIELD; i++)
        if (i == _i)
            ck_assert_str_eq(get(i), "a=b c");
        else
            ck_assert_pstr_eq(get(i), field[i].at == offsetof(struct req, prefix) ? NULL : "");
    ck_assert_uint_eq(req.ncredentials, 0);
    ck_assert_int_eq(req.content_length, REQ_LENGTH_UNKNOWN);
}
END_TEST

START_TEST(what_is_not_given_is_empty_and_the_prefix_null)
{
    char *none[] = { NULL };
    int i;

    memset(&req, 0xee, sizeof req);
    ck_assert_int_eq(req_from_env(none, &r, &req), 0);
    for (i = 0; i < NFIELD; i++)
        ck_assert_pstr_eq(get(i), field[i].at == offsetof(struct req, prefix) ? NULL : "");
    ck_assert_int_eq(req.content_length, REQ_LENGTH_UNKNOWN);
    ck_assert_uint_eq(req.body_len, 0);
    ck_assert_uint_eq(req.ncredentials, 0);
    ck_assert(!req.credential_repeated);
}
END_TEST

START_TEST(where_a_name_is_repeated_the_first_counts)
{
    MAKE(var("A", "b"), var(field[_i].name, "first"), var(field[_i].name, "second"),
        var(field[_i].name, ""));
    ck_assert_str_eq(get(_i), "first");
}
END_TEST

START_TEST(an_empty_first_counts_too)
{
    MAKE(var(field[_i].name, ""), var(field[_i].name, "second"));
    ck_assert_str_eq(get(_i), "");
}
END_TEST

START_TEST(only_the_whole_name_counts)
{
    const char *name = field[_i].name;

    MAKE(var(region_printf(&r, "%sX", name), "1"), var(region_printf(&r, "X%s", name), "2"),
        var(region_printf(&r, "HTTP_%s", name), "3"),
        var(region_printf(&r, "REDIRECT_%s", name), "4"), region_strdup(&r, name),
        region_strndup(&r, name, strlen(name) - 1), var(region_printf(&r, " %s", name), "5"));
    if (field[_i].at == offsetof(struct req, prefix))
        ck_assert_ptr_null(req.prefix);
    else
        ck_assert_str_eq(get(_i), "");
}
END_TEST

START_TEST(strings_are_copied_into_the_region)
{
    char method[] = "REQUEST_METHOD=GET", token[] = "HTTP_ACCESS_TOKEN=" TOKEN;

    MAKE(method, token);
    memset(method, 'x', sizeof method - 1);
    memset(token, 'x', sizeof token - 1);
    ck_assert_str_eq(req.method, "GET");
    ck_assert_str_eq(req.credential[0], TOKEN);
}
END_TEST

START_TEST(the_length_of_the_body_is_a_number_or_told_apart)
{
    static const struct {
        const char *text;
        int64_t length;
    } known[] = {
        { "0", 0 },
        { "1", 1 },
        { "007", 7 },
        { "65536", 65536 },
        { "9223372036854775807", INT64_MAX },
        { "", REQ_LENGTH_UNKNOWN },
        { "-1", REQ_LENGTH_UNKNOWN },
        { "-2", REQ_LENGTH_BAD },
        { "9223372036854775808", REQ_LENGTH_BAD },
        { "99999999999999999999", REQ_LENGTH_BAD },
        { "x", REQ_LENGTH_BAD },
        { "1x", REQ_LENGTH_BAD },
        { "0x10", REQ_LENGTH_BAD },
        { " 1", REQ_LENGTH_BAD },
        { "1 ", REQ_LENGTH_BAD },
        { "+1", REQ_LENGTH_BAD },
        { "1.5", REQ_LENGTH_BAD },
        { "1,1", REQ_LENGTH_BAD },
    };

    MAKE(var("CONTENT_LENGTH", known[_i].text));
    ck_assert_int_eq(req.content_length, known[_i].length);
}
END_TEST

START_TEST(of_two_lengths_the_first_counts)
{
    MAKE(var("CONTENT_LENGTH", "5"), var("CONTENT_LENGTH", "7"));
    ck_assert_int_eq(req.content_length, 5);
    MAKE(var("CONTENT_LENGTH", "-1"), var("CONTENT_LENGTH", "7"));
    ck_assert_int_eq(req.content_length, REQ_LENGTH_UNKNOWN);
}
END_TEST

static const char *const header[] = { "HTTP_ACCESS_TOKEN", "HTTP_X_ACCESS_TOKEN",
    "HTTP_AUTHORIZATION", "REDIRECT_HTTP_ACCESS_TOKEN", "REDIRECT_HTTP_X_ACCESS_TOKEN",
    "REDIRECT_HTTP_AUTHORIZATION" };

/* A header with a token as it carries one. */
static char *
credential(int i, const char *token)
{
    return var(
        header[i], strstr(header[i], "AUTH") ? region_printf(&r, "Bearer %s", token) : token);
}

static bool
is_secret(const char *s)
{
    return req_is_secret(s, strlen(s));
}

START_TEST(each_header_carries_a_credential)
{
    MAKE(credential(_i, TOKEN));
    ck_assert_uint_eq(req.ncredentials, 1);
    ck_assert_str_eq(req.credential[0], TOKEN);
    ck_assert(!req.credential_repeated);
    ck_assert(is_secret(credential(_i, TOKEN)));
}
END_TEST

START_TEST(an_empty_header_is_a_credential)
{
    MAKE(credential(_i, ""));
    ck_assert_uint_eq(req.ncredentials, 1);
    ck_assert_str_eq(req.credential[0], "");
}
END_TEST

START_TEST(a_repeated_header_is_told)
{
    MAKE(credential(_i, TOKEN), credential(_i, TOKEN));
    ck_assert(req.credential_repeated);
    ck_assert_uint_eq(req.ncredentials, 1);
}
END_TEST

START_TEST(all_headers_at_once_are_no_repetition)
{
    unsigned i;

    MAKE(credential(0, "a"), credential(1, "b"), credential(2, "c"), credential(3, "d"),
        credential(4, "e"), credential(5, "f"));
    ck_assert(!req.credential_repeated);
    ck_assert_uint_eq(req.ncredentials, REQ_CREDENTIALS_MAX);
    for (i = 0; i < req.ncredentials; i++)
        ck_assert_int_eq(req.credential[i][0], (char)('a' + i));
}
END_TEST

START_TEST(the_bearer_scheme_is_taken_off)
{
    static const struct {
        const char *value, *token;
    } known[] = {
        { "Bearer abc", "abc" },
        { "bearer abc", "abc" },
        { "BEARER abc", "abc" },
        { "bEaReR abc", "abc" },
        { "Bearer    abc", "abc" },
        { "Bearer abc ", "abc " },
        { "Bearer a b", "a b" },
        { "Bearer ", "" },
        { "Bearer", "" },
    };

    MAKE(var(header[2], known[_i].value), var(header[5], known[_i].value));
    ck_assert_uint_eq(req.ncredentials, 2);
    ck_assert_str_eq(req.credential[0], known[_i].token);
    ck_assert_str_eq(req.credential[1], known[_i].token);
}
END_TEST

START_TEST(other_schemes_are_ignored)
{
    static const char *const value[] = { "Basic dTpw", "Digest username=x", "Token " TOKEN, TOKEN,
        "", " Bearer " TOKEN, "Bearer2 " TOKEN, "Beare " TOKEN, "Bearer\t" TOKEN, "Bearer:" TOKEN };

    MAKE(var(header[2], value[_i]), var(header[5], value[_i]), var(header[5], value[_i]),
        credential(0, TOKEN));
    ck_assert_uint_eq(req.ncredentials, 1);
    ck_assert_str_eq(req.credential[0], TOKEN);
    ck_assert(!req.credential_repeated);
}
END_TEST

START_TEST(another_scheme_beside_bearer_is_no_repetition)
{
    MAKE(var(header[2], "Basic dTpw"), credential(2, TOKEN), var(header[2], "Basic dTpw"));
    ck_assert_uint_eq(req.ncredentials, 1);
    ck_assert(!req.credential_repeated);
}
END_TEST

START_TEST(what_only_looks_like_a_credential_is_none)
{
    static const char *const name[] = { "HTTP_ACCESS_TOKENS", "ACCESS_TOKEN", "XHTTP_ACCESS_TOKEN",
        "HTTP_ACCESS-TOKEN", "REDIRECT_REDIRECT_HTTP_ACCESS_TOKEN", "REDIRECT_", "AUTHORIZATION",
        "http_access_token", "HTTP_PROXY_AUTHORIZATION", "HTTP_COOKIE" };

    MAKE(var(name[_i], TOKEN));
    ck_assert_uint_eq(req.ncredentials, 0);
    ck_assert(!is_secret(var(name[_i], TOKEN)));
    ck_assert(!is_secret(name[_i]));
}
END_TEST

START_TEST(a_name_alone_is_no_credential)
{
    MAKE(region_strdup(&r, header[_i]));
    ck_assert_uint_eq(req.ncredentials, 0);
    ck_assert(is_secret(header[_i])); /* as the name of one */
}
END_TEST

static bool
in_memory(const char *text)
{
    return memmem(mem, sizeof mem, text, strlen(text)) != NULL;
}

START_TEST(cleansing_overwrites_every_credential)
{
    char a[] = "HTTP_ACCESS_TOKEN=first-secret", b[] = "HTTP_AUTHORIZATION=bearer  second-secret";
    const char *copy;
    unsigned i;

    MAKE(a, b);
    ck_assert(in_memory("first-secret") && in_memory("second-secret"));
    copy = req.credential[1];
    req_cleanse(&req);
    for (i = 0; i < strlen("second-secret"); i++)
        ck_assert_int_eq(copy[i], 0);
    ck_assert(!in_memory("secret"));
    ck_assert_uint_eq(req.ncredentials, 0);
    req_cleanse(&req);
}
END_TEST

START_TEST(without_room_no_credential_stays)
{
    char *env[] = { "HTTP_ACCESS_TOKEN=secret-one", "REQUEST_METHOD=GET", "PATH_INFO=/health",
        "HTTP_X_ACCESS_TOKEN=secret-two", "QUERY_STRING=a=b",
        "HTTP_AUTHORIZATION=Bearer secret-three", NULL };
    size_t n;
    int rc = -ENOMEM;

    for (n = 0; rc != 0; n++) {
        ck_assert_uint_lt(n, sizeof mem);
        memset(mem, 0, sizeof mem);
        region_over(&r, mem, n);
        rc = req_from_env(env, &r, &req);
        ck_assert(rc == 0 || rc == -ENOMEM);
        if (rc != 0) {
            ck_assert_uint_eq(req.ncredentials, 0);
            ck_assert(!in_memory("secret"));
        }
    }
    ck_assert_uint_gt(n, 60);
    ck_assert_uint_eq(req.ncredentials, 3);
}
END_TEST

struct place {
    const char *path_info, *script_name, *document_uri, *prefix, *mount, *path;
};

static void
assert_path(const struct place *p)
{
    const char *path;

    req = (struct req){ .path_info = p->path_info,
        .script_name = p->script_name,
        .document_uri = p->document_uri,
        .prefix = p->prefix };
    path = req_path(&req, p->mount, &r);
    ck_assert_pstr_eq(path, p->path);
}

START_TEST(the_path_is_path_info_or_script_name_or_document_uri)
{
    static const struct place place[] = {
        { "/health", "", "", NULL, "", "/health" },
        { "/health", "/cgi-bin/cmon.fcgi", "/other", NULL, "", "/health" },
        { "", "/health", "", NULL, "", "/health" },
        { "", "/health", "/other", NULL, "", "/health" },
        { "", "", "/health", NULL, "", "/health" },
        { "", "", "", NULL, "", "" },
        { "/a//b/../c", "", "", NULL, "", "/a//b/../c" },
        { "no-slash", "", "", NULL, "", "no-slash" },
    };

    assert_path(&place[_i]);
}
END_TEST

START_TEST(the_prefix_is_taken_off_and_what_is_not_below_it_is_told)
{
    static const struct place place[] = {
        { "", "/cmon/health", "", "/cmon", "", "/health" },
        { "", "/cmon/health", "", NULL, "/cmon", "/health" },
        { "", "", "/cmon/health", NULL, "/cmon", "/health" },
        { "/cmon/health", "", "", NULL, "/cmon", "/health" },
        { "/cmon/health", "/cgi-bin/cmon", "", NULL, "/cmon", "/health" },
        { "/health", "/cmon", "", NULL, "/cmon", "/health" },
        { "/health", "/a/cmon", "", "/a/cmon", "/other", "/health" },
        { "/b/health", "/a", "", "/a/b", "", "/health" },
        { "", "/cmon/", "", NULL, "/cmon", "/" },
        { "", "/cmon", "", NULL, "/cmon", NULL },
        { "", "/health", "", NULL, "/cmon", NULL },
        { "/health", "", "", NULL, "/cmon", NULL },
        { "/health", "/other", "", NULL, "/cmon", NULL },
        { "", "/cmonster/health", "", NULL, "/cmon", NULL },
        { "/ster/health", "/cmon", "", NULL, "/cmonst", NULL },
        { "", "/other/cmon/health", "", NULL, "/cmon", NULL }, /* never by its tail */
        { "/other/cmon/health", "", "", NULL, "/cmon", NULL },
        { "", "/other", "/cmon/health", NULL, "/cmon", NULL },
        { "", "", "", NULL, "/cmon", NULL },
        { "", "/CMON/health", "", NULL, "/cmon", NULL },
        { "", "/cmon/cmon/health", "", NULL, "/cmon", "/cmon/health" },
        { "/cmon/health", "/cmon", "", NULL, "/cmon", "/health" },
    };

    assert_path(&place[_i]);
}
END_TEST

START_TEST(a_prefix_that_was_told_comes_before_the_mount)
{
    static const struct place place[] = {
        { "", "/a/health", "", "/a", "/b", "/health" },
        { "", "/b/health", "", "/a", "/b", NULL },
        { "", "/b/health", "", "", "/b", "/b/health" }, /* told: none */
        { "", "/health", "", "/", "/b", "/health" },
        { "", "/a/health", "", "/a/", "", "/health" },
        { "", "/a", "", "/a/", "", NULL },
        { "", "/a/health", "", "a", "", NULL },
    };

    assert_path(&place[_i]);
}
END_TEST

START_TEST(the_uri_of_the_log_is_as_the_client_wrote_it)
{
    static const struct place place[] = {
        { "/health", "/cmon", "/whole/uri", NULL, "", "/whole/uri" },
        { "/health", "/cmon", "", NULL, "", "/cmon/health" },
        { "", "/cmon/health", "", NULL, "", "/cmon/health" },
        { "/health", "", "", NULL, "", "/health" },
        { "", "", "", NULL, "", "" },
    };

    req = (struct req){ .path_info = place[_i].path_info,
        .script_name = place[_i].script_name,
        .document_uri = place[_i].document_uri };
    ck_assert_str_eq(req_uri(&req, &r), place[_i].path);
}
END_TEST

START_TEST(without_room_the_uri_is_what_is_at_hand)
{
    req = (struct req){ .path_info = "/b", .script_name = "/a", .document_uri = "" };
    region_over(&r, mem, 0);
    ck_assert_str_eq(req_uri(&req, &r), "/a");
}
END_TEST

static TCase *
credentials_case(void)
{
    TCase *tc = tcase_create("credentials");

    tcase_add_checked_fixture(tc, setup, teardown);
    tcase_add_loop_test(tc, each_header_carries_a_credential, 0, 6);
    tcase_add_loop_test(tc, an_empty_header_is_a_credential, 0, 6);
    tcase_add_loop_test(tc, a_repeated_header_is_told, 0, 6);
    tcase_add_test(tc, all_headers_at_once_are_no_repetition);
    tcase_add_loop_test(tc, the_bearer_scheme_is_taken_off, 0, 9);
    tcase_add_loop_test(tc, other_schemes_are_ignored, 0, 10);
    tcase_add_test(tc, another_scheme_beside_bearer_is_no_repetition);
    tcase_add_loop_test(tc, what_only_looks_like_a_credential_is_none, 0, 10);
    tcase_add_loop_test(tc, a_name_alone_is_no_credential, 0, 6);
    tcase_add_test(tc, cleansing_overwrites_every_credential);
    tcase_add_test(tc, without_room_no_credential_stays);
    return tc;
}

Suite *
suite(void)
{
    Suite *s = suite_create("req");
    TCase *fields = tcase_create("fields"), *paths = tcase_create("paths");

    tcase_add_checked_fixture(fields, setup, teardown);
    tcase_add_loop_test(fields, each_variable_has_its_place, 0, NFIELD);
    tcase_add_test(fields, what_is_not_given_is_empty_and_the_prefix_null);
    tcase_add_loop_test(fields, where_a_name_is_repeated_the_first_counts, 0, NFIELD);
    tcase_add_loop_test(fields, an_empty_first_counts_too, 0, NFIELD);
    tcase_add_loop_test(fields, only_the_whole_name_counts, 0, NFIELD);
    tcase_add_test(fields, strings_are_copied_into_the_region);
    tcase_add_loop_test(fields, the_length_of_the_body_is_a_number_or_told_apart, 0, 18);
    tcase_add_test(fields, of_two_lengths_the_first_counts);
    suite_add_tcase(s, fields);
    suite_add_tcase(s, credentials_case());
    tcase_add_checked_fixture(paths, setup, teardown);
    tcase_add_loop_test(paths, the_path_is_path_info_or_script_name_or_document_uri, 0, 8);
    tcase_add_loop_test(paths, the_prefix_is_taken_off_and_what_is_not_below_it_is_told, 0, 22);
    tcase_add_loop_test(paths, a_prefix_that_was_told_comes_before_the_mount, 0, 7);
    tcase_add_loop_test(paths, the_uri_of_the_log_is_as_the_client_wrote_it, 0, 5);
    tcase_add_test(paths, without_room_the_uri_is_what_is_at_hand);
    suite_add_tcase(s, paths);
    return s;
}
