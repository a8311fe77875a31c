/* tests/arena/test_mirror.c -- arena/mirror.h, promise by promise. */
#include "config.h"

#include <errno.h>
#include <fcntl.h>
#include <pthread.h>
#include <stdint.h>
#include <string.h>
#include <sys/mman.h>
#include <unistd.h>

#include "arena/mirror.h"
#include "tests/arena/secret.h"
#include "tests/memory.h"
#include "tests/suite.h"

enum {
    MAX = 1024 * 1024,
    BIG = 16 * MAX,
};

static void
setup(void)
{
    secret_build(MAX);
}

static void
setup_sealed(void)
{
    setup();
    ck_assert_int_eq(mirror_seal(m), 0);
}

static void
teardown(void)
{
    mirror_unref(m);
    m = NULL;
}

/* The descriptor of the mirror that is being built, or -1. */
static int
find_file(void)
{
    return memory_file("mirror");
}

/* The same as our own: as somebody could come by it who is quicker than the seal. */
static int
steal(void)
{
    int fd = fcntl(find_file(), F_DUPFD_CLOEXEC, 0);

    ck_assert_int_ge(fd, 0);
    return fd;
}

/* --- building ------------------------------------------------------------- */

START_TEST(no_maximum_is_einval_and_too_much_is_enomem)
{
    struct mirror *none = NULL;

    ck_assert_int_eq(mirror_open(0, &none), -EINVAL);
    ck_assert_int_eq(mirror_open(SIZE_MAX, &none), -ENOMEM);
    ck_assert_int_eq(mirror_open(PTRDIFF_MAX, &none), -ENOMEM);
    ck_assert_ptr_null(none);
    ck_assert_int_eq(find_file(), -1);
    mirror_unref(NULL);
}
END_TEST

START_TEST(the_maximum_can_be_used_and_no_more)
{
    struct mirror *small;
    unsigned char *p;

    page = memory_page_size();
    ck_assert_int_eq(mirror_open(page + 1, &small), 0);
    p = region_alloc(mirror_region(small), 2 * page);
    ck_assert_ptr_nonnull(p);
    ck_assert_ptr_null(region_alloc(mirror_region(small), 1));
    memset(p, 'x', 2 * page);
    ck_assert_int_eq(mirror_seal(small), 0);
    ck_assert_int_eq(p[2 * page - 1], 'x');
    mirror_unref(small);
}
END_TEST

START_TEST(nothing_is_touched_before_it_is_used)
{
    ck_assert_uint_le(memory_resident(text), page / 1024);
}
END_TEST

START_TEST(no_command_inherits_the_descriptor)
{
    ck_assert_int_eq(fcntl(find_file(), F_GETFD), FD_CLOEXEC);
}
END_TEST

START_TEST(a_mirror_that_is_never_sealed_is_cleansed_and_unmapped)
{
    char left[7] = "";
    int fd = steal();

    mirror_unref(m);
    m = NULL;
    ck_assert(!memory_is_mapped(text));
    ck_assert_int_eq(pread(fd, left, 7, 0), 7);
    ck_assert_mem_eq(left, "\0\0\0\0\0\0", 7);
    (void)close(fd);
    ck_assert_int_eq(find_file(), -1);
}
END_TEST

START_TEST(before_the_seal_there_is_nothing_to_convert)
{
    ck_assert(!mirror_is_held(m));
    ck_assert_ptr_null(mirror_rw(m, text, 1));
    ck_assert_ptr_null(mirror_ro(m, text, 1));
}
END_TEST

/* --- the seal ------------------------------------------------------------- */

START_TEST(a_write_ends_in_sigsegv)
{
    ck_assert(mirror_is_held(m));
    ck_assert_str_eq(*inside, "secret");
    ck_assert(memory_is_deadly(text));
    ck_assert(memory_is_deadly(inside));
    ck_assert(memory_is_deadly(*inside));
    ck_assert(memory_is_deadly(mirror_rw(m, text, 1)));
}
END_TEST

START_TEST(what_is_read_can_never_be_made_writable)
{
    ck_assert_int_lt(mprotect(memory_page(text), page, PROT_READ | PROT_WRITE), 0);
    ck_assert_int_eq(errno, EACCES);
    ck_assert(memory_is_deadly(text));
}
END_TEST

START_TEST(nobody_gets_a_new_writable_mapping)
{
    int fd = steal();

    ck_assert_int_eq(mirror_seal(m), 0);
    ck_assert_ptr_eq(mmap(NULL, page, PROT_READ | PROT_WRITE, MAP_SHARED, fd, 0), MAP_FAILED);
    ck_assert_int_eq(errno, EPERM);
    ck_assert_int_lt(pwrite(fd, "x", 1, 0), 0);
    ck_assert_int_eq(errno, EPERM);
    ck_assert_int_lt(ftruncate(fd, 0), 0);
    ck_assert_int_lt(ftruncate(fd, BIG), 0);
    ck_assert_int_lt(fallocate(fd, FALLOC_FL_PUNCH_HOLE | FALLOC_FL_KEEP_SIZE, 0, (off_t)page), 0);
    ck_assert_int_lt(fcntl(fd, F_ADD_SEALS, F_SEAL_WRITE), 0); /* nor other seals */
    ck_assert_int_eq(errno, EPERM);                            /* and not for being mapped */
    ck_assert_str_eq(text, "secret");
    (void)close(fd);
}
END_TEST

/* Why the order is what it is: this is the kernel's, and none of ours. */
START_TEST(a_view_made_before_the_seal_could_be_made_writable)
{
    int fd = memfd_create("order", MFD_CLOEXEC | MFD_ALLOW_SEALING);
    void *before, *after;

    page = memory_page_size();
    ck_assert_int_eq(ftruncate(fd, (off_t)page), 0);
    before = mmap(NULL, page, PROT_READ, MAP_SHARED, fd, 0);
    ck_assert_int_eq(fcntl(fd, F_ADD_SEALS, F_SEAL_FUTURE_WRITE), 0);
    after = mmap(NULL, page, PROT_READ, MAP_SHARED, fd, 0);
    ck_assert(before != MAP_FAILED && after != MAP_FAILED);
    ck_assert_int_eq(mprotect(before, page, PROT_READ | PROT_WRITE), 0);
    ck_assert_int_lt(mprotect(after, page, PROT_READ | PROT_WRITE), 0);
    (void)close(fd);
}
END_TEST

START_TEST(a_sealed_mirror_allocates_no_more_and_is_sealed_once)
{
    ck_assert_ptr_null(region_alloc(mirror_region(m), 0));
    ck_assert_ptr_null(region_strdup(mirror_region(m), "x"));
    ck_assert_int_eq(mirror_seal(m), -EINVAL);
    ck_assert_str_eq(text, "secret");
}
END_TEST

START_TEST(an_empty_one_can_be_sealed)
{
    struct mirror *empty;

    ck_assert_int_eq(mirror_open(MAX, &empty), 0);
    ck_assert_int_eq(mirror_seal(empty), 0);
    mirror_unref(empty);
}
END_TEST

START_TEST(no_descriptor_and_no_page_too_many_is_left)
{
    ck_assert_int_eq(find_file(), -1);
    ck_assert(memory_is_mapped(text));
    ck_assert(!memory_is_mapped(text + page));
    ck_assert_ptr_null(mirror_rw(m, text, page + 1));
}
END_TEST

/* A child does not inherit the second view: that it dies of a write to it says
 * nothing of what we may do. */
START_TEST(neither_view_lets_us_write)
{
    ck_assert_str_eq(memory_rights(text), "r--s");
    ck_assert_str_eq(memory_rights(mirror_rw(m, text, 1)), "---s");
}
END_TEST

START_TEST(neither_view_is_in_a_core_dump)
{
    ck_assert(memory_has_flag(text, "dd"));
    ck_assert(memory_has_flag(mirror_rw(m, text, 1), "dd"));
    ck_assert(!memory_has_flag(text, "mw")); /* may never be written */
}
END_TEST

START_TEST(what_is_built_is_in_no_core_dump_and_no_child)
{
    ck_assert(memory_has_flag(text, "dd"));
    ck_assert(memory_has_flag(text, "dc"));
}
END_TEST

static void
look_as_a_child(void)
{
    void *rw = mirror_rw(m, text, 1);

    if (!memory_is_mapped(text) || strcmp(*inside, "secret") != 0)
        _exit(1);
    if (rw == NULL || memory_is_mapped(rw))
        _exit(2);
}

START_TEST(a_forked_child_can_read_and_has_no_writable_view)
{
    ck_assert(memory_has_flag(mirror_rw(m, text, 1), "dc"));
    ck_assert(!memory_has_flag(text, "dc"));
    ck_assert_int_eq(memory_in_child(look_as_a_child), 0);
}
END_TEST

/* --- conversion ----------------------------------------------------------- */

START_TEST(addresses_are_converted_both_ways)
{
    char *rw = mirror_rw(m, text, 7);

    ck_assert_ptr_nonnull(rw);
    ck_assert_ptr_ne(rw, text);
    ck_assert_ptr_eq(mirror_ro(m, rw, 7), text);
    ck_assert_ptr_eq(mirror_rw(m, text + 3, 4), rw + 3);
    ck_assert_ptr_eq(mirror_ro(m, rw + 3, 4), text + 3);
    /* The same memory, should anybody open it. */
    ck_assert_int_eq(mprotect(memory_page(rw), page, PROT_READ), 0);
    ck_assert_str_eq(rw, "secret");
}
END_TEST

START_TEST(no_address_is_converted_twice)
{
    char *rw = mirror_rw(m, text, 1);

    ck_assert_ptr_null(mirror_rw(m, rw, 1));
    ck_assert_ptr_null(mirror_ro(m, text, 1));
    ck_assert_ptr_null(mirror_ro(m, mirror_ro(m, rw, 1), 1));
}
END_TEST

START_TEST(what_is_not_all_in_the_view_is_not_converted)
{
    unsigned char *begin = memory_page(text); /* all of it is one page */
    unsigned char *rw = mirror_rw(m, begin, page);
    int local = 0;

    ck_assert_ptr_nonnull(rw);
    ck_assert_ptr_eq(mirror_ro(m, rw, page), begin);
    ck_assert_ptr_null(mirror_rw(m, begin, page + 1));
    ck_assert_ptr_null(mirror_rw(m, begin, SIZE_MAX));
    ck_assert_ptr_null(mirror_rw(m, begin - 1, 1));
    ck_assert_ptr_null(mirror_rw(m, begin - 1, 2));
    ck_assert_ptr_null(mirror_rw(m, begin + page, 0));
    ck_assert_ptr_null(mirror_rw(m, begin + page - 1, 2));
    ck_assert_ptr_nonnull(mirror_rw(m, begin + page - 1, 1));
    ck_assert_ptr_null(mirror_ro(m, rw - 1, 1));
    ck_assert_ptr_null(mirror_ro(m, rw + page, 0));
    ck_assert_ptr_null(mirror_ro(m, rw, page + 1));
    ck_assert_ptr_null(mirror_rw(m, &local, sizeof(local)));
    ck_assert_ptr_null(mirror_ro(m, &local, sizeof(local)));
}
END_TEST

/* --- the end -------------------------------------------------------------- */

START_TEST(the_last_reader_unmaps_both_views)
{
    void *rw = mirror_rw(m, text, 1);

    ck_assert_ptr_eq(mirror_ref(m), m);
    mirror_unref(m);
    ck_assert_str_eq(*inside, "secret");
    ck_assert(memory_is_mapped(rw));
    mirror_unref(m);
    m = NULL;
    ck_assert(!memory_is_mapped(text));
    ck_assert(!memory_is_mapped(rw));
}
END_TEST

START_TEST(what_was_there_is_cleansed)
{
    char left[7] = "";
    int fd = steal();

    ck_assert_int_eq(mirror_seal(m), 0);
    ck_assert_int_eq(pread(fd, left, 7, 0), 7);
    ck_assert_str_eq(left, "secret");
    mirror_unref(m);
    m = NULL;
    ck_assert_int_eq(pread(fd, left, 7, 0), 7);
    ck_assert_mem_eq(left, "\0\0\0\0\0\0", 7);
    (void)close(fd);
}
END_TEST

static void *
read_often(void *ctx)
{
    for (int i = 0; i < 1000; i++) {
        struct mirror *mine = mirror_ref(ctx);
        bool same = strcmp(*inside, "secret") == 0;

        mirror_unref(mine);
        if (!same)
            return ctx;
    }
    mirror_unref(ctx);
    return NULL;
}

START_TEST(the_last_of_many_threads_retires_it)
{
    pthread_t threads[4];

    for (size_t i = 0; i < 4; i++)
        ck_assert_int_eq(pthread_create(&threads[i], NULL, read_often, mirror_ref(m)), 0);
    mirror_unref(m);
    m = NULL;
    for (size_t i = 0; i < 4; i++) {
        void *wrong;

        ck_assert_int_eq(pthread_join(threads[i], &wrong), 0);
        ck_assert_ptr_null(wrong);
    }
    ck_assert(!memory_is_mapped(text));
}
END_TEST

static void
add_building(Suite *s)
{
    TCase *tc = tcase_create("nothing");

    tcase_add_test(tc, no_maximum_is_einval_and_too_much_is_enomem);
    tcase_add_test(tc, the_maximum_can_be_used_and_no_more);
    tcase_add_test(tc, an_empty_one_can_be_sealed);
    tcase_add_test(tc, a_view_made_before_the_seal_could_be_made_writable);
    suite_add_tcase(s, tc);
    tc = tcase_create("building");
    tcase_add_checked_fixture(tc, setup, teardown);
    tcase_add_test(tc, no_command_inherits_the_descriptor);
    tcase_add_test(tc, a_mirror_that_is_never_sealed_is_cleansed_and_unmapped);
    tcase_add_test(tc, before_the_seal_there_is_nothing_to_convert);
    tcase_add_test(tc, nobody_gets_a_new_writable_mapping);
    tcase_add_test(tc, what_was_there_is_cleansed);
    suite_add_tcase(s, tc);
}

/* The kernel's flags of mappings. */
static void
add_native(Suite *s)
{
    TCase *tc = tcase_create("building, as the kernel has it");

    tcase_set_tags(tc, SUITE_NATIVE);
    tcase_add_checked_fixture(tc, setup, teardown);
    tcase_add_test(tc, nothing_is_touched_before_it_is_used);
    tcase_add_test(tc, what_is_built_is_in_no_core_dump_and_no_child);
    suite_add_tcase(s, tc);
    tc = tcase_create("sealed, as the kernel has it");
    tcase_set_tags(tc, SUITE_NATIVE);
    tcase_add_checked_fixture(tc, setup_sealed, teardown);
    tcase_add_test(tc, a_forked_child_can_read_and_has_no_writable_view);
    tcase_add_test(tc, neither_view_lets_us_write);
    tcase_add_test(tc, neither_view_is_in_a_core_dump);
    suite_add_tcase(s, tc);
}

Suite *
suite(void)
{
    Suite *s = suite_create("mirror");
    TCase *tc = tcase_create("sealed");

    add_building(s);
    add_native(s);
    tcase_add_checked_fixture(tc, setup_sealed, teardown);
    tcase_add_test(tc, a_write_ends_in_sigsegv);
    tcase_add_test(tc, what_is_read_can_never_be_made_writable);
    tcase_add_test(tc, a_sealed_mirror_allocates_no_more_and_is_sealed_once);
    tcase_add_test(tc, no_descriptor_and_no_page_too_many_is_left);
    tcase_add_test(tc, addresses_are_converted_both_ways);
    tcase_add_test(tc, no_address_is_converted_twice);
    tcase_add_test(tc, what_is_not_all_in_the_view_is_not_converted);
    tcase_add_test(tc, the_last_reader_unmaps_both_views);
    tcase_add_test(tc, the_last_of_many_threads_retires_it);
    suite_add_tcase(s, tc);
    return s;
}
