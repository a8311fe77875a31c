/* tests/base/constant_time.c -- secrets that valgrind takes for uninitialised.
 *
 * memcheck complains when a branch or an address depends on undefined bytes.
 * With key and tokens declared undefined it therefore complains when time may
 * depend on a secret.  constant_time.sh runs this under valgrind; argument:
 *
 *   decide    the product's way to a decision: no complaint may come
 *   branch    a decoder that branches on digits  } a complaint MUST come, or
 *   look-up   a decoder that indexes a table     } else the test sees nothing
 *   compare   a comparison that stops early      }
 *
 * Exit status: 0 the answer was right, 1 it was wrong, 77 built so that
 * valgrind cannot judge.
 */
#include "config.h"

#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#if defined(HAVE_VALGRIND) && !defined(SANITIZERS)
#include <valgrind/memcheck.h>

#include "base/crypto.h"
#include "base/hex.h"

enum {
    KEY_SIZE = 32,  /* bytes */
    CREDENTIALS = 3 /* as many headers as may carry the token */
};

static unsigned char key[KEY_SIZE];
static char tokens[CREDENTIALS][2 * KEY_SIZE];

typedef unsigned decode_fn(const char *in, size_t n, unsigned char *out);
typedef unsigned equal_fn(const void *a, const void *b, size_t n);

/* fcgi/auth.c decides in this shape. */
static unsigned
decide(decode_fn *decode, equal_fn *equal)
{
    unsigned char decoded[KEY_SIZE];
    unsigned ok = 1;

    for (size_t i = 0; i < CREDENTIALS; i++)
        ok &= decode(tokens[i], KEY_SIZE, decoded) & equal(decoded, key, KEY_SIZE);
    crypto_cleanse(decoded, sizeof decoded);
    return ok;
}

static unsigned
decode_branching(const char *in, size_t n, unsigned char *out)
{
    for (size_t i = 0; i < n; i++) {
        unsigned value = 0;

        for (size_t half = 0; half < 2; half++) {
            unsigned char c = (unsigned char)in[2 * i + half];

            if (c >= '0' && c <= '9')
                value = value * 16 + c - '0';
            else if (c >= 'a' && c <= 'f')
                value = value * 16 + c - 'a' + 10;
            else
                return 0;
        }
        out[i] = (unsigned char)value;
    }
    return 1;
}

static unsigned
decode_by_table(const char *in, size_t n, unsigned char *out)
{
    static unsigned char value[256];

    for (unsigned i = 0; i < 10; i++)
        value['0' + i] = (unsigned char)i;
    for (unsigned i = 0; i < 6; i++)
        value['a' + i] = (unsigned char)(10 + i);
    for (size_t i = 0; i < n; i++)
        out[i] = (unsigned char)(value[(unsigned char)in[2 * i]] << 4 |
                                 value[(unsigned char)in[2 * i + 1]]);
    return 1;
}

static unsigned
equal_early(const void *a, const void *b, size_t n)
{
    const volatile unsigned char *p = a, *q = b;

    for (size_t i = 0; i < n; i++) {
        if (p[i] != q[i])
            return 0;
    }
    return 1;
}

/* Decides with secrets that nobody may look at, then shows the outcome. */
static unsigned
decide_unseen(decode_fn *decode, equal_fn *equal)
{
    unsigned ok;

    (void)VALGRIND_MAKE_MEM_UNDEFINED(key, sizeof key);
    (void)VALGRIND_MAKE_MEM_UNDEFINED(tokens, sizeof tokens);
    ok = decide(decode, equal);
    (void)VALGRIND_MAKE_MEM_DEFINED(&ok, sizeof ok);
    (void)VALGRIND_MAKE_MEM_DEFINED(key, sizeof key);
    (void)VALGRIND_MAKE_MEM_DEFINED(tokens, sizeof tokens);
    return ok;
}

static bool
answers_right(decode_fn *decode, equal_fn *equal)
{
    bool right;

    for (size_t i = 0; i < KEY_SIZE; i++)
        key[i] = (unsigned char)(i * 37 + 11);
    for (size_t i = 0; i < CREDENTIALS; i++) {
        char text[2 * KEY_SIZE + 1];

        hex_encode(key, KEY_SIZE, text);
        memcpy(tokens[i], text, sizeof tokens[i]);
    }
    right = decide_unseen(decode, equal) == 1;
    tokens[1][7] = tokens[1][7] == 'a' ? 'b' : 'a'; /* a wrong digit */
    right = right && decide_unseen(decode, equal) == 0;
    tokens[1][7] = 'z'; /* none at all */
    return right && decide_unseen(decode, equal) == 0;
}

int
main(int argc, char **argv)
{
    const char *how = argc == 2 ? argv[1] : "";
    bool right = false;

    if (!RUNNING_ON_VALGRIND)
        return 77;
    if (strcmp(how, "decide") == 0)
        right = answers_right(hex_decode, crypto_equal);
    else if (strcmp(how, "branch") == 0)
        right = answers_right(decode_branching, crypto_equal);
    else if (strcmp(how, "look-up") == 0)
        right = answers_right(decode_by_table, crypto_equal);
    else if (strcmp(how, "compare") == 0)
        right = answers_right(hex_decode, equal_early);
    return right ? EXIT_SUCCESS : EXIT_FAILURE;
}

#else

int
main(void)
{
    (void)puts("built with a sanitizer or without valgrind's headers");
    return 77;
}

#endif
