EXTRA_DIST += %D%/.may_include

# Everything of the responder but main(), so that tests can link it.
noinst_LIBRARIES += %D%/libcmon.a
%C%_libcmon_a_SOURCES = \
	%D%/auth.c %D%/auth.h \
	%D%/authorize.c %D%/authorize.h \
	%D%/branch.c %D%/branch.h \
	%D%/budget.c %D%/budget.h \
	%D%/builtin.c %D%/builtin.h \
	%D%/cgi.c %D%/cgi.h \
	%D%/cli.c %D%/cli.h \
	%D%/cli_run.c %D%/cli_run.h \
	%D%/command.c %D%/command.h \
	%D%/conf.c %D%/conf.h \
	%D%/conf_build.c %D%/conf_build.h \
	%D%/conf_check.c %D%/conf_check.h \
	%D%/conf_global.c %D%/conf_global.h \
	%D%/conf_param.c %D%/conf_param.h \
	%D%/conf_read.c %D%/conf_read.h \
	%D%/conf_routes.c %D%/conf_routes.h \
	%D%/conf_say.c %D%/conf_say.h \
	%D%/conf_text.c %D%/conf_text.h \
	%D%/conf_tree.c %D%/conf_tree.h \
	%D%/conf_unit.c %D%/conf_unit.h \
	%D%/conn.c %D%/conn.h \
	%D%/gate.c %D%/gate.h \
	%D%/handle.c %D%/handle.h \
	%D%/key.c %D%/key.h \
	%D%/log.c %D%/log.h \
	%D%/method.c %D%/method.h \
	%D%/mode.c %D%/mode.h \
	%D%/notify.c %D%/notify.h \
	%D%/param.c %D%/param.h \
	%D%/params.c %D%/params.h \
	%D%/pattern.c %D%/pattern.h \
	%D%/pidfile.c %D%/pidfile.h \
	%D%/record.c %D%/record.h \
	%D%/reply.c %D%/reply.h \
	%D%/req.c %D%/req.h \
	%D%/reqlog.c %D%/reqlog.h \
	%D%/route.c %D%/route.h \
	%D%/routes.c %D%/routes.h \
	%D%/sched.c %D%/sched.h \
	%D%/serve.c %D%/serve.h \
	%D%/server.c %D%/server.h \
	%D%/single.c %D%/single.h \
	%D%/successor.c %D%/successor.h \
	%D%/template.c %D%/template.h \
	%D%/timer.c %D%/timer.h \
	%D%/upgrade.c %D%/upgrade.h \
	%D%/wire.c %D%/wire.h
CMON_LIBS = %D%/libcmon.a $(EXEC_LIBS) $(FCGI_LIBS) $(CONFUSE_LIBS) $(PCRE2_LIBS) $(CRYPTO_LIBS)

bin_PROGRAMS += cmon
cmon_SOURCES = %D%/main.c
cmon_LDADD = $(CMON_LIBS)
