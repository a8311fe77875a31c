/* tests/exec/test_output.c -- exec/run.h: stdout and stderr apart, and what happens to too much. */
#include "config.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "tests/exec/harness.h"
#include "tests/suite.h"

enum {
    SMALL = 1000 /* bytes */
};

static unsigned char marks[HARNESS_OUT / 8 + 1];
static unsigned char errors[HARNESS_OUT];

static void
ask_for(enum run_output output, enum run_keep keep)
{
    h.spec.output = output;
    h.spec.keep = keep;
    h.spec.marks = marks;
    h.spec.err = errors;
    h.spec.err_max = sizeof errors - 1;
}

/* What is kept of a stream, as a string that the next call overwrites. */
static const char *
kept(enum keep_stream where, enum keep_stream who)
{
    static char text[70000];
    struct span piece;
    size_t at = 0, n = 0;

    while (keep_next(run_kept(&h.run, where), who, &at, &piece)) {
        ck_assert_uint_lt(n + piece.n, sizeof text);
        memcpy(text + n, piece.p, piece.n);
        n += piece.n;
    }
    text[n] = '\0';
    return text;
}

/* The byte that the probe spews at `at`. */
static unsigned char
spewed(size_t at)
{
    return (unsigned char)(at * 7 % 251);
}

START_TEST(marked_output_is_told_together_and_apart)
{
    harness_command(
        "/bin/sh", "-c", "echo one; sleep 0.2; echo two >&2; sleep 0.2; echo three", NULL);
    ask_for(RUN_MARKED, RUN_KEEP_HEAD);
    ck_assert_int_eq(harness_run()->code, 0);
    ck_assert_uint_eq(run_result(&h.run)->out_len, 14);
    ck_assert_str_eq(kept(KEEP_OUT, KEEP_BOTH), "one\ntwo\nthree\n");
    ck_assert_str_eq(kept(KEEP_OUT, KEEP_OUT), "one\nthree\n");
    ck_assert_str_eq(kept(KEEP_OUT, KEEP_ERR), "two\n");
}
END_TEST

START_TEST(apart_each_has_its_own_memory)
{
    harness_probe("say", "1:a", "2:b", "2:c", "1:d", NULL);
    ask_for(RUN_APART, RUN_KEEP_HEAD);
    ck_assert_uint_eq(harness_run()->out_len, 2);
    ck_assert(memcmp(h.out, "ad", 2) == 0);
    ck_assert(memcmp(errors, "bc", 2) == 0);
    ck_assert_str_eq(kept(KEEP_OUT, KEEP_BOTH), "ad");
    ck_assert_str_eq(kept(KEEP_ERR, KEEP_BOTH), "bc");
    ck_assert(!run_result(&h.run)->truncated);
}
END_TEST

START_TEST(two_pipes_are_given_and_no_third_descriptor)
{
    harness_probe("fds", NULL);
    ask_for(_i ? RUN_MARKED : RUN_APART, RUN_KEEP_HEAD);
    (void)harness_run();
    ck_assert_str_eq(kept(KEEP_OUT, KEEP_BOTH), "0\n1\n2\n");
}
END_TEST

/* Both pipes fill up again and again: neither waits for the other. */
START_TEST(much_of_both_is_kept_whole)
{
    harness_command("/bin/sh", "-c",
        "head -c 1000000 /dev/zero & head -c 900000 /dev/zero | tr '\\0' e >&2; wait", NULL);
    ask_for(_i ? RUN_MARKED : RUN_APART, RUN_KEEP_HEAD);
    ck_assert_int_eq(harness_run()->code, 0);
    ck_assert(!run_result(&h.run)->truncated);
    {
        const struct keep *k = run_kept(&h.run, _i ? KEEP_OUT : KEEP_ERR);
        struct span piece;
        size_t at = 0, n = 0;

        while (keep_next(k, _i ? KEEP_ERR : KEEP_BOTH, &at, &piece))
            for (size_t i = 0; i < piece.n; i++, n++)
                if (piece.p[i] != 'e')
                    ck_abort_msg("byte %zu is %u", n, piece.p[i]);
        ck_assert_uint_eq(n, 900000);
    }
    ck_assert_uint_eq(run_result(&h.run)->out_len, _i ? 1900000 : 1000000);
}
END_TEST

START_TEST(the_last_bytes_are_kept)
{
    static const size_t said[] = { 0, 1, SMALL - 1, SMALL, SMALL + 1, 2 * SMALL, 300001, 2000000 };
    size_t n = said[_i] < SMALL ? said[_i] : SMALL, at = 0, i = 0;
    char number[16];
    struct span piece;

    (void)snprintf(number, sizeof number, "%zu", said[_i]);
    harness_probe("spew", number, "7", NULL);
    ask_for(RUN_JOINED, RUN_KEEP_TAIL);
    h.spec.out_max = SMALL;
    h.out[SMALL] = 0xAA;
    ck_assert_int_eq(run_start(&h.run, h.engine, &h.spec, &h.err), 0);
    run_drive(&h.run, -1);
    ck_assert_int_eq(run_result(&h.run)->code, 7); /* it got to its end */
    ck_assert_uint_eq(run_result(&h.run)->out_len, n);
    ck_assert_int_eq(run_result(&h.run)->truncated, said[_i] > SMALL);
    while (keep_next(run_kept(&h.run, KEEP_OUT), KEEP_BOTH, &at, &piece))
        for (size_t k = 0; k < piece.n; k++, i++)
            ck_assert_uint_eq(piece.p[k], spewed(said[_i] - n + i));
    ck_assert_uint_eq(i, n);
    ck_assert_uint_eq(h.out[SMALL], 0xAA);
}
END_TEST

START_TEST(the_last_bytes_of_both_are_marked)
{
    harness_command("/bin/sh", "-c",
        "head -c 5000 /dev/zero; sleep 0.2; printf 0123456789 >&2; sleep 0.2; printf abc", NULL);
    ask_for(RUN_MARKED, RUN_KEEP_TAIL);
    h.spec.out_max = 11;
    ck_assert(harness_run()->truncated);
    ck_assert_str_eq(kept(KEEP_OUT, KEEP_BOTH), "23456789abc");
    ck_assert_str_eq(kept(KEEP_OUT, KEEP_OUT), "abc");
    ck_assert_str_eq(kept(KEEP_OUT, KEEP_ERR), "23456789");
}
END_TEST

START_TEST(apart_the_first_of_stdout_and_the_last_of_stderr_are_kept)
{
    harness_probe("say", "1:abcdef", "2:abcdef", NULL);
    ask_for(RUN_APART, RUN_KEEP_TAIL);
    h.spec.out_max = h.spec.err_max = 4;
    ck_assert(harness_run()->truncated);
    ck_assert_str_eq(kept(KEEP_OUT, KEEP_BOTH), "abcd");
    ck_assert_str_eq(kept(KEEP_ERR, KEEP_BOTH), "cdef");
}
END_TEST

/* It would say something for ever, and so would its children. */
START_TEST(past_the_limit_the_whole_tree_is_ended)
{
    pid_t child;

    harness_command("/bin/sh", "-c", "sleep 60 & echo $!; exec yes", NULL);
    ask_for(RUN_JOINED, RUN_KEEP_KILL);
    h.spec.out_max = SMALL;
    h.spec.detach = _i > 0; /* which is for those that end by themselves */
    ck_assert_int_eq(harness_run()->cause, RUN_OVERFLOWN);
    ck_assert_int_eq(run_result(&h.run)->code, SIGTERM);
    ck_assert(run_result(&h.run)->signaled && run_result(&h.run)->truncated);
    ck_assert_uint_eq(run_result(&h.run)->out_len, SMALL);
    ck_assert_uint_eq(run_result(&h.run)->leftover, 0);
    ck_assert_uint_eq(harness_pids(&child, 1), 1);
    ck_assert(harness_gone(child));
}
END_TEST

START_TEST(what_is_deaf_to_sigterm_is_killed_after_the_grace)
{
    harness_command("/bin/sh", "-c", "trap '' TERM; yes; while :; do sleep 1; done", NULL);
    ask_for(RUN_JOINED, RUN_KEEP_KILL);
    h.spec.out_max = SMALL;
    h.spec.grace = 200 * CLOCK_MSEC;
    ck_assert_int_eq(harness_run()->cause, RUN_OVERFLOWN);
    ck_assert_int_eq(run_result(&h.run)->code, SIGKILL);
}
END_TEST

START_TEST(exactly_the_limit_ends_nothing_and_one_more_byte_does)
{
    static const char *const said[] = { "999", "1000", "1001" };

    harness_probe("spew", said[_i], "0", NULL);
    ask_for(RUN_JOINED, RUN_KEEP_KILL);
    h.spec.out_max = SMALL;
    /* Too much is too much, also when the command has ended by then. */
    ck_assert_int_eq(harness_run()->cause, _i < 2 ? RUN_EXITED : RUN_OVERFLOWN);
    ck_assert_int_eq(run_result(&h.run)->truncated, _i == 2);
}
END_TEST

START_TEST(much_stderr_apart_ends_nothing)
{
    harness_command("/bin/sh", "-c", "echo x; head -c 100000 /dev/zero >&2; exit 3", NULL);
    ask_for(RUN_APART, RUN_KEEP_KILL);
    h.spec.err_max = SMALL;
    ck_assert_int_eq(harness_run()->cause, RUN_EXITED);
    ck_assert_int_eq(run_result(&h.run)->code, 3);
    ck_assert(run_result(&h.run)->truncated);
}
END_TEST

/* What is detached may go on writing to either pipe, and lives. */
START_TEST(detached_ones_keep_both_pipes)
{
    pid_t child;

    harness_command(
        "/bin/sh", "-c", "(sleep 0.3; echo x; echo y >&2; echo z; exec sleep 60) & echo $!", NULL);
    ask_for(_i ? RUN_MARKED : RUN_APART, RUN_KEEP_HEAD);
    h.spec.detach = true;
    ck_assert_int_eq(harness_run()->code, 0);
    ck_assert_uint_eq(harness_pids(&child, 1), 1);
    harness_sleep(600 * CLOCK_MSEC);
    (void)engine_reap(h.engine);
    ck_assert(harness_alive(child));
    ck_assert_int_eq(kill(child, SIGKILL), 0);
    ck_assert(harness_gone(child));
}
END_TEST

Suite *
suite(void)
{
    Suite *s = suite_create("exec/output");
    TCase *tc = tcase_create("output");

    tcase_add_checked_fixture(tc, harness_open, harness_close);
    tcase_set_timeout(tc, 60);
    tcase_add_test(tc, marked_output_is_told_together_and_apart);
    tcase_add_test(tc, apart_each_has_its_own_memory);
    tcase_add_loop_test(tc, two_pipes_are_given_and_no_third_descriptor, 0, 2);
    tcase_add_loop_test(tc, much_of_both_is_kept_whole, 0, 2);
    tcase_add_loop_test(tc, the_last_bytes_are_kept, 0, 8);
    tcase_add_test(tc, the_last_bytes_of_both_are_marked);
    tcase_add_test(tc, apart_the_first_of_stdout_and_the_last_of_stderr_are_kept);
    tcase_add_loop_test(tc, past_the_limit_the_whole_tree_is_ended, 0, 2);
    tcase_add_test(tc, what_is_deaf_to_sigterm_is_killed_after_the_grace);
    tcase_add_loop_test(tc, exactly_the_limit_ends_nothing_and_one_more_byte_does, 0, 3);
    tcase_add_test(tc, much_stderr_apart_ends_nothing);
    tcase_add_loop_test(tc, detached_ones_keep_both_pipes, 0, 2);
    suite_add_tcase(s, tc);
    return s;
}
