/* tests/fcgi/test_server.c -- fcgi/server.h: a reload while requests are at work. */
#include "config.h"

#include <pthread.h>
#include <stdatomic.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

#include "arena/arena.h"
#include "arena/region.h"
#include "base/err.h"
#include "conf/conf.h"
#include "conf/param.h"
#include "fcgi/log.h"
#include "fcgi/server.h"
#include "tests/conf/given.h"
#include "tests/fcgi/fakelog.h"
#include "tests/memory.h"
#include "tests/suite.h"

enum {
    READERS = 4,
    RELOADS = 100,
    KINDS = 2, /* of configurations, in turn */
};

static struct given g;
static struct server s;
static atomic_bool enough;
static atomic_uint readings;

/* A configuration of a kind: everything in it tells which. */
static const struct conf *
load(unsigned kind)
{
    char text[1024], digits[65];
    const struct conf *c;

    memset(digits, 'a' + (char)kind, 64);
    digits[64] = '\n';
    given_write(&g, "k", digits, sizeof digits);
    (void)snprintf(text, sizeof text,
        "key_file = \"k\" mount = \"/m%u\" max_running = %u\n"
        "route \"/x\" { argv = { true, \"a%u{p}\" } env = \"KIND=%u\"\n"
        "    param p { type = text pattern = \"[%u]+\" default = \"%u\" } }\n",
        kind, kind + 1, kind, kind, kind, kind);
    given_write(&g, "cmon.conf", text, strlen(text));
    c = given_load_file(&g, g.file, true);
    ck_assert_msg(c != NULL, "%s", g.said);
    return c;
}

static void
setup(void)
{
    given_begin(&g);
    ck_assert_int_eq(chdir(g.dir), 0);
    s = (struct server){ .conf = load(0) };
    ck_assert_int_eq(pthread_mutex_init(&s.conf_lock, NULL), 0);
}

static void
teardown(void)
{
    conf_unref(s.conf);
    (void)pthread_mutex_destroy(&s.conf_lock);
    ck_assert_int_eq(chdir("/"), 0);
    given_end(&g);
}

/* Whether all of a configuration is of one kind, read as a request reads it. */
static bool
is_whole(const struct conf *c, struct region *r)
{
    unsigned kind = (unsigned)c->max_running - 1;
    const struct route *rt = conf_route(c, "/x");
    char want[16], value[2] = { (char)('0' + kind), '\0' };
    const char *got;
    struct err err;
    size_t n = 0;

    (void)snprintf(want, sizeof want, "/m%u", kind);
    if (kind >= KINDS || strcmp(c->mount, want) != 0 || rt == NULL)
        return false;
    for (size_t i = 0; i < CONF_KEY_BYTES; i++) {
        if (c->key[i] != 0xaa + 0x11 * kind)
            return false;
    }
    (void)snprintf(want, sizeof want, "a%u{p}", kind);
    if (strcmp(rt->argv[1], want) != 0 || strcmp(rt->params[0].fallback, value) != 0)
        return false;
    (void)snprintf(want, sizeof want, "KIND=%u", kind);
    while (rt->env[n] != NULL && strcmp(rt->env[n], want) != 0)
        n++;
    return rt->env[n] != NULL && param_check(&rt->params[0], value, r, &got, &err) == 0 &&
           strcmp(got, value) == 0;
}

/* A worker: what it has read of one configuration it still finds there when
 * others have come meanwhile. */
static void *
read_on(void *unused)
{
    unsigned char mem[4096];
    struct region r;
    bool good = true;

    (void)unused;
    region_over(&r, mem, sizeof mem);
    while (good && !atomic_load(&enough)) {
        const struct conf *mine = server_conf(&s);
        const struct conf *next;

        good = is_whole(mine, &r);
        next = server_conf(&s);
        good = good && is_whole(next, &r) && is_whole(mine, &r);
        conf_unref(mine);
        good = good && is_whole(next, &r);
        conf_unref(next);
        region_reset(&r);
        atomic_fetch_add(&readings, 1);
    }
    return good ? NULL : &s;
}

START_TEST(a_reload_under_load_takes_nothing_from_anybody)
{
    pthread_t threads[READERS];
    unsigned before;

    for (size_t i = 0; i < READERS; i++)
        ck_assert_int_eq(pthread_create(&threads[i], NULL, read_on, NULL), 0);
    for (unsigned i = 1; i <= RELOADS; i++) {
        before = atomic_load(&readings);
        server_change_conf(&s, load(i % KINDS));
        while (atomic_load(&readings) - before < READERS && i % 8 == 0)
            (void)usleep(100);
    }
    atomic_store(&enough, true);
    for (size_t i = 0; i < READERS; i++) {
        void *wrong;

        ck_assert_int_eq(pthread_join(threads[i], &wrong), 0);
        ck_assert_ptr_null(wrong);
    }
    ck_assert_uint_gt(atomic_load(&readings), READERS);
}
END_TEST

START_TEST(the_old_one_goes_when_nobody_has_it)
{
    const struct conf *old = server_conf(&s);
    const unsigned char *key = old->key;

    server_change_conf(&s, load(1));
    ck_assert(memory_is_mapped(key));
    ck_assert_str_eq(old->mount, "/m0");
    conf_unref(old);
    ck_assert(!memory_is_mapped(key));
}
END_TEST

/* Tends; returns what of it is logged, "" for nothing. */
static const char *
tend(void)
{
    fakelog_told.text[0] = '\0';
    ck_assert_int_gt(server_tend(&s), 0);
    return fakelog_told.text;
}

START_TEST(mistakes_with_memory_are_told_and_once)
{
    struct arena_options opt = { .chunk_size = 4096, .chunk_count = 32, .hardened = true };
    unsigned char *p;

    log_open(false, true);
    ck_assert_int_eq(arena_open(&opt, &s.arena), 0);
    p = arena_alloc(s.arena, 4096);
    ck_assert_int_eq(arena_free(s.arena, p), 0);
    ck_assert_str_eq(tend(), "");
    ck_assert_int_lt(arena_free(s.arena, p), 0);
    ck_assert_int_lt(arena_free(s.arena, p + 1), 0);
    ck_assert_ptr_nonnull(strstr(tend(), "freed that was not in use (2 times)"));
    ck_assert_str_eq(tend(), "");
    p[0] ^= 1;
    ck_assert_ptr_nonnull(arena_alloc(s.arena, 31 * 4096)); /* which it has to make way for */
    ck_assert_ptr_nonnull(strstr(tend(), "written to after it was freed (1 times)"));
    ck_assert_str_eq(tend(), "");
    arena_close(s.arena);
}
END_TEST

Suite *
suite(void)
{
    Suite *all = suite_create("server");
    TCase *tc = tcase_create("server");

    tcase_set_timeout(tc, 60);
    tcase_add_checked_fixture(tc, setup, teardown);
    tcase_add_test(tc, a_reload_under_load_takes_nothing_from_anybody);
    tcase_add_test(tc, the_old_one_goes_when_nobody_has_it);
    tcase_add_test(tc, mistakes_with_memory_are_told_and_once);
    suite_add_tcase(all, tc);
    return all;
}
