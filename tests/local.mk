TEST_EXTENSIONS = .sh
LOG_DRIVER = env AM_TAP_AWK='$(AWK)' $(SHELL) $(top_srcdir)/build-aux/tap-driver.sh
SH_LOG_DRIVER = $(LOG_DRIVER)
AM_TESTS_ENVIRONMENT = \
	top_srcdir='$(abs_top_srcdir)' top_builddir='$(abs_top_builddir)'; \
	export top_srcdir top_builddir;

check_LIBRARIES += %D%/libsuite.a
%C%_libsuite_a_SOURCES = %D%/memory.c %D%/memory.h %D%/suite.c %D%/suite.h
SUITE_LIBS = %D%/libsuite.a

if !HAVE_TEST_LIBS
%D%/suite.$(OBJEXT): test-libraries-are-missing
test-libraries-are-missing:
	@echo 'tests need what is not here; on Debian: apt-get install $(CMON_NO_TESTS)' >&2; exit 1
endif

include tests/arena/local.mk
include tests/base/local.mk
include tests/exec/local.mk
include tests/turns/local.mk
include tests/conf/local.mk
include tests/fcgi/local.mk
include tests/entry/local.mk
include tests/fuzz/local.mk
include tests/it/local.mk
include tests/bench/local.mk
include tests/torture/local.mk
