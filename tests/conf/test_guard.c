/* tests/conf/test_guard.c -- conf/guard.h, promise by promise. */
#include "config.h"

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/stat.h>
#include <unistd.h>

#include "conf/guard.h"
#include "tests/suite.h"

static char top[] = "/tmp/cmon-guard.XXXXXX";
static char path[4096];
static struct guard guard;

/* A path below our directory; the next call overwrites it. */
static const char *
at(const char *name)
{
    ck_assert_int_lt(snprintf(path, sizeof(path), "%s/%s", top, name), (int)sizeof(path));
    return path;
}

static void
make_file(const char *name)
{
    int fd = open(at(name), O_WRONLY | O_CREAT | O_CLOEXEC, 0600);

    ck_assert_int_ge(fd, 0);
    ck_assert_int_eq(close(fd), 0);
}

static void
setup(void)
{
    char link[4096];

    ck_assert_ptr_nonnull(mkdtemp(top));
    ck_assert_int_eq(mkdir(at("home"), 0700), 0);
    ck_assert_int_eq(mkdir(at("home/public"), 0700), 0);
    ck_assert_int_eq(mkdir(at("home/conf"), 0700), 0);
    make_file("home/conf/key");
    (void)snprintf(link, sizeof(link), "%s/link", top);
    ck_assert_int_eq(symlink(at("home/conf"), link), 0);
    guard_init(&guard);
    ck_assert_int_eq(guard_add(&guard, at("home/conf/key")), 0);
}

static void
teardown(void)
{
    static const char *const file[] = { "home/conf/key", "link" };
    static const char *const dir[] = { "home/conf", "home/public", "home", "" };
    size_t i;

    for (i = 0; i < 2; i++)
        (void)unlink(at(file[i]));
    for (i = 0; i < 4; i++)
        (void)rmdir(at(dir[i]));
}

START_TEST(a_root_above_the_file_exposes_it)
{
    ck_assert(guard_is_exposed(&guard, at("home/conf")));
    ck_assert(guard_is_exposed(&guard, at("home/conf/")));
    ck_assert(guard_is_exposed(&guard, at("home")));
    ck_assert(guard_is_exposed(&guard, top));
}
END_TEST

START_TEST(a_root_beside_the_file_does_not)
{
    ck_assert(!guard_is_exposed(&guard, at("home/public")));
    ck_assert(!guard_is_exposed(&guard, at("home/con")));
    ck_assert(!guard_is_exposed(&guard, "/usr"));
}
END_TEST

START_TEST(a_link_to_it_exposes_it)
{
    ck_assert(guard_is_exposed(&guard, at("link")));
    ck_assert(guard_is_exposed(&guard, at("home/public/../conf")));
}
END_TEST

START_TEST(a_file_named_through_a_link_is_where_it_lies)
{
    struct guard other;

    guard_init(&other);
    ck_assert_int_eq(guard_add(&other, at("link/key")), 0);
    ck_assert(guard_is_exposed(&other, at("home")));
}
END_TEST

START_TEST(the_root_an_empty_and_a_missing_one_expose_nothing)
{
    ck_assert(!guard_is_exposed(&guard, "/"));
    ck_assert(!guard_is_exposed(&guard, ""));
    ck_assert(!guard_is_exposed(&guard, "home"));
    ck_assert(!guard_is_exposed(&guard, at("gone")));
}
END_TEST

START_TEST(a_file_that_is_not_there_cannot_be_guarded)
{
    ck_assert_int_eq(guard_add(&guard, at("gone")), -ENOENT);
}
END_TEST

START_TEST(the_environment_of_the_start_may_expose_it)
{
    (void)unsetenv("DOCUMENT_ROOT");
    ck_assert_ptr_null(guard_exposed_at_start(&guard));
    ck_assert_int_eq(setenv("DOCUMENT_ROOT", at("home/public"), 1), 0);
    ck_assert_ptr_null(guard_exposed_at_start(&guard));
    ck_assert_int_eq(setenv("DOCUMENT_ROOT", at("home"), 1), 0);
    ck_assert_str_eq(guard_exposed_at_start(&guard), at("home"));
    (void)unsetenv("DOCUMENT_ROOT");
}
END_TEST

START_TEST(an_empty_guard_exposes_nothing)
{
    guard_init(&guard);
    ck_assert(!guard_is_exposed(&guard, top));
}
END_TEST

Suite *
suite(void)
{
    Suite *s = suite_create("guard");
    TCase *tc = tcase_create("guard");

    tcase_add_checked_fixture(tc, setup, teardown);
    tcase_add_test(tc, a_root_above_the_file_exposes_it);
    tcase_add_test(tc, a_root_beside_the_file_does_not);
    tcase_add_test(tc, a_link_to_it_exposes_it);
    tcase_add_test(tc, a_file_named_through_a_link_is_where_it_lies);
    tcase_add_test(tc, the_root_an_empty_and_a_missing_one_expose_nothing);
    tcase_add_test(tc, a_file_that_is_not_there_cannot_be_guarded);
    tcase_add_test(tc, the_environment_of_the_start_may_expose_it);
    tcase_add_test(tc, an_empty_guard_exposes_nothing);
    suite_add_tcase(s, tc);
    return s;
}
