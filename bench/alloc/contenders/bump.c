/* bench/alloc/contenders/bump.c -- a mark that moves through memory: the least that anybody can do.
 *
 * Each scope has a stretch of one mapping, all of it written to beforehand.
 * No check of limits, no page fault: what is left is the workload itself, so
 * nobody's rate can be more than this one's.
 */
#include "config.h"

#include <stdio.h>

#include "bench/alloc/contender.h"

enum {
    PAGE = 4096,
    ALIGN = 16,
};

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
    if (config->scopes == 0 || config->scopes > CONTENDER_SCOPES_MAX)
        return false;
    stretch = (config->bytes / config->scopes + CONTENDER_SMALL + PAGE - 1) & ~(size_t)(PAGE - 1);
    bytes = stretch * config->scopes;
    memory = contender_map(bytes);
    if (memory == NULL)
        return false;
    for (size_t at = 0; at < bytes; at += PAGE)
        ((volatile unsigned char *)memory)[at] = 1;
    for (size_t i = 0; i < config->scopes; i++)
        scopes[i].mark = scopes[i].begin = memory + i * stretch;
    return true;
}

static void *
take(size_t scope, size_t n)
{
    unsigned char *p = scopes[scope].mark;

    scopes[scope].mark = p + ((n + ALIGN - 1) & ~(size_t)(ALIGN - 1));
    return p;
}

static void
give(void *p, size_t written)
{
    (void)p; /* the scope's end is its end */
    (void)written;
}

static void
reset(size_t scope)
{
    scopes[scope].mark = scopes[scope].begin;
}

const struct contender contender_bump = {
    .name = "bump",
    .what = "a moving mark in memory that was touched before: the ceiling",
    .in_place = true,
    .version = version,
    .open = open_all,
    .close = close_all,
    .alloc = take,
    .free = give,
    .small = take,
    .reset = reset,
};
