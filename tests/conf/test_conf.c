/* tests/conf/test_conf.c -- conf/conf.h, promise by promise. */
#include "config.h"

#include <fcntl.h>
#include <pthread.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "arena/region.h"
#include "base/clock.h"
#include "conf/conf.h"
#include "conf/conf_tree.h"
#include "tests/conf/given.h"
#include "tests/suite.h"

#define DIGITS "000102030405060708090a0b0c0d0e0f101112131415161718191a1b1c1d1e1f\n"

#define ROUTE "route \"/x\" { argv = { true } }"
#define PATTERN "route \"/x\" { argv = { true, \"{p}\" } param p { type = text pattern = \"a+\" "

static struct given g;

static void
setup(void)
{
    given_begin(&g);
    ck_assert_int_eq(chdir(g.dir), 0);
    ck_assert_int_eq(setenv("HOME", g.dir, 1), 0);
    ck_assert_int_eq(unsetenv("CMON_CONF"), 0);
}

static void
teardown(void)
{
    ck_assert_int_eq(chdir("/"), 0);
    given_end(&g);
}

static const struct conf *
load(const char *text)
{
    const struct conf *c = given_load(&g, text);

    ck_assert_msg(c != NULL, "%s: %s", text, g.said);
    return c;
}

/* The path of a file in the directory; one at a time. */
static const char *
in_dir(const char *name)
{
    static char path[256];

    (void)snprintf(path, sizeof path, "%s/%s", g.dir, name);
    return path;
}

static const char *
find_env(const struct route *rt, const char *name)
{
    size_t n = strlen(name);

    for (char *const *e = rt->env; *e; e++) {
        if (strncmp(*e, name, n) == 0 && (*e)[n] == '=')
            return *e + n + 1;
    }
    return NULL;
}

/* --- defaults ------------------------------------------------------------ */

static void
check_defaults(const struct conf *c)
{
    ck_assert_str_eq(c->mount, "");
    ck_assert_str_eq(c->path, "/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin");
    ck_assert_str_eq(c->workdir, g.dir);
    ck_assert_str_eq(c->key_file, in_dir("client_secret.key"));
    ck_assert_ptr_null(c->pid_file);
    ck_assert_uint_eq(c->max_running, 8);
    ck_assert_uint_eq(c->queue, 32);
    ck_assert_uint_eq(c->max_connections, 1024);
    ck_assert_uint_eq(c->output_max, 1024 * 1024);
    ck_assert_uint_eq(c->body_max, 64 * 1024);
    ck_assert_int_eq(c->queue_timeout, 15 * CLOCK_SEC);
    ck_assert_int_eq(c->timeout, 30 * CLOCK_SEC);
    ck_assert_int_eq(c->grace, 5 * CLOCK_SEC);
    ck_assert_int_eq(c->request_timeout, 10 * CLOCK_SEC);
    ck_assert_int_eq(c->drain_timeout, 30 * CLOCK_SEC);
    ck_assert_int_eq(c->read_timeout, 60 * CLOCK_SEC);
    ck_assert_uint_eq(c->arena_chunk, 64 * 1024);
    ck_assert_uint_eq(c->arena_chunks, 0);
    ck_assert(!c->arena_prefault);
    ck_assert(!c->arena_hardened);
    ck_assert_int_eq(c->restart, CONF_RESTART_REPLACE);
    ck_assert(c->log_stderr && c->log_syslog && !c->core_dumps);
    ck_assert(c->delays && conf_route(c, "/health")->delays);
    ck_assert_uint_eq(c->nroutes, 7);
    ck_assert_ptr_null(c->key);
    for (size_t i = 0; i < c->nroutes; i++) {
        const struct route *rt = &c->routes[i];

        ck_assert(rt->builtin);
        ck_assert_ptr_null(rt->file);
        ck_assert_int_eq(rt->timeout, c->timeout);
        ck_assert_int_eq(rt->grace, c->grace);
        ck_assert_uint_eq(rt->output_max, c->output_max);
        ck_assert_str_eq(rt->workdir, c->workdir);
        ck_assert(i == 0 || strcmp(c->routes[i - 1].path, rt->path) < 0);
    }
}

START_TEST(an_empty_file_is_the_defaults)
{
    const struct conf *c = load("");

    check_defaults(c);
    ck_assert_str_eq(c->file, g.file);
    conf_unref(c);
}
END_TEST

START_TEST(no_file_is_the_defaults_and_the_current_directory)
{
    const struct conf *c = given_load_file(&g, NULL, false);

    ck_assert_msg(c != NULL, "%s", g.said);
    check_defaults(c);
    ck_assert_ptr_null(c->file);
    conf_unref(c);
}
END_TEST

START_TEST(sync_asks_git_for_no_terminal_and_no_detached_gc)
{
    const struct conf *c = load("");
    const struct route *rt = conf_route(c, "/sync_upstream");

    ck_assert_str_eq(find_env(rt, "GIT_TERMINAL_PROMPT"), "0");
    ck_assert_str_eq(find_env(rt, "GIT_CONFIG_COUNT"), "1");
    ck_assert_str_eq(find_env(rt, "GIT_CONFIG_KEY_0"), "gc.autoDetach");
    ck_assert_str_eq(find_env(rt, "GIT_CONFIG_VALUE_0"), "false");
    ck_assert_ptr_null(find_env(conf_route(c, "/health"), "GIT_CONFIG_COUNT"));
    conf_unref(c);
}
END_TEST

/* --- what is said -------------------------------------------------------- */

START_TEST(every_setting_is_taken)
{
    const struct conf *c =
        load("mount = \"/cmon\"  workdir = \"/\"  path = \"/bin:/usr/bin\"\n"
             "key_file = \"/etc/key\"  pid_file = \"run/cmon.pid\"\n"
             "max_running = 2 queue = 0 max_connections = 3\n"
             "output_max = \"2K\" body_max = 0\n"
             "queue_timeout = 500ms timeout = 1.5 grace = 0 request_timeout = \"2s\"\n"
             "drain_timeout = 1m read_timeout = 100\n"
             "restart = exit delays = yes core_dumps = yes\n"
             "log { stderr = no syslog = on }\n"
             "arena { chunk = 4K chunks = 100 prefault = yes hardened = yes }\n"
             "env = { \"LANG=de_DE.UTF-8\", \"A=\" }\n");

    ck_assert_str_eq(c->mount, "/cmon");
    ck_assert_str_eq(c->workdir, "/");
    ck_assert_str_eq(c->path, "/bin:/usr/bin");
    ck_assert_str_eq(c->key_file, "/etc/key");
    ck_assert_str_eq(c->pid_file, in_dir("run/cmon.pid"));
    ck_assert_uint_eq(c->max_running, 2);
    ck_assert_uint_eq(c->queue, 0);
    ck_assert_uint_eq(c->max_connections, 3);
    ck_assert_uint_eq(c->output_max, 2048);
    ck_assert_uint_eq(c->body_max, 0);
    ck_assert_int_eq(c->queue_timeout, CLOCK_SEC / 2);
    ck_assert_int_eq(c->timeout, CLOCK_SEC * 3 / 2);
    ck_assert_int_eq(c->grace, 0);
    ck_assert_int_eq(c->request_timeout, 2 * CLOCK_SEC);
    ck_assert_int_eq(c->drain_timeout, 60 * CLOCK_SEC);
    ck_assert_int_eq(c->read_timeout, 100 * CLOCK_SEC);
    ck_assert_int_eq(c->restart, CONF_RESTART_EXIT);
    ck_assert(c->core_dumps && !c->log_stderr && c->log_syslog);
    ck_assert(c->delays && conf_route(c, "/health")->delays);
    ck_assert_uint_eq(c->arena_chunk, 4096);
    ck_assert_uint_eq(c->arena_chunks, 100);
    ck_assert(c->arena_prefault);
    ck_assert(c->arena_hardened);
    ck_assert_str_eq(find_env(conf_route(c, "/health"), "LANG"), "de_DE.UTF-8");
    ck_assert_str_eq(find_env(conf_route(c, "/health"), "A"), "");
    ck_assert_str_eq(find_env(conf_route(c, "/health"), "PATH"), "/bin:/usr/bin");
    conf_unref(c);
}
END_TEST

START_TEST(a_route_of_the_file_has_all_it_says)
{
    const struct conf *c =
        load("timeout = 20 delays = on\n"
             "env = { \"G=1\", \"S=global\" }\n\n"
             "route \"/deploy\" {\n"
             "  method = { GET, POST, PATCH }\n"
             "  argv = { \"sh\", \"-c\", \"{{x}}\", \"refs/heads/{branch}\" }\n"
             "  workdir = \"/\" timeout = 300 grace = 1 output_max = 4M detach = yes\n"
             "  delays = no\n"
             "  env = { \"S=route\" }\n"
             "  param \"branch\" { type = git-branch default = main env = BRANCH }\n"
             "}\n");
    const struct route *rt = conf_route(c, "/deploy");

    ck_assert_ptr_nonnull(rt);
    ck_assert_uint_eq(rt->methods, METHOD_GET | METHOD_POST | METHOD_PATCH);
    ck_assert_int_eq(rt->action, ROUTE_RUN);
    ck_assert_str_eq(rt->argv[2], "{{x}}");
    ck_assert_ptr_null(rt->argv[4]);
    ck_assert_str_eq(rt->command, access("/usr/bin/sh", X_OK) == 0 ? "/usr/bin/sh" : "/bin/sh");
    ck_assert_str_eq(rt->workdir, "/");
    ck_assert_int_eq(rt->timeout, 300 * CLOCK_SEC);
    ck_assert_int_eq(rt->grace, CLOCK_SEC);
    ck_assert_uint_eq(rt->output_max, 4 * 1024 * 1024);
    ck_assert(rt->detach && !rt->builtin && !rt->delays);
    ck_assert_str_eq(rt->file, g.file);
    ck_assert_int_eq(rt->line, 4);
    ck_assert_str_eq(find_env(rt, "G"), "1");
    ck_assert_str_eq(find_env(rt, "S"), "route");
    ck_assert_uint_eq(rt->nparams, 1);
    ck_assert_str_eq(rt->params[0].name, "branch");
    ck_assert_str_eq(rt->params[0].fallback, "main");
    ck_assert_str_eq(rt->params[0].env, "BRANCH");
    ck_assert_int_eq(conf_route(c, "/health")->timeout, 20 * CLOCK_SEC);
    ck_assert_str_eq(find_env(conf_route(c, "/health"), "S"), "global");
    conf_unref(c);
}
END_TEST

START_TEST(a_route_says_what_its_answer_is_made_of)
{
    const struct conf *c =
        load("output_keep = kill\n"
             "route \"/a\" { argv = { true } output = split }\n"
             "route \"/b\" { argv = { true } output = joined output_keep = tail }\n"
             "route \"/c\" { argv = { true } output = raw output_keep = head\n"
             "    content_type = \"text/plain; charset=utf-8 ;x=\\\"a \\\\\\\"b\\\"\" }\n"
             "route \"/d\" { argv = { true } output = raw content_type = \"image/svg+xml\" }\n");

    ck_assert_int_eq(conf_route(c, "/a")->output, ROUTE_SPLIT);
    ck_assert_int_eq(conf_route(c, "/a")->output_keep, RUN_KEEP_KILL);
    ck_assert_int_eq(conf_route(c, "/b")->output, ROUTE_JOINED);
    ck_assert_int_eq(conf_route(c, "/b")->output_keep, RUN_KEEP_TAIL);
    ck_assert_ptr_null(conf_route(c, "/b")->content_type);
    ck_assert_int_eq(conf_route(c, "/c")->output, ROUTE_RAW);
    ck_assert_int_eq(conf_route(c, "/c")->output_keep, RUN_KEEP_HEAD);
    ck_assert_str_eq(conf_route(c, "/c")->content_type, "text/plain; charset=utf-8 ;x=\"a \\\"b\"");
    ck_assert_str_eq(conf_route(c, "/d")->content_type, "image/svg+xml");
    ck_assert_int_eq(conf_route(c, "/health")->output, ROUTE_JOINED);
    ck_assert_int_eq(conf_route(c, "/health")->output_keep, RUN_KEEP_KILL);
    conf_unref(c);
    c = load("");
    ck_assert_int_eq(conf_route(c, "/health")->output_keep, RUN_KEEP_HEAD);
    conf_unref(c);
}
END_TEST

START_TEST(limits_are_the_routes_own_or_the_files)
{
    const struct conf *c =
        load("memory = 64M cpus = 0.5 cgroup = never\n"
             "io_read = { \"4095:1 1M\", \"4095:2 2M\" }\n"
             "route \"/a\" { argv = { true } }\n"
             "route \"/b\" { argv = { true } memory = none cpus = 2 pids = 9\n"
             "  cgroup = auto io_read = \"4095:2 3K\" io_write = \"4095:2 4K\" }\n");
    const struct route *a = conf_route(c, "/a"), *b = conf_route(c, "/b");

    ck_assert_int_eq(a->cgroup, CGROUP_NEVER);
    ck_assert_int_eq(a->cgroup_limits.memory, 64 * 1024 * 1024);
    ck_assert_int_eq(a->cgroup_limits.cpu, 500);
    ck_assert_int_eq(a->cgroup_limits.pids, 0);
    ck_assert_uint_eq(a->cgroup_limits.nio, 2);
    ck_assert_uint_eq(a->cgroup_limits.io[1].minor, 2);
    ck_assert_int_eq(a->cgroup_limits.io[1].read, 2 * 1024 * 1024);
    ck_assert_int_eq(b->cgroup, CGROUP_AUTO);
    ck_assert_int_eq(b->cgroup_limits.memory, 0);
    ck_assert_int_eq(b->cgroup_limits.cpu, 2000);
    ck_assert_int_eq(b->cgroup_limits.pids, 9);
    ck_assert_uint_eq(b->cgroup_limits.nio, 1);
    ck_assert_uint_eq(b->cgroup_limits.io[0].major, 4095);
    ck_assert_int_eq(b->cgroup_limits.io[0].read, 3 * 1024);
    ck_assert_int_eq(b->cgroup_limits.io[0].write, 4 * 1024);
    conf_unref(c);
}
END_TEST

START_TEST(parameters_of_all_types_have_all_they_say)
{
    const struct conf *c =
        load("route \"/x\" { argv = { true, \"{i}{e}{b}{t}{u}\", \"{p}\" }\n"
             "param i { type = int min = -5 max = 10 default = 3 allow_dash = yes }\n"
             "param e { type = enum values = { a, \"b c\" } default = \"b c\" }\n"
             "param b { type = bool default = on }\n"
             "param p { type = path root = \".\" default = \"-x/y\" }\n"
             "param t { type = text pattern = \"[a-z]*\" max_len = 9 default = \"\" }\n"
             "param u { type = text }\n"
             "}");
    const struct param *p = conf_route(c, "/x")->params;

    ck_assert_int_eq(p[0].min, -5);
    ck_assert_int_eq(p[0].max, 10);
    ck_assert(p[0].allow_dash && !p[1].allow_dash);
    ck_assert_str_eq(p[1].values[1], "b c");
    ck_assert_ptr_null(p[1].values[2]);
    ck_assert_str_eq(p[2].fallback, "true");
    ck_assert_str_eq(p[3].root, g.dir);
    ck_assert_str_eq(p[3].fallback, "-x/y");
    ck_assert_uint_eq(p[4].max_len, 9);
    ck_assert_ptr_nonnull(p[4].pattern);
    ck_assert_str_eq(p[4].fallback, "");
    ck_assert_uint_eq(p[5].max_len, PARAM_TEXT_LEN);
    ck_assert_ptr_null(p[5].pattern);
    ck_assert_ptr_null(p[5].fallback);
    conf_unref(c);
}
END_TEST

START_TEST(a_block_for_a_built_in_route_changes_what_it_says)
{
    const struct conf *c = load("\nroute \"/sync_upstream\" { workdir = \"/\" env = { \"A=1\" } }\n"
                                "route \"/deploy_branch\" { param branch { default = dev } }\n"
                                "route \"/restart\" { method = PUT }\n"
                                "route \"/reboot\" { argv = { true } }\n"
                                "route \"/teardown_branch\" { argv = { true } method = POST }\n");
    const struct route *rt = conf_route(c, "/sync_upstream");

    ck_assert_str_eq(rt->workdir, "/");
    ck_assert_uint_eq(rt->methods, METHOD_PUT);
    ck_assert_str_eq(rt->argv[4], "refs/heads/{branch}");
    ck_assert_str_eq(rt->params[0].fallback, "main");
    ck_assert_str_eq(find_env(rt, "GIT_CONFIG_COUNT"), "1");
    ck_assert_str_eq(find_env(rt, "A"), "1");
    ck_assert(rt->builtin);
    ck_assert_int_eq(rt->line, 2);

    rt = conf_route(c, "/deploy_branch");
    ck_assert(rt->detach);
    ck_assert_str_eq(rt->params[0].fallback, "dev");
    ck_assert_int_eq(rt->params[0].type, PARAM_GIT_BRANCH);

    rt = conf_route(c, "/restart");
    ck_assert_int_eq(rt->action, ROUTE_RESTART);
    ck_assert_uint_eq(rt->methods, METHOD_PUT);

    ck_assert_str_eq(conf_route(c, "/reboot")->argv[0], "true");
    rt = conf_route(c, "/teardown_branch");
    ck_assert_uint_eq(rt->nparams, 0);
    ck_assert_uint_eq(c->nroutes, 7);
    conf_unref(c);
}
END_TEST

START_TEST(an_argv_for_restart_makes_it_a_command)
{
    const struct conf *c = load("route \"/restart\" { argv = { true } }");

    ck_assert_int_eq(conf_route(c, "/restart")->action, ROUTE_RUN);
    conf_unref(c);
}
END_TEST

START_TEST(built_in_routes_can_be_taken_away)
{
    const struct conf *c = load("route \"/reboot\" { disabled = yes }");

    ck_assert_ptr_null(conf_route(c, "/reboot"));
    ck_assert_uint_eq(c->nroutes, 6);
    conf_unref(c);
    c = load("builtin_routes = no route \"/health\" { argv = { true } }");
    ck_assert_uint_eq(c->nroutes, 1);
    ck_assert(!conf_route(c, "/health")->builtin);
    conf_unref(c);
    c = load("builtin_routes = no");
    ck_assert_uint_eq(c->nroutes, 0);
    ck_assert_ptr_null(conf_route(c, "/health"));
    ck_assert(given_said(&g, "0: warning: no route stands: every request is refused"));
    conf_unref(c);
}
END_TEST

START_TEST(a_route_is_found_by_its_whole_path)
{
    const struct conf *c =
        load("route \"/\" { argv = { true } } route \"/a/b\" { argv = { true } }");

    ck_assert_ptr_nonnull(conf_route(c, "/"));
    ck_assert_ptr_nonnull(conf_route(c, "/a/b"));
    ck_assert_ptr_null(conf_route(c, "/a"));
    ck_assert_ptr_null(conf_route(c, "/a/b/"));
    ck_assert_ptr_null(conf_route(c, "/a/bc"));
    ck_assert_ptr_null(conf_route(c, "a/b"));
    ck_assert_ptr_null(conf_route(c, ""));
    conf_unref(c);
}
END_TEST

START_TEST(relative_paths_are_relative_to_the_file)
{
    static const char *const cases[][2] = {
        { "workdir = \"sub/x\"", "/sub/x" },
        { "workdir = \"./sub\"", "/sub" },
        { "workdir = \".//./sub\"", "/sub" },
        { "workdir = \".\"", "" },
        { "workdir = \"./\"", "" },
        { "workdir = \"..\"", "/.." },
    };

    ck_assert_int_eq(chdir("/"), 0);
    for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++) {
        const struct conf *c = load(cases[i][0]);
        char want[128];

        (void)snprintf(want, sizeof want, "%s%s", g.dir, cases[i][1]);
        ck_assert_str_eq(c->workdir, want);
        conf_unref(c);
    }
    ck_assert_int_eq(chdir(g.dir), 0);
}
END_TEST

START_TEST(a_relative_file_is_relative_to_the_current_directory)
{
    const struct conf *c;

    given_write(&g, "cmon.conf", "route \"/x\" { argv = { true } }", 30);
    c = given_load_file(&g, "cmon.conf", false);
    ck_assert_msg(c != NULL, "%s", g.said);
    ck_assert_str_eq(c->file, g.file);
    ck_assert_str_eq(c->workdir, g.dir);
    ck_assert_str_eq(conf_route(c, "/x")->file, g.file);
    conf_unref(c);
}
END_TEST

/* --- the manual ---------------------------------------------------------- */

/* Ends the page behind the section with this heading, and returns its begin. */
static char *
cut_section(char *page, const char *heading)
{
    char *begin = strstr(page, heading);
    char *end = NULL;

    ck_assert_msg(begin != NULL, "no \"%s\"", heading + 1);
    end = strstr(begin + 1, "\n.S");
    ck_assert_ptr_nonnull(end);
    *end = '\0';
    return begin;
}

START_TEST(the_manual_has_every_option)
{
    static const char *const headings[CONF_KIND_MAX] = { "\n.Sh OPTIONS\n", "\n.Ss log\n",
        "\n.Ss arena\n", "\n.Ss route\n", "\n.Ss param\n", "\n.Ss limits\n" };
    const char *top = getenv("top_srcdir");
    static char page[64 * 1024];
    const struct conf_word *words;
    char text[256];
    FILE *f;
    size_t n, nwords;

    (void)snprintf(text, sizeof text, "%s/man/cmon.conf.5", top ? top : ".");
    f = fopen(text, "r");
    if (!f)
        SUITE_SKIP("no %s; set top_srcdir", text);
    n = fread(page, 1, sizeof page - 1, f);
    ck_assert_int_eq(fclose(f), 0);
    words = conf_tree_words(&nwords);
    for (size_t i = 0; i < nwords; i++) {
        char section[sizeof page];

        page[n] = '\0';
        memcpy(section, page, n + 1);
        (void)snprintf(text, sizeof text, "\n.It Ic %s ", words[i].name);
        ck_assert_msg(strstr(cut_section(section, headings[words[i].where]), text) != NULL,
            "%s of %s is not in the manual", words[i].name, conf_tree_kind_name(words[i].where));
    }
}
END_TEST

Suite *
suite(void)
{
    Suite *s = suite_create("conf");
    TCase *tc = tcase_create("conf");

    tcase_add_checked_fixture(tc, setup, teardown);
    tcase_add_test(tc, an_empty_file_is_the_defaults);
    tcase_add_test(tc, no_file_is_the_defaults_and_the_current_directory);
    tcase_add_test(tc, sync_asks_git_for_no_terminal_and_no_detached_gc);
    tcase_add_test(tc, every_setting_is_taken);
    tcase_add_test(tc, a_route_of_the_file_has_all_it_says);
    tcase_add_test(tc, a_route_says_what_its_answer_is_made_of);
    tcase_add_test(tc, limits_are_the_routes_own_or_the_files);
    tcase_add_test(tc, parameters_of_all_types_have_all_they_say);
    tcase_add_test(tc, a_block_for_a_built_in_route_changes_what_it_says);
    tcase_add_test(tc, an_argv_for_restart_makes_it_a_command);
    tcase_add_test(tc, built_in_routes_can_be_taken_away);
    tcase_add_test(tc, a_route_is_found_by_its_whole_path);
    tcase_add_test(tc, relative_paths_are_relative_to_the_file);
    tcase_add_test(tc, a_relative_file_is_relative_to_the_current_directory);
    tcase_add_test(tc, the_manual_has_every_option);
    suite_add_tcase(s, tc);
    return s;
}
