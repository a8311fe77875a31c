/* tests/conf/test_routes.c -- conf/routes.h: the table and the JSON, byte by byte. */
#include "config.h"

#include <string.h>

#include "arena/region.h"
#include "base/clock.h"
#include "conf/conf.h"
#include "conf/routes.h"
#include "tests/suite.h"

static const char *const uptime[] = { "uptime", NULL };
static const char *const odd[] = { "./run", "", "a b", "say \"x\" \\", "two\nlines\x1b", "{name}",
    NULL };

static const struct param params[] = {
    { .name = "name", .type = PARAM_TEXT },
    { .name = "branch", .type = PARAM_GIT_BRANCH, .fallback = "main" },
    { .name = "note", .type = PARAM_TEXT, .fallback = "" },
};

static const struct route table[] = {
    { .path = "/health",
        .methods = METHOD_GET,
        .argv = uptime,
        .workdir = "/srv",
        .timeout = 30 * CLOCK_SEC,
        .output_max = 1024 },
    { .path = "/odd",
        .methods = METHOD_GET | METHOD_POST | METHOD_PUT | METHOD_DELETE | METHOD_PATCH,
        .argv = odd,
        .params = params,
        .nparams = 3,
        .detach = true,
        .output = ROUTE_RAW,
        .file = "/etc/cmon.conf",
        .workdir = "/",
        .timeout = 1500000 },
    { .path = "/restart", .methods = METHOD_POST, .action = ROUTE_RESTART, .workdir = "/" },
};

static struct region r;
static struct conf conf;

static void
setup(void)
{
    ck_assert_int_eq(region_init(&r, 4 * 1024 * 1024), 0);
    conf = (struct conf){ .routes = table, .nroutes = sizeof table / sizeof table[0] };
}

static void
teardown(void)
{
    region_done(&r);
}

static void
assert_text(struct span got, const char *want)
{
    ck_assert_msg(span_is(got, want), "got:\n%.*swant:\n%s", (int)got.n, (const char *)got.p, want);
}

START_TEST(the_table_has_four_columns)
{
    assert_text(routes_table(&conf, &r),
        "METHODS                    PATH      COMMAND                                              "
        "    "
        "PARAMETERS\n"
        "GET                        /health   uptime\n"
        "GET,POST,PUT,DELETE,PATCH  /odd      ./run \"\" \"a b\" \"say \\\"x\\\" \\\\\" "
        "\"two\\x0alines\\x1b\" {name}  name:text branch:git-branch=main note:text=\"\"\n"
        "POST                       /restart  (restarts cmon)\n");
}
END_TEST

START_TEST(the_json_tells_all)
{
    assert_text(routes_json(&conf, &r),
        "[{\"path\":\"/health\",\"methods\":[\"GET\"],\"argv\":[\"uptime\"],\"params\":[],"
        "\"detach\":false,\"timeout_ms\":30000,\"output_max\":1024,\"output\":\"joined\","
        "\"workdir\":\"/srv\","
        "\"builtin\":true},"
        "{\"path\":\"/odd\",\"methods\":[\"GET\",\"POST\",\"PUT\",\"DELETE\",\"PATCH\"],"
        "\"argv\":[\"./run\",\"\",\"a b\",\"say \\\"x\\\" "
        "\\\\\",\"two\\nlines\\u001b\",\"{name}\"],"
        "\"params\":[{\"name\":\"name\",\"type\":\"text\",\"default\":null},"
        "{\"name\":\"branch\",\"type\":\"git-branch\",\"default\":\"main\"},"
        "{\"name\":\"note\",\"type\":\"text\",\"default\":\"\"}],"
        "\"detach\":true,\"timeout_ms\":1.5,\"output_max\":0,\"output\":\"raw\",\"workdir\":\"/"
        "\",\"builtin\":false},"
        "{\"path\":\"/restart\",\"methods\":[\"POST\"],\"argv\":null,\"action\":\"restart\","
        "\"params\":[],\"detach\":false,\"timeout_ms\":0,\"output_max\":0,\"output\":\"joined\","
        "\"workdir\":\"/\","
        "\"builtin\":true}]\n");
}
END_TEST

START_TEST(no_routes_are_a_head_and_an_empty_array)
{
    conf.nroutes = 0;
    assert_text(routes_table(&conf, &r), "METHODS  PATH  COMMAND  PARAMETERS\n");
    assert_text(routes_json(&conf, &r), "[]\n");
}
END_TEST

START_TEST(without_room_there_is_nothing)
{
    static char mem[4096];

    region_over(&r, mem, sizeof mem);
    ck_assert_uint_eq(routes_table(&conf, &r).n, 0);
    ck_assert_uint_eq(routes_json(&conf, &r).n, 0);
}
END_TEST

START_TEST(more_than_fits_is_nothing_and_never_half)
{
    static char word[300 * 1024];
    const char *const argv[] = { word, word, word, word, NULL };
    struct route wide = table[0];

    memset(word, 'w', sizeof word - 1);
    wide.argv = argv;
    conf.routes = &wide;
    conf.nroutes = 1;
    ck_assert_uint_eq(routes_table(&conf, &r).n, 0);
    ck_assert_uint_eq(routes_json(&conf, &r).n, 0);
}
END_TEST

Suite *
suite(void)
{
    Suite *s = suite_create("routes");
    TCase *tc = tcase_create("routes");

    tcase_add_checked_fixture(tc, setup, teardown);
    tcase_add_test(tc, the_table_has_four_columns);
    tcase_add_test(tc, the_json_tells_all);
    tcase_add_test(tc, no_routes_are_a_head_and_an_empty_array);
    tcase_add_test(tc, without_room_there_is_nothing);
    tcase_add_test(tc, more_than_fits_is_nothing_and_never_half);
    suite_add_tcase(s, tc);
    return s;
}
