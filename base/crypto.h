/* base/crypto.h -- secrets: compared, cleansed, and made from nothing.
 *
 * crypto.c is the only file that sees OpenSSL; it asks nothing of it that
 * would make the library initialise itself.
 */
#ifndef BASE_CRYPTO_H
#define BASE_CRYPTO_H

#include <stddef.h>

/* Returns 1 when the `n` bytes are equal, else 0; time depends on n only. */
unsigned crypto_equal(const void *a, const void *b, size_t n)
    __attribute__((warn_unused_result, nonnull));

/* Overwrites `n` bytes in a way that the compiler keeps. */
void crypto_cleanse(void *p, size_t n) __attribute__((nonnull));

/* Fills `n` bytes with cryptographic randomness from the kernel; waits, early
 * in a machine's life, until it has any.  Returns 0 or -EIO. */
int crypto_random(void *p, size_t n) __attribute__((warn_unused_result, nonnull));

#endif
