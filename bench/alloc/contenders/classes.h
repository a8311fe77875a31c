/* bench/alloc/contenders/classes.h -- size classes for small blocks: four to each doubling. */
#ifndef BENCH_ALLOC_CONTENDERS_CLASSES_H
#define BENCH_ALLOC_CONTENDERS_CLASSES_H

#include <stddef.h>

enum {
    CLASSES_STEP = 16,              /* bytes; up to 128 every multiple is a class */
    CLASSES_FLAT = 8,               /* of these */
    CLASSES_LARGEST = 32 * 1024,    /* bytes */
    CLASSES_MAX = CLASSES_FLAT + 32 /* 128 to 32 KiB: eight doublings */
};

/* Returns the class that holds `n` bytes, up to CLASSES_LARGEST. */
static inline unsigned
classes_of(size_t n)
{
    unsigned log;

    if (n <= CLASSES_STEP * CLASSES_FLAT)
        return n == 0 ? 0 : (unsigned)((n - 1) / CLASSES_STEP);
    log = 63 - (unsigned)__builtin_clzll(n - 1); /* 7: 129 to 256 bytes */
    return CLASSES_FLAT + (log - 7) * 4 + (unsigned)((n - 1) >> (log - 2)) - 4;
}

/* Returns the bytes of a block of a class. */
static inline size_t
classes_size(unsigned class)
{
    unsigned log, quarter;

    if (class < CLASSES_FLAT)
        return ((size_t) class + 1) * CLASSES_STEP;
    log = (class - CLASSES_FLAT) / 4 + 7;
    quarter = (class - CLASSES_FLAT) % 4;
    return (size_t)(5 + quarter) << (log - 2);
}

#endif
