/* bench/alloc/contenders/bump.c -- a mark that moves through memory: the least that anybody can do.
 *
 * Each scope has a stretch of one mapping, all of it written to beforehand.
 * No check of limits, no page fault: what is left is the workload itself, so
 * nobody's rate can be more than this one's.  Without scopes, blocks of one
 * size: the last one that was freed is the next one taken, on one thread.
 */
#include "config.h"

#include <stdio.h>

#include "bench/alloc/contender.h"

enum {
    FREED_MAX = 64 * 1024,
    PAGE = 4096,
    ALIGN = 16,
};

static void *freed[FREED_MAX];
static size_t freed_count;
static bool recycles; /* else the scope's end is the end of its blocks */
static unsigned char *memory;
static size_t bytes, stretch; /* of all scopes, of one */
static struct {
    unsigned char *mark, *begin;
    unsigned char apart[48]; /* a line of the cache each */
} scopes[CONTENDER_SCOPES_MAX];

static void
version(char *buf, size_t size)
{
    (void)snprintf(buf, size, "as here");
}

static void
close_all(void)
{
    contender_unmap(memory, bytes);
    memory = NULL;
}

static bool
open_all(const struct contender_config *config)
{
    size_t count = config->scopes > 0 ? config->scopes : 1;

    if (count > CONTENDER_SCOPES_MAX)
        return false;
    freed_count = 0;
    recycles = config->scopes == 0;
    stretch = (config->bytes / count + CONTENDER_SMALL + PAGE - 1) & ~(size_t)(PAGE - 1);
    bytes = stretch * count;
    memory = contender_map(bytes);
    if (memory == NULL)
        return false;
    for (size_t at = 0; at < bytes && config->scopes > 0; at += PAGE)
        ((volatile unsigned char *)memory)[at] = 1;
    for (size_t i = 0; i < count; i++)
        scopes[i].mark = scopes[i].begin = memory + i * stretch;
    return true;
}

static void *
take(size_t scope, size_t n)
{
    unsigned char *p = scopes[scope].mark;

    if (freed_count > 0)
        return freed[--freed_count];
    scopes[scope].mark = p + ((n + ALIGN - 1) & ~(size_t)(ALIGN - 1));
    return p;
}

static void
give(void *p, size_t written)
{
    (void)written;
    if (recycles)
        freed[freed_count++] = p;
}

static void
reset(size_t scope)
{
    scopes[scope].mark = scopes[scope].begin;
}

const struct contender contender_bump = {
    .name = "bump",
    .what = "a moving mark in memory that was touched before: the ceiling",
    .recycles = true,
    .in_place = true,
    .version = version,
    .open = open_all,
    .close = close_all,
    .alloc = take,
    .free = give,
    .small = take,
    .reset = reset,
};
