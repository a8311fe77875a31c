# Everything but main(), so that tests can link it.
noinst_LIBRARIES += %D%/libentry.a
%C%_libentry_a_SOURCES = \
	%D%/cgi.c %D%/cgi.h \
	%D%/cli.c %D%/cli.h \
	%D%/cli_run.c %D%/cli_run.h \
	%D%/cli_usage.c %D%/cli_usage.h \
	%D%/init.c %D%/init.h \
	%D%/mode.c %D%/mode.h \
	%D%/single.c %D%/single.h
CMON_LIBS = entry/libentry.a $(RESPONDER_LIBS)
EXTRA_DIST += %D%/.may_include

bin_PROGRAMS += cmon
cmon_SOURCES = %D%/main.c
cmon_LDADD = $(CMON_LIBS)
