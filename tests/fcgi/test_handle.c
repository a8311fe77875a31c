/* tests/fcgi/test_handle.c -- fcgi/handle.h: every row of the table of answers. */
#include "config.h"

#include <errno.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "arena/region.h"
#include "base/err.h"
#include "conf/conf.h"
#include "fcgi/handle.h"
#include "fcgi/req.h"
#include "tests/suite.h"

static char *const environment[] = { (char *)(uintptr_t) "PATH=/bin", NULL };

static const char *const health[] = { "uptime", NULL };
static const char *const pull[] = { "git", "pull", "refs/heads/{branch}", NULL };
static const char *const missing[] = { "no-such-program-anywhere", NULL };
static const char *const late[] = { "env", NULL };

static const struct param branch[] = {
    { .name = "branch", .fallback = "main", .type = PARAM_GIT_BRANCH },
    { .name = "depth", .type = PARAM_INT, .min = 1, .max = 9, .env = "DEPTH", .fallback = "1" }
};

/* Sorted by path. */
static const struct route routes[] = {
    { .path = "/again",
        .methods = METHOD_GET | METHOD_POST,
        .body_max = 1000,
        .action = ROUTE_RESTART },
    { .path = "/health",
        .methods = METHOD_GET,
        .argv = health,
        .command = "/usr/bin/uptime",
        .env = environment,
        .workdir = "/",
        .body_max = 1000 },
    { .path = "/late",
        .methods = METHOD_GET,
        .argv = late,
        .env = environment,
        .workdir = "/",
        .body_max = 1000 },
    { .path = "/missing",
        .methods = METHOD_GET,
        .argv = missing,
        .env = environment,
        .workdir = "/",
        .body_max = 1000 },
    { .path = "/read",
        .methods = METHOD_POST,
        .argv = health,
        .command = "/usr/bin/uptime",
        .env = environment,
        .workdir = "/",
        .body_max = 2000,
        .reads_body = true },
    { .path = "/sync",
        .methods = METHOD_PUT | METHOD_GET,
        .argv = pull,
        .command = "/usr/bin/git",
        .env = environment,
        .workdir = "/",
        .body_max = 1000,
        .params = branch,
        .nparams = 2 },
    { .path = "/wipe",
        .methods = METHOD_DELETE,
        .argv = health,
        .command = "/usr/bin/uptime",
        .env = environment,
        .workdir = "/",
        .body_max = 1000 },
};

static struct conf conf;
static struct region r;
static struct handled h;
static struct req req;

static const struct identity nobody = { IDENTITY_NONE };
static const struct identity holder = { IDENTITY_KEY };
static const struct identity operator= { IDENTITY_OPERATOR };

static void
setup(void)
{
    memset(&conf, 0, sizeof conf);
    conf.key_file = "/nowhere/key";
    conf.mount = "";
    conf.workdir = "/";
    conf.path = "/usr/bin:/bin";
    conf.body_max = 1000;
    conf.routes = routes;
    conf.nroutes = sizeof routes / sizeof routes[0];
    guard_init(&conf.guard);
    ck_assert_int_eq(region_init(&r, 1024 * 1024), 0);
    req = (struct req){ .method = "GET",
        .path_info = "/health",
        .script_name = "",
        .document_uri = "",
        .query = "",
        .client = "",
        .document_root = "",
        .content_length = REQ_LENGTH_UNKNOWN };
}

static void
teardown(void)
{
    region_done(&r);
}

static void
ask(const char *method, const char *path, const char *query)
{
    req.method = method;
    req.path_info = path;
    req.query = query;
    memset(&h, 0xee, sizeof h);
    handle_request(&conf, &holder, &req, &r, &h);
}

static void
assert_refused(int status, const char *message)
{
    ck_assert_int_eq(h.next, HANDLE_REPLY);
    ck_assert_int_eq(h.reply.status, status);
    ck_assert_str_eq(h.reply.message, message);
    ck_assert_ptr_null(h.reply.data.p);
    ck_assert_ptr_null(h.reply.result);
}

START_TEST(a_good_request_is_to_run)
{
    ask("GET", "/health", "");
    ck_assert_int_eq(h.next, HANDLE_RUN);
    ck_assert_ptr_eq(h.route, &routes[1]);
    ck_assert_str_eq(h.path, "/usr/bin/uptime");
    ck_assert_str_eq(h.argv[0], "uptime");
    ck_assert_ptr_null(h.argv[1]);
    ck_assert_str_eq(h.envp[0], "PATH=/bin");
    ck_assert_int_eq(h.num, 0);
}
END_TEST

START_TEST(parameters_take_their_places)
{
    ask("PUT", "/sync", "branch=fix%2Fa&depth=3");
    ck_assert_int_eq(h.next, HANDLE_RUN);
    ck_assert_str_eq(h.argv[2], "refs/heads/fix/a");
    ck_assert_ptr_null(h.argv[3]);
    ck_assert_str_eq(h.envp[1], "DEPTH=3");
    ask("PUT", "/sync", "");
    ck_assert_str_eq(h.argv[2], "refs/heads/main");
}
END_TEST

START_TEST(a_bad_parameter_is_400_and_named)
{
    static const char *const known[][2] = {
        { "branch=--upload-pack=x", "parameter branch: " },
        { "branch=a&branch=b", "parameter branch: " },
        { "depth=10", "parameter depth: " },
        { "other=1", "parameter other: " },
        { "branch=%zz", "parameter branch: " },
    };

    ask("PUT", "/sync", known[_i][0]);
    ck_assert_int_eq(h.next, HANDLE_REPLY);
    ck_assert_int_eq(h.reply.status, 400);
    ck_assert_int_eq(strncmp(h.reply.message, known[_i][1], strlen(known[_i][1])), 0);
    ck_assert_ptr_null(h.reply.data.p);
    ck_assert_int_eq(h.reply.retry_after, 0);
}
END_TEST

START_TEST(without_identity_every_answer_is_the_same_401)
{
    static const char *const method[] = { "GET", "HEAD", "OPTIONS", "POST", "BREW", "" };
    static const char *const path[] = { "/health", "/nowhere", "", "/missing", "/sync", "/again" };
    unsigned char one[2048], other[2048];
    struct span first = { NULL, 0 }, again;
    size_t m, p;

    for (m = 0; m < 6; m++)
        for (p = 0; p < 6; p++) {
            req.method = method[m];
            req.path_info = path[p];
            req.query = p % 2 == 0 ? "branch=..&x" : "";
            req.content_length = m % 2 == 0 ? 1 << 30 : REQ_LENGTH_BAD;
            handle_request(&conf, &nobody, &req, &r, &h);
            assert_refused(401, "Authentication Error");
            ck_assert_ptr_null(h.route);
            if (first.p == NULL) {
                first = reply_render(&h.reply, one, sizeof one);
                ck_assert_uint_gt(first.n, 0);
            }
            again = reply_render(&h.reply, other, sizeof other);
            ck_assert_uint_eq(again.n, first.n);
            ck_assert_mem_eq(again.p, first.p, first.n);
        }
}
END_TEST

START_TEST(the_operator_may_do_the_same)
{
    handle_request(&conf, &operator, & req, &r, &h);
    ck_assert_int_eq(h.next, HANDLE_RUN);
}
END_TEST

START_TEST(another_path_is_404)
{
    static const char *const path[] = { "/", "/nowhere", "/health/", "/healthy", "/Health",
        "/x/health", "//health", "/health?", "health", "/health/../health", "" };

    ask("GET", path[_i], "");
    assert_refused(404, "Not Found");
    ck_assert_ptr_null(h.route);
    ck_assert_ptr_null(h.reply.allow);
}
END_TEST

START_TEST(below_a_mount_paths_are_matched_whole)
{
    conf.mount = "/cmon";
    ask("GET", "/cmon/health", "");
    ck_assert_int_eq(h.next, HANDLE_RUN);
    ask("GET", "/health", "");
    assert_refused(404, "Not Found");
    ask("GET", "/x/cmon/health", "");
    assert_refused(404, "Not Found");
    req.script_name = "/cmon";
    ask("GET", "/health", "");
    ck_assert_int_eq(h.next, HANDLE_RUN);
    req.prefix = "/other";
    ask("GET", "/health", "");
    assert_refused(404, "Not Found");
    ask("GET", "/other/health", "");
    ck_assert_int_eq(h.next, HANDLE_RUN);
}
END_TEST

START_TEST(another_method_is_405_with_allow)
{
    static const struct {
        const char *method, *path;
    } known[] = { { "POST", "/health" }, { "DELETE", "/sync" }, { "HEAD", "/wipe" },
        { "GET", "/wipe" }, { "BREW", "/health" }, { "get", "/health" }, { "", "/health" },
        { "TRACE", "/health" }, { "CONNECT", "/health" }, { "PATCH", "/again" } };

    ask(known[_i].method, known[_i].path, "branch=..");
    assert_refused(405, "Method Not Allowed");
    ck_assert_ptr_eq(h.reply.allow, h.route);
    ck_assert_str_eq(h.route->path, known[_i].path);
    ck_assert_int_eq(h.reply.no_body, strcmp(known[_i].method, "HEAD") == 0);
}
END_TEST

START_TEST(options_is_204_with_allow_and_runs_nothing)
{
    static const char *const path[] = { "/health", "/wipe", "/again", "/missing", "/sync" };

    req.content_length = 1 << 20;
    ask("OPTIONS", path[_i], "branch=..");
    assert_refused(204, "");
    ck_assert(h.reply.no_body);
    ck_assert_ptr_eq(h.reply.allow, h.route);
    ask("OPTIONS", "/nowhere", "");
    assert_refused(404, "Not Found");
    ck_assert(!h.reply.no_body);
}
END_TEST

START_TEST(head_validates_and_runs_nothing)
{
    static const struct {
        const char *path, *query;
        int status;
    } known[] = { { "/health", "", 200 }, { "/sync", "branch=a", 200 },
        { "/sync", "branch=..", 400 }, { "/again", "", 200 }, { "/nowhere", "", 404 },
        { "/missing", "", 500 }, { "/wipe", "", 405 }, { "/late", "", 200 } };

    ask("HEAD", known[_i].path, known[_i].query);
    ck_assert_int_eq(h.next, HANDLE_REPLY);
    ck_assert_int_eq(h.reply.status, known[_i].status);
    ck_assert(h.reply.no_body);
}
END_TEST

START_TEST(a_restart_is_told_apart)
{
    ask(_i == 0 ? "GET" : "POST", "/again", "");
    ck_assert_int_eq(h.next, HANDLE_RESTART);
    ck_assert_ptr_eq(h.route, &routes[0]);
    ask("POST", "/again", "branch=x");
    ck_assert_int_eq(h.reply.status, 400);
    ck_assert_int_eq(h.next, HANDLE_REPLY);
}
END_TEST

/* Who asks what: whether the body is kept, and how long it may be. */
static const struct {
    const struct identity *who;
    const char *method, *path;
    int64_t length;
    bool keep;
    size_t max;
} bodies[] = {
    { &holder, "POST", "/read", 2000, true, 2000 },
    { &holder, "POST", "/read", REQ_LENGTH_UNKNOWN, true, 2000 },
    { &operator, "POST", "/read", 0, true, 2000 }, { &holder, "POST", "/read", 2001, false, 2000 },
    { &holder, "POST", "/read", REQ_LENGTH_BAD, false, 2000 },
    { &holder, "GET", "/read", 10, false, 2000 }, { &holder, "BREW", "/read", 10, false, 2000 },
    { &holder, "PUT", "/sync", 10, false, 1000 }, { &holder, "POST", "/none", 10, false, 1000 },
    { &nobody, "POST", "/read", 10, false, 1000 }, /* no telling what is there */
};

START_TEST(a_body_is_kept_for_who_may_and_what_reads_it)
{
    bool keep = !bodies[_i].keep;

    req.method = bodies[_i].method;
    req.path_info = bodies[_i].path;
    req.content_length = bodies[_i].length;
    ck_assert_uint_eq(handle_body(&conf, bodies[_i].who, &req, &r, &keep), bodies[_i].max);
    ck_assert_int_eq(keep, bodies[_i].keep);
}
END_TEST

START_TEST(a_body_has_a_limit_and_is_as_long_as_it_says)
{
    static const struct {
        int64_t says;
        uint64_t came;
        int status; /* 0: it runs */
    } known[] = {
        { REQ_LENGTH_UNKNOWN, 0, 0 },
        { REQ_LENGTH_UNKNOWN, 1000, 0 },
        { REQ_LENGTH_UNKNOWN, 1001, 413 },
        { 0, 0, 0 },
        { 1000, 1000, 0 },
        { 1001, 0, 413 },
        { 1001, 1001, 413 },
        { INT64_MAX, 0, 413 },
        { 10, 9, 400 },
        { 10, 11, 400 },
        { 0, 1, 400 },
        { 10, 1001, 413 },
        { REQ_LENGTH_BAD, 0, 400 },
        { REQ_LENGTH_UNKNOWN, UINT64_MAX, 413 },
    };

    req.content_length = known[_i].says;
    req.body_len = known[_i].came;
    ask("GET", "/health", "");
    if (known[_i].status == 0)
        ck_assert_int_eq(h.next, HANDLE_RUN);
    else
        ck_assert_int_eq(h.reply.status, known[_i].status);
    if (known[_i].status == 413)
        assert_refused(413, "Request body too large");
}
END_TEST

START_TEST(a_command_that_is_nowhere_is_500_and_says_so)
{
    static const char why[] = "no-such-program-anywhere: not found in PATH /usr/bin:/bin";

    ask("GET", "/missing", "");
    ck_assert_int_eq(h.next, HANDLE_REPLY);
    ck_assert_int_eq(h.reply.status, 500);
    ck_assert_str_eq(h.reply.message, "Command failed");
    ck_assert(span_is(h.reply.data, why));
    ck_assert_int_eq(h.num, ENOENT);
    ck_assert_ptr_null(h.reply.result);
}
END_TEST

START_TEST(a_command_that_came_since_is_found)
{
    ask("GET", "/late", "");
    ck_assert_int_eq(h.next, HANDLE_RUN);
    ck_assert_str_eq(h.path, "/usr/bin/env");
}
END_TEST

START_TEST(a_key_below_the_document_root_is_500_for_its_holder_alone)
{
    char dir[] = "/tmp/test_handle.XXXXXX", file[64];

    ck_assert_ptr_nonnull(mkdtemp(dir));
    (void)snprintf(file, sizeof file, "%s/key", dir);
    ck_assert_int_eq(mkdir(file, 0700), 0); /* anything that has a place */
    ck_assert_int_eq(guard_add(&conf.guard, file), 0);
    req.document_root = dir;
    handle_request(&conf, _i == 0 ? &nobody : &holder, &req, &r, &h);
    (void)rmdir(file);
    (void)rmdir(dir);
    if (_i == 0) {
        assert_refused(401, "Authentication Error");
        ck_assert_str_eq(h.reply.why, GUARD_EXPOSED);
    } else {
        assert_refused(500, GUARD_EXPOSED);
    }
    ck_assert_ptr_null(h.route);
}
END_TEST

START_TEST(another_document_root_is_no_matter)
{
    static const char *const root[] = { "/proc", "", "relative", "/nowhere/at/all" };

    req.document_root = root[_i];
    ask("GET", "/health", "");
    ck_assert_int_eq(h.next, HANDLE_RUN);
}
END_TEST

START_TEST(without_memory_we_are_busy_and_say_when_to_come_again)
{
    static char mem[2048];
    size_t n;

    for (n = 0;; n++) {
        ck_assert_uint_lt(n, sizeof mem);
        region_over(&r, mem, n);
        ask("PUT", "/sync", "branch=a&depth=2");
        if (h.next == HANDLE_RUN)
            break;
        assert_refused(503, "Busy");
        ck_assert_int_gt(h.reply.retry_after, 0);
        ck_assert_ptr_nonnull(h.reply.why);
    }
    ck_assert_uint_gt(n, 32);
}
END_TEST

START_TEST(a_shortage_is_503_and_another_failure_500)
{
    static const struct {
        int num, status;
    } known[] = { { EAGAIN, 503 }, { ENOMEM, 503 }, { EMFILE, 503 }, { ENFILE, 503 },
        { ENOENT, 500 }, { EACCES, 500 }, { ENOEXEC, 500 }, { E2BIG, 500 }, { ENOTDIR, 500 } };
    struct reply reply;

    memset(&reply, 0xee, sizeof reply);
    handle_start_failure(known[_i].num, "clone: why", &reply);
    ck_assert_int_eq(reply.status, known[_i].status);
    ck_assert_ptr_null(reply.result);
    ck_assert(!reply.no_body);
    if (reply.status == 503) {
        ck_assert_str_eq(reply.message, "Busy");
        ck_assert_ptr_null(reply.data.p);
        ck_assert_str_eq(reply.why, "clone: why");
        ck_assert_int_gt(reply.retry_after, 0);
    } else {
        ck_assert_str_eq(reply.message, "Command failed");
        ck_assert(span_is(reply.data, "clone: why"));
        ck_assert_int_eq(reply.retry_after, 0);
    }
}
END_TEST

Suite *
suite(void)
{
    Suite *s = suite_create("handle");
    TCase *tc = tcase_create("handle");

    tcase_add_checked_fixture(tc, setup, teardown);
    tcase_add_test(tc, a_good_request_is_to_run);
    tcase_add_test(tc, parameters_take_their_places);
    tcase_add_loop_test(tc, a_bad_parameter_is_400_and_named, 0, 5);
    tcase_add_test(tc, without_identity_every_answer_is_the_same_401);
    tcase_add_test(tc, the_operator_may_do_the_same);
    tcase_add_loop_test(tc, another_path_is_404, 0, 11);
    tcase_add_test(tc, below_a_mount_paths_are_matched_whole);
    tcase_add_loop_test(tc, another_method_is_405_with_allow, 0, 10);
    tcase_add_loop_test(tc, options_is_204_with_allow_and_runs_nothing, 0, 5);
    tcase_add_loop_test(tc, head_validates_and_runs_nothing, 0, 8);
    tcase_add_loop_test(tc, a_restart_is_told_apart, 0, 2);
    tcase_add_loop_test(tc, a_body_is_kept_for_who_may_and_what_reads_it, 0,
        (int)(sizeof bodies / sizeof bodies[0]));
    tcase_add_loop_test(tc, a_body_has_a_limit_and_is_as_long_as_it_says, 0, 14);
    tcase_add_test(tc, a_command_that_is_nowhere_is_500_and_says_so);
    tcase_add_test(tc, a_command_that_came_since_is_found);
    tcase_add_loop_test(tc, a_key_below_the_document_root_is_500_for_its_holder_alone, 0, 2);
    tcase_add_loop_test(tc, another_document_root_is_no_matter, 0, 4);
    tcase_add_test(tc, without_memory_we_are_busy_and_say_when_to_come_again);
    tcase_add_loop_test(tc, a_shortage_is_503_and_another_failure_500, 0, 9);
    suite_add_tcase(s, tc);
    return s;
}
