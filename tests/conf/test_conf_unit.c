/* tests/conf/test_conf_unit.c -- conf/conf_unit.h, promise by promise. */
#include "config.h"

#include <errno.h>
#include <string.h>

#include "base/clock.h"
#include "base/err.h"
#include "conf/conf_unit.h"
#include "tests/suite.h"

struct unit_case {
    const char *text;
    int64_t value;
    const char *why; /* NULL: good */
};

typedef int unit_fn(const char *, int64_t, int64_t, int64_t *, struct err *);

static void
check_cases(unit_fn *unit, int64_t min, int64_t max, const struct unit_case *cases, size_t n)
{
    for (size_t i = 0; i < n; i++) {
        struct err err = { 0 };
        int64_t value = -77;
        int r = unit(cases[i].text, min, max, &value, &err);

        ck_assert_msg(
            r == (cases[i].why ? -EINVAL : 0), "\"%s\": %d %s", cases[i].text, r, err.text);
        if (cases[i].why)
            ck_assert_msg(
                strcmp(err.text, cases[i].why) == 0, "\"%s\": %s", cases[i].text, err.text);
        ck_assert_msg(value == (cases[i].why ? -77 : cases[i].value), "\"%s\": %lld", cases[i].text,
            (long long)value);
    }
}

#define CHECK_CASES(unit, min, max, cases) \
    check_cases(unit, min, max, cases, sizeof(cases) / sizeof(cases)[0])

START_TEST(a_count_is_a_whole_number_in_its_range)
{
    static const char whole[] = "must be a whole number", range[] = "must be between -2 and 4096";
    static const struct unit_case cases[] = {
        { "0", 0, NULL },
        { "4096", 4096, NULL },
        { "-2", -2, NULL },
        { "007", 7, NULL },
        { "-3", 0, range },
        { "4097", 0, range },
        { "99999999999999999999", 0, range },
        { "-99999999999999999999", 0, range },
        { "", 0, whole },
        { "-", 0, whole },
        { "+1", 0, whole },
        { "1.5", 0, whole },
        { "1e3", 0, whole },
        { "0x10", 0, whole },
        { " 1", 0, whole },
        { "1 ", 0, whole },
        { "1K", 0, whole },
        { "many", 0, whole },
        { "99999999999999999999x", 0, whole },
    };

    CHECK_CASES(conf_unit_count, -2, 4096, cases);
}
END_TEST

START_TEST(a_size_has_a_power_of_1024)
{
    static const char size[] = "must be a size, such as 512, 64K, 1M or 1G";
    static const char range[] = "must be between 1K and 1G";
    static const struct unit_case cases[] = {
        { "1024", 1024, NULL },
        { "1K", 1024, NULL },
        { "64K", 65536, NULL },
        { "1M", 1048576, NULL },
        { "1G", 1073741824, NULL },
        { "1023", 0, range },
        { "0", 0, range },
        { "0K", 0, range },
        { "2G", 0, range },
        { "1073741825", 0, range },
        { "9223372036854775807G", 0, range },
        { "99999999999999999999", 0, range },
        { "99999999999999999999K", 0, range },
        { "", 0, size },
        { "K", 0, size },
        { "-1", 0, size },
        { "-1K", 0, size },
        { "1k", 0, size },
        { "1KB", 0, size },
        { "1 K", 0, size },
        { "1.5K", 0, size },
        { "1T", 0, size },
        { "x", 0, size },
    };

    CHECK_CASES(conf_unit_size, 1024, INT64_C(1) << 30, cases);
}
END_TEST

START_TEST(a_time_is_seconds_unless_it_says_otherwise)
{
    static const char time[] = "must be a time, such as 30, 0.5, 500ms, 15s or 2m";
    static const char range[] = "must be between 1ms and 60m";
    static const struct unit_case cases[] = {
        { "30", 30 * CLOCK_SEC, NULL },
        { "30s", 30 * CLOCK_SEC, NULL },
        { "0.5", CLOCK_SEC / 2, NULL },
        { "0.001", CLOCK_MSEC, NULL },
        { "1.25s", CLOCK_SEC + CLOCK_SEC / 4, NULL },
        { "500ms", CLOCK_SEC / 2, NULL },
        { "1.5ms", CLOCK_MSEC + CLOCK_MSEC / 2, NULL },
        { "2m", 120 * CLOCK_SEC, NULL },
        { "0.5m", 30 * CLOCK_SEC, NULL },
        { "3600", 3600 * CLOCK_SEC, NULL },
        { "0", 0, range },
        { "0ms", 0, range },
        { "0.0", 0, range },
        { "61m", 0, range },
        { "3600.001", 0, range },
        { "9223372036854775807m", 0, range },
        { "99999999999999999999", 0, range },
        { "99999999999999999999.5s", 0, range },
        { "", 0, time },
        { ".5", 0, time },
        { "5.", 0, time },
        { "0.0001", 0, time },
        { "1,5", 0, time },
        { "-1", 0, time },
        { "+1", 0, time },
        { "1x", 0, time },
        { "5y", 0, time },
        { "1h", 0, time },
        { "1 s", 0, time },
        { "1S", 0, time },
        { "1e400", 0, time },
        { "0x1", 0, time },
        { "inf", 0, time },
        { "nan", 0, time },
    };

    CHECK_CASES(conf_unit_time, CLOCK_MSEC, 3600 * CLOCK_SEC, cases);
}
END_TEST

START_TEST(a_limit_of_nothing_is_told_as_0)
{
    struct err err;
    int64_t value;

    ck_assert_int_eq(conf_unit_time("2m", 0, 60 * CLOCK_SEC, &value, &err), -EINVAL);
    ck_assert_str_eq(err.text, "must be between 0 and 1m");
    ck_assert_int_eq(conf_unit_size("2K", 0, 1536, &value, &err), -EINVAL);
    ck_assert_str_eq(err.text, "must be between 0 and 1536");
}
END_TEST

START_TEST(a_switch_is_on_or_off)
{
    static const struct {
        const char *text;
        int on; /* -1: neither */
    } cases[] = {
        { "yes", 1 },
        { "on", 1 },
        { "true", 1 },
        { "no", 0 },
        { "off", 0 },
        { "false", 0 },
        { "", -1 },
        { "1", -1 },
        { "0", -1 },
        { "YES", -1 },
        { "perhaps", -1 },
    };

    for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++) {
        struct err err = { 0 };
        bool on = cases[i].on != 1;
        int r = conf_unit_switch(cases[i].text, &on, &err);

        ck_assert_int_eq(r, cases[i].on < 0 ? -EINVAL : 0);
        ck_assert_str_eq(err.text, cases[i].on < 0 ? "must be yes or no" : "");
        ck_assert_int_eq(on, cases[i].on < 0 ? true : cases[i].on);
    }
}
END_TEST

Suite *
suite(void)
{
    Suite *s = suite_create("conf_unit");
    TCase *tc = tcase_create("conf_unit");

    tcase_add_test(tc, a_count_is_a_whole_number_in_its_range);
    tcase_add_test(tc, a_size_has_a_power_of_1024);
    tcase_add_test(tc, a_time_is_seconds_unless_it_says_otherwise);
    tcase_add_test(tc, a_limit_of_nothing_is_told_as_0);
    tcase_add_test(tc, a_switch_is_on_or_off);
    suite_add_tcase(s, tc);
    return s;
}
