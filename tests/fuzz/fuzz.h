/* tests/fuzz/fuzz.h -- what a fuzz target is: one function, and promises that abort.
 *
 * A target is a file fuzz_<unit>.c with this one function.  It is linked twice:
 * with replay.c, which gives it the inputs of data/<unit>/ in every `make
 * check`, and, after `configure --enable-fuzzers`, with libFuzzer, which looks
 * for new ones.  local.mk says how to add one.
 */
#ifndef TESTS_FUZZ_FUZZ_H
#define TESTS_FUZZ_FUZZ_H

#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>

/* Tries one input, of any bytes and any size.  MUST leave nothing behind: the
 * same input does the same when it is tried again.  Returns 0. */
int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

/* Ends the program, loudly, when a promise does not hold. */
#define FUZZ_PROMISE(promise)                                                                  \
    do {                                                                                       \
        if (!(promise)) {                                                                      \
            (void)fprintf(stderr, "%s:%d: does not hold: %s\n", __FILE__, __LINE__, #promise); \
            abort();                                                                           \
        }                                                                                      \
    } while (0)

#endif
