check_LIBRARIES += %D%/libfixture.a
%C%_libfixture_a_SOURCES = %D%/fixture.c %D%/fixture.h %D%/secret.c %D%/secret.h
FIXTURE_LIBS = %D%/libfixture.a

ARENA_TESTS = \
	%D%/test_arena \
	%D%/test_arena_check \
	%D%/test_arena_commit \
	%D%/test_arena_hardened \
	%D%/test_arena_pages \
	%D%/test_arena_random \
	%D%/test_fits \
	%D%/test_mirror \
	%D%/test_mirror_less \
	%D%/test_arena_tend \
	%D%/test_heap \
	%D%/test_region \
	%D%/test_runs \
	%D%/test_warm
check_PROGRAMS += $(ARENA_TESTS)
TESTS += $(ARENA_TESTS)
%C%_test_arena_LDADD = $(FIXTURE_LIBS) $(SUITE_LIBS) $(ARENA_LIBS) $(CHECK_LIBS)
%C%_test_arena_check_LDADD = $(FIXTURE_LIBS) $(SUITE_LIBS) $(ARENA_LIBS) $(CHECK_LIBS)
%C%_test_arena_commit_LDADD = $(FIXTURE_LIBS) $(SUITE_LIBS) $(ARENA_LIBS) $(CHECK_LIBS)
%C%_test_arena_hardened_LDADD = $(FIXTURE_LIBS) $(SUITE_LIBS) $(ARENA_LIBS) $(CHECK_LIBS)
%C%_test_arena_pages_LDADD = $(FIXTURE_LIBS) $(SUITE_LIBS) $(ARENA_LIBS) $(CHECK_LIBS)
%C%_test_arena_random_LDADD = $(SUITE_LIBS) $(ARENA_LIBS) $(CHECK_LIBS)
%C%_test_mirror_LDADD = $(FIXTURE_LIBS) $(SUITE_LIBS) $(ARENA_LIBS) $(CHECK_LIBS)
%C%_test_mirror_less_LDADD = $(FIXTURE_LIBS) $(SUITE_LIBS) $(FILTER_LIBS) $(ARENA_LIBS) $(CHECK_LIBS)
%C%_test_arena_tend_LDADD = $(FIXTURE_LIBS) $(SUITE_LIBS) $(ARENA_LIBS) $(CHECK_LIBS)
%C%_test_fits_LDADD = $(SUITE_LIBS) $(ARENA_LIBS) $(CHECK_LIBS)
%C%_test_heap_LDADD = $(SUITE_LIBS) $(ARENA_LIBS) $(CHECK_LIBS)
%C%_test_region_LDADD = $(SUITE_LIBS) $(ARENA_LIBS) $(CHECK_LIBS)
%C%_test_runs_LDADD = $(SUITE_LIBS) $(ARENA_LIBS) $(CHECK_LIBS)
%C%_test_warm_LDADD = $(SUITE_LIBS) $(ARENA_LIBS) $(CHECK_LIBS)
