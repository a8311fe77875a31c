# tests/conf/local.mk -- the configuration's tests.
check_LIBRARIES += %D%/libgiven.a
%C%_libgiven_a_SOURCES = %D%/given.c %D%/given.h
GIVEN_LIBS = %D%/libgiven.a
CONF_TEST_LIBS = $(GIVEN_LIBS) $(SUITE_LIBS) $(CONF_LIBS) $(CHECK_LIBS)

CONF_TESTS = \
	%D%/test_branch \
	%D%/test_conf \
	%D%/test_conf_holds \
	%D%/test_conf_life \
	%D%/test_conf_limits \
	%D%/test_conf_mistakes \
	%D%/test_conf_sealed \
	%D%/test_conf_text \
	%D%/test_conf_turns \
	%D%/test_conf_unit \
	%D%/test_guard \
	%D%/test_key \
	%D%/test_param \
	%D%/test_params \
	%D%/test_pattern \
	%D%/test_route \
	%D%/test_routes
check_PROGRAMS += $(CONF_TESTS)
TESTS += $(CONF_TESTS)
%C%_test_branch_LDADD = $(CONF_TEST_LIBS)
%C%_test_conf_LDADD = $(CONF_TEST_LIBS)
%C%_test_conf_holds_LDADD = $(CONF_TEST_LIBS)
%C%_test_conf_life_LDADD = $(CONF_TEST_LIBS)
%C%_test_conf_limits_LDADD = $(CONF_TEST_LIBS)
%C%_test_conf_mistakes_LDADD = $(CONF_TEST_LIBS)
%C%_test_conf_sealed_LDADD = $(FILTER_LIBS) $(CONF_TEST_LIBS)
%C%_test_conf_text_LDADD = $(CONF_TEST_LIBS)
%C%_test_conf_turns_LDADD = $(CONF_TEST_LIBS)
%C%_test_conf_unit_LDADD = $(CONF_TEST_LIBS)
%C%_test_guard_LDADD = $(CONF_TEST_LIBS)
%C%_test_key_LDADD = $(CONF_TEST_LIBS)
%C%_test_param_LDADD = $(CONF_TEST_LIBS)
%C%_test_params_LDADD = $(CONF_TEST_LIBS)
%C%_test_pattern_LDADD = $(CONF_TEST_LIBS)
%C%_test_route_LDADD = $(CONF_TEST_LIBS)
%C%_test_routes_LDADD = $(CONF_TEST_LIBS)
