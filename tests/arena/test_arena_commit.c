/* tests/arena/test_arena_commit.c -- arena/arena.h, promise by promise: where every byte is
 * counted. */
#include "config.h"

#include <errno.h>
#include <fcntl.h>
#include <sched.h>
#include <signal.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mount.h>
#include <sys/resource.h>
#include <sys/wait.h>
#include <unistd.h>

#include "arena/arena.h"
#include "arena/books.h"
#include "tests/arena/fixture.h"
#include "tests/memory.h"
#include "tests/suite.h"

enum {
    KIB = 1024,
    MIB = 1024 * KIB,
    STEP = ARENA_STEP,
};

static void
open_with(size_t chunk, size_t count)
{
    struct arena_options opt = { .chunk_size = chunk, .chunk_count = count, .stepwise = true };

    ck_assert_int_eq(arena_open(&opt, &a), 0);
}

static void
setup(void)
{
    open_with(256 * KIB, 100);
}

static size_t
committed(void)
{
    struct arena_stats s;

    arena_stats(a, &s);
    return s.committed;
}

static void
rest(void)
{
    (void)arena_tend(a, ARENA_IDLE);
    (void)arena_tend(a, 2 * ARENA_IDLE);
}

START_TEST(nothing_is_committed_before_it_is_wanted)
{
    ck_assert(arena_is_stepwise(a));
    ck_assert_uint_eq(committed(), 0);
    ck_assert_ptr_nonnull(arena_alloc(a, 100 * 256 * KIB));
    ck_assert_uint_eq(committed(), STEP);
}
END_TEST

START_TEST(elsewhere_all_of_it_is)
{
    struct arena_options opt = { .chunk_size = 64 * KIB, .chunk_count = 10 };

    fixture_close();
    ck_assert_int_eq(arena_open(&opt, &a), 0);
    if (arena_is_stepwise(a))
        SUITE_SKIP("this system counts what is committed");
    ck_assert_uint_eq(committed(), 640 * KIB);
    ck_assert_int_eq(arena_commit(a, arena_alloc(a, 1), 1), 0);
}
END_TEST

START_TEST(a_block_is_committed_as_far_as_it_is_asked_for)
{
    unsigned char *p = arena_alloc(a, 10 * 256 * KIB);

    memset(p, 1, STEP);
    ck_assert_int_eq(arena_commit(a, p + STEP, 1), 0);
    ck_assert_uint_eq(committed(), 2 * STEP);
    memset(p, 1, 2 * STEP);
    ck_assert_int_eq(arena_commit(a, p, 2 * STEP), 0);
    ck_assert_int_eq(arena_commit(a, p, 0), 0);
    ck_assert_uint_eq(committed(), 2 * STEP);
    ck_assert_int_eq(arena_commit(a, p + 9 * 256 * KIB, 256 * KIB), 0);
    memset(p + 9 * 256 * KIB, 1, 256 * KIB);
    ck_assert_uint_eq(committed(), 6 * STEP);
    ck_assert_int_eq(arena_commit(a, p + STEP - 1, 9 * 256 * KIB - STEP), 0);
    memset(p, 1, 10 * 256 * KIB);
    ck_assert_uint_eq(committed(), 40 * STEP);
}
END_TEST

START_TEST(a_foreign_address_is_not_committed)
{
    unsigned char *p = arena_alloc(a, 1);

    ck_assert_int_eq(arena_commit(a, &a, 1), -EFAULT);
    ck_assert_int_eq(arena_commit(a, p - 1, 1), -EFAULT);
    ck_assert_int_eq(arena_commit(a, p + 100 * 256 * KIB, 1), -EFAULT);
    ck_assert_int_eq(arena_commit(a, p + 1, 100 * 256 * KIB), -EFAULT);
    ck_assert_int_eq(arena_commit(a, p, SIZE_MAX), -EFAULT);
    ck_assert_uint_eq(committed(), STEP);
}
END_TEST

START_TEST(what_is_committed_stays_for_the_next_and_goes_when_idle)
{
    unsigned char *p = arena_alloc(a, 4 * 256 * KIB), *q;

    ck_assert_int_eq(arena_commit(a, p, 4 * 256 * KIB), 0);
    memset(p, 7, 4 * 256 * KIB);
    ck_assert_int_eq(arena_free(a, p), 0);
    ck_assert_uint_eq(committed(), 16 * STEP);
    ck_assert_ptr_eq(arena_alloc(a, 256 * KIB), p);
    ck_assert_int_eq(arena_commit(a, p, 256 * KIB), 0);
    ck_assert_uint_eq(committed(), 16 * STEP);
    rest();
    ck_assert_uint_eq(committed(), 4 * STEP);
    ck_assert_uint_eq(p[256 * KIB - 1], 7);
    q = arena_alloc(a, 256 * KIB);
    ck_assert_uint_eq(q[0], 0);
    memset(q, 8, STEP);
    (void)arena_free_written(a, q, 0);
    (void)arena_free(a, p);
    rest();
    ck_assert_uint_eq(committed(), 0);
}
END_TEST

START_TEST(what_is_open_is_had_while_another_step_is_opened)
{
    unsigned char *p = arena_alloc(a, 4 * 256 * KIB);

    ck_assert_int_eq(arena_commit(a, p, 256 * KIB + 1), 0);
    (void)arena_free_written(a, p, 0);
    (void)pthread_mutex_lock(&a->commit.lock);
    ck_assert_ptr_eq(arena_alloc(a, 4 * 256 * KIB), p);
    ck_assert_int_eq(arena_commit(a, p, 256 * KIB + STEP), 0);
    (void)pthread_mutex_unlock(&a->commit.lock);
    ck_assert_uint_eq(committed(), 5 * STEP);
    ck_assert_int_eq(arena_commit(a, p, 256 * KIB + STEP + 1), 0);
    ck_assert_uint_eq(committed(), 6 * STEP);
    memset(p, 1, 256 * KIB + 2 * STEP);
    /* What was never said to be written is given back as well. */
    (void)arena_free_written(a, p, 0);
    rest();
    ck_assert_uint_eq(committed(), 0);
}
END_TEST

START_TEST(what_is_opened_again_stays_out_of_core_dumps)
{
    unsigned char *p = arena_alloc(a, STEP);

    ck_assert(memory_has_flag(p, "dd"));
    (void)arena_free_written(a, p, 1);
    rest();
    ck_assert_uint_eq(committed(), 0);
    ck_assert(memory_has_flag(p, "dd"));
    ck_assert_ptr_eq(arena_alloc(a, STEP), p);
    ck_assert(memory_has_flag(p, "dd"));
}
END_TEST

START_TEST(small_chunks_share_a_step)
{
    unsigned char *p, *q;

    fixture_close();
    open_with(512, 128 + 100); /* the second step is not a whole one */
    p = arena_alloc(a, 128 * 512 - 512);
    q = arena_alloc(a, 101 * 512);
    ck_assert_ptr_eq(q, p + 127 * 512);
    memset(q, 3, 101 * 512);
    ck_assert_uint_eq(committed(), STEP + 13 * 4 * KIB);
    (void)arena_free(a, p);
    rest();
    ck_assert_uint_eq(committed(), STEP + 13 * 4 * KIB);
    ck_assert_uint_eq(q[0], 3);
    (void)arena_free(a, q);
    rest();
    ck_assert_uint_eq(committed(), 0);
    ck_assert_int_eq(arena_check(a), 0);
}
END_TEST

START_TEST(prefault_commits_everything)
{
    struct arena_options opt = {
        .chunk_size = 64 * KIB, .chunk_count = 10, .stepwise = true, .prefault = true
    };

    fixture_close();
    ck_assert_int_eq(arena_open(&opt, &a), 0);
    ck_assert_uint_eq(committed(), 640 * KIB);
    memset(arena_alloc(a, 640 * KIB), 1, 640 * KIB);
}
END_TEST

static unsigned char *block;

static void
write_first(void)
{
    ((volatile unsigned char *)block)[0] = 1;
}

static void
write_past_the_first_step(void)
{
    ((volatile unsigned char *)block)[STEP] = 1;
}

START_TEST(what_is_not_committed_cannot_be_written_to)
{
    int status;

    block = arena_alloc(a, 256 * KIB);
    status = memory_in_child(write_past_the_first_step);
    ck_assert(WIFSIGNALED(status) && WTERMSIG(status) == SIGSEGV);
}
END_TEST

START_TEST(what_is_committed_no_more_cannot_be_written_to)
{
    int status;

    block = arena_alloc(a, 256 * KIB);
    status = memory_in_child(write_first);
    ck_assert(WIFEXITED(status) && WEXITSTATUS(status) == 0);
    (void)arena_free(a, block);
    rest();
    status = memory_in_child(write_first);
    ck_assert(WIFSIGNALED(status) && WTERMSIG(status) == SIGSEGV);
}
END_TEST

/* 4 MiB may be written to; the arena has 400 GiB. */
static void
work_under_a_limit(void)
{
    struct arena_options opt = { .chunk_size = 4 * MIB, .chunk_count = 100000 };
    unsigned char *p, *q;
    size_t n;

    memory_limit_data(4 * MIB + 1536 * KIB); /* 1200 KiB are the books' */
    if (arena_open(&opt, &a) != 0 || arena_chunks(a) != opt.chunk_count || !arena_is_stepwise(a))
        _exit(1);
    p = arena_alloc(a, (size_t)400 * MIB);
    for (n = STEP; arena_commit(a, p + n, n) == 0; n *= 2)
        memset(p + n, 1, n);
    if (n != 4 * MIB) /* 8 MiB in all would have been the next */
        _exit(2);
    if (arena_alloc(a, 1) == NULL || arena_check(a) != 0) /* of what is beside */
        _exit(3);
    /* What is free is taken back from before anybody is refused. */
    (void)arena_free(a, p);
    q = arena_alloc(a, (size_t)800 * MIB);
    if (q == NULL || arena_commit(a, q, 4 * MIB) != 0)
        _exit(4);
    memset(q, 1, 4 * MIB);
    for (n = 0; (p = arena_alloc(a, 1)) != NULL; n++)
        memset(p, 1, STEP);
    if (n > 8 || arena_check(a) != 0)
        _exit(5);
    (void)arena_free(a, q);
    if (arena_alloc(a, 1) == NULL)
        _exit(6);
}

/* Every size is refused at some point, and leaves everything as it was. */
static void
run_out_at_every_size(void)
{
    struct arena_options opt = { .chunk_size = 64 * KIB, .chunk_count = 1024 };
    size_t before = memory_data();

    for (size_t more = 0; more < 3 * MIB; more += 32 * KIB) {
        struct arena_stats s;
        unsigned char *p;
        size_t n = STEP;

        memory_limit_data(more);
        if (arena_open(&opt, &a) != 0)
            continue; /* no room for its books */
        p = arena_alloc(a, 1024 * STEP);
        while (p != NULL && arena_commit(a, p, n) == 0 && n < 1024 * STEP) {
            memset(p + n - STEP, 1, STEP);
            n += STEP;
        }
        arena_stats(a, &s);
        if (s.committed > more || arena_check(a) != 0)
            _exit(1);
        if (s.committed + 2 * STEP + 64 * KIB < more)
            _exit(2);
        if (arena_free(a, p) != 0)
            _exit(3);
        rest();
        arena_stats(a, &s);
        if (s.committed != 0 || s.used != 0)
            _exit(4);
        arena_close(a);
        a = NULL;
        if (memory_data() != before)
            _exit(5);
    }
}

enum {
    NO_NAMESPACE = 100, /* what the child below exits with */
    NO_MOUNT,
    NO_PROC,
};

static char overcommit; /* what the system shall say */

/* Has a file of ours stand where the system says how it counts, for itself alone. */
static void
open_where_the_system_says_so(void)
{
    static const char knob[] = "/proc/sys/vm/overcommit_memory";
    struct arena_options opt = { .chunk_size = 64 * KIB, .chunk_count = 100 };
    char file[] = "/tmp/cmon-overcommit-XXXXXX", is = '\0';
    int fd = mkstemp(file);

    if (fd < 0 || write(fd, (char[]){ overcommit, '\n' }, 2) != 2)
        _exit(1);
    if (unshare(CLONE_NEWNS) < 0 && unshare(CLONE_NEWUSER | CLONE_NEWNS) < 0) {
        (void)unlink(file);
        _exit(NO_NAMESPACE);
    }
    if (mount("none", "/", NULL, MS_REC | MS_PRIVATE, NULL) < 0 ||
        mount(file, knob, NULL, MS_BIND, NULL) < 0) {
        (void)unlink(file);
        _exit(NO_MOUNT);
    }
    (void)unlink(file);
    fd = open(knob, O_RDONLY | O_CLOEXEC);
    if (fd < 0 || read(fd, &is, 1) != 1 || is != overcommit)
        _exit(NO_PROC);
    if (arena_open(&opt, &a) != 0)
        _exit(2);
    if (arena_is_stepwise(a) != (overcommit == '2'))
        _exit(3);
    if (arena_alloc(a, 640 * KIB) == NULL)
        _exit(4);
    if (committed() != (overcommit == '2' ? STEP : 6400 * KIB))
        _exit(5);
    arena_close(a);
    a = NULL;
}

START_TEST(a_system_that_never_overcommits_is_asked_for_steps)
{
    struct rlimit data;
    int status;

    ck_assert_int_eq(getrlimit(RLIMIT_DATA, &data), 0);
    if (data.rlim_cur != RLIM_INFINITY)
        SUITE_SKIP("RLIMIT_DATA is a number here");
    fixture_close();
    overcommit = (char)('0' + _i);
    status = memory_in_child(open_where_the_system_says_so);
    if (WIFEXITED(status) && WEXITSTATUS(status) == NO_NAMESPACE)
        SUITE_SKIP("no mount namespace may be made here");
    if (WIFEXITED(status) && WEXITSTATUS(status) == NO_MOUNT)
        SUITE_SKIP("nothing may be mounted over /proc here");
    ck_assert_msg(status == 0, "wait status %#x", (unsigned)status);
}
END_TEST

START_TEST(a_limit_on_data_is_filled_and_not_passed)
{
    int status;

#ifdef SANITIZERS
    SUITE_SKIP("a sanitizer's shadow needs more than RLIMIT_DATA leaves");
#endif
    fixture_close();
    status = memory_in_child(work_under_a_limit);
    ck_assert_msg(status == 0, "wait status %#x", (unsigned)status);
}
END_TEST

START_TEST(running_out_at_every_size_leaves_everything_sound)
{
    int status;

#ifdef SANITIZERS
    SUITE_SKIP("a sanitizer's shadow needs more than RLIMIT_DATA leaves");
#endif
    fixture_close();
    status = memory_in_child(run_out_at_every_size);
    ck_assert_msg(status == 0, "wait status %#x", (unsigned)status);
}
END_TEST

Suite *
suite(void)
{
    Suite *s = suite_create("arena commit");
    TCase *tc = tcase_create("steps");

    tcase_set_timeout(tc, 60);
    tcase_add_checked_fixture(tc, setup, fixture_close);
    tcase_add_test(tc, nothing_is_committed_before_it_is_wanted);
    tcase_add_test(tc, elsewhere_all_of_it_is);
    tcase_add_test(tc, a_block_is_committed_as_far_as_it_is_asked_for);
    tcase_add_test(tc, a_foreign_address_is_not_committed);
    tcase_add_test(tc, what_is_committed_stays_for_the_next_and_goes_when_idle);
    tcase_add_test(tc, what_is_open_is_had_while_another_step_is_opened);
    tcase_add_test(tc, what_is_opened_again_stays_out_of_core_dumps);
    tcase_add_test(tc, small_chunks_share_a_step);
    tcase_add_test(tc, prefault_commits_everything);
    tcase_add_test(tc, what_is_not_committed_cannot_be_written_to);
    tcase_add_test(tc, what_is_committed_no_more_cannot_be_written_to);
    tcase_add_loop_test(tc, a_system_that_never_overcommits_is_asked_for_steps, 0, 3);
    tcase_add_test(tc, a_limit_on_data_is_filled_and_not_passed);
    tcase_add_test(tc, running_out_at_every_size_leaves_everything_sound);
    suite_add_tcase(s, tc);
    return s;
}
