# tests/fcgi/local.mk -- the responder's tests.
check_LIBRARIES += %D%/libpeer.a
%C%_libpeer_a_SOURCES = \
	%D%/answer.c %D%/answer.h \
	%D%/fakelog.c %D%/fakelog.h \
	%D%/feed.c %D%/feed.h \
	%D%/logline.c %D%/logline.h \
	%D%/peer.c %D%/peer.h
PEER_LIBS = %D%/libpeer.a $(SAMPLE_LIBS)
FCGI_TEST_LIBS = $(SUITE_LIBS) $(PEER_LIBS) $(CMON_LIBS) $(JANSSON_LIBS) $(CHECK_LIBS)

FCGI_TESTS = \
	%D%/test_auth \
	%D%/test_budget \
	%D%/test_command \
	%D%/test_conn \
	%D%/test_gate \
	%D%/test_handle \
	%D%/test_log \
	%D%/test_notify \
	%D%/test_pidfile \
	%D%/test_record \
	%D%/test_record_streams \
	%D%/test_reply \
	%D%/test_reply_output \
	%D%/test_req \
	%D%/test_server \
	%D%/test_wire
check_PROGRAMS += $(FCGI_TESTS)
TESTS += $(FCGI_TESTS)
%C%_test_auth_LDADD = $(FCGI_TEST_LIBS)
%C%_test_budget_LDADD = $(FCGI_TEST_LIBS)
%C%_test_command_LDADD = $(FCGI_TEST_LIBS)
%C%_test_conn_LDADD = $(FCGI_TEST_LIBS)
%C%_test_gate_LDADD = $(FCGI_TEST_LIBS)
%C%_test_handle_LDADD = $(FCGI_TEST_LIBS)
%C%_test_log_LDADD = $(FCGI_TEST_LIBS)
%C%_test_notify_LDADD = $(FCGI_TEST_LIBS)
%C%_test_pidfile_LDADD = $(FCGI_TEST_LIBS)
%C%_test_record_LDADD = $(FCGI_TEST_LIBS)
%C%_test_record_streams_LDADD = $(FCGI_TEST_LIBS)
%C%_test_reply_LDADD = $(FCGI_TEST_LIBS)
%C%_test_reply_output_LDADD = $(FCGI_TEST_LIBS)
%C%_test_req_LDADD = $(FCGI_TEST_LIBS)
%C%_test_server_LDADD = $(GIVEN_LIBS) $(FCGI_TEST_LIBS)
%C%_test_wire_LDADD = $(FCGI_TEST_LIBS)
