/* bench/alloc/clock.h -- the processor's own counter, read so that nothing slips past it.
 *
 * x86-64: LFENCE waits for what came before and keeps back what follows; RDTSCP
 * waits by itself.  CPUID serialises more than is needed here and traps to the
 * host on a virtual machine, which costs microseconds: only on request, as CMon
 * has it.  ARM64: the generic timer behind ISB, which is coarse (54 MHz on a
 * Raspberry Pi 5): time whole runs there, or blocks of 4 MiB.
 *
 * Ticks are not cycles of a core whose clock changes; both are told apart in
 * the results by ticks a second.
 */
#ifndef BENCH_ALLOC_CLOCK_H
#define BENCH_ALLOC_CLOCK_H

#include <stdbool.h>
#include <stdint.h>

#if defined(__x86_64__)
#include <cpuid.h>
#include <x86intrin.h>

#define CLOCK_ARCH "x86_64"

static inline void
clock_cpuid(void)
{
    unsigned a, b, c, d;

    __cpuid(0, a, b, c, d);
    (void)(a + b + c + d);
}

/* Reads the counter before what is timed. */
static inline uint64_t
clock_begin(bool cpuid)
{
    uint64_t t;

    if (cpuid)
        clock_cpuid();
    else
        _mm_lfence();
    t = __rdtsc();
    _mm_lfence();
    return t;
}

/* Reads the counter after it. */
static inline uint64_t
clock_end(bool cpuid)
{
    unsigned aux;
    uint64_t t = __rdtscp(&aux);

    if (cpuid)
        clock_cpuid();
    else
        _mm_lfence();
    return t;
}

#elif defined(__aarch64__)

#define CLOCK_ARCH "aarch64"

static inline uint64_t
clock_read(void)
{
    uint64_t t;

    __asm__ volatile("isb\n\tmrs %0, cntvct_el0\n\tisb" : "=r"(t) : : "memory");
    return t;
}

static inline uint64_t
clock_begin(bool cpuid)
{
    (void)cpuid;
    return clock_read();
}

static inline uint64_t
clock_end(bool cpuid)
{
    (void)cpuid;
    return clock_read();
}

#else
#error "no counter is known for this processor"
#endif

#endif
