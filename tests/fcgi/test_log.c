/* tests/fcgi/test_log.c -- fcgi/log.h, promise by promise: lines are read back as anybody would.
 *
 * stderr is a socket that keeps the borders of writes, and syslog(3) is a fake.
 */
#include "config.h"

#include <pthread.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <time.h>
#include <unistd.h>

#include "base/clock.h"
#include "base/fd.h"
#include "fcgi/log.h"
#include "tests/fcgi/fakelog.h"
#include "tests/fcgi/logline.h"
#include "tests/suite.h"

#define TOKEN "0123456789abcdef0123456789ABCDEF0123456789abcdef0123456789abcdef"

enum {
    VALUES = 12,
    THREADS = 4,
    EACH = 300
};

static int real_stderr, ours = -1;
static char line[2 * LOG_LINE_MAX];
static struct log_line l;

static void
use_socket(int type)
{
    int fd[2];

    ck_assert_int_eq(socketpair(AF_UNIX, type | SOCK_CLOEXEC, 0, fd), 0);
    ck_assert_int_eq(dup2(fd[1], STDERR_FILENO), STDERR_FILENO);
    fd_close(&fd[1]);
    fd_close(&ours);
    ours = fd[0];
}

static void
setup(void)
{
    real_stderr = dup(STDERR_FILENO);
    use_socket(SOCK_SEQPACKET);
}

static void
teardown(void)
{
    (void)dup2(real_stderr, STDERR_FILENO);
    fd_close(&real_stderr);
    fd_close(&ours);
}

/* Takes the one write that was made; false when there was none. */
static bool
take_line(void)
{
    ssize_t n = recv(ours, line, sizeof line - 1, MSG_DONTWAIT);

    if (n < 0)
        return false;
    line[n] = '\0';
    ck_assert_uint_eq(strlen(line), (size_t)n);
    return true;
}

static struct logline seen; /* the last line, read back */

static void
parse_line(void)
{
    ck_assert_msg(logline_read(line, &seen), "not a line of log: %s", line);
}

static void
begin(void)
{
    log_begin(&l, LOG_AT_INFO, "request");
}

static void
end(void)
{
    log_end(&l);
    ck_assert(take_line());
    parse_line();
}

static void
assert_field(unsigned i, const char *key, const char *value)
{
    ck_assert_uint_lt(i, seen.n);
    ck_assert_str_eq(seen.field[i].key, key);
    ck_assert_str_eq(seen.field[i].value, value);
}

START_TEST(a_line_is_stamp_level_event_and_fields)
{
    char *argv[] = { (char[]){ "git" }, (char[]){ "pull" }, NULL };

    begin();
    log_str(&l, "method", "G\x1bT");
    log_words(&l, "command", argv);
    log_int(&l, "status", -200);
    log_msec(&l, "duration_ms", 3125999);
    log_end(&l);
    ck_assert(take_line());
    ck_assert_str_eq(line + strlen("2026-01-31T10:02:11.123Z"),
        " INFO request method=\"G\\x1bT\" command=\"git pull\" status=-200 duration_ms=3.125\n");
}
END_TEST

START_TEST(the_stamp_is_utc_now)
{
    struct tm tm = { 0 };
    struct timespec before, after; /* time(2) may still tell the second before */
    int msec;

    (void)clock_gettime(CLOCK_REALTIME, &before);
    begin();
    end();
    (void)clock_gettime(CLOCK_REALTIME, &after);
    ck_assert_int_eq(sscanf(seen.stamp, "%d-%d-%dT%d:%d:%d.%dZ", &tm.tm_year, &tm.tm_mon,
                         &tm.tm_mday, &tm.tm_hour, &tm.tm_min, &tm.tm_sec, &msec),
        7);
    tm.tm_year -= 1900;
    tm.tm_mon -= 1;
    ck_assert(timegm(&tm) >= before.tv_sec && timegm(&tm) <= after.tv_sec);
}
END_TEST

START_TEST(each_level_has_its_name_and_priority)
{
    static const enum log_level at[] = { LOG_AT_INFO, LOG_AT_WARNING, LOG_AT_ERROR };
    static const char *const name[] = { "INFO", "WARNING", "ERROR" };
    static const int priority[] = { 6, 4, 3 };

    log_open(true, true);
    log_event(at[_i], "stop", "x");
    ck_assert(take_line());
    parse_line();
    ck_assert_str_eq(seen.level, name[_i]);
    ck_assert_int_eq(fakelog_told.priority & 7, priority[_i]);
}
END_TEST

START_TEST(a_line_is_one_write)
{
    unsigned i;

    for (i = 0; i < 3; i++) {
        log_event(LOG_AT_INFO, "event", "a\nb\nc");
        ck_assert(take_line());
        parse_line();
        ck_assert(!take_line());
    }
}
END_TEST

START_TEST(plain_values_stand_as_they_are)
{
    static const char *const value[] = { "GET", "/a/b?c&d", "a:b;c,d", "'", "~", "-", "{x}",
        "0123456789abcdef0123456789abcde" };

    begin();
    log_str(&l, "k", value[_i]);
    end();
    assert_field(0, "k", value[_i]);
    ck_assert(!seen.field[0].quoted);
}
END_TEST

START_TEST(other_values_are_quoted_and_read_back)
{
    static const char *const value[] = { "", " ", "a b", "\"", "\\", "a=b", "\n",
        "a\nERROR fake x=1", "\t", "\x01\x1f", "\x7f", "\x80\xff", "\xc3\xa4", "\\x41",
        "\"x\" y=\"z", "a\\", "\x1b[2J" };

    begin();
    log_str(&l, "k", value[_i]);
    log_int(&l, "n", 7);
    end();
    assert_field(0, "k", value[_i]);
    ck_assert(seen.field[0].quoted);
    assert_field(1, "n", "7");
}
END_TEST

START_TEST(every_byte_is_read_back)
{
    char value[2] = { (char)(_i + 1) };

    begin();
    log_str(&l, "k", value);
    end();
    assert_field(0, "k", value);
}
END_TEST

START_TEST(what_looks_like_a_token_is_masked)
{
    static const struct {
        const char *value, *written;
    } known[] = {
        { TOKEN, "[masked]" },
        { "/x/" TOKEN, "/x/[masked]" },
        { "/" TOKEN "/", "/[masked]/" },
        { "key=" TOKEN " and " TOKEN, "key=[masked] and [masked]" },
        { "0123456789abcdef0123456789ABCDEF", "[masked]" },
        { "g0123456789abcdef0123456789ABCDEFg", "g[masked]g" },
        { "0123456789abcdef0123456789ABCDE", "0123456789abcdef0123456789ABCDE" },
        { "0123456789abcdef-0123456789abcdef", "0123456789abcdef-0123456789abcdef" },
        { "\xff" TOKEN "\n", "\xff[masked]\n" },
    };
    char *words[] = { (char[]){ "x" }, (char *)(uintptr_t)known[_i].value, NULL };
    char want[128];

    begin();
    log_str(&l, "k", known[_i].value);
    log_words(&l, "w", words);
    end();
    assert_field(0, "k", known[_i].written);
    (void)snprintf(want, sizeof want, "x %s", known[_i].written);
    assert_field(1, "w", want);
    log_event(LOG_AT_INFO, "event", "%s", known[_i].value);
    ck_assert(take_line());
    parse_line();
    assert_field(0, "msg", known[_i].written);
}
END_TEST

START_TEST(words_are_one_value)
{
    char *none[] = { NULL }, *one[] = { (char[]){ "uptime" }, NULL };
    char *odd[] = { (char[]){ "" }, (char[]){ "a\"b" }, (char[]){ "c d" }, NULL };

    begin();
    log_words(&l, "none", none);
    log_words(&l, "one", one);
    log_words(&l, "odd", odd);
    end();
    assert_field(0, "none", "");
    assert_field(1, "one", "uptime");
    assert_field(2, "odd", " a\"b c d");
}
END_TEST

START_TEST(numbers_of_every_size_are_written)
{
    begin();
    log_int(&l, "a", INT64_MAX);
    log_int(&l, "b", INT64_MIN);
    log_int(&l, "c", 0);
    log_msec(&l, "d", 0);
    log_msec(&l, "e", 999);
    log_msec(&l, "f", 1000);
    log_msec(&l, "g", 1999999);
    log_msec(&l, "h", INT64_MAX);
    end();
    assert_field(0, "a", "9223372036854775807");
    assert_field(1, "b", "-9223372036854775808");
    assert_field(2, "c", "0");
    assert_field(3, "d", "0.000");
    assert_field(4, "e", "0.000");
    assert_field(5, "f", "0.001");
    assert_field(6, "g", "1.999");
    assert_field(7, "h", "9223372036854.775");
}
END_TEST

/* A long value of one kind of character, and what may be seen of it. */
static char *
long_value(char c, size_t n)
{
    char *s = malloc(n + 1);

    ck_assert_ptr_nonnull(s);
    memset(s, c, n);
    s[n] = '\0';
    return s;
}

START_TEST(a_long_value_is_cut_and_pushes_no_other_off_the_line)
{
    static const char kind[] = "x\n\"\\ g=\x80";
    char *value = long_value(kind[_i], 5000);
    char *words[] = { value, value, NULL };
    size_t n;

    begin();
    log_str(&l, "method", value);
    log_str(&l, "uri", value);
    log_words(&l, "command", words);
    log_str(&l, "client", "2001:db8:0:0:0:0:0:1");
    log_int(&l, "status", 401);
    end();
    ck_assert_uint_eq(seen.n, 5);
    n = strlen(seen.field[1].value);
    ck_assert_uint_gt(n, LOG_VALUE_MAX / 5);
    ck_assert_str_eq(seen.field[1].value + n - 3, "...");
    ck_assert_uint_eq(strspn(seen.field[1].value, (char[]){ kind[_i], '\0' }), n - 3);
    ck_assert_str_eq(seen.field[2].value, seen.field[1].value);
    assert_field(3, "client", "2001:db8:0:0:0:0:0:1");
    assert_field(4, "status", "401");
    free(value);
}
END_TEST

START_TEST(a_cut_never_shows_a_part_of_a_token)
{
    size_t n;

    for (n = LOG_VALUE_MAX - 100; n < LOG_VALUE_MAX + 10; n++) {
        char *before = long_value('x', n), value[1024];

        (void)snprintf(value, sizeof value, "%s%s", before, TOKEN);
        begin();
        log_str(&l, "k", value);
        end();
        ck_assert_ptr_null(strstr(line, "0123"));
        free(before);
    }
}
END_TEST

START_TEST(a_line_that_is_full_loses_its_last_fields)
{
    unsigned i;

    begin();
    for (i = 0; i < 500; i++)
        log_str(&l, "key", i % 2 == 0 ? "some value or other" : "plain");
    log_int(&l, "last", 1);
    log_msec(&l, "very-last", 1);
    end();
    ck_assert_uint_le(strlen(line), LOG_LINE_MAX);
    ck_assert_uint_gt(strlen(line), LOG_LINE_MAX - 50);
    for (i = 0; i < seen.n; i++)
        ck_assert_str_eq(seen.field[i].key, "key");
}
END_TEST

START_TEST(a_message_may_fill_a_line)
{
    char *value = long_value(_i == 0 ? 'x' : '\n', 5000);

    log_event(LOG_AT_INFO, "event", "%s", value);
    ck_assert(take_line());
    parse_line();
    ck_assert_uint_eq(seen.n, 1);
    ck_assert_uint_le(strlen(line), LOG_LINE_MAX);
    ck_assert_uint_gt(strlen(line), LOG_LINE_MAX - 10);
    free(value);
}
END_TEST

START_TEST(a_message_is_formatted)
{
    log_event(LOG_AT_WARNING, "reload", "%s:%d: %s", "cmon.conf", 12, "no such option");
    ck_assert(take_line());
    parse_line();
    ck_assert_str_eq(seen.event, "reload");
    assert_field(0, "msg", "cmon.conf:12: no such option");
}
END_TEST

/* What a reader sees of a value: longer runs of digits are masked. */
static void
masked(const char *in, char *out)
{
    static const char digits[] = "0123456789abcdefABCDEF";

    while (*in != '\0') {
        size_t n = strspn(in, digits);

        if (n >= 32) {
            out += sprintf(out, "[masked]");
            in += n;
        } else {
            do
                *out++ = *in++;
            while (n-- > 1);
        }
    }
    *out = '\0';
}

static void
random_value(char *out, size_t max)
{
    static const char often[] = "0a1b2c3d4e5f \"\\=\nxyz/";
    size_t n = (size_t)random() % max, i;
    int kind = (int)(random() % 3);

    for (i = 0; i < n; i++)
        if (kind == 0)
            out[i] = (char)(1 + random() % 255);
        else
            out[i] =
                often[(size_t)random() % (kind == 1 || random() % 50 == 0 ? sizeof often - 1 : 12)];
    out[n] = '\0';
}

START_TEST(whatever_is_logged_the_line_can_be_read)
{
    static char value[VALUES][1500], want[2 * 1500];
    unsigned round, i, n;

    srandom(7 + (unsigned)_i);
    for (round = 0; round < 300; round++) {
        n = (unsigned)random() % VALUES;
        begin();
        for (i = 0; i < n; i++) {
            random_value(value[i], i % 3 == 0 ? 1500 : 60);
            log_str(&l, "k", value[i]);
        }
        end();
        ck_assert_uint_le(strlen(line), LOG_LINE_MAX);
        ck_assert_uint_le(seen.n, n);
        for (i = 0; i < seen.n; i++) {
            size_t got = strlen(seen.field[i].value);

            masked(value[i], want);
            if (strcmp(seen.field[i].value, want) == 0)
                continue;
            ck_assert_uint_ge(got, 3);
            ck_assert_str_eq(seen.field[i].value + got - 3, "...");
            ck_assert(memcmp(seen.field[i].value, want, got - 3) == 0);
        }
    }
}
END_TEST

START_TEST(syslog_is_opened_as_said_and_gets_lines_without_a_stamp)
{
    log_open(true, true);
    ck_assert_str_eq(fakelog_told.ident, "cmon");
    ck_assert_int_eq(fakelog_told.option, 0x01 | 0x02); /* LOG_PID, LOG_CONS */
    ck_assert_int_eq(fakelog_told.facility, 3 << 3);    /* LOG_DAEMON */
    begin();
    log_str(&l, "uri", "/%s%n x");
    end();
    ck_assert_str_eq(fakelog_told.text, "INFO request uri=\"/%s%n x\"");
    ck_assert_uint_eq(fakelog_told.lines, 1);
    log_open(true, true);
    ck_assert_uint_eq(fakelog_told.opened, 1);
}
END_TEST

START_TEST(lines_go_where_they_were_sent_and_to_stderr_at_first)
{
    log_event(LOG_AT_INFO, "a", "x");
    ck_assert(take_line());
    ck_assert_uint_eq(fakelog_told.lines, 0);
    log_open(false, true);
    log_event(LOG_AT_INFO, "b", "x");
    ck_assert(!take_line());
    ck_assert_uint_eq(fakelog_told.lines, 1);
    log_open(false, false);
    log_event(LOG_AT_INFO, "c", "x");
    ck_assert(!take_line());
    ck_assert_uint_eq(fakelog_told.lines, 1);
    log_open(true, false);
    log_event(LOG_AT_INFO, "d", "x");
    ck_assert(take_line());
    ck_assert_uint_eq(fakelog_told.lines, 1);
}
END_TEST

START_TEST(a_log_that_cannot_be_written_harms_nobody)
{
    fd_close(&ours);
    (void)close(STDERR_FILENO);
    log_event(LOG_AT_INFO, "a", "x");
}
END_TEST

START_TEST(when_nobody_reads_lines_are_dropped_and_their_number_told)
{
    int small = 1, i;
    int64_t began;

    ck_assert_int_eq(setsockopt(STDERR_FILENO, SOL_SOCKET, SO_SNDBUF, &small, sizeof small), 0);
    do {
        began = clock_now();
        log_event(LOG_AT_INFO, "fills", "the socket");
    } while (clock_now() - began < CLOCK_SEC / 2);
    began = clock_now();
    for (i = 0; i < 4; i++)
        log_event(LOG_AT_INFO, "lost", "too");
    ck_assert_int_lt(clock_now() - began, CLOCK_SEC / 2);
    while (take_line())
        ck_assert_ptr_null(strstr(line, "lost"));
    log_event(LOG_AT_INFO, "after", "x");
    ck_assert(take_line());
    ck_assert_ptr_nonnull(
        strstr(line, " WARNING warning msg=\"5 lines lost: nobody read them\"\n"));
    memmove(line, strchr(line, '\n') + 1, strlen(strchr(line, '\n')));
    parse_line();
    ck_assert_str_eq(seen.event, "after");
    log_event(LOG_AT_INFO, "next", "x");
    ck_assert(take_line());
    parse_line();
    ck_assert_str_eq(seen.event, "next");
}
END_TEST

static void *
log_often(void *arg)
{
    struct log_line mine;
    unsigned i;

    for (i = 0; i < EACH; i++) {
        log_begin(&mine, LOG_AT_INFO, "thread");
        log_int(&mine, "thread", (int64_t)(intptr_t)arg);
        log_int(&mine, "line", i);
        log_str(&mine, "text", "words that are to stay together");
        log_end(&mine);
    }
    return NULL;
}

START_TEST(lines_of_threads_do_not_mix)
{
    unsigned next[THREADS] = { 0 }, i;
    pthread_t thread[THREADS];
    intptr_t t;

    for (t = 0; t < THREADS; t++)
        ck_assert_int_eq(pthread_create(&thread[t], NULL, log_often, (void *)t), 0);
    for (i = 0; i < THREADS * EACH; i++) {
        while (!take_line())
            (void)usleep(50);
        parse_line();
        ck_assert_uint_eq(seen.n, 3);
        t = strtol(seen.field[0].value, NULL, 10);
        ck_assert_uint_eq(strtoul(seen.field[1].value, NULL, 10), next[t]++);
        assert_field(2, "text", "words that are to stay together");
    }
    for (t = 0; t < THREADS; t++)
        ck_assert_int_eq(pthread_join(thread[t], NULL), 0);
}
END_TEST

static TCase *
values_case(void)
{
    TCase *tc = tcase_create("values");

    tcase_add_checked_fixture(tc, setup, teardown);
    tcase_add_loop_test(tc, plain_values_stand_as_they_are, 0, 8);
    tcase_add_loop_test(tc, other_values_are_quoted_and_read_back, 0, 17);
    tcase_add_loop_test(tc, every_byte_is_read_back, 0, 255);
    tcase_add_loop_test(tc, what_looks_like_a_token_is_masked, 0, 9);
    tcase_add_test(tc, words_are_one_value);
    tcase_add_test(tc, numbers_of_every_size_are_written);
    tcase_add_loop_test(tc, a_long_value_is_cut_and_pushes_no_other_off_the_line, 0, 8);
    tcase_add_test(tc, a_cut_never_shows_a_part_of_a_token);
    tcase_add_test(tc, a_line_that_is_full_loses_its_last_fields);
    tcase_add_loop_test(tc, whatever_is_logged_the_line_can_be_read, 0, 6);
    return tc;
}

Suite *
suite(void)
{
    Suite *s = suite_create("log");
    TCase *tc = tcase_create("lines");

    tcase_set_timeout(tc, 30);
    tcase_add_checked_fixture(tc, setup, teardown);
    tcase_add_test(tc, a_line_is_stamp_level_event_and_fields);
    tcase_add_test(tc, the_stamp_is_utc_now);
    tcase_add_loop_test(tc, each_level_has_its_name_and_priority, 0, 3);
    tcase_add_test(tc, a_line_is_one_write);
    tcase_add_loop_test(tc, a_message_may_fill_a_line, 0, 2);
    tcase_add_test(tc, a_message_is_formatted);
    tcase_add_test(tc, syslog_is_opened_as_said_and_gets_lines_without_a_stamp);
    tcase_add_test(tc, lines_go_where_they_were_sent_and_to_stderr_at_first);
    tcase_add_test(tc, a_log_that_cannot_be_written_harms_nobody);
    tcase_add_test(tc, when_nobody_reads_lines_are_dropped_and_their_number_told);
    tcase_add_test(tc, lines_of_threads_do_not_mix);
    suite_add_tcase(s, tc);
    suite_add_tcase(s, values_case());
    return s;
}
