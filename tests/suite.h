/* tests/suite.h -- what every unit test shares: a main() that speaks TAP, and a skip. */
#ifndef TESTS_SUITE_H
#define TESTS_SUITE_H

#include <check.h>

/* Each test program defines its suite; suite.c has main(). */
Suite *suite(void);

/* Whether ThreadSanitizer is in.  It makes everything slow, and puts a signal
 * handler off until its thread calls something that the sanitizer knows. */
#if defined(__SANITIZE_THREAD__)
#define SUITE_TSAN 1
#elif defined(__has_feature)
#if __has_feature(thread_sanitizer)
#define SUITE_TSAN 1
#endif
#endif
#ifndef SUITE_TSAN
#define SUITE_TSAN 0
#endif

/* Tags a case, for tcase_set_tags(), of tests that need the machine itself: an
 * emulated processor (./check has one) lacks what they ask of the kernel, or
 * takes minutes for what they reserve.  CK_EXCLUDE_TAGS leaves them out. */
#define SUITE_NATIVE "native"

/* As ck_assert(), which writes to a pipe whenever it is passed: for loops of many thousands. */
#define SUITE_MUST(what)                       \
    do {                                       \
        if (!(what))                           \
            ck_abort_msg("not so: %s", #what); \
    } while (0)

/* Leaves the running test as skipped, with a reason in the manner of printf(3):
 *
 *     if (geteuid() != 0)
 *         SUITE_SKIP("needs root");
 *
 * TAP then shows `ok 7 - file.c:case:test # SKIP needs root`, and automake
 * counts it as skipped.  Returns from the function, which therefore MUST be a
 * START_TEST; its checked teardown still runs. */
#define SUITE_SKIP(...)               \
    do {                              \
        suite_note_skip(__VA_ARGS__); \
        return;                       \
    } while (0)

/* Notes why the running test is skipped, for SUITE_SKIP(). */
void suite_note_skip(const char *fmt, ...) __attribute__((nonnull(1), format(printf, 1, 2)));

#endif
