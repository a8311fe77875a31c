/* tests/memory.h -- what the kernel says of memory, and lets a test have of it. */
#ifndef TESTS_MEMORY_H
#define TESTS_MEMORY_H

#include <stdbool.h>
#include <stddef.h>

/* The page of an address, and its bytes. */
void *memory_page(const void *p);
unsigned long memory_page_size(void);

/* Whether something is mapped there. */
bool memory_is_mapped(const void *p);

/* Whether the mapping has a flag of smaps: "dd" is in no core dump, "dc" in no
 * forked child, "mw" may be made writable. */
bool memory_has_flag(const void *p, const char *flag) __attribute__((nonnull(2)));

/* How much of the mapping is in memory, in KiB. */
unsigned long memory_resident(const void *p);

/* The rights to a mapping, "r--s", as /proc/self/maps has them; "" when there is none. */
const char *memory_rights(const void *p) __attribute__((returns_nonnull));

/* Looks through the mapping of an address for what may be addresses of writable
 * memory.  Returns where the first one is, `except` not counted, or NULL. */
const void *memory_find_writable(const void *p, const void *except);

/* How much address space is in use, and how much of it is data as RLIMIT_DATA
 * counts it, in bytes. */
size_t memory_space(void);
size_t memory_data(void);

/* Lets `more` bytes of either be had beside what is in use. */
void memory_limit_space(size_t more);
void memory_limit_data(size_t more);

/* The descriptor of a memory file of ours by its name, or -1. */
int memory_file(const char *name) __attribute__((nonnull));

/* Whether a write to the address is SIGSEGV to a forked child. */
bool memory_is_deadly(void *p);

/* Says what became of a child that ran `fn`, as wait(2) has it; a crash there
 * prints nothing. */
int memory_in_child(void (*fn)(void)) __attribute__((nonnull));

#endif
