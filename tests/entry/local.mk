# tests/entry/local.mk -- tests of the ways in.
ENTRY_TEST_LIBS = $(SUITE_LIBS) $(CMON_LIBS) $(CHECK_LIBS)

ENTRY_TESTS = \
	%D%/test_mode
check_PROGRAMS += $(ENTRY_TESTS)
TESTS += $(ENTRY_TESTS)
%C%_test_mode_LDADD = $(ENTRY_TEST_LIBS)
