/* tests/fcgi/test_reply_output.c -- fcgi/reply.h: what a run has said, joined, split, raw. */
#include "config.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/clock.h"
#include "base/err.h"
#include "exec/engine.h"
#include "exec/run.h"
#include "fcgi/budget.h"
#include "fcgi/reply.h"
#include "tests/fcgi/answer.h"
#include "tests/suite.h"

static const char type[] = "image/svg+xml";

static struct engine *engine;
static struct err err;
static struct run run;
static struct run_spec spec;
static struct reply reply;
static struct answer got;
static unsigned char *block, *mem;
static struct span sent;

static void
setup(void)
{
    static char *const none[] = { NULL };

    ck_assert_int_eq(engine_open(&engine, &err), 0);
    spec = (struct run_spec){
        .path = "/bin/sh", .envp = none, .timeout = 30 * CLOCK_SEC, .grace = CLOCK_SEC
    };
    block = mem = NULL;
    got.root = NULL;
}

static void
teardown(void)
{
    engine_close(engine);
    answer_done(&got);
    free(block);
    free(mem);
}

/* Runs a script with blocks as large as the budget says, so that a sanitizer
 * sees what does not fit, and renders what came of it. */
static void
answer(enum route_output how, size_t max, const char *script)
{
    char *argv[] = { "sh", "-c", (char *)(uintptr_t)script, NULL };
    size_t size = budget_answer_block(how, max);

    free(block);
    free(mem);
    block = malloc(budget_output_block(how, max));
    mem = malloc(size);
    ck_assert(block != NULL && mem != NULL);
    budget_place(how, block, max, &spec);
    spec.argv = argv;
    ck_assert_int_eq(run_start(&run, engine, &spec, &err), 0);
    run_drive(&run, -1);
    reply_of_run(&run, how, type, &reply);
    ck_assert_uint_le(reply_size(&reply), size);
    sent = reply_render(&reply, mem, reply_size(&reply));
    ck_assert_uint_gt(sent.n, 0);
    if (reply.raw == NULL) {
        answer_done(&got);
        ck_assert(answer_read(sent, &got));
        ck_assert_uint_eq(reply_body(&reply).n, 0);
    }
}

START_TEST(split_output_follows_data_and_data_has_both)
{
    answer(ROUTE_SPLIT, 1000, "printf a; sleep 0.2; printf b >&2; sleep 0.2; printf c");
    ck_assert_str_eq(answer_keys(&got),
        "status code message data stdout stderr exit_code duration_ms truncated queued_ms usage");
    ck_assert(span_is(answer_string(&got, "data"), "abc"));
    ck_assert(span_is(answer_string(&got, "stdout"), "ac"));
    ck_assert(span_is(answer_string(&got, "stderr"), "b"));
    answer(ROUTE_SPLIT, 1000, "exit 3");
    ck_assert_int_eq(reply.status, 500);
    ck_assert(span_is(answer_string(&got, "stdout"), ""));
    ck_assert(span_is(answer_string(&got, "stderr"), ""));
}
END_TEST

/* Between the halves of one stream's character the other one speaks. */
START_TEST(a_character_is_whole_in_its_own_stream)
{
    answer(ROUTE_SPLIT, 1000, "printf '\\303'; sleep 0.2; printf x >&2; sleep 0.2; printf '\\251'");
    ck_assert(span_is(answer_string(&got, "stdout"), "\xC3\xA9"));
    ck_assert(span_is(answer_string(&got, "data"), "\xEF\xBF\xBDx\xEF\xBF\xBD"));
}
END_TEST

START_TEST(the_worst_output_fits_however_it_is_asked_for)
{
    static const char *const script[] = {
        "head -c 5000 /dev/zero; head -c 5000 /dev/zero >&2",
        "head -c 5000 /dev/zero >&2; head -c 5000 /dev/zero",
        "head -c 100000 /dev/zero >&2; exit 1",
    };
    static const enum run_keep keep[] = { RUN_KEEP_HEAD, RUN_KEEP_TAIL, RUN_KEEP_KILL };
    unsigned how, k;

    for (how = 0; how < ROUTE_OUTPUT_MAX; how++) {
        for (k = 0; k < 3; k++) {
            spec.keep = keep[k];
            answer(how, 4096, script[_i]);
            ck_assert(answer_is(&got, "truncated", 't'));
            if (how != ROUTE_RAW || _i == 2)
                ck_assert_uint_eq(answer_string(&got, "data").n, 4096);
        }
    }
}
END_TEST

START_TEST(the_tail_of_a_ring_is_rendered_in_its_order)
{
    size_t i;

    spec.keep = RUN_KEEP_TAIL;
    answer(ROUTE_JOINED, 1000, "seq 1 5000");
    ck_assert_uint_eq(answer_string(&got, "data").n, 1000);
    for (i = 0; i < 200; i++) {
        char line[8];

        (void)snprintf(line, sizeof line, "%zu\n", 4801 + i);
        ck_assert(memcmp(answer_string(&got, "data").p + 5 * i, line, 5) == 0);
    }
    ck_assert_int_eq(reply.status, 200);
    ck_assert(answer_is(&got, "truncated", 't'));
}
END_TEST

START_TEST(a_character_cut_by_the_tail_becomes_a_replacement)
{
    spec.keep = RUN_KEEP_TAIL;
    answer(ROUTE_JOINED, 4, "printf 'a\\303\\251xyz'");
    ck_assert(span_is(answer_string(&got, "data"), "\xEF\xBF\xBDxyz"));
    /* Where the ring begins again nothing is cut. */
    answer(ROUTE_JOINED, 4, "printf 'abc'; sleep 0.1; printf '\\303\\251'; sleep 0.1; printf z");
    ck_assert(span_is(answer_string(&got, "data"), "c\xC3\xA9z"));
}
END_TEST

START_TEST(ended_at_its_limit_is_told)
{
    spec.keep = RUN_KEEP_KILL;
    answer(ROUTE_JOINED, 100, "yes");
    ck_assert_int_eq(reply.status, 500);
    ck_assert(span_is(answer_string(&got, "message"), "Output limit exceeded"));
    ck_assert_uint_eq(answer_string(&got, "data").n, 100);
    ck_assert(answer_is(&got, "truncated", 't'));
    ck_assert_int_eq(answer_int(&got, "signal"), 15);
}
END_TEST

START_TEST(raw_output_is_sent_from_where_it_was_captured)
{
    char want[512];

    answer(ROUTE_RAW, 1000, "printf '<svg/>\\000\\377'; echo warning >&2");
    ck_assert_int_eq(reply.status, 200);
    ck_assert_uint_eq(reply_body(&reply).n, 8);
    ck_assert_ptr_eq(reply_body(&reply).p, block);
    (void)snprintf(want, sizeof want,
        "Status: 200 OK\r\n"
        "Content-Type: %s\r\n"
        "X-Content-Type-Options: nosniff\r\n"
        "Content-Security-Policy: sandbox\r\n"
        "Content-Length: 8\r\n"
        "Cache-Control: no-store\r\n\r\n",
        type);
    ck_assert_uint_eq(sent.n, strlen(want));
    ck_assert_mem_eq(sent.p, want, sent.n);
}
END_TEST

START_TEST(the_longest_type_fits_its_header)
{
    char longest[ROUTE_CONTENT_TYPE_MAX + 1];

    memset(longest, 't', sizeof longest - 1);
    longest[sizeof longest - 1] = '\0';
    answer(ROUTE_RAW, 1000, ":");
    ck_assert_uint_eq(reply_body(&reply).n, 0);
    reply.raw = longest;
    ck_assert_uint_gt(reply_render(&reply, mem, reply_size(&reply)).n, sizeof longest);
}
END_TEST

START_TEST(raw_that_fails_is_json_with_what_stderr_said)
{
    answer(ROUTE_RAW, 1000, "echo half; echo why >&2; exit 3");
    ck_assert_int_eq(reply.status, 500);
    ck_assert_str_eq(answer_header(&got, "Content-Type"), "application/json");
    ck_assert(span_is(answer_string(&got, "data"), "why\n"));
    ck_assert(span_is(answer_string(&got, "message"), "Command failed"));
    ck_assert_int_eq(answer_int(&got, "exit_code"), 3);
    spec.timeout = 200 * CLOCK_MSEC;
    answer(ROUTE_RAW, 1000, "echo late >&2; exec sleep 60");
    ck_assert_int_eq(reply.status, 504);
    ck_assert(span_is(answer_string(&got, "data"), "late\n"));
}
END_TEST

START_TEST(raw_that_is_too_much_is_500_and_never_a_part_of_it)
{
    static const enum run_keep keep[] = { RUN_KEEP_HEAD, RUN_KEEP_TAIL, RUN_KEEP_KILL };

    spec.keep = keep[_i];
    answer(ROUTE_RAW, 1000, "head -c 1001 /dev/zero; echo big >&2");
    ck_assert_int_eq(reply.status, 500);
    ck_assert(span_is(answer_string(&got, "message"), "Output limit exceeded"));
    ck_assert(answer_is(&got, "truncated", 't'));
    answer(ROUTE_RAW, 1000, "head -c 1000 /dev/zero");
    ck_assert_int_eq(reply.status, 200);
    ck_assert_uint_eq(reply_body(&reply).n, 1000);
}
END_TEST

START_TEST(much_stderr_beside_raw_output_is_no_failure)
{
    answer(ROUTE_RAW, 200000, "echo body; head -c 150000 /dev/zero >&2");
    ck_assert_int_eq(reply.status, 200);
    ck_assert(span_is(reply_body(&reply), "body\n"));
}
END_TEST

START_TEST(without_a_body_raw_sends_none)
{
    answer(ROUTE_RAW, 1000, "echo body");
    reply.no_body = true;
    ck_assert_uint_eq(reply_body(&reply).n, 0);
}
END_TEST

Suite *
suite(void)
{
    Suite *s = suite_create("reply_output");
    TCase *tc = tcase_create("output");

    tcase_set_timeout(tc, 60);
    tcase_add_checked_fixture(tc, setup, teardown);
    tcase_add_test(tc, split_output_follows_data_and_data_has_both);
    tcase_add_test(tc, a_character_is_whole_in_its_own_stream);
    tcase_add_loop_test(tc, the_worst_output_fits_however_it_is_asked_for, 0, 3);
    tcase_add_test(tc, the_tail_of_a_ring_is_rendered_in_its_order);
    tcase_add_test(tc, a_character_cut_by_the_tail_becomes_a_replacement);
    tcase_add_test(tc, ended_at_its_limit_is_told);
    tcase_add_test(tc, raw_output_is_sent_from_where_it_was_captured);
    tcase_add_test(tc, the_longest_type_fits_its_header);
    tcase_add_test(tc, raw_that_fails_is_json_with_what_stderr_said);
    tcase_add_loop_test(tc, raw_that_is_too_much_is_500_and_never_a_part_of_it, 0, 3);
    tcase_add_test(tc, much_stderr_beside_raw_output_is_no_failure);
    tcase_add_test(tc, without_a_body_raw_sends_none);
    suite_add_tcase(s, tc);
    return s;
}
