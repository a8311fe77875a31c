noinst_LIBRARIES += %D%/libconf.a
%C%_libconf_a_SOURCES = \
	%D%/branch.c %D%/branch.h \
	%D%/builtin.c %D%/builtin.h \
	%D%/conf.c %D%/conf.h \
	%D%/conf_build.c %D%/conf_build.h \
	%D%/conf_cgroup.c %D%/conf_cgroup.h \
	%D%/conf_check.c %D%/conf_check.h \
	%D%/conf_global.c %D%/conf_global.h \
	%D%/conf_holds.c %D%/conf_holds.h \
	%D%/conf_limits.c %D%/conf_limits.h \
	%D%/conf_output.c %D%/conf_output.h \
	%D%/conf_param.c %D%/conf_param.h \
	%D%/conf_read.c %D%/conf_read.h \
	%D%/conf_routes.c %D%/conf_routes.h \
	%D%/conf_say.c %D%/conf_say.h \
	%D%/conf_text.c %D%/conf_text.h \
	%D%/conf_tree.c %D%/conf_tree.h \
	%D%/conf_turns.c %D%/conf_turns.h \
	%D%/conf_unit.c %D%/conf_unit.h \
	%D%/conf_where.c \
	%D%/guard.c %D%/guard.h \
	%D%/hold.c %D%/hold.h \
	%D%/key.c %D%/key.h \
	%D%/method.c %D%/method.h \
	%D%/param.c %D%/param.h \
	%D%/params.c %D%/params.h \
	%D%/pattern.c %D%/pattern.h \
	%D%/route.c %D%/route.h \
	%D%/routes.c %D%/routes.h \
	%D%/template.c %D%/template.h
CONF_LIBS = conf/libconf.a $(EXEC_LIBS) $(CONFUSE_LIBS) $(PCRE2_LIBS) $(CRYPTO_LIBS)
EXTRA_DIST += %D%/.may_include
