/* tests/exec/test_capture.c -- exec/capture.h, promise by promise. */
#include "config.h"

#include <fcntl.h>
#include <pthread.h>
#include <signal.h>
#include <string.h>
#include <unistd.h>

#include "base/err.h"
#include "exec/capture.h"
#include "tests/suite.h"

enum {
    MAX = 3 * 1024 * 1024
};

static struct capture c;
static struct keep k;
static struct err err;
static unsigned char out[MAX + 1];
static int writer;

static void
begin(size_t max)
{
    memset(out, 0xAA, sizeof(out));
    keep_over(&k, out, max, NULL, false);
    ck_assert_int_eq(capture_open(&c, &k, KEEP_OUT, &writer, &err), 0);
}

static void
say(size_t n)
{
    unsigned char block[65536];

    ck_assert_uint_le(n, sizeof(block));
    memset(block, 'x', n);
    ck_assert_int_eq(write(writer, block, n), (ssize_t)n);
}

static void
hang_up(void)
{
    ck_assert_int_eq(close(writer), 0);
}

START_TEST(reading_end_never_blocks_and_writing_end_does)
{
    begin(100);
    ck_assert_int_ne(fcntl(c.fd, F_GETFL) & O_NONBLOCK, 0);
    ck_assert_int_eq(fcntl(writer, F_GETFL) & O_NONBLOCK, 0);
    ck_assert_int_eq(fcntl(c.fd, F_GETFD), FD_CLOEXEC);
    ck_assert_int_eq(fcntl(writer, F_GETFD), FD_CLOEXEC);
    capture_read(&c); /* nothing is there */
    ck_assert(!capture_ended(&c));
    ck_assert_uint_eq(k.len, 0);
    hang_up();
    capture_close(&c);
}
END_TEST

START_TEST(what_is_there_is_captured)
{
    begin(100);
    say(10);
    capture_read(&c);
    ck_assert_uint_eq(k.len, 10);
    say(20);
    capture_read(&c);
    ck_assert_uint_eq(k.len, 30);
    ck_assert_uint_eq(out[29], 'x');
    ck_assert_uint_eq(out[30], 0xAA);
    ck_assert(!capture_ended(&c));
    hang_up();
    capture_read(&c);
    ck_assert(capture_ended(&c));
    ck_assert(!k.dropped);
}
END_TEST

START_TEST(truncated_means_that_a_byte_was_dropped)
{
    begin(100);
    say(100);
    capture_read(&c);
    ck_assert_uint_eq(k.len, 100);
    ck_assert(!k.dropped);
    say(1);
    capture_read(&c);
    ck_assert_uint_eq(k.len, 100);
    ck_assert(k.dropped);
    ck_assert_uint_eq(out[100], 0xAA);
    hang_up();
    capture_read(&c);
    ck_assert(capture_ended(&c));
}
END_TEST

START_TEST(maximum_of_nothing_drops_everything)
{
    keep_over(&k, NULL, 0, NULL, false);
    ck_assert_int_eq(capture_open(&c, &k, KEEP_OUT, &writer, &err), 0);
    say(1);
    hang_up();
    capture_read(&c);
    capture_read(&c);
    ck_assert(capture_ended(&c));
    ck_assert(k.dropped);
    ck_assert_uint_eq(k.len, 0);
}
END_TEST

START_TEST(finish_takes_all_that_is_there_and_no_more)
{
    static const size_t room[] = { MAX, 70000, 65536, 10, 0 };

    begin(room[_i]);
    say(65536); /* full */
    capture_finish(&c);
    ck_assert_uint_eq(k.len, room[_i] < 65536 ? room[_i] : 65536);
    ck_assert_int_eq(k.dropped, room[_i] < 65536);
    ck_assert(!capture_ended(&c)); /* the writer is still there */
    hang_up();
    capture_finish(&c);
    capture_close(&c);
    ck_assert(capture_ended(&c));
    capture_finish(&c); /* harmless */
}
END_TEST

START_TEST(finish_empties_a_pipe_that_was_made_larger)
{
    int i;

    begin(MAX);
    if (fcntl(writer, F_SETPIPE_SZ, 512 * 1024) < 0)
        SUITE_SKIP("pipes may not be made larger here");
    for (i = 0; i < 8; i++)
        say(65536);
    capture_finish(&c);
    ck_assert_uint_eq(k.len, 512 * 1024);
    hang_up();
    capture_close(&c);
}
END_TEST

static void *
write_for_ever(void *unused)
{
    unsigned char block[65536] = { 0 };

    (void)unused;
    while (write(writer, block, sizeof(block)) > 0)
        continue;
    return NULL;
}

START_TEST(endless_writer_holds_neither_read_nor_finish)
{
    pthread_t thread;
    int i;

    begin(1000);
    (void)signal(SIGPIPE, SIG_IGN);
    ck_assert_int_eq(pthread_create(&thread, NULL, write_for_ever, NULL), 0);
    for (i = 0; i < 20 || !k.dropped; i++) {
        capture_read(&c);
        capture_finish(&c);
    }
    capture_close(&c); /* ends the writer */
    ck_assert_int_eq(pthread_join(thread, NULL), 0);
    hang_up();
    ck_assert_uint_eq(k.len, 1000);
    ck_assert(k.dropped);
}
END_TEST

START_TEST(moved_pipe_goes_on_and_drops)
{
    struct capture to;

    begin(100);
    say(10);
    capture_read(&c);
    capture_move(&to, &c);
    ck_assert(capture_ended(&c));
    ck_assert_uint_eq(k.len, 10);
    ck_assert(!capture_ended(&to));
    say(10);
    capture_read(&to);
    ck_assert_uint_eq(out[10], 0xAA);
    hang_up();
    capture_read(&to);
    ck_assert(capture_ended(&to));

    capture_move(&to, &c); /* of one that has ended */
    ck_assert(capture_ended(&to));
}
END_TEST

Suite *
suite(void)
{
    Suite *s = suite_create("exec/capture");
    TCase *tc = tcase_create("capture");

    tcase_set_timeout(tc, 60);
    tcase_add_test(tc, reading_end_never_blocks_and_writing_end_does);
    tcase_add_test(tc, what_is_there_is_captured);
    tcase_add_test(tc, truncated_means_that_a_byte_was_dropped);
    tcase_add_test(tc, maximum_of_nothing_drops_everything);
    tcase_add_loop_test(tc, finish_takes_all_that_is_there_and_no_more, 0, 5);
    tcase_add_test(tc, finish_empties_a_pipe_that_was_made_larger);
    tcase_add_test(tc, endless_writer_holds_neither_read_nor_finish);
    tcase_add_test(tc, moved_pipe_goes_on_and_drops);
    suite_add_tcase(s, tc);
    return s;
}
