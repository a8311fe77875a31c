/* tests/suite.c -- runs a program's suite and prints TAP for automake's driver. */
#include "tests/suite.h"

#include <stdlib.h>

int
main(void)
{
    SRunner *sr = srunner_create(suite());
    int failed;

    srunner_set_tap(sr, "-");
    srunner_run_all(sr, CK_SILENT);
    failed = srunner_ntests_failed(sr);
    srunner_free(sr);
    return failed == 0 ? EXIT_SUCCESS : EXIT_FAILURE;
}
