# tests/fcgi/local.mk -- the responder's tests.
FCGI_TEST_LIBS = $(SUITE_LIBS) $(CMON_LIBS) $(CHECK_LIBS)

FCGI_TESTS = \
	%D%/test_branch \
	%D%/test_key \
	%D%/test_params \
	%D%/test_pattern \
	%D%/test_route
check_PROGRAMS += $(FCGI_TESTS)
TESTS += $(FCGI_TESTS)
%C%_test_branch_LDADD = $(FCGI_TEST_LIBS)
%C%_test_key_LDADD = $(FCGI_TEST_LIBS)
%C%_test_params_LDADD = $(FCGI_TEST_LIBS)
%C%_test_pattern_LDADD = $(FCGI_TEST_LIBS)
%C%_test_route_LDADD = $(FCGI_TEST_LIBS)
