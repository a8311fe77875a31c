/* tests/fcgi/test_reply.c -- fcgi/reply.h, promise by promise; jansson reads what we write. */
#include "config.h"

#include <jansson.h>
#include <limits.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/clock.h"
#include "conf/route.h"
#include "exec/run.h"
#include "fcgi/reply.h"
#include "tests/base/sample.h"
#include "tests/fcgi/answer.h"
#include "tests/suite.h"

static struct answer got;
static unsigned char *mem;
static struct span sent;

static void
setup(void)
{
    mem = NULL;
    got.root = NULL;
}

static void
teardown(void)
{
    answer_done(&got);
    free(mem);
}

/* Renders into memory of exactly the size that is said to be enough. */
static void
render(const struct reply *reply)
{
    size_t max = reply_size(reply);

    free(mem);
    mem = malloc(max);
    ck_assert_ptr_nonnull(mem);
    sent = reply_render(reply, mem, max);
    ck_assert_uint_gt(sent.n, 0);
    ck_assert(sent.p >= mem && sent.p + sent.n <= mem + max);
    answer_done(&got);
    ck_assert(answer_read(sent, &got));
}

static void
assert_sent(const char *want)
{
    ck_assert_msg(sent.n == strlen(want) && memcmp(sent.p, want, sent.n) == 0, "sent:\n%.*s",
        (int)sent.n, (const char *)sent.p);
}

START_TEST(a_good_answer_is_these_bytes)
{
    struct run_result result = { .cause = RUN_EXITED,
        .duration = 3125000,
        .usage = { .user = 1204000,
            .system = 871000,
            .max_rss = 3840 * 1024,
            .minor_faults = 214,
            .major_faults = 1,
            .voluntary = 2,
            .involuntary = 3,
            .block_read = 4096,
            .block_written = 512 } };
    struct reply reply;

    reply_of_result(&result, span_str("up 3 days\n"), &reply);
    render(&reply);
    assert_sent(
        "Status: 200 OK\r\n"
        "Content-Type: application/json\r\n"
        "Content-Length: 338\r\n"
        "Cache-Control: no-store\r\n"
        "\r\n"
        "{\"status\":\"ok\",\"code\":200,\"message\":\"Command executed\",\"data\":\"up 3 "
        "days\\n\",\"exit_code\":0,\"duration_ms\":3.125,\"truncated\":false,\"queued_ms\":0,"
        "\"usage\":{\"user_ms\":1.204,\"system_ms\":0.871,\"max_rss_kb\":3840,"
        "\"minor_faults\":214,\"major_faults\":1,\"voluntary_switches\":2,"
        "\"involuntary_switches\":3,\"block_read_bytes\":4096,"
        "\"block_written_bytes\":512}}");
}
END_TEST

START_TEST(a_refusal_is_these_bytes)
{
    render(&(struct reply){ .status = 401, .message = "Authentication Error" });
    assert_sent(
        "Status: 401 Unauthorized\r\n"
        "Content-Type: application/json\r\n"
        "Content-Length: 74\r\n"
        "Cache-Control: no-store\r\n"
        "WWW-Authenticate: Bearer realm=\"cmon\"\r\n"
        "\r\n"
        "{\"status\":\"error\",\"code\":401,\"message\":\"Authentication Error\",\"data\":null}");
}
END_TEST

START_TEST(every_status_has_its_line_and_word)
{
    static const struct {
        int status;
        const char *line, *word;
    } known[] = {
        { 200, "200 OK", "ok" },
        { 400, "400 Bad Request", "error" },
        { 401, "401 Unauthorized", "error" },
        { 403, "403 Forbidden", "error" },
        { 404, "404 Not Found", "error" },
        { 405, "405 Method Not Allowed", "error" },
        { 413, "413 Content Too Large", "error" },
        { 500, "500 Internal Server Error", "error" },
        { 503, "503 Service Unavailable", "error" },
        { 504, "504 Gateway Timeout", "error" },
        { 599, "599 Unknown", "error" },
    };

    render(&(struct reply){ .status = known[_i].status, .message = "m" });
    ck_assert_str_eq(answer_header(&got, "Status"), known[_i].line);
    ck_assert(span_is(answer_string(&got, "status"), known[_i].word));
    ck_assert_int_eq(answer_int(&got, "code"), known[_i].status);
    ck_assert(span_is(answer_string(&got, "message"), "m"));
    ck_assert(answer_is(&got, "data", 'n'));
    ck_assert_str_eq(answer_header(&got, "Content-Type"), "application/json");
    ck_assert_str_eq(answer_header(&got, "Cache-Control"), "no-store");
    ck_assert_str_eq(answer_header(&got, "WWW-Authenticate"),
        known[_i].status == 401 ? "Bearer realm=\"cmon\"" : "");
}
END_TEST

START_TEST(the_four_keys_come_first_and_in_order)
{
    static const struct {
        struct run_result result;
        const char *keys;
    } known[] = {
        { { .cause = RUN_EXITED }, "exit_code duration_ms truncated queued_ms usage" },
        { { .cause = RUN_EXITED, .leftover = 2 },
            "exit_code duration_ms truncated leftover queued_ms usage" },
        { { .cause = RUN_SIGNALED, .signaled = true },
            "signal duration_ms truncated queued_ms usage" },
        { { .cause = RUN_TIMED_OUT, .signaled = true },
            "signal duration_ms truncated queued_ms usage" },
        { { .cause = RUN_TIMED_OUT }, "exit_code duration_ms truncated queued_ms usage" },
        { { .cause = RUN_CANCELLED, .signaled = true },
            "signal duration_ms truncated queued_ms usage" },
        { { .cause = RUN_ABANDONED }, "duration_ms truncated queued_ms" },
    };
    struct reply reply;
    char want[128];

    reply_of_result(&known[_i].result, span_str("x"), &reply);
    render(&reply);
    (void)snprintf(want, sizeof want, "status code message data %s", known[_i].keys);
    ck_assert_str_eq(answer_keys(&got), want);
}
END_TEST

START_TEST(how_long_it_waited_is_told_in_milliseconds)
{
    struct run_result result = { .cause = RUN_EXITED, .duration = 1000000 };
    struct reply reply;

    reply_of_result(&result, span_str("x"), &reply);
    reply.queued = 2500000;
    render(&reply);
    ck_assert_ptr_nonnull(memmem(sent.p, sent.n, ",\"queued_ms\":2.5,", 17));
    reply = (struct reply){ .status = 503, .message = "Busy", .queued = 2500000 };
    render(&reply);
    ck_assert_ptr_null(memmem(sent.p, sent.n, "queued_ms", 9));
}
END_TEST

START_TEST(what_came_of_the_command_is_told)
{
    struct run_result result = {
        .cause = RUN_SIGNALED, .signaled = true, .code = 9, .truncated = true, .leftover = UINT_MAX
    };
    struct reply reply;

    reply_of_result(&result, span_str("x"), &reply);
    render(&reply);
    ck_assert_int_eq(answer_int(&got, "signal"), 9);
    ck_assert(answer_is(&got, "truncated", 't'));
    ck_assert_int_eq(answer_int(&got, "leftover"), UINT_MAX);
    result = (struct run_result){ .cause = RUN_EXITED, .code = 255 };
    reply_of_result(&result, span_str("x"), &reply);
    render(&reply);
    ck_assert_int_eq(answer_int(&got, "exit_code"), 255);
    ck_assert(answer_is(&got, "truncated", 'f'));
}
END_TEST

/* Renders a command's delays, each of them N times N ns, and returns "usage". */
static json_t *
usage_with(unsigned known)
{
    static struct run_result result;
    struct reply reply;
    int i;

    result = (struct run_result){ .cause = RUN_EXITED, .delays.known = known };
    for (i = 0; i < ACCOUNT_WAIT_MAX; i++)
        result.delays.of[i] = (struct account_delay){ i + 1, (i + 1) * CLOCK_MSEC };
    reply_of_result(&result, span_str("x"), &reply);
    render(&reply);
    return json_object_get(got.root, "usage");
}

START_TEST(delays_that_are_known_are_in_usage_and_no_others)
{
    json_t *delays = json_object_get(usage_with((1U << ACCOUNT_WAIT_MAX) - 1), "delays");
    json_t *delay;
    int i;

    ck_assert_uint_eq(json_object_size(delays), ACCOUNT_WAIT_MAX);
    for (i = 0; i < ACCOUNT_WAIT_MAX; i++) {
        delay = json_object_get(delays, account_wait_name((enum account_wait)i));
        ck_assert_int_eq(json_integer_value(json_object_get(delay, "count")), i + 1);
        ck_assert_int_eq((int)json_number_value(json_object_get(delay, "total_ms")), i + 1);
    }
    delays = json_object_get(usage_with(1U << ACCOUNT_SWAP_IN), "delays");
    ck_assert_uint_eq(json_object_size(delays), 1);
    ck_assert_ptr_nonnull(json_object_get(delays, "swap_in"));
    ck_assert_ptr_null(json_object_get(usage_with(0), "delays"));
}
END_TEST

START_TEST(memory_that_is_not_known_is_not_in_usage)
{
    ck_assert_ptr_null(json_object_get(usage_with(0), "max_rss_kb"));
    ck_assert_ptr_nonnull(json_object_get(usage_with(0), "minor_faults"));
}
END_TEST

START_TEST(the_longest_numbers_fit)
{
    struct run_result result = { .cause = RUN_EXITED, .code = INT_MIN, .leftover = UINT_MAX };
    struct account *u = &result.usage;
    struct reply reply;
    int i;

    result.duration = u->user = u->system = u->max_rss = u->minor_faults = u->major_faults =
        u->voluntary = u->involuntary = u->block_read = u->block_written = INT64_MAX;
    result.delays.known = (1U << ACCOUNT_WAIT_MAX) - 1;
    for (i = 0; i < ACCOUNT_WAIT_MAX; i++)
        result.delays.of[i] = (struct account_delay){ INT64_MAX, INT64_MAX };
    reply_of_result(&result, span_str(""), &reply);
    render(&reply);
    ck_assert_uint_lt(
        sent.n, REPLY_SMALL_MAX - REPLY_MESSAGE_MAX * 6); /* with room for any message */
}
END_TEST

START_TEST(a_result_becomes_200_500_or_504)
{
    static const struct {
        struct run_result result;
        int status;
        const char *message;
    } known[] = {
        { { .cause = RUN_EXITED }, 200, "Command executed" },
        { { .cause = RUN_EXITED, .code = 1 }, 500, "Command failed" },
        { { .cause = RUN_SIGNALED, .signaled = true, .code = 9 }, 500, "Command failed" },
        { { .cause = RUN_CANCELLED, .signaled = true, .code = 15 }, 500, "Command failed" },
        { { .cause = RUN_CANCELLED }, 500, "Command failed" },
        { { .cause = RUN_TIMED_OUT, .signaled = true, .code = 15 }, 504, "Command timed out" },
        { { .cause = RUN_TIMED_OUT }, 504, "Command timed out" },
        { { .cause = RUN_ABANDONED }, 504, "Command timed out" },
    };
    struct reply reply;

    reply_of_result(&known[_i].result, span_str("said"), &reply);
    ck_assert_int_eq(reply.status, known[_i].status);
    ck_assert_str_eq(reply.message, known[_i].message);
    ck_assert(span_is(reply.data, "said"));
    ck_assert_ptr_eq(reply.result, &known[_i].result);
}
END_TEST

START_TEST(no_data_is_null_and_empty_data_a_string)
{
    struct run_result result = { .cause = RUN_EXITED };
    struct reply reply;

    render(&(struct reply){ .status = 404, .message = "Not Found" });
    ck_assert(answer_is(&got, "data", 'n'));
    reply_of_result(&result, (struct span){ (const unsigned char *)"", 0 }, &reply);
    render(&reply);
    ck_assert(span_is(answer_string(&got, "data"), ""));
}
END_TEST

START_TEST(data_means_the_bytes_that_were_said)
{
    static unsigned char said[3000], meant[9000];
    struct run_result result = { .cause = RUN_EXITED };
    struct reply reply;
    uint64_t seed;
    struct span data;
    size_t n;

    for (seed = 0; seed < 150; seed++) {
        n = sample_make(seed + 1000 * (uint64_t)_i, said, sizeof said);
        reply_of_result(&result, (struct span){ said, n }, &reply);
        render(&reply);
        n = sample_meant(said, n, meant);
        data = answer_string(&got, "data");
        ck_assert_ptr_nonnull(data.p);
        ck_assert_uint_eq(data.n, n);
        ck_assert(memcmp(data.p, meant, n) == 0);
    }
}
END_TEST

START_TEST(what_is_said_to_be_enough_is_enough_for_the_worst)
{
    static const unsigned char worst[] = { 0x00, 0x01, 0x7f, 0x80, 0xff, '"', 'a' };
    static const size_t length[] = { 0, 1, 100, 4096, 30000 };
    struct route route = { .methods = ~0u };
    struct run_result result = { .cause = RUN_SIGNALED,
        .signaled = true,
        .code = INT_MIN,
        .duration = INT64_MAX,
        .leftover = UINT_MAX };
    char message[REPLY_MESSAGE_MAX + 100] = { 0 };
    unsigned char *data = malloc(length[_i] + 1);
    size_t i;

    ck_assert_ptr_nonnull(data);
    memset(message, 1, sizeof message - 1);
    for (i = 0; i < sizeof worst; i++) {
        memset(data, worst[i], length[_i]);
        render(&(struct reply){ .status = 401,
            .message = message,
            .data = { data, length[_i] },
            .result = &result,
            .allow = &route,
            .retry_after = INT_MAX });
    }
    free(data);
}
END_TEST

START_TEST(too_little_memory_is_told_and_nothing_behind_it_written)
{
    struct reply reply = { .status = 404, .message = "Not Found", .data = span_str("\x01\x02") };
    size_t max, enough = reply_max(2);
    unsigned char untouched[4096];
    bool fitted = false;

    ck_assert_uint_lt(enough, sizeof untouched);
    memset(untouched, 0xee, sizeof untouched);
    mem = malloc(sizeof untouched);
    ck_assert_ptr_nonnull(mem);
    for (max = 0; max <= enough; max += 1 + max / 300) {
        memset(mem, 0xee, sizeof untouched);
        sent = reply_render(&reply, mem, max);
        ck_assert(sent.n == 0 || answer_read(sent, &got));
        ck_assert(sent.n > 0 || !fitted);
        fitted = sent.n > 0;
        ck_assert_mem_eq(mem + max, untouched, sizeof untouched - max);
        answer_done(&got);
    }
    ck_assert(fitted);
}
END_TEST

START_TEST(a_longer_message_is_cut)
{
    char message[REPLY_MESSAGE_MAX + 2];

    memset(message, 'm', sizeof message);
    message[sizeof message - 1] = '\0';
    render(&(struct reply){ .status = 400, .message = message });
    ck_assert_uint_eq(answer_string(&got, "message").n, REPLY_MESSAGE_MAX);
    message[REPLY_MESSAGE_MAX] = '\0';
    render(&(struct reply){ .status = 400, .message = message });
    ck_assert(span_is(answer_string(&got, "message"), message));
}
END_TEST

START_TEST(without_a_body_there_is_the_header_only)
{
    render(&(struct reply){ .status = 200, .message = "x", .no_body = true });
    assert_sent(
        "Status: 200 OK\r\nContent-Type: application/json\r\nCache-Control: no-store\r\n\r\n");
    render(&(struct reply){ .status = 404, .message = "x", .no_body = true });
    assert_sent("Status: 404 Not Found\r\nContent-Type: application/json\r\n"
                "Cache-Control: no-store\r\n\r\n");
}
END_TEST

START_TEST(a_204_says_nothing_of_a_content)
{
    struct route route = { .methods = METHOD_GET | METHOD_POST };

    render(&(struct reply){ .status = 204, .message = "", .no_body = true, .allow = &route });
    assert_sent("Status: 204 No Content\r\nCache-Control: no-store\r\n"
                "Allow: GET, HEAD, POST, OPTIONS\r\n\r\n");
}
END_TEST

START_TEST(allow_and_retry_after_are_told_when_there)
{
    struct route route = { .methods = METHOD_PUT };

    render(&(struct reply){ .status = 405, .message = "m", .allow = &route });
    ck_assert_str_eq(answer_header(&got, "Allow"), "PUT, OPTIONS");
    ck_assert_str_eq(answer_header(&got, "Retry-After"), "");
    render(&(struct reply){ .status = 503, .message = "Busy", .retry_after = 7 });
    ck_assert_str_eq(answer_header(&got, "Allow"), "");
    ck_assert_str_eq(answer_header(&got, "Retry-After"), "7");
}
END_TEST

START_TEST(why_is_not_for_the_client)
{
    render(&(struct reply){ .status = 503, .message = "Busy", .why = "clone: secret reason" });
    ck_assert_ptr_null(memmem(sent.p, sent.n, "secret", 6));
}
END_TEST

START_TEST(the_json_alone_is_the_body)
{
    struct run_result result = { .cause = RUN_EXITED, .code = 3 };
    unsigned char alone[1024];
    struct reply reply;
    struct span json;

    reply_of_result(&result, span_str("said\n"), &reply);
    render(&reply);
    json = reply_render_json(&reply, alone, sizeof alone);
    ck_assert_uint_eq(json.n, got.body.n);
    ck_assert_mem_eq(json.p, got.body.p, json.n);
    json = reply_render_json(&reply, alone, json.n - 1);
    ck_assert_uint_eq(json.n, 0);
}
END_TEST

Suite *
suite(void)
{
    Suite *s = suite_create("reply");
    TCase *tc = tcase_create("reply");

    tcase_set_timeout(tc, 30);
    tcase_add_checked_fixture(tc, setup, teardown);
    tcase_add_test(tc, a_good_answer_is_these_bytes);
    tcase_add_test(tc, a_refusal_is_these_bytes);
    tcase_add_loop_test(tc, every_status_has_its_line_and_word, 0, 11);
    tcase_add_loop_test(tc, the_four_keys_come_first_and_in_order, 0, 7);
    tcase_add_test(tc, how_long_it_waited_is_told_in_milliseconds);
    tcase_add_test(tc, what_came_of_the_command_is_told);
    tcase_add_test(tc, delays_that_are_known_are_in_usage_and_no_others);
    tcase_add_test(tc, memory_that_is_not_known_is_not_in_usage);
    tcase_add_test(tc, the_longest_numbers_fit);
    tcase_add_loop_test(tc, a_result_becomes_200_500_or_504, 0, 8);
    tcase_add_test(tc, no_data_is_null_and_empty_data_a_string);
    tcase_add_loop_test(tc, data_means_the_bytes_that_were_said, 0, 4);
    tcase_add_loop_test(tc, what_is_said_to_be_enough_is_enough_for_the_worst, 0, 5);
    tcase_add_test(tc, too_little_memory_is_told_and_nothing_behind_it_written);
    tcase_add_test(tc, a_longer_message_is_cut);
    tcase_add_test(tc, without_a_body_there_is_the_header_only);
    tcase_add_test(tc, a_204_says_nothing_of_a_content);
    tcase_add_test(tc, allow_and_retry_after_are_told_when_there);
    tcase_add_test(tc, why_is_not_for_the_client);
    tcase_add_test(tc, the_json_alone_is_the_body);
    suite_add_tcase(s, tc);
    return s;
}
