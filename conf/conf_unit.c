/* conf/conf_unit.c -- contracts are in conf_unit.h.
 *
 * Not strtol(3) and strtod(3): those take blanks, signs, hexadecimal, "inf"
 * and the locale's comma.
 */
#include "config.h"

#include <errno.h>
#include <stddef.h>
#include <stdio.h>
#include <string.h>

#include "base/clock.h"
#include "base/err.h"
#include "conf/conf_unit.h"

enum {
    SHOWN_MAX = CONF_UNIT_SHOWN, /* bytes of a limit in a message */
    FRACTION_DIGITS = 3,         /* of a time: "0.125" */
};

struct unit {
    const char *name;
    int64_t worth;
};

/* The largest first; the last has no name and is worth 1 of what is counted. */
static const struct unit sizes[] = {
    { "G", INT64_C(1) << 30 },
    { "M", INT64_C(1) << 20 },
    { "K", INT64_C(1) << 10 },
    { "", 1 },
};

static const struct unit times[] = {
    { "m", 60 * CLOCK_SEC },
    { "s", CLOCK_SEC },
    { "ms", CLOCK_MSEC },
    { "", CLOCK_SEC },
};

enum {
    NUNITS = sizeof sizes / sizeof sizes[0]
};

/* Reads digits and moves *s past all of them.  Returns 0, -EINVAL or -ERANGE. */
static int
read_digits(const char **s, int64_t *ret_n)
{
    const char *begin = *s;
    int64_t n = 0;
    int r = 0;

    for (; **s >= '0' && **s <= '9'; (*s)++) {
        if (__builtin_mul_overflow(n, 10, &n) || __builtin_add_overflow(n, **s - '0', &n))
            r = -ERANGE;
    }
    if (*s == begin)
        return -EINVAL;
    *ret_n = n;
    return r;
}

/* Writes a limit in the largest unit that divides it. */
static const char *
show(int64_t n, const struct unit units[NUNITS], char text[SHOWN_MAX])
{
    size_t i = 0;

    while (i < NUNITS - 1 && (n == 0 || n % units[i].worth != 0))
        i++;
    (void)snprintf(text, SHOWN_MAX, "%lld%s", (long long)(n / units[i].worth), units[i].name);
    return text;
}

static int
refuse_range(int64_t min, int64_t max, const struct unit units[NUNITS], struct err *err)
{
    char low[SHOWN_MAX], high[SHOWN_MAX];

    return err_msg(
        err, EINVAL, "must be between %s and %s", show(min, units, low), show(max, units, high));
}

static const struct unit *
find_unit(const char *name, const struct unit units[NUNITS])
{
    for (size_t i = 0; i < NUNITS; i++) {
        if (strcmp(units[i].name, name) == 0)
            return &units[i];
    }
    return NULL;
}

int
conf_unit_count(const char *text, int64_t min, int64_t max, int64_t *ret_n, struct err *err)
{
    bool negative = *text == '-';
    const char *s = text + negative;
    int64_t n = 0;
    int r = read_digits(&s, &n);

    if (r == -EINVAL || *s != '\0')
        return err_msg(err, EINVAL, "must be a whole number");
    if (negative)
        n = -n;
    if (r < 0 || n < min || n > max)
        return err_msg(
            err, EINVAL, "must be between %lld and %lld", (long long)min, (long long)max);
    *ret_n = n;
    return 0;
}

int
conf_unit_size(const char *text, int64_t min, int64_t max, int64_t *ret_bytes, struct err *err)
{
    const char *s = text;
    const struct unit *unit;
    int64_t n = 0;
    int r = read_digits(&s, &n);

    unit = find_unit(s, sizes);
    if (r == -EINVAL || (r == 0 && !unit))
        return err_msg(err, EINVAL, "must be a size, such as 512, 64K, 1M or 1G");
    if (r < 0 || __builtin_mul_overflow(n, unit->worth, &n) || n < min || n > max)
        return refuse_range(min, max, sizes, err);
    *ret_bytes = n;
    return 0;
}

/* Reads "1.5" as 1500 thousandths and moves *s past it. */
static int
read_decimal(const char **s, int64_t *ret_thousandths)
{
    int64_t whole = 0, part = 0;
    int r = read_digits(s, &whole);

    if (r == -EINVAL)
        return r;
    if (**s == '.') {
        const char *point = (*s)++;

        if (read_digits(s, &part) < 0 || *s - point > 1 + FRACTION_DIGITS)
            return -EINVAL;
        for (ptrdiff_t n = *s - point - 1; n < FRACTION_DIGITS; n++)
            part *= 10;
    }
    if (r < 0 || __builtin_mul_overflow(whole, 1000, &whole) ||
        __builtin_add_overflow(whole, part, ret_thousandths))
        return -ERANGE;
    return 0;
}

int
conf_unit_time(const char *text, int64_t min, int64_t max, int64_t *ret_ns, struct err *err)
{
    const char *s = text;
    const struct unit *unit;
    int64_t n = 0;
    int r = read_decimal(&s, &n);

    unit = find_unit(s, times);
    if (r == -EINVAL || (r == 0 && !unit))
        return err_msg(err, EINVAL, "must be a time, such as 30, 0.5, 500ms, 15s or 2m");
    /* Every worth is a whole number of thousands of nanoseconds. */
    if (r < 0 || __builtin_mul_overflow(n, unit->worth / 1000, &n) || n < min || n > max)
        return refuse_range(min, max, times, err);
    *ret_ns = n;
    return 0;
}

int
conf_unit_cpus(const char *text, int64_t min, int64_t max, int64_t *ret_n, struct err *err)
{
    const char *s = text;
    int64_t n = 0;
    int r = read_decimal(&s, &n);

    if (r == -EINVAL || *s != '\0')
        return err_msg(err, EINVAL, "must be a number of CPUs, such as 2 or 0.5");
    if (r < 0 || n < min || n > max)
        return err_msg(
            err, EINVAL, "must be between %g and %g", (double)min / 1000, (double)max / 1000);
    *ret_n = n;
    return 0;
}

const char *
conf_unit_show_size(int64_t bytes, char text[CONF_UNIT_SHOWN])
{
    return show(bytes, sizes, text);
}

int
conf_unit_switch(const char *text, bool *ret_on, struct err *err)
{
    static const char *const words[] = { "no", "yes", "off", "on", "false", "true" };

    for (size_t i = 0; i < sizeof words / sizeof words[0]; i++) {
        if (strcmp(words[i], text) == 0) {
            *ret_on = i % 2 == 1;
            return 0;
        }
    }
    return err_msg(err, EINVAL, "must be yes or no");
}
