/* tests/base/test_hex.c -- base/hex.h, promise by promise.  That nothing
 * depends on the digits is for constant_time.sh. */
#include "config.h"

#include <ctype.h>
#include <stdlib.h>
#include <string.h>

#include "base/hex.h"
#include "tests/suite.h"

START_TEST(encodes_every_byte_in_lower_case_and_ends_with_a_nul)
{
    static const char digits[] = "0123456789abcdef";
    unsigned char in[256];
    char *out = malloc(2 * sizeof in + 1);

    ck_assert_ptr_nonnull(out);
    for (unsigned i = 0; i < 256; i++)
        in[i] = (unsigned char)i;
    hex_encode(in, sizeof in, out);
    for (unsigned i = 0; i < 256; i++) {
        ck_assert_int_eq(out[2 * i], digits[i / 16]);
        ck_assert_int_eq(out[2 * i + 1], digits[i % 16]);
    }
    ck_assert_int_eq(out[2 * sizeof in], '\0');
    free(out);
}
END_TEST

START_TEST(decodes_digits_of_either_case)
{
    static const unsigned char bytes[] = { 0x01, 0x23, 0x45, 0x67, 0x89, 0xAB, 0xCD, 0xEF };
    static const char *const texts[] = { "0123456789abcdef", "0123456789ABCDEF",
        "0123456789aBcDEf" };
    unsigned char out[sizeof bytes];

    for (size_t i = 0; i < sizeof texts / sizeof texts[0]; i++) {
        memset(out, 0, sizeof out);
        ck_assert_uint_eq(hex_decode(texts[i], sizeof out, out), 1);
        ck_assert_mem_eq(out, bytes, sizeof out);
    }
}
END_TEST

START_TEST(only_digits_are_digits)
{
    char text[] = "00000000";
    unsigned char out[4];

    for (size_t at = 0; at < 8; at++) {
        for (int c = 0; c < 256; c++) {
            text[at] = (char)c;
            ck_assert_uint_eq(hex_decode(text, 4, out), isxdigit(c) != 0);
        }
        text[at] = '0';
    }
}
END_TEST

START_TEST(decoding_undoes_encoding)
{
    unsigned char in[32], out[sizeof in];
    char text[2 * sizeof in + 1];

    for (unsigned round = 0; round < 256; round++) {
        for (unsigned i = 0; i < sizeof in; i++)
            in[i] = (unsigned char)(round * 7 + i * 31);
        hex_encode(in, sizeof in, text);
        ck_assert_uint_eq(hex_decode(text, sizeof out, out), 1);
        ck_assert_mem_eq(in, out, sizeof in);
    }
}
END_TEST

START_TEST(reads_and_writes_no_more_than_it_says)
{
    char *in = malloc(64);
    unsigned char *out = malloc(33);

    ck_assert_ptr_nonnull(in);
    ck_assert_ptr_nonnull(out);
    memset(in, 'f', 64); /* no NUL */
    out[32] = 0xA5;
    ck_assert_uint_eq(hex_decode(in, 32, out), 1);
    ck_assert_uint_eq(out[32], 0xA5);
    free(out);
    free(in);
}
END_TEST

START_TEST(nothing_is_fine)
{
    char text[] = "x";
    unsigned char byte = 0xA5;

    hex_encode(&byte, 0, text);
    ck_assert_str_eq(text, "");
    ck_assert_uint_eq(hex_decode("zz", 0, &byte), 1);
    ck_assert_uint_eq(byte, 0xA5);
}
END_TEST

Suite *
suite(void)
{
    Suite *s = suite_create("hex");
    TCase *tc = tcase_create("hex");

    tcase_add_test(tc, encodes_every_byte_in_lower_case_and_ends_with_a_nul);
    tcase_add_test(tc, decodes_digits_of_either_case);
    tcase_add_test(tc, only_digits_are_digits);
    tcase_add_test(tc, decoding_undoes_encoding);
    tcase_add_test(tc, reads_and_writes_no_more_than_it_says);
    tcase_add_test(tc, nothing_is_fine);
    suite_add_tcase(s, tc);
    return s;
}
