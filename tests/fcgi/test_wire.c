/* tests/fcgi/test_wire.c -- fcgi/wire.h, promise by promise, over real sockets. */
#include "config.h"

#include <netinet/in.h>
#include <signal.h>
#include <stdbool.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>

#include "base/fd.h"
#include "fcgi/wire.h"
#include "tests/fcgi/peer.h"
#include "tests/suite.h"

static int ours, theirs;
static struct peer sent, content, received;
static unsigned char raw[RECORD_RAW_MAX];
static struct record_in in;

static const size_t lengths[] = { 0, 1, 100, 65527, 65528, 65529, 131055, 131056, 131057, 3000000 };
enum {
    NLENGTHS = sizeof lengths / sizeof lengths[0]
};

static void
setup(void)
{
    int fd[2];

    ck_assert_int_eq(socketpair(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0, fd), 0);
    ours = fd[0];
    theirs = fd[1];
    record_begin(&in, raw);
}

static void
teardown(void)
{
    fd_close(&ours);
    fd_close(&theirs);
    peer_done(&sent);
    peer_done(&content);
    peer_done(&received);
}

/* A TCP connection over loopback: other ends, other partial writes. */
static void
use_tcp(void)
{
    struct sockaddr_in name = { .sin_family = AF_INET, .sin_addr = { htonl(INADDR_LOOPBACK) } };
    socklen_t len = sizeof name;
    int small = 1;
    FD_AUTO int door = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);

    fd_close(&ours);
    fd_close(&theirs);
    ck_assert_int_eq(bind(door, (struct sockaddr *)&name, sizeof name), 0);
    ck_assert_int_eq(listen(door, 1), 0);
    ck_assert_int_eq(getsockname(door, (struct sockaddr *)&name, &len), 0);
    theirs = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);
    /* Else loopback swallows megabytes. */
    ck_assert_int_eq(setsockopt(theirs, SOL_SOCKET, SO_RCVBUF, &small, sizeof small), 0);
    ck_assert_int_eq(connect(theirs, (struct sockaddr *)&name, sizeof name), 0);
    ours = accept(door, NULL, NULL);
    ck_assert_int_ge(ours, 0);
}

static void
set_buffer(int bytes)
{
    ck_assert_int_eq(setsockopt(ours, SOL_SOCKET, SO_SNDBUF, &bytes, sizeof bytes), 0);
}

/* An answer of `n` bytes, each place of it different from its neighbours. */
static struct wire_out
make_answer(size_t n, uint16_t id)
{
    unsigned char *p = malloc(n + 1);
    size_t i;

    ck_assert_ptr_nonnull(p);
    for (i = 0; i < n; i++)
        p[i] = (unsigned char)(i ^ i >> 8 ^ i >> 16);
    peer_reset(&content);
    peer_bytes(&content, p, n);
    free(p);
    return (struct wire_out){ .p = content.p, .n = n, .id = id };
}

/* Reads at most `max` of what has come; returns how much that was. */
static size_t
receive(size_t max)
{
    static unsigned char buf[100000];
    ssize_t n = recv(theirs, buf, max < sizeof buf ? max : sizeof buf, MSG_DONTWAIT);

    if (n <= 0)
        return 0;
    peer_bytes(&received, buf, (size_t)n);
    return (size_t)n;
}

static void
receive_all(void)
{
    while (receive(SIZE_MAX) > 0)
        continue;
}

static void
assert_received(unsigned id)
{
    struct peer got = { 0 };

    ck_assert(peer_response(received.p, received.n, id, &got));
    ck_assert_uint_eq(got.n, content.n);
    if (got.n > 0)
        ck_assert(memcmp(got.p, content.p, got.n) == 0);
    peer_done(&got);
}

/* Writes until all is sent, while the peer reads `step` bytes at a time. */
static void
write_all(struct wire_out *out, size_t step)
{
    enum wire_status status;

    while ((status = wire_write(ours, out)) == WIRE_AGAIN)
        ck_assert_uint_gt(receive(step), 0);
    ck_assert_int_eq(status, WIRE_OK);
    receive_all();
}

START_TEST(an_answer_of_any_length_arrives)
{
    struct wire_out out = make_answer(lengths[_i], 1);

    write_all(&out, SIZE_MAX);
    assert_received(1);
    ck_assert_uint_eq(out.sent, received.n);
}
END_TEST

START_TEST(a_tiny_buffer_delays_an_answer_and_changes_nothing)
{
    static const size_t step[] = { 1000, 4096, 65536 };
    struct wire_out out = make_answer(lengths[_i % NLENGTHS], 0xfffe);

    set_buffer(1);
    write_all(&out, step[_i / NLENGTHS]);
    assert_received(0xfffe);
}
END_TEST

START_TEST(an_answer_over_tcp_arrives)
{
    struct wire_out out = make_answer(lengths[_i], 258);
    enum wire_status status;

    use_tcp();
    set_buffer(1);
    while ((status = wire_write(ours, &out)) == WIRE_AGAIN)
        receive_all();
    ck_assert_int_eq(status, WIRE_OK);
    while (received.n < out.sent)
        receive_all();
    assert_received(258);
}
END_TEST

/* The same bytes in two parts make the same stream. */
static void
split_answer(struct wire_out *out, size_t first)
{
    first = first < out->n ? first : out->n;
    out->more = (struct span){ out->p + first, out->n - first };
    out->n = first;
}

START_TEST(a_header_and_a_body_elsewhere_arrive_as_one)
{
    static const size_t first[] = { 0, 1, 99, 100, 101, 65527, 65528, 65529, 70000, 200000 };
    struct wire_out out;
    size_t i;

    for (i = 0; i < sizeof first / sizeof first[0]; i++) {
        peer_reset(&received);
        out = make_answer(lengths[_i], 5);
        split_answer(&out, first[i]);
        set_buffer(i % 2 == 0 ? 1 : 200000);
        write_all(&out, 30011);
        assert_received(5);
    }
}
END_TEST

/* Sends the framed stream from `cut` on, as after a write that ended there. */
static void
resume_at(size_t n, size_t cut)
{
    struct wire_out out = make_answer(n, 3);
    struct peer framed = { 0 };

    if (n > 1)
        split_answer(&out, n / 3);

    peer_reset(&received);
    ck_assert_int_eq(wire_write(ours, &out), WIRE_OK);
    receive_all();
    peer_bytes(&framed, received.p, received.n);
    ck_assert_uint_le(cut, framed.n);
    peer_reset(&received);
    out.sent = cut;
    ck_assert_int_eq(wire_write(ours, &out), WIRE_OK);
    receive_all();
    ck_assert_uint_eq(received.n, framed.n - cut);
    if (received.n > 0)
        ck_assert(memcmp(received.p, framed.p + cut, received.n) == 0);
    peer_done(&framed);
}

START_TEST(a_short_answer_goes_on_from_every_byte)
{
    static const size_t n[] = { 0, 1, 20 };
    size_t framed = n[_i] + (n[_i] > 0 ? 8 : 0) + 24;
    size_t cut;

    for (cut = 0; cut <= framed; cut++)
        resume_at(n[_i], cut);
}
END_TEST

START_TEST(a_long_answer_goes_on_from_every_kind_of_byte)
{
    /* Around and inside of headers, contents, borders of records, the end. */
    static const size_t cut[] = { 0, 1, 7, 8, 9, 30000, 65535, 65536, 65537, 65543, 65544, 65545,
        131071, 131072, 131073, 131079, 131080, 131081 };
    static const size_t n[] = { 65527, 65528, 65529, 131056, 131058 };
    size_t framed = n[_i] + (n[_i] + 65527) / 65528 * 8 + 24;
    size_t i;

    set_buffer(1000000);
    for (i = 0; i < sizeof cut / sizeof cut[0]; i++)
        if (cut[i] <= framed)
            resume_at(n[_i], cut[i]);
    for (i = 0; i <= 25 + 8; i++)
        resume_at(n[_i], framed - i);
}
END_TEST

START_TEST(writing_after_all_is_sent_sends_nothing)
{
    struct wire_out out = make_answer(lengths[_i], 1);
    uint64_t all;

    write_all(&out, SIZE_MAX);
    all = out.sent;
    ck_assert_int_eq(wire_write(ours, &out), WIRE_OK);
    ck_assert_uint_eq(out.sent, all);
    ck_assert_uint_eq(receive(1), 0);
}
END_TEST

START_TEST(a_full_buffer_does_not_block_a_write)
{
    struct wire_out out = make_answer(3000000, 1);
    uint64_t before;

    set_buffer(1);
    ck_assert_int_eq(wire_write(ours, &out), WIRE_AGAIN);
    before = out.sent;
    ck_assert_uint_gt(before, 0);
    ck_assert_int_eq(wire_write(ours, &out), WIRE_AGAIN);
    ck_assert_uint_eq(out.sent, before);
    receive_all();
    ck_assert_uint_eq(received.n, before);
}
END_TEST

START_TEST(a_peer_that_left_is_told_by_a_write_and_by_no_signal)
{
    struct wire_out out = make_answer(lengths[_i], 1);

    ck_assert(signal(SIGPIPE, SIG_DFL) != SIG_ERR);
    fd_close(&theirs);
    ck_assert_int_eq(wire_write(ours, &out), WIRE_GONE);
    ck_assert_int_eq(wire_write(ours, &out), WIRE_GONE);
}
END_TEST

START_TEST(a_peer_that_leaves_in_the_middle_is_told_by_a_write)
{
    struct wire_out out = make_answer(3000000, 1);

    if (_i > 0)
        use_tcp();
    ck_assert_int_eq(wire_write(ours, &out), WIRE_AGAIN);
    (void)receive(100);
    fd_close(&theirs);
    ck_assert_int_eq(wire_write(ours, &out), WIRE_GONE);
}
END_TEST

static void
put_request(void)
{
    struct peer pairs = { 0 };

    peer_pair(&pairs, "REQUEST_METHOD", "GET");
    peer_request(&sent, &pairs);
    peer_done(&pairs);
}

START_TEST(a_read_brings_what_has_come)
{
    enum record_step step = RECORD_MORE;
    size_t n, max, all;

    put_request();
    for (all = 0; all < sent.n; all += n) {
        size_t piece = sent.n - all < 10 ? sent.n - all : 10;

        ck_assert_int_eq(step, RECORD_MORE);
        ck_assert_int_eq((int)send(theirs, sent.p + all, piece, 0), (int)piece);
        ck_assert_int_eq(wire_read(ours, &in, &n), WIRE_OK);
        ck_assert_uint_eq(n, piece);
        ck_assert_mem_eq(record_room(&in, &max), sent.p + all, piece);
        step = record_walk(&in, n);
        if (step == RECORD_PARAMS)
            step = record_walk(&in, 0);
    }
    ck_assert_int_eq(step, RECORD_WHOLE);
}
END_TEST

START_TEST(a_read_never_brings_more_than_there_is_room_for)
{
    static const unsigned char zeros[1000000];
    size_t max, n = 0;

    ck_assert_int_gt(send(theirs, zeros, sizeof zeros, MSG_DONTWAIT), RECORD_RAW_MAX);
    (void)record_room(&in, &max);
    ck_assert_int_eq(wire_read(ours, &in, &n), WIRE_OK);
    ck_assert_uint_le(n, max);
}
END_TEST

START_TEST(an_empty_socket_does_not_block_a_read)
{
    size_t n = 77;

    ck_assert_int_eq(wire_read(ours, &in, &n), WIRE_AGAIN);
    ck_assert_uint_eq(n, 77);
}
END_TEST

START_TEST(a_peer_that_left_is_told_by_a_read_after_its_last_byte)
{
    size_t n = 0;

    if (_i > 0)
        use_tcp();
    ck_assert_int_eq(send(theirs, "\1\1\0", 3, 0), 3);
    if (_i < 2)
        fd_close(&theirs);
    else
        ck_assert_int_eq(shutdown(theirs, SHUT_WR), 0);
    ck_assert_int_eq(wire_read(ours, &in, &n), WIRE_OK);
    ck_assert_uint_eq(n, 3);
    ck_assert_int_eq(wire_read(ours, &in, &n), WIRE_GONE);
}
END_TEST

START_TEST(a_connection_that_was_reset_is_gone)
{
    struct linger now = { 1, 0 };
    size_t n = 0;

    use_tcp();
    ck_assert_int_eq(setsockopt(theirs, SOL_SOCKET, SO_LINGER, &now, sizeof now), 0);
    fd_close(&theirs);
    ck_assert_int_eq(wire_read(ours, &in, &n), WIRE_GONE);
}
END_TEST

Suite *
suite(void)
{
    Suite *s = suite_create("wire");
    TCase *write = tcase_create("write"), *read = tcase_create("read");

    tcase_set_timeout(write, 30);
    tcase_add_checked_fixture(write, setup, teardown);
    tcase_add_loop_test(write, an_answer_of_any_length_arrives, 0, NLENGTHS);
    tcase_add_loop_test(write, a_tiny_buffer_delays_an_answer_and_changes_nothing, 0, 3 * NLENGTHS);
    tcase_add_loop_test(write, a_header_and_a_body_elsewhere_arrive_as_one, 0, NLENGTHS);
    tcase_add_loop_test(write, an_answer_over_tcp_arrives, 0, NLENGTHS);
    tcase_add_loop_test(write, a_short_answer_goes_on_from_every_byte, 0, 3);
    tcase_add_loop_test(write, a_long_answer_goes_on_from_every_kind_of_byte, 0, 5);
    tcase_add_loop_test(write, writing_after_all_is_sent_sends_nothing, 0, NLENGTHS);
    tcase_add_test(write, a_full_buffer_does_not_block_a_write);
    tcase_add_loop_test(write, a_peer_that_left_is_told_by_a_write_and_by_no_signal, 0, NLENGTHS);
    tcase_add_loop_test(write, a_peer_that_leaves_in_the_middle_is_told_by_a_write, 0, 2);
    suite_add_tcase(s, write);

    tcase_add_checked_fixture(read, setup, teardown);
    tcase_add_test(read, a_read_brings_what_has_come);
    tcase_add_test(read, a_read_never_brings_more_than_there_is_room_for);
    tcase_add_test(read, an_empty_socket_does_not_block_a_read);
    tcase_add_loop_test(read, a_peer_that_left_is_told_by_a_read_after_its_last_byte, 0, 3);
    tcase_add_test(read, a_connection_that_was_reset_is_gone);
    suite_add_tcase(s, read);
    return s;
}
