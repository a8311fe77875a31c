/* tests/suite.h -- what every unit test shares: a main() that speaks TAP. */
#ifndef TESTS_SUITE_H
#define TESTS_SUITE_H

#include <check.h>

/* Each test program defines its suite; suite.c has main(). */
Suite *suite(void);

#endif
