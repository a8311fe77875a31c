# tests/turns/local.mk -- queues and deadlines.
TURNS_TESTS = %D%/test_coalesce %D%/test_heap %D%/test_sched %D%/test_sched_random %D%/test_timer
check_PROGRAMS += $(TURNS_TESTS)
TESTS += $(TURNS_TESTS)
%C%_test_coalesce_LDADD = $(SUITE_LIBS) $(TURNS_LIBS) $(CHECK_LIBS)
%C%_test_heap_LDADD = $(SUITE_LIBS) $(TURNS_LIBS) $(CHECK_LIBS)
%C%_test_sched_LDADD = $(SUITE_LIBS) $(TURNS_LIBS) $(CHECK_LIBS)
%C%_test_sched_random_LDADD = $(SUITE_LIBS) $(TURNS_LIBS) $(CHECK_LIBS)
%C%_test_timer_LDADD = $(SUITE_LIBS) $(TURNS_LIBS) $(CHECK_LIBS)
