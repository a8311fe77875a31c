check_LIBRARIES += %D%/libsample.a
%C%_libsample_a_SOURCES = %D%/sample.c %D%/sample.h
SAMPLE_LIBS = %D%/libsample.a

base_tests = \
	%D%/test_buf \
	%D%/test_clock \
	%D%/test_crypto \
	%D%/test_err \
	%D%/test_escape \
	%D%/test_fd \
	%D%/test_headroom \
	%D%/test_hex \
	%D%/test_json \
	%D%/test_span \
	%D%/test_utf8
base_scripts = %D%/constant_time.sh %D%/json_python.sh
base_libs = $(SUITE_LIBS) $(SAMPLE_LIBS) $(BASE_LIBS) $(CHECK_LIBS)

check_PROGRAMS += $(base_tests) %D%/constant_time %D%/json_filter
dist_check_SCRIPTS += $(base_scripts)
TESTS += $(base_tests) $(base_scripts)

%C%_test_buf_LDADD = $(base_libs)
%C%_test_clock_LDADD = $(base_libs)
%C%_test_crypto_LDADD = $(base_libs) $(CRYPTO_LIBS)
%C%_test_err_LDADD = $(base_libs)
%C%_test_fd_LDADD = $(base_libs)
%C%_test_headroom_LDADD = $(base_libs)
%C%_test_hex_LDADD = $(base_libs)
%C%_test_span_LDADD = $(base_libs)
%C%_test_utf8_LDADD = $(base_libs)
%C%_constant_time_LDADD = $(BASE_LIBS) $(CRYPTO_LIBS)

%C%_test_escape_LDADD = $(base_libs)
%C%_test_json_SOURCES = %D%/test_json.c %D%/parsed.c %D%/parsed.h
%C%_test_json_LDADD = $(base_libs) $(JANSSON_LIBS)
%C%_json_filter_LDADD = $(BASE_LIBS)
