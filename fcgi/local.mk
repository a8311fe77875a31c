EXTRA_DIST += %D%/.may_include

# Everything of the responder but main(), so that tests can link it.
noinst_LIBRARIES += %D%/libcmon.a
%C%_libcmon_a_SOURCES = \
	%D%/auth.c %D%/auth.h \
	%D%/authorize.c %D%/authorize.h \
	%D%/budget.c %D%/budget.h \
	%D%/cgi.c %D%/cgi.h \
	%D%/cli.c %D%/cli.h \
	%D%/cli_run.c %D%/cli_run.h \
	%D%/command.c %D%/command.h \
	%D%/conn.c %D%/conn.h \
	%D%/gate.c %D%/gate.h \
	%D%/handle.c %D%/handle.h \
	%D%/log.c %D%/log.h \
	%D%/mode.c %D%/mode.h \
	%D%/notify.c %D%/notify.h \
	%D%/pidfile.c %D%/pidfile.h \
	%D%/record.c %D%/record.h \
	%D%/reply.c %D%/reply.h \
	%D%/req.c %D%/req.h \
	%D%/reqlog.c %D%/reqlog.h \
	%D%/sched.c %D%/sched.h \
	%D%/serve.c %D%/serve.h \
	%D%/server.c %D%/server.h \
	%D%/single.c %D%/single.h \
	%D%/successor.c %D%/successor.h \
	%D%/timer.c %D%/timer.h \
	%D%/upgrade.c %D%/upgrade.h \
	%D%/wire.c %D%/wire.h
CMON_LIBS = %D%/libcmon.a $(CONF_LIBS) $(FCGI_LIBS)

bin_PROGRAMS += cmon
cmon_SOURCES = %D%/main.c
cmon_LDADD = $(CMON_LIBS)
