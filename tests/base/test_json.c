/* tests/base/test_json.c -- base/json.h, promise by promise. */
#include "config.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "base/buf.h"
#include "base/json.h"
#include "base/utf8.h"
#include "tests/base/parsed.h"
#include "tests/base/sample.h"
#include "tests/suite.h"

enum {
    TEXT_MAX = 4096,  /* bytes of a document */
    SAMPLE_MAX = 700, /* bytes: several blocks */
    GUARD = 0xA5,
    GUARDS = 64
};

static unsigned char text[TEXT_MAX];
static struct buf out;
static struct json j;

static void
begin(size_t max)
{
    memset(text, GUARD, sizeof text);
    buf_over(&out, text, max);
    json_begin(&j, &out);
}

static void
setup(void)
{
    begin(TEXT_MAX);
}

static void
wrote(const char *expected)
{
    ck_assert_int_eq(json_end(&j), 0);
    ck_assert_str_eq(buf_cstr(&out), expected);
    ck_assert(parsed_well(out.p, out.n));
}

/* The answer of a run, and every kind of value. */
static void
write_document(void)
{
    json_object(&j);
    json_key(&j, "status");
    json_string(&j, "ok");
    json_key(&j, "code");
    json_int(&j, 200);
    json_key(&j, "a\"b");
    json_bytes(&j, (struct span){ (const unsigned char *)"x\0\n", 3 });
    json_key(&j, "list");
    json_array(&j);
    json_bool(&j, true);
    json_bool(&j, false);
    json_null(&j);
    json_array(&j);
    json_array_end(&j);
    json_object(&j);
    json_object_end(&j);
    json_msec(&j, 3125000);
    json_array_end(&j);
    json_object_end(&j);
}

static const char document[] = "{\"status\":\"ok\",\"code\":200,\"a\\\"b\":\"x\\u0000\\n\","
                               "\"list\":[true,false,null,[],{},3.125]}";

START_TEST(writes_a_document)
{
    write_document();
    wrote(document);
}
END_TEST

START_TEST(a_document_may_be_any_one_value)
{
    json_string(&j, "");
    wrote("\"\"");
    setup();
    json_null(&j);
    wrote("null");
    setup();
    json_array(&j);
    json_array_end(&j);
    wrote("[]");
}
END_TEST

START_TEST(a_document_is_appended_to_what_is_there)
{
    buf_puts(&out, "Status: 200\r\n\r\n");
    json_int(&j, 1);
    ck_assert_int_eq(json_end(&j), 0);
    ck_assert_str_eq(buf_cstr(&out), "Status: 200\r\n\r\n1");
}
END_TEST

START_TEST(integers_of_any_size)
{
    json_array(&j);
    json_int(&j, 0);
    json_int(&j, -1);
    json_int(&j, INT64_MAX);
    json_int(&j, INT64_MIN);
    json_array_end(&j);
    ck_assert_int_eq(json_end(&j), 0);
    ck_assert_str_eq(buf_cstr(&out), "[0,-1,9223372036854775807,-9223372036854775808]");
}
END_TEST

static const struct {
    int64_t nsec;
    const char *msec;
} msecs[] = {
    { 0, "0" },
    { 1, "0" },
    { 499, "0" },
    { 500, "0.001" },
    { 999, "0.001" },
    { 1000, "0.001" },
    { 10000, "0.01" },
    { 100000, "0.1" },
    { 1000000, "1" },
    { 3125000, "3.125" },
    { 3100000, "3.1" },
    { 999999, "1" },
    { 10000000000, "10000" },
    { -499, "0" },
    { -3125000, "-3.125" },
    { INT64_MAX, "9223372036854.776" },
    { INT64_MIN, "-9223372036854.776" },
};

START_TEST(milliseconds_have_up_to_three_decimals)
{
    json_msec(&j, msecs[_i].nsec);
    wrote(msecs[_i].msec);
}
END_TEST

static void
nest(unsigned depth)
{
    for (unsigned i = 0; i < depth; i++)
        json_array(&j);
    for (unsigned i = 0; i < depth; i++)
        json_array_end(&j);
}

START_TEST(nests_as_deep_as_it_says)
{
    nest(JSON_DEPTH_MAX);
    wrote("[[[[[[[[[[[[[[[[]]]]]]]]]]]]]]]]");
}
END_TEST

START_TEST(nesting_deeper_is_no_document)
{
    nest(JSON_DEPTH_MAX + 1);
    ck_assert_int_eq(json_end(&j), -EINVAL);
}
END_TEST

/* The calls of each string make no document: 'o' object, 'O' its end, 'a'
 * array, 'A' its end, 'k' key, 'v' value. */
static const char *const misuses[] = { "", "o", "a", "k", "O", "A", "vv", "va", "oOv", "oA", "aO",
    "aak", "ov", "oo", "oa", "okO", "okkvO", "okA", "okvvO", "akvA", "aAA", "oOO", "oka" };

static void
call(char what)
{
    switch (what) {
    case 'o':
        json_object(&j);
        break;
    case 'O':
        json_object_end(&j);
        break;
    case 'a':
        json_array(&j);
        break;
    case 'A':
        json_array_end(&j);
        break;
    case 'k':
        json_key(&j, "k");
        break;
    default:
        json_null(&j);
    }
}

START_TEST(calls_that_make_no_document_are_told_at_the_end)
{
    for (const char *c = misuses[_i]; *c != '\0'; c++)
        call(*c);
    ck_assert_int_eq(json_end(&j), -EINVAL);
}
END_TEST

START_TEST(after_a_failure_calls_write_nothing)
{
    size_t n;

    json_object(&j);
    json_null(&j); /* where a key belongs */
    n = out.n;
    for (const char *c = "okvaAOkv"; *c != '\0'; c++)
        call(*c);
    json_string(&j, "x");
    json_int(&j, 1);
    json_bool(&j, true);
    json_msec(&j, 1);
    json_object_end(&j);
    ck_assert_uint_eq(out.n, n);
    ck_assert_int_eq(json_end(&j), -EINVAL);
}
END_TEST

START_TEST(a_buf_that_is_too_small_by_any_number_of_bytes_is_told)
{
    size_t need = sizeof document - 1;

    for (size_t max = 0; max <= need; max++) {
        begin(max);
        write_document();
        ck_assert_int_eq(json_end(&j), max < need ? -ENOSPC : 0);
        for (size_t i = max; i < max + GUARDS; i++)
            ck_assert_uint_eq(text[i], GUARD);
    }
    ck_assert_mem_eq(text, document, need);
}
END_TEST

START_TEST(the_first_failure_is_the_one_told)
{
    begin(1);
    json_object(&j);
    json_key(&j, "x"); /* does not fit */
    json_array_end(&j);
    ck_assert_int_eq(json_end(&j), -ENOSPC);

    begin(2);
    json_array(&j);
    json_key(&j, "x"); /* no key may stand here */
    json_string(&j, "does not fit either");
    ck_assert_int_eq(json_end(&j), -EINVAL);
}
END_TEST

/* Escapes `n` bytes from memory of that size into memory of the largest size
 * that they can need, and compares with what is meant. */
static void
check_escape(const unsigned char *bytes, size_t n)
{
    size_t max = JSON_EXPANSION_MAX * n;
    unsigned char *in = malloc(n), *got = malloc(max);
    unsigned char *meant = malloc(3 * n + 1), *expected = malloc(18 * n + 1);
    struct buf b;
    size_t want;

    /* Not ck_assert: libcheck notes every one that holds, in a file. */
    if ((n > 0 && !(in && got)) || !meant || !expected)
        ck_abort_msg("no memory");
    if (n > 0)
        memcpy(in, bytes, n);
    buf_over(&b, got, max);
    json_escape(&b, (struct span){ in, n });
    want = sample_escaped(meant, sample_meant(bytes, n, meant), expected);
    if (b.full || b.n != want || (n > 0 && memcmp(got, expected, want) != 0))
        ck_abort_msg("%zu bytes became\n%.*s\nand not\n%.*s", n, (int)b.n, (char *)got, (int)want,
            (char *)expected);
    if (n > 0 && !utf8_valid(got, b.n))
        ck_abort_msg("%zu bytes became ill-formed", n);
    free(expected);
    free(meant);
    free(got);
    free(in);
}

START_TEST(every_byte_is_escaped_at_every_place)
{
    unsigned char in[200];

    for (unsigned c = 0; c < 256; c++) {
        for (size_t at = 0; at < sizeof in; at++) {
            memset(in, 'x', sizeof in);
            in[at] = (unsigned char)c;
            check_escape(in, sizeof in);
        }
    }
}
END_TEST

START_TEST(characters_of_any_length_stand_at_every_place)
{
    static const char *const characters[] = { "\xC3\xB6", "\xE2\x82\xAC", "\xE2\x80\xA8",
        "\xE2\x80\xA9", "\xF0\x9F\x98\x80", "\xF0\x9F\x98", "\xE2\x80", "\"\"\"\"", "\r\n\r\n" };
    const char *character = characters[_i];
    unsigned char in[200];

    for (size_t at = 0; at + strlen(character) <= sizeof in; at++) {
        memset(in, 'x', sizeof in);
        memcpy(in + at, character, strlen(character));
        check_escape(in, sizeof in);
    }
}
END_TEST

START_TEST(nothing_becomes_nothing)
{
    json_escape(&out, (struct span){ NULL, 0 });
    ck_assert_uint_eq(out.n, 0);
    ck_assert(!out.full);
}
END_TEST

START_TEST(six_times_the_bytes_is_the_most_and_fits)
{
    unsigned char in[SAMPLE_MAX];

    for (size_t n = 0; n <= sizeof in; n++) {
        memset(in, 1, n);
        check_escape(in, n);
    }
}
END_TEST

START_TEST(samples_become_what_is_meant)
{
    unsigned char in[SAMPLE_MAX];

    for (uint64_t seed = 0; seed < 20000; seed++)
        check_escape(in, sample_make(seed, in, sizeof in));
}
END_TEST

/* However a text is cut, it becomes what it becomes in one piece. */
START_TEST(pieces_of_a_text_become_what_the_whole_does)
{
    unsigned char in[SAMPLE_MAX], whole[SAMPLE_MAX * JSON_EXPANSION_MAX + 2];
    size_t n, nwhole, at, piece;

    srandom(11);
    for (uint64_t seed = 0; seed < 3000; seed++) {
        n = sample_make(seed, in, sizeof in);
        setup();
        json_bytes(&j, (struct span){ in, n });
        ck_assert_int_eq(json_end(&j), 0);
        nwhole = out.n;
        memcpy(whole, text, nwhole);
        setup();
        json_text_begin(&j);
        for (at = 0; at < n; at += piece) {
            piece = (size_t)random() % (seed % 3 == 0 ? 3 : 40);
            piece = piece < n - at ? piece : n - at;
            json_text(&j, (struct span){ in + at, piece });
        }
        json_text_end(&j);
        ck_assert_int_eq(json_end(&j), 0);
        ck_assert_uint_eq(out.n, nwhole);
        ck_assert_mem_eq(text, whole, nwhole);
    }
}
END_TEST

START_TEST(a_text_cut_anywhere_in_a_character_is_whole)
{
    static const struct {
        const char *in, *becomes;
    } rows[] = {
        { "\xF0\x9F\x98\x80", "\"\xF0\x9F\x98\x80\"" },
        { "a\xE2\x82\xAC", "\"a\xE2\x82\xAC\"" },
        { "\xE2\x80\xA8", "\"\\u2028\"" },
        { "\xE2\x82x", "\"\xEF\xBF\xBDx\"" },
        { "\xE2\x82\xE2\x82\xAC", "\"\xEF\xBF\xBD\xE2\x82\xAC\"" },
        { "\xF0\x9F\x98", "\"\xEF\xBF\xBD\"" },
        { "\xC3\xC3\xA9\n", "\"\xEF\xBF\xBD\xC3\xA9\\n\"" },
        { "\xF4\x90\x80\x80", "\"\xEF\xBF\xBD\xEF\xBF\xBD\xEF\xBF\xBD\xEF\xBF\xBD\"" },
        { "", "\"\"" },
    };
    struct span all = span_str(rows[_i].in);
    unsigned cuts, i;

    /* Each bit of `cuts` is a cut behind a byte. */
    for (cuts = 0; cuts < 1u << all.n; cuts++) {
        size_t from = 0;

        setup();
        json_text_begin(&j);
        for (i = 0; i < all.n; i++) {
            if ((cuts >> i & 1) == 0)
                continue;
            json_text(&j, (struct span){ all.p + from, i + 1 - from });
            from = i + 1;
        }
        json_text(&j, (struct span){ all.p + from, all.n - from });
        json_text_end(&j);
        wrote(rows[_i].becomes);
    }
}
END_TEST

START_TEST(a_text_in_pieces_is_a_value_among_others)
{
    json_array(&j);
    json_text_begin(&j);
    json_text_end(&j);
    json_text_begin(&j);
    json_text(&j, span_str("x\xC3"));
    json_text_end(&j);
    json_text_begin(&j);
    json_text(&j, span_str("\xA9"));
    json_text_end(&j);
    json_array_end(&j);
    wrote("[\"\",\"x\xEF\xBF\xBD\",\"\xEF\xBF\xBD\"]");
}
END_TEST

START_TEST(another_parser_reads_back_what_is_meant)
{
    static unsigned char in[SAMPLE_MAX], meant[3 * SAMPLE_MAX], doc[6 * SAMPLE_MAX + 2];

    for (uint64_t seed = 0; seed < 20000; seed++) {
        size_t n = sample_make(seed, in, sizeof in), m, got_n = 0;
        char *got;

        buf_over(&out, doc, sizeof doc);
        json_begin(&j, &out);
        json_bytes(&j, (struct span){ in, n });
        ck_assert_int_eq(json_end(&j), 0);
        got = parsed_string(out.p, out.n, &got_n);
        m = sample_meant(in, n, meant);
        if (!got || got_n != m || memcmp(got, meant, m) != 0)
            ck_abort_msg("sample %ju is read back differently", (uintmax_t)seed);
        free(got);
    }
}
END_TEST

START_TEST(what_does_not_fit_is_not_appended_at_all)
{
    static unsigned char got[6 * SAMPLE_MAX + GUARDS];
    unsigned char in[SAMPLE_MAX], meant[3 * SAMPLE_MAX];
    struct buf b;
    size_t n, want;

    for (uint64_t seed = 0; seed < 40; seed++) {
        n = sample_make(seed, in, sizeof in);
        want = sample_escaped(meant, sample_meant(in, n, meant), got);
        for (size_t max = 1; max <= want; max++) {
            memset(got + max, GUARD, GUARDS);
            buf_over(&b, got, max);
            buf_putc(&b, '"');
            json_escape(&b, (struct span){ in, n });
            if (!b.full || b.n != 1)
                ck_abort_msg("%zu of %zu bytes are appended", b.n - 1, want);
            for (size_t i = max; i < max + GUARDS; i++)
                if (got[i] != GUARD)
                    ck_abort_msg("a byte is written %zu past the end", i - max);
        }
        buf_over(&b, got, want);
        json_escape(&b, (struct span){ in, n });
        ck_assert(!b.full);
        ck_assert_uint_eq(b.n, want);
    }
}
END_TEST

START_TEST(a_full_buf_stays_as_it_is)
{
    begin(1);
    buf_puts(&out, "xx");
    ck_assert(out.full);
    json_escape(&out, span_str("x"));
    ck_assert_uint_eq(out.n, 0);
    json_null(&j);
    ck_assert_int_eq(json_end(&j), -ENOSPC);
}
END_TEST

static TCase *
writer(void)
{
    TCase *tc = tcase_create("writer");

    tcase_add_checked_fixture(tc, setup, NULL);
    tcase_add_test(tc, writes_a_document);
    tcase_add_test(tc, a_document_may_be_any_one_value);
    tcase_add_test(tc, a_document_is_appended_to_what_is_there);
    tcase_add_test(tc, integers_of_any_size);
    tcase_add_loop_test(
        tc, milliseconds_have_up_to_three_decimals, 0, sizeof msecs / sizeof msecs[0]);
    tcase_add_test(tc, nests_as_deep_as_it_says);
    tcase_add_test(tc, nesting_deeper_is_no_document);
    tcase_add_loop_test(
        tc, calls_that_make_no_document_are_told_at_the_end, 0, sizeof misuses / sizeof misuses[0]);
    tcase_add_test(tc, after_a_failure_calls_write_nothing);
    tcase_add_test(tc, a_buf_that_is_too_small_by_any_number_of_bytes_is_told);
    tcase_add_test(tc, the_first_failure_is_the_one_told);
    tcase_add_test(tc, a_full_buf_stays_as_it_is);
    return tc;
}

static TCase *
escaper(void)
{
    TCase *tc = tcase_create("escaper");

    tcase_set_timeout(tc, 120);
    tcase_add_checked_fixture(tc, setup, NULL);
    tcase_add_test(tc, every_byte_is_escaped_at_every_place);
    tcase_add_loop_test(tc, characters_of_any_length_stand_at_every_place, 0, 9);
    tcase_add_test(tc, nothing_becomes_nothing);
    tcase_add_test(tc, six_times_the_bytes_is_the_most_and_fits);
    tcase_add_test(tc, samples_become_what_is_meant);
    tcase_add_test(tc, pieces_of_a_text_become_what_the_whole_does);
    tcase_add_loop_test(tc, a_text_cut_anywhere_in_a_character_is_whole, 0, 9);
    tcase_add_test(tc, a_text_in_pieces_is_a_value_among_others);
    tcase_add_test(tc, another_parser_reads_back_what_is_meant);
    tcase_add_test(tc, what_does_not_fit_is_not_appended_at_all);
    return tc;
}

Suite *
suite(void)
{
    Suite *s = suite_create("json");

    suite_add_tcase(s, writer());
    suite_add_tcase(s, escaper());
    return s;
}
