/* tests/conf/test_conf_life.c -- conf/conf.h: how a configuration is found, shared and freed. */
#include "config.h"

#include <fcntl.h>
#include <pthread.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "arena/region.h"
#include "conf/conf.h"
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

/* --- the key ------------------------------------------------------------- */

START_TEST(the_key_is_read_when_it_is_wanted)
{
    const struct conf *c;

    given_write(&g, "cmon.conf", "", 0);
    given_write(&g, "client_secret.key", DIGITS, strlen(DIGITS));
    c = given_load_file(&g, g.file, true);
    ck_assert_msg(c != NULL, "%s", g.said);
    ck_assert_ptr_nonnull(c->key);
    for (unsigned i = 0; i < CONF_KEY_BYTES; i++)
        ck_assert_uint_eq(c->key[i], i);
    conf_unref(c);
}
END_TEST

START_TEST(a_wrong_key_is_a_mistake_of_its_line)
{
    char want[512];

    given_write(&g, "cmon.conf", "\nkey_file = \"k\"", 15);
    given_write(&g, "k", "abc", 3);
    ck_assert_ptr_null(given_load_file(&g, g.file, true));
    (void)snprintf(want, sizeof want,
        "2: error: key_file: %s: holds fewer than 64 hexadecimal digits", in_dir("k"));
    ck_assert_msg(given_said(&g, want), "%s", g.said);
    ck_assert_int_eq(unlink(in_dir("k")), 0);
    ck_assert_ptr_null(given_load_file(&g, g.file, true));
    (void)snprintf(want, sizeof want,
        "2: error: key_file: open %s: No such file or directory; cmon token new FILE makes one",
        in_dir("k"));
    ck_assert_msg(given_said(&g, want), "%s", g.said);
}
END_TEST

START_TEST(without_a_file_the_key_is_looked_for_in_three_places)
{
    const struct conf *c;

    ck_assert_int_eq(mkdir(in_dir(".config"), 0700), 0);
    ck_assert_int_eq(mkdir(in_dir(".config/cmon"), 0700), 0);
    given_write(&g, ".config/cmon/client_secret.key", DIGITS, strlen(DIGITS));
    c = given_load_file(&g, NULL, true);
    ck_assert_msg(c != NULL, "%s", g.said);
    ck_assert_str_eq(c->key_file, in_dir(".config/cmon/client_secret.key"));
    conf_unref(c);

    given_write(&g, "client_secret.key", DIGITS, strlen(DIGITS));
    c = given_load_file(&g, NULL, true);
    ck_assert_msg(c != NULL, "%s", g.said);
    ck_assert_str_eq(c->key_file, in_dir("client_secret.key"));
    conf_unref(c);

    ck_assert_int_eq(unlink(in_dir(".config/cmon/client_secret.key")), 0);
    ck_assert_int_eq(rmdir(in_dir(".config/cmon")), 0);
}
END_TEST

/* --- lifetime ------------------------------------------------------------ */

static void *
use_often(void *ctx)
{
    const struct conf *c = *(const struct conf **)ctx;

    for (int i = 0; i < 1000; i++) {
        const struct conf *mine = conf_ref(c);

        if (!conf_route(mine, "/health"))
            return ctx;
        conf_unref(mine);
    }
    conf_unref(c);
    return NULL;
}

START_TEST(the_last_of_many_readers_frees_it)
{
    const struct conf *c = load(PATTERN "} }");
    pthread_t threads[4];

    for (size_t i = 0; i < 4; i++) {
        (void)conf_ref(c); /* the thread's */
        ck_assert_int_eq(pthread_create(&threads[i], NULL, use_often, &c), 0);
    }
    conf_unref(c);
    for (size_t i = 0; i < 4; i++) {
        void *wrong;

        ck_assert_int_eq(pthread_join(threads[i], &wrong), 0);
        ck_assert_ptr_null(wrong);
    }
    conf_unref(NULL);
}
END_TEST

/* Every route with an entry of its own has a whole environment of its own. */
START_TEST(what_does_not_fit_into_memory_is_refused_without_harm)
{
    static char text[200 * 1024];
    size_t n = 0;

    n += (size_t)snprintf(text, sizeof text, "env = { \"A=");
    memset(text + n, 'x', 100 * 1024);
    n += 100 * 1024;
    n += (size_t)snprintf(text + n, sizeof text - n, "\" }\n");
    for (int i = 0; i < 500; i++)
        n += (size_t)snprintf(text + n, sizeof text - n,
            "route \"/%d\" { argv = { true, \"{p}\" } env = \"B=1\" param p { type = text pattern "
            "= "
            "\"a\" } }\n",
            i);
    ck_assert_ptr_null(given_load(&g, text));
    ck_assert(given_said(&g, "0: error: Cannot allocate memory"));
}
END_TEST

START_TEST(loading_again_and_again_leaves_nothing)
{
    int before = open("/dev/null", O_RDONLY), after;

    ck_assert_int_eq(close(before), 0);
    for (int i = 0; i < 50; i++) {
        conf_unref(load(PATTERN "} }"));
        ck_assert_ptr_null(given_load(&g, PATTERN "default = b } }"));
        ck_assert_ptr_null(given_load(&g, "x = 1 route \"/y\" { z = 1"));
    }
    after = open("/dev/null", O_RDONLY);
    ck_assert_int_eq(after, before);
    ck_assert_int_eq(close(after), 0);
}
END_TEST

/* --- where it is --------------------------------------------------------- */

START_TEST(the_file_is_found_by_variable_then_home)
{
    struct region r;

    ck_assert_int_eq(region_init(&r, 65536), 0);
    if (access(SYSCONFDIR "/cmon/cmon.conf", F_OK) != 0)
        ck_assert_ptr_null(conf_find(&r));
    ck_assert_int_eq(mkdir(in_dir(".config"), 0700), 0);
    ck_assert_int_eq(mkdir(in_dir(".config/cmon"), 0700), 0);
    given_write(&g, ".config/cmon/cmon.conf", "", 0);
    ck_assert_str_eq(conf_find(&r), in_dir(".config/cmon/cmon.conf"));
    ck_assert_int_eq(setenv("CMON_CONF", "/nowhere/cmon.conf", 1), 0);
    ck_assert_str_eq(conf_find(&r), "/nowhere/cmon.conf");
    ck_assert_int_eq(setenv("CMON_CONF", "", 1), 0);
    ck_assert_str_eq(conf_find(&r), in_dir(".config/cmon/cmon.conf"));
    ck_assert_int_eq(unlink(in_dir(".config/cmon/cmon.conf")), 0);
    ck_assert_int_eq(rmdir(in_dir(".config/cmon")), 0);
    region_done(&r);
}
END_TEST

Suite *
suite(void)
{
    Suite *s = suite_create("conf_life");
    TCase *tc = tcase_create("conf_life");

    tcase_add_checked_fixture(tc, setup, teardown);
    tcase_add_test(tc, the_key_is_read_when_it_is_wanted);
    tcase_add_test(tc, a_wrong_key_is_a_mistake_of_its_line);
    tcase_add_test(tc, without_a_file_the_key_is_looked_for_in_three_places);
    tcase_add_test(tc, the_last_of_many_readers_frees_it);
    tcase_add_test(tc, what_does_not_fit_into_memory_is_refused_without_harm);
    tcase_add_test(tc, loading_again_and_again_leaves_nothing);
    tcase_add_test(tc, the_file_is_found_by_variable_then_home);
    suite_add_tcase(s, tc);
    return s;
}
