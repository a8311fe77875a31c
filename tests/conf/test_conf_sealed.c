/* tests/conf/test_conf_sealed.c -- conf/conf.h: nothing of a configuration can be written after
 * it was loaded. */
#include "config.h"

#include <stdbool.h>
#include <stdint.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

#include "conf/conf.h"
#include "tests/conf/given.h"
#include "tests/exec/filter.h"
#include "tests/memory.h"
#include "tests/suite.h"

#define DIGITS "000102030405060708090a0b0c0d0e0f101112131415161718191a1b1c1d1e1f\n"

/* Everything that can be said: each pointer there is is set by something. */
static const char everything[] =
    "key_file = \"k\" mount = \"/m\" path = \"/bin:/usr/bin\" pid_file = \"/p\" workdir = \"/\"\n"
    "env = { \"A=1\", \"B=2\" }\n"
    "io_read = { \"4095:1 1M\", \"4095:2 2M\" }\n"
    "route \"/health\" { env = \"C=3\" }\n"
    "route \"/sync_upstream\" { param branch { default = x env = BRANCH } }\n"
    "route \"/all\" { argv = { true, \"{e}\", \"{p}\", \"a{t}\", \"{i}\" } workdir = \"/tmp\"\n"
    "    output = raw content_type = \"text/plain\" io_write = \"4095:2 4K\" env = \"D=4\"\n"
    "    param e { type = enum values = { a, b } default = b env = E }\n"
    "    param p { type = path root = \"/\" default = \"x\" }\n"
    "    param t { type = text pattern = \"([a-z]+)(?<n>[0-9]|x)*\" default = \"abc\" }\n"
    "    param i { type = int min = 1 max = 3 default = 2 } }\n";

static struct given g;
static const struct conf *c;
/* valgrind looks for pointers to it, but not in what is shared. */
static const struct mirror *volatile count;

static void
load(void)
{
    given_write(&g, "k", DIGITS, strlen(DIGITS));
    given_write(&g, "cmon.conf", everything, strlen(everything));
    c = given_load_file(&g, g.file, true);
    ck_assert_msg(c != NULL, "%s", g.said);
    count = c->mirror;
}

static void
setup(void)
{
    given_begin(&g);
    ck_assert_int_eq(chdir(g.dir), 0);
}

static void
teardown(void)
{
    conf_unref(c);
    c = NULL;
    ck_assert_int_eq(chdir("/"), 0);
    given_end(&g);
}

/* --- every pointer -------------------------------------------------------- */

static unsigned npointers;
static const char *where; /* the route we are at, for messages */

/* NULL is no pointer; `must` says that something here has set it. */
static void
check(const void *p, bool must, const char *name)
{
    if (p == NULL) {
        ck_assert_msg(!must, "%s%s: is not set", where, name);
        return;
    }
    npointers++;
    ck_assert_msg(memory_is_deadly((void *)(uintptr_t)p), "%s%s: can be written", where, name);
}

static void
check_list(const char *const *list, bool must, const char *name)
{
    check(list, must, name);
    for (; list != NULL && *list != NULL; list++)
        check(*list, true, name);
}

static void
check_param(const struct param *p, bool all)
{
    check(p, true, "param");
    check(p->name, true, "name");
    check(p->fallback, all, "fallback");
    check(p->env, all && p->type == PARAM_ENUM, "env");
    check_list(p->values, all && p->type == PARAM_ENUM, "values");
    check(p->root, all && p->type == PARAM_PATH, "root");
    check(p->pattern, all && p->type == PARAM_TEXT, "pattern");
}

static void
check_route(const struct route *rt)
{
    bool all = strcmp(rt->path, "/all") == 0;

    where = rt->path;
    check(rt, true, "");
    check(rt->path, true, "path");
    check_list(rt->argv, all, "argv");
    check(rt->command, all, "command");
    check_list((const char *const *)rt->env, true, "env");
    check(rt->workdir, true, "workdir");
    check(rt->params, all, "params");
    for (size_t i = 0; i < rt->nparams; i++)
        check_param(&rt->params[i], all);
    check(rt->content_type, all, "content_type");
    check(rt->cgroup_limits.io, true, "io");
    check(rt->file, all, "file");
    where = "";
}

static void
check_every_pointer(void)
{
    where = "";
    npointers = 0;
    check(c, true, "conf");
    check(&c->guard, true, "guard");
    check(c->file, true, "file");
    check(c->key_file, true, "key_file");
    check(c->mount, true, "mount");
    check(c->workdir, true, "workdir");
    check(c->path, true, "path");
    check(c->pid_file, true, "pid_file");
    check(c->key, true, "key");
    check(c->key + CONF_KEY_BYTES - 1, true, "key");
    check(c->routes, true, "routes");
    for (size_t i = 0; i < c->nroutes; i++)
        check_route(&c->routes[i]);
    ck_assert_uint_gt(npointers, 150);
}

/* In the ways that memory is made read-only, the kernel's seal first. */
START_TEST(a_write_through_any_pointer_ends_in_sigsegv)
{
    static const char *const forbidden[] = { NULL, "memfd", "seal" };
    char name[16];
    char *names[] = { name };

    if (forbidden[_i] != NULL) {
        (void)snprintf(name, sizeof name, "%s", forbidden[_i]);
        if (filter_forbid(names, 1) < 0)
            SUITE_SKIP("no system call filter to be had");
    }
    load();
    check_every_pointer();
}
END_TEST

/* Should the walk above have forgotten one: nothing in there looks like an
 * address of writable memory but for the one that leads to the count. */
START_TEST(nothing_in_it_leads_to_writable_memory)
{
    const void *found;

#ifdef SANITIZERS
    SUITE_SKIP("a sanitizer's shadow is at addresses that small numbers have too");
#endif
    load();
    found = memory_find_writable(c, &c->mirror);
    ck_assert_msg(found == NULL, "%p, %zd from the beginning, holds %p", found,
        (const char *)found - (const char *)c, found ? *(const void *const *)found : NULL);
}
END_TEST

START_TEST(all_of_it_is_sealed)
{
    load();
    ck_assert_str_eq(memory_rights(c), "r--s");
    ck_assert_str_eq(memory_rights(c->routes), "r--s");
    ck_assert_str_eq(memory_rights(c->key), "r--s");
    ck_assert_str_eq(memory_rights(conf_route(c, "/all")->argv[0]), "r--s");
    ck_assert_str_eq(memory_rights(route_param(conf_route(c, "/all"), "t", 1)->pattern), "r--s");
    ck_assert(!memory_has_flag(c->key, "mw")); /* not even by mprotect(2) */
    ck_assert_int_eq(memory_file("mirror"), -1);
}
END_TEST

/* --- the key -------------------------------------------------------------- */

static void
read_as_a_child(void)
{
    for (unsigned i = 0; i < CONF_KEY_BYTES; i++) {
        if (c->key[i] != i)
            _exit(1);
    }
}

START_TEST(the_key_is_in_no_core_dump)
{
    load();
    ck_assert(memory_has_flag(c->key, "dd"));
    ck_assert_int_eq(memory_in_child(read_as_a_child), 0);
}
END_TEST

/* What is unmapped cannot be looked at; arena/mirror.h promises that it was
 * cleansed before. */
START_TEST(of_the_key_nothing_is_left)
{
    const unsigned char *key;

    load();
    key = c->key;
    conf_unref(c);
    c = NULL;
    ck_assert(!memory_is_mapped(key));
    ck_assert_int_eq(memory_file("mirror"), -1);
}
END_TEST

/* --- what it takes ---------------------------------------------------------- */

START_TEST(a_reload_needs_no_room_for_data)
{
#ifdef SANITIZERS
    SUITE_SKIP("a sanitizer's memory is data too");
#endif
    memory_limit_data((size_t)1024 * 1024); /* libConfuse's, and what stdio takes */
    load();
    conf_unref(c);
    load();
}
END_TEST

Suite *
suite(void)
{
    Suite *s = suite_create("conf_sealed");
    TCase *tc = tcase_create("conf_sealed");

    tcase_set_timeout(tc, 60); /* a child for each pointer */
    tcase_add_checked_fixture(tc, setup, teardown);
    tcase_add_loop_test(tc, a_write_through_any_pointer_ends_in_sigsegv, 0, 1);
    tcase_add_test(tc, of_the_key_nothing_is_left);
    suite_add_tcase(s, tc);
    tc = tcase_create("as the kernel has it");
    tcase_set_tags(tc, SUITE_NATIVE);
    tcase_set_timeout(tc, 60);
    tcase_add_checked_fixture(tc, setup, teardown);
    tcase_add_loop_test(tc, a_write_through_any_pointer_ends_in_sigsegv, 1, 3);
    tcase_add_test(tc, nothing_in_it_leads_to_writable_memory);
    tcase_add_test(tc, all_of_it_is_sealed);
    tcase_add_test(tc, the_key_is_in_no_core_dump);
    tcase_add_test(tc, a_reload_needs_no_room_for_data);
    suite_add_tcase(s, tc);
    return s;
}
