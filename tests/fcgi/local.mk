# tests/fcgi/local.mk -- the responder's tests.
check_LIBRARIES += %D%/libgiven.a %D%/libpeer.a
%C%_libgiven_a_SOURCES = %D%/given.c %D%/given.h
%C%_libpeer_a_SOURCES = \
	%D%/feed.c %D%/feed.h \
	%D%/peer.c %D%/peer.h
PEER_LIBS = %D%/libpeer.a
FCGI_TEST_LIBS = %D%/libgiven.a $(SUITE_LIBS) $(PEER_LIBS) $(CMON_LIBS) $(CHECK_LIBS)

FCGI_TESTS = \
	%D%/test_auth \
	%D%/test_branch \
	%D%/test_conf \
	%D%/test_conf_life \
	%D%/test_conf_mistakes \
	%D%/test_conf_text \
	%D%/test_conf_unit \
	%D%/test_gate \
	%D%/test_key \
	%D%/test_param \
	%D%/test_params \
	%D%/test_pattern \
	%D%/test_record \
	%D%/test_req \
	%D%/test_route \
	%D%/test_wire
check_PROGRAMS += $(FCGI_TESTS)
TESTS += $(FCGI_TESTS)
%C%_test_auth_LDADD = $(FCGI_TEST_LIBS)
%C%_test_branch_LDADD = $(FCGI_TEST_LIBS)
%C%_test_conf_LDADD = $(FCGI_TEST_LIBS)
%C%_test_conf_life_LDADD = $(FCGI_TEST_LIBS)
%C%_test_conf_mistakes_LDADD = $(FCGI_TEST_LIBS)
%C%_test_conf_text_LDADD = $(FCGI_TEST_LIBS)
%C%_test_conf_unit_LDADD = $(FCGI_TEST_LIBS)
%C%_test_gate_LDADD = $(FCGI_TEST_LIBS)
%C%_test_key_LDADD = $(FCGI_TEST_LIBS)
%C%_test_param_LDADD = $(FCGI_TEST_LIBS)
%C%_test_params_LDADD = $(FCGI_TEST_LIBS)
%C%_test_pattern_LDADD = $(FCGI_TEST_LIBS)
%C%_test_record_LDADD = $(FCGI_TEST_LIBS)
%C%_test_req_LDADD = $(FCGI_TEST_LIBS)
%C%_test_route_LDADD = $(FCGI_TEST_LIBS)
%C%_test_wire_LDADD = $(FCGI_TEST_LIBS)
