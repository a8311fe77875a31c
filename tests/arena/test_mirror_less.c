/* tests/arena/test_mirror_less.c -- arena/mirror.h, promise by promise: where the system gives
 * less. */
#include "config.h"

#include <errno.h>
#include <stdio.h>
#include <string.h>
#include <sys/resource.h>
#include <sys/wait.h>
#include <unistd.h>

#include "arena/mirror.h"
#include "tests/arena/secret.h"
#include "tests/exec/filter.h"
#include "tests/memory.h"
#include "tests/suite.h"

enum {
    MAX = 1024 * 1024,
    BIG = 16 * MAX,
};

/* In a child, which says what is wrong before it leaves. */
#define MUST(what)                                                           \
    do {                                                                     \
        if (!(what)) {                                                       \
            (void)fprintf(stderr, "%s:%d: %s\n", __FILE__, __LINE__, #what); \
            _exit(1);                                                        \
        }                                                                    \
    } while (0)

/* The promises that hold without a seal. */
static void
check_unheld(void)
{
    MUST(memory_has_flag(text, "dd"));
    MUST(mirror_seal(m) == 0);
    MUST(!mirror_is_held(m));
    MUST(strcmp(*inside, "secret") == 0);
    MUST(mirror_rw(m, text, 1) == NULL && mirror_ro(m, text, 1) == NULL);
    MUST(mirror_seal(m) == -EINVAL);
    MUST(region_alloc(mirror_region(m), 1) == NULL);
    MUST(memory_is_deadly(text) && memory_is_deadly(*inside));
    MUST(memory_is_mapped(text) && !memory_is_mapped(text + page));
    MUST(memory_has_flag(text, "dd") && !memory_has_flag(text, "dc"));
    mirror_unref(mirror_ref(m));
    MUST(memory_is_mapped(text));
    mirror_unref(m);
    MUST(!memory_is_mapped(text));
}

static void
forbid(const char *name)
{
    char copy[16];
    char *names[] = { copy };
    int r;

    (void)snprintf(copy, sizeof(copy), "%s", name);
    r = filter_forbid(names, 1);
    if (r < 0)
        _exit(77);
}

static void
without_memfd(void)
{
    forbid("memfd");
    secret_build(MAX);
    MUST(memory_file("mirror") == -1);
    check_unheld();
}

static void
without_seal(void)
{
    forbid("seal");
    secret_build(MAX);
    check_unheld();
}

static void
with_small_files_only(void)
{
    static const struct rlimit small = { MAX - 1, MAX - 1 };

    MUST(setrlimit(RLIMIT_FSIZE, &small) == 0);
    secret_build(MAX);
    MUST(memory_file("mirror") == -1);
    check_unheld();
}

static void
without_descriptors(void)
{
    static const struct rlimit none = { 0, 0 };

    MUST(setrlimit(RLIMIT_NOFILE, &none) == 0);
    secret_build(MAX);
    MUST(mirror_seal(m) == 0 && !mirror_is_held(m));
    MUST(memory_is_deadly(text));
    mirror_unref(m);
}

START_TEST(without_a_sealed_file_it_is_read_only_all_the_same)
{
    static void (*const cases[])(
        void) = { without_memfd, without_seal, with_small_files_only, without_descriptors };
    int status = memory_in_child(cases[_i]);

    if (WIFEXITED(status) && WEXITSTATUS(status) == 77)
        SUITE_SKIP("no system call filter to be had");
    ck_assert_msg(status == 0, "wait status %#x", (unsigned)status);
}
END_TEST

static void
open_with_little_data(void)
{
    struct region r;

    memory_limit_data(MAX);
    MUST(region_init(&r, BIG) == -ENOMEM);
    secret_build(BIG);
    MUST(mirror_seal(m) == 0 && mirror_is_held(m));
    mirror_unref(m);
}

static void
open_with_little_address_space(void)
{
    struct mirror *none = NULL;
    size_t before = memory_space();

    memory_limit_space(BIG / 2);
    MUST(mirror_open(BIG, &none) == -ENOMEM && none == NULL);
    MUST(memory_space() == before && memory_file("mirror") == -1);
    secret_build(BIG / 4);
    MUST(mirror_seal(m) == 0 && mirror_is_held(m));
    MUST(memory_space() <= before + 64 * page);
    mirror_unref(m);
}

static void
seal_with_no_address_space(void)
{
    static const struct rlimit any = { RLIM_INFINITY, RLIM_INFINITY };

    secret_build(MAX);
    memory_limit_space(0);
    MUST(mirror_seal(m) == 0);
    MUST(setrlimit(RLIMIT_AS, &any) == 0);
    MUST(!mirror_is_held(m));
    MUST(strcmp(*inside, "secret") == 0 && memory_is_deadly(text));
    MUST(!memory_is_mapped(text + page));
    mirror_unref(m);
    MUST(!memory_is_mapped(text));
}

START_TEST(limits_of_memory_are_met)
{
    static void (*const cases[])(void) = { open_with_little_data, open_with_little_address_space,
        seal_with_no_address_space };
    int status;

#ifdef SANITIZERS
    SUITE_SKIP("a sanitizer's shadow needs more than the limits leave");
#endif
    status = memory_in_child(cases[_i]);
    ck_assert_msg(status == 0, "wait status %#x", (unsigned)status);
}
END_TEST

Suite *
suite(void)
{
    Suite *s = suite_create("mirror_less");
    TCase *tc = tcase_create("mirror_less");

    tcase_set_tags(tc, SUITE_NATIVE);
    tcase_add_loop_test(tc, without_a_sealed_file_it_is_read_only_all_the_same, 0, 4);
    tcase_add_loop_test(tc, limits_of_memory_are_met, 0, 3);
    suite_add_tcase(s, tc);
    return s;
}
