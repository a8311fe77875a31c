/* conf/conf_unit.h -- numbers, sizes, times and switches as people write them.
 *
 * Each call reads all of `text`, checks the range, and stores the result only
 * when it is good.  Returns 0, or -EINVAL with err->text that goes behind the
 * option's name: "must be between 1K and 1G".
 */
#ifndef CONF_CONF_UNIT_H
#define CONF_CONF_UNIT_H

#include <stdbool.h>
#include <stdint.h>

struct err;

/* "42", "-7" */
int conf_unit_count(const char *text, int64_t min, int64_t max, int64_t *ret_n, struct err *err)
    __attribute__((warn_unused_result, nonnull));

/* "512", "64K", "1M", "2G": bytes, with powers of 1024. */
int conf_unit_size(const char *text, int64_t min, int64_t max, int64_t *ret_bytes, struct err *err)
    __attribute__((warn_unused_result, nonnull));

/* "30", "0.5", "500ms", "15s", "2m": a bare number is seconds.  min, max and
 * the result are nanoseconds. */
int conf_unit_time(const char *text, int64_t min, int64_t max, int64_t *ret_ns, struct err *err)
    __attribute__((warn_unused_result, nonnull));

/* "2", "0.5": CPUs.  min, max and the result are thousandths of one. */
int conf_unit_cpus(const char *text, int64_t min, int64_t max, int64_t *ret_n, struct err *err)
    __attribute__((warn_unused_result, nonnull));

enum {
    CONF_UNIT_SHOWN = 32 /* bytes that any of these takes as text, including NUL */
};

/* Writes a size in the largest unit that divides it: "64M".  Returns `text`. */
const char *conf_unit_show_size(int64_t bytes, char text[CONF_UNIT_SHOWN]) __attribute__((nonnull));

/* yes, on, true; no, off, false. */
int conf_unit_switch(const char *text, bool *ret_on, struct err *err)
    __attribute__((warn_unused_result, nonnull));

#endif
