# tests/exec/local.mk -- the engine's tests; all of them share the harness and the probe.
check_LIBRARIES += %D%/libharness.a
%C%_libharness_a_SOURCES = %D%/harness.c %D%/harness.h
EXEC_TEST_LIBS = %D%/libharness.a $(SUITE_LIBS) $(EXEC_LIBS) $(CHECK_LIBS)

check_PROGRAMS += %D%/probe
%C%_probe_SOURCES = %D%/probe.c
# A command like any other: no sanitizer, whose threads and exit would be in the way.
%C%_probe_CFLAGS = -std=gnu11 -pthread $(WARN_CFLAGS)
%C%_probe_LDFLAGS = -pthread

check_PROGRAMS += %D%/spend
%C%_spend_SOURCES = %D%/spend.c
%C%_spend_CFLAGS = -std=gnu11 -pthread $(WARN_CFLAGS)
%C%_spend_LDFLAGS = -pthread

# What a test may not do, and what it is run by in `./check`: exec/way.h.
check_LIBRARIES += %D%/libfilter.a
%C%_libfilter_a_SOURCES = %D%/filter.c %D%/filter.h
FILTER_LIBS = %D%/libfilter.a $(SECCOMP_LIBS)

check_PROGRAMS += %D%/without
%C%_without_SOURCES = %D%/without.c
%C%_without_LDADD = $(FILTER_LIBS)

EXEC_TESTS = %D%/test_account %D%/test_capture %D%/test_cgroup_place %D%/test_engine %D%/test_env \
	%D%/test_fence %D%/test_input %D%/test_keep %D%/test_leftover %D%/test_limits %D%/test_low \
	%D%/test_orphan %D%/test_output %D%/test_path \
	%D%/test_roster %D%/test_run %D%/test_spawn %D%/test_stray %D%/test_tree %D%/test_watcher %D%/test_way
check_PROGRAMS += $(EXEC_TESTS)
TESTS += $(EXEC_TESTS)
%C%_test_account_LDADD = $(EXEC_TEST_LIBS)
%C%_test_capture_LDADD = $(EXEC_TEST_LIBS)
%C%_test_cgroup_place_LDADD = $(EXEC_TEST_LIBS)
%C%_test_engine_LDADD = $(EXEC_TEST_LIBS)
%C%_test_env_LDADD = $(EXEC_TEST_LIBS)
%C%_test_fence_LDADD = $(EXEC_TEST_LIBS)
%C%_test_keep_LDADD = $(EXEC_TEST_LIBS)
%C%_test_leftover_LDADD = $(EXEC_TEST_LIBS)
%C%_test_orphan_LDADD = $(EXEC_TEST_LIBS)
%C%_test_output_LDADD = $(EXEC_TEST_LIBS)
%C%_test_input_LDADD = $(EXEC_TEST_LIBS)
%C%_test_limits_LDADD = $(FILTER_LIBS) $(EXEC_TEST_LIBS)
%C%_test_low_LDADD = $(EXEC_TEST_LIBS)
%C%_test_path_LDADD = $(EXEC_TEST_LIBS)
%C%_test_roster_LDADD = $(EXEC_TEST_LIBS)
%C%_test_run_LDADD = $(EXEC_TEST_LIBS)
%C%_test_spawn_LDADD = $(EXEC_TEST_LIBS)
%C%_test_stray_LDADD = $(EXEC_TEST_LIBS)
%C%_test_tree_LDADD = $(EXEC_TEST_LIBS)
%C%_test_watcher_LDADD = $(EXEC_TEST_LIBS)
%C%_test_way_LDADD = $(FILTER_LIBS) $(EXEC_TEST_LIBS)
