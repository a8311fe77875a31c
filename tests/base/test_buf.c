/* tests/base/test_buf.c -- base/buf.h, promise by promise. */
#include "config.h"

#include <string.h>

#include "base/buf.h"
#include "tests/suite.h"

enum {
    MAX = 8,
    GUARD = 0xA5
};

static unsigned char mem[MAX + 8]; /* what lies behind MAX is not the buf's */
static struct buf b;

static void
setup(void)
{
    memset(mem, GUARD, sizeof mem);
    buf_over(&b, mem, MAX);
}

static void
guard_holds(void)
{
    for (size_t i = MAX; i < sizeof mem; i++)
        ck_assert_uint_eq(mem[i], GUARD);
}

static void
holds(const char *text)
{
    ck_assert_uint_eq(b.n, strlen(text));
    ck_assert_mem_eq(mem, text, b.n);
}

START_TEST(begins_empty)
{
    ck_assert_uint_eq(b.n, 0);
    ck_assert(!b.full);
    ck_assert_ptr_eq(b.p, mem);
}
END_TEST

START_TEST(appends_in_order)
{
    buf_put(&b, "ab", 2);
    buf_puts(&b, "cd");
    buf_putc(&b, 'e');
    buf_printf(&b, "%d", 42);
    holds("abcde42");
    ck_assert(!b.full);
}
END_TEST

START_TEST(takes_bytes_up_to_its_maximum)
{
    buf_puts(&b, "1234567");
    buf_putc(&b, '8');
    holds("12345678");
    ck_assert(!b.full);
    guard_holds();
}
END_TEST

START_TEST(nothing_is_appended_from_nothing)
{
    buf_put(&b, NULL, 0);
    buf_puts(&b, "");
    ck_assert_uint_eq(b.n, 0);
    ck_assert(!b.full);
}
END_TEST

/* Each writes one byte more than fits behind "12345". */
static void
overflow(int how)
{
    switch (how) {
    case 0:
        buf_put(&b, "6789", 4);
        break;
    case 1:
        buf_puts(&b, "6789");
        break;
    case 2:
        buf_printf(&b, "%d", 6789);
        break;
    default:
        buf_puts(&b, "678");
        buf_putc(&b, '9');
        b.n -= 3;
    }
}

START_TEST(a_number_is_appended_in_decimal)
{
    static const struct {
        uint64_t v;
        const char *text;
    } is[] = { { 0, "0" }, { 9, "9" }, { 10, "10" }, { UINT64_MAX, "18446744073709551615" } };
    unsigned char room[32];

    buf_over(&b, room, sizeof room);
    buf_uint(&b, is[_i].v);
    ck_assert_uint_eq(b.n, strlen(is[_i].text));
    ck_assert_mem_eq(room, is[_i].text, b.n);
}
END_TEST

START_TEST(a_number_that_does_not_fit_is_not_written)
{
    buf_uint(&b, 123456789);
    ck_assert(b.full);
    holds("");
    guard_holds();
}
END_TEST

START_TEST(what_does_not_fit_is_not_written_and_all_later_calls_do_nothing)
{
    size_t room = 1;

    buf_puts(&b, "12345");
    overflow(_i);
    ck_assert(b.full);
    holds("12345");
    guard_holds();

    buf_put(&b, "x", 1);
    buf_puts(&b, "x");
    buf_putc(&b, 'x');
    buf_printf(&b, "x");
    (void)buf_room(&b, &room);
    ck_assert_uint_eq(room, 0);
    buf_advance(&b, 0);
    ck_assert(b.full);
    holds("12345");
}
END_TEST

START_TEST(printf_needs_room_for_a_nul)
{
    buf_printf(&b, "%s", "1234567");
    holds("1234567");
    ck_assert(!b.full);
    buf_printf(&b, "%s", "8");
    ck_assert(b.full);
    holds("1234567");
    guard_holds();
}
END_TEST

START_TEST(room_is_written_in_place_and_counted_by_advance)
{
    unsigned char *at;
    size_t room;

    buf_puts(&b, "123");
    at = buf_room(&b, &room);
    ck_assert_ptr_eq(at, mem + 3);
    ck_assert_uint_eq(room, MAX - 3);
    memcpy(at, "45678", 5);
    holds("123");
    buf_advance(&b, 5);
    holds("12345678");
    (void)buf_room(&b, &room);
    ck_assert_uint_eq(room, 0);
    ck_assert(!b.full);
}
END_TEST

START_TEST(a_string_has_a_nul_that_is_not_counted)
{
    buf_puts(&b, "1234567");
    ck_assert_str_eq(buf_cstr(&b), "1234567");
    holds("1234567");
    buf_putc(&b, '8'); /* over the NUL */
    holds("12345678");
}
END_TEST

START_TEST(no_string_without_room_for_the_nul)
{
    buf_puts(&b, "12345678");
    ck_assert_ptr_null(buf_cstr(&b));
    ck_assert(!b.full);
    guard_holds();
}
END_TEST

START_TEST(no_string_once_full)
{
    buf_puts(&b, "123456789");
    ck_assert(b.full);
    ck_assert_ptr_null(buf_cstr(&b));
}
END_TEST

START_TEST(a_buf_over_nothing_takes_nothing)
{
    size_t room = 1;

    buf_over(&b, NULL, 0);
    buf_puts(&b, "");
    ck_assert(!b.full);
    ck_assert_ptr_null(buf_cstr(&b));
    (void)buf_room(&b, &room);
    ck_assert_uint_eq(room, 0);
    buf_printf(&b, "%s", "");
    ck_assert(b.full); /* no room for the NUL */
    buf_over(&b, NULL, 0);
    buf_putc(&b, 'x');
    ck_assert(b.full);
    ck_assert_uint_eq(b.n, 0);
}
END_TEST

Suite *
suite(void)
{
    Suite *s = suite_create("buf");
    TCase *tc = tcase_create("buf");

    tcase_add_checked_fixture(tc, setup, NULL);
    tcase_add_test(tc, begins_empty);
    tcase_add_test(tc, appends_in_order);
    tcase_add_test(tc, takes_bytes_up_to_its_maximum);
    tcase_add_test(tc, nothing_is_appended_from_nothing);
    tcase_add_loop_test(tc, a_number_is_appended_in_decimal, 0, 4);
    tcase_add_test(tc, a_number_that_does_not_fit_is_not_written);
    tcase_add_loop_test(tc, what_does_not_fit_is_not_written_and_all_later_calls_do_nothing, 0, 4);
    tcase_add_test(tc, printf_needs_room_for_a_nul);
    tcase_add_test(tc, room_is_written_in_place_and_counted_by_advance);
    tcase_add_test(tc, a_string_has_a_nul_that_is_not_counted);
    tcase_add_test(tc, no_string_without_room_for_the_nul);
    tcase_add_test(tc, no_string_once_full);
    tcase_add_test(tc, a_buf_over_nothing_takes_nothing);
    suite_add_tcase(s, tc);
    return s;
}
