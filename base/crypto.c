/* base/crypto.c -- contracts are in crypto.h.
 *
 * Randomness comes from the kernel and not from RAND_bytes(3): its generator
 * is seeded from the same getrandom(2), and asking it would initialise the
 * whole library, some megabytes and milliseconds, for 32 bytes.  The two
 * functions used here need no initialisation at all.
 */
#include "config.h"

#include <errno.h>
#include <openssl/crypto.h>
#include <sys/random.h>

#include "base/crypto.h"

unsigned
crypto_equal(const void *a, const void *b, size_t n)
{
    /* All that is promised of the result is 0 or not 0. */
    unsigned differ = (unsigned)CRYPTO_memcmp(a, b, n);

    return ((differ | (0u - differ)) >> (sizeof differ * 8 - 1)) ^ 1u;
}

void
crypto_cleanse(void *p, size_t n)
{
    OPENSSL_cleanse(p, n);
}

int
crypto_random(void *p, size_t n)
{
    unsigned char *next = p;

    while (n > 0) {
        ssize_t got = getrandom(next, n, 0);

        if (got < 0 && errno == EINTR)
            continue;
        if (got <= 0)
            return -EIO;
        next += got;
        n -= (size_t)got;
    }
    return 0;
}
