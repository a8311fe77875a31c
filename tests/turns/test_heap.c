/* tests/turns/test_heap.c -- turns/heap.h: the least first, whatever happened before. */
#include "config.h"

#include <stdbool.h>
#include <stdlib.h>

#include "tests/suite.h"
#include "turns/heap.h"

enum {
    NODES = 300
};

static struct heap h;
static struct heap_node node[NODES];
static bool inside[NODES];

static void
setup(void)
{
    size_t i;

    h = (struct heap){ NULL };
    for (i = 0; i < NODES; i++)
        inside[i] = false;
}

static void
add(size_t i, uint64_t key)
{
    node[i].key = key;
    heap_add(&h, &node[i]);
    inside[i] = true;
}

static size_t
take(void)
{
    struct heap_node *n = h.first;

    heap_remove(&h, n);
    inside[n - node] = false;
    return (size_t)(n - node);
}

/* The least key that is inside, or UINT64_MAX. */
static uint64_t
least(void)
{
    uint64_t key = UINT64_MAX;
    size_t i;

    for (i = 0; i < NODES; i++)
        if (inside[i] && node[i].key < key)
            key = node[i].key;
    return key;
}

START_TEST(zeroed_it_is_empty)
{
    ck_assert_ptr_null(h.first);
    add(3, 7);
    ck_assert_ptr_eq(h.first, &node[3]);
    ck_assert_uint_eq(take(), 3);
    ck_assert_ptr_null(h.first);
}
END_TEST

START_TEST(what_came_in_order_goes_in_order)
{
    size_t i;

    for (i = 0; i < NODES; i++)
        add(i, i);
    for (i = 0; i < NODES; i++)
        ck_assert_uint_eq(take(), i);
    ck_assert_ptr_null(h.first);
}
END_TEST

START_TEST(what_came_backwards_goes_in_order)
{
    size_t i;

    for (i = NODES; i > 0; i--)
        add(i - 1, i);
    for (i = 0; i < NODES; i++)
        ck_assert_uint_eq(take(), i);
}
END_TEST

START_TEST(whatever_is_added_and_removed_the_first_is_the_least)
{
    unsigned step;
    size_t i;

    srandom(77 + (unsigned)_i);
    for (step = 0; step < 20000; step++) {
        i = (size_t)random() % NODES;
        if (!inside[i]) {
            add(i, (uint64_t)random() % 1000);
        } else if (random() % 2 == 0) {
            heap_remove(&h, &node[i]);
            inside[i] = false;
        } else {
            (void)take();
        }
        if (least() == UINT64_MAX)
            ck_assert_ptr_null(h.first);
        else
            ck_assert_uint_eq(h.first->key, least());
    }
}
END_TEST

Suite *
suite(void)
{
    Suite *all = suite_create("heap");
    TCase *tc = tcase_create("heap");

    tcase_set_timeout(tc, 60);
    tcase_add_checked_fixture(tc, setup, NULL);
    tcase_add_test(tc, zeroed_it_is_empty);
    tcase_add_test(tc, what_came_in_order_goes_in_order);
    tcase_add_test(tc, what_came_backwards_goes_in_order);
    tcase_add_loop_test(tc, whatever_is_added_and_removed_the_first_is_the_least, 0, 4);
    suite_add_tcase(all, tc);
    return all;
}
