# tests/turns/local.mk -- queues and deadlines.
TURNS_TESTS = %D%/test_sched %D%/test_timer
check_PROGRAMS += $(TURNS_TESTS)
TESTS += $(TURNS_TESTS)
%C%_test_sched_LDADD = $(SUITE_LIBS) $(TURNS_LIBS) $(CHECK_LIBS)
%C%_test_timer_LDADD = $(SUITE_LIBS) $(TURNS_LIBS) $(CHECK_LIBS)
