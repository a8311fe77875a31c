noinst_LIBRARIES += %D%/libexec.a
%C%_libexec_a_SOURCES = \
	%D%/account.c %D%/account.h \
	%D%/autogroup.c %D%/autogroup.h \
	%D%/capture.c %D%/capture.h \
	%D%/cgroup.c %D%/cgroup.h \
	%D%/cgroup_knob.c %D%/cgroup_knob.h \
	%D%/cgroup_place.c %D%/cgroup_place.h \
	%D%/cgroup_pool.c %D%/cgroup_pool.h \
	%D%/child.c %D%/child.h \
	%D%/engine.c %D%/engine.h \
	%D%/env.c %D%/env.h \
	%D%/fence.c %D%/fence.h \
	%D%/heir.c %D%/heir.h \
	%D%/input.c %D%/input.h \
	%D%/keep.c %D%/keep.h \
	%D%/limits.c %D%/limits.h \
	%D%/low.c %D%/low.h \
	%D%/orphan.c %D%/orphan.h \
	%D%/path.c %D%/path.h \
	%D%/roster.c %D%/roster.h \
	%D%/run.c %D%/run.h \
	%D%/spawn.c %D%/spawn.h \
	%D%/stray.c %D%/stray.h \
	%D%/tree.c %D%/tree.h \
	%D%/watcher.c %D%/watcher.h \
	%D%/way.c %D%/way.h
if HAVE_LIBNL
%C%_libexec_a_SOURCES += %D%/account_netlink.c
EXTRA_DIST += %D%/account_none.c
else
%C%_libexec_a_SOURCES += %D%/account_none.c
EXTRA_DIST += %D%/account_netlink.c
endif
EXEC_LIBS = exec/libexec.a $(BASE_LIBS) $(NL_LIBS)
EXTRA_DIST += %D%/.may_include
