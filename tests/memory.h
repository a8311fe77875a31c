/* tests/memory.h -- what the kernel says of an address. */
#ifndef TESTS_MEMORY_H
#define TESTS_MEMORY_H

#include <stdbool.h>

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

/* The descriptor of a memory file of ours by its name, or -1. */
int memory_file(const char *name) __attribute__((nonnull));

/* Whether a write to the address ends a process with SIGSEGV. */
bool memory_is_deadly(void *p);

/* Says what became of a child that ran `fn`, as wait(2) has it; a crash there
 * prints nothing. */
int memory_in_child(void (*fn)(void)) __attribute__((nonnull));

#endif
