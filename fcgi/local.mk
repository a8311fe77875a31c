EXTRA_DIST += %D%/.may_include

noinst_LIBRARIES += %D%/libresponder.a
%C%_libresponder_a_SOURCES = \
	%D%/auth.c %D%/auth.h \
	%D%/authorize.c %D%/authorize.h \
	%D%/budget.c %D%/budget.h \
	%D%/command.c %D%/command.h \
	%D%/conn.c %D%/conn.h \
	%D%/drain.c %D%/drain.h \
	%D%/gate.c %D%/gate.h \
	%D%/handle.c %D%/handle.h \
	%D%/intake.c %D%/intake.h \
	%D%/log.c %D%/log.h \
	%D%/notify.c %D%/notify.h \
	%D%/orphans.c %D%/orphans.h \
	%D%/pidfile.c %D%/pidfile.h \
	%D%/record.c %D%/record.h \
	%D%/reply.c %D%/reply.h \
	%D%/req.c %D%/req.h \
	%D%/reqlog.c %D%/reqlog.h \
	%D%/serve.c %D%/serve.h \
	%D%/server.c %D%/server.h \
	%D%/share.c %D%/share.h \
	%D%/signals.c %D%/signals.h \
	%D%/successor.c %D%/successor.h \
	%D%/upgrade.c %D%/upgrade.h \
	%D%/wire.c %D%/wire.h \
	%D%/worker.c %D%/worker.h
RESPONDER_LIBS = fcgi/libresponder.a turns/libturns.a $(CONF_LIBS) $(FCGI_LIBS)
