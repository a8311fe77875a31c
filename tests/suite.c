/* tests/suite.c -- runs a program's suite and prints TAP for automake's driver.
 *
 * libcheck knows no skip.  A test runs in a child and leaves its reason in a
 * page that it shares with us; libcheck's report passes through a stream of
 * ours, which adds the reason to the line of the test that has just ended.
 */
#include "config.h"

#include <errno.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <unistd.h>

#include "tests/suite.h"

enum {
    WHY_MAX = 512
};

static char *why; /* WHY_MAX bytes shared with the tests; empty: not skipped */

void
suite_note_skip(const char *fmt, ...)
{
    va_list ap;

    va_start(ap, fmt);
    (void)vsnprintf(why, WHY_MAX, fmt, ap);
    va_end(ap);
}

static int
put(const char *s, size_t n)
{
    while (n > 0) {
        ssize_t done = write(STDOUT_FILENO, s, n);

        if (done < 0 && errno == EINTR)
            continue;
        if (done < 0)
            return -1;
        s += done;
        n -= (size_t)done;
    }
    return 0;
}

/* libcheck flushes after each line, so a call carries one whole result. */
static ssize_t
put_tap(void *cookie, const char *s, size_t n)
{
    static const char passed[] = ": Passed\n";
    const size_t tail = sizeof passed - 1;
    char skip[WHY_MAX + 16];
    int len;

    (void)cookie;
    if (n > 3 && memcmp(s, "not", 3) == 0)
        why[0] = '\0'; /* it noted a skip and went on to fail */
    if (why[0] == '\0' || n < tail || memcmp(s + n - tail, passed, tail) != 0)
        return put(s, n) < 0 ? 0 : (ssize_t)n;
    len = snprintf(skip, sizeof skip, " # SKIP %s\n", why);
    why[0] = '\0';
    return put(s, n - tail) < 0 || put(skip, (size_t)len) < 0 ? 0 : (ssize_t)n;
}

int
main(void)
{
    static const cookie_io_functions_t io = { .write = put_tap };
    SRunner *sr;
    int failed;

    why = mmap(NULL, WHY_MAX, PROT_READ | PROT_WRITE, MAP_SHARED | MAP_ANONYMOUS, -1, 0);
    if (why == MAP_FAILED) {
        perror("mmap");
        return EXIT_FAILURE;
    }
    stdout = fopencookie(NULL, "w", io);
    if (stdout == NULL) {
        perror("fopencookie");
        return EXIT_FAILURE;
    }
    sr = srunner_create(suite());
    srunner_set_tap(sr, "-");
    srunner_run_all(sr, CK_SILENT);
    failed = srunner_ntests_failed(sr);
    srunner_free(sr);
    return failed == 0 ? EXIT_SUCCESS : EXIT_FAILURE;
}
